"""`python -m bench [PART ...]`: measure, and write JSON, page and plots.

Parts that were measured before are kept, so a run can go on where another ended.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

from bench import builds, load, machine, memory, micro, native, page, snapshot, start, suite
from bench.contenders import FREEZERS
from bench.model import BenchError, Measure, Part, Results, read_results, write_results
from bench.place import CHROOT, Place, enter, this_machine
from bench.session import Session
from obelisk import __version__
from obelisk.distribution.versions import python_source

_HERE = Path(__file__).parents[1]
_PAGE = _HERE / "docs/explanation/benchmarks.md"
_RESULTS = _HERE / "bench/results.json"

PARTS: dict[str, Callable[[Session], list[Measure]]] = {
    "micro": micro.measure,
    "build": builds.measure,
    "start": start.measure,
    "snapshot": snapshot.measure,
    "memory": memory.measure,
    "load": load.measure,
    "native": native.measure,
    "nothing": builds.measure_nothing,
    "pyperformance": suite.measure,
}


def main() -> int:
    """Run what the command line names."""
    options = _options()
    try:
        _require_matplotlib()
        if options.page_only:
            _publish(read_results(options.output), options.output)
            return 0
        session = _session(options)
        results = read_results(options.output) if options.output.exists() else Results()
        failed = 0
        for name in options.parts or PARTS:
            part = _measured(name, session)
            if part is None:
                failed = 1
                continue
            results = results.with_part(part)
            write_results(results, options.output)
            _publish(results, options.output)
        session.require_only()
    except KeyboardInterrupt:
        return 130
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"\nhint: {error.hint}", file=sys.stderr)
        return 1
    return failed


def _require_matplotlib() -> None:
    """Say before an hour of measuring that nothing can be drawn after it."""
    if find_spec("matplotlib") is None:
        message = "matplotlib is not installed"
        raise BenchError(message, hint="`make bench`, or `pip install -e '.[bench]'`")


def _measured(name: str, session: Session) -> Part | None:
    session.say(name)
    facts = machine.describe()
    began = time.monotonic()
    try:
        measures = PARTS[name](session)
    except BenchError as error:
        session.say(f"  {name} could not be measured: {error}")
        return None
    seconds = time.monotonic() - began
    session.say(f"  {seconds:.0f} s")
    return Part(
        name=name,
        measured=datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
        seconds=round(seconds),
        quick=session.quick,
        machine=facts,
        versions=_versions(session),
        measures=tuple(measures),
    )


def _versions(session: Session) -> dict[str, str]:
    pins = dict(one.pin.split("==") for one in FREEZERS)
    own = {
        "Obelisk": f"{__version__}, commit {_commit()}",
        "its Python": python_source("3.14").version,
        "its compiler": f"ziglang {version('ziglang')}",
        "reference": session.place.label,
    }
    return {**own, **pins, **session.versions}


def _commit() -> str:
    """Return the commit that is measured, marked if files differ from it."""
    command = ["git", "-C", str(_HERE), "describe", "--always", "--dirty"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.stdout.strip() or "not told"


def _session(options: argparse.Namespace) -> Session:
    place: Place
    if options.no_chroot or os.geteuid() != 0:
        print("without a chroot: this machine's Python is the reference", file=sys.stderr)
        place = this_machine(options.work)
    else:
        place = enter(options.chroot, options.work)
    return Session(
        place=place,
        quick=options.quick,
        clock=options.clock,
        gentle=options.gentle,
        only=tuple(options.only.split(",")) if options.only else (),
        skip=tuple(options.skip.lower().split(",")) if options.skip else (),
    )


def _publish(results: Results, output: Path) -> None:
    """Write the page and the plots beside the results, or into docs/ for those of the tree."""
    from bench import plots  # noqa: PLC0415 - the one part that needs matplotlib; checked at the start

    place = _PAGE if output == _RESULTS else output.with_suffix(".md")
    folder = place.with_suffix("")
    folder.mkdir(parents=True, exist_ok=True)
    drawn = plots.draw(results, folder)
    place.write_text(page.text(results, folder.name, drawn), encoding="utf-8")


def _options() -> argparse.Namespace:
    cache = user_cache_path("obelisk-bench")
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--quick", action="store_true", help="few runs: to try, not to publish")
    parser.add_argument("--only", help="benchmarks or applications, with commas between")
    parser.add_argument("--skip", help="peers to leave out, such as `nuitka,pex`")
    parser.add_argument("--output", type=Path, help="the JSON file that parts are added to")
    parser.add_argument("--clock", choices=("cpu", "wall"), default="cpu", help="of pyperformance")
    parser.add_argument("--gentle", action="store_true", help="spare other work on this machine")
    parser.add_argument("--no-chroot", action="store_true", help="measure against this Python")
    parser.add_argument("--chroot", type=Path, help=f"a Debian; else ${CHROOT}, else made")
    parser.add_argument("--work", type=Path, default=cache / "work", help="where things are built")
    parser.add_argument("--page-only", action="store_true", help="write page and plots anew")
    options = parser.parse_args()
    for part in options.parts:
        if part not in PARTS:
            parser.error(f"there is no part `{part}`; there are {', '.join(PARTS)}")
    if options.output is None:
        options.output = cache / "quick.json" if options.quick or options.only else _RESULTS
    options.output = options.output.resolve()
    options.chroot = options.chroot or Path(os.environ.get(CHROOT) or cache / "sid")
    return options


if __name__ == "__main__":
    sys.exit(main())
