import json
from dataclasses import replace
from pathlib import Path

import pytest

from obelisk.config.request import read_request
from obelisk.config.schema import Compression
from obelisk.errors import CollectError
from obelisk.model import (
    CERTIFICATES,
    Bytecode,
    Collection,
    DataFile,
    EntryPoint,
    Module,
    NativeFile,
    Package,
    RunModule,
)
from obelisk.pack import pack
from obelisk.payload import Control, Kind, read_payload
from obelisk.plan import make_plans
from obelisk.program import main_module, main_program


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "tool.py").write_text("print()\n")
    (plan,) = make_plans(read_request(str(tmp_path / "tool.py")))
    return plan


NATIVES = (
    *("app/fast.cpython-314-x86_64-linux-musl.so", "app/fast.abi3.so", "app/fast.so"),
    "app.libs/libx.so.1",
)


@pytest.fixture
def parts(tmp_path):
    names = {"tool": False, "app": True, "app.deep.mod": False}
    bytecodes = []
    for name, is_package in names.items():
        source = tmp_path / f"{name}.source"
        source.write_text(f"# source of {name}\n" * 20)
        module = Module(name=name, is_package=is_package, source=source, from_stdlib=False)
        bytecodes.append(Bytecode(module=module, code=b"code of " + name.encode() * 20))
    data = tmp_path / "data"
    data.write_bytes(b"data " * 100)
    collection = Collection(
        modules=tuple(one.module for one in bytecodes),
        files=(DataFile(path="app/data.bin", source=data),),
        natives=(
            NativeFile(
                path="app/fast.cpython-314-x86_64-linux-musl.so", source=data, package="App"
            ),
            NativeFile(path="app/fast.abi3.so", source=data, package="App"),
            NativeFile(path="app/fast.so", source=data, package="App"),
            NativeFile(path="app.libs/libx.so.1", source=data, package="App"),
        ),
        packages=(Package(name="App", version="1", license="MIT", commands=()),),
        entry=RunModule(module="tool"),
    )
    return collection, bytecodes


def packed(plan, parts, **settings):
    plan = replace(plan, settings=replace(plan.settings, **settings))
    collection, bytecodes = parts
    libraries = [("zlib", "1", "Zlib")]
    return read_payload(memoryview(pack(plan, collection, bytecodes, libraries).joined()))


def test_modules_files_sources_and_manifest(plan, parts):
    payload = packed(plan, parts)
    kinds = {record.name: record.kind for record in payload.modules}
    assert kinds == {
        "app": Kind.PACKAGE,
        "app.deep": Kind.NAMESPACE,
        "app.deep.mod": Kind.MODULE,
        "app.fast": Kind.EXTENSION,
        "tool": Kind.MODULE,
    }
    assert payload.read(payload.file("app/__init__.py")).startswith(b"# source of app")
    assert payload.read(payload.modules[3]) == b"app/fast.cpython-314-x86_64-linux-musl.so"
    assert payload.file("app.libs/libx.so.1").kind == Kind.FILE
    assert payload.read(payload.file("app/data.bin")) == b"data " * 100
    manifest = json.loads(payload.control(Control.MANIFEST))
    assert manifest["packages"] == [{"name": "App", "version": "1", "license": "MIT"}]
    assert manifest["libraries"] == [{"name": "zlib", "version": "1", "license": "Zlib"}]
    assert payload.control(Control.ENTRY) == b"tool"
    assert payload.control(Control.OBJECTS) == b""


def test_packages_are_folders_without_their_sources(plan, parts):
    payload = packed(plan, parts, sources=False)
    assert payload.file("app/__init__.py") is None
    assert payload.file("app/deep").kind == Kind.FOLDER


@pytest.mark.parametrize(
    ("compression", "source", "data", "code"),
    [
        (Compression.OFF, False, False, False),
        (Compression.SOURCES, True, False, False),
        (Compression.ZSTD, True, True, True),
    ],
)
def test_what_is_compressed(plan, parts, compression, source, data, code):
    payload = packed(plan, parts, compression=compression)
    assert payload.file("app/__init__.py").compressed is source
    assert payload.file("app/data.bin").compressed is data
    assert payload.modules[0].compressed is code


def test_settings_are_written_where_no_path_leads(plan, parts):
    assert packed(plan, parts).control(Control.SETTINGS) is None
    payload = packed(plan, parts, optimize=2, unbuffered=True)
    assert payload.control(Control.SETTINGS) == b"buffered_stdio=0\0optimization_level=2\0"
    assert not [record.name for record in payload.files if "obelisk" in record.name]


@pytest.mark.parametrize("path", [".obelisk/interpreter", ".obelisk/lib/libx.so.1", ".obelisk"])
def test_the_reserved_folder_is_not_for_files_of_packages(plan, parts, path):
    collection, bytecodes = parts
    source = collection.files[0].source
    for added in (
        {"files": (DataFile(path=path, source=source),)},
        {"natives": (NativeFile(path=path, source=source, package="App"),)},
    ):
        with pytest.raises(CollectError, match=r"reserved for Obelisk"):
            packed(plan, (replace(collection, **added), bytecodes))


def test_what_obelisk_adds_goes_into_the_reserved_folder(plan, parts):
    collection, bytecodes = parts
    source = collection.files[0].source
    files = (DataFile(path=CERTIFICATES, source=source),)
    natives = (NativeFile(path=".obelisk/lib/libx.so.1", source=source, package=None),)
    payload = packed(plan, (replace(collection, files=files, natives=natives), bytecodes))
    assert payload.file(CERTIFICATES) is not None
    assert payload.file(".obelisk/lib/libx.so.1") is not None


def test_the_main_program_of_an_entry_point(tmp_path):
    entry = EntryPoint(module="app.cli", function="Main.run")
    text = main_program(entry)
    assert "from app.cli import Main\n" in text
    assert "sys.exit(Main.run())" in text
    assert main_module(entry, tmp_path).source == Path(tmp_path / "__main__.py")
