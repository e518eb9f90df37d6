"""Reading installed files: which are modules and which data, and what packages say."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from obelisk.errors import CollectError
from obelisk.model import DataFile, Module, Package, ScriptFile

_NOT_FILES: Final = ("__pycache__", ".lock")
_MACHINE_FACTS: Final = ("direct_url.json", "REQUESTED", "uv_cache.json", "uv_build.json", "RECORD")
"""Files of *.dist-info that differ by machine; RECORD is written anew without them."""
_COMMANDS: Final = "bin"


def read_tree(
    root: Path, *, from_stdlib: bool = False, under: str = ""
) -> tuple[list[Module], list[DataFile]]:
    """Sort the files below `root` into modules and data, each with its place in the executable.

    That is below the folder `under` there.
    """
    modules, files = [], []
    for path in sorted(_walk(root)):
        relative = PurePosixPath(under, path.relative_to(root).as_posix())
        module = module_at(relative, path, from_stdlib=from_stdlib)
        if module is not None:
            modules.append(module)
        else:
            files.append(DataFile(path=str(relative), source=path))
    return modules, files


def module_at(place: PurePosixPath, source: Path, *, from_stdlib: bool = False) -> Module | None:
    """Return the module that a file is at its place in the executable, or None for other files."""
    name = module_name(place)
    if name is None:
        return None
    is_package = place.name == "__init__.py"
    return Module(name=name, is_package=is_package, source=source, from_stdlib=from_stdlib)


def module_name(path: PurePosixPath) -> str | None:
    """Return the dotted name of the module at a path, or None when no import names it."""
    if path.suffix != ".py":
        return None
    parts = list(path.with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    # Not only identifiers: `__import__` and `-m` take names such as `_sysconfigdata__x86-64`.
    if not parts or not all(part and "." not in part for part in parts):
        return None
    return ".".join(parts)


def read_packages(site: Path) -> list[Package]:
    """Describe the installed distributions by name; raise `CollectError` for a broken one."""
    found = {}
    for distribution in distributions(path=[str(site)]):
        metadata = distribution.metadata
        name = metadata["Name"] if metadata else None
        if name is None:
            message = f"an installed package in {site} has no name in its metadata"
            raise CollectError(message)
        found[canonicalize_name(name)] = _describe(distribution, name, site)
    return [found[name] for name in sorted(found)]


def record_text(site: Path, dist_info: Path) -> str:
    """Return the RECORD of a distribution without the entries of files that do not go in."""
    lines = (dist_info / "RECORD").read_text().splitlines()
    kept = []
    for line in lines:
        path = PurePosixPath(line.rpartition(",")[0].rpartition(",")[0].strip('"'))
        is_fact = path.parent.name == dist_info.name and path.name in _MACHINE_FACTS
        is_command = ".." in path.parts or path.parts[:1] == (_COMMANDS,)
        if not is_fact and not is_command and "__pycache__" not in path.parts:
            kept.append(line)
    kept.append(f"{dist_info.relative_to(site).as_posix()}/RECORD,,")
    return "\n".join(sorted(kept)) + "\n"


def _describe(distribution: Distribution, name: str, site: Path) -> Package:
    scripts = distribution.entry_points.select(group="console_scripts")
    commands = sorted((script.name, script.value.split("[")[0].strip()) for script in scripts)
    return Package(
        name=name,
        version=distribution.version,
        license=_license(distribution.metadata),  # type: ignore[arg-type]
        commands=tuple(commands),
        scripts=tuple(_scripts(distribution, site, {command for command, _ in commands})),
    )


def _scripts(distribution: Distribution, site: Path, commands: set[str]) -> Iterator[ScriptFile]:
    """Yield the Python scripts that a wheel had in its `.data/scripts`."""
    for path in distribution.files or ():
        source = site / _COMMANDS / path.name
        if path.parent.name == _COMMANDS and path.name not in commands and source.is_file():
            with source.open("rb") as stream:
                first = stream.readline()
            if first.startswith(b"#!") and b"python" in first:
                yield ScriptFile(name=path.name, source=source)


def _license(metadata: Message) -> str | None:
    expression = metadata.get("License-Expression")
    if expression:
        return str(expression)
    classifiers = metadata.get_all("Classifier") or []
    named = [str(c).rpartition(" :: ")[2] for c in classifiers if str(c).startswith("License :: ")]
    text = str(metadata.get("License") or "").strip()
    return "; ".join(named) or (text.splitlines()[0] if text else None)


def _walk(root: Path) -> Iterator[Path]:
    for path in root.rglob("*"):
        relative = path.relative_to(root)
        if path.is_dir() or any(part in _NOT_FILES for part in relative.parts):
            continue
        in_info = relative.parent.suffix == ".dist-info"
        if path.suffix == ".pyc" or (in_info and path.name in _MACHINE_FACTS):
            continue
        if relative.parts[0] == _COMMANDS:
            continue
        yield path
