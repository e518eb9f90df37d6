import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.config.application import Project, Script
from obelisk.config.header import _blocks
from obelisk.config.installer import installer_config
from obelisk.config.names import require_file_name
from obelisk.config.recognize import read_request
from obelisk.config.requirements import absolute_requirement, parse_requirement, read_requirements
from obelisk.errors import ConfigError
from obelisk.explain import explain
from obelisk.plan import make_plans

OPTIONS = [
    *("--dry-run", "--index-url", "--index-url=https://x.invalid", "-r other.txt", "-rother.txt"),
    *(
        "-e .",
        "-e.",
        "--config-file x",
        "--config-file=x",
        "--target=/",
        "-",
        "--",
        "",
        " --dry-run",
    ),
    *("./local", "/absolute", "https://x.invalid/six.whl", "six --hash=sha256:00", "six # comment"),
    *("six\n--dry-run", "six; python_version > '3\n--dry-run'", "six\0", "six @ ", "-i x"),
]


@pytest.mark.parametrize("text", OPTIONS)
def test_what_is_no_requirement_is_refused_in_a_header(tmp_path, text):
    with pytest.raises(ConfigError, match=r"invalid requirement|non-printable"):
        parse_requirement(text, "here")
    path = tmp_path / "tool.py"
    path.write_text('# /// script\n# dependencies = [\'six\', """' + text.replace("\0", "\\u0000"))
    path.write_text(path.read_text().replace("\n--", "\\n--") + '"""]\n# ///\n')
    with pytest.raises(ConfigError, match="header"):
        read_request(str(path))


@pytest.mark.parametrize("key", ["no-binary", "pure"])
@pytest.mark.parametrize("name", ["--dry-run", "-e.", "", "a/b", "a b", "six>=1", ".", "é"])
def test_what_is_no_package_is_refused_in_settings(tmp_path, key, name):
    (tmp_path / "tool.py").write_text(
        f"# /// script\n# [tool.obelisk]\n# {key} = ['{name}']\n# ///\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match=f"in `{key}` is not a valid package name"):
        make_plans(read_request(str(tmp_path / "tool.py")))


def test_a_relative_path_in_a_requirement_starts_from_the_script(tmp_path):
    text = absolute_requirement("lib @ ./lib ; python_version > '3'", tmp_path, "here")
    assert (
        text.replace("lib@", "lib @")
        == f'lib @ {(tmp_path / "lib").as_uri()} ; python_version > "3"'
    )
    for same in ("lib @ file:///lib", "lib @ git+https://x.invalid/y", "lib>=1"):
        assert absolute_requirement(same, tmp_path, "here") == same


def write(folder, **texts):
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_txt", ".txt")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def test_requirement_files_are_flattened_and_never_editable(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "more lib").mkdir()
    write(
        tmp_path,
        a_txt="# comment\nsix==1.0 \\\n  --hash=sha256:00ff \\\n  --hash=sha256:11\n-e ./lib\n"
        "--editable=lib[dev] ; python_version > '3'  # why\n-r sub/b.txt\n-c c.txt\n"
        f"-e {tmp_path / 'lib'}\n"
        "--find-links wheels\n--no-index\n-i https://x.invalid/simple\n",
        sub__b_txt="\ufefftwo\r\n-r ../a.txt\r\nnamed @ ./more%20lib\r\n./more lib\r\n",
        c_txt="three<2\n-e git+https://x.invalid/y#egg=y\n",
    )
    found = read_requirements([tmp_path / "a.txt"], tmp_path)
    lib = (tmp_path / "lib").as_uri()
    lines = tuple(line.replace("named@", "named @") for line in found.lines)
    assert lines == (
        "six==1.0 --hash=sha256:00ff --hash=sha256:11",
        "two",
        f"named @ {(tmp_path / 'more%20lib').as_uri()}",
        f"--find-links {tmp_path / 'wheels'}",
        "--no-index",
        "--index-url https://x.invalid/simple",
    )
    more = (tmp_path / "more lib").as_uri()
    assert found.unhashed == (lib, f"{lib}[dev] ; python_version > '3'", more, lib)
    assert found.constraints == ("three<2", "git+https://x.invalid/y#egg=y")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("six\n--dry-run", "option `--dry-run` in line 2 "),
        ("--config-file x", "option `--config-file`"),
        ("--target=/", "option `--target`"),
        ("--index-url", "option `--index-url`"),
        ("--index-url --dry-run", "option `--index-url`"),
        ("six --global-option=x", "unsupported option after a requirement"),
        ("-r nothing.txt", "no such requirements file: .*nothing.txt"),
        ("-r /dev/zero", "cannot read .* it is a device"),
        ("-r .", "cannot read .* is a directory"),
        ("-r pyproject.toml", "not a requirements file"),
        ("six\x1b[2J", "non-printable"),
        ("what is this", "invalid requirement"),
        ("caf\udce9", "not valid UTF-8"),
    ],
)
def test_what_has_no_place_in_a_requirement_file(tmp_path, text, said):
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "a.txt").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match=said):
        read_requirements([tmp_path / "a.txt"], tmp_path)


