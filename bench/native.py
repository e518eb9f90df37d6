"""Part `native`: what shared objects of packages cost when they are linked, and at a start."""

from __future__ import annotations

import time
from pathlib import Path

from bench.contenders import obelisk, start_of
from bench.model import OWN, Measure, Series, rounded
from bench.processes import Effort, interleave
from bench.session import Session, series_of

_ROUNDS = 5
_STARTS = Effort(most=40, least=10, seconds=30)
_QUICK = Effort(most=3, least=2, seconds=10)
_NUMPY = ("numpy==2.4.6",)
_MANY = (
    *("numpy", "scipy", "pandas", "pillow", "lxml", "cryptography", "pydantic", "orjson"),
    *("msgpack", "pyyaml", "cffi", "greenlet", "uvloop", "psutil", "regex", "grpcio"),
    *("pyzmq", "polars", "psycopg[binary]", "matplotlib", "markupsafe"),
    *("charset-normalizer", "tokenizers"),
)


def measure(session: Session) -> list[Measure]:
    """Build with few and with many shared objects, and start with some that are not imported."""
    folder = session.place.folder("native")
    text = session.application("hello").script.read_text(encoding="utf-8")
    plain = _write(folder, "plain", text, ())
    beside = _write(folder, "beside", text, _NUMPY)
    many = _write(folder, "many", text, _MANY)
    series: tuple[Series, ...] = ()
    for case, script in (("numpy", beside), (f"{len(_MANY)} packages", many)):
        session.say(f"  building with {case}")
        series += (_build(script, case, 1 if session.quick else _ROUNDS),)
    obelisk(plain, plain.with_suffix(""))
    return [
        Measure(
            name="native.build",
            title="Building anew with shared objects of packages",
            unit="s",
            series=series,
            about="hello with packages of native code beside it; everything is in the cache.",
        ),
        _start(session, plain, beside),
    ]


def _write(folder: Path, name: str, text: str, packages: tuple[str, ...]) -> Path:
    header = "".join(f'#   "{one}",\n' for one in packages)
    script = folder / f"{name}.py"
    script.write_text(
        f"# /// script\n# dependencies = [\n{header}# ]\n# ///\n{text}", encoding="utf-8"
    )
    return script


def _build(script: Path, case: str, rounds: int) -> Series:
    product = script.with_suffix("")
    obelisk(script, product)
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        obelisk(script, product)
        seconds.append(time.perf_counter() - started)
    named = f"{case}, {product.stat().st_size >> 20} MiB"
    return Series(case=named, contender=OWN, samples=rounded(seconds))


def _start(session: Session, plain: Path, beside: Path) -> Measure:
    """Start hello with numpy linked in and not imported, against hello without it."""
    place = session.place
    commands = {
        OWN: start_of(place, [place.within(beside.with_suffix(""))]),
        "the same without numpy": start_of(place, [place.within(plain.with_suffix(""))]),
    }
    runs = interleave(commands, _QUICK if session.quick else _STARTS)
    samples = {name: [one.wall * 1000 for one in row] for name, row in runs.items()}
    return Measure(
        name="native.start",
        title="hello with numpy linked in, not imported",
        unit="ms",
        series=series_of("hello", samples, {}),
    )
