import re
from dataclasses import fields
from enum import StrEnum

import pytest

from obelisk.config.application import Project, Requirement, Script, WheelFile
from obelisk.config.header import parse_script_header
from obelisk.config.interpreter import (
    Allocator,
    Children,
    HashedBytecode,
    Interpreter,
    check_interpreter,
    runtime_settings,
)
from obelisk.config.recognize import read_request
from obelisk.config.settings import Compression, Settings, apply_assignments
from obelisk.config.tables import apply_table, documented_fields
from obelisk.errors import ConfigError
from obelisk.plan import make_plans
from obelisk.runtime.sources import c_folder, frozen_folder


def test_values_are_converted_and_checked():
    table = {"optimize": 2, "compression": "zstd", "exclude": ["a.tests"], "source-text": False}
    settings = apply_table(Settings(), table, "here")
    assert settings.optimize == 2
    assert settings.compression is Compression.ZSTD
    assert settings.exclude == ("a.tests",)
    assert settings.source_text is False


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("optimize", 3, "between 0 and 2"),
        ("optimize", "1", "an integer"),
        ("optimize", True, "an integer"),
        ("source-text", "yes", "true or false"),
        ("exclude", "tests", "a list of UTF-8 strings"),
        ("exclude", [1], "a list of UTF-8 strings"),
        ("compression", "gzip", 'one of "off", "text", "unused", "zstd"'),
        ("name", 1, "a non-empty UTF-8 string"),
        ("interpreter", 1, "a table"),
        ("interpreter", {"faulthandler": 1}, "true or false"),
        ("interpreter", {"children": "shell"}, 'one of "python", "application"'),
        ("interpreter", {"hash-seed": -1}, "between 0 and 4294967295"),
        ("interpreter", {"hash-seed": "x"}, "an integer"),
        ("interpreter", {"multiprocessing-start-method": 3}, "one of"),
    ],
)
def test_a_wrong_value_is_named(key, value, expected):
    with pytest.raises(ConfigError, match=expected) as caught:
        apply_table(Settings(), {key: value}, "`[tool.obelisk]` of pyproject.toml")
    assert (key if not isinstance(value, dict) else next(iter(value))) in str(caught.value)


def test_a_misspelt_key_is_corrected():
    with pytest.raises(ConfigError, match="unknown key `optimise`") as caught:
        apply_table(Settings(), {"optimise": 1}, "here")
    assert caught.value.hint == "did you mean `optimize`?"


def test_old_names_are_read_with_a_warning():
    said = []
    table = {"sources": False, "compression": "sources"}
    settings = apply_table(Settings(), table, "pyproject.toml", said.append)
    assert (settings.source_text, settings.compression) == (False, Compression.TEXT)
    key, value = said
    assert key == "`sources` in pyproject.toml is deprecated; use `source-text` instead"
    assert value.startswith('`compression = "sources"` in pyproject.toml is deprecated')
    assert value.endswith('use `compression = "text"` instead')
    said.clear()
    new = {"source-text": False, "compression": "text"}
    assert apply_table(Settings(), new, "pyproject.toml", said.append) == settings
    assert said == []


def test_a_setting_by_both_of_its_names_is_an_error():
    with pytest.raises(ConfigError, match="`source-text` is set twice in here") as caught:
        apply_table(Settings(), {"sources": True, "source-text": True}, "here")
    assert caught.value.hint == "remove `sources`"


@pytest.mark.parametrize("settings", [Settings, Interpreter])
def test_every_setting_is_documented(settings):
    rows = documented_fields(settings)
    assert all(meaning.endswith((".", ")")) for _, _, meaning in rows)
    assert ("smoke-test" in [key for key, _, _ in rows]) == (settings is Settings)


def test_the_interpreter_is_a_table_or_a_shorthand():
    table = {"interpreter": {"hash-seed": 7, "warnings": ["error"], "allocator": "malloc"}}
    interpreter = apply_table(Settings(), table, "here").interpreter
    assert (interpreter.hash_seed, interpreter.allocator) == (7, Allocator.MALLOC)
    assert apply_table(Settings(), {"interpreter": True}, "here").interpreter == Interpreter(
        python_option=True
    )


