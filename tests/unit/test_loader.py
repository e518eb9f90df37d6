"""The dynamic linker that goes in for programs that ask for musl's."""

import pytest

from obelisk.collect.loader import with_loader
from obelisk.model import LOADER, Collection, DataFile, RunModule

ASKS = b"\x7fELF" + bytes(500) + b"/lib/ld-musl-x86_64.so.1\0"


@pytest.mark.parametrize(
    ("content", "mode", "added"),
    [
        (ASKS, 0o755, True),
        (ASKS, 0o644, False),
        (ASKS.replace(b"musl", b"linu"), 0o755, False),
        (b"#!/lib/ld-musl-x86_64.so.1\n", 0o755, False),
        (b"", 0o755, False),
    ],
)
def test_it_goes_in_for_programs_that_ask_for_it(tmp_path, content, mode, added):
    program = tmp_path / "program"
    program.write_bytes(content)
    program.chmod(mode)
    collection = Collection(
        modules=(),
        files=(DataFile(path="bin/program", source=program),),
        natives=(),
        packages=(),
        entry=RunModule(module="x"),
        main="x.py",
        search_path=(),
    )
    found = with_loader(collection, tmp_path / "libc.so").files[1:]
    assert found == ((DataFile(path=LOADER, source=tmp_path / "libc.so"),) if added else ())
