"""What a map of lld's for a PE file says of a runtime: which library has how many bytes of it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from obelisk.errors import ToolError
from obelisk.runtime import pe_map
from obelisk.toolchain.archives import archive_members

MAP = """\
Address  Size     Align Out     In      Symbol
00001000 00000300  4096 .text
00001000 00000100    16         /work/objects/000-main.o:(.text$main)
00001000 00000000     0                 main
00001100 00000080    16         abstract.o:(.text$PyObject_Size)
00001180 00000040    16         xmlparse.o:(.text$XML_Parse)
000011c0 00000020    16         libcrypto-lib-aes.obj:(.text)
000011e0 00000010    16         compiler_rt.obj:(.text)
000011f0 00000008    16         KERNEL32.dll:(.text)
00002000 00000040  4096 .rdata
00002000 00000040    16         libcrypto-lib-aes.obj:(.rdata)
"""


def library(path, *names):
    """Write a static library of members that hold a byte each; names are as `ar` has them."""
    long_names = "".join(f"{name}/\n" for name in names).encode()

    def member(name, data):
        padding = b"\n" * (len(data) % 2)
        return f"{name:16}{'':32}{len(data):<10}`\n".encode() + data + padding

    made = b"!<arch>\n" + member("/", bytes(4)) + member("//", long_names)
    offset = 0
    for name in names:
        made += member(f"/{offset}", b"x")
        offset += len(name) + 2
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made)
    return path


@dataclass
class Distribution:
    sysroot: Path
    static_library: Path


@pytest.fixture
def distribution(tmp_path):
    lib = tmp_path / "build/lib"
    for recipe in pe_map.RECIPES.values():
        for name in recipe.provides:
            library(lib / f"lib{name}.a", f"{name}.o")
    library(lib / "libcrypto.a", "libcrypto-lib-aes.obj")
    library(lib / "compiler_rt.lib", "compiler_rt.obj")
    expat = tmp_path / "build/Modules/expat"
    expat.mkdir(parents=True)
    (expat / "xmlparse.o").write_bytes(b"")
    python = library(tmp_path / "libpython.a", "abstract.o", "xmlparse.o")
    return Distribution(sysroot=tmp_path / "build", static_library=python)


def test_libraries_are_known_by_the_members_that_a_map_names(distribution):
    assert pe_map.library_sizes(MAP, Path("/work/objects"), distribution) == {
        "compiler-rt": {"code": 16},
        "cpython": {"code": 128},
        "expat": {"code": 64},
        "mingw-w64": {"code": 8},
        "obelisk": {"code": 256},
        "openssl": {"code": 32, "constants": 64},
    }


def test_members_of_a_library_have_names_of_any_length(tmp_path):
    names = ["a.o", "a-name-that-is-longer-than-sixteen-bytes.o", "folder/c.o"]
    path = library(tmp_path / "a.a", *names)
    assert list(archive_members(path)) == [(name, b"x") for name in names]


def test_what_is_no_static_library_is_named(tmp_path):
    path = tmp_path / "a.a"
    path.write_bytes(b"MZ")
    with pytest.raises(ToolError, match=r"a\.a is not a static library"):
        list(archive_members(path))