def test_long_inputs_take_no_longer_than_their_length(tmp_path):
    """Not as the square of it, which would be hours."""
    line = "six==1" + " " * 1_000_000
    (tmp_path / "a.txt").write_text(f"{line}--hash=sha256:00\n" + "\\\n" * 100_000)
    assert read_requirements([tmp_path / "a.txt"], tmp_path).lines == ("six==1 --hash=sha256:00",)
    for text in (f"./{line}x", "./" + "[" * 100_000, f"{line}; x"):
        (tmp_path / "a.txt").write_text(text)
        with pytest.raises(ConfigError, match=r"requirement too long .* \d+ characters"):
            read_requirements([tmp_path / "a.txt"], tmp_path)
    (tmp_path / "tool.py").write_text("# /// x\n" * 300_000)
    assert read_request(str(tmp_path / "tool.py")).application.dependencies == ()


SPECIFIED = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@given(st.lists(st.sampled_from(["# ///", "# /// script", "# /// x", "#", "# a", "#b", "", "x"])))
def test_blocks_are_those_of_the_specification(lines):
    found = [(block["type"], block["content"]) for block in SPECIFIED.finditer("\n".join(lines))]
    ours = [(kind, "".join(f"{one}\n" for one in block)) for kind, block in _blocks(lines)]
    assert ours == found


def test_variables_in_requirement_files_cannot_add_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("LIB", "six\n--dry-run")
    monkeypatch.setenv("NAME", "six")
    write(tmp_path, a_txt="${NAME}\n", b_txt="${LIB}\n")
    assert read_requirements([tmp_path / "a.txt"], tmp_path).lines == ("six",)
    with pytest.raises(ConfigError, match="non-printable"):
        read_requirements([tmp_path / "b.txt"], tmp_path)


NAMES = [
    *(
        "../../outside",
        "a/b",
        "/etc/passwd",
        "",
        " ",
        ".",
        "..",
        "-x",
        "--",
        "a\nb",
        "a\0b",
        "a" * 256,
    ),
    *("\u2028", "a\x1b[2J", "\udcff", "é" * 130, "a" * 250),
]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_executables_are_names_of_files(tmp_path, name):
    with pytest.raises(ConfigError, match="is not a valid file name"):
        require_file_name(name, "the name")


def test_the_names_of_scripts_are_checked_as_well(tmp_path):
    text = '[project]\nname = "app"\n[project.scripts]\n"../../outside" = "app:main"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"'\.\./\.\./outside' is not a valid file name"):
        make_plans(read_request(str(tmp_path)))
    (tmp_path / "tool.py").write_text('# /// script\n# [tool.obelisk]\n# name = "../x"\n# ///\n')
    with pytest.raises(ConfigError, match=r"'\.\./x' is not a valid file name"):
        make_plans(read_request(str(tmp_path / "tool.py")))


def script(tmp_path, data):
    (tmp_path / "tool.py").write_bytes(data)
    return read_request(str(tmp_path / "tool.py")).application


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_a_header_is_found_whatever_the_lines_end_with(tmp_path, bom, newline):
    text = f'{bom}# /// script\n# dependencies = ["six"]\n# ///\n'
    found = script(tmp_path, text.replace("\n", newline).encode())
    assert isinstance(found, Script)
    assert found.dependencies == ("six",)


def test_a_script_in_another_encoding_is_read_as_python_does(tmp_path):
    text = '# coding: latin-1\n# é\n# /// script\n# dependencies = ["six"]\n# ///\n'
    assert script(tmp_path, text.encode("latin-1")).dependencies == ("six",)
    for data in (b"# caf\xe9\n", b"# coding: nonsense\n", b"# coding: rot13\n"):
        with pytest.raises(ConfigError, match=r"cannot read the script .*tool\.py"):
            script(tmp_path, data)


