"""Patches of pinned sources: each applies exactly, or the build ends."""

import dataclasses
from importlib.resources import files

import pytest

from obelisk.errors import ToolError
from obelisk.recipes import build
from obelisk.recipes.patches import Patch, applied, apply_all, merge_left_out, patches
from obelisk.services.pins import shipped_pins
from obelisk.target import DEFAULT_TARGET, parse_target

TARGET = parse_target(DEFAULT_TARGET)

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


def test_what_does_not_fit_changes_nothing(tree):
    more = "--- a/other.c\n+++ b/other.c\n@@ -1 +1 @@\n-none\n+some\n"
    with pytest.raises(ToolError, match=r"is not in other\.c"):
        patch(DIFF + more).apply(tree)
    assert (tree / "folder/file.c").read_text() == TEXT


@pytest.fixture
def source(monkeypatch, tmp_path):
    """A source with a patch that applies and one that does not, and a folder for its results."""
    monkeypatch.setattr("obelisk.recipes.patches.files", lambda _: tmp_path)
    folder = tmp_path / "data/patches/zlib"
    folder.mkdir(parents=True)
    (folder / "01-fits.patch").write_text(DIFF)
    speed = "Why.\n\nPurpose: speed\n\n" + DIFF.partition("\n\n")[2]
    (folder / "02-fast.patch").write_text(speed.replace("-two", "-2"))
    (tmp_path / "out").mkdir()
    return shipped_pins()["zlib"], folder, tmp_path / "out"


def test_a_patch_for_speed_is_left_out_of_another_release(source, tree):
    pinned, folder, output = source
    own = dataclasses.replace(pinned, own="`zlib` of pins.toml")
    reason = "the text that hunk 1 changes is not in folder/file.c"
    assert apply_all(own, tree, output) == [("zlib/02-fast.patch", reason)]
    assert "TWO" in (tree / "folder/file.c").read_text()
    assert applied(own, output) == ("zlib/01-fits.patch",)
    merge_left_out(output, folder)
    assert applied(own, folder) == ("zlib/01-fits.patch",)


def test_all_patches_apply_to_what_they_were_made_for(source, tree):
    pinned, _, output = source
    with pytest.raises(ToolError, match=r"zlib/02-fast\.patch: the text that hunk 1"):
        apply_all(pinned, tree, output)


def test_a_patch_that_is_needed_is_never_left_out(source, tree):
    pinned, folder, output = source
    (folder / "03-needed.patch").write_text(DIFF.replace("-two", "-2"))
    own = dataclasses.replace(pinned, own="`zlib` of pins.toml")
    with pytest.raises(ToolError, match=r"zlib/03-needed\.patch: the text that hunk 1"):
        apply_all(own, tree, output)


def test_where_all_apply_nothing_is_written(source, tree):
    pinned, folder, output = source
    (folder / "02-fast.patch").unlink()
    assert apply_all(pinned, tree, output) == []
    assert list(output.iterdir()) == []
    merge_left_out(output, folder)
    assert applied(pinned, output) == ("zlib/01-fits.patch",)


def test_which_patches_are_for_speed():
    needed = {
        patch.name
        for pinned in shipped_pins()
        for patch in patches(pinned)
        if not patch.is_for_speed
    }
    assert needed == {
        "cpython-3.14/01-stack-limits-on-musl.patch",
        "cpython-3.14/02-remote-debugging-of-any-program.patch",
        "musl/01-room-for-thread-local-variables.patch",
    }


def test_a_new_file_that_is_there_already_is_refused(tree):
    with pytest.raises(ToolError, match="more than once"):
        patch("--- /dev/null\n+++ b/folder/file.c\n@@ -0,0 +1 @@\n+a\n").apply(tree)


def test_every_patch_is_of_a_source_and_says_why():
    known = {name for pinned in shipped_pins().names for name in (pinned, pinned.partition("-")[0])}
    # What a source is changed in for one system has a folder of its own.
    known |= {f"{name}-windows" for name in known}
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
    before = build.source_identity(shipped_pins()["musl"], TARGET)
    changed = [dataclasses.replace(patch, text=b"") for patch in patches(shipped_pins()["musl"])]
    monkeypatch.setattr(build.patches, "patches", lambda _: changed)
    assert changed
    assert build.source_identity(shipped_pins()["musl"], TARGET) != before
