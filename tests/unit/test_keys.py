"""Keys of the cache change with what is declared to make an entry, and with nothing else."""

from dataclasses import replace

import pytest

from obelisk.distribution import distribution
from obelisk.distribution.distribution import distribution_key
from obelisk.distribution.versions import python_source
from obelisk.recipes import RECIPES, build, zlib
from obelisk.recipes.build import library_key
from obelisk.recipes.patches import Patch
from obelisk.services.cache import hash_code
from obelisk.services.pins import shipped_pins
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain import clang

TARGET = parse_target(DEFAULT_TARGET)
CODE = """\
\"\"\"What it is for.\"\"\"

FLAGS = ("-O2",)
\"\"\"Of the compiler, naïvely.\"\"\"


def build(folder):
    \"\"\"Build it.\"\"\"
    # Slowly.
    return [folder, *FLAGS]  # and surely
"""


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("What it is for.", "What it was for,\nbefore.", True),
        ("# Slowly.", '# Quickly: it\'s "done".', True),
        ("naïvely", "naively", True),
        ("  # and surely", "", True),
        ("\n\n\ndef", "\ndef", True),
        ("-O2", "-O3", False),
        ("*FLAGS", "FLAGS", False),
        ("return", "print('#')\n    return", False),
    ],
)
def test_code_is_what_it_does_and_not_what_it_says(tmp_path, old, new, same):
    path = tmp_path / "recipe.py"
    path.write_text(CODE, encoding="utf-8")
    before = hash_code(path)
    assert old in CODE
    path.write_text(CODE.replace(old, new), encoding="utf-8")
    assert (hash_code(path) == before) is same


def test_every_module_of_ours_can_be_hashed():
    """Also one that says things in other letters, or at the end of a line."""
    for recipe in RECIPES.values():
        assert library_key(TARGET, recipe.name, shipped_pins())


def declare(**changed):
    """Return pins of which zlib's is another one."""
    pins = shipped_pins()
    return pins.replaced([replace(pins["zlib"], **changed)])


def other_recipe(monkeypatch, **changed):
    monkeypatch.setitem(RECIPES, "zlib", replace(RECIPES["zlib"], **changed))


def other_patch(monkeypatch):
    patch = Patch(name="01-other.patch", text=b"--- a/x\n")
    monkeypatch.setattr(build.patches, "patches", lambda pinned: [patch])


def other_code(monkeypatch, tmp_path, module):
    path = tmp_path / "changed.py"
    path.write_text("changed = True\n")
    monkeypatch.setattr(module, "__file__", str(path))


DECLARED = {
    "version": lambda *_: declare(version="9"),
    "licence": lambda *_: declare(license="MIT"),
    "licence file": lambda *_: declare(license_file="COPYING"),
    "hash": lambda *_: declare(
        origins=(replace(shipped_pins()["zlib"].origins[0], sha256="0" * 64),)
    ),
    "provides": lambda patch, _: other_recipe(patch, provides=("other",)),
    "needs": lambda patch, _: other_recipe(patch, needs=("musl", "xz")),
    "patch": lambda patch, _: other_patch(patch),
    "recipe": lambda patch, folder: other_code(patch, folder, zlib),
    "context": lambda patch, folder: other_code(patch, folder, build.context),
    "compiler": lambda patch, _: patch.setattr(clang, "VERSION", "9"),
    "flags": lambda patch, folder: other_code(patch, folder, clang),
}


def keys_of(pins):
    pinned = python_source("3.14", pins)
    return library_key(TARGET, "zlib", pins), distribution_key(TARGET, pinned, pins)


@pytest.mark.parametrize("declared", DECLARED)
def test_what_is_declared_changes_keys(monkeypatch, tmp_path, declared):
    before = keys_of(shipped_pins())
    pins = DECLARED[declared](monkeypatch, tmp_path) or shipped_pins()
    after = keys_of(pins)
    assert before[0] != after[0]
    assert before[1] != after[1], "a distribution is made of its libraries"


@pytest.mark.parametrize("field", ["triple", "clang_triple", "openssl_target", "kernel_headers"])
def test_what_compiles_for_another_target_has_another_key(field):
    value = ("x",) if field == "kernel_headers" else "x"
    other = replace(TARGET, **{field: value})
    assert library_key(other, "zlib", shipped_pins()) != library_key(TARGET, "zlib", shipped_pins())


def test_what_only_a_runtime_is_made_of_changes_no_library():
    other = replace(TARGET, runtime_rooms=("elsewhere",))
    assert library_key(other, "zlib", shipped_pins()) == library_key(TARGET, "zlib", shipped_pins())


def test_a_distribution_is_made_of_its_profile(monkeypatch):
    pinned = python_source("3.14")
    before = distribution_key(TARGET, pinned, shipped_pins())
    monkeypatch.setattr(distribution.profiles, "profile_identity", lambda *_: None)
    assert distribution_key(TARGET, pinned, shipped_pins()) != before


def test_a_distribution_is_not_made_of_what_uses_it(monkeypatch, tmp_path):
    pinned = python_source("3.14")
    before = distribution_key(TARGET, pinned, shipped_pins())
    other_code(monkeypatch, tmp_path, distribution)
    assert distribution_key(TARGET, pinned, shipped_pins()) == before
    other_code(monkeypatch, tmp_path, distribution.assemble)
    assert distribution_key(TARGET, pinned, shipped_pins()) != before
