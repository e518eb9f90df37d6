"""`relink.json`: how the files of a folder that can be linked again belong together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Self

from obelisk.errors import ConfigError
from obelisk.output import RELINK_FILE
from obelisk.target import TARGETS, Target

FILE: Final = RELINK_FILE
RUNTIME: Final = "runtime"
PAYLOAD: Final = "payload.bin"
OBJECTS: Final = "objects"
PROVIDED: Final = "provided"
CHANGED: Final = "changed"
"""Where recipients put files that replace those of the payload."""
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """A shared object, which lies in `objects` under its path in the executable."""

    path: str
    base: str
    package: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What is in the file."""

    name: str
    """File name of the executable."""
    target: Target
    abi: str
    """Tag of extension modules."""
    objects: tuple[Object, ...]
    provided: tuple[tuple[str, str], ...]
    """(soname, path in the executable) of the files in `provided`."""
    epoch: int | None
    """The time of the files inside, as a plan has it."""
    snapshot: bool = False
    """Whether the executable has a snapshot; one that is linked again has none."""

    def to_json(self) -> str:
        """Return the text of the file."""
        table = {
            "version": _VERSION,
            "name": self.name,
            "target": self.target.triple,
            "abi": self.abi,
            "objects": [
                {"path": one.path, "base": one.base, "package": one.package} for one in self.objects
            ],
            "provided": dict(self.provided),
            "epoch": self.epoch,
        }
        if self.snapshot:
            table["snapshot"] = True
        return json.dumps(table, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the file of a folder; raise `ConfigError` if it has none, or one that is invalid."""
        path = folder / FILE
        try:
            return cls._of(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            message = f"cannot read {path}: {error.strerror}"
            raise ConfigError(
                message, hint="name a directory of `obelisk build --relinkable`"
            ) from error
        except (KeyError, TypeError, ValueError) as error:
            message = f"{path} does not describe an executable: {error}"
            raise ConfigError(
                message, hint="it was written by another version, or edited"
            ) from error

    @classmethod
    def _of(cls, table: dict[str, Any]) -> Self:
        if table["version"] != _VERSION:
            message = f"version {table['version']}, expected {_VERSION}"
            raise ValueError(message)
        return cls(
            name=_below(table["name"]),
            target=TARGETS[table["target"]],
            abi=str(table["abi"]),
            objects=tuple(
                Object(path=_below(one["path"]), base=str(one["base"]), package=one["package"])
                for one in table["objects"]
            ),
            provided=tuple(
                (_below(name), str(path)) for name, path in sorted(table["provided"].items())
            ),
            epoch=None if table["epoch"] is None else int(table["epoch"]),
            snapshot=bool(table.get("snapshot", False)),
        )


def _below(name: object) -> str:
    """Return a relative path that leads to nothing outside."""
    path = PurePosixPath(str(name))
    if not isinstance(name, str) or not path.parts or path.is_absolute() or ".." in path.parts:
        message = f"a path that leads outside: {name!r}"
        raise ValueError(message)
    return name
