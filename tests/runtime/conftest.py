import functools
import subprocess
from pathlib import Path

import pytest

from obelisk.recipes.build import build_libraries, merge_into_sysroot
from obelisk.runtime.sources import c_folder
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.clang import write_toolchain

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


@pytest.fixture(scope="session")
def chains(tmp_path_factory):
    """A function that returns `chain` for a target."""
    return functools.cache(lambda target: chain_for(target, tmp_path_factory.mktemp("runtime")))


@pytest.fixture(scope="session")
def chain(chains):
    """The compiler, with the libraries that the tested files need."""
    return chains(parse_target(DEFAULT_TARGET))


@pytest.fixture(scope="session")
def compilers(chains):
    """A function that returns `compiled` for a target."""
    return functools.cache(lambda target: compiler_with(chains(target)))


@pytest.fixture(scope="session")
def compiled(compilers):
    """A function that compiles one of the programs here with a file of the runtime."""
    return compilers(parse_target(DEFAULT_TARGET))


def compiler_with(chain):

    @functools.cache
    def compile_program(name, *tested, library="zstd"):
        sources = [Path(__file__).with_name(f"{name}.c")]
        sources += [c_folder() / one for one in tested]
        command = [chain.tool("cc"), "-std=c11", "-O1", "-g", "-D_GNU_SOURCE", *WARNINGS]
        command += ["-fsanitize=undefined", "-fsanitize-trap=undefined", f"-I{c_folder()}"]
        program = chain.root.parent / f"{name}-{library}"
        command += [*sources, f"-l{library}", "-o", program]
        subprocess.run(command, env=chain.environment(), check=True)
        return program

    return compile_program


def chain_for(target, root):
    services = Services(
        cache=Cache(), console=Console(Verbosity.QUIET), target=target, archives=None
    )
    libraries = build_libraries(services)
    chain = write_toolchain(services.target, root / "toolchain")
    for name in ("musl", "zstd", "mimalloc", "openssl"):
        merge_into_sysroot(libraries[name], chain.root)
    return chain
