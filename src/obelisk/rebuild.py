"""Building an executable again: from the recipe that it carries to a plan, and what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from obelisk.config.application import (
    Application,
    Project,
    Request,
    Requirement,
    Script,
    WheelFile,
)
from obelisk.config.own_pins import OwnPins
from obelisk.config.recipe import Made, Recipe, parse_recipe, portable
from obelisk.config.recognize import read
from obelisk.config.requirements import Requirements, parse_requirement
from obelisk.config.settings import Settings
from obelisk.config.tables import apply_table
from obelisk.errors import ConfigError, VerifyError
from obelisk.pack.first_use import write_record
from obelisk.payload.payload import Control
from obelisk.plan import Plan, make_plans
from obelisk.report.contents import manifest_of
from obelisk.report.versions import versions
from obelisk.services.pins import shipped_pins
from obelisk.verify.verify import open_payload

_WHAT: Final = {
    Made.SCRIPT: "the script `{}`",
    Made.WHEEL: "the wheel `{}`",
    Made.PROJECT: "the project `{}`",
    Made.REQUIREMENT: "a local copy of `{}`",
    Made.PARTS: "the parts of `{}`",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Old:
    """An executable that is to be built again."""

    path: Path
    recipe: Recipe
    manifest: Mapping[str, Any]
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What the command line adds to a recipe."""

    project: Path | None = None
    """The script, the wheel or the folder of the project."""
    upgrade: bool = False
    """Whether requirements are resolved anew."""
    pins: tuple[Path, ...] = ()
    """Files of pins."""
    shipped: bool = False
    """Whether the recipe's own pins are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A component whose version is another one than before; None where it was not, or is not."""

    name: str
    before: str | None
    after: str | None


def read_old(path: Path) -> Old:
    """Read an executable's recipe and manifest; raise `VerifyError` if it has none."""
    _, payload = open_payload(path)
    data = payload.control(Control.RECIPE)
    if data is None:
        message = f"{path} carries no recipe: it was built by an older Obelisk"
        raise VerifyError(message, hint="build it from its sources once")
    return Old(
        path=path,
        recipe=parse_recipe(data, str(path)),
        manifest=manifest_of(payload, path),
        sha256=_sha256(path),
    )


def plan_again(old: Old, given: Given, work: Path, warn: Callable[[str], None]) -> Plan:
    """Return the plan by which an executable is built again; files for it go into `work`.

    Raises `ConfigError` for what is missing, or is not what the executable was built from.
    """
    recipe = old.recipe
    where = f"the recipe of {old.path}"
    application, folder = _application(old, given, warn)
    if recipe.missing:
        message = f"cannot rebuild {old.path}: the machine that built it had {_listed(recipe)}"
        raise ConfigError(message, hint="build it from its sources")
    settings = _settings(recipe, given, where, warn)
    request = Request(application=application, settings=settings, folder=folder)
    (plan,) = make_plans(request)
    if recipe.first_use is not None:
        record = work / "first-use.txt"
        write_record(recipe.first_use, record)
        plan = replace(plan, settings=replace(plan.settings, train_record=str(record)))
    return replace(
        plan,
        requirements=recipe.requirements,
        fixed=None if given.upgrade else _fixed(old, application),
        archives=() if given.upgrade else recipe.lock.archives,
        refresh=given.upgrade,
        source_date_epoch=recipe.epoch,
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return what has another version in a manifest than in an older one, by name."""
    old, new = versions(before), versions(after)
    return [
        Change(name=name, before=old.get(name), after=new.get(name))
        for name in sorted(old.keys() | new.keys(), key=lambda name: (name.casefold(), name))
        if old.get(name) != new.get(name)
    ]


def _application(old: Old, given: Given, warn: Callable[[str], None]) -> tuple[Application, Path]:
    """Return what is built and where its paths start: of the recipe, or what is given for it."""
    origin = old.recipe.origin
    if given.project is not None:
        request = read(str(given.project), warn)[0]
        _require_same(old, request.application, given)
        return request.application, request.folder
    if origin.made == Made.REQUIREMENT and origin.requirement is not None:
        parse_requirement(origin.requirement, f"the recipe of {old.path}")
        return Requirement(text=origin.requirement, name=origin.name), Path.cwd()
    what = _WHAT[origin.made].format(origin.name)
    message = f"{old.path} cannot be built from itself alone: it was built from {what}"
    raise ConfigError(message, hint="give it with `--project`")


def _require_same(old: Old, application: Application, given: Given) -> None:
    """Raise `ConfigError` for another application than the executable was built from."""
    origin = old.recipe.origin
    match origin.made, application:
        case Made.SCRIPT, Script():
            same = given.upgrade or portable(application.dependencies) == origin.dependencies
            what = f"the dependencies of {application.path} changed"
        case Made.PROJECT, Project():
            same = application.name == origin.name
            what = f"{given.project} is project `{application.name}`, not `{origin.name}`"
        case Made.WHEEL, WheelFile():
            same = given.upgrade or _sha256(application.path) == origin.sha256
            what = f"{application.path} is not the wheel that was built from"
        case Made.REQUIREMENT, Project() | WheelFile() if origin.requirement is None:
            same, what = True, ""
        case _:
            same = False
            what = f"{given.project} is not {_WHAT[origin.made].format(origin.name)}"
    if not same:
        message = f"cannot rebuild {old.path}: {what}"
        raise ConfigError(message, hint="give what it was built from, or pass `--upgrade`")


def _settings(recipe: Recipe, given: Given, where: str, warn: Callable[[str], None]) -> Settings:
    start = replace(Settings(), name=recipe.name, python=recipe.python, target=recipe.target)
    settings = apply_table(start, recipe.settings, where, warn)
    pins = OwnPins()
    if not given.shipped:
        pins = pins.with_table(recipe.pins, where)
        for own in pins.tables:
            shipped = shipped_pins()[own.name].version
            if own.table.version != shipped:
                warn(f"{own.where} pins {own.table.version}; Obelisk has {shipped}")
    for path in given.pins:
        pins = pins.with_file(path)
    return replace(settings, pins=pins)


def _fixed(old: Old, application: Application) -> Requirements:
    """Return what the recipe's lock installs; of what was a path, only the application is there."""
    recipe = old.recipe
    origin, lock = recipe.origin, recipe.lock
    if origin.made == Made.PARTS:
        message = f"{old.path} is made of parts, whose versions a recipe does not fix"
        raise ConfigError(message, hint="pass `--upgrade` to install them anew")
    own = application.name if isinstance(application, Project | WheelFile) else None
    other = [name for name in lock.local if name != own]
    if other and not (isinstance(application, Project) and _has_lock(application)):
        names = ", ".join(f"`{name}`" for name in other)
        message = f"cannot rebuild {old.path}: {names} came from a directory or file"
        raise ConfigError(message, hint="build it from its sources")
    found = lock.requirements
    lines = [line for line in recipe.requirements.lines if line.startswith("--")]
    lines += found.lines
    if isinstance(application, WheelFile):
        digest = _sha256(application.path)
        lines.append(f"{application.name} @ {application.path.as_uri()} --hash=sha256:{digest}")
    return replace(found, lines=tuple(lines))


def _has_lock(project: Project) -> bool:
    return (project.folder / "uv.lock").exists()


def _listed(recipe: Recipe) -> str:
    return ", ".join(recipe.missing)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
