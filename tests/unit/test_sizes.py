"""Where the bytes of an executable are: what the linker's map tells, and what a payload holds."""

from pathlib import Path

import pytest

from obelisk.payload.payload import Item, Kind, write_payload
from obelisk.payload.reader import read_payload
from obelisk.payload.stored import Frame
from obelisk.report.sizes import payload_parts
from obelisk.runtime.linkmap import Stretch, library_sizes, stretches

OWN = Path("/work/objects")

MAP = """\
             VMA              LMA     Size Align Out     In      Symbol
           30000            30000   3c8280  4096 .rodata
           30000            30000       10     1         /work/objects/main.o:(.rodata.name)
           30000            30000        c     1                 application_name
           30010            30010      100     1         <internal>:(.rodata.str1.1)
           40000            40000      300     1 .text
           40000            40000      200    16         /d/lib/libcrypto.a(aes.o):(.text.aes)
           40200            40200       80    16         /d/libpython3.14.a(ceval.o):(.text._PyEval)
           40280            40280       40    16         /d/libHacl_HMAC.a(x.o):(.text.x)
           402c0            402c0       20    16         /s/lib/libc.a(memcpy.lo):(.text)
           48000            48000       50    16 .text.hot
           48000            48000       50    16         /d/libpython3.14.a(p.o):(.text.hot.eval)
           50000            50000       30     1 .eh_frame
           50000            50000       30     1         /d/lib/libssl.a(s.o):(.eh_frame)
           60000            60000      900     8 .data
           60000            60000       90     8         /d/libpython3.14.a(ceval.o):(.data.x)
           70000            70000     9000     8 .bss
           70000            70000     9000     8         /d/lib/libcrypto.a(a.o):(.bss.big)
"""


def test_a_link_map_is_added_up_by_library_and_part():
    assert library_sizes(MAP, Path("/work/objects")) == {
        "cpython": {"code": 0x80 + 0x50, "data": 0x90},
        "hacl-star": {"code": 0x40},
        "merged by the linker": {"constants": 0x100},
        "musl": {"code": 0x20},
        "obelisk": {"constants": 0x10},
        "openssl": {"code": 0x200, "unwind": 0x30},
    }


@pytest.mark.parametrize("text", ["", "nonsense\n", MAP.partition("\n")[0]])
def test_a_map_without_sections_tells_nothing(text):
    assert library_sizes(text, Path("/work/objects")) == {}


def test_code_of_an_archive_that_is_no_component_keeps_the_name_of_that():
    """By which the test that goes from the map to the components would fail."""
    line = "           40300            40300       10    16         /d/libodd.a(x.o):(.text.x)\n"
    found = list(stretches(MAP.replace("           48000", line + "           48000", 1), OWN))
    assert Stretch(0x40300, 0x10, ".text", "odd") in found
    assert Stretch(0x40000, 0x200, ".text", "openssl") in found


def test_every_stored_byte_of_a_payload_has_one_kind_and_one_owner():
    site = "lib/python3.14/site-packages"
    record = b"nice/__init__.py,,\nnice/data.txt,,\nnice-1.dist-info/RECORD,,\n"
    files = [
        Item(name="app.py", kind=Kind.FILE, data=b"print()" * 99, frame=Frame.PLAIN),
        Item(name="lib/python3.14/os.py", kind=Kind.FILE, data=b"import sys"),
        Item(name=f"{site}/nice/__init__.py", kind=Kind.FILE, data=b"x = 1"),
        Item(name=f"{site}/nice/data.txt", kind=Kind.FILE, data=b"words"),
        Item(name=f"{site}/nice/same.txt", kind=Kind.FILE, data=b"words"),
        Item(name=f"{site}/nice-1.dist-info/RECORD", kind=Kind.FILE, data=record),
        Item(name=f"{site}/tzdata/zoneinfo/UTC", kind=Kind.FILE, data=b"zone"),
        Item(name=".obelisk/cacert.pem", kind=Kind.FILE, data=b"pem"),
        Item(name="bin/tool", kind=Kind.PROGRAM, data=b"\x7fELF"),
    ]
    code = [
        Item(name=path, kind=Kind.CODE, data=path.encode())
        for path in ("app.py", "lib/python3.14/os.py", f"{site}/nice/__init__.py")
    ]
    payload = read_payload(memoryview(write_payload(code, files, {"main": b"app.py"})))
    parts = payload_parts(payload)
    assert sum(part.stored for part in parts) == sum(
        {one.offset: one.stored for one in payload.records if one.stored}.values()
    )
    found = {(part.kind, part.owner) for part in parts}
    assert found == {
        ("bytecode", "application"),
        ("bytecode", "nice"),
        ("bytecode", "standard library"),
        ("certificates", "obelisk"),
        ("data", "nice"),
        ("manifest and settings", "obelisk"),
        ("metadata", "nice"),
        ("programs", "application"),
        ("source text", "application"),
        ("source text", "nice"),
        ("source text", "standard library"),
        ("time zones", "standard library"),
    }
    assert sum(part.stored == 0 for part in parts) >= 1  # the second of two equal files
