"""Excluding the part of the standard library that a program cannot need: `stdlib = "used"`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from obelisk.collect.fallbacks import without_fallbacks
from obelisk.collect.select import Filter
from obelisk.compile.following import Used, used_by_program
from obelisk.config.settings import Settings, Stdlib
from obelisk.distribution.distribution import Distribution
from obelisk.model import Bytecode, Collection, Layout, Module, ancestors
from obelisk.plan import Plan
from obelisk.runtime.link import RuntimeOptions
from obelisk.services.services import Services


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is included."""

    collection: Collection
    bytecodes: tuple[Bytecode, ...]
    extensions: tuple[str, ...] | None = None
    """Built-in extension modules that are used; None if all stay."""
    left_out: tuple[str, ...] = ()
    """Names of modules that the standard library has and the executable has not."""

    def runtime_options(self, settings: Settings, *, recording: bool = False) -> RuntimeOptions:
        """Return what the runtime is made of."""
        return RuntimeOptions(
            debug=settings.debug,
            hardened=settings.allocator_hardening,
            recording=recording,
            snapshot=settings.snapshot and not recording,
            extensions=self.extensions,
        )


def without_unused(
    plan: Plan,
    services: Services,
    collection: Collection,
    bytecodes: Sequence[Bytecode],
    distribution: Distribution,
) -> Kept:
    """Return what is included: everything, or all but the unused part of the standard library.

    Reports imports by computed names, which cannot be followed. Raises `ToolError`.
    """
    if plan.settings.storage.stdlib == Stdlib.ALL:
        return Kept(collection=collection, bytecodes=tuple(bytecodes))
    extensions = frozenset(module.name for module in distribution.description.extensions)
    used = used_by_program(
        services.cache,
        bytecodes,
        collection.natives,
        frozenset(_included(plan, collection.modules, extensions)),
        (extensions, distribution.host_python),
    )
    for path, line in used.computed:
        services.console.detail(f"{path}:{line}: import by a computed name")
    if used.computed:
        services.console.note(
            f"{len(used.computed)} imports by computed name cannot be followed (`-v` lists them); "
            "if they need more of the standard library, add it to `include`"
        )
    return _kept(plan, collection, bytecodes, used, extensions)


def _kept(
    plan: Plan,
    collection: Collection,
    bytecodes: Sequence[Bytecode],
    used: Used,
    extensions: frozenset[str],
) -> Kept:
    gone = [
        module
        for module in collection.modules
        if module.from_stdlib and module.path not in used.paths
    ]
    paths = {module.path for module in gone}
    folders = {module.path.removesuffix("/__init__.py") for module in gone if module.is_package}
    stdlib = Layout.of(plan.python.version).stdlib
    kept = replace(
        collection,
        modules=tuple(module for module in collection.modules if module.path not in paths),
        files=tuple(
            file
            for file in collection.files
            if file.base != stdlib or folders.isdisjoint(ancestors(file.path, "/"))
        ),
    )
    kept = without_fallbacks(kept, {name for module in kept.modules for name in module.names})
    left = {module.path for module in collection.modules} - {module.path for module in kept.modules}
    return Kept(
        collection=kept,
        bytecodes=tuple(bytecode for bytecode in bytecodes if bytecode.module.path not in left),
        extensions=tuple(sorted(used.extensions)),
        left_out=tuple(sorted({module.name for module in gone} | (extensions - used.extensions))),
    )


def _included(plan: Plan, modules: Iterable[Module], extensions: AbstractSet[str]) -> Iterator[str]:
    """Yield the names of modules of the standard library that `include` names."""
    named = Filter(include=plan.settings.include, exclude=("*",))
    for module in modules:
        if module.from_stdlib and named.keeps_module(module):
            yield module.name
    for name in extensions:
        if any(fnmatchcase(name, pattern) for pattern in plan.settings.include):
            yield name
