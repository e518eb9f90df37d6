"""`obelisk distribution`: build distributions, and read ours and python-build-standalone's."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from obelisk.commands.options import (
    JSON_VERSION,
    archives_option,
    json_option,
    make_services,
    pins_option,
    quiet_options,
    target_options,
)
from obelisk.config.own_pins import OwnPins, own_pins
from obelisk.distribution.archive import Description, extract_archive, read_description
from obelisk.distribution.distribution import distribution_key, obtain_distribution
from obelisk.distribution.versions import DEFAULT_PYTHON, python_source, python_versions
from obelisk.errors import ConfigError
from obelisk.services.atomic import draft_beside, draft_folder_beside, require_replaceable
from obelisk.services.cache import Cache
from obelisk.services.console import Console
from obelisk.services.pins import shipped_pins
from obelisk.services.regular import is_regular
from obelisk.target import DEFAULT_TARGET, TARGETS, parse_target


@click.group("distribution")
def distribution_group() -> None:
    """Manage Python distributions."""


@distribution_group.command("build")
@target_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Copy the archive to this file or directory.",
)
@pins_option
@archives_option
@json_option
@quiet_options
def build_distribution(
    console: Console,
    *,
    output: Path | None,
    pins: tuple[Path, ...],
    archives: Path | None,
    as_json: bool,
    **chosen: str | None,
) -> None:
    """Build Python and its libraries from source, as a `full` archive.

    The result is cached; building it again does nothing.
    """
    own = OwnPins()
    for path in pins:
        own = own.with_file(path)
    services = make_services(console, chosen["target"] or DEFAULT_TARGET, archives)
    services = replace(services, pins=own_pins(own, Path.cwd()))
    pinned = python_source(chosen["python"] or DEFAULT_PYTHON, services.pins)
    archive = obtain_distribution(services, pinned).archive
    if output is not None:
        archive = _copy(archive, output)
    if as_json:
        console.json({"version": JSON_VERSION, "archive": str(archive)})
    else:
        console.data(str(archive))


@distribution_group.command("list")
@json_option
@quiet_options
def list_distributions(console: Console, as_json: bool) -> None:
    """List the available Python versions, and which are cached."""
    cache = Cache(warn=console.warn)
    rows = []
    for triple in sorted(TARGETS):
        for pinned in python_versions():
            key = distribution_key(parse_target(triple), pinned, shipped_pins())
            found = cache.find("distributions", key)
            rows.append({"python": pinned.version, "target": triple, "cached": found is not None})
    if as_json:
        console.json({"version": JSON_VERSION, "distributions": rows})
        return
    for row in rows:
        console.data(f"{row['python']}  {row['target']}  {'cached' if row['cached'] else '-'}")


@distribution_group.command("info")
@click.argument("which", metavar="[ARCHIVE|VERSION]", default=DEFAULT_PYTHON)
@json_option
@quiet_options
def show_distribution(console: Console, which: str, as_json: bool) -> None:
    """Show the contents of a distribution: an archive, or a cached version."""
    description = read_description(_locate(which))
    if as_json:
        console.json({"version": JSON_VERSION, **_as_json(description)})
        return
    console.data(f"Python {description.python_version} for {description.target_triple}")
    console.data(f"build options: {description.build_options}")
    for name, version, licensed in description.sources:
        console.data(f"source: {name} {version} ({licensed})")
    for extension in description.extensions:
        links = " ".join(link.name for link in extension.links)
        console.data(f"extension: {extension.name}{' -> ' + links if links else ''}")


@distribution_group.command("licenses")
@click.argument("which", metavar="[ARCHIVE|VERSION]", default=DEFAULT_PYTHON)
@json_option
@quiet_options
def show_licenses(console: Console, which: str, as_json: bool) -> None:
    """Show the licenses of libraries and extension modules."""
    description = read_description(_locate(which))
    rows = [
        {
            "extension": extension.name,
            "libraries": [link.name for link in extension.links],
            "licenses": list(extension.licenses or description.licenses),
        }
        for extension in description.extensions
    ]
    if as_json:
        console.json({"version": JSON_VERSION, "extensions": rows})
        return
    for name, version, licensed in description.sources:
        console.data(f"{name} {version}: {licensed}")
    for row in rows:
        console.data(f"{row['extension']}: {', '.join(row['licenses'])}")


@distribution_group.command("extract")
@click.argument("which", metavar="ARCHIVE|VERSION")
@click.argument("folder", metavar="DIRECTORY", type=click.Path(path_type=Path))
@quiet_options
def extract_distribution(console: Console, which: str, folder: Path) -> None:
    """Extract a distribution to DIRECTORY, which must not exist yet."""
    if os.path.lexists(folder):
        message = f"{folder} already exists"
        raise ConfigError(message, hint="choose a directory that does not exist")
    archive = _locate(which)
    if archive.is_dir():
        found = next(archive.parent.glob("*.tar.zst"), None)
        if found is None:
            message = f"no archive found for {archive}"
            raise ConfigError(message, hint="pass the path of the archive")
        archive = found
    with console.step(f"Extracting {archive.name}"), draft_folder_beside(folder) as draft:
        extract_archive(archive, draft)
    console.data(str(folder))


def _locate(which: str) -> Path:
    """Return the archive at a path, or the unpacked distribution of that version in the cache."""
    path = Path(which)
    if os.path.lexists(path):
        if not is_regular(path) and not is_regular(path / "PYTHON.json"):
            message = f"{path} is neither a distribution archive nor a directory with a PYTHON.json"
            raise ConfigError(message, hint="pass the path of an archive, or a Python version")
        return path
    pinned = python_source(which)
    key = distribution_key(parse_target(DEFAULT_TARGET), pinned, shipped_pins())
    found = Cache().find("distributions", key)
    if found is None:
        message = f"Python {pinned.version} is not in the cache"
        raise ConfigError(
            message, hint=f"build it with `obelisk distribution build --python {which}`"
        )
    return found / "python"


def _copy(archive: Path, output: Path) -> Path:
    destination = output / archive.name if output.is_dir() else output
    target = destination.resolve()
    require_replaceable(target)
    with draft_beside(target, mode=0o666) as draft:
        shutil.copyfile(archive, draft)
    return destination


def _as_json(description: Description) -> dict[str, Any]:
    return {
        "python": description.python_version,
        "target": description.target_triple,
        "build_options": description.build_options,
        "sources": [
            {"name": name, "version": version, "license": licensed}
            for name, version, licensed in description.sources
        ],
        "extensions": {
            extension.name: {
                "in_core": extension.in_core,
                "links": [link.name for link in extension.links],
                "licenses": list(extension.licenses),
            }
            for extension in description.extensions
        },
    }
