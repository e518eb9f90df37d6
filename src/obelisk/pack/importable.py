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

_SUFFIXES: Final = {
    ".so": (".abi3.so", ".so", ".py", ".pyc"),
    ".pyd": (".pyd", ".py", ".pyc"),
}
"""By the suffix of extension modules, after that with the tag of this Python, which comes first."""
_TAGGED: Final = ".cp"
"""How tags begin: `.cpython-314-x86_64-linux-musl`, on Windows `.cp314-win_amd64`."""
_INIT: Final = "__init__"
_LAST: Final = 99
"""The rank of a folder without `__init__`."""


def importable(
    paths: Iterable[str], *, own: frozenset[str], extension: str = ".so"
) -> Iterator[Item]:
    """Yield the records of all that imports find among files.

    `extension` is what names of extension modules end with.
    A folder at the top that is not one of the application's `own` is no namespace package: it is
    there because the executable is laid out as an installation.
    """
    best: dict[str, tuple[int, str]] = {}
    for path in paths:
        for name, rank in _answers(path, extension):
            if rank == _LAST and "/" not in name and name not in own:
                continue
            best[name] = min(best.get(name, (rank, path)), (rank, path))
    for name, (rank, path) in sorted(best.items()):
        yield _item(name, rank, path)


def _answers(path: str, extension: str) -> Iterator[tuple[str, int]]:
    """Yield (folder and name without suffix, rank) of what finds a file: the least comes first."""
    folder, _, file = path.rpartition("/")
    stem, dot, rest = file.partition(".")
    rank = _rank(dot + rest, extension)
    if rank is not None and stem:
        yield f"{folder}/{stem}" if folder else stem, len(_SUFFIXES[extension]) + 1 + rank
        if stem == _INIT and folder:
            yield folder, rank
    for above in ancestors(path, "/"):
        if "." not in above.rpartition("/")[2]:
            yield above, _LAST


def _rank(suffix: str, extension: str) -> int | None:
    if suffix.startswith(_TAGGED) and suffix.endswith(extension):
        return 0
    known = _SUFFIXES[extension]
    return known.index(suffix) + 1 if suffix in known else None


def _item(name: str, rank: int, path: str) -> Item:
    if rank == _LAST:
        return Item(name=name, kind=Kind.NAMESPACE)
    if path == f"{name}.py":
        return Item(name=name, kind=Kind.MODULE)
    if path == f"{name}/{_INIT}.py":
        return Item(name=name, kind=Kind.PACKAGE)
    return Item(name=name, kind=Kind.OTHER, data=path.encode())
