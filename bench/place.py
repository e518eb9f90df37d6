"""Where contenders are built and run: in a chroot of the newest Debian, or on this machine.

The chroot gives the glibc reference, and the peers the same Python as Obelisk's. It is entered in a
mount namespace of this process' own, so nothing stays mounted whatever happens.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.model import BenchError

CHROOT = "OBELISK_BENCH_CHROOT"
_ENTERED = "OBELISK_BENCH_ENTERED"
_PACKAGES = (
    *("python3.14", "python3.14-dev", "python3.14-venv", "gcc", "libc6-dev", "patchelf"),
    *("wrk", "ca-certificates"),
)
_HERE = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A root, the Python in it, and a folder for what is built."""

    root: Path
    python: str
    label: str
    """What the page calls the Python."""
    work: Path
    """The folder as this process sees it; `within` tells how it is seen below the root."""
    mounted: str = ""
    """Where the folder is below the root, if it has another path there."""

    def within(self, path: Path) -> str:
        """Return a path below `work` as processes below the root see it."""
        if not self.mounted:
            return str(path)
        return str(self.mounted / path.relative_to(self.work))

    def folder(self, *names: str, empty: bool = False) -> Path:
        """Return a folder below `work`, which is made; what it holds is removed if asked."""
        path = self.work.joinpath(*names)
        if empty and path.exists():
            shutil.rmtree(path)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def argv(self, command: Sequence[str], folder: Path | None = None) -> list[str]:
        """Return what runs a command below the root, in a folder."""
        if not self.mounted:
            return [*command] if folder is None else ["env", "-C", str(folder), *command]
        inside = self.within(folder or self.work)
        return ["chroot", str(self.root), "env", "-C", inside, *command]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the variables that everything that is measured and built gets."""
        home = self.within(self.folder("home"))
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            **(extra or {}),
        }

    def run(
        self,
        command: Sequence[str],
        folder: Path | None = None,
        extra: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> str:
        """Run a command below the root and return its output; raise `BenchError` if it fails."""
        try:
            done = _run_to_the_end(self.argv(command, folder), self.environment(extra), timeout)
        except subprocess.TimeoutExpired:
            message = f"`{' '.join(command[:3])} ...` took longer than {timeout:.0f} s"
            raise BenchError(message) from None
        except OSError as error:
            message = f"cannot run `{command[0]}`: {error.strerror}"
            raise BenchError(message) from None
        if done.returncode != 0:
            message = f"`{' '.join(command[:3])} ...` ended with status {done.returncode}"
            message += f": {_last_words(done.stdout + done.stderr)}"
            raise BenchError(message)
        return done.stdout


def _run_to_the_end(
    argv: Sequence[str], env: Mapping[str, str], timeout: float | None
) -> subprocess.CompletedProcess[str]:
    """Run a command; when it takes too long or is interrupted, end what it has started as well."""
    process = subprocess.Popen(
        argv,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    with process:
        try:
            output, errors = process.communicate(timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return subprocess.CompletedProcess(argv, process.returncode, output, errors)


def this_machine(work: Path) -> Place:
    """Return the place that needs no rights: this machine and the Python that runs this."""
    python = os.path.realpath(sys.executable)
    version = ".".join(map(str, sys.version_info[:3]))
    return Place(
        root=Path("/"), python=python, label=f"Python {version} of this machine", work=work
    )


def enter(chroot: Path, work: Path) -> Place:
    """Make the chroot, and run this program anew with it mounted; return it once that is so.

    Needs root. Raises `BenchError` if the chroot cannot be made.
    """
    work.mkdir(parents=True, exist_ok=True)
    if _ENTERED not in os.environ:
        _make(chroot)
        argv = ["unshare", "--mount", "--propagation", "private"]
        os.environ[_ENTERED] = "1"
        os.environ["PYTHONPATH"] = str(_HERE)
        os.execvp("unshare", [*argv, sys.executable, "-m", "bench", *sys.argv[1:]])
    for kind, source, target in _mounts(chroot, work):
        subprocess.run(["mount", *kind, source, target], check=True)
    version = subprocess.run(
        ["chroot", chroot, "dpkg-query", "-W", "-f", "${Version}", "python3.14"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return Place(
        root=chroot,
        python="/usr/bin/python3.14",
        label=f"Debian's Python {version}",
        work=work,
        mounted="/mnt",
    )


def _make(chroot: Path) -> None:
    script = _HERE / "scripts/debian_chroot.py"
    try:
        subprocess.run([sys.executable, script, chroot, *_PACKAGES], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        message = f"cannot make the chroot `{chroot}`: {error}"
        raise BenchError(message, hint="`--no-chroot` measures without it") from None


def _mounts(chroot: Path, work: Path) -> list[tuple[list[str], str, str]]:
    """Return what is mounted: kind, source, target; certificates are those of this machine."""
    network = ("/etc/ssl/certs", "/etc/resolv.conf", "/usr/share/ca-certificates")
    shared = [path for path in network if Path(path).exists() and Path(f"{chroot}{path}").exists()]
    return [
        (["-t", "proc"], "proc", f"{chroot}/proc"),
        (["--rbind"], "/dev", f"{chroot}/dev"),
        (["--bind"], str(work), f"{chroot}/mnt"),
        *((["--bind"], path, f"{chroot}{path}") for path in shared),
    ]


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-3:])[-400:]