def test_sources_of_a_header_need_a_lock(tmp_path):
    text = "# /// script\n# [tool.uv.sources]\n# x = { path = 'x' }\n# ///\n"
    (tmp_path / "tool.py").write_text(text)
    with pytest.raises(ConfigError, match="no effect without a lockfile"):
        make_plans(read_request(str(tmp_path / "tool.py")))
    (tmp_path / "tool.py.lock").write_text("")
    (plan,) = make_plans(read_request(str(tmp_path / "tool.py")))
    assert plan.lock == tmp_path / "tool.py.lock"


@pytest.mark.parametrize(
    ("package", "sound"),
    [
        ('wheels = [{url = "x", hashes = {sha256 = "00"}}]', True),
        ('directory = {path = "."}', True),
        ('wheels = [{url = "x", hashes = {}}]', False),
        ('sdist = {url = "x"}', False),
        ('archive = {url = "x"}', False),
        ("wheels = 3", True),  # which uv refuses
    ],
)
def test_every_archive_of_a_pylock_has_a_hash(tmp_path, package, sound):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nscripts = {a = "a:b"}\n')
    (tmp_path / "pylock.toml").write_text(f'[[packages]]\nname = "x"\n{package}\n')
    request = read_request(str(tmp_path))
    if sound:
        assert make_plans(request)[0].lock == tmp_path / "pylock.toml"
    else:
        with pytest.raises(ConfigError, match=r"an archive of `x` in .* has no hash"):
            make_plans(request)


def test_a_lock_that_cannot_be_read_is_not_passed_over(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "a"\nscripts = {a = "a:b"}\n')
    (tmp_path / "uv.lock").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"uv\.lock is not a regular file"):
        make_plans(read_request(str(tmp_path)))


def config_of(folder, **env):
    application = Project(folder=folder, name="x", scripts=(), dynamic_scripts=False)
    return installer_config(application, {"HOME": "/nowhere", **env})


def test_only_the_projects_own_configuration_of_uv_is_obeyed(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "uv.toml").write_text("")
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert config_of(project).project is None
    (project / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.uv]\n')
    assert config_of(project).project == project / "pyproject.toml"
    (project / "uv.toml").write_text("")
    assert config_of(project).project == project / "uv.toml"


def test_a_member_obeys_its_workspace(tmp_path):
    member = tmp_path / "members/one"
    member.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.uv.workspace]\nmembers = ['members/*']\n")
    (member / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert config_of(member).project == tmp_path / "pyproject.toml"
    (tmp_path / "pyproject.toml").write_text("[tool.uv.workspace]\nmembers = ['other/*']\n")
    assert config_of(member).project is None


def test_the_users_own_configuration_of_uv_is_shown(tmp_path, monkeypatch):
    (tmp_path / ".config/uv").mkdir(parents=True)
    (tmp_path / ".config/uv/uv.toml").write_text("")
    (tmp_path / "tool.py").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setenv("UV_INDEX", "https://user:secret@x.invalid")
    (plan,) = make_plans(read_request(str(tmp_path / "tool.py")))
    rows = {row.what: row.value for row in explain(plan)}
    assert str(tmp_path / ".config/uv/uv.toml") in rows["uv-configuration"]
    assert "UV_INDEX" in rows["uv-variables"]
    assert "secret" not in str(rows)


def test_who_says_that_no_configuration_is_read_or_another_is_obeyed(tmp_path):
    (tmp_path / "uv.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text("")
    none = config_of(tmp_path, UV_NO_CONFIG="1")
    assert (none.project, none.user) == (None, ())
    chosen = config_of(tmp_path, UV_CONFIG_FILE="/x/uv.toml")
    assert [str(path) for path in chosen.user] == ["/x/uv.toml"]
    assert chosen.project is None


@pytest.mark.parametrize("text", ["six", "six>=1", "six==1.*", "six[x]<2 ; python_version > '3'"])
def test_a_hash_is_of_one_version(text, tmp_path):
    (tmp_path / "a.txt").write_text(f"{text} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(ConfigError, match=r"`--hash` without a pinned version in .*a\.txt"):
        read_requirements([tmp_path / "a.txt"], tmp_path)


@pytest.mark.parametrize(
    "text", ["six==1", "six===1.0", "six @ https://x.invalid/six.whl", "./x.whl"]
)
def test_what_can_have_a_hash_keeps_it(text, tmp_path):
    (tmp_path / "a.txt").write_text(f"{text} --hash=sha256:{'0' * 64}\n")
    (line,) = read_requirements([tmp_path / "a.txt"], tmp_path).lines
    assert line.endswith(f"--hash=sha256:{'0' * 64}")
