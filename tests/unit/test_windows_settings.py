"""Windows in the settings and the stages: names, markers, looks, and what is refused."""

import runpy
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support import APPS

from obelisk.buildenv import windows_cc
from obelisk.collect.entry import resolve_entry
from obelisk.collect.launcher import main_program
from obelisk.components.packages import environment
from obelisk.config.interpreter import Interpreter, StartMethod
from obelisk.config.recipe import Lock, parse_recipe
from obelisk.config.recognize import read_request
from obelisk.config.tables import apply_table
from obelisk.config.windows import Windows, padded, version_numbers
from obelisk.errors import ConfigError
from obelisk.explain import explain
from obelisk.link.pe.appearance import appearance_of
from obelisk.model import ConsoleScript, EntryPoint, Multicall, Package
from obelisk.pack.importable import importable
from obelisk.pack.recipe import recipe_of
from obelisk.payload.payload import Kind
from obelisk.pe.headers import Subsystem
from obelisk.pe.manifest import manifest_faults
from obelisk.pe.version import read_version
from obelisk.plan import make_plans
from obelisk.target import parse_target

TRIPLE = "x86_64-pc-windows-gnu"
PROJECT = """
[project]
name = "app"
version = "1.2.3rc4"
scripts = {app = "app:main"}

[tool.obelisk]
target = "x86_64-pc-windows-gnu"

[tool.obelisk.windows]
icon = "app.ico"
subsystem = "windows"
uac = "require-administrator"
version-info = {company-name = "Ours", legal-copyright = "© Ours"}
"""


@pytest.fixture
def request_(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    shutil.copy(APPS / "windows/check/window.ico", tmp_path / "app.ico")
    return read_request(str(tmp_path))


@pytest.fixture
def plan(request_):
    (plan,) = make_plans(request_)
    return plan


def test_an_executable_has_the_suffix_of_its_system(plan, request_):
    assert (plan.name, plan.file_name) == ("app", "app.exe")
    settings = replace(request_.settings, target="x86_64-unknown-linux-musl")
    (linux,) = make_plans(replace(request_, settings=settings))
    assert linux.file_name == "app"


def test_markers_are_those_of_windows():
    found = environment(parse_target(TRIPLE), "3.14.6")
    names = ("sys_platform", "os_name", "platform_system", "platform_machine")
    assert [found[name] for name in names] == ["win32", "nt", "Windows", "AMD64"]


def test_settings_become_resources(plan):
    package = Package(name="App", version="1.2.3rc4", commands=())
    looks = appearance_of(plan, [package])
    assert looks.subsystem == Subsystem.GUI
    by_type = {one.type: one for one in looks.resources}
    assert manifest_faults(by_type[24].content) == ("requireAdministrator", [])
    numbers, texts = read_version(by_type[16].content)
    assert numbers == (1, 2, 3, 0)
    assert texts == {
        "CompanyName": "Ours",
        "FileDescription": "app",
        "FileVersion": "1.2.3.0",
        "InternalName": "app",
        "LegalCopyright": "© Ours",
        "OriginalFilename": "app.exe",
        "ProductName": "app",
        "ProductVersion": "1.2.3rc4",
    }
    assert {3, 14} <= by_type.keys()


def test_a_recipe_keeps_the_settings(plan):
    recipe = parse_recipe(recipe_of(plan, Lock(), None).to_json(), "app.exe")
    again = apply_table(Windows(), recipe.settings["windows"], "the recipe")
    assert again == plan.settings.windows


@pytest.mark.parametrize("path", ["/etc/app.ico", "../app.ico"])
def test_an_icon_outside_the_project_is_not_in_the_recipe_but_missing(plan, path):
    windows = replace(plan.settings.windows, icon=path)
    plan = replace(plan, settings=replace(plan.settings, windows=windows))
    recipe = recipe_of(plan, Lock(), None)
    assert "icon" not in recipe.settings["windows"]
    assert recipe.missing == ("`app.ico` of `icon`",)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"icon": "none.ico"}, "cannot read `windows.icon`"),
        ({"icon": "pyproject.toml"}, "`windows.icon` .* cannot be used: not an ICO file"),
        ({"subsystem": "gui"}, "`subsystem` in .* must be one of"),
        ({"uac": "root"}, "`uac` in .* must be one of"),
        ({"version-info": {"file-version": "1.x"}}, "is not up to four numbers"),
        ({"version-info": {"file-version": "1.70000"}}, "is not up to four numbers"),
        ({"version-info": {"comments": "x" * 40_000}}, "`windows.version-info` is too long"),
    ],
)
def test_looks_that_cannot_be_are_refused_before_anything_is_built(request_, table, said):
    def plan():
        windows = apply_table(request_.settings.windows, table, "the table")
        settings = replace(request_.settings, windows=windows)
        return make_plans(replace(request_, settings=settings))

    with pytest.raises(ConfigError, match=said):
        plan()


