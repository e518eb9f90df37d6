"""What `obelisk plan` shows: what was decided for an executable, and why."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Final

from obelisk.config.application import (
    Application,
    Assembly,
    Project,
    Requirement,
    Script,
    WheelFile,
)
from obelisk.config.installer import InstallerConfig
from obelisk.config.interpreter import Interpreter
from obelisk.config.licenses import Licenses
from obelisk.config.parts import shown_part
from obelisk.config.settings import ENTRIES, Profile, Settings, Storage
from obelisk.config.tables import key_of
from obelisk.config.toml import shown
from obelisk.config.windows import Windows, version_texts
from obelisk.model import (
    AllConsoleScripts,
    ConsoleScript,
    Entry,
    EntryPoint,
    RunCode,
    RunModule,
    RunScript,
)
from obelisk.payload.filetimes import VARIABLE
from obelisk.plan import Plan

_SHOWN: Final = (
    *("extra_requirements", "include", "exclude", "pure", "no_binary", "native_libraries", "data"),
    *("optimize", "unbuffered", "integrity", "bundle_certificates"),
    *("bundle_time_zones", "train", "train_requests"),
)
"""Settings that `obelisk plan` prints as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """One thing that was decided, and why: a line of `obelisk plan`."""

    what: str
    value: str
    why: str


def explain(plan: Plan) -> list[Decision]:
    """List what was decided and the reason of each decision."""
    settings, defaults = plan.settings, Settings()
    decisions = [
        Decision(what="application", value=_describe(plan.application), why="given"),
        Decision(
            what="executable", value=plan.file_name, why="`name`" if settings.name else "default"
        ),
        Decision(
            what="target",
            value=plan.target.triple,
            why="default" if settings.target == defaults.target else "`target`",
        ),
        Decision(
            what="python",
            value=plan.python.version,
            why="default" if settings.python == defaults.python else "`python`",
        ),
        Decision(what="entry", value=_describe_entry(plan.entry), why=_entry_reason(plan)),
        Decision(what="dependencies", value=_describe_dependencies(plan), why="found"),
        *_installer_decisions(plan.installer),
        _times_decision(plan.source_date_epoch),
        Decision(what="extension-modules", value=plan.abi, why="`python` and `target`"),
        Decision(
            what="provided-libraries",
            value=_listed(plan.provided_libraries),
            why="linked in if a wheel needs them",
        ),
        Decision(
            what="own-pins",
            value=_listed(tuple(f"{one.name} {one.version}" for one in plan.own_pins)),
            why="`pins`" if plan.own_pins else "default",
        ),
        Decision(
            what="build-packages",
            value=_listed(plan.build_packages),
            why="`build-packages`" if plan.build_packages else "default",
        ),
        Decision(
            what="python-tests",
            value="included" if plan.has_tests else "excluded",
            why="`include`" if plan.has_tests else "default",
        ),
    ]
    decisions += _storage_decisions(settings)
    decisions.append(_snapshot_decision(settings))
    for field in _SHOWN:
        value, default = getattr(settings, field), getattr(defaults, field)
        decisions.append(_setting(key_of(field), value, why=value != default))
    for own in fields(Interpreter):
        value = getattr(settings.interpreter, own.name)
        if value != getattr(defaults.interpreter, own.name):
            decisions.append(_setting(f"interpreter.{key_of(own.name)}", value, why=True))
    if plan.target.system == "windows":
        decisions += _windows_decisions(settings.windows)
    return decisions + _license_decisions(settings.licenses)


def _windows_decisions(windows: Windows) -> list[Decision]:
    """Return how Windows shows the executable; what of its version is given, in one line."""
    found = []
    for own in fields(Windows):
        value, default = getattr(windows, own.name), getattr(Windows(), own.name)
        if own.name == "version_info":
            value = tuple(f"{name} {text}" for name, text in version_texts(value).items())
            default = ()
        found.append(_setting(f"windows.{key_of(own.name)}", value or "-", why=value != default))
    return found


