import functools

import pytest

from obelisk.recipes.build import build_libraries, merge_into_sysroot
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.toolchain.clang import write_toolchain


@pytest.fixture(scope="session")
def chains(tmp_path_factory):
    """A function that returns `chain` for a target."""
    return functools.cache(lambda target: chain_for(target, tmp_path_factory.mktemp("runtime")))


@pytest.fixture(scope="session")
def chain(chains):
    """The compiler, with the libraries that the tested files need."""
    return chains(parse_target(DEFAULT_TARGET))


def chain_for(target, root):
    services = Services(
        cache=Cache(), console=Console(Verbosity.QUIET), target=target, archives=None
    )
    libraries = build_libraries(services)
    chain = write_toolchain(services.target, root / "toolchain")
    for name in ("musl", "zstd", "mimalloc", "openssl"):
        merge_into_sysroot(libraries[name], chain.root)
    return chain
