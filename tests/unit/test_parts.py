"""Applications of several parts: how they are written, and what becomes of them together."""

import pytest

from obelisk.collect.assemble import assemble, written_part
from obelisk.collect.installed import make_prefix, read_installed
from obelisk.collect.launcher import main_program
from obelisk.collect.provide import Provided
from obelisk.config.application import Assembly
from obelisk.config.parts import (
    Install,
    Packages,
    Remove,
    Virtualenv,
    Written,
    line_of,
    parse_parts,
)
from obelisk.config.pip import parse_arguments
from obelisk.config.recognize import read_request
from obelisk.config.request import CommandLine, read_requests
from obelisk.config.requirements import Requirements
from obelisk.errors import CollectError, ConfigError
from obelisk.model import RunCode, RunScript
from obelisk.plan import make_plans


def test_arguments_of_pip_become_requirements(tmp_path):
    (tmp_path / "needs.txt").write_text("six==1.17.0\n")
    words = ["-r", "needs.txt", "--pre", "--no-deps", "rich>=13", "-U", ".", "--only-binary=:all:"]
    found = parse_arguments(words, tmp_path, "here")
    assert found.requirements == Requirements(
        lines=("six==1.17.0", "rich>=13", "--only-binary :all:"),
        unhashed=(tmp_path.as_uri(),),
        options=("--prerelease=allow", "--no-deps"),
    )
    assert found.dropped == ()


def test_options_that_mean_nothing_here_are_named(tmp_path):
    words = ["six", "--prefer-binary", "--platform", "win32", "--timeout=5", "-qq", "-t", "lib"]
    found = parse_arguments(words, tmp_path, "here")
    assert found.requirements.lines == ("six",)
    assert found.dropped == ("--prefer-binary", "--platform", "--timeout", "-t")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["six", "--colour"], "unknown option `--colour` in here"),
        (["-r"], "option `-r` in here has no value"),
        (["--no-deps"], "nothing to install in here"),
        (["what is this"], "invalid requirement"),
        (["-r", "nothing.txt"], "no such requirements file"),
    ],
)
def test_arguments_that_pip_does_not_have(tmp_path, words, expected):
    with pytest.raises(ConfigError, match=expected):
        parse_arguments(words, tmp_path, "here")


def test_a_part_is_a_line_and_back(tmp_path):
    lines = ("install -e . 'rich>=13'", "packages src app lib", "virtualenv env", "remove pip")
    parts = parse_parts(lines, tmp_path)
    assert parts[1:] == (
        Packages(folder=tmp_path / "src", names=("app", "lib")),
        Virtualenv(folder=tmp_path / "env"),
        Remove(names=("pip",)),
    )
    assert tuple(line_of(part, tmp_path) for part in parts) == lines


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("instal six", "is not a part"),
        ("install", "is not a part"),
        ("packages .", "is not a part"),
        ("", "cannot read"),
        ("remove 'a", "cannot read"),
    ],
)
def test_what_is_no_part(tmp_path, line, expected):
    with pytest.raises(ConfigError, match=expected):
        parse_parts([line], tmp_path)


def test_a_pyproject_of_parts_needs_no_project_table(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.obelisk]\nname = "app"\nmodule = "app"\nparts = ["packages . app"]\n'
    )
    (request,) = read_requests(CommandLine(what=(str(tmp_path),))).requests
    assert isinstance(request.application, Assembly)
    (plan,) = make_plans(request)
    assert plan.name == "app"


def test_each_table_of_executables_is_a_request(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[tool.obelisk]\nparts = ["packages . app"]\nunbuffered = true\n'
        '[[tool.obelisk.executables]]\nname = "one"\nmodule = "app"\n'
        '[[tool.obelisk.executables]]\nname = "two"\ncode = "import app"\n'
    )
    command = CommandLine(what=(str(tmp_path),), options={"optimize": 2})
    one, two = (plan for found in read_requests(command).requests for plan in make_plans(found))
    assert (one.name, two.name) == ("one", "two")
    assert two.entry == RunCode(text="import app")
    assert one.settings.unbuffered
    assert one.settings.optimize == two.settings.optimize == 2


def test_parts_are_for_projects_only(tmp_path):
    (tmp_path / "tool.py").write_text("print(1)\n")
    command = CommandLine(what=(str(tmp_path / "tool.py"),), assignments=('parts=["remove pip"]',))
    (request,) = read_requests(command).requests
    with pytest.raises(ConfigError, match=r"`parts` is not set in a pyproject.toml"):
        make_plans(request)


def test_the_command_line_replaces_any_entry_point_of_the_file(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\n[tool.obelisk]\ncode = "1"\nexclude = ["a"]\n'
    )
    options = {"module": "app", "exclude": ("b",), "name": None, "include": ()}
    (request,) = read_requests(CommandLine(what=(str(tmp_path),), options=options)).requests
    assert (request.settings.module, request.settings.code) == ("app", None)
    assert request.settings.exclude == ("a", "b")


