"""What goes into an executable: its parts, and patterns for what of them does not."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from obelisk.config.parts import Part, Remove, Written
from obelisk.config.pyoxidizer.adding import Adding
from obelisk.config.pyoxidizer.resources import Source
from obelisk.config.pyoxidizer.scan import Kind

_TAG: Final = re.compile(r"\.[^./]+\.so$")
"""The end of the name of an extension module."""
_SPECIAL: Final = re.compile(r"([*?[])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Parts, and patterns of what is excluded."""

    parts: tuple[Part, ...]
    exclude: tuple[str, ...]


def contents_of(executable: Adding) -> Contents:
    """Return what was added to an executable."""
    parts: list[Part] = []
    state: dict[str, bool] = {}
    """Of each path, whether it is included."""
    for number, source in enumerate(executable.sources):
        added = _added(executable, source)
        if source.is_listed and source.paths and not added:
            continue
        parts.append(source.part)
        # What brought a distribution before brings nothing of it any more.
        for name in source.distributions:
            for path in _earlier(executable.sources[:number], name):
                state.pop(path, None)
        state |= {path: path in added for path in source.paths}
        without = sorted(_unwanted(source, added))
        if without:
            parts.append(Remove(names=tuple(canonicalize_name(name) for name in without)))
            for name in without:
                for path in source.distributions[name]:
                    state.pop(path, None)
    written = _written(executable)
    if written.files:
        parts.append(written)
    state |= {path: True for path, _ in written.files}
    return Contents(parts=tuple(parts), exclude=(*patterns(state), *patterns(executable.stdlib)))


def _added(executable: Adding, source: Source) -> set[str]:
    """Return the paths of what was added; of what a module is, a `File` decides only if it says."""
    return {
        one.found.path
        for one in executable.added.values()
        if one.source is source
        and (
            one.found.kind != Kind.FILE
            or one.found.path not in source.classified
            or one.values.get("add_include")
        )
    }


def _earlier(sources: Iterable[Source], name: str) -> Iterable[str]:
    for other in sources:
        yield from other.distributions.get(name, ())


def _unwanted(source: Source, added: set[str]) -> Iterable[str]:
    """Yield the distributions of which nothing was added, though there was something."""
    for name, paths in source.distributions.items():
        if paths & source.paths and not paths & added:
            yield name


def _written(executable: Adding) -> Written:
    made = [one for one in executable.added.values() if one.text is not None]
    return Written(files=tuple((one.found.path, one.text or "") for one in made))


def patterns(state: dict[str, bool]) -> list[str]:
    """Return patterns for what is not included: whole packages where nothing of them is."""
    kept = {folder for path, is_kept in state.items() if is_kept for folder in _folders(path)}
    found = set()
    for path, is_kept in state.items():
        if not is_kept:
            whole = next((folder for folder in _folders(path) if folder not in kept), None)
            is_package = whole is not None and f"{whole}/__init__.py" in state
            found.add(str(whole).replace("/", ".") if is_package else _pattern(path))
    return sorted(found)


def _folders(path: str) -> list[str]:
    """Return the folders above a path, the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _pattern(path: str) -> str:
    """Return a pattern for exactly one file: a path, or the name of a module at the top."""
    if "/" not in path and path.endswith(".py"):
        return path.removesuffix(".py")
    exact = _SPECIAL.sub(r"[\1]", path)
    if path.endswith(".so"):
        # Of any version of Python, whose name is in the middle.
        return _TAG.sub(".*.so", exact)
    # Without a slash it would be the name of a module.
    return exact if "/" in path else f"lib/python*/site-packages/{exact}"
