import pytest

from obelisk.config.request import (
    Project,
    Requirement,
    Script,
    WheelFile,
    parse_script_header,
    read_request,
)
from obelisk.config.schema import Compression, Settings, apply_table, documented_fields
from obelisk.errors import ConfigError


def test_values_are_converted_and_checked():
    table = {"optimize": 2, "compression": "zstd", "exclude": ["a.tests"], "sources": False}
    settings = apply_table(Settings(), table, "here")
    assert settings.optimize == 2
    assert settings.compression is Compression.ZSTD
    assert settings.exclude == ("a.tests",)
    assert settings.sources is False


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("optimize", 3, "one of 0, 1, 2"),
        ("optimize", "1", "a whole number"),
        ("optimize", True, "a whole number"),
        ("sources", "yes", "true or false"),
        ("exclude", "tests", "a list of strings"),
        ("exclude", [1], "a list of strings"),
        ("compression", "gzip", 'one of "off", "sources", "zstd"'),
        ("name", 1, "a string"),
    ],
)
def test_a_wrong_value_is_named(key, value, expected):
    with pytest.raises(ConfigError, match=expected) as caught:
        apply_table(Settings(), {key: value}, "`[tool.obelisk]` of pyproject.toml")
    assert key in str(caught.value)


def test_a_misspelt_key_is_corrected():
    with pytest.raises(ConfigError, match="unknown key `optimise`") as caught:
        apply_table(Settings(), {"optimise": 1}, "here")
    assert caught.value.hint == "did you mean `optimize`?"


def test_every_setting_is_documented():
    assert all(meaning.endswith((".", ")")) for _, _, _, meaning in documented_fields())
    assert "smoke-test" in [key for key, _, _, _ in documented_fields()]


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
    with pytest.raises(ConfigError, match="no wheel"):
        read_request("other-1.0-py3-none-any.whl")
    with pytest.raises(ConfigError, match="neither a script"):
        read_request("what is this")
