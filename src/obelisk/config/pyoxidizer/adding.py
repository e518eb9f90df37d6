"""What is installed for an executable, and what of it is added."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from obelisk.config.parts import Part
from obelisk.config.pyoxidizer.interpreter import Config
from obelisk.config.pyoxidizer.manifest import Buildable
from obelisk.config.pyoxidizer.policy import Policy
from obelisk.config.pyoxidizer.resources import Resource, Source, resource_of
from obelisk.config.pyoxidizer.scan import Found, Kind, distributions, scan, scan_files, scan_stdlib
from obelisk.config.pyoxidizer.session import Session, StandardLibrary
from obelisk.config.pyoxidizer.table import Because
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value

_VARIABLES: Final = {
    "PIP_INDEX_URL": "--index-url",
    "PIP_EXTRA_INDEX_URL": "--extra-index-url",
    "PIP_FIND_LINKS": "--find-links",
    "PIP_CONSTRAINT": "--constraint",
    "PIP_NO_BINARY": "--no-binary",
    "PIP_ONLY_BINARY": "--only-binary",
}
"""pip's variables that are options."""

Resources = list[Value]
"""A list of `Resource`, as a configuration sees it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """What executables are made with."""

    python: str
    """The version of Python."""
    target: str


class Adding(Buildable):
    """The state of an executable."""

    def __init__(
        self, session: Session, *, name: str, base: Base, policy: Policy, config: Config
    ) -> None:
        super().__init__(session)
        self.name = name
        self.base = base
        self.policy = policy
        self.callbacks = tuple(policy.callbacks)
        self.config = copy.copy(config)
        self.config.values = {key: copy.copy(value) for key, value in config.values.items()}
        self.sources: list[Source] = []
        self.added: dict[object, Resource] = {}
        """By what they are, in the order in which they were added."""
        self.stdlib: dict[str, bool] = {}
        """Of each file of the standard library, whether it is included."""

    def add_standard_library(self, caller: Caller) -> None:
        """Let callbacks decide about each module of Python itself."""
        if not self.callbacks:
            return
        for found, resource in standard_library(self.session, self.base, caller):
            self._decide(resource, caller)
            # Its extension modules are included whatever a callback says.
            if found.kind != Kind.EXTENSION:
                self.stdlib[found.path] = resource.is_kept

    def brought(self, part: Part, caller: Caller) -> Resources:
        """Install a part and return its resources, after callbacks decided about them."""
        site = self.session.bring(part, self.base.python, self.base.target, caller)
        source = Source(part=part, distributions={})
        self.sources.append(source)
        if site is None:
            return []
        source.is_listed = True
        source.distributions = self.session.looked("distributions", site, distributions)
        resources: Resources = []
        scanned = self._scanned(site)
        self.session.found([found.path for found in scanned], caller)
        for found in scanned:
            resource = resource_of(self.session, found, source)
            source.paths.add(found.path)
            if found.kind != Kind.FILE:
                source.classified.add(found.path)
            self._decide(resource, caller)
            resources.append(resource)
        return resources

    def add(self, resource: Resource) -> None:
        """Include a resource, unless its `add_include` says otherwise."""
        if resource.source is not None and resource.source not in self.sources:
            self.sources.append(resource.source)
        if resource.is_kept and not resource.found.is_stdlib:
            key = (
                id(resource.source) if resource.source else None,
                resource.found.path,
                resource.found.kind,
            )
            self.added.pop(key, None)
            self.added[key] = resource

    def options_of(self, variables: dict[str, str] | None, caller: Caller) -> list[str]:
        """Return the options that variables of pip mean."""
        words: list[str] = []
        for name, value in (variables or {}).items():
            if name in _VARIABLES:
                words += [word for item in value.split() for word in (_VARIABLES[name], item)]
            else:
                self.session.without_effect(name, Because.INSTALLER, caller)
        return words

    def _decide(self, resource: Resource, caller: Caller) -> None:
        for callback in self.callbacks:
            caller.call(callback, self.policy, resource)

    def _scanned(self, site: Path) -> list[Found]:
        looks = {"file_scanner_classify_files": scan, "file_scanner_emit_files": scan_files}
        return [
            found
            for name, look in looks.items()
            if self.policy.value(name)
            for found in self.session.looked(name, site, look)
        ]


def standard_library(session: Session, base: Base, caller: Caller) -> list[tuple[Found, Resource]]:
    """Return the modules and files of Python itself; none if nothing is installed now."""
    site = session.bring(StandardLibrary(), base.python, base.target, caller)
    scanned = session.looked("stdlib", site, scan_stdlib) if site else ()
    session.found([found.path for found in scanned], caller)
    return [(found, resource_of(session, found, None)) for found in scanned]
