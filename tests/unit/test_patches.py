"""Patches of pinned sources: each applies exactly, or the build ends."""

import dataclasses
from importlib.resources import files

import pytest

from obelisk.errors import ToolError
from obelisk.recipes import build
from obelisk.recipes.patches import Patch, patches
from obelisk.services.pins import shipped_pins

TEXT = "zero\none\ntwo\n\nthree\nfour\n"
DIFF = """\
Why it is so.

--- a/folder/file.c
+++ b/folder/file.c
@@ -1,3 +1,3 @@ function
 one
-two
+TWO

@@ -40 +41,2 @@
 four
+five
"""


@pytest.fixture
def tree(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file.c").write_text(TEXT)
    return tmp_path


def patch(text):
    return Patch(name="library/01-why.patch", text=text.encode())


def test_hunks_apply_where_their_lines_stand(tree):
    patch(DIFF).apply(tree)
    assert (tree / "folder/file.c").read_text() == "zero\none\nTWO\n\nthree\nfour\nfive\n"


@pytest.mark.parametrize("tail", ["-- \n2.39\n", "\nmore words\n", "diff --git a/x b/x\n"])
def test_what_follows_a_diff_may_be_anything_but_more_of_it(tree, tail):
    patch(DIFF + tail).apply(tree)
    assert (tree / "folder/file.c").read_text().endswith("five\n")


def test_a_file_is_created(tree):
    patch("--- /dev/null\n+++ b/new/one.c\n@@ -0,0 +1,2 @@\n+a\n+b\n").apply(tree)
    assert (tree / "new/one.c").read_text() == "a\nb\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-two", "-2", "hunk 1 changes is not in folder/file.c"),
        (" four", " 4", "hunk 2 changes is not in folder/file.c"),
        ("b/folder/file.c", "b/folder/none.c", "hunk 1 changes is not in folder/none.c"),
        ("-1,3 +1,3", "-1,4 +1,4", "not as many lines as `@@ -1,4"),
        ("-1,3 +1,3", "-1,2 +1,1", "not as many lines as `@@ -1,2"),
        ("-40 +41,2", "-40 +41", "not as many lines as `@@ -40 +41 @@`"),
        ("--- a/", "--- ", "changes no file"),
    ],
)
def test_what_does_not_fit_ends_the_build(tree, old, new, said):
    with pytest.raises(ToolError, match=r"library/01-why\.patch") as raised:
        patch(DIFF.replace(old, new)).apply(tree)
    assert said in str(raised.value)


def test_a_text_that_is_there_twice_is_not_guessed_at(tree):
    (tree / "folder/file.c").write_text(TEXT * 2)
    with pytest.raises(ToolError, match="hunk 1 changes is more than once in"):
        patch(DIFF).apply(tree)


def test_a_new_file_that_is_there_already_is_refused(tree):
    with pytest.raises(ToolError, match="more than once"):
        patch("--- /dev/null\n+++ b/folder/file.c\n@@ -0,0 +1 @@\n+a\n").apply(tree)


def test_every_patch_is_of_a_source_and_says_why():
    known = {name for pinned in shipped_pins().names for name in (pinned, pinned.partition("-")[0])}
    paths = list(files("obelisk").joinpath("data/patches").rglob("*"))
    for path in paths:
        if path.is_file():
            assert path.parent.name in known
            assert path.suffix == ".patch"
            assert len(path.read_text().partition("\n--- ")[0].splitlines()) >= 3, path


def test_patches_are_those_of_all_versions_and_of_the_one(monkeypatch, tmp_path):
    for name in ("cpython/02-b", "cpython-3.14/01-a", "cpython-3.14/03-c", "cpython-3.13/01-x"):
        (tmp_path / "data/patches" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"data/patches/{name}.patch").write_text("")
    monkeypatch.setattr("obelisk.recipes.patches.files", lambda _: tmp_path)
    names = [patch.name for patch in patches(shipped_pins()["cpython-3.14"])]
    assert names == ["cpython-3.14/01-a.patch", "cpython/02-b.patch", "cpython-3.14/03-c.patch"]


def test_a_patch_is_in_the_keys(monkeypatch):
    before = build.source_identity(shipped_pins()["musl"])
    changed = [dataclasses.replace(patch, text=b"") for patch in patches(shipped_pins()["musl"])]
    monkeypatch.setattr(build.patches, "patches", lambda _: changed)
    assert changed
    assert build.source_identity(shipped_pins()["musl"]) != before
