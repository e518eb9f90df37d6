import json
from dataclasses import replace
from pathlib import Path

import pytest

from obelisk.collect.launcher import main_module, main_program
from obelisk.components.component import Component, components_of
from obelisk.components.component import Kind as ComponentKind
from obelisk.components.inventory import Inventory
from obelisk.config.recognize import read_request
from obelisk.config.settings import Compression
from obelisk.errors import CollectError
from obelisk.model import (
    CERTIFICATES,
    LICENSES,
    Bytecode,
    Collection,
    DataFile,
    EntryPoint,
    Module,
    Package,
    RunProgram,
    RunScript,
    SharedObjectFile,
)
from obelisk.pack.pack import Facts, pack
from obelisk.payload.payload import Control, Kind, Table, use_key
from obelisk.payload.reader import read_payload
from obelisk.payload.stored import Frame
from obelisk.plan import make_plans


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "tool.py").write_text("print()\n")
    (plan,) = make_plans(read_request(str(tmp_path / "tool.py")))
    return plan


SITE = "lib/python3.14/site-packages"
MODULES = {
    "tool.py": "tool",
    f"{SITE}/app/__init__.py": "app",
    f"{SITE}/app/deep/mod.py": "app.deep.mod",
}
NATIVES = (
    *("app/fast.cpython-314-x86_64-linux-musl.so", "app/fast.abi3.so", "app/fast.so"),
    "app.libs/libx.so.1",
)


@pytest.fixture
def parts(tmp_path):
    bytecodes = []
    for path, name in MODULES.items():
        source = tmp_path / f"{name}.source"
        source.write_text(f"# source of {name}\n" * 20)
        base = SITE if path.startswith(SITE) else ""
        module = Module(name=name, path=path, source=source, base=base)
        bytecodes.append(Bytecode(module=module, code=b"code of " + name.encode() * 20))
    data = tmp_path / "data"
    data.write_bytes(b"data " * 100)
    program = tmp_path / "program"
    program.write_bytes(b"#!/bin/sh\n")
    program.chmod(0o755)
    collection = Collection(
        modules=tuple(one.module for one in bytecodes),
        files=(
            DataFile(path=f"{SITE}/app/data.bin", source=data, base=SITE),
            DataFile(path=f"{SITE}/app/report.v1.py", source=data, base=SITE),
            DataFile(path="bin/program", source=program),
        ),
        natives=tuple(
            SharedObjectFile(path=f"{SITE}/{name}", source=data, base=SITE, package="App")
            for name in NATIVES
        ),
        packages=(Package(name="App", version="1", commands=()),),
        entry=RunScript(path=tmp_path / "tool.py"),
        main="tool.py",
        search_path=("", "lib/python3.14", SITE),
        own=frozenset({"tool.py"}),
    )
    return collection, bytecodes


ZLIB = Component(
    reference="pkg:generic/zlib@1",
    kind=ComponentKind.LIBRARY,
    name="zlib",
    version="1",
    license_texts=(f"{LICENSES}/LICENSE.zlib.txt",),
)


def packed(plan, parts, used=(), **settings):
    plan = replace(plan, settings=replace(plan.settings, **settings))
    collection, bytecodes = parts
    text = plan.folder / "LICENSE.zlib.txt"
    text.write_text("Permission is granted to anyone " * 20)
    inventory = Inventory(
        components=(ZLIB,), licenses=(DataFile(path=ZLIB.license_texts[0], source=text),)
    )
    facts = Facts(inventory=inventory, sizes={"zlib": {"code": 1}})
    return read_payload(memoryview(pack(plan, collection, bytecodes, facts, used).joined()))


def test_modules_files_sources_and_manifest(plan, parts):
    payload = packed(plan, parts)
    kinds = {record.name.replace(SITE, "SITE"): record.kind for record in payload.modules}
    assert kinds == {
        "SITE": Kind.NAMESPACE,
        "SITE/app": Kind.PACKAGE,
        "SITE/app/__init__": Kind.MODULE,
        "SITE/app/__init__.py": Kind.CODE,
        "SITE/app/deep": Kind.NAMESPACE,
        "SITE/app/deep/mod": Kind.MODULE,
        "SITE/app/deep/mod.py": Kind.CODE,
        "SITE/app/fast": Kind.OTHER,
        "tool": Kind.MODULE,
        "tool.py": Kind.CODE,
    }
    assert payload.read(payload.file(f"{SITE}/app/__init__.py")).startswith(b"# source of app")
    (fast,) = (record for record in payload.modules if record.kind == Kind.OTHER)
    assert payload.read(fast).decode() == f"{SITE}/{NATIVES[0]}"
    assert payload.file(f"{SITE}/app.libs/libx.so.1").kind == Kind.FILE
    assert payload.file("bin/program").kind == Kind.PROGRAM
    assert payload.read(payload.file(f"{SITE}/app/data.bin")) == b"data " * 100
    manifest = json.loads(payload.control(Control.MANIFEST))
    assert manifest["version"] == 2
    assert components_of(manifest) == [ZLIB]
    assert manifest["runtime"] == {"zlib": {"code": 1}}
    assert payload.control(Control.MAIN) == b"tool.py"
    assert payload.control(Control.MODULE) is None
    assert payload.control(Control.PATH) == f"\0lib/python3.14\0{SITE}\0".encode()
    assert payload.control(Control.OBJECTS) == b""


