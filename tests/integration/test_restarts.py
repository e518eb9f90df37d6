"""A program that starts itself anew is itself again, and gives its children what it means to."""

import os
import shutil

import pytest
from support import obelisk, run, write_wheel

pytestmark = pytest.mark.compile

AGAIN = """
if os.environ.pop("AGAIN", None):
    os.environ["CODE"] = os.environ["SHOW"]
    import subprocess
    sys.stdout.flush()
    {how}
"""
SHOW = "print(sys.argv[1:], __name__, getattr(sys, 'frozen', None))"


@pytest.fixture(scope="session")
def anything(executables):
    frozen = ("--set", "interpreter.frozen=true")
    return executables("anything.py", "--set", "interpreter=true", *frozen)


@pytest.fixture
def start(anything, tmp_path):
    """Start the program as people do: by its path, by links to it and its folder, by its name."""
    names = tmp_path / "names"
    names.mkdir()
    (names / "gem").symlink_to(anything)
    (tmp_path / "folder").symlink_to(names)

    def start_it(name, code, *arguments, env=None):
        path = os.pathsep.join([str(names), str(anything.parent), os.environ["PATH"]])
        env = {"PATH": path, "CODE": code, "SHOW": SHOW, "AGAIN": "1"} | (env or {})
        # The shell looks names up, and says what it found.
        done = run(["sh", "-c", f'{name} "$@"', "sh", *arguments], cwd=tmp_path, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return start_it


NAMES = ["anything", "gem", "names/gem", "./folder/gem"]


@pytest.mark.parametrize(
    "how",
    [
        "os.execv(sys.executable, [sys.executable, *sys.argv])",
        "os.execv(sys.executable, [sys.executable, '-u', *sys.argv])",
        "os.execv(sys.executable, [sys.executable, '-Wignore', '-X', 'dev', *sys.argv])",
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])",
        "os.execv(sys.executable, ['python', *sys.argv])",
        "os.execv(sys.executable, sys.orig_argv)",
        "os.execv(sys.argv[0], sys.argv)",
        "os.chdir('/'); os.execv(sys.executable, [sys.executable, *sys.argv])",
        "subprocess.run([sys.executable] + sys.argv)",
        "subprocess.run(sys.argv)",
        "subprocess.run([sys.executable, os.path.abspath(sys.argv[0]), *sys.argv[1:]])",
        "subprocess.run([sys.executable, os.path.realpath(sys.argv[0]), *sys.argv[1:]])",
        "subprocess.run([sys.executable, __file__, *sys.argv[1:]])",
        "subprocess.run(['nice', sys.executable, '-u', *sys.argv])",
        "subprocess.run(' '.join([sys.executable, '-u', *sys.argv]), shell=True)",
        "subprocess.run([sys.executable, *sys.argv], env={'CODE': os.environ['SHOW']})",
    ],
)
def test_itself_again(start, how):
    # Arguments that could be those of `python`, and such as could not.
    both = [("x.py", "-c", "1"), ("serve", "--port", "1")] * 2
    for name, words in zip(NAMES, both, strict=True):
        assert start(name, AGAIN.format(how=how), *words) == f"{list(words)} __main__ True\n"


def test_its_own_name_is_an_argument_when_somebody_else_gives_it(start, anything):
    shown = start("anything", SHOW, "-u", str(anything), "x")
    assert shown == f"['-u', '{anything}', 'x'] __main__ True\n"


def test_argv_has_the_path_that_the_shell_found(start, anything, tmp_path):
    found = [start(name, "print(sys.argv[0], sys.orig_argv[0])").split() for name in NAMES]
    names = [anything, tmp_path / "names/gem", "names/gem", "./folder/gem"]
    assert found == [[str(name)] * 2 for name in names]


