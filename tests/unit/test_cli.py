import errno
import functools
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from support import obelisk

from obelisk import cli
from obelisk.commands.init import commented_table
from obelisk.config.settings import Settings, apply_table
from obelisk.errors import ConfigError, StorageError
from obelisk.services.console import Console


def run(*argv):
    with pytest.raises(SystemExit) as caught:
        cli.main(list(argv))
    return caught.value.code


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("OBELISK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def test_help_and_version(capsys):
    assert run("--help") == 0
    assert "statically linked" in capsys.readouterr().out
    assert run("--version") == 0


def test_an_unknown_option_is_a_configuration_error(capsys):
    assert run("build", "--optimise", "1") == 2
    assert "--optimize" in capsys.readouterr().err


def test_errors_have_their_status_and_a_hint(capsys):
    assert run("build", "nothing.py") == 2
    assert "error: cannot read the script nothing.py" in capsys.readouterr().err
    assert run("plan", "app", "--target", "x86_64-unknown-linux-mus") == 2
    assert "hint: did you mean `x86_64-unknown-linux-musl`?" in capsys.readouterr().err
    assert run("inspect", "nothing") == 7
    assert run("verify", "nothing") == 7
    assert run("distribution", "info", "nothing.tar.zst") == 2


def test_plan_needs_no_cache_and_no_network(capsys, tmp_path):
    (tmp_path / "hello.py").write_text("print()\n")
    assert run("plan", "hello.py", "--optimize", "2", "--json") == 0
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert plan["optimize"] == {"value": "2", "why": "`optimize`"}
    assert plan["entry"]["value"] == "script hello.py"
    assert plan["source-text"] == {"value": "true", "why": "default"}
    assert not (tmp_path / "cache").exists()


def test_the_command_line_overrules_the_file(capsys, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n'
        '[tool.obelisk]\nscript = "app"\nexclude = ["a"]\n'
    )
    assert run("plan", "--entry", "app:other", "--exclude", "b", "--json") == 0
    (plan,) = json.loads(capsys.readouterr().out)["plans"]
    assert plan["entry"]["value"] == "app:other"
    assert plan["exclude"]["value"] == "a, b"


PROJECT = '[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n[tool.obelisk]\n'


@pytest.mark.parametrize(
    ("table", "options", "old", "new"),
    [
        ("sources = false\n", (), "`sources`", "`source-text`"),
        ("", ("--set", "sources=false"), "`sources`", "`source-text`"),
        ("", ("--without-sources",), "`--without-sources`", "`--no-source-text`"),
        ("", ("--with-sources",), "`--with-sources`", "`--source-text`"),
        ("", ("--compression", "sources"), '`compression = "sources"`', '`compression = "text"`'),
        ('compression = "sources"\n', (), '`compression = "sources"`', '`compression = "text"`'),
    ],
)
def test_old_names_warn_of_the_new_ones(capsys, tmp_path, table, options, old, new):
    (tmp_path / "pyproject.toml").write_text(PROJECT + table)
    assert run("plan", *options) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {old} ")
    assert line.endswith(f" deprecated; use {new} instead")


def test_old_names_of_the_archives_warn_of_the_new_ones(capsys, tmp_path, monkeypatch):
    """The folder lacks the archive, and the error names it: it was looked in."""
    (tmp_path / "empty").mkdir()
    monkeypatch.delenv("OBELISK_ARCHIVES", raising=False)
    said = []
    for name in ("--archives", "--sources"):
        assert run("distribution", "build", name, "empty") == 3
        said.append(capsys.readouterr().err)
    assert said[1] == "warning: `--sources` is deprecated; use `--archives` instead\n" + said[0]
    for name in ("OBELISK_ARCHIVES", "OBELISK_SOURCES"):
        monkeypatch.setenv(name, "empty")
        assert run("distribution", "build") == 3
        said.append(capsys.readouterr().err)
        monkeypatch.delenv(name)
    assert said[2] == said[0]
    assert said[3] == said[1].replace("--sources", "OBELISK_SOURCES").replace(
        "`--archives`", "`OBELISK_ARCHIVES`", 1
    )
    assert "in empty: looked for" in said[0]


def test_init_writes_a_table_that_can_be_read(capsys, tmp_path):
    assert run("init") == 2
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "app"\n')
    assert run("init") == 0
    assert tomllib.loads(path.read_text())["tool"]["obelisk"] == {}
    assert run("init") == 2
    assert "already" in capsys.readouterr().err


def test_every_example_of_init_is_valid():
    lines = [line.removeprefix("# ") for line in commented_table().splitlines() if " = " in line]
    for line in lines:
        apply_table(Settings(), tomllib.loads(line), "the example")


def test_cache_commands(capsys, tmp_path):
    assert run("cache", "dir") == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "cache")
    assert run("cache", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out)["entries"] == []
    assert run("cache", "clean") == 0


def test_distributions_are_listed(capsys):
    assert run("distribution", "list", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["distributions"]
    assert {row["python"] for row in rows} >= {"3.14.6", "3.13.15"}
    assert run("distribution", "info", "3.13") == 2
    assert "is not in the cache" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["info", "licenses", "extract"])
