"""Executables for Windows, cross-built here and run under Wine from an empty folder.

What every target must do is asked in test_conformance.py; this is what only Windows has. What Wine
itself cannot do is left out, and named where it would stand. Real Windows is what
`make windows-check` is for.
"""

import functools
import http.server
import json
import re
import shutil
import subprocess
import threading
import urllib.request

import pytest
from support import APPS, obelisk
from wine import TRIPLE

from obelisk.pe.headers import DirectoryEntry, read_headers

pytestmark = [pytest.mark.compile, pytest.mark.network]

WINDOWS = APPS / "windows"


@pytest.fixture(scope="session")
def windows(executables):
    """A function that builds an executable for Windows, once each."""

    def build(name, *options, what=None):
        return executables(name, "--target", TRIPLE, *options, what=what)

    return build


@pytest.fixture(scope="session")
def behaviour(windows):
    return windows("behaviour.exe", what=WINDOWS / "behaviour.py")


@pytest.fixture
def ask(wine, behaviour, tmp_path):
    """A function that asks the program one question in an empty folder; returns its lines."""
    folder = tmp_path / "empty"
    folder.mkdir()

    def ask(*question, status=0, **options):
        done = wine.run(behaviour, *question, cwd=folder, **options)
        assert done.returncode == status, done.stdout + done.stderr
        assert status or not done.stderr, done.stderr
        return done.stdout.splitlines()

    return ask


# One program


def test_arguments_are_what_was_typed(ask):
    words = ["two words", "ä€😀", 'a"quote', "back\\slash\\", ""]
    assert ask("arguments", *words) == [str(["arguments", *words]), "True True"]


def test_the_process_is_isolated_and_speaks_utf8(ask):
    assert ask("process", env={"PYTHONPATH": "Z:\\nowhere", "PYTHONUTF8": "0"}) == [
        "win32 nt \\",
        "True True True",
        "0 1 1",
        "utf-8 utf-8",
        "True True",
    ]


def test_own_files_are_ordinary_files_that_nothing_changes(ask):
    assert ask("files") == [
        "json True __init__.py",
        "True True",
        "True False",
        "['__init__.py', '__main__.py'] True",
        "True True",
        *["PermissionError", "PermissionError", "PermissionError"],
        "True",
    ]


def test_modules_have_sources_resources_and_metadata(ask, python_version):
    main = "" if python_version == "3.13" else "'__main__', "
    assert ask("modules") == [
        "True",
        "True True",
        f"[{main}'decoder', 'encoder', 'scanner', 'tool']",
        "True",
        "Europe/Berlin True",
        "True",
    ]


def test_every_extension_module_is_imported(ask):
    assert ask("extensions") == ["extension modules: all imported"]


def test_every_library_works(ask):
    assert ask("libraries") == [
        "sqlite (2,)",
        "ssl OpenSSL True",
        "hash a7ffc6f8 20",
        "decimal 0.1428571428571428571428571429",
        "ctypes [1, 2, 3, 4] True",
        "uuid 1 expat expat",
    ]


def test_the_executable_is_python_for_its_children(ask):
    assert ask("processes") == ["""['-c', 'ä b', 'q"'] 1""", "[b'[', b'1', b']']", "5"]


def test_multiprocessing_needs_no_call(ask):
    assert ask("parallel") == ["['spawn']", "[1, 4, 9]", "16", "stone"]


def test_asyncio_talks(ask):
    assert ask("asynchronous") == ["HELLO ProactorEventLoop"]


def test_streams_are_utf8(wine, behaviour, tmp_path):
    done = wine.run(behaviour, "streams", cwd=tmp_path, stdin="grüße\n")
    assert (done.stdout, done.stderr) == ("grüße\nä€😀\n", "to stderr\n")


def test_long_paths(ask, wine, tmp_path):
    scratch = wine.path(tmp_path / "scratch")
    assert ask("paths", env={"SCRATCH": scratch}) == ["True long ['ä€.txt']"]


