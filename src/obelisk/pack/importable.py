"""What an import finds in each folder of the executable, decided when it is packed.

The rules are those of CPython's FileFinder: for a name it takes the package of that name, then an
extension module, source, bytecode, and at last the folder alone as part of a namespace package.
With a record for each answer the importer needs one lookup where CPython lists folders.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from obelisk.model import ancestors
from obelisk.payload.payload import Item, Kind

_SUFFIXES: Final = (".abi3.so", ".so", ".py", ".pyc")
"""After the suffix with the tag of this Python, which comes first."""
_TAGGED: Final = ".cpython-"
_INIT: Final = "__init__"
_LAST: Final = 99
"""The rank of a folder without `__init__`."""


def importable(paths: Iterable[str], *, own: frozenset[str]) -> Iterator[Item]:
    """Yield the records of all that imports find among files.

    A folder at the top that is not one of the application's `own` is no namespace package: it is
    there because the executable is laid out as an installation.
    """
    best: dict[str, tuple[int, str]] = {}
    for path in paths:
        for name, rank in _answers(path):
            if rank == _LAST and "/" not in name and name not in own:
                continue
            best[name] = min(best.get(name, (rank, path)), (rank, path))
    for name, (rank, path) in sorted(best.items()):
        yield _item(name, rank, path)


def _answers(path: str) -> Iterator[tuple[str, int]]:
    """Yield (folder and name without suffix, rank) of what finds a file: the least comes first."""
    folder, _, file = path.rpartition("/")
    stem, dot, rest = file.partition(".")
    rank = _rank(dot + rest)
    if rank is not None and stem:
        yield f"{folder}/{stem}" if folder else stem, len(_SUFFIXES) + 1 + rank
        if stem == _INIT and folder:
            yield folder, rank
    for above in ancestors(path, "/"):
        if "." not in above.rpartition("/")[2]:
            yield above, _LAST


def _rank(suffix: str) -> int | None:
    if suffix.startswith(_TAGGED) and suffix.endswith(".so"):
        return 0
    return _SUFFIXES.index(suffix) + 1 if suffix in _SUFFIXES else None


def _item(name: str, rank: int, path: str) -> Item:
    if rank == _LAST:
        return Item(name=name, kind=Kind.NAMESPACE)
    if path == f"{name}.py":
        return Item(name=name, kind=Kind.MODULE)
    if path == f"{name}/{_INIT}.py":
        return Item(name=name, kind=Kind.PACKAGE)
    return Item(name=name, kind=Kind.OTHER, data=path.encode())
