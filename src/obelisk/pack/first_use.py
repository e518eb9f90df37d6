"""Training: what an executable uses first, as a run of it shows or a record says.

The executable that is run has another runtime (runtime/recording), and is thrown away. The result
is a list of keys (`payload.use_key`) in the order of first use, which a file can keep.
"""

from __future__ import annotations

import os
import shlex
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from obelisk.errors import ConfigError, VerifyError
from obelisk.model import Collection
from obelisk.payload.payload import Table, use_key
from obelisk.payload.reader import shown_key
from obelisk.services.atomic import draft_beside
from obelisk.services.process import run_limited
from obelisk.services.regular import read_regular
from obelisk.services.visit import Address, Visit

_SECONDS: Final = 60.0
"""What a run may take."""
_HEAD: Final = "# Obelisk: order of first use, version 1"
_NOTE: Final = struct.Struct("<BH")
_SHOWN: Final = 20
"""Lines of a program's output that a message repeats."""
_HINT: Final = (
    "`--train` takes the arguments of a run that terminates by itself with status 0; "
    "a service needs `--train-request` too"
)
_HINT_OF_SERVICES: Final = (
    "a run with `--train-request` answers with a status below 500, and then ends as by ctrl-C, "
    "or terminates by itself with status 0"
)


def train(
    executable: Path,
    runs: Sequence[Sequence[str]],
    *,
    requests: Sequence[Address] = (),
    folder: Path,
    log: Path,
) -> tuple[str, ...]:
    """Run an executable that notes in `log` what it uses, in `folder`; return the keys of that.

    Each run is asked the requests. Raises `VerifyError` when one fails or does not end, and when
    none answers.
    """
    found: dict[str, None] = {}
    visits = []
    for arguments in runs:
        log.write_bytes(b"")
        visits.append(_run(executable, arguments, requests, folder))
        found |= dict.fromkeys(_noted(log.read_bytes()))
    if requests and not any(one.is_answered for one in visits):
        urls = ", ".join(one.url for one in requests)
        message = f"no training run of `{executable.name}` answered {urls}: all ended before"
        hint = "pass the arguments of a run that starts the service with `--train`"
        raise VerifyError(message, hint=hint)
    return tuple(found)


def default_order(main: str) -> tuple[str, ...]:
    """Return what every start uses: the main program, since what precedes it is in the runtime."""
    return (use_key(Table.MODULES, main),)


def read_record(path: Path) -> tuple[str, ...]:
    """Return the keys that a file keeps; raise `ConfigError` if it is no such file."""
    try:
        text = read_regular(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not valid UTF-8"
        message = f"cannot read training record {path}: {reason}"
        raise ConfigError(message) from error
    return _parse(text, str(path))


def recorded(path: Path, collection: Collection, warn: Callable[[str], None]) -> tuple[str, ...]:
    """Return the same; warn if most of them are of nothing that goes in."""
    keys = read_record(path)
    known = {use_key(Table.MODULES, one.path) for one in collection.modules}
    placed = (*collection.modules, *collection.files)
    known |= {use_key(Table.FILES, one.path) for one in placed}
    there = sum(key in known for key in keys)
    if 2 * there < len(keys):
        message = f"only {there} of the {len(keys)} entries of {path} are in this executable"
        warn(f"{message}; delete the file to train again")
    return keys


def write_record(keys: Iterable[str], path: Path) -> None:
    """Keep keys in a file; it is replaced as a whole."""
    with draft_beside(path, mode=0o666) as draft:
        draft.write_text("".join(f"{line}\n" for line in (_HEAD, *keys)), encoding="utf-8")


def _run(
    executable: Path, arguments: Sequence[str], requests: Sequence[Address], folder: Path
) -> Visit:
    what = f"training run `{shlex.join([executable.name, *arguments])}`"
    output, visit = executable.with_name("output.txt"), Visit(requests)
    visit.require_free(what)
    status = run_limited(
        [executable, *arguments],
        cwd=folder,
        env=os.environ,
        output=output,
        seconds=_SECONDS,
        what=what,
        until=visit.go_on if visit.is_wanted else None,
    )
    fault = visit.fault(status, _SECONDS)
    if fault is None:
        return visit
    said = output.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN:]
    message = "\n".join([f"{what} {fault}", *said])
    raise VerifyError(message, hint=_HINT_OF_SERVICES if visit.is_wanted else _HINT)


def _noted(data: bytes) -> Iterator[str]:
    """Yield the keys of the notes that runtime/c/recording/first_use.c writes."""
    place = 0
    while place + _NOTE.size <= len(data):
        table, size = _NOTE.unpack_from(data, place)
        place += _NOTE.size
        path = shown_key(data[place : place + size])
        place += size
        if table != Table.CONTROLS and path.isprintable():
            yield use_key(Table(table), path)


def _parse(text: str, where: str) -> tuple[str, ...]:
    head, *lines = text.splitlines() or [""]
    wrong = [line for line in lines if not line.startswith(("code ", "file "))]
    if head != _HEAD or wrong:
        message = f"{where} is not a training record, or of an unsupported version"
        raise ConfigError(message, hint="choose another file, or delete it to train again")
    return tuple(lines)
