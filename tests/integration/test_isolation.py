"""Builds from source see the target, their own folder and named programs, not this machine."""

import json
import os
import shutil
import subprocess

import pytest
from support import APPS, obelisk, run

from obelisk.services.cache import Cache

pytestmark = [pytest.mark.compile, pytest.mark.network]

FOUND = (
    "ZLIB=TRUE EXPAT=FALSE LLVM=0 header=no z=yes yaml=no pg_config=yes program=no pc=0 "
    "environment=told crc=3904355907\n"
)


@pytest.fixture
def machine(tmp_path):
    """A folder as /usr may be, full of what developers install, and variables that point there."""
    usr = tmp_path / "machine"
    for name in ("bin", "include", "lib/pkgconfig", "lib/cmake/LLVM", "tmp", ".config/uv"):
        (usr / name).mkdir(parents=True)
    for name in ("zlib.h", "expat.h", "stdio.h", "machine.h"):
        (usr / "include" / name).write_text("#define OF_THE_MACHINE 1\n")
    for name in ("cmake", "ninja", "pkg-config", "pg_config", "gcc-ar", "cc", "c++", "ar", "ld"):
        (usr / "bin" / name).write_text("#!/bin/sh\necho of the machine\nexit 1\n")
        (usr / "bin" / name).chmod(0o755)
    (usr / "lib/cmake/LLVM/LLVMConfig.cmake").write_text("set(LLVM_FOUND TRUE)\n")
    (usr / "lib/pkgconfig/expat.pc").write_text("Name: expat\nVersion: 1\nDescription: x\n")
    (usr / ".pydistutils.cfg").write_text("[build_ext]\ninclude_dirs=/usr/include\n")
    return usr


def variables(usr):
    """The environment of somebody who has set everything that tools listen to."""
    flags = f"-I{usr}/include -L{usr}/lib -DOF_THE_USER"
    return {
        "HOME": str(usr),
        "OBELISK_CACHE": str(Cache().root),
        "PATH": f"{usr}/bin:{os.environ['PATH']}",
        **dict.fromkeys(("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CMAKE_ARGS"), flags),
        **dict.fromkeys(("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH"), f"{usr}/include"),
        **dict.fromkeys(("LIBRARY_PATH", "LD_LIBRARY_PATH", "LD_RUN_PATH"), f"{usr}/lib"),
        "PKG_CONFIG_PATH": f"{usr}/lib/pkgconfig",
        **dict.fromkeys(("CMAKE_PREFIX_PATH", "ZLIB_ROOT", "EXPAT_ROOT", "LLVM_DIR"), str(usr)),
        **dict.fromkeys(("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"), str(usr)),
        "CMAKE_GENERATOR": "Unix Makefiles",
        "CC": "of-the-user",
        "MESON": "of-the-user",
        "SECRET": "of the user",
    }


def test_cmake_finds_what_is_named_and_nothing_of_this_machine(machine, tmp_path, python_version):
    """A recipe's library, a folder's programs, and variables that uv was told to set."""
    project = shutil.copytree(APPS / "probes", tmp_path / "probes")
    (project / "vendor/bin").mkdir(parents=True)
    (project / "vendor/bin/pg_config").write_text("#!/bin/sh\n")
    (project / "vendor/bin/pg_config").chmod(0o755)
    with (project / "pyproject.toml").open("a") as stream:
        stream.write('\n[tool.obelisk]\nbuild-packages = ["zlib", "./vendor"]\n')
        stream.write('[tool.uv.extra-build-variables]\nprobes = { SECRET = "told" }\n')
    output, env = tmp_path / "app", variables(machine)
    del env["PYTHONHOME"], env["LD_LIBRARY_PATH"]  # Obelisk's own Python would not start
    obelisk("build", "-q", "-o", output, "--python", python_version, cwd=project, env=env)
    assert run([output], cwd=tmp_path).stdout == FOUND


@pytest.fixture
def compile_c(compiler, tmp_path, machine):
    """A function that compiles and links a text with a guarded compiler."""

    def compile_and_link(text, *arguments, output="x.so"):
        folder = tmp_path / "own"
        folder.mkdir(exist_ok=True)
        (folder / "x.c").write_text(text)
        env = {"TMPDIR": str(folder)}
        words = ["cc", "-shared", "-fPIC", *arguments, "-o", folder / output]
        done = compiler.call(*words, folder / "x.c", check=False, env=env)
        return done, folder / output

    return compile_and_link


def refused(done, output, path):
    text = f"`{path}` belongs to the host, not to the target"
    return done.returncode == 1 and text in done.stderr.decode() and not output.exists()


