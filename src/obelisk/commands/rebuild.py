"""`obelisk rebuild`: build an executable again from the recipe that it carries."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from obelisk.commands.inputs import Workshop
from obelisk.commands.options import (
    JSON_VERSION,
    archives_option,
    json_option,
    pins_option,
    quiet_options,
)
from obelisk.pipeline import Built, build_all
from obelisk.rebuild import Change, Given, Old, changes, plan_again, read_old
from obelisk.report.contents import contents
from obelisk.services.console import Console

_FOLDER: Final = "dist"


@click.command("rebuild")
@click.argument("executable", type=click.Path(path_type=Path))
@click.option(
    *("-o", "--output"), metavar="PATH", help="File or directory to write to [default: dist]."
)
@click.option(
    "--project",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="The script, wheel or project that it was built from.",
)
@click.option(
    "--upgrade", is_flag=True, help="Resolve requirements anew, to their newest versions."
)
@click.option("--shipped-pins", "shipped", is_flag=True, help="Leave out the recipe's own pins.")
@pins_option
@archives_option
@json_option
@quiet_options
def rebuild_command(
    console: Console,
    executable: Path,
    output: str | None,
    archives: Path | None,
    as_json: bool,
    **given: object,
) -> None:
    """Build an executable again, from the recipe that it carries.

    Python packages have the versions and hashes that they had; Python and its libraries are those
    of this Obelisk. The same Obelisk gives the same bytes. An executable that was built from a
    script, a wheel or a project needs that: `--project`.

    \b
    Examples:
      obelisk rebuild dist/http                     with the newest OpenSSL of this Obelisk
      obelisk rebuild dist/http --pins openssl.toml with an OpenSSL of your own
      obelisk rebuild hello --project hello.py
    """
    old = read_old(executable)
    with Workshop(console, archives, refresh=bool(given["upgrade"])) as workshop:
        services = workshop.services(old.recipe.target)
        with services.cache.scratch("rebuild") as work:
            plan = plan_again(old, Given(**given), work, console.warn)  # type: ignore[arg-type]
            (built,) = build_all([plan], services, [_place(output, plan.file_name)])
    found = changes(old.manifest, contents(built.path))
    if as_json:
        console.json({"version": JSON_VERSION, **_as_json(old, built, found)})
        return
    console.data(str(built.path))
    for line in _lines(old, built, found):
        console.data(line)


def _place(output: str | None, name: str) -> Path:
    path = Path(_FOLDER if output is None else output)
    is_folder = output is None or output.endswith("/") or path.is_dir()
    return path / name if is_folder else path


def _lines(old: Old, built: Built, found: list[Change]) -> list[str]:
    if built.sha256 == old.sha256:
        return [f"identical to {old.path}"]
    lines = [f"{one.name} {one.before or '-'} -> {one.after or '-'}" for one in found]
    return lines or ["the same versions, other bytes"]


def _as_json(old: Old, built: Built, found: list[Change]) -> dict[str, object]:
    return {
        "path": str(built.path),
        "sha256": built.sha256,
        "identical": built.sha256 == old.sha256,
        "changes": [{"name": one.name, "before": one.before, "after": one.after} for one in found],
    }
