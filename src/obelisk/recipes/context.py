"""What a recipe works with: its unpacked source, its dependencies and the tools."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from obelisk.errors import ToolError
from obelisk.services import host
from obelisk.services.pins import Pin, Pins
from obelisk.services.process import run_logged
from obelisk.target import Target
from obelisk.toolchain.clang import Toolchain, archive, compile_all


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipeContext:
    """One recipe's place of work.

    A recipe reads `source` and `chain.sysroot`, writes anything below `root`, and leaves what it
    makes below `output` as `include/` and `lib/`.
    """

    source: Pin
    chain: Toolchain
    root: Path
    tree: Path
    """The unpacked source."""
    output: Path
    log: Path
    native: Toolchain | None
    """Tools whose programs run on this machine, for a recipe that asks for them; None where those
    of `chain` do."""
    say: Callable[[str], None]
    """Tells people in one line what is other than usual."""
    pins: Pins
    """The sources that the others are built from."""

    @property
    def native_cc(self) -> str:
        """The compiler of programs that are run while building."""
        return str(self.native.tool("cc")) if self.native else "cc"

    def run(
        self, *argv: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> None:
        """Run a tool in the source tree, or in `cwd`; `env` is added to the clean environment."""
        run_logged(
            argv,
            log=self.log,
            cwd=cwd or self.tree,
            env=self.chain.environment() | (env or {}),
            what=f"building {self.source.name}",
        )

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text of one file of the tree; raise `ToolError` when it is not there."""
        file = self.tree / path
        text = file.read_text()
        if old not in text:
            message = f"{path} of {self.source.name} {self.source.version} has no `{old}`"
            raise ToolError(message)
        file.write_text(text.replace(old, new))

    def library(
        self, name: str, sources: Iterable[str], *, flags: tuple[str, ...], base: str = "."
    ) -> None:
        """Compile files of the tree, named from `base`, with `flags` into `lib/<name>.a`.

        The code is position-independent, for shared objects as well as for the runtime.
        """
        folder = self.tree / base
        objects = self.root / "objects"
        made = {folder / name: objects / (name.replace("/", "_") + ".o") for name in sources}
        compile_all(
            self.chain,
            made,
            flags=("-O2", "-DNDEBUG", "-fPIC", *flags),
            cwd=folder,
            log=self.log,
            what=f"building {self.source.name}",
        )
        archive(self.chain, self.output / "lib" / f"{name}.a", list(made.values()), self.log)

    def shared(self, name: str, soname: str) -> None:
        """Make a shared object of `lib/<name>.a`, for wheels that expect the system to have it."""
        library = self.output / "lib" / f"{name}.a"
        made = self.output / "lib" / soname
        flags = ("-shared", "-soname", soname, "--hash-style=gnu", "-z", "relro", "-z", "now")
        self.run("ld.lld", *flags, "--whole-archive", library, "-o", made)

    def glob(self, pattern: str, *, base: str = ".", without: Iterable[str] = ()) -> list[str]:
        """List files below `base` that match, sorted, but for those whose name is in `without`."""
        folder = self.tree / base
        skipped = set(without)
        found = (path for path in folder.glob(pattern) if path.name not in skipped)
        return sorted(path.relative_to(folder).as_posix() for path in found)

    def headers(self, *names: str, into: str = "") -> None:
        """Copy headers of the tree to `include/`, below its folder `into`."""
        for name in names:
            path = self.tree / name
            self.header(path.name, path.read_text(), into=into)

    def header(self, name: str, text: str, *, into: str = "") -> None:
        """Write one header to `include/`, below its folder `into`."""
        folder = self.output / "include" / into
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    def configure(self, *options: str, env: dict[str, str] | None = None) -> None:
        """Run an autoconf `configure` for the target; what `make install` does goes to `output`."""
        self._configure(self.tree, self.chain.target, {"CC": "cc"} | (env or {}), options)

    def configure_native(self, tree: Path, *options: str, env: dict[str, str]) -> None:
        """Run `configure` of a copy of the tree for programs that are run while building."""
        self._configure(tree, host.own_target(), env | {"CC": self.native_cc}, options)

    def _configure(
        self, tree: Path, target: Target, env: dict[str, str], options: Iterable[str]
    ) -> None:
        build = host.own_target().configure_triple
        self.run(
            *("./configure", f"--build={build}", f"--host={target.configure_triple}"),
            "--prefix=/",
            *options,
            cwd=tree,
            env={"AR": "ar", "RANLIB": "ranlib", "LD": "ld.lld"} | env,
        )
