"""`obelisk sbom`."""

from __future__ import annotations

from pathlib import Path

import click

from obelisk.commands.options import quiet_options
from obelisk.report.sbom import Format, sbom_text, write_sbom
from obelisk.services.console import Console


@click.command("sbom")
@click.argument("executable", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "chosen",
    type=click.Choice([one.value for one in Format]),
    default=Format.CYCLONEDX.value,
    show_default=True,
    help="Standard of the document.",
)
@click.option(
    *("-o", "--output"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write to [default: stdout].",
)
@quiet_options
def sbom_command(console: Console, executable: Path, chosen: str, output: Path | None) -> None:
    """Write the bill of materials of an executable, made from the file alone.

    \b
    Examples:
      obelisk sbom dist/app
      obelisk sbom dist/app --format spdx --output app.spdx.json
    """
    if output is None:
        console.data(sbom_text(executable, Format(chosen)).rstrip("\n"))
        return
    write_sbom(executable, Format(chosen), output)
    console.note(f"wrote {output}")