def test_versions_are_four_numbers():
    assert version_numbers("7") == (7, 0, 0, 0)
    assert padded([2026, 99999, 1, 2, 3]) == (2026, 65535, 1, 2)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"snapshot": True}, "`snapshot` is not available for x86_64-pc-windows-gnu"),
        ({"native_libraries": ("a.so",)}, "`native-libraries` is not available"),
        ({"build_packages": ("zlib",)}, "`build-packages` is not available"),
        ({"allocator_hardening": True}, "`allocator-hardening` is not available"),
        ({"debug": True}, "`debug` is not available"),
        (
            {"interpreter": Interpreter(multiprocessing_start_method=StartMethod.FORK)},
            "`interpreter.multiprocessing-start-method` is not available",
        ),
    ],
)
def test_what_only_linux_has_is_refused(request_, values, said):
    settings = replace(request_.settings, **values)
    with pytest.raises(ConfigError, match=said) as refused:
        make_plans(replace(request_, settings=settings))
    assert refused.value.hint
    make_plans(replace(request_, settings=replace(settings, target="x86_64-unknown-linux-musl")))


def test_programs_of_wheels_are_not_run(plan):
    plan = replace(plan, entry=ConsoleScript(package="ruff", command=None))
    package = Package(name="ruff", version="1", commands=(), programs=("ruff",))
    with pytest.raises(ConfigError, match="`ruff` is a program, not a Python command"):
        resolve_entry(plan, [package], ())


@pytest.mark.parametrize(
    ("name", "said"), [("one.exe", "1"), ("ONE.EXE", None), ("two", "2"), ("x.exe", None)]
)
def test_a_command_is_chosen_by_the_name_without_suffix(tmp_path, monkeypatch, capsys, name, said):
    for module, value in (("first", 1), ("second", 2)):
        (tmp_path / f"{module}.py").write_text(f"def main(): print({value})\n")
    commands = (
        ("one", EntryPoint(module="first", function="main")),
        ("two", EntryPoint(module="second", function="main")),
    )
    program = tmp_path / "program.py"
    program.write_text(main_program(Multicall(commands=commands), ".exe"))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "argv", [f"C:/bin/{name}"])
    run = runpy.run_path(str(program), run_name="program")
    status = run["main"]()
    assert capsys.readouterr().out.strip() == (said or "")
    assert status == (None if said else 2)


def test_programs_for_linux_have_the_text_that_they_had():
    assert ".exe" not in main_program(Multicall(commands=()))


def test_extension_modules_come_before_sources_of_the_same_name():
    paths = ["x/a.py", "x/a.pyd", "x/a.cp314-win_amd64.pyd", "x/b.so", "x/c.pyd"]
    found = {one.name: one for one in importable(paths, own=frozenset({"x"}), extension=".pyd")}
    assert found["x/a"].data == b"x/a.cp314-win_amd64.pyd"
    assert found["x/c"].kind == Kind.OTHER
    assert "x/b" not in found
    assert "x/c" not in {one.name for one in importable(paths, own=frozenset({"x"}))}


# The compiler of builds


def test_what_backends_say_to_a_compiler_is_understood():
    words = "-shared -Wl,-O1 a.o b.c -Ifolder -I other -DX=1 -L lib -Lmore -lz -l m -pthread -O2 -s"
    job = windows_cc.Link([*words.split(), "-o", "x.pyd"])
    assert (job.shared, job.output, job.folders) == (True, "x.pyd", ["lib", "more"])
    assert job.inputs == [("a.o", False), ("b.c", False), ("z", True), ("m", True)]
    assert job.compile == ["-I", "folder", "-I", "other", "-D", "X=1", "-O2"]


def test_libraries_are_found_by_the_names_that_they_have(tmp_path):
    (tmp_path / "libz.a").touch()
    (tmp_path / "user32.lib").touch()
    folders = [str(tmp_path / "none"), str(tmp_path)]
    assert windows_cc.find("z", folders) == str(tmp_path / "libz.a")
    assert Path(windows_cc.find("user32", folders)).name == "user32.lib"
    assert windows_cc.find("m", folders) is None


def test_a_plan_tells_of_its_looks(plan):
    found = {one.what: (one.value, one.why) for one in explain(plan) if "windows" in one.what}
    assert found["windows.icon"] == ("app.ico", "`windows.icon`")
    assert found["windows.subsystem"] == ("windows", "`windows.subsystem`")
    assert "CompanyName Ours" in found["windows.version-info"][0]
