"""Make a chroot of a newer Debian, for tools and builds that this machine's release lacks.

    python scripts/debian_chroot.py FOLDER [PACKAGE ...] [--suite sid]

For the maintainer's work (`train_profile.py`, `bench/`), never for a build of Obelisk. Needs root,
debootstrap and a machine whose apt is set up: the chroot takes its packages from the same mirror.
A folder that already holds the chroot only gets the packages that it lacks.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path


def make_chroot(folder: Path, packages: Iterable[str], *, suite: str = "sid") -> Path:
    """Return `folder`, the root of a Debian `suite` in which `packages` are installed.

    Raises `CalledProcessError` for what debootstrap or apt refuse.
    """
    if not (folder / "etc/debian_version").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", suite, folder, mirror()],
            check=True,
            stdout=sys.stderr,
        )
    missing = [name for name in packages if not _is_installed(folder, name)]
    if missing:
        install = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]
        subprocess.run(
            ["chroot", folder, "env", "DEBIAN_FRONTEND=noninteractive", *install],
            check=True,
            stdout=sys.stderr,
        )
    return folder


def mirror() -> str:
    """Return the address of the Debian mirror that this machine's apt uses.

    Raises `RuntimeError` if it uses none.
    """
    listing = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]
    for line in listing.splitlines():
        codename, _, address = line.partition(" ")
        if codename == release:
            return address
    message = f"apt of this machine has no archive of `{release}`"
    raise RuntimeError(message)


def _is_installed(folder: Path, package: str) -> bool:
    status = subprocess.run(
        ["chroot", folder, "dpkg-query", "--show", "--showformat=${db:Status-Status}", package],
        check=False,
        capture_output=True,
        text=True,
    )
    return status.stdout == "installed"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--suite", default="sid")
    options = parser.parse_args()
    make_chroot(options.folder, options.packages, suite=options.suite)
