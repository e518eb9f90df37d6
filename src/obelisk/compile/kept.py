"""Bytecode in the cache: of each package, by what is in it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from obelisk.compile import bytecode, worker
from obelisk.compile.bytecode import Compiled, compile_modules
from obelisk.model import Bytecode, Module
from obelisk.services.cache import Cache, content_key, hash_code

KIND: Final = "bytecode"


def package_bytecode(
    cache: Cache, distribution: str, modules: Sequence[Module], *, python: Path, optimize: int
) -> Compiled:
    """Compile modules, but for those of packages that were compiled before.

    Raises `CollectError` for a file that cannot be read, `ToolError` when Python fails.
    """
    keys: dict[str, list[Module]] = {}
    for members in by_package(modules):
        sources = {"sources": [[module.path, module.digest] for module in members]}
        keys[bytecode_key(distribution, optimize, sources)] = members
    folders = {key: cache.find(KIND, key) for key in keys}
    done = [read_compiled(folder, keys[key]) for key, folder in folders.items() if folder]
    known = {module.path for key, folder in folders.items() if folder for module in keys[key]}
    rest = [module for module in modules if module.path not in known]
    fresh = compile_modules(rest, python=python, optimize=optimize)
    lacking = {key: keys[key] for key, folder in folders.items() if folder is None}
    _keep(cache, lacking, fresh)
    return _joined([*done, fresh])


def by_package(modules: Iterable[Module]) -> Iterable[list[Module]]:
    """Return the modules of each package whose sources are known by their hashes."""
    found: dict[str, list[Module]] = defaultdict(list)
    for module in modules:
        if module.package is not None and module.digest is not None:
            found[module.package].append(module)
    return found.values()


def _keep(cache: Cache, packages: Mapping[str, list[Module]], compiled: Compiled) -> None:
    makes = {}
    for key, members in packages.items():
        paths = {module.path for module in members}
        part = Compiled(
            bytecodes=tuple(one for one in compiled.bytecodes if one.module.path in paths),
            refused=tuple(one for one in compiled.refused if one[0].path in paths),
        )
        makes[key] = partial(write_compiled, part)
    cache.keep(KIND, makes)


def _joined(parts: Sequence[Compiled]) -> Compiled:
    bytecodes = [one for part in parts for one in part.bytecodes]
    refused = [one for part in parts for one in part.refused]
    return Compiled(
        bytecodes=tuple(sorted(bytecodes, key=lambda one: one.module.path)),
        refused=tuple(sorted(refused, key=lambda one: one[0].path)),
    )


def bytecode_key(distribution: str, optimize: int, inputs: Mapping[str, object]) -> str:
    """Return the key of bytecode by a distribution's Python; `inputs` say of which modules."""
    code = hash_code(worker, bytecode)
    return content_key(
        {"distribution": distribution, "code": code, "optimize": optimize, "format": 2, **inputs}
    )


def write_compiled(compiled: Compiled, folder: Path) -> None:
    """Write what was compiled into the folder of an entry."""
    index = {
        "code": [[one.module.path, len(one.code)] for one in compiled.bytecodes],
        "refused": [[module.path, reason] for module, reason in compiled.refused],
    }
    (folder / "code").write_bytes(b"".join(one.code for one in compiled.bytecodes))
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def read_compiled(folder: Path, modules: Iterable[Module]) -> Compiled:
    """Return what an entry holds of these modules, which are those that it was made of."""
    by_path = {module.path: module for module in modules}
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    code, found, place = (folder / "code").read_bytes(), [], 0
    for path, size in index["code"]:
        found.append(Bytecode(module=by_path[path], code=code[place : place + size]))
        place += size
    refused = tuple((by_path[path], reason) for path, reason in index["refused"])
    return Compiled(bytecodes=tuple(found), refused=refused)
