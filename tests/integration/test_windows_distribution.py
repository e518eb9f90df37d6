"""The distribution for Windows as others would use it, and its Python, which runs under Wine."""

import json
import subprocess
from pathlib import Path

import pytest
from support import obelisk
from wine import TRIPLE

from obelisk.distribution.windows import exports
from obelisk.distribution.windows.modules import LEFT_OUT, MODULES

pytestmark = pytest.mark.compile

IMPORTS = """
import importlib, json, sys
failed = {}
for name in sys.builtin_module_names:
    try:
        importlib.import_module(name)
    except Exception as error:
        failed[name] = repr(error)
print(json.dumps([sorted(sys.builtin_module_names), failed]))
"""
CALLS = r"""
import bz2, ctypes.util, decimal, hashlib, lzma, os, sqlite3, ssl, sysconfig, uuid, winreg, zlib
data = b"ab" * 1000
assert {m.decompress(m.compress(data)) for m in (bz2, lzma, zlib)} == {data}
assert sqlite3.connect(":memory:").execute("select sqrt(2) > 1").fetchone() == (1,)
assert ssl.create_default_context().verify_mode == ssl.CERT_REQUIRED
assert hashlib.blake2b(data).hexdigest() == hashlib.new("blake2b", data).hexdigest()
assert str(decimal.Decimal(1) / 3).startswith("0.3333")
assert ctypes.pythonapi.PyLong_AsLong(ctypes.py_object(42)) == 42
callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(lambda number: number + 1)
assert callback(41) == 42
assert uuid.uuid1() and winreg.HKEY_CURRENT_USER
try:
    ctypes.string_at(8)
except OSError as error:
    print(error)
try:
    os.close(os.dup(1)); os.close(99)
except OSError as error:
    print(error.errno)
print(ctypes.util.find_msvcrt(), sysconfig.get_platform(), sysconfig.get_config_var("EXT_SUFFIX"))
"""


@pytest.fixture(scope="session")
def distribution(python_version):
    """The folder of the distribution."""
    printed = obelisk(
        *("distribution", "build", "--target", TRIPLE, "--python", python_version, "-q")
    )
    return Path(printed.strip()).parent / "python"


@pytest.fixture(scope="session")
def description(distribution):
    return json.loads((distribution / "PYTHON.json").read_text())


@pytest.fixture(scope="module")
def run_python(distribution, wine, tmp_path_factory):
    """A function that runs code by the distribution's own Python, under Wine."""
    folder = tmp_path_factory.mktemp("empty")

    def run_python(*arguments):
        # Without bytecode, which it would leave in the cache.
        program = distribution / "install/python.exe"
        done = wine.run(program, "-B", *arguments, cwd=folder)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    return run_python


def test_every_module_is_there_and_imports(run_python, description):
    found, failed = json.loads(run_python("-I", "-c", IMPORTS))
    assert failed == {}
    assert set(found) == set(description["build_info"]["extensions"])
    newer = {module.name for module in MODULES if module.newest}
    wanted = {module.name for module in MODULES} | {"msvcrt", "winreg", "_winapi", "zlib", "nt"}
    assert wanted - set(found) <= newer
    assert not set(LEFT_OUT) & set(found)


def test_libraries_errors_and_callbacks_work(run_python, description):
    lines = run_python("-I", "-X", "utf8", "-c", CALLS).splitlines()
    suffix = description["python_suffixes"]["extension"][0]
    assert lines == [
        "exception: access violation reading 0x0000000000000008",
        "9",
        f"None win-amd64 {suffix}",
    ]


def test_the_standard_library_is_compiled_to_the_same_bytecode(run_python, distribution, tmp_path):
    code = "import marshal, sys; text = open(sys.argv[1], 'rb').read()\n"
    code += "sys.stdout.write(marshal.dumps(compile(text, 'x', 'exec')).hex())"
    source = distribution / "install/Lib/argparse.py"
    there = run_python("-I", "-c", code, f"Z:{source}")
    native = obelisk("distribution", "build", "--python", description_version(distribution), "-q")
    python = Path(native.strip()).parent / "python/install/bin"
    (program,) = python.glob("python3.*")
    argv = [program, "-I", "-c", code, source]
    here = subprocess.run(argv, capture_output=True, text=True, check=True, env={"HOME": "~"})
    assert there.strip() == here.stdout


def description_version(distribution):
    """Return the Python version of a distribution, such as `3.14`."""
    text = (distribution / "PYTHON.json").read_text()
    return json.loads(text)["python_major_minor_version"]


def test_it_is_described_in_format_8(description, distribution):
    assert description["version"] == "8"
    assert description["target_triple"] == TRIPLE
    assert description["python_platform_tag"] == "win-amd64"
    assert "musl" not in json.dumps(description)
    core = description["build_info"]["core"]
    assert (distribution / core["static_lib"]).is_file()
    named = [*core["objs"]]
    for (variant,) in description["build_info"]["extensions"].values():
        named += variant["objs"]
        named += [link["path_static"] for link in variant["links"] if "path_static" in link]
    assert all((distribution / path).is_file() for path in named)
    texts = {path.name for path in (distribution / "licenses").iterdir()}
    assert texts >= {"LICENSE.mingw-w64.txt", "LICENSE.openssl.txt", "LICENSE.sqlite.txt"}


def test_the_stable_c_api_is_exported(distribution, description):
    digits = description["python_major_minor_version"].replace(".", "")
    lines = (distribution / f"build/config/python{digits}.def").read_text().splitlines()[1:]
    exported = {line.split()[0] for line in lines}
    declared = exports.declared_api(distribution / "install/Include")
    assert exported <= declared
    assert exported >= {"Py_Initialize", "PyObject_GetAttr", "PyLong_Type", "_PyRuntime"}
    assert {line.split()[0] for line in lines if line.endswith(" DATA")} >= {"PyLong_Type"}
    assert not [name for name in exported if name.startswith("PyInit_")]


def test_nothing_of_this_machine_is_in_it(distribution):
    home = str(Path.home()).encode()
    folders = (str(distribution).encode(), b"site-packages/ziglang", home + b"/")
    for path in sorted(distribution.rglob("*")):
        if path.is_file() and path.suffix in (".a", ".o", ".lib", ".obj", ".exe", ".json", ".def"):
            data = path.read_bytes()
            assert not [one for one in folders if one in data], path
