"""What compilers may be told to read when packages are built from source."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.buildenv import guard
from obelisk.buildenv.guard import Guard, RefusedError, expand, prerequisites


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """The folder that a guard allows, which is the working folder; beside it is `outside`."""
    (tmp_path / "inside/include").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "inside/link").symlink_to(tmp_path / "outside")
    monkeypatch.chdir(tmp_path / "inside")
    return tmp_path / "inside"


def test_what_a_build_has_stays_as_it_is(inside):
    words = [
        *("-c", "x.c", "-o", "/elsewhere/x.o", "-Iinclude", f"-I{inside}/include", "-isystem"),
        *(
            "include",
            "-DDATA=/usr/share",
            "-D",
            "P=/usr",
            "-L.",
            "-lz",
            "-l",
            "m",
            "-",
            "/dev/null",
        ),
        *("-Wl,-rpath,/usr/lib", "-Wl,-z,now", "-Wl,-soname,libx.so", "-Xlinker", "--gc-sections"),
        *("--sysroot=include", "-fuse-ld=lld", "-march=x86-64-v2", "-include", "config.h"),
        *("-MF", "/elsewhere/x.d", "-I=/usr/include", "-Wl,--version-script=x.map", "-Bsymbolic"),
    ]
    own = Guard([inside])
    assert own.arguments(words) == words
    assert own.left_out == []


@pytest.mark.parametrize(
    "words",
    [
        *(["-I../outside"], ["-I", "../outside"], ["-isystem../outside"], ["-Ilink"], ["-Ilink/x"]),
        *(["-iquote", "/usr/include"], ["-L/usr/lib"], ["-L", "/usr/lib"], ["-B/usr/bin"]),
        *(
            ["--include-directory=/usr/include"],
            ["-idirafter", "/usr/include"],
            ["-I../inside-not"],
        ),
        *(["-Wl,-L/usr/lib"], ["-Wl,-L,/usr/lib"], ["-Wl,--library-path=/usr/lib"]),
        *(["-Xlinker", "-L/usr/lib"], ["-Wp,-I/usr/include"], ["-Xclang", "-I/usr/include"]),
        *(["-march=native"], ["-mtune=native"], ["-mcpu=native"], ["-I/"], ["-I", "/"]),
    ],
)
def test_folders_of_this_machine_are_left_out(inside, words):
    own = Guard([inside])
    assert own.arguments(["-c", *words, "x.c"]) == ["-c", "x.c"]
    assert own.left_out


@pytest.mark.parametrize(
    "words",
    [
        *(["/usr/lib/libz.so"], ["../outside/x.o"], ["link/x.c"], ["-include", "/usr/include/x.h"]),
        *(["-include/usr/include/x.h"], ["--sysroot=/"], ["--sysroot", "/"], ["-isysroot", "/"]),
        *(["-fuse-ld=/usr/bin/ld"], ["--gcc-toolchain=/usr"], ["-specs=/usr/x.specs"]),
        *(["-fplugin=/usr/x.so"], ["-Wl,--version-script=/usr/x"], ["-Wl,-T,/usr/x.ld"]),
        *(["-T", "/usr/x.ld"], ["-fprofile-use=/usr/x"], ["-resource-dir=/usr/lib/clang"]),
    ],
)
def test_files_of_this_machine_are_refused(inside, words):
    with pytest.raises(RefusedError):
        Guard([inside]).arguments(["-c", *words])


def test_response_files(inside):
    (inside / "inner").write_text('-I\'/usr/in clude\' "a \\" b.c"\n')
    (inside / "outer").write_text("-DX=\\'1\\'   @inner\n\n'' @gone")
    words = list(expand(["-c", "@outer", "@gone"]))
    assert words == ["-c", "-DX='1'", "-I/usr/in clude", 'a " b.c', "", "@gone", "@gone"]
    (inside / "loop").write_text("@loop -c")
    assert set(expand(["@loop"])) == {"@loop", "-c"}


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r"))))
def test_what_is_written_to_a_response_file_is_read_back(words):
    text = "".join(f"{guard._quoted(word)}\n" for word in words)
    assert list(guard._words(text)) == words


def test_prerequisites():
    text = "out.so: \\\n  a.o \\\n  /with\\ space/b.o $$c\n\na.o:\n"
    assert prerequisites(text) == ["a.o", "/with space/b.o", "$c"]
    assert prerequisites("") == []


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=12), max_size=6))
def test_any_arguments_are_kept_left_out_or_refused(words):
    with contextlib.suppress(RefusedError):
        Guard([Path.cwd()]).arguments(words)
