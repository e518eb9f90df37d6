"""What a program finds of the machine around it, and what it carries where there is nothing."""

import shutil
import subprocess
from pathlib import Path

import certifi
import pytest
from support import packages

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def surroundings(executables):
    return executables("surroundings.py")


@pytest.fixture
def ask(surroundings, empty_root):
    def ask_it(action, executable=surroundings, **env):
        done = empty_root.run(executable, action, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return ask_it


def put(root, path, source):
    place = root.folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def test_certificates_of_the_executable(ask):
    carried = "/app/.obelisk/cacert.pem"
    assert ask("certificates") == [
        f"file {carried} {carried}",
        "folder /etc/ssl/certs",
        "loaded True",
    ]


@pytest.mark.parametrize(
    "place",
    [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/tls/cacert.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ],
)
def test_certificates_of_the_system(ask, empty_root, place):
    put(empty_root, place[1:], certifi.where())
    assert ask("certificates")[0] == f"file {place} {place}"


def test_certificates_in_a_folder_of_the_system(ask, empty_root):
    put(empty_root, "etc/pki/tls/certs/one.0", certifi.where())
    lines = ask("certificates")
    assert lines[:2] == ["file /etc/ssl/cert.pem None", "folder /etc/pki/tls/certs"]


def test_certificates_of_the_environment(ask, empty_root):
    put(empty_root, "own.pem", certifi.where())
    put(empty_root, "etc/ssl/cert.pem", certifi.where())
    assert ask("certificates", SSL_CERT_FILE="/own.pem")[0].endswith(" /own.pem")


def test_nothing_is_carried_that_is_not_wanted(executables, ask):
    options = ("bundle-certificates=false", "bundle-time-zones=false")
    executable = executables("surroundings.py", *(w for o in options for w in ("--set", o)))
    assert ask("certificates", executable)[-1] == "loaded False"


ZONES = Path("/usr/share/zoneinfo")


def test_time_zones_of_the_executable(ask):
    assert ask("time_zone") == ["zoneinfo 2:00:00 True", "libc 10 ('UTC', 'UTC')"]
    assert ask("time_zone", TZ="Europe/Berlin")[1] == "libc 12 ('CET', 'CEST')"
    assert ask("time_zone", TZ="Nowhere/Land")[1].startswith("libc 10 ")


def test_time_zones_of_the_system_come_first(ask, empty_root):
    if not (ZONES / "Asia/Tokyo").is_file():
        pytest.skip("this machine has no time zones: /usr/share/zoneinfo")
    put(empty_root, "usr/share/zoneinfo/Europe/Berlin", ZONES / "Asia/Tokyo")
    assert ask("time_zone", TZ="Europe/Berlin") == [
        "zoneinfo 9:00:00 True",
        "libc 19 ('JST', 'JST')",
    ]


def test_terminals(ask, empty_root, tmp_path):
    assert ask("terminal", TERM="xterm-256color")[0].startswith("terminal 256 ")
    tic, infocmp = shutil.which("tic"), shutil.which("infocmp")
    if not (tic and infocmp):
        pytest.skip("tic and infocmp are not installed")
    plain = subprocess.run([infocmp, "-1", "vt100"], capture_output=True, text=True, check=True)
    lines = [line for line in plain.stdout.splitlines() if line.startswith("\t")]
    entry = "\n".join(lines).replace("clear=", "colors#3,\n\tclear=stone")
    source = tmp_path / "entry"
    source.write_text(f"xterm-256color|my own terminal,\n{entry}\n")
    place = empty_root.folder / "usr/share/terminfo"
    place.mkdir(parents=True)
    subprocess.run([tic, "-o", place, source], check=True, capture_output=True)
    assert ask("terminal", TERM="xterm-256color")[0].startswith("terminal 3 b'stone")


def test_names_without_files(ask):
    assert ask("names") == [
        *("KeyError", "KeyError", "[]", "OSError", "~"),
        *("80", "127.0.0.1", "OSError", "gaierror"),
    ]


def test_names_of_files(ask, empty_root):
    etc = empty_root.folder / "etc"
    etc.mkdir()
    (etc / "passwd").write_text("root:x:0:0::/quarry:/bin/sh\n")
    (etc / "group").write_text("stones:x:0:root\n")
    (etc / "hosts").write_text("127.0.0.7 localhost\n")
    (etc / "services").write_text("https 443/tcp\n")
    lines = ask("names")
    assert lines[:2] == ["root", "stones"]
    assert lines[3:5] == ["root", "/quarry"]
    assert lines[5:8] == ["80", "127.0.0.1", "443"]


def test_large_recursion_in_threads(ask):
    assert ask("stacks") == ["[20000]"]


def test_processors(ask):
    shown = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout.strip()
    assert ask("processors")[0].split()[1] == shown


def test_what_is_carried_is_told(surroundings):
    assert sorted(packages(surroundings)) == ["certifi", "tzdata"]
