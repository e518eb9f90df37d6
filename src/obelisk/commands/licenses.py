"""`obelisk licenses`."""

from __future__ import annotations

from pathlib import Path

import click

from obelisk.commands.options import JSON_VERSION, json_option, quiet_options
from obelisk.licenses import inside, notices
from obelisk.licenses.remarks import remarks
from obelisk.output import write_result
from obelisk.services.console import Console


@click.command("licenses")
@click.argument("executable", type=click.Path(path_type=Path))
@click.option(
    *("-o", "--output"),
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write all components with the texts of their licenses, to ship with the executable.",
)
@click.option("--texts", is_flag=True, help="Print that document.")
@json_option
@quiet_options
def licenses_command(
    console: Console, executable: Path, output: Path | None, texts: bool, as_json: bool
) -> None:
    """Show the license of every component of an executable, and where that is from.

    \b
    Example:
      obelisk licenses dist/hello --output COPYING.txt
    """
    found = inside.read_licenses(executable)
    if output is not None:
        write_result(output, notices.document(found), [executable])
        console.note(f"wrote {output}")
    if as_json:
        console.json({"version": JSON_VERSION, **inside.as_json(found)})
    elif texts:
        console.data(notices.document(found).rstrip("\n"))
    elif output is None:
        for line in notices.table(found):
            console.data(line)
    for text in remarks(one.component for one in found.components):
        console.warn(text)
