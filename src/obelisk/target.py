"""Facts about the systems an executable can be built for.

A triple is parsed once, here; nothing else looks inside its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from obelisk.errors import ConfigError, did_you_mean


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One system that an executable can be built for."""

    triple: str
    """Target triple in Rust's spelling, as uv and python-build-standalone write it."""
    architecture: str
    """Machine name as `uname -m` prints it."""
    clang_triple: str
    """The same target in clang's spelling."""
    elf_machine: str
    """`e_machine` of its ELF files, as pyelftools names it."""
    openssl_target: str
    """OpenSSL's name of the target, see its `Configurations/10-main.conf`."""
    kernel_headers: tuple[str, ...]
    """Folders of zig's `lib/libc/include` that hold the kernel's headers, most specific first."""
    runtime_rooms: tuple[str, ...]
    """Folders of `runtime/c` whose files its runtime is compiled of, in the order of the link."""
    page_size: int
    """Largest page size, in bytes, that the kernel uses on this machine."""

    @property
    def platform_triplet(self) -> str:
        """CPython's platform triplet, part of `SOABI` and of `config-*` folders."""
        return f"{self.architecture}-linux-musl"

    def abi(self, python: str) -> str:
        """Return the tag of extension modules of a Python: `cpython-314-x86_64-linux-musl`."""
        digits = "".join(python.split(".")[:2])
        return f"cpython-{digits}-{self.platform_triplet}"

    def runs_on(self, machine: str, system: str) -> bool:
        """Say whether a host with this `uname` runs the target's executables."""
        return system == "Linux" and machine == self.architecture


TARGETS: Final = {
    target.triple: target
    for target in (
        Target(
            triple="x86_64-unknown-linux-musl",
            architecture="x86_64",
            clang_triple="x86_64-linux-musl",
            elf_machine="EM_X86_64",
            openssl_target="linux-x86_64",
            kernel_headers=("x86_64-linux-any", "x86-linux-any", "any-linux-any"),
            runtime_rooms=(
                *(".", "payload", "vfs", "elf", "elf/x86_64", "exec", "exec/x86_64", "python"),
                *("host", "libc", "libc/x86_64", "os/linux"),
            ),
            page_size=4096,
        ),
    )
}

DEFAULT_TARGET: Final = "x86_64-unknown-linux-musl"


def parse_target(triple: str) -> Target:
    """Return the target of that name; raise `ConfigError` if there is none."""
    try:
        return TARGETS[triple]
    except KeyError:
        message = f"unknown target `{triple}`"
        raise ConfigError(message, hint=did_you_mean(triple, TARGETS)) from None
