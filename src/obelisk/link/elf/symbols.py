"""Finding what a symbol means: first what the runtime exports, then the object's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from obelisk.errors import LinkError
from obelisk.link.elf.elf import Elf, section_content, section_name
from obelisk.link.elf.graph import Node
from obelisk.link.elf.symtab import LOCAL, WEAK, Kind, Symbol, unpack_symbols

_WRAPPED: Final = b"__wrap_"
_LARGE_FILE_NAMES: Final = frozenset(
    b"""aio_cancel aio_error aio_fsync aio_read aio_return aio_suspend aio_write alphasort creat
    fallocate fgetpos fopen freopen fseeko fsetpos fstat fstatat fstatfs fstatvfs ftello ftruncate
    ftw getdents getrlimit glob globfree lio_listio lockf lseek lstat mkostemp mkostemps mkstemp
    mkstemps mmap nftw open openat posix_fadvise posix_fallocate pread preadv prlimit pwrite pwritev
    readdir readdir_r scandir sendfile setrlimit stat statfs statvfs tmpfile truncate versionsort
    __fxstat __fxstatat __lxstat __xstat""".split()
)
"""Functions that musl's dynamic linker also finds with `64` behind the name."""
_SHOWN: Final = 12


class RuntimeExports:
    """The runtime's exported symbols."""

    def __init__(self, data: bytes, elf: Elf) -> None:
        sections = {section_name(data, elf, section): section for section in elf.sections}
        if ".dynsym" not in sections:
            message = "the runtime exports no symbols"
            raise LinkError(message, hint="this is a bug in Obelisk; please report it")
        content = section_content(data, sections[".dynsym"])
        strings = section_content(data, sections[".dynstr"])
        self._symbols = {
            one.name: one for one in unpack_symbols(content, strings) if one and one.section
        }

    def find(self, name: bytes) -> Symbol | None:
        """Return what the runtime has under that name, with its own file system before libc's."""
        found = self._symbols.get(_WRAPPED + name) or self._symbols.get(name)
        if found is None and name.endswith(b"64") and name[:-2] in _LARGE_FILE_NAMES:
            return self.find(name[:-2])
        return found

    def require(self, name: str) -> Symbol:
        """Return a symbol that every runtime has."""
        found = self._symbols.get(name.encode())
        if found is None:
            message = f"the runtime has no `{name}`"
            raise LinkError(message, hint="this is a bug in Obelisk; please report it")
        return found


Definition = tuple[int | None, Symbol]
"""The number of the node that defines a symbol (None: the runtime), and the symbol there."""


class Resolver:
    """Resolves symbols of objects, and remembers what could not be."""

    def __init__(self, runtime: RuntimeExports, nodes: Sequence[Node]) -> None:
        self._runtime = runtime
        self._nodes = nodes
        self._unresolved: defaultdict[int, list[str]] = defaultdict(list)

    def resolve(self, number: int, symbol: Symbol) -> Definition | None:
        """Return the definition of a symbol that node `number` uses, None for a weak one."""
        if symbol.binding == LOCAL or (symbol.section and symbol.visibility):
            return number, symbol
        found = self._runtime.find(symbol.name)
        if found is not None and found.kind != Kind.TLS:
            return None, found
        for one in self._nodes[number].scope:
            found = self._nodes[one].object.exports.get(symbol.name)
            if found is not None:
                return one, found
        if symbol.binding != WEAK:
            self._unresolved[number].append(symbol.name.decode(errors="replace"))
        return None

    def require_all_resolved(self) -> None:
        """Raise `LinkError` that names object and symbol if anything was not resolved."""
        if not self._unresolved:
            return
        lines = []
        for number, names in sorted(self._unresolved.items()):
            shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            lines.append(f"  {self._nodes[number].object}: {shown}{more}")
        message = "undefined symbols:\n" + "\n".join(lines)
        hint = "add the library that defines them to `native-libraries`, or `exclude` the object"
        raise LinkError(message, hint=hint)
