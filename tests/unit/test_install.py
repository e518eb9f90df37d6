"""What is said while packages are installed."""

import pytest

from obelisk.collect.install import building
from obelisk.collect.uv import output_of, refusal
from obelisk.services.process import Finished
from obelisk.target import TARGETS


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("   Building markupsafe==3.0.2", (True, "markupsafe==3.0.2")),
        ("   Building ruamel.yaml-clib==0.2.12", (True, "ruamel.yaml-clib==0.2.12")),
        ("   Building app @ file:///src/app", (True, "app @ file:///src/app")),
        ("   Building thing @ git+https://host/x@0123", (True, "thing @ git+https://host/x@0123")),
        ("      Built markupsafe==3.0.2", (False, "markupsafe==3.0.2")),
        ("[ 50%] Building CXX object src/a.cc.o", (False, "")),
        ("  Building C object CMakeFiles/x.dir/x.c.o", (False, "")),
        ("  Building wheel for thing (pyproject.toml)", (False, "")),
        ("    Building extension modules", (False, "")),
        ("DEBUG Building: markupsafe==3.0.4", (False, "")),
    ],
)
def test_packages_that_are_built_are_told_from_lines_of_their_tools(line, found):
    assert building(line) == found


def test_details_are_not_in_what_an_error_repeats():
    said = b"DEBUG uv 0.9\n\x1b[36mResolved\x1b[0m 1 package\nDEBUG gcc -c x.c\nerror: it failed\n"
    done = Finished(status=1, stdout=b"", stderr=said)
    assert output_of(done) == "Resolved 1 package\nerror: it failed"


@pytest.mark.parametrize(
    ("failed", "said", "hint"),
    [
        ("x==1.0", "`x` has no wheel for the target, and its build from source failed", "than 1.0"),
        ("Chosen_one==1.0", "\nbuilding `Chosen_one` from source failed", "than 1.0"),
        ("x @ git+https://host/x", "`x @ git+https://host/x` has no wheel", "another version"),
        (
            "x @ file:///a%20b/x",
            "the build backend of `x` in /a b/x failed",
            "its message is above",
        ),
    ],
)
def test_whose_build_failed(failed, said, hint):
    output = f"error: Failed to build `{failed}`\n  no such option"
    error = refusal("installing x", output, {"Rust"}, ("chosen.one",))
    assert said in str(error)
    assert "it requires a Rust compiler, which is not available" in str(error)
    assert hint in error.hint


ELSEWHERE = TARGETS["aarch64-unknown-linux-musl"]


@pytest.mark.parametrize(
    ("name", "way_out"),
    [("x==1.0", "a version that has a wheel"), ("x @ file:///x", "ship what it generates")],
)
@pytest.mark.parametrize(
    "line",
    [
        "OSError: [Errno 8] Exec format error: './generate'",
        "/bin/sh: 1: ./generate: Exec format error",
        "./generate: 1: \x7fELF\x02: not found",
        "configure: error: cannot run C compiled programs.",
        "CMake Error: TRY_RUN() invoked in cross-compiling mode, please set ...",
        "meson.build:3:13: ERROR: Can not run test applications in this cross environment.",
    ],
)
def test_a_build_that_runs_what_it_compiled_for_another_machine(line, name, way_out):
    output = f"error: Failed to build `{name}`\n  {line}"
    error = refusal("installing x", output, set(), foreign=ELSEWHERE)
    assert "it ran a program that it had compiled for AArch64" in str(error)
    assert way_out in error.hint
    assert "compiled for" not in str(refusal("installing x", output, set()))


def test_a_wheel_for_another_system_that_was_named_itself():
    output = "cause: A path (x.whl) dependency is incompatible with the current platform"
    assert "for another system than the target" in refusal("installing x", output, set()).hint
