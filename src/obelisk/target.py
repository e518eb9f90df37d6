"""Facts about the systems an executable can be built for.

A triple is parsed once, here; nothing else looks inside its text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

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
    configure_triple: str
    """The same in that of autoconf's `config.guess`."""
    machine_name: str
    """What people call the machine, for messages."""
    system: Literal["linux", "windows"]
    """The operating system."""
    object_format: Literal["elf", "pe"]
    """Of its executables and shared objects."""
    elf_machine: str = ""
    """`e_machine` of its ELF files, as pyelftools names it; empty for another format."""
    elf_number: int = 0
    """The same as the number that stands there; 0 for another format."""
    openssl_target: str
    """OpenSSL's name of the target, see its `Configurations/10-main.conf`."""
    libffi_target: str
    """libffi's name of the machine and its calling convention, see its `configure.host`."""
    kernel_headers: tuple[str, ...]
    """Folders of zig's `lib/libc/include` that hold the kernel's headers, most specific first; none
    where what programs call is in libraries of the system."""
    runtime_rooms: tuple[str, ...]
    """Folders of `runtime/c` whose files its runtime is compiled of, in the order of the link."""
    page_size: int
    """Largest page size, in bytes, that the kernel uses on this machine: what has rights of its own
    begins at a multiple of it. No code may take it for the page size of a running system."""
    thread_gap: int | None
    """Bytes from the thread pointer up to thread-local variables, where they lie above it (variant
    I of Drepper's "ELF Handling For Thread-Local Storage"); None where they lie below it (variant
    II)."""
    profiled_on: str
    """The machine whose profiles it is built with (recipes/profiles.py): what they know of a
    function depends on the source, and hardly on the machine."""
    runtime_files: tuple[str, ...] = ()
    """Single files of other rooms, which have more than this system can use."""
    emulator: str | None = None
    """A program that runs its executables on other machines, for tests."""

    @property
    def platform_triplet(self) -> str:
        """CPython's platform triplet, part of `SOABI` and of `config-*` folders."""
        if self.system == "windows":
            return self.python_platform.replace("-", "_")
        return f"{self.architecture}-linux-musl"

    @property
    def python_platform(self) -> str:
        """What `sysconfig.get_platform` says there."""
        if self.system == "windows":
            return {"x86_64": "win-amd64"}[self.architecture]
        return f"linux-{self.architecture}"

    @property
    def scheme(self) -> Literal["posix_prefix", "nt"]:
        """The installation scheme of its Python, as `sysconfig` names it."""
        return "nt" if self.system == "windows" else "posix_prefix"

    @property
    def executable_suffix(self) -> str:
        """What names of its programs end with."""
        return ".exe" if self.system == "windows" else ""

    @property
    def extension_suffix(self) -> str:
        """What names of its extension modules end with, after their tag."""
        return ".pyd" if self.system == "windows" else ".so"

    def abi(self, python: str) -> str:
        """Return the tag of extension modules of a Python: `cpython-314-x86_64-linux-musl`.

        On Windows it is such as `cp314-win_amd64`.
        """
        digits = "".join(python.split(".")[:2])
        implementation = "cp" if self.system == "windows" else "cpython-"
        return f"{implementation}{digits}-{self.platform_triplet}"

    def rooms_for(self, purpose: str) -> tuple[str, str]:
        """Return the folders of `runtime/c` for one purpose: every machine's, and this one's."""
        return purpose, f"{purpose}/{self.architecture}"

    def runs_on(self, machine: str, system: str) -> bool:
        """Say whether a host with this `uname` runs the target's executables."""
        return system.lower() == self.system and machine == self.architecture


TARGETS: Final = {
    target.triple: target
    for target in (
        Target(
            triple="x86_64-unknown-linux-musl",
            architecture="x86_64",
            clang_triple="x86_64-linux-musl",
            configure_triple="x86_64-pc-linux-musl",
            machine_name="x86-64",
            system="linux",
            object_format="elf",
            elf_machine="EM_X86_64",
            elf_number=62,
            openssl_target="linux-x86_64",
            libffi_target="X86_64",
            kernel_headers=("x86-linux-any", "any-linux-any"),
            runtime_rooms=(
                # First: see elf/x86_64/tls.c.
                "elf/x86_64",
                *(".", "payload", "vfs", "elf", "exec", "exec/x86_64", "python"),
                *("host", "libc", "libc/x86_64", "os/linux"),
            ),
            page_size=4096,
            thread_gap=None,
            profiled_on="x86_64",
        ),
        Target(
            triple="aarch64-unknown-linux-musl",
            architecture="aarch64",
            clang_triple="aarch64-linux-musl",
            configure_triple="aarch64-unknown-linux-musl",
            machine_name="AArch64",
            system="linux",
            object_format="elf",
            elf_machine="EM_AARCH64",
            elf_number=183,
            openssl_target="linux-aarch64",
            libffi_target="AARCH64",
            kernel_headers=("aarch64-linux-any", "any-linux-any"),
            runtime_rooms=(
                # First: see elf/aarch64/tls.c.
                "elf/aarch64",
                *(".", "payload", "vfs", "elf", "exec", "exec/aarch64", "python"),
                *("host", "libc", "libc/aarch64", "os/linux"),
            ),
            page_size=65536,
            thread_gap=16,
            profiled_on="x86_64",
            emulator="qemu-aarch64-static",
        ),
        Target(
            triple="x86_64-pc-windows-gnu",
            architecture="x86_64",
            clang_triple="x86_64-windows-gnu",
            configure_triple="x86_64-w64-mingw32",
            machine_name="x86-64",
            system="windows",
            object_format="pe",
            openssl_target="mingw64",
            libffi_target="X86_WIN64",
            kernel_headers=(),
            runtime_rooms=(
                *(".", "pe", "vfs/windows", "exec/windows", "python/windows"),
                *("host/windows", "os/windows"),
            ),
            runtime_files=(
                *("payload/expand.c", "payload/integrity.c", "payload/payload.c"),
                *("payload/settings.c", "exec/python_arguments.c", "python/interp.c"),
                *("python/application_arguments.c", "python/main_program.c", "python/paths.c"),
                *("python/payload_module.c", "python/pyconfig.c"),
            ),
            page_size=4096,
            thread_gap=None,
            profiled_on="x86_64",
            emulator="wine",
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
