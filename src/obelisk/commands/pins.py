"""`obelisk pins`: what Python and its libraries are built from, whose pins, and newer releases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from obelisk.commands.options import JSON_VERSION, json_option, pins_option, quiet_options
from obelisk.config.own_pins import own_pins
from obelisk.config.recognize import has_settings, read
from obelisk.config.settings import Settings
from obelisk.errors import ConfigError, did_you_mean
from obelisk.services.console import Console
from obelisk.services.fetch import UnreachableError
from obelisk.services.pins import Pin, Pins
from obelisk.services.releases import Release, hashed, newer_releases, table_of


def _project_option(command: Any) -> Any:
    return click.option(
        "--project",
        metavar="PATH",
        type=click.Path(exists=True, path_type=Path),
        help="Also read the pins of this project or script [default: the current directory].",
    )(command)


@click.group("pins", invoke_without_command=True)
@_project_option
@pins_option
@json_option
@quiet_options
@click.pass_context
def pins_group(
    context: click.Context,
    console: Console,
    project: Path | None,
    pins: tuple[Path, ...],
    as_json: bool,
) -> None:
    """List the pinned releases of Python and its libraries, their dates, and whose pins they are.

    Pins of your own are in `[tool.obelisk.pins]`, or in a file for `--pins`.
    """
    known = _pins(project, pins, console)
    context.obj = known
    if context.invoked_subcommand is not None:
        return
    if as_json:
        console.json({"version": JSON_VERSION, "pins": [_pin(pinned) for pinned in known]})
        return
    width = max(len(f"{pinned.name} {pinned.version}") for pinned in known)
    for pinned in known:
        whose = f"  own: {pinned.own}" if pinned.own else ""
        named = f"{pinned.name} {pinned.version}"
        dated = str(pinned.date or "-")
        console.data(f"{named:<{width}}  {dated:<10}  {pinned.license}{whose}")
        for origin in pinned.origins:
            console.data(f"  {origin.shown}")


@pins_group.command("check")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@json_option
@quiet_options
@click.pass_obj
def check_command(known: Pins, console: Console, names: tuple[str, ...], as_json: bool) -> None:
    """Look for newer releases, and print the tables that pin them.

    Searched are Debian's indexes of source packages, on the mirror that apt is configured with, and
    the pages of upstream. Hashes are those of Debian's index, or of what was downloaded: compare
    them with what upstream publishes.
    """
    for name in names:
        if name not in known.names:
            message = f"unknown pin `{name}`"
            raise ConfigError(message, hint=did_you_mean(name, known.names))
    chosen = [pinned for pinned in known if not names or pinned.name in names]
    with console.step(f"Looking for releases of {len(chosen)} sources"):
        checked = newer_releases(chosen)
        releases = [_hashed(release, console) for release in checked.releases]
    for place, reason in checked.unreached:
        console.warn(f"cannot reach {place}: {reason}")
    if as_json:
        unreached = [{"place": place, "reason": reason} for place, reason in checked.unreached]
        rows = [_release(release) for release in releases]
        console.json({"version": JSON_VERSION, "releases": rows, "unreached": unreached})
        return
    for pinned in chosen:
        found = [one for one in releases if one.pinned is pinned]
        shown = ", ".join(f"{one.version} ({one.found})" for one in found)
        console.data(f"# {pinned.name} {pinned.version}: {shown or 'no newer release found'}")
    for release in releases:
        console.data("")
        console.data(table_of(release).rstrip())


def _hashed(release: Release, console: Console) -> Release:
    try:
        return hashed(release)
    except UnreachableError as error:
        console.warn(f"cannot download {release.origin.shown}: {error}")
        return release


def _pins(project: Path | None, files: tuple[Path, ...], console: Console) -> Pins:
    settings, folder = Settings(), Path.cwd()
    if project is not None or has_settings(folder):
        request = read(None if project is None else str(project), console.warn)[0]
        settings, folder = request.settings, request.folder
    own = settings.pins
    for path in files:
        own = own.with_file(path)
    return own_pins(own, folder)


def _pin(pinned: Pin) -> dict[str, Any]:
    origins = [
        {
            "place": origin.shown,
            "sha256": origin.sha256,
            **({} if origin.size is None else {"size": origin.size}),
        }
        for origin in pinned.origins
    ]
    own = {"own": pinned.own} if pinned.own else {}
    named = {"name": pinned.name, "version": pinned.version, "license": pinned.license}
    dated = {"date": pinned.date.isoformat()} if pinned.date else {}
    return {**named, **dated, "origins": origins, **own}


def _release(release: Release) -> dict[str, Any]:
    return {
        "name": release.pinned.name,
        "pinned": release.pinned.version,
        "version": release.version,
        "found": release.found,
        "place": release.origin.shown,
        "sha256": release.origin.sha256 or None,
        "size": release.origin.size,
    }