def test_the_runtime_is_told_only_what_differs():
    assert list(runtime_settings(Interpreter(), optimize=0, unbuffered=False)) == []
    interpreter = Interpreter(
        hash_seed=0,
        warnings=("error", "ignore::UserWarning"),
        frozen=False,
        allocator=Allocator.DEBUG,
    )
    assert list(runtime_settings(interpreter, optimize=2, unbuffered=True)) == [
        ("buffered_stdio", "0"),
        ("optimization_level", "2"),
        ("allocator", "2"),
        ("frozen", "0"),
        ("use_hash_seed", "1"),
        ("hash_seed", "0"),
        ("warnoptions", "error"),
        ("warnoptions", "ignore::UserWarning"),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (Interpreter(module_search_paths=("plugins",)), "is a relative path"),
        (Interpreter(module_search_paths=("$ORIGINAL/x",)), "is a relative path"),
        (Interpreter(cpu_count="many"), "neither a positive number nor `cgroup`"),
        (Interpreter(thread_inherit_context=True), r"requires Python 3\.14 or newer"),
        (Interpreter(cpu_count="0"), "neither a positive number nor `cgroup`"),
        (Interpreter(int_max_str_digits=639), "int-max-str-digits"),
        (Interpreter(stdio_encoding="a\nb"), "stdio-encoding"),
        (Interpreter(warnings=("a\0b",)), "warnings"),
    ],
)
def test_what_the_interpreter_would_not_take_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        check_interpreter(wrong, "3.13.15")


def test_the_runtime_knows_every_setting():
    """A name that the C files do not ask for would be without effect."""
    texts = [
        path.read_text() for path in (*c_folder().rglob("*.[ch]"), *frozen_folder().glob("*.py"))
    ]
    known = {
        name
        for text in texts
        for names in re.findall(r'FIELD\((?:\w+, )?(\w+)\)|setting(?:s_get|s_is)?\("(\w+)"\)', text)
        for name in names
    } | {"module_search_path"}
    other = {bool: lambda old: not old, int: lambda old: old + 1, tuple: lambda _: ("x",)}
    changed = Interpreter(
        **{
            field.name: other.get(type(field.default), lambda _: "x")(field.default)
            for field in fields(Interpreter)
            if not isinstance(field.default, StrEnum)
        },
        allocator=Allocator.MALLOC,
        children=Children.APPLICATION,
        check_hash_pycs=HashedBytecode.NEVER,
    )
    names = {name for name, _ in runtime_settings(changed, optimize=1, unbuffered=True)}
    assert len(names) > len(fields(Interpreter))
    assert names - known == set()


def test_assignments_are_lines_of_toml_or_strings():
    given = ["interpreter.faulthandler=true", "name=app", 'exclude=["a", "b"]', "optimize=1"]
    settings = apply_assignments(Settings(), given)
    assert settings.interpreter.faulthandler
    assert (settings.name, settings.exclude, settings.optimize) == ("app", ("a", "b"), 1)


@pytest.mark.parametrize("wrong", ["name", "=1", "na me=1", "nmae=1", "optimize=three"])
def test_a_wrong_assignment_is_named(wrong):
    with pytest.raises(ConfigError, match="--set"):
        apply_assignments(Settings(), [wrong])


def test_a_project_is_read(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n'
        "[tool.obelisk]\noptimize = 1\n"
    )
    request = read_request(str(tmp_path))
    assert isinstance(request.application, Project)
    assert request.application.scripts == (("app", "app:main"),)
    assert request.settings.optimize == 1


def test_a_folder_without_a_project_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"no pyproject\.toml"):
        read_request(None)
    with pytest.raises(ConfigError, match=r"no pyproject\.toml"):
        read_request(".")


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "a"\n[project.scripts]\na = 1\n',
        "[project",
        'project = "text"',
        "[project]\n",
        '[project]\nname = "a"\nscripts = 1\n',
    ],
)
def test_a_broken_project_is_refused(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError):
        read_request(str(tmp_path))


def test_a_script_with_a_header_is_read(tmp_path):
    path = tmp_path / "tool.py"
    path.write_text(
        "#!/usr/bin/env python3\n"
        "# /// script\n"
        '# requires-python = ">=3.11"\n'
        '# dependencies = [\n#   "rich",\n# ]\n'
        "#\n"
        "# [tool.obelisk]\n"
        "# optimize = 2\n"
        "# ///\n"
        "print()\n"
    )
    request = read_request(str(path))
    assert isinstance(request.application, Script)
    assert request.application.dependencies == ("rich",)
    assert request.application.requires_python == ">=3.11"
    assert request.settings.optimize == 2


