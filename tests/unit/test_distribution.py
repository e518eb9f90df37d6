import contextlib
import json

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from obelisk.distribution import cpython_objects
from obelisk.distribution.archive import (
    extract_archive,
    parse_description,
    read_description,
    write_archive,
)
from obelisk.distribution.cpython import makefile_variables
from obelisk.distribution.describe import LINKED, read_extensions
from obelisk.distribution.distribution import distribution_key
from obelisk.distribution.python_json import build_options
from obelisk.distribution.versions import python_source
from obelisk.errors import SourceError
from obelisk.recipes import RECIPES
from obelisk.runtime.unwinding import without_tables
from obelisk.services.pins import shipped_pins
from obelisk.services.process import run_logged
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.clang import archive, compile_all, write_toolchain

# As python-build-standalone writes it, cut to two extensions; and as ours, format version 8.
PYTHON_JSON = {
    "version": "8",
    "target_triple": "x86_64-unknown-linux-musl",
    "build_options": "lto+static",
    "python_version": "3.13.15",
    "python_exe": "install/bin/python3.13",
    "python_paths": {"stdlib": "install/lib/python3.13"},
    "python_bytecode_magic_number": "f30d0d0a",
    "licenses": ["Python-2.0", "CNRI-Python"],
    "build_info": {
        "core": {
            "objs": ["build/Python/a.o"],
            "links": [],
            "static_lib": "install/lib/libpython3.13.a",
        },
        "extensions": {
            "_ssl": [
                {
                    "in_core": False,
                    "init_fn": "PyInit__ssl",
                    "licenses": ["Apache-2.0"],
                    "links": [{"name": "ssl", "path_static": "build/lib/libssl.a"}],
                    "objs": ["build/Modules/_ssl.o"],
                    "required": False,
                    "variant": "default",
                }
            ],
            "_imp": [{"in_core": True, "init_fn": "PyInit__imp", "links": [], "objs": []}],
        },
        "inittab_object": "build/Modules/config.o",
        "object_file_format": "elf",
    },
}


@pytest.fixture
def distribution(tmp_path):
    folder = tmp_path / "python"
    (folder / "install/bin").mkdir(parents=True)
    (folder / "PYTHON.json").write_text(json.dumps(PYTHON_JSON))
    tool = folder / "install/bin/python3.13"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    return folder


def test_an_archive_is_read_back(distribution, tmp_path):
    archive = tmp_path / "a.tar.zst"
    write_archive(distribution, archive)
    description = read_description(archive)
    assert description == read_description(distribution)
    assert [extension.name for extension in description.extensions] == ["_imp", "_ssl"]
    assert description.extensions[1].links[0].path_static == "build/lib/libssl.a"
    extract_archive(archive, tmp_path / "out")
    assert (tmp_path / "out/python/install/bin/python3.13").stat().st_mode & 0o777 == 0o755


def test_archives_of_equal_trees_are_equal(distribution, tmp_path):
    write_archive(distribution, tmp_path / "one")
    (distribution / "PYTHON.json").touch()
    write_archive(distribution, tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    "change", [{"version": "6"}, {"build_info": {}}, {"python_exe": None, "python_paths": []}]
)
def test_other_formats_are_refused(change):
    with pytest.raises(SourceError, match=r"invalid PYTHON\.json"):
        parse_description(json.dumps(PYTHON_JSON | change).encode(), "x")


def test_what_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "x.tar.zst"
    path.write_bytes(b"not zstd at all")
    with pytest.raises(SourceError, match=r"invalid tar\.zst archive"):
        read_description(path)
    with pytest.raises(SourceError, match="cannot read"):
        read_description(tmp_path / "missing")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(
    st.sampled_from(sorted(PYTHON_JSON)), json_values, st.sampled_from(["links", "objs", "in_core"])
)
def test_any_description_is_read_or_refused(key, value, inner):
    table = json.loads(json.dumps(PYTHON_JSON)) | {key: value}
    with contextlib.suppress(SourceError):
        parse_description(json.dumps(table).encode(), "x")
    table = json.loads(json.dumps(PYTHON_JSON))
    table["build_info"]["extensions"]["_ssl"][0][inner] = value
    with contextlib.suppress(SourceError):
        parse_description(json.dumps(table).encode(), "x")


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(SourceError):
        parse_description(data, "x")


def test_setup_files_are_read():
    setup = (
        "# comment\n*static*\n_ssl _ssl.c\nx =y\n_decimal _decimal/_decimal.c\nzlib z.c -lz # why\n"
    )
    variables = makefile_variables("A=-lssl\nMODULE__SSL_LDFLAGS=$(A) -lcrypto\n")
    found = {one.name: one for one in read_extensions(setup, variables)}
    assert found["_ssl"].libraries == ("ssl", "crypto")
    assert found["_decimal"].objects == ("build/Modules/_decimal/_decimal.o",)
    assert found["zlib"].libraries == ("z",)


def test_keys_differ_by_python_and_are_stable():
    target = parse_target("x86_64-unknown-linux-musl")
    pins = shipped_pins()
    one, two = (distribution_key(target, python_source(v), pins) for v in ("3.14", "3.13"))
    assert one != two
    assert one == distribution_key(target, python_source("3.14.6"), pins)


def test_a_python_without_a_profile_does_not_claim_one():
    target = parse_target("x86_64-unknown-linux-musl")
    assert build_options(target, python_source("3.14"), LINKED) == "pgo+lto+static"
    assert build_options(target, shipped_pins()["zlib"], LINKED) == "lto+static"


def test_each_object_of_python_is_optimised_in_one_part():
    core = ["Objects/longobject.o", "Python/ceval.o", "Modules/_sre/sre.o", "Modules/_json.o"]
    apart = ["Parser/lexer/lexer.o", "Python/ast.o", "Modules/unicodedata.o", "Modules/_ssl.o"]
    parts = cpython_objects.divide([*core, *apart])
    assert parts == {"core": core, "apart": apart}


def test_every_recipe_has_its_source_and_needs():
    for name, recipe in RECIPES.items():
        assert shipped_pins()[name].name == name
        assert set(recipe.needs) <= set(RECIPES)


OBJECT = """
.section .text,"ax",@progbits
.globl called
called:
.cfi_startproc
    ret
.cfi_endproc
"""


def test_a_library_copied_without_unwind_tables_links_without_them(tmp_path):
    chain = write_toolchain(parse_target(DEFAULT_TARGET), tmp_path / "toolchain")
    source = tmp_path / "called.s"
    source.write_text(OBJECT)
    made = {source: tmp_path / "called.o"}
    log = tmp_path / "log"
    compile_all(chain, made, flags=(), cwd=tmp_path, log=log, what="compiling")
    archive(chain, tmp_path / "libwhole.a", list(made.values()), log)
    without_tables(tmp_path / "libwhole.a", tmp_path / "libbare.a")
    found = {}
    for name in ("whole", "bare"):
        linked = tmp_path / name
        argv = [chain.tool("ld.lld"), "-e", "called", tmp_path / f"lib{name}.a", "-o", linked]
        run_logged(argv, log=log, cwd=tmp_path, env=chain.environment(), what="linking")
        with linked.open("rb") as file:
            found[name] = {section.name for section in ELFFile(file).iter_sections()}
    assert found["whole"] - found["bare"] == {".eh_frame"}
    assert ".text" in found["bare"]
