"""`obelisk relink`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from obelisk.commands.options import make_services, quiet_options
from obelisk.relink.description import Description
from obelisk.relink.relink import relink
from obelisk.services.console import Console


@click.command("relink")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File to write to [default: the executable's name in FOLDER].",
)
@click.option(
    "--python",
    metavar="PYTHON",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Python of the executable's version, to compile changed modules [default: this one].",
)
@quiet_options
def relink_command(
    console: Console, folder: Path, output: Path | None, python: Path | None
) -> None:
    """Link an executable again, of a directory that `build --relinkable` wrote.

    Replace a library in it by your own first, or a Python module; its README.txt says how.

    \b
    Example:
      obelisk relink relinkable/hello
    """
    found = Description.read(folder)
    place = output or folder / found.name
    services = make_services(console, found.target.triple, None)
    with closing(services.cache):
        sha256 = relink(folder, found, services, place, python)
    if found.snapshot:
        console.warn(f"{place} has no snapshot, and starts without: its memory was the old code's")
    console.report((f"sha256 {sha256}", "dim"))
    console.data(str(place))