def _license_decisions(licenses: Licenses) -> list[Decision]:
    defaults = Licenses()
    if licenses == defaults:
        return [Decision(what="licenses", value="all allowed, listed", why="default")]
    found = [
        _setting(f"licenses.{key}", getattr(licenses, key), why=True)
        for key in ("policy", "allow", "deny", "review")
        if getattr(licenses, key) != getattr(defaults, key)
    ]
    for name, override in licenses.packages:
        value = ", ".join(filter(None, (override.license, "accepted" if override.accept else "")))
        why = override.reason or ""
        found.append(Decision(what=f"licenses.packages.{name}", value=value, why=why))
    return found


def _storage_decisions(settings: Settings) -> list[Decision]:
    is_default = settings.profile == Profile.DEFAULT
    found = [_setting("profile", settings.profile, why=not is_default)]
    for field in fields(Storage):
        shown = str(getattr(settings.storage, field.name)).lower()
        by_profile = "default" if is_default else "`profile`"
        why = by_profile if getattr(settings, field.name) is None else f"`{key_of(field.name)}`"
        found.append(Decision(what=key_of(field.name), value=shown, why=why))
    return found


def _snapshot_decision(settings: Settings) -> Decision:
    if not settings.snapshot:
        return Decision(what="snapshot", value="none: every start imports", why="default")
    value = "the main module's first imports"
    if settings.snapshot_imports:
        value += f", {_listed(settings.snapshot_imports)}"
    if settings.snapshot_exclude:
        value += f"; without {_listed(settings.snapshot_exclude)}"
    return Decision(what="snapshot", value=value, why="`snapshot`")


def _installer_decisions(config: InstallerConfig) -> list[Decision]:
    files = [(config.project, "the project's")] if config.project else []
    files += [(path, "the user's or the system's") for path in config.user]
    shown = ", ".join(str(path) for path, _ in files) or "-"
    why = ", ".join(dict.fromkeys(whose for _, whose in files)) or "none found"
    variables = ", ".join(config.variables) or "-"
    return [
        Decision(what="uv-configuration", value=shown, why=why),
        Decision(what="uv-variables", value=variables, why="environment"),
    ]


def _times_decision(epoch: int | None) -> Decision:
    if epoch is None:
        return Decision(what="file-times", value="derived from each file's content", why="default")
    shown = datetime.fromtimestamp(epoch, UTC).isoformat().replace("+00:00", "Z")
    return Decision(what="file-times", value=shown, why=f"`{VARIABLE}`")


def _setting(key: str, value: object, *, why: bool) -> Decision:
    shown = _listed(value) if isinstance(value, tuple) else str(value).lower()
    return Decision(what=key, value=shown, why=f"`{key}`" if why else "default")


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(values) or "-"


def _describe(application: Application) -> str:
    match application:
        case Project():
            return f"project {application.name} in {application.folder}"
        case Script():
            return f"script {application.path}"
        case Requirement():
            return f"requirement {application.text}"
        case WheelFile():
            return f"wheel {application.path}"
        case Assembly():
            count = len(application.parts)
            return f"{count} part{'s'[: count != 1]}, configured in {application.folder}"


def _describe_entry(entry: Entry) -> str:
    match entry:
        case EntryPoint():
            return f"{entry.module}:{entry.function}"
        case RunModule():
            return f"module {entry.module}"
        case RunScript():
            return f"script {entry.path.name}"
        case RunCode():
            return f"code {shown(entry.text)}"
        case AllConsoleScripts():
            return f"console scripts of {entry.package}"
        case ConsoleScript():
            return f"console script {entry.command or 'of ' + entry.package}"


def _entry_reason(plan: Plan) -> str:
    for key in ENTRIES:
        if getattr(plan.settings, key):
            return f"`{key}`"
    return "`[project.scripts]`" if isinstance(plan.application, Project) else "default"


def _describe_dependencies(plan: Plan) -> str:
    parts = [str(plan.lock)] if plan.lock else []
    parts += map(str, plan.requirement_files)
    if isinstance(plan.application, Script):
        parts += plan.application.dependencies
    if isinstance(plan.application, Assembly):
        parts += [shown_part(part) for part in plan.application.parts]
    return ", ".join(parts) or "the application's own metadata"