IMPORT = """
import os, subprocess, sys
try:
    import beside, sitecustomize
    print(beside.WHERE, sitecustomize.WHERE, sys.flags.isolated)
except ImportError as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "path"
    folder.mkdir()
    for name in ("beside", "sitecustomize"):
        (folder / f"{name}.py").write_text(f"WHERE = '{name}'\n")
    return folder


def child(*words, before="", environment="os.environ"):
    call = f"subprocess.run([sys.executable, {', '.join(map(repr, words))}], env={environment})"
    return f"import subprocess\n{before}\nsys.stdout.flush()\n{call}"


MISSING = "No module named 'beside'\n"
FOUND = "beside sitecustomize 0\n"


def test_children_find_what_the_program_puts_into_their_path(start, path):
    setting = f"{{**os.environ, 'PYTHONPATH': {str(path)!r}}}"
    assert start("anything", child("-c", IMPORT, environment=setting)) == FOUND
    changed = f"os.environ['PYTHONPATH'] = {str(path)!r}"
    assert start("anything", child("-c", IMPORT, before=changed)) == FOUND
    inner = child("-c", IMPORT).replace("import subprocess", "import os, subprocess, sys")
    assert start("anything", child("-c", inner, before=changed)) == FOUND


def test_nothing_around_the_executable_is_looked_for(start, anything, path, tmp_path):
    """A virtual environment that it stands in is not its own."""
    place = tmp_path / "venv/bin/app"
    place.parent.mkdir(parents=True)
    shutil.copy(anything, place)
    (tmp_path / "venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    changed = f"os.environ['PYTHONPATH'] = {str(path)!r}"
    code = "import sys; print([one for one in sys.path if 'venv/lib' in one], sys.prefix)"
    assert start(str(place), child("-c", code, before=changed)) == f"[] {place}\n"


def test_children_may_refuse_it(start, path):
    changed = f"os.environ['PYTHONPATH'] = {str(path)!r}"
    for options in (["-I", "-c"], ["-uE", "-c"], ["-W", "ignore", "-Ec"], ["-X", "dev", "-Ic"]):
        assert start("anything", child(*options, IMPORT, before=changed)) == MISSING
    show = "import sys, beside; print('sitecustomize' in sys.modules)"
    assert start("anything", child("-S", "-c", show, before=changed)) == "False\n"
    assert start("anything", child("-c", show, before=changed)) == "True\n"


def test_a_path_from_outside_has_no_effect(start, path):
    env = {"PYTHONPATH": str(path)}
    assert start("anything", child("-c", IMPORT), env=env) == MISSING
    inner = child("-c", IMPORT).replace("import subprocess", "import os, subprocess, sys")
    assert start("anything", child("-c", inner), env=env) == MISSING
    copied = "dict(os.environ)"
    assert start("anything", child("-c", IMPORT, environment=copied), env=env) == MISSING
    through = "import subprocess\nsubprocess.run(['env', sys.executable, '-c', os.environ['TEXT']])"
    assert start("anything", through, env=env | {"TEXT": IMPORT}) == MISSING


def test_the_application_itself_and_its_helpers_never_obey_it(start, path):
    pool = """
import multiprocessing, os
os.environ["PYTHONPATH"] = os.environ["FOLDER"]
with multiprocessing.get_context("spawn").Pool(1) as pool:
    pool.map(exec, [os.environ["SHOW"] + "sys.stdout.flush()"])
"""
    env = {"SHOW": IMPORT, "FOLDER": str(path)}
    assert start("anything", pool, env=env) == MISSING
    how = "os.environ['PYTHONPATH'] = os.environ['FOLDER']; os.execv(sys.executable, sys.argv)"
    env = {"SHOW": IMPORT, "FOLDER": str(path)}
    assert start("anything", AGAIN.format(how=how), env=env) == MISSING


BACKEND = """
import os
from zipfile import ZipFile
FILES = {
    "stone.py": "",
    "stone-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: stone\\nVersion: 1.0\\n",
    "stone-1.0.dist-info/WHEEL": (
        "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    ),
    "stone-1.0.dist-info/RECORD": "",
}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "stone-1.0-py3-none-any.whl"
    with ZipFile(os.path.join(folder, name), "w") as archive:
        for path, text in FILES.items():
            archive.writestr(path, text)
    return name
"""


@pytest.mark.network
def test_pip_inside_builds_a_package_in_an_environment_of_its_own(tmp_path, python_version):
    obelisk("build", "pip", "-q", "-o", tmp_path / "pip", "--python", python_version)
    write_wheel(tmp_path, [], name="mason", files={"mason.py": BACKEND})
    source = tmp_path / "stone"
    source.mkdir()
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["mason"]\nbuild-backend = "mason"\n'
        '[project]\nname = "stone"\nversion = "1.0"\n'
    )
    words = (
        "install",
        "--no-index",
        "--find-links",
        tmp_path,
        "--target",
        tmp_path / "made",
        source,
    )
    done = run([tmp_path / "pip", *words], cwd=tmp_path, env={"HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "made/stone.py").exists()