def test_what_is_no_distribution_is_refused(capsys, tmp_path, command):
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.tar.zst").write_bytes(b"x" * 100)
    os.mkfifo(tmp_path / "fifo")
    more = ("out",) if command == "extract" else ()
    for name in ("folder", "fifo", "/dev/zero"):
        assert run("distribution", command, name, *more) == 2
        assert "neither a distribution archive nor" in capsys.readouterr().err
    assert run("distribution", command, "broken.tar.zst", *more) == 3
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(capsys, shell):
    assert run("completion", shell) == 0
    assert "_OBELISK_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (OSError(errno.ENOSPC, "full", "/x"), 8, "No space left on device"),
        (OSError(errno.EROFS, "ro", "/x"), 8, "choose another `--output`"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ConfigError("wrong", hint="mend it"), 2, "hint: mend it"),
    ],
)
def test_what_goes_wrong_ends_in_a_status(monkeypatch, capsys, raised, status, said):
    def fail(*_, **__):
        raise raised

    monkeypatch.setattr(cli.cli, "main", fail)
    assert run("build") == status
    assert said in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(monkeypatch):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(cli.cli, "main", fail)
    with pytest.raises(ZeroDivisionError) as caught:
        cli.main(["build"])
    assert "this is a bug in Obelisk" in caught.value.__notes__[0]


@pytest.mark.parametrize("name", ["[/x]out", "[bold]out", ":smile:", "[red", "a\x1b[31mb", "\tx"])
def test_nothing_that_is_printed_is_read_as_markup(capsys, name):
    console = Console()
    console.report((name, "bold"), f" {name}")
    console.note(name)
    console.warn(name)
    console.error(ConfigError(name, hint=name))
    with console.step(name):
        pass
    console.data(name)
    said = capsys.readouterr()
    assert said.out == f"{name}\n"
    shown = name.replace("\x1b", "\\x1b")
    assert said.err.expandtabs(8).count(shown.expandtabs(8).strip()) == 7
    assert "\x1b" not in said.err


def test_what_is_not_utf8_is_printed_as_it_is(capfdbinary):
    Console().data("caf\udce9")
    Console().warn("caf\udce9")
    said = capfdbinary.readouterr()
    assert said.out == b"caf\xe9\n"
    assert b"caf\\udce9" in said.err


def test_texts_are_utf8_whatever_the_locale_says(tmp_path):
    text = '# é\n# /// script\n# dependencies = ["six"] # é\n# ///\n'
    (tmp_path / "tool.py").write_text(text, encoding="utf-8")
    (tmp_path / "é.txt").write_text("six # é\n", encoding="utf-8")
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    said = obelisk("plan", "tool.py", "-r", "é.txt", cwd=tmp_path, env=ascii_only)
    assert "é.txt" in said


@pytest.mark.parametrize("table", ["tool = 1\n", "tool = {}\n", "[tool]\nobelisk = 1\n"])
def test_init_does_not_break_a_file(tmp_path, table):
    path = tmp_path / "pyproject.toml"
    path.write_text(table)
    assert run("init") == 2
    assert path.read_text() == table


def test_init_keeps_line_ends_and_encoding(tmp_path):
    path = tmp_path / "pyproject.toml"
    path.write_bytes('[project]\r\nname = "app"\r\nauthors = ["é"]\r\n'.encode())
    assert run("init") == 0
    assert path.read_bytes().startswith('[project]\r\nname = "app"\r\nauthors = ["é"]'.encode())


@pytest.mark.parametrize(
    "argv",
    [
        ("plan", "hello.py"),
        ("plan", "--json", "hello.py"),
        ("completion", "bash"),
        ("--version",),
        ("-h",),
        ("build", "--help"),
        ("cache", "list", "--help"),
    ],
)
def test_a_full_stdout_is_named(tmp_path, argv):
    (tmp_path / "hello.py").write_text("print()\n")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "obelisk", *argv],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == StorageError.exit_code
    assert done.stderr.splitlines()[0] == "error: cannot write to stdout: No space left on device"


def with_closed(stream, *argv):
    """Run the command line with nobody at the other end of a stream; return status and stderr."""
    reading, writing = os.pipe()
    os.close(reading)
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, stream: writing}
    argv = [sys.executable, "-m", "obelisk", *argv]
    done = subprocess.run(argv, check=False, text=True, **streams)
    os.close(writing)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize(
    "argv",
    [
        ("--help",),
        ("--version",),
        ("pins", "--help"),
        ("pins",),
        ("pins", "--json"),
        ("cache", "-h"),
    ],
)
def test_output_that_nobody_reads_ends_a_command_as_a_signal_would(argv):
    assert with_closed("stdout", *argv) == (141, "")


@pytest.mark.parametrize("argv", [("inspect", "none"), ("nonsense",), ("plan", "none.py")])
def test_so_do_errors_that_nobody_reads(argv):
    assert with_closed("stderr", *argv)[0] == 141


def test_a_stdout_that_is_closed_is_an_error():
    argv = [sys.executable, "-m", "obelisk", "pins"]
    close = functools.partial(os.close, 1)
    done = subprocess.run(argv, check=False, text=True, stderr=subprocess.PIPE, preexec_fn=close)
    assert done.returncode == 8
    assert "error: cannot write to stdout: it is closed" in done.stderr