def test_an_executable_with_a_long_path(wine, behaviour, tmp_path):
    """Its own files have a longer one; Wine does not start its children there."""
    folder = tmp_path.joinpath(*["ä" * 100] * 3)
    folder.mkdir(parents=True)
    copy = shutil.copy(behaviour, folder / "behaviour.exe")
    done = wine.run(copy, "modules", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == ["True", "True True"]


def test_exit_statuses(ask):
    ask("status", status=42)


def test_ctrl_c_in_a_console(ask):
    """Wine sends ctrl-break to no single process, and there is no window to close."""
    assert ask("console") == ["0x0 interrupted", "0xc000013a KeyboardInterrupt"]


def test_a_traceback_has_lines_of_source(wine, behaviour, tmp_path):
    done = wine.run(behaviour, "fails", cwd=tmp_path)
    assert done.returncode == 1
    assert 'raise RuntimeError("as it must")' in done.stderr


def test_the_environment_is_given_on_but_changes_nothing_of_python(ask):
    env = {"ANSWER": "42", "PYTHONHOME": "Z:\\nowhere"}
    assert ask("environment", env=env) == ["42 win-amd64", "['PYTHONHOME'] True"]


def test_variables_of_python_have_their_effect_where_it_is_asked_for(wine, windows, tmp_path):
    """An encoding of files that is not UTF-8 as well: the runtime's own paths are."""
    python = windows("python.exe", "--set", "interpreter=true", what=WINDOWS / "behaviour.py")
    code = "import json, os, sys; own = os.listdir(os.path.dirname(json.__file__)); "
    code += "print(sys.getfilesystemencoding(), sys.getfilesystemencodeerrors(), "
    code += "sys.flags.optimize, sys.path[1:3], len(own) > 4)"
    env = {
        "PYTHONLEGACYWINDOWSFSENCODING": "1",
        "PYTHONLEGACYWINDOWSSTDIO": "1",
        "PYTHONOPTIMIZE": "1",
        "PYTHONSAFEPATH": "1",
        "PYTHONHOME": "Z:\\nowhere",
        "PYTHONPATH": "Z:\\a;Z:\\b",
    }
    folder = tmp_path / "ä €"
    folder.mkdir()
    copy = shutil.copy(python, folder / "python.exe")
    done = wine.run(copy, "--python", "-c", code, cwd=folder, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [r"mbcs replace 1 ['Z:\\a', 'Z:\\b'] True"]
    done = wine.run(copy, "environment", cwd=folder, env=env)
    assert (done.returncode, done.stderr) == (0, "")


# Applications


def test_a_command_line_of_five_libraries(wine, windows, tmp_path):
    tools = windows("tools.exe", what=WINDOWS / "tools.py")
    wine.says(tools, ["Hello, WORLD &amp; ALL!"], "greet", "world & all", cwd=tmp_path)
    assert wine.run(tools, "--version", cwd=tmp_path).stdout.strip().endswith("version 1.2.3")
    assert "│ n │" in wine.run(tools, "table", cwd=tmp_path).stdout
    (tmp_path / "page").write_text("[1, 2]")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        done = wine.run(tools, "fetch", f"http://127.0.0.1:{server.server_port}/page", cwd=tmp_path)
        server.shutdown()
    assert done.stdout.split() == ["status:", "200", "text:", "-", "1", "-", "2"], done.stderr


def test_flask_serves_a_page(wine, windows, tmp_path):
    served = windows("served.exe", what=WINDOWS / "served.py")
    with wine.start(served, cwd=tmp_path) as server:
        port = int(server.stdout.readline())
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/a%20b", timeout=60) as answer:
            assert answer.read() == b"<p>a b</p>"
        assert "served" in server.communicate(timeout=60)[0]
    assert server.returncode == 0


def test_a_database_and_templates(wine, windows, tmp_path):
    notes = windows("notes.exe", what=WINDOWS / "notes/notes.py")
    wine.says(notes, ["<ul><li>ä &amp; b</li></ul>"], "ä & b", cwd=tmp_path)
    wine.says(notes, ["<ul><li>a</li><li>ä &amp; b</li></ul>"], "a", cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.db"]


def test_a_project_of_c_and_cython(wine, windows, tmp_path):
    # Cython writes beside its sources.
    project = shutil.copytree(WINDOWS / "compiled", tmp_path / "compiled")
    fast = windows("fast.exe", what=project)
    lines = ["3.5 True 42", "unsupported operand type(s) for +=: 'float' and 'str'"]
    (tmp_path / "empty").mkdir()
    wine.says(fast, lines, cwd=tmp_path / "empty")
    found = {one["what"]: one for one in json.loads(obelisk("verify", "--json", fast))["findings"]}
    assert found["shared objects"]["detail"] == "2 linked"
    assert all(one["sound"] for one in found.values())


COMMANDS = {
    "httpie": (
        ("--set", "pure=['multidict', 'charset-normalizer']", "--script", "http"),
        "3.",
    ),
    "yt-dlp": ((), "20"),
    "black": (("--set", "pure=['black', 'pytokens']", "--script", "black"), "black"),
    "pytest": (("--script", "pytest"), "pytest"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_that_people_use(wine, windows, tmp_path, name):
    options, version = COMMANDS[name]
    executable = windows(f"{name}.exe", *options, what=name)
    done = wine.run(executable, "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).startswith(version)


def test_black_formats_and_pytest_tests(wine, windows, tmp_path):
    options, _ = COMMANDS["black"]
    (tmp_path / "test_one.py").write_text("def test_one( ):\n    assert 1+1==2\n")
    black = windows("black.exe", *options, what="black")
    done = wine.run(black, "-q", "test_one.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "test_one.py").read_text() == "def test_one():\n    assert 1 + 1 == 2\n"
    options, _ = COMMANDS["pytest"]
    tested = wine.run(windows("pytest.exe", *options, what="pytest"), "-q", cwd=tmp_path)
    assert "1 passed" in tested.stdout, tested.stdout + tested.stderr


# The file


def test_it_keeps_its_promises_and_says_what_is_inside(behaviour):
    found = json.loads(obelisk("verify", "--json", behaviour))
    assert found["sound"]
    inside = json.loads(obelisk("inspect", "--json", behaviour))
    assert inside["target"] == TRIPLE
    names = {one["name"] for one in inside["components"]}
    assert {"cpython", "openssl", "sqlite", "tzdata"} <= names
    obelisk("sbom", behaviour)
    obelisk("licenses", behaviour)


def test_libraries_of_the_system_are_not_looked_for_beside_it(behaviour):
    """What a folder of downloads has beside it is none of its libraries; Wine does not obey."""
    data = behaviour.read_bytes()
    headers = read_headers(data)
    place = headers.offset_of(headers.directory(DirectoryEntry.LOAD_CONFIG).address, 320)
    size, flags = int.from_bytes(data[place : place + 4], "little"), data[place + 78 : place + 80]
    assert (size, int.from_bytes(flags, "little")) == (320, 0x800)


def test_two_builds_give_the_same_bytes(windows, tmp_path):
    script = tmp_path / "twice.py"
    script.write_text("print('twice')\n")
    first, second = tmp_path / "one/twice.exe", tmp_path / "two/twice.exe"
    for path in (first, second):
        obelisk("build", "-q", "--target", TRIPLE, script, "-o", path)
    assert first.read_bytes() == second.read_bytes()


def test_icon_version_and_rights_are_settings(wine, tmp_path):
    shutil.copy(WINDOWS / "check/window.ico", tmp_path / "app.ico")
    script = tmp_path / "shown.py"
    script.write_text(
        "# /// script\n# [tool.obelisk.windows]\n# icon = 'app.ico'\n# uac = 'highest-available'\n"
        "# version-info = {file-version = '1.2.3', company-name = 'Ours'}\n# ///\nprint('shown')\n"
    )
    path = tmp_path / "dist/shown.exe"
    obelisk("build", "-q", "--target", TRIPLE, script, "-o", path)
    words = obelisk("verify", path)
    assert "manifest (highestAvailable), icon with 1 images, version 1.2.3.0" in words
    wine.says(path, ["shown"], cwd=tmp_path)


def test_a_program_without_a_console(wine, tmp_path):
    """Its streams are pipes here all the same; what it says where there is none is lost."""
    script = tmp_path / "quiet.py"
    script.write_text(
        "import sys\nprint('seen')\nprint('lost', file=sys.stderr)\nopen('done.txt', 'w').close()\n"
    )
    path = tmp_path / "dist/quiet.exe"
    setting = ("--set", 'windows.subsystem="windows"')
    obelisk("build", "-q", "--target", TRIPLE, *setting, script, "-o", path)
    done = wine.run(path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "done.txt").exists()


def test_a_signature_leaves_it_running(wine, behaviour, tmp_path):
    key, certificate, signed = (tmp_path / name for name in ("key", "certificate", "signed.exe"))
    options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "9"]
    words = ["openssl", "req", *options, "-keyout", key, "-out", certificate]
    subprocess.run(words, check=True, capture_output=True)
    words = ["osslsigncode", "sign", "-certs", certificate, "-key", key, "-h", "sha256"]
    words += ["-in", behaviour, "-out", signed]
    subprocess.run(words, check=True, capture_output=True)
    assert "ok   Authenticode: its sha256 matches the file" in obelisk("verify", signed)
    done = wine.run(signed, "process", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


# What is refused


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--snapshot",), 2, "`snapshot` is not available for x86_64-pc-windows-gnu"),
        (("--relinkable", "folder"), 2, "`--relinkable` is not available"),
        (("--train", "--help"), 2, "does not run on this machine"),
        (("--set", "build-packages=['zlib']"), 2, "`build-packages` is not available"),
    ],
)
def test_what_only_linux_has_is_refused(tmp_path, options, status, said):
    arguments = ("build", APPS / "hello.py", "--target", TRIPLE, "-o", tmp_path / "hello.exe")
    words = obelisk(*arguments, *options, cwd=tmp_path, status=status)
    assert said in words
    assert not (tmp_path / "hello.exe").exists()


def test_extension_modules_of_wheels_are_refused_with_the_ways_out(tmp_path):
    command = ("build", "orjson", "--target", TRIPLE, "--entry", "orjson:dumps")
    words = obelisk(*command, "-o", tmp_path / "app.exe", status=6)
    assert re.search(r"orjson.*\.pyd: the library `VCRUNTIME140.dll`", words)
    assert "`no-binary`" in words


def test_a_project_that_needs_cxx_is_refused(tmp_path):
    project = shutil.copytree(WINDOWS / "compiled", tmp_path / "compiled")
    setup = project / "setup.py"
    setup.write_text(setup.read_text().replace("plain.c", "plain.cpp"))
    (project / "src/fast/plain.c").rename(project / "src/fast/plain.cpp")
    words = obelisk("build", project, "--target", TRIPLE, cwd=tmp_path, status=4)
    assert "it requires a C++ compiler, which is not available" in words
