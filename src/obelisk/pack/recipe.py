"""Writing the recipe that an executable carries: from a plan and what was installed by it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields, is_dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from obelisk import __version__
from obelisk.config.application import Application, Project, Requirement, Script, WheelFile
from obelisk.config.own_pins import OwnPins
from obelisk.config.recipe import (
    ELSEWHERE,
    NO_BYTES,
    PATHS,
    Lock,
    Made,
    Origin,
    Recipe,
    is_local,
    is_outside,
    portable,
)
from obelisk.config.recipe import without_credentials as clean
from obelisk.config.requirements import Requirements
from obelisk.config.settings import ENTRIES, PROFILES, Profile, Settings, Storage
from obelisk.config.tables import key_of
from obelisk.distribution.versions import major_minor
from obelisk.plan import Plan


def recipe_of(plan: Plan, lock: Lock, first_use: Sequence[str] | None) -> Recipe:
    """Return the recipe of a plan; `first_use` is what training saw, None without training."""
    asked = plan.requirements
    return Recipe(
        obelisk=__version__,
        name=plan.name,
        python=major_minor(plan.python.version),
        target=plan.target.triple,
        origin=_origin(plan.application),
        settings=_table(_canonical(plan), Settings(), without=ELSEWHERE | NO_BYTES),
        pins=_pins(plan.settings.pins),
        requirements=Requirements(
            lines=portable(asked.lines + asked.unhashed),
            constraints=portable(asked.constraints),
            options=asked.options,
        ),
        lock=lock,
        first_use=None if first_use is None else tuple(first_use),
        epoch=plan.source_date_epoch,
        missing=tuple(sorted({*_missing_settings(plan.settings), *_missing_lines(asked)})),
    )


def _canonical(plan: Plan) -> Settings:
    """Return the settings in one form: what is built the same has the same recipe."""
    settings, default = plan.settings, PROFILES[Profile.DEFAULT]
    stored = {
        one.name: getattr(settings.storage, one.name)
        for one in fields(Storage)
        if getattr(settings.storage, one.name) != getattr(default, one.name)
    }
    nothing = dict.fromkeys((one.name for one in fields(Storage)), None)
    values: dict[str, Any] = {**nothing, **stored, "script": _script(plan)}
    return replace(settings, **values)


def _script(plan: Plan) -> str | None:
    """Return the console script that is built, also where a project's are all built at once."""
    settings, application = plan.settings, plan.application
    is_chosen = settings.multicall or any(getattr(settings, key) for key in ENTRIES)
    if is_chosen or not isinstance(application, Project) or not application.scripts:
        return settings.script
    return plan.name if settings.name is None else application.scripts[0][0]


def _origin(application: Application) -> Origin:
    match application:
        case Requirement():
            text = None if is_local(application.text) else clean(application.text)
            return Origin(made=Made.REQUIREMENT, name=application.name, requirement=text)
        case Script():
            return Origin(
                made=Made.SCRIPT,
                name=application.path.name,
                dependencies=portable(application.dependencies),
                sha256=_hash(application.path),
            )
        case WheelFile():
            digest = _hash(application.path)
            return Origin(made=Made.WHEEL, name=application.path.name, sha256=digest)
        case Project():
            return Origin(made=Made.PROJECT, name=application.name)
        case _:
            return Origin(made=Made.PARTS, name=application.name)


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _table(values: Any, defaults: Any, *, without: frozenset[str]) -> dict[str, Any]:  # noqa: ANN401
    """Return the fields of settings that have not their default, as TOML has them."""
    table = {}
    for field in fields(values):
        value, default = getattr(values, field.name), getattr(defaults, field.name)
        if field.name in without or value == default:
            continue
        if field.name in PATHS and not isinstance(value, tuple) and is_outside(value):
            continue
        table[key_of(field.name)] = _as_toml(field.name, value, default)
    return table


def _as_toml(name: str, value: Any, default: Any) -> Any:  # noqa: ANN401
    if is_dataclass(value):
        return _table(value, default, without=frozenset())
    if isinstance(value, tuple) and any(isinstance(one, tuple) for one in value):
        # Tables by their names (config/tables.py).
        return {key: _table(one, type(one)(), without=frozenset()) for key, one in value}
    if isinstance(value, tuple):
        kept = (one for one in value if name not in PATHS or not is_outside(one))
        return [clean(one) for one in kept]
    return clean(str(value)) if isinstance(value, str | StrEnum) else value


def _missing_settings(settings: Settings) -> Iterator[str]:
    for name in sorted(PATHS):
        value = getattr(settings.windows if name == "icon" else settings, name) or ()
        for path in (value,) if isinstance(value, str) else value:
            if is_outside(path):
                yield f"`{Path(path).name}` of `{key_of(name)}`"


def _missing_lines(asked: Requirements) -> Iterator[str]:
    for line in (*asked.lines, *asked.unhashed, *asked.constraints):
        if is_local(line):
            name = Path(line.split(" --hash")[0].split(" ;")[0]).name
            yield f"`{name}` of the requirements"


def _pins(own: OwnPins) -> dict[str, Any]:
    """Return the user's pins, each by its address, or by the name of its file."""
    return {one.name: dict(_pin_items(asdict(one.table).items())) for one in own.tables}


def _pin_items(items: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, value in items:
        if name == "file" and value is not None:
            yield name, Path(value).name
        elif value is not None:
            yield key_of(name), clean(value) if isinstance(value, str) else value
