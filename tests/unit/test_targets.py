"""What is said of each target, and building for one whose programs do not run here."""

import pytest

from obelisk.buildenv import cross
from obelisk.distribution.describe import foreign_sysconfig
from obelisk.errors import ToolError
from obelisk.link.elf.machine import machine_of
from obelisk.link.elf.machines.action import Action
from obelisk.recipes import RECIPES, libffi
from obelisk.recipes.build import library_key
from obelisk.runtime.sources import c_files, c_folder
from obelisk.services import host
from obelisk.services.pins import shipped_pins
from obelisk.target import TARGETS
from obelisk.toolchain.clang import write_toolchain, zig_folder

OTHERS = [
    target for target in TARGETS.values() if not host.runs(target) and target.system == "linux"
]

every_target = pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS)
LINUX = {triple: one for triple, one in TARGETS.items() if one.system == "linux"}
every_linux = pytest.mark.parametrize("target", LINUX.values(), ids=LINUX)
every_other = pytest.mark.parametrize("target", OTHERS, ids=[one.triple for one in OTHERS])


@every_target
def test_what_a_target_names_is_there(target):
    headers = zig_folder() / "lib/libc/include"
    assert all((headers / name).is_dir() for name in target.kernel_headers)
    assert all((c_folder() / room).is_dir() for room in target.runtime_rooms)
    assert target.system != "linux" or target.libffi_target in libffi._MACHINES
    assert target.page_size & (target.page_size - 1) == 0


@every_linux
def test_a_machine_knows_every_kind_of_relocation(target):
    actions = set(machine_of(target).actions.values())
    # Some machines have one number for what others have two.
    assert actions | {Action.SLOT} == set(Action)


@every_linux
def test_a_runtime_has_files_of_no_other_machine(target):
    others = {one.architecture for one in TARGETS.values()} - {target.architecture}
    names = {path.relative_to(c_folder()).as_posix() for path in c_files(target)}
    assert not [name for name in names if others & set(name.split("/"))]
    own = {name for name in names if target.architecture in name.split("/")}
    assert {name.split("/")[-1] for name in own} >= {"phdr_reserve.c", "tls.c", "spare_stack.c"}


def test_this_machine_has_a_target():
    assert host.runs(host.own_target())


def test_a_machine_without_a_target_is_named(monkeypatch):
    monkeypatch.setattr(host, "TARGETS", {})
    with pytest.raises(ToolError, match="no target is for this machine"):
        host.own_target()


def test_the_installer_is_told_of_another_target_only():
    own = host.own_target()
    told = {target.triple: cross.installer_options(target) for target in TARGETS.values()}
    assert told.pop(own.triple) == []
    # uv knows the platform of wheels for Windows by the name of Microsoft's compiler.
    known = {triple: triple.replace("-windows-gnu", "-windows-msvc") for triple in told}
    assert told == {triple: ["--python-platform", known[triple]] for triple in told}


@every_other
def test_cmake_and_meson_are_told_of_another_target(target, tmp_path):
    chain = write_toolchain(target, tmp_path / "toolchain")
    (chain.root / "tools").mkdir()
    (chain.root / "toolchain.cmake").write_text("# as for this machine\n")
    cross.write_tools(chain)
    text = (chain.root / "toolchain.cmake").read_text()
    assert f"set(CMAKE_SYSTEM_PROCESSOR {target.architecture})" in text
    assert text.endswith("# as for this machine\n")
    assert f"cpu = '{target.architecture}'" in (chain.root / "meson-cross.ini").read_text()


@every_other
def test_sysconfig_is_told_of_another_target(target, tmp_path):
    told = foreign_sysconfig(target, tmp_path)
    assert told["_PYTHON_HOST_PLATFORM"] == f"linux-{target.architecture}"
    assert told["_PYTHON_SYSCONFIGDATA_NAME"].endswith(f"_{target.platform_triplet}")
    assert told["_PYTHON_SYSCONFIGDATA_PATH"] == str(tmp_path)


@every_other
def test_no_library_is_taken_for_that_of_another_target(target):
    keys = {library_key(target, name, shipped_pins()) for name in RECIPES}
    own = {library_key(host.own_target(), name, shipped_pins()) for name in RECIPES}
    assert len(keys | own) == 2 * len(RECIPES)
