"""Which modules a program's imports lead to, by the names in their bytecode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from obelisk.model import ModuleUnits, Unit, ancestors

_ALWAYS: Final = ("", "*")
"""Units that run although nothing mentions them."""
_MAIN: Final = "<main>"
"""What runs if the module is the main program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """What imports lead to."""

    modules: frozenset[str]
    """Paths of modules."""
    others: frozenset[str]
    """Names that are imported and no module's: extension modules, attributes, what is not there."""
    computed: tuple[tuple[str, int], ...]
    """(path, line) of imports by names that are computed: where they lead is not known."""


def at_start(modules: Iterable[ModuleUnits], roots: Collection[str]) -> list[str]:
    """Return the paths of the modules that are imported when those at `roots` are.

    They are in the order in which they are read.
    """
    graph = _Graph({one.module.path: _body(one) for one in modules})
    found: dict[str, None] = {}
    reading = [graph.imports(path) for path in sorted(roots, reverse=True)]
    while reading:
        path = next(reading[-1], None)
        if path is None:
            reading.pop()
        elif path not in found:
            found[path] = None
            reading.append(graph.imports(path))
    return [*found]


def reachable(
    modules: Iterable[ModuleUnits], roots: Collection[str], mentioned: Iterable[str]
) -> Reached:
    """Return what the modules at `roots`, all they import, and all that these may call import.

    A function may be called once code that runs mentions its name; `mentioned` are names that C
    code or the interpreter itself calls.
    """
    graph = _Graph({one.module.path: one for one in modules})
    graph.mention(mentioned)
    graph.add(roots)
    return graph.reached()


def _body(module: ModuleUnits) -> ModuleUnits:
    return ModuleUnits(module=module.module, units=module.units[:1])


@dataclass(slots=True)
class _Graph:
    modules: Mapping[str, ModuleUnits]
    by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    found: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    computed: list[tuple[str, int]] = field(default_factory=list)
    mentions: set[str] = field(default_factory=set)
    waiting: dict[str, list[tuple[str, Unit]]] = field(default_factory=lambda: defaultdict(list))
    """Functions of modules that were found, by the name that nothing has mentioned yet."""
    pending: list[tuple[str, Unit]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for path, one in self.modules.items():
            for name in one.module.names:
                self.by_name[name].append(path)

    def add(self, paths: Iterable[str]) -> None:
        """Take modules as imported, and follow what they do."""
        for path in paths:
            self._take(path, is_main=True)
            for name in self.modules[path].module.names if path in self.modules else ():
                self._import(name)
        while self.pending:
            path, unit = self.pending.pop()
            self.computed += ((path, line) for line in unit.computed)
            self.mention(unit.mentions)
            for name in self._names(path, unit):
                self._import(name)

    def imports(self, path: str) -> Iterator[str]:
        """Yield the paths of what a module's import reads, in order: itself, its parents first."""
        if path in self.modules:
            names = self.modules[path].module.names
            yield from self._paths(names)
            yield path
            for unit in self.modules[path].units:
                yield from self._paths(self._names(path, unit))

    def _paths(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            for part in (*ancestors(name), name):
                yield from self.by_name.get(part, ())

    def mention(self, names: Iterable[str]) -> None:
        """Take names as mentioned by code that runs."""
        for name in names:
            if name not in self.mentions:
                self.mentions.add(name)
                self.pending += self.waiting.pop(name, ())

    def reached(self) -> Reached:
        """Return what was found."""
        return Reached(
            modules=frozenset(self.found),
            others=frozenset(self.others),
            computed=tuple(sorted(self.computed)),
        )

    def _import(self, name: str) -> None:
        for part in (*ancestors(name), name):
            if part in self.by_name:
                for path in self.by_name[part]:
                    self._take(path)
            else:
                self.others.add(part)

    def _take(self, path: str, *, is_main: bool = False) -> None:
        if path in self.found or path not in self.modules:
            return
        self.found.add(path)
        always = (*_ALWAYS, _MAIN) if is_main else _ALWAYS
        for unit in self.modules[path].units:
            name = unit.name
            if name in always or name in self.mentions or _is_special(name):
                self.pending.append((path, unit))
            else:
                self.waiting[name].append((path, unit))

    def _names(self, path: str, unit: Unit) -> Iterator[str]:
        """Yield the absolute names of what a unit imports, and of what may be modules in these."""
        module = self.modules[path].module
        for level, imported, names in unit.imports:
            for own in module.names:
                name = imported
                if level:
                    parts = own.split(".")
                    kept = parts[: len(parts) - level + (1 if module.is_package else 0)]
                    name = ".".join([*kept, *([imported] if imported else [])])
                if name:
                    yield name
                for taken in names:
                    yield f"{name}.{taken}" if name else taken


def _is_special(name: str) -> bool:
    """Return whether the interpreter calls a function by this name without mentioning it."""
    return name.startswith("__") and name.endswith("__")
