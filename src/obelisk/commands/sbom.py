"""`obelisk sbom`."""

from __future__ import annotations

from pathlib import Path

import click

from obelisk.commands.options import quiet_options
from obelisk.output import write_result
from obelisk.report.sbom import Format, sbom_text
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
    text = sbom_text(executable, Format(chosen))
    if output is None:
        console.data(text.rstrip("\n"))
        return
    write_result(output, text, [executable])
    console.note(f"wrote {output}")
