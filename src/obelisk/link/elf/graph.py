"""Which shared object needs which, and in which of them a symbol is looked for.

A dynamic loader finds needed libraries by RUNPATH and searches symbols in the object that was
opened and, breadth-first, in all that it needs (`RTLD_LOCAL`). Here both happen at build time.
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.dso import SharedObject

_IN_RUNTIME: Final = (
    *("libc.so", "libc.musl-", "ld-musl-", "libm.so", "libpthread.so", "libdl.so"),
    "libpython3.",
)
"""Beginnings of the names of libc and of Python, which the runtime exports."""
_ORIGIN: Final = ("$ORIGIN", "${ORIGIN}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A shared object among all that are linked in."""

    object: SharedObject
    names: tuple[str, ...]
    """All places in the executable where this same file is."""
    needs: tuple[int, ...]
    """Numbers of the nodes it needs directly."""
    closure: tuple[int, ...]
    """Itself and all it needs, breadth-first."""
    order: tuple[int, ...]
    """The same, needed ones first: in this order they are set up."""
    scope: tuple[int, ...]
    """Where its symbols are looked for, after the runtime."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A file that is linked in: its contents, once, and all its names."""

    object: SharedObject
    names: tuple[str, ...]


def connect(found: Sequence[Found], provide: Callable[[str], Found | None]) -> list[Node]:
    """Return the graph. `provide` gives a library by its name that no file of `found` is.

    Raises `LinkError` that lists every library that is needed and not there.
    """
    files = list(found)
    needs: list[tuple[int, ...]] = []
    missing: list[str] = []
    finder = _Finder(files)
    place = 0
    while place < len(files):
        own = []
        for name in files[place].object.dynamic.needed:
            if name.startswith(_IN_RUNTIME):
                continue
            number = finder.find(files[place], name)
            if number is None and (more := provide(name)) is not None:
                number = finder.add(more, name)
            if number is None:
                missing.append(f"{files[place].object}: `{name}`")
            elif number != place and number not in own:
                own.append(number)
        needs.append(tuple(own))
        place += 1
    if missing:
        listed = "\n".join(f"  {one}" for one in missing)
        message = f"missing shared libraries:\n{listed}"
        hint = "add musl builds of them to `native-libraries`, or `exclude` what needs them"
        raise LinkError(message, hint=hint)
    closures = [_breadth_first(number, needs) for number in range(len(files))]
    scopes = _scopes(needs, closures)
    return [
        Node(
            object=one.object,
            names=one.names,
            needs=needs[number],
            closure=closures[number],
            order=_needed_first(number, needs),
            scope=scopes[number],
        )
        for number, one in enumerate(files)
    ]


def bare_names(one: SharedObject, paths: Iterable[str]) -> list[str]:
    """Return the names by which an object is known without a folder: of its files, its soname."""
    names = {posixpath.basename(path) for path in paths}
    return sorted(names | ({one.soname} if one.soname else set()))


class _Finder:
    """Finds the file that a needed library's name means."""

    def __init__(self, files: list[Found]) -> None:
        self._files = files
        self._by_path: dict[str, int] = {}
        self._by_name: defaultdict[str, list[int]] = defaultdict(list)
        for number, one in enumerate(files):
            self._register(number, one)

    def add(self, one: Found, name: str) -> int:
        """Link in one more file, which is known by `name`."""
        number = len(self._files)
        self._files.append(one)
        self._register(number, one)
        self._by_name[name].append(number)
        return number

    def find(self, asking: Found, name: str) -> int | None:
        """Return the number of the file, as a loader would find it, or by its name alone."""
        for own in asking.names:
            for folder in _folders(asking.object, own):
                number = self._by_path.get(posixpath.normpath(posixpath.join(folder, name)))
                if number is not None:
                    return number
        candidates = self._by_name.get(name, [])
        top = _top(asking.names[0])
        near = [n for n in candidates if any(_top(one) == top for one in self._files[n].names)]
        return next(iter([*near, *candidates]), None)

    def _register(self, number: int, one: Found) -> None:
        for path in one.names:
            self._by_path.setdefault(path, number)
        for name in bare_names(one.object, one.names):
            self._by_name[name].append(number)


def _folders(asking: SharedObject, path: str) -> list[str]:
    own = posixpath.dirname(path)
    folders = []
    for one in asking.search:
        for word in _ORIGIN:
            one = one.replace(word, own or ".")  # noqa: PLW2901 - both spellings
        folders.append(one)
    return [*folders, own]


def _top(path: str) -> str:
    """Return the package that a path belongs to: `numpy` for what is below `numpy.libs/`."""
    return path.split("/", maxsplit=1)[0].split(".", maxsplit=1)[0]


def _breadth_first(start: int, needs: Sequence[Iterable[int]]) -> tuple[int, ...]:
    found = [start]
    for number in found:
        found += [one for one in needs[number] if one not in found]
    return tuple(found)


def _needed_first(start: int, needs: Sequence[Iterable[int]]) -> tuple[int, ...]:
    order: list[int] = []
    seen = {start}
    stack = [(start, iter(needs[start]))]
    while stack:
        number, rest = stack[-1]
        step = next((one for one in rest if one not in seen), None)
        if step is None:
            order.append(number)
            stack.pop()
        else:
            seen.add(step)
            stack.append((step, iter(needs[step])))
    return tuple(order)


def _scopes(
    needs: Sequence[tuple[int, ...]], closures: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Return where each object's symbols are looked for.

    A loader looks through the closure of what was opened. A library that several roots reach would
    be bound by whichever comes first; here it sees what all of them have, then what itself needs.
    """
    used = {one for own in needs for one in own}
    reached: defaultdict[int, list[int]] = defaultdict(list)
    for root in range(len(needs)):
        if root not in used:
            for number in closures[root]:
                reached[number].append(root)
    scopes = []
    for number, closure in enumerate(closures):
        # Objects that need one another in a ring may have no root.
        roots = reached[number] or [number]
        common = set.intersection(*(set(closures[root]) for root in roots))
        shared = [one for one in closures[roots[0]] if one in common]
        scopes.append((*shared, *(one for one in closure if one not in common)))
    return scopes