def test_a_script_without_a_header_needs_nothing(tmp_path):
    assert parse_script_header("print('hello')\n", tmp_path) == {}


@pytest.mark.parametrize(
    "text",
    [
        "# /// script\n# dependencies = [\n# ///\n",
        "# /// script\n# a = 1\n# ///\n\n# /// script\n# a = 1\n# ///\n",
    ],
)
def test_a_broken_header_is_refused(tmp_path, text):
    with pytest.raises(ConfigError):
        parse_script_header(text, tmp_path / "x.py")


def test_a_missing_script_is_named():
    with pytest.raises(ConfigError, match=r"cannot read the script nothing\.py"):
        read_request("nothing.py")


def test_requirements_and_wheels(tmp_path):
    request = read_request("Yt_DLP[default]==2026.1.1")
    assert isinstance(request.application, Requirement)
    assert request.application.name == "yt-dlp"
    wheel = tmp_path / "app-1.0-py3-none-any.whl"
    wheel.write_bytes(b"")
    assert isinstance(read_request(str(wheel)).application, WheelFile)
    with pytest.raises(ConfigError, match="no such wheel"):
        read_request("other-1.0-py3-none-any.whl")
    with pytest.raises(ConfigError, match="not a script, wheel, project or requirement"):
        read_request("what is this")


PROJECT = '[project]\nname = "app"\nscripts = {app = "app:main"}\n'
DEEP = "[" * 3000 + "]" * 3000
WRONG = [
    *("project = 3", "project = []", "tool = 3", PROJECT + "[tool]\nobelisk = 3"),
    *(
        "[project]\nname = 3",
        '[project]\nname = ""',
        '[project]\nname = "a/b"',
        "\0",
        "\ufeff\ufeff",
    ),
    *('[project]\nname = "a"\nscripts = []', '[project]\nname = "a"\nscripts = {a = 3}'),
    *('[project]\nname = "a"\ndynamic = 3', f"x = {DEEP}", f"x = {'9' * 10_000}"),
    *(f"{PROJECT}[tool.obelisk]\n{line}" for line in ("data = 3", "name = ''", "name = '..'")),
    f"{PROJECT}[tool.obelisk]\noptimize = 0x{'f' * 10_000}",
    f"{PROJECT}[tool.obelisk]\nname.{'a.' * 3000}a = 1",
    f"{PROJECT}[tool.obelisk]\ndata = [{'{a=' * 900}1{'}' * 900}]",
    f"{PROJECT}[tool.obelisk.interpreter]\ncpu-count = '{'9' * 10_000}'",
    f"{PROJECT}[tool.obelisk.interpreter]\npycache-prefix = 'a\\u0000'".replace("'", '"'),
    f"{PROJECT}[tool.obelisk]\n{'x' * 100_000} = 1",
    f"{PROJECT}[tool.obelisk]\nrequirements = ['{'x' * 10_000}']",
    f"{PROJECT}[tool.obelisk]\nrequirements = ['/dev/zero']",
    f"{PROJECT}[tool.obelisk]\nmodule = 'a'\nentry = 'b:c'",
]


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_wrong_project_is_one_clear_error(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        make_plans(read_request(str(tmp_path)))
    assert 10 < len(str(caught.value)) < 11_000


@pytest.mark.parametrize(
    "line",
    [
        *("requires-python = 3", "requires-python = '3'", "requires-python = ['3']", "tool = 3"),
        *("dependencies = 3", "dependencies = [3]", "dependencies = {}", "dependencies = ['']"),
        *(f"x = {DEEP}", f"x = {'9' * 10_000}", "requires-python = 'x'", "tool.obelisk = 1"),
    ],
)
def test_a_wrong_header_is_one_clear_error(tmp_path, line):
    (tmp_path / "tool.py").write_text(f"# /// script\n# {line}\n# ///\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        make_plans(read_request(str(tmp_path / "tool.py")))


ARGUMENTS = [
    *("x" * 5000 + ".py", "x/" * 5000, "x" * 5000 + ".whl", "a\ud800.py", "six;" + "(" * 5000),
    *("", " ", "(" * 5000, "\uff53ix", "six\n", "-", "--dry-run", "six --dry-run"),
]


@pytest.mark.parametrize("what", ARGUMENTS, ids=range(len(ARGUMENTS)))
def test_a_wrong_argument_is_one_clear_error(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        read_request(what)
