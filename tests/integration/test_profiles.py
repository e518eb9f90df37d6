"""The pinned profiles: that they are used, and what happens when one does not fit."""

import re

import pytest
import zstandard

from obelisk.recipes import profiles
from obelisk.recipes.context import RecipeContext
from obelisk.services.pins import shipped_pins
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.clang import write_toolchain

pytestmark = pytest.mark.compile


@pytest.fixture
def shop(tmp_path):
    """A workshop of CPython's with an empty tree; `said` is what it told people."""
    said = []
    for name in ("tree", "output"):
        (tmp_path / name).mkdir()
    made = RecipeContext(
        source=shipped_pins()["cpython-3.14"],
        chain=write_toolchain(parse_target(DEFAULT_TARGET), tmp_path / "toolchain"),
        native=None,
        root=tmp_path,
        tree=tmp_path / "tree",
        output=tmp_path / "output",
        log=tmp_path / "log.txt",
        say=said.append,
        pins=shipped_pins(),
    )
    return made, said


def pinned(shop):
    return profiles.place_of(shop.source.name, shop.chain.target)


def compile_function(shop, flags, text):
    (shop.tree / "x.c").write_text(text)
    shop.run("cc", "-O2", *flags, "-c", "x.c", "-o", "x.o")
    profiles.report_misfits(shop)


def test_functions_that_the_profile_does_not_know_are_compiled_in_silence(shop):
    workshop, said = shop
    flags = profiles.use_profile(workshop, pinned(workshop))
    assert re.fullmatch(r"-fprofile-use=[\w.]+", *flags)
    compile_function(workshop, flags, "int obelisk_unknown(int a) { return a ? 1 : 2; }\n")
    assert said == []


def test_functions_that_are_other_than_the_profile_knows_are_counted(shop):
    workshop, said = shop
    flags = profiles.use_profile(workshop, pinned(workshop))
    body = "{ if (a) { return 1; } while (b--) { a ^= b; } return a; }"
    text = f"long PyObject_Size(long a, long b) {body}\nlong PyObject_Hash(long a, long b) {body}\n"
    compile_function(workshop, flags, text)
    assert said == [
        (
            "the PGO profile of cpython-3.14 is for another release than 3.14.6: "
            "2 changed functions are built without it"
        )
    ]


def test_a_profile_that_the_compiler_cannot_read_is_left_out(shop, tmp_path):
    workshop, said = shop
    place = tmp_path / "other.profdata.zst"
    place.write_bytes(zstandard.compress(b"\xfflprofi\x81 of another compiler" * 9))
    flags = profiles.use_profile(workshop, place)
    assert flags == ()
    compile_function(workshop, flags, "int f(void) { return 1; }\n")
    assert said == ["cpython-3.14 is built without its PGO profile: the compiler cannot read it"]


@pytest.mark.parametrize("version", ["3.13", "3.14"])
def test_every_python_has_a_profile(version):
    assert profiles.profile_identity(f"cpython-{version}", parse_target(DEFAULT_TARGET))
