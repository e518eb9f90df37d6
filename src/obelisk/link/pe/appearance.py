"""What a plan makes of an executable's looks on Windows: icon, version, rights, console."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from obelisk.config.application import Script
from obelisk.config.windows import (
    Subsystem,
    Uac,
    padded,
    read_icon,
    version_numbers,
    version_texts,
)
from obelisk.model import Package
from obelisk.pe import headers
from obelisk.pe.appearance import PLAIN, Appearance
from obelisk.pe.icon import icon_resources
from obelisk.pe.manifest import manifest_resource
from obelisk.pe.resources import Resource
from obelisk.pe.version import Numbers, version_resource
from obelisk.plan import Plan

_LEVELS: Final = {
    Uac.AS_INVOKER: "asInvoker",
    Uac.HIGHEST_AVAILABLE: "highestAvailable",
    Uac.REQUIRE_ADMINISTRATOR: "requireAdministrator",
}
"""The names that manifests have of them."""
_SUBSYSTEMS: Final = {
    Subsystem.CONSOLE: headers.Subsystem.CONSOLE,
    Subsystem.WINDOWS: headers.Subsystem.GUI,
}


def appearance_of(plan: Plan, packages: Iterable[Package]) -> Appearance:
    """Return the looks of a plan's executable, with the version of the package that it is of.

    `packages` are those that are installed.
    """
    if plan.target.system != "windows":
        return PLAIN
    application = plan.application
    name = canonicalize_name("" if isinstance(application, Script) else application.name)
    versions = {canonicalize_name(one.name): one.version for one in packages}
    version = versions.get(name)
    windows = plan.settings.windows
    icon = read_icon(windows, plan.folder)
    return Appearance(
        subsystem=_SUBSYSTEMS[windows.subsystem],
        resources=(
            manifest_resource(_LEVELS[windows.uac]),
            _version(plan, version),
            *(icon_resources(icon) if icon is not None else ()),
        ),
    )


def _version(plan: Plan, version: str | None) -> Resource:
    info, application = plan.settings.windows.version_info, plan.application
    numbers = version_numbers(info.file_version) if info.file_version else _numbers(version)
    texts = {
        "FileDescription": plan.name,
        "InternalName": plan.name,
        "OriginalFilename": plan.file_name,
        "ProductName": plan.name if isinstance(application, Script) else application.name,
        "FileVersion": ".".join(map(str, numbers)),
        **({"ProductVersion": version} if version else {}),
        **version_texts(info),
    }
    return version_resource(numbers, dict(sorted(texts.items())))


def _numbers(version: str | None) -> Numbers:
    """Return the numbers that a version of a package begins with."""
    try:
        return padded(list(Version(version or "0").release))
    except InvalidVersion:
        return padded([])
