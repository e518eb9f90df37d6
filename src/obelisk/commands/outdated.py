"""`obelisk outdated`: what in executables is older than the pins of this Obelisk."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from obelisk.commands.options import JSON_VERSION, json_option, quiet_options
from obelisk.errors import OutdatedError
from obelisk.report.outdated import Compared, State, compare
from obelisk.services.console import Console
from obelisk.services.pins import shipped_pins

_FILE: Final = click.Path(path_type=Path)


@click.command("outdated")
@click.argument("executables", metavar="EXECUTABLE...", nargs=-1, required=True, type=_FILE)
@click.option("--all", "everything", is_flag=True, help="List what is current, too.")
@json_option
@quiet_options
def outdated_command(
    console: Console, executables: tuple[Path, ...], everything: bool, as_json: bool
) -> None:
    """Compare Python and the libraries in executables with the pins of this Obelisk.

    Exits with status 12 if anything is older, and names who must be rebuilt.
    """
    found = {path: compare(path, shipped_pins()) for path in executables}
    stale = [path for path, rows in found.items() if any(map(_is_outdated, rows))]
    if as_json:
        shown = [
            {"path": str(path), "outdated": path in stale, "components": list(map(_row, rows))}
            for path, rows in found.items()
        ]
        console.json({"version": JSON_VERSION, "executables": shown})
    else:
        for path, rows in found.items():
            for line in _lines(path, rows, everything=everything):
                console.data(line)
    if stale:
        names = ", ".join(map(str, stale))
        message = f"outdated: {names}"
        raise OutdatedError(message, hint=f"run `obelisk rebuild {stale[0]}`")


def _is_outdated(row: Compared) -> bool:
    return row.state == State.OUTDATED


def _row(row: Compared) -> dict[str, Any]:
    return {
        "name": row.name,
        "inside": row.inside,
        "pinned": row.pinned,
        "state": str(row.state),
        "own": row.own,
    }


def _lines(path: Path, rows: list[Compared], *, everything: bool) -> list[str]:
    shown = [row for row in rows if everything or row.state != State.CURRENT]
    if not shown:
        return [f"{path}: current"]
    return [
        f"{path}: {row.name} {row.inside}, pinned {row.pinned}: {row.state}"
        + (" (own pin)" if row.own else "")
        for row in shown
    ]
