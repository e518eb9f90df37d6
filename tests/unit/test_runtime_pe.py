"""The linker's map of a Windows runtime, and what its link is asked for."""

import struct
from pathlib import Path
from types import SimpleNamespace

import pytest

from obelisk.errors import ToolError
from obelisk.recipes import recipes_of
from obelisk.runtime import pe
from obelisk.target import parse_target
from obelisk.toolchain import mingw_runtime
from obelisk.toolchain.archives import archive_members
from obelisk.toolchain.clang import Toolchain

TARGET = parse_target("x86_64-pc-windows-gnu")

MAP = """\
Address  Size     Align Out     In      Symbol
00001000 00000300  4096 .text
00001000 00000100    16         /work/objects/001-main.o:(.text$main)
00001000 00000000     0                 main
00001100 00000080    16         an_object_of_a_long_name.o:(.text)
00001180 00000080    16         short.o:(.text)
00001200 00000010    16         KERNEL32.dll:(.text)
00001210 00000008    16         xmlparse.o:(.text)
00001218 00000008    16         rt.obj:(.text)
00002000 00000100  4096 .rdata
00002000 00000040    16         short.o:(.rdata)
00003000 00000000  4096 .data
00003000 00000000    16         short.o:(.data)
"""


def member(name, size):
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{0:<8}{size:<10}`\n".encode()
    assert len(head) == 60
    return head


def library(*members, long_names=b""):
    """A static library; members are empty, but for one byte each."""
    data = b"!<arch>\n" + member("/", 4) + bytes(4)
    if long_names:
        data += member("//", len(long_names)) + long_names + b"\n" * (len(long_names) % 2)
    return data + b"".join(member(name, 1) + b"x\n" for name in members)


@pytest.fixture
def distribution(tmp_path):
    lib = tmp_path / "build/lib"
    lib.mkdir(parents=True)
    for recipe in recipes_of(TARGET).values():
        for name in recipe.provides:
            (lib / f"lib{name}.a").write_bytes(library())
    python = tmp_path / "libpython3.14.a"
    python.write_bytes(library("/0", long_names=b"an_object_of_a_long_name.o\0"))
    (lib / "libsqlite3.a").write_bytes(library("short.o/"))
    (lib / "compiler_rt.lib").write_bytes(library("rt.obj/"))
    expat = tmp_path / "build/Modules/expat"
    expat.mkdir(parents=True)
    (expat / "xmlparse.o").touch()
    return SimpleNamespace(static_library=python, sysroot=tmp_path / "build", target=TARGET)


def test_a_map_is_added_up_by_library(distribution):
    own = Path("/work/objects")
    assert pe.library_sizes(MAP, own, distribution) == {
        "compiler-rt": {"code": 8},
        "cpython": {"code": 0x80},
        "expat": {"code": 8},
        "mingw-w64": {"code": 0x10},
        "obelisk": {"code": 0x100},
        "sqlite": {"code": 0x80, "constants": 0x40},
    }


@pytest.mark.parametrize("ended", [b"\0", b"/\n"])
def test_long_names_of_members_are_found(tmp_path, ended):
    names = b"first_long_name.o" + ended + b"second_long_name.o" + ended
    second = names.index(b"second")
    path = tmp_path / "libx.a"
    path.write_bytes(library("/0", f"/{second}", "short.o/", long_names=names))
    found = ["first_long_name.o", "second_long_name.o", "short.o"]
    assert list(archive_members(path)) == [(name, b"x") for name in found]


def test_what_is_no_static_library_is_named(tmp_path):
    path = tmp_path / "libx.a"
    path.write_bytes(b"MZ")
    with pytest.raises(ToolError, match=r"libx\.a is not a static library"):
        list(archive_members(path))


def image(sections, header_size):
    """The headers of a PE file: as much of them as is read."""
    data = bytearray(4096)
    struct.pack_into("<I", data, 0x3C, 0x80)
    struct.pack_into("<HHIIIH", data, 0x80 + 4, 0x8664, sections, 0, 0, 0, 240)
    struct.pack_into("<I", data, 0x80 + 24 + 60, header_size)
    return bytes(data)


def test_a_runtime_has_room_for_the_headers_of_what_is_added(tmp_path):
    path = tmp_path / "runtime.exe"
    end = 0x80 + 24 + 240
    path.write_bytes(image(7, end + 40 * 10))
    pe.require_room(path)
    path.write_bytes(image(7, end + 40 * 10 - 1))
    with pytest.raises(ToolError, match="no room for 3 section headers"):
        pe.require_room(path)


def test_what_stands_for_a_function_is_linked_in_with_it():
    assert pe.wrapping(["CreateFileW"]) == [
        "-wrap:CreateFileW",
        "-include:CreateFileW",
        "-include:__wrap_CreateFileW",
    ]


@pytest.mark.parametrize("folder", ["", "{root}/"], ids=["relative", "absolute"])
def test_what_zig_made_is_found_however_it_names_it(tmp_path, folder):
    """It names files below the working directory from there, and a cache can be anywhere."""
    made = tmp_path / "zig-cache/o/1/crt2.obj"
    made.parent.mkdir(parents=True)
    made.touch()
    named = folder.format(root=tmp_path) + "zig-cache/o/1/crt2.obj"
    chain = Toolchain(target=TARGET, root=tmp_path)
    (tmp_path / "bin").mkdir()
    script = chain.tool("zig-cc")
    script.write_text(f"#!/bin/sh\necho 'lld-link -out:x.exe /usr/lib/other.lib {named}' >&2\n")
    script.chmod(0o755)
    found = mingw_runtime._linked(chain, tmp_path / "main.c", (), tmp_path / "log.txt")
    assert found == {"crt2.obj": made}