@pytest.mark.parametrize("compression", list(Compression))
def test_license_texts_are_compressed_by_any_setting(plan, parts, compression):
    payload = packed(plan, parts, compression=compression)
    text = payload.file(ZLIB.license_texts[0])
    assert text.frame != Frame.NONE
    assert text.stored < text.size // 2
    assert payload.read(text).startswith(b"Permission is granted")


def test_packages_are_folders_without_their_sources(plan, parts):
    payload = packed(plan, parts, source_text=False)
    assert payload.file(f"{SITE}/app/__init__.py") is None
    assert payload.file(f"{SITE}/app/deep").kind == Kind.FOLDER


@pytest.mark.parametrize(
    ("compression", "source", "data", "code"),
    [
        (Compression.OFF, False, False, False),
        (Compression.TEXT, True, False, False),
        (Compression.UNUSED, True, True, True),
        (Compression.ZSTD, True, True, True),
    ],
)
def test_what_is_compressed(plan, parts, compression, source, data, code):
    payload = packed(plan, parts, compression=compression)
    assert bool(payload.file(f"{SITE}/app/__init__.py").frame) is source
    assert bool(payload.file(f"{SITE}/app/data.bin").frame) is data
    assert {bool(one.frame) for one in payload.modules if one.kind == Kind.CODE} == {code}


@pytest.mark.parametrize("compression", [Compression.UNUSED, Compression.ZSTD])
def test_what_a_start_uses_stays_as_it_is_unless_all_is_compressed(plan, parts, compression):
    used = [
        use_key(Table.MODULES, f"{SITE}/app/__init__.py"),
        use_key(Table.FILES, f"{SITE}/app/data.bin"),
    ]
    payload = packed(plan, parts, used, compression=compression)
    codes = {one.name: bool(one.frame) for one in payload.modules if one.kind == Kind.CODE}
    everything = compression is Compression.ZSTD
    assert codes == {name: everything or name != f"{SITE}/app/__init__.py" for name in MODULES}
    assert bool(payload.file(f"{SITE}/app/data.bin").frame) is everything
    assert payload.file(f"{SITE}/app/__init__.py").frame


def test_settings_are_written_where_no_path_leads(plan, parts):
    collection, bytecodes = parts
    without = (replace(collection, files=collection.files[:2]), bytecodes)
    assert packed(plan, without).control(Control.SETTINGS) is None
    payload = packed(plan, without, optimize=2, unbuffered=True)
    assert payload.control(Control.SETTINGS) == b"buffered_stdio=0\0optimization_level=2\0"
    own = [record.name for record in payload.files if "obelisk" in record.name]
    assert own == [".obelisk", LICENSES, *ZLIB.license_texts]


def test_commands_and_a_program_that_is_run_are_told(plan, parts):
    collection, bytecodes = parts
    assert packed(plan, parts).control(Control.SETTINGS) == b"commands=1\0"
    run = replace(collection, entry=RunProgram(path="bin/program"), main="")
    settings = packed(plan, (run, bytecodes)).control(Control.SETTINGS)
    assert settings == b"commands=1\0program=bin/program\0"
    missing = replace(run, files=collection.files[:2])
    with pytest.raises(CollectError, match="main program `bin/program` is not included"):
        packed(plan, (missing, bytecodes))


@pytest.mark.parametrize("path", [".obelisk/interpreter", ".obelisk/lib/libx.so.1", ".obelisk"])
def test_the_reserved_folder_is_not_for_files_of_packages(plan, parts, path):
    collection, bytecodes = parts
    source = collection.files[0].source
    for added in (
        {"files": (DataFile(path=path, source=source),)},
        {"natives": (SharedObjectFile(path=path, source=source, package="App"),)},
    ):
        with pytest.raises(CollectError, match=r"reserved for Obelisk"):
            packed(plan, (replace(collection, **added), bytecodes))


def test_what_obelisk_adds_goes_into_the_reserved_folder(plan, parts):
    collection, bytecodes = parts
    source = collection.files[0].source
    files = (DataFile(path=CERTIFICATES, source=source),)
    natives = (SharedObjectFile(path=".obelisk/lib/libx.so.1", source=source, package=None),)
    payload = packed(plan, (replace(collection, files=files, natives=natives), bytecodes))
    assert payload.file(CERTIFICATES) is not None
    assert payload.file(".obelisk/lib/libx.so.1") is not None


def test_the_main_program_of_an_entry_point(tmp_path):
    entry = EntryPoint(module="app.cli", function="Main.run")
    text = main_program(entry)
    assert "from app.cli import Main\n" in text
    assert "sys.exit(Main.run())" in text
    module = main_module(entry, "bin/app", tmp_path / "__main__.py")
    assert (module.path, module.source) == ("bin/app", Path(tmp_path / "__main__.py"))
    assert module.source.read_text() == "#!python\n" + text


def test_a_main_program_that_is_left_out(plan, parts):
    collection, bytecodes = parts
    with pytest.raises(CollectError, match=r"the main program `gone\.py` is not included"):
        packed(plan, (replace(collection, main="gone.py"), bytecodes))


@pytest.mark.parametrize("room", [0, 1, 20])
def test_how_much_is_held_in_memory_changes_no_byte(plan, parts, monkeypatch, room):
    facts = Facts(inventory=Inventory(components=(), licenses=()), sizes={})
    written = pack(plan, *parts, facts).joined()
    monkeypatch.setattr("obelisk.pack.pack._IN_MEMORY", room)
    assert pack(plan, *parts, facts).joined() == written