def test_a_file_that_is_run_is_below_the_project(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n[tool.obelisk]\nfile="x.py"')
    (plan,) = make_plans(read_request(str(tmp_path)))
    assert plan.entry == RunScript(path=tmp_path / "x.py")


class Parts:
    """Makes what installations of wheels leave, without an installer."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    def prefix(self):
        self.count += 1
        return make_prefix(self.folder / f"part-{self.count}", "3.14")

    def installed(self, *wheels):
        prefix = self.prefix()
        for name, version, files in wheels:
            info = f"{name}-{version}.dist-info"
            everything = {
                **files,
                f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            }
            record = "".join(f"{path},,\n" for path in everything) + f"{info}/RECORD,,\n"
            for path, text in {**everything, f"{info}/RECORD": record}.items():
                place = prefix.site / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text)
        part = Install(words=(), requirements=Requirements())
        return part, Provided(prefix=prefix, installed=read_installed(prefix), intact=True)

    def lying(self, part):
        return part, written_part(part, self.prefix())

    def together(self, *parts):
        return assemble(parts, self.prefix())


@pytest.fixture
def parts(tmp_path):
    return Parts(tmp_path)


def files_of(provided):
    root = provided.prefix.site
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for path in root.rglob("*")
        if path.is_file() and ".dist-info" not in path.as_posix()
    }


def test_of_a_distribution_the_last_part_counts_with_all_its_files(parts):
    first = parts.installed(
        ("Thing", "1.0", {"thing/__init__.py": "1", "thing/old/gone.py": "1", "other.py": "1"})
    )
    second = parts.installed(("thing", "2.0", {"thing/__init__.py": "2"}), ("more", "1", {}))
    found = parts.together(first, second)
    assert [(one.package.name, one.package.version) for one in found.installed] == [
        ("more", "1"),
        ("thing", "2.0"),
    ]
    assert files_of(found) == {"thing/__init__.py": "2"}
    assert not (found.prefix.site / "thing/old").exists()
    assert found.intact


def test_what_is_removed_is_not_there_until_it_comes_again(parts):
    remove = (Remove(names=("thing",)), None)
    first = parts.installed(("thing", "1.0", {"thing.py": "1"}), ("more", "1", {"more.py": ""}))
    again = parts.installed(("thing", "1.0", {"thing.py": "again"}))
    assert files_of(parts.together(first, remove)) == {"more.py": ""}
    assert files_of(parts.together(first, remove, again)) == {"thing.py": "again", "more.py": ""}


def test_packages_of_folders_and_written_modules_lie_over_what_was_there(parts, tmp_path):
    folder = tmp_path / "src"
    (folder / "app/data").mkdir(parents=True)
    (folder / "app/__init__.py").write_text("mine")
    (folder / "app/data/x.txt").write_text("x")
    (folder / "single.py").write_text("single")
    (folder / "unwanted.py").write_text("unwanted")
    (folder / "app/__pycache__").mkdir()
    (folder / "app/__pycache__/x.pyc").write_bytes(b"")
    installed = parts.installed(("app", "1.0", {"app/__init__.py": "theirs", "app/a.py": "a"}))
    own = parts.lying(Packages(folder=folder, names=("app", "single")))
    stamped = parts.lying(Written(files=(("app/version.py", "V = 1\n"),)))
    found = parts.together(installed, own, stamped)
    assert files_of(found) == {
        "app/__init__.py": "mine",
        "app/a.py": "a",
        "app/data/x.txt": "x",
        "app/version.py": "V = 1\n",
        "single.py": "single",
    }
    assert not found.intact
    site = found.prefix.base
    assert {f"{site}/app/__init__.py", f"{site}/app/version.py"} <= found.own
    assert f"{site}/app/a.py" not in found.own
    (found.prefix.site / "app/__init__.py").write_text("changed")
    assert (folder / "app/__init__.py").read_text() == "mine"


def test_packages_that_are_not_there(parts, tmp_path):
    with pytest.raises(CollectError, match="no package or module `app` in"):
        parts.lying(Packages(folder=tmp_path, names=("app",)))


def test_a_virtual_environment_is_taken_without_its_own_tools(parts, tmp_path):
    site = tmp_path / "env/lib/python3.12/site-packages"
    for path in ("pip/__init__.py", "pip-25.0.dist-info/METADATA", "app/__init__.py", "one.py"):
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text("")
    found = parts.together(parts.lying(Virtualenv(folder=tmp_path / "env")))
    assert files_of(found) == {"app/__init__.py": "", "one.py": ""}


def test_native_code_for_glibc_in_a_virtual_environment_names_its_package(parts, tmp_path):
    site = tmp_path / "env/lib/python3.12/site-packages"
    (site / "fast").mkdir(parents=True)
    (site / "fast/_core.cpython-312-x86_64-linux-gnu.so").write_bytes(b"\x7fELF")
    with pytest.raises(CollectError, match=r"`fast` in .* is built for glibc"):
        parts.lying(Virtualenv(folder=tmp_path / "env"))
    with pytest.raises(CollectError, match="is not a virtual environment"):
        parts.lying(Virtualenv(folder=tmp_path / "nothing"))


@pytest.mark.parametrize(
    "text",
    [
        "print(__name__)",
        "import sys; sys.stdout.write(__name__ + '\\n')",
        "for x in (1,):\n    print(__name__)",
        'text = """a\nb"""\nprint(__name__ if text == "a\\nb" else text)',
        "from __future__ import annotations\nprint(__name__)",
        "# a comment\n\nprint(__name__)\n",
    ],
)
def test_code_runs_as_the_main_program_and_is_imported_without_effect(text, capsys):
    program = main_program(RunCode(text=text))
    exec(compile(program, "main", "exec"), {"__name__": "__mp_main__"})
    assert capsys.readouterr().out == ""
    exec(compile(program, "main", "exec"), {"__name__": "__main__"})
    assert capsys.readouterr().out == "__main__\n"


def test_code_that_only_the_targets_python_can_judge_stays_as_it_is():
    assert main_program(RunCode(text="this is no code")) == "this is no code\n"
