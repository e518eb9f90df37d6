"""A component: anything in an executable that somebody else wrote.

The manifest of an executable lists them all; bills of materials, license reports and audits are
made from that list alone. It is outside data there, so reading it checks it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

from obelisk.errors import VerifyError

_DAMAGED: Final = "rebuild the executable"


class Kind(StrEnum):
    """What a component is."""

    INTERPRETER = "interpreter"
    LIBRARY = "library"
    """Of C, C++, Fortran ..."""
    PACKAGE = "package"
    """An installed distribution of Python."""
    CRATE = "crate"
    """Of Rust, in a shared object."""
    FILE = "file"
    """What the application adds by itself, such as `native-libraries`."""


class Linkage(StrEnum):
    """How a component is joined to the executable, which is what licenses ask for."""

    STATIC = "static"
    """Its objects are linked into the runtime, or into the shared objects that `files` names."""
    OBJECT = "shared object"
    """Its shared object is linked in at build time."""
    BYTECODE = "bytecode"
    """Its modules are included and imported."""
    DATA = "data"
    """It is only stored."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """Something in an executable that has its own version and license."""

    reference: str
    """Names it among all of an executable: its purl, with a suffix where that occurs twice."""
    kind: Kind
    name: str
    version: str | None = None
    """None: it could not be told."""
    purl: str | None = None
    """A package URL, https://github.com/package-url/purl-spec."""
    cpe: str | None = None
    """A CPE 2.3 name, where the National Vulnerability Database has one."""
    license: str | None = None
    """An SPDX expression; None: it could not be told."""
    license_from: str | None = None
    """What told it: `pin`, `metadata`, `classifiers`, `files`, `sbom`, `table`, `settings`."""
    license_texts: tuple[str, ...] = ()
    """Paths in the executable."""
    sha256: str | None = None
    """Of the archive that it was made from."""
    origin: str | None = None
    """The address of that archive, without credentials."""
    patches: tuple[str, ...] = ()
    """Names of changes that were made to it."""
    linkage: Linkage | None = None
    part_of: str | None = None
    """The reference of what bundles it."""
    needs: tuple[str, ...] = ()
    """References of what it depends on, sorted."""
    files: tuple[str, ...] = ()
    """Paths in the executable of the shared objects that it was found in."""
    told_by: str = "pin"
    """The evidence: `pin`, `metadata`, `sbom`, `cargo-auditable`, `soname`, `build-id`, `text`."""

    def to_json(self) -> dict[str, Any]:
        """Return what the manifest says of it: fields that have a value."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}

    @classmethod
    def from_json(cls, table: object) -> Self:
        """Return the component of a manifest; raise `VerifyError` for what is none."""
        if not isinstance(table, dict):
            raise _damaged(table)
        try:
            values: dict[str, Any] = {name: _value(name, value) for name, value in table.items()}
            return cls(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(table) from error


def components_of(manifest: dict[str, Any]) -> list[Component]:
    """Return the components that a manifest lists; raise `VerifyError` if it is damaged."""
    rows = manifest.get("components")
    if not isinstance(rows, list):
        raise _damaged(rows)
    return [Component.from_json(row) for row in rows]


def to_json(components: Iterable[Component]) -> list[dict[str, Any]]:
    """Return what a manifest lists, in the order of their references."""
    return [one.to_json() for one in sorted(components, key=lambda one: one.reference)]


_TEXTS: Final = frozenset(
    name for name, kind in Component.__annotations__.items() if "tuple" in str(kind)
)


def _value(name: str, value: Any) -> object:  # noqa: ANN401 - it is outside data
    if name == "kind":
        return Kind(value)
    if name == "linkage":
        return Linkage(value)
    if name in _TEXTS:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise ValueError(name)
        return tuple(value)
    if not isinstance(value, str):
        raise ValueError(name)  # noqa: TRY004 - all that is wrong is told alike
    return value


def _damaged(row: object) -> VerifyError:
    return VerifyError(f"the manifest lists no component: {str(row)[:80]}", hint=_DAMAGED)