def test_folders_of_this_machine_are_as_if_they_were_empty(compile_c, machine):
    done, _ = compile_c("#include <machine.h>\n", f"-I{machine}/include", "-c")
    assert b"'machine.h' file not found" in done.stderr
    done, output = compile_c("#include <stdio.h>\nFILE *x;\n", f"-isystem{machine}/include")
    assert (done.returncode, output.exists()) == (0, True), done.stderr
    shutil.copy("/proc/self/exe", machine / "lib/libmachine.so")
    for way in (f"-L{machine}/lib", f"-Wl,-L{machine}/lib", f"-Wl,--library-path={machine}/lib"):
        done, _ = compile_c("int x;\n", way, "-lmachine")
        assert b"unable to find library -lmachine" in done.stderr


@pytest.mark.parametrize("kind", ["absolute include", "relative include", "link", "later"])
def test_a_header_of_this_machine_fails_the_call(compile_c, machine, kind):
    header = machine / "include/machine.h"
    (machine.parent / "own").mkdir()
    shown = header
    match kind:
        case "absolute include":
            text = f'#include "{header}"\n'
        case "relative include":
            text = '#include "../machine/include/machine.h"\n'
            shown = f"{machine.parent}/own/../machine/include/machine.h"
        case "link":
            (machine.parent / "own/linked.h").symlink_to(header)
            text = '#include "linked.h"\n'
            shown = f"{machine.parent}/own/linked.h"
        case _:
            text = f"#if __has_include(<{header}>)\n#include <{header}>\n#endif\n"
    done, output = compile_c(text, "-c", output="x.o")
    assert refused(done, output, shown), done.stderr


def test_an_input_of_this_machine_fails_the_call(compile_c, machine, compiler):
    library = machine / "lib/libmachine.a"
    compiler.call("ar", "rcs", library)
    done, output = compile_c("int x;\n", library)
    assert refused(done, output, library)
    script = machine.parent / "own/script.a"
    script.write_text(f"INPUT({library})\n")
    done, output = compile_c("int x;\n", script)
    assert refused(done, output, library)
    done, output = compile_c("int x;\n", "-Xlinker", "-L", "-Xlinker", library.parent, "-lmachine")
    assert done.returncode == 1
    assert not output.exists()
    response = machine.parent / "own/response"
    response.write_text(f'"{library}"')
    done, output = compile_c("int x;\n", f"@{response}")
    assert refused(done, output, library)


def test_code_is_not_for_this_processor(compile_c):
    text = "int x[100];\nvoid f(int *y) { for (int i = 0; i < 100; i++) x[i] += y[i]; }\n"
    _, plain = compile_c(text, "-O3", "-c", output="plain.o")
    flags = ("-march=native", "-mtune=native")
    _, native = compile_c(text, "-O3", *flags, "-c", output="native.o")
    assert plain.read_bytes() == native.read_bytes()


def test_long_command_lines(compile_c):
    many = [f"-DNAME_{number}={'x' * 100}" for number in range(2, 3000)]
    done, output = compile_c("int x = sizeof(NAME_1);\n", *many, "-DNAME_1=1", "-c", "-w")
    assert (done.returncode, output.exists()) == (0, True), done.stderr


def test_backends_get_an_environment_of_their_own(compiler, machine, tmp_path):
    """Whatever the user's has; what the installer adds is kept."""
    env = compiler.builder.environment(os.environ | variables(machine))
    assert not any(name.startswith(("PYTHON", "LD_")) for name in env)
    text = "import json, os; print(json.dumps(dict(os.environ)))"
    argv = [compiler.builder.interpreter.python, "-c", text]
    changed = env | {"ADDED_BY_THE_INSTALLER": "1", "CXXFLAGS": "-O3"}
    done = subprocess.run(argv, env=changed, cwd=tmp_path, capture_output=True, check=True)
    seen = json.loads(done.stdout)
    assert (seen.pop("ADDED_BY_THE_INSTALLER"), seen["CXXFLAGS"]) == ("1", "-O3")
    assert not {"CFLAGS", "SECRET", "OBELISK_BUILD", "OBELISK_CACHE"} & set(seen)
    assert seen.pop("OBELISK_BUILD_SOURCE") == str(tmp_path)
    assert str(machine) not in json.dumps(seen)
    assert "of the user" not in json.dumps(seen)
    assert seen["CC"] == "cc"


def test_programs_are_those_that_are_named(compiler):
    path = compiler.builder.variables(os.environ)["PATH"]
    for name in (
        "cmake",
        "ninja",
        "pg_config",
        "llvm-config",
        "python3",
        "gcc-12",
        "ld",
        "meson",
        "cc-shared",
    ):
        assert shutil.which(name, path=path) is None
    for name in ("cc", "c++", "ar", "ranlib", "strip", "pkg-config", "sh", "sed", "make", "env"):
        assert shutil.which(name, path=path).startswith(str(compiler.builder.chain.root))
