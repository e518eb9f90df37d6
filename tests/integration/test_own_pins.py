"""Libraries of another release than Obelisk pins, from archives that are not its own."""

import json
from dataclasses import replace

import pytest
from support import obelisk, run

from obelisk.components.component import components_of
from obelisk.config.own_pins import OwnPins, own_pins
from obelisk.config.toml import parse_toml
from obelisk.errors import ToolError
from obelisk.recipes import RECIPES
from obelisk.recipes.build import build_libraries, library_key
from obelisk.recipes.patches import patches
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.pins import Pins, shipped_pins
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target

pytestmark = [pytest.mark.compile, pytest.mark.network]

TARGET = parse_target(DEFAULT_TARGET)
SQLITE = """
[sqlite]
version = "3.46.1"
debian = "s/sqlite3/sqlite3_3.46.1.orig.tar.xz"
sha256 = "d0cdd2ece271b29e7ce18095745d892517ee26d0f270065b3a25c2e9eb11639c"
"""
ZLIB = """
[zlib]
version = "1.3.2"
debian = "z/zlib/zlib_1.3.dfsg+really1.3.2.orig.tar.gz"
sha256 = "7b6903eb019983987b7112eccf90f1703f1c6c0e0cede36564bf611d19ca579d"
"""
OPENSSL = """
[openssl]
version = "3.6.3"
debian = "o/openssl/openssl_3.6.3.orig.tar.gz"
sha256 = "243a86649cf6f23eeb6a2ff2456e09e5d77dd9018a54d3d96b0c6bdd6ba6c7f1"
"""
PYTHON = """
["cpython-3.14"]
version = "3.14.4"
debian = "p/python3.14/python3.14_3.14.4.orig.tar.xz"
sha256 = "d923c51303e38e249136fc1bdf3568d56ecb03214efdef48516176d3d7faaef8"
"""
LEFT_OUT = {
    "cpython-3.14/11-interned-strings-are-not-copied.patch",
    "cpython-3.14/13-collections-look-at-less.patch",
}
"""Patches for speed that do not apply to that Python."""
VERSIONS = """\
import platform, sqlite3, ssl, zlib
print(platform.python_version(), end=" ")
print(ssl.OPENSSL_VERSION.split()[1], sqlite3.sqlite_version, zlib.ZLIB_RUNTIME_VERSION)
assert zlib.decompress(zlib.compress(b"x" * 99)) == b"x" * 99
ssl.create_default_context()
sqlite3.connect(":memory:").execute("select 1")
"""


def pins_of(text):
    return own_pins(OwnPins().with_table(parse_toml(text, "pins.toml"), "pins.toml"), None)


def services(pins, console=None):
    console = console or Console(Verbosity.QUIET)
    return Services(cache=Cache(), console=console, target=TARGET, archives=None, pins=pins)


def test_libraries_of_other_releases_stand_beside_the_shipped_ones():
    pins = pins_of(SQLITE + ZLIB)
    own, shipped = (build_libraries(services(one)) for one in (pins, shipped_pins()))
    assert '"3.46.1"' in (own["sqlite"] / "include/sqlite3.h").read_text()
    assert '"1.3.2"' in (own["zlib"] / "include/zlib.h").read_text()
    assert f'"{shipped_pins()["zlib"].version}"' in (shipped["zlib"] / "include/zlib.h").read_text()
    assert {name for name in RECIPES if own[name] != shipped[name]} == {"sqlite", "zlib"}


def test_a_release_that_does_not_build_is_named_with_its_recipe():
    """An archive of something else: neither the patch of its speed nor its recipe fits."""
    xz = shipped_pins()["xz"]
    wrong = replace(xz, name="zlib", license_file="none", own="`zlib` of pins.toml")
    pins = Pins(tuple(wrong if one.name == "zlib" else one for one in shipped_pins()))
    said = []

    class Listening(Console):
        def warn(self, message):
            said.append(message)

    with pytest.raises(
        ToolError, match=r"`zlib` 5\.8\.1, pinned by `zlib` of pins\.toml"
    ) as caught:
        build_libraries(services(pins, Listening(Verbosity.QUIET)))
    assert "its recipe and patches are for 1.3.1" in str(caught.value)
    assert "nothing to put into libz.a" in str(caught.value)
    assert "zlib/01-runs-and-copies-at-once.patch" in "".join(said)
    assert not Cache().find("libraries", library_key(TARGET, "zlib", pins))


def test_an_archive_of_another_version_is_noticed(tmp_path):
    zlib = shipped_pins()["zlib"]
    pins = shipped_pins().replaced([replace(zlib, version="9.9.9", own="`zlib` of pins.toml")])
    said = []

    class Listening(Console):
        def warn(self, message):
            said.append(message)

    build_libraries(services(pins, Listening(Verbosity.QUIET)))
    Cache().reject("libraries", library_key(TARGET, "zlib", pins), "of a test")
    assert "check that `zlib` of pins.toml gives its version, which is now 9.9.9" in said[0]


@pytest.mark.application
def test_an_executable_is_made_of_them(tmp_path):
    """Minutes: OpenSSL and CPython are built for it."""
    (tmp_path / "pins.toml").write_text(SQLITE + ZLIB + OPENSSL + PYTHON)
    (tmp_path / "app.py").write_text(VERSIONS)
    options = ("--python", "3.14", "--pins", tmp_path / "pins.toml", "-o", tmp_path / "app")
    said = obelisk("build", tmp_path / "app.py", *options, stderr=True)
    for name in LEFT_OUT:
        # Once it is in the cache, nothing is left to say.
        assert (
            f"{name} is left out of cpython-3.14 3.14.4" in said or "Building CPython" not in said
        )
    assert run([tmp_path / "app"], cwd=tmp_path).stdout == "3.14.4 3.6.3 3.46.1 1.3.2\n"
    shown = obelisk("inspect", tmp_path / "app")
    assert "own pins  " in shown
    assert "openssl 3.6.3" in shown
    python = next(
        one
        for one in components_of(json.loads(obelisk("inspect", "--json", tmp_path / "app")))
        if one.name == "cpython"
    )
    known = {patch.name for patch in patches(shipped_pins()["cpython-3.14"])}
    assert known - set(python.patches) == LEFT_OUT
    said = obelisk("outdated", tmp_path / "app", status=12)
    assert "sqlite 3.46.1" in said
    assert "own pin" in said
    options = ("--project", tmp_path / "app.py", "-o", tmp_path / "again")
    assert "identical" in obelisk("rebuild", tmp_path / "app", *options)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "app").read_bytes()
