"""CPython for Windows: its projects read, its tables, what it exports, its description."""

import json
import struct
from pathlib import Path

import pytest

from obelisk.distribution import distribution, python_json
from obelisk.distribution.distribution import distribution_key
from obelisk.distribution.windows import (
    describe,
    exports,
    inittab,
    modules,
    projects,
    units,
)
from obelisk.errors import ToolError
from obelisk.recipes import recipes_of
from obelisk.recipes.patches import of_system, patches
from obelisk.services.pins import shipped_pins
from obelisk.target import TARGETS, parse_target

TARGET = parse_target("x86_64-pc-windows-gnu")
PROJECT = """\
<ClCompile Include="..\\Modules\\_ssl.c">
  <PreprocessorDefinitions>A;%(PreprocessorDefinitions)</PreprocessorDefinitions>
</ClCompile>
<ClCompile Include="$(mpdecimalDir)\\libmpdec\\context.c" />
<ClCompile Include="$(opensslDir)applink.c" />
<ClCompile Include="..\\PC\\winreg.c" />
<ClInclude Include="..\\Modules\\_ssl.h" />
"""


@pytest.fixture
def tree(tmp_path):
    """A few files of CPython's source."""
    files = {
        "PCbuild/_ssl.vcxproj": PROJECT,
        "PCbuild/empty.vcxproj": "<Project />",
        "PC/config.c": (
            "extern PyObject* PyInit_math(void);\nstruct _inittab x[] = {\n"
            '    {"math", PyInit_math},\n    {"nt", PyInit_nt}, /* not posix */\n'
            '#ifdef _Py_HAVE_ZLIB\n    {"zlib", PyInit_zlib},\n#endif\n'
            '    {"sys", NULL},\n    {0, 0}\n'
        ),
        "Modules/Setup.bootstrap.in": (
            "*static*\nposix posixmodule.c\n_io _io/_iomodule.c _io/iobase.c\n"
            "@MODULE_PWD_TRUE@pwd pwdmodule.c\n"
        ),
        "Modules/posixmodule.c": "PyMODINIT_FUNC\nPyInit_nt(void)\n{\n",
        "Modules/mathmodule.c": "PyMODINIT_FUNC\nPyInit_math(void)\n{\n",
        "Modules/gcmodule.c": "PyMODINIT_FUNC\nPyInit_gc(void)\n{\n",
        "Python/import.c": "PyMODINIT_FUNC\nPyInit__imp(void)\n{\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def test_a_project_names_sources_of_cpythons_own_tree(tree):
    found = projects.project_sources(tree, "_ssl")
    assert found == ["Modules/_ssl.c", "Modules/_decimal/libmpdec/context.c", "PC/winreg.c"]


@pytest.mark.parametrize(("name", "said"), [("none", "has no"), ("empty", "names no source")])
def test_a_project_that_is_not_as_expected_is_named(tree, name, said):
    with pytest.raises(ToolError, match=rf"{said}|{name}"):
        projects.project_sources(tree, name)


def test_the_table_of_modules_has_no_conditions(tree):
    rows = inittab.core_rows(tree)
    assert rows == [
        *[("math", "PyInit_math"), ("nt", "PyInit_nt"), ("zlib", "PyInit_zlib"), ("sys", "NULL")]
    ]
    text = inittab.inittab(rows)
    assert "#if" not in text
    assert "PyObject *PyInit_nt(void);" in text
    assert "PyObject *NULL" not in text
    assert text.endswith('    {"sys", NULL},\n    {NULL, NULL},\n};\n')


def test_modules_that_can_be_left_out_are_apart_from_those_that_cannot(tree):
    sources = ["Modules/posixmodule.c", "Modules/mathmodule.c", "Modules/gcmodule.c"]
    inits = modules.core_inits(tree, [*sources, "Python/import.c"])
    own = [("winreg", ["PC/winreg.c"], ("advapi32",))]
    needed, others = inittab.setup_files(tree, inits, own)
    assert needed.splitlines() == ["*static*", "nt posixmodule.c"]
    assert others.splitlines() == [
        "*static*",
        "math mathmodule.c",
        "winreg ../PC/winreg.c -ladvapi32",
    ]


def test_a_profile_finds_modules_as_the_makefile_spells_them():
    def spelled(source):
        return units.Unit(source=source, flags=()).spelled

    assert spelled("Modules/_json.c") == "./Modules/_json.c"
    assert spelled("Modules/gcmodule.c") == "Modules/gcmodule.c"
    assert spelled("Objects/dictobject.c") == "Objects/dictobject.c"


def coff(*symbols):
    """An object with a section of code and one of data, and symbols."""
    strings = bytearray(4)
    table = bytearray()
    for name, section, storage, value in symbols:
        text = name.encode()
        if len(text) <= 8:
            raw = text.ljust(8, b"\0")
        else:
            raw = struct.pack("<II", 0, len(strings))
            strings += text + b"\0"
        # One more record of each, which is no symbol.
        table += struct.pack("<8sIhHBB", raw, value, section, 0, storage, 1) + b"Py_No".ljust(18)
    sections = [(b".text", 0x60000020), (b".data", 0xC0000040)]
    start = 20 + 40 * len(sections)
    head = struct.pack("<HHIIIHH", 0x8664, len(sections), 0, start, 2 * len(symbols), 0, 0)
    rows = b"".join(struct.pack("<8s28xI", name, flags) for name, flags in sections)
    strings[:4] = struct.pack("<I", len(strings))
    return head + rows + bytes(table) + bytes(strings)


def test_what_is_exported_is_what_headers_declare_and_objects_define(tmp_path):
    include = tmp_path / "include"
    include.mkdir()
    (include / "a.h").write_text(
        "PyAPI_FUNC(PyObject *) PyObject_Repr(PyObject *);\n"
        "PyAPI_FUNC(void) _Py_NO_RETURN Py_Exit(int);\n"
        "PyAPI_DATA(PyTypeObject) PyType_Type;\n"
        "PyAPI_FUNC(int) PyNowhere_Defined(void);\n"
        "extern int _PyInner_Function(void);\n"
    )
    api = exports.declared_api(include)
    assert api >= {"PyObject_Repr", "PyType_Type", "PyNowhere_Defined"}
    path = tmp_path / "a.o"
    path.write_bytes(
        coff(
            ("PyObject_Repr", 1, 2, 0),
            ("PyType_Type", 2, 2, 8),
            ("_PyInner_Function", 1, 2, 0),
            # A reference, and a static function.
            ("PyNowhere_Defined", 0, 2, 0),
            ("Py_Exit", 1, 3, 0),
        )
    )
    assert exports.definition([path], api) == "EXPORTS\nPyObject_Repr\nPyType_Type DATA\n"


@pytest.mark.parametrize("size", [0, 10, 60, 130])
def test_an_object_that_is_cut_off_is_named(tmp_path, size):
    path = tmp_path / "damaged.o"
    path.write_bytes(coff(("PyObject_Repr", 1, 2, 0))[:size])
    with pytest.raises(ToolError, match=r"invalid object file damaged\.o"):
        list(exports.symbols(path))


def test_the_target_is_called_what_windows_calls_it():
    assert TARGET.abi("3.14.6") == "cp314-win_amd64"
    assert TARGET.python_platform == "win-amd64"
    assert (TARGET.scheme, TARGET.executable_suffix, TARGET.extension_suffix) == (
        "nt",
        ".exe",
        ".pyd",
    )
    assert not TARGET.runs_on("x86_64", "Linux")


@pytest.mark.parametrize("version", ["3.13", "3.14"])
def test_patches_for_windows_are_for_windows_only(version):
    pinned = shipped_pins()[f"cpython-{version}"]
    own = of_system(pinned, TARGET)
    assert own
    assert not {patch.name for patch in own} & {patch.name for patch in patches(pinned)}
    # Each says why, above its first file.
    assert all(len(patch.text.partition(b"\n--- ")[0]) > 100 for patch in own)


def test_the_key_depends_on_the_target():
    pins = shipped_pins()
    pinned = pins["cpython-3.14"]
    others = {"x86_64-unknown-linux-musl", "aarch64-unknown-linux-musl", TARGET.triple}
    keys = {distribution_key(parse_target(one), pinned, pins) for one in others}
    assert len(keys) == len(others)


def test_the_libraries_come_from_pins():
    pins = shipped_pins()
    assert all(one.source_of(pins).license for one in recipes_of(TARGET).values())


def test_a_description_of_a_laid_out_distribution(tmp_path, monkeypatch):
    pins = shipped_pins()
    config = tmp_path / "build/config"
    config.mkdir(parents=True)
    rows = [("_ssl", "PyInit__ssl"), ("winreg", "PyInit_winreg"), ("sys", "NULL")]
    (config / "config.c").write_text(inittab.inittab(rows))
    (config / "Setup.bootstrap").write_text("*static*\nwinreg ../PC/winreg.c\n")
    (config / "Setup").write_text("*static*\n_ssl _ssl.c -lssl -lws2_32\n")
    for name in ("Modules/_ssl.o", "PC/winreg.o", "Python/import.o"):
        path = tmp_path / "build" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    facts = {"python_paths_abstract": {"stdlib": "{installed_base}/Lib"}, "python_suffixes": {}}
    monkeypatch.setattr(python_json, "ask_python", lambda *_: json.dumps(facts))
    found = describe.describe(tmp_path, TARGET, pins["cpython-3.14"], pins, tmp_path)
    json.dumps(found)
    assert found["python_paths"] == {"stdlib": "install/Lib"}
    assert found["build_info"]["core"]["objs"] == ["build/Python/import.o"]
    (ssl,) = found["build_info"]["extensions"]["_ssl"]
    assert ssl["links"] == [
        {"name": "ssl", "path_static": "build/lib/libssl.a"},
        {"name": "ws2_32", "system": True},
    ]
    assert (ssl["licenses"], ssl["required"]) == (["Apache-2.0"], False)
    (system,) = found["build_info"]["extensions"]["sys"]
    assert (system["in_core"], system["objs"]) == (True, [])
    (tmp_path / "build/Modules/_ssl.o").unlink()
    with pytest.raises(ToolError, match=r"missing object files of extension module `_ssl`"):
        describe.describe(tmp_path, TARGET, pins["cpython-3.14"], pins, tmp_path)


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.triple)
def test_the_key_depends_on_the_code_of_every_module(monkeypatch, target):
    pins = shipped_pins()
    found = []

    def hash_code(*modules):
        names = [getattr(module, "__file__", str(module)) for module in modules]
        assert len({Path(name).name for name in names}) == len(names), "one would hide another"
        found.extend(Path(name) for name in names)
        return {}

    monkeypatch.setattr(distribution, "hash_code", hash_code)
    distribution_key(target, pins["cpython-3.14"], pins)
    folder = Path(distribution.__file__).parent
    # What finds, names, tests or describes distributions, and makes none.
    others = {"__init__", "components", "distribution", "systems", "test_suite", "versions"}
    own = folder / "windows" if target.system == "windows" else folder
    assert {path for path in own.glob("*.py") if path.stem not in others} <= set(found)
