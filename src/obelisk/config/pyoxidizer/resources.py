"""Python resources: modules and files of the standard library, and of what is installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from obelisk.config.parts import Part
from obelisk.config.pyoxidizer.scan import Found, Kind
from obelisk.config.pyoxidizer.session import LOOK, Session
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Row,
    Setting,
    host_type,
    ignored,
)
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value

_FOUND: Final = frozenset(("name", "package", "path", "is_stdlib", "is_package", "is_executable"))
"""Attributes that are those of `Found`."""
_NAMES: Final = "test_resources_have_their_real_names"
_PLACES: Final = "test_locations_have_no_effect"
_INCLUDED: Final = "test_callbacks_decide_what_is_included"


@dataclass(kw_only=True, slots=True, eq=False)
class Source:
    """What one call brought."""

    part: Part
    distributions: dict[str, frozenset[str]]
    """Of each distribution, its paths below `site-packages`."""
    is_listed: bool = False
    """Whether it was installed, so that its files are known."""
    paths: set[str] = field(default_factory=set)
    """Of the files that there are resources for."""
    classified: set[str] = field(default_factory=set)
    """Of those that are more than a `File`."""


def _common() -> dict[str, Row]:
    places = [
        ("add_location", str),
        ("add_location_fallback", str | None),
        ("add_source", bool),
        ("add_bytecode_optimization_level_zero", bool),
        ("add_bytecode_optimization_level_one", bool),
        ("add_bytecode_optimization_level_two", bool),
    ]
    return {
        "add_include": Setting(
            does="if False, the module or file is excluded", test=_INCLUDED, accepts=bool
        ),
        **{name: ignored(_PLACES, Because.EVERYTHING, kind | None) for name, kind in places},
    }


def _named(*names: str) -> dict[str, Row]:
    kinds = {"is_stdlib": bool, "is_package": bool, "is_executable": bool}
    return {
        name: Setting(
            does="as it is in the package",
            test=_NAMES,
            accepts=kinds.get(name, str),
            assignable=False,
        )
        for name in names
    }


class Resource(ApiObject):
    """A module or file; each kind of them is a subclass."""

    called = "a resource"
    kind: ClassVar[Kind]
    rows: ClassVar[dict[str, Row]] = _common()

    def __init__(self, session: Session, found: Found, source: Source | None) -> None:
        super().__init__(session)
        self.found = found
        self.source = source
        """None: the standard library, or made by the configuration."""
        self.text: str | None = None
        """The source text, if the configuration gave it."""
        self.included = True
        """What `add_include` is until it is assigned."""

    def get_attribute(self, name: str, caller: Caller) -> Value:
        """Return a value that was found, or assigned."""
        if name in self.values:
            return self.values[name]
        if name == "add_include":
            return self.included
        if name in _FOUND:
            return getattr(self.found, name)
        if name == "source":
            text = self.source_text()
            caller.spend(LOOK + (len(text) >> 3))
            return text
        return super().get_attribute(name, caller)

    def source_text(self) -> str:
        """Return the text of a module."""
        if self.text is not None or self.found.place is None:
            return self.text or ""
        return self.found.place.read_text(encoding="utf-8", errors="replace")

    @property
    def is_kept(self) -> bool:
        """Whether it goes in when it is added."""
        return bool(self.values.get("add_include", self.included))


class PythonModuleSource(Resource):
    """A module."""

    kind = Kind.MODULE
    rows: ClassVar[dict[str, Row]] = {
        **_common(),
        **_named("name", "source", "is_package", "is_stdlib"),
    }
    host_type = host_type("PythonModuleSource", rows)


class PythonExtensionModule(Resource):
    """An extension module, which goes in unless somebody says otherwise."""

    kind = Kind.EXTENSION
    rows: ClassVar[dict[str, Row]] = {
        **_common(),
        "add_include": Setting(
            does="reads False; only an assigned False excludes it, if it is of a package",
            test="test_extension_modules_are_included_by_default",
            accepts=bool,
        ),
        **_named("name", "is_stdlib"),
    }
    host_type = host_type("PythonExtensionModule", rows)

    def get_attribute(self, name: str, caller: Caller) -> Value:
        """Return an attribute; what was not assigned reads False."""
        if name == "add_include" and name not in self.values:
            return False
        return super().get_attribute(name, caller)


class PythonPackageResource(Resource):
    """A data file in a package."""

    kind = Kind.DATA
    rows: ClassVar[dict[str, Row]] = {**_common(), **_named("package", "name", "is_stdlib")}
    host_type = host_type("PythonPackageResource", rows)


class PythonPackageDistributionResource(Resource):
    """A file of a distribution's metadata."""

    kind = Kind.METADATA
    rows: ClassVar[dict[str, Row]] = {**_common(), **_named("package", "name", "is_stdlib")}
    host_type = host_type("PythonPackageDistributionResource", rows)


class File(Resource):
    """Any file."""

    kind = Kind.FILE
    rows: ClassVar[dict[str, Row]] = {**_common(), **_named("path", "is_executable")}
    host_type = host_type("File", rows)


TYPES: Final = (
    PythonModuleSource,
    PythonExtensionModule,
    PythonPackageResource,
    PythonPackageDistributionResource,
    File,
)


def resource_of(session: Session, found: Found, source: Source | None) -> Resource:
    """Return the resource for something that was found."""
    (kind,) = (kind for kind in TYPES if kind.kind == found.kind)
    return kind(session, found, source)
