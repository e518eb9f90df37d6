"""Which installed files are shared objects, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from packaging.utils import canonicalize_name

from obelisk.collect.installed import Installed, Prefix
from obelisk.errors import ConfigError, did_you_mean
from obelisk.model import DataFile, SharedObjectFile
from obelisk.target import Target

_ELF: Final = b"\x7fELF"
_PE: Final = b"MZ"


def is_native(file: DataFile, target: Target) -> bool:
    """Return whether a file is a shared object: its name says so, and its first bytes do.

    On Windows those of packages are libraries (DLL), whatever they are for.
    """
    name = file.path.rpartition("/")[2]
    if target.object_format == "pe":
        is_named, magic = name.lower().endswith((target.extension_suffix, ".dll")), _PE
    else:
        is_named, magic = name.endswith(".so") or ".so." in name, _ELF
    if not is_named:
        return False
    with file.source.open("rb") as stream:  # `read_tree` gives regular files only
        return stream.read(len(magic)) == magic


def split_native(
    files: Iterable[DataFile], target: Target
) -> tuple[list[DataFile], list[DataFile]]:
    """Return the shared objects among files, and the others."""
    shared: list[DataFile] = []
    others: list[DataFile] = []
    for file in files:
        (shared if is_native(file, target) else others).append(file)
    return shared, others


def native_files(
    prefix: Prefix,
    installed: Sequence[Installed],
    files: Iterable[DataFile],
    *,
    pure: Iterable[str],
) -> list[SharedObjectFile]:
    """Return installed shared objects with their packages, without those of the `pure` ones.

    Raises `ConfigError` when such a package has none.
    """
    owners = {prefix.place(file.path): one.package.name for one in installed for file in one.files}
    natives = [
        SharedObjectFile(
            path=file.path, source=file.source, base=file.base, package=owners.get(file.path)
        )
        for file in files
    ]
    packages = {canonicalize_name(native.package) for native in natives if native.package}
    dropped = {canonicalize_name(name) for name in pure}
    for name in sorted(dropped - packages):
        message = f"`{name}` in `pure` is not an installed package with native code"
        hint = did_you_mean(name, packages) if packages else "no installed package has native code"
        raise ConfigError(message, hint=hint)
    return [
        native
        for native in natives
        if not (native.package and canonicalize_name(native.package) in dropped)
    ]
