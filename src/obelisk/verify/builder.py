"""What nothing inside an executable must name: who builds here, where, and with which secrets."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from obelisk.services import host

_SECRET: Final = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|_AUTH$", re.IGNORECASE
)
"""Names of variables whose values are nobody's business."""
_IN_ADDRESS: Final = re.compile(r"\w://[^/@\s:]*:([^/@\s]+)@")
"""A password in an address, such as that of a package index."""
_SHORTEST: Final = 8
"""Characters of a secret, or of a host's name: a shorter one may be there by chance."""
_COMMON: Final = """
    admin app appuser azureuser build builder buildkite centos ci circleci coder debian dev
    developer devel docker ec2-user fedora github gitlab gitlab-runner gitpod guest home jenkins
    jovyan me node nobody nonroot opc python root runner test tester travis ubuntu user username
    vagrant vscode vsts worker www-data you
"""
_ANYBODY: Final = frozenset(_COMMON.split())
"""Names of users that say nothing: they are in other people's paths as well."""
_SYSTEM: Final = ("bin", "dev", "etc", "lib", "lib64", "proc", "run", "sbin", "sys", "usr")
"""Folders below the root that all machines have."""
_TEMPORARY: Final = ("/tmp", "/var/tmp")  # noqa: S108 - nothing is written there


@dataclass(frozen=True, kw_only=True, slots=True)
class Builder:
    """Who builds, and where."""

    user: str = ""
    host: str = ""
    home: str = ""
    """The user's home directory."""
    working: str = ""
    """The working directory."""
    cache: str = ""
    """Obelisk's cache."""
    secrets: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(name, value) of variables whose values must not leave the machine."""

    @property
    def is_somebody(self) -> bool:
        """Whether the user's name tells who it is."""
        return len(self.user) > 2 and self.user not in _ANYBODY

    @property
    def is_own_home(self) -> bool:
        """Whether the home directory tells who it is."""
        return self.is_somebody and self.user in self.home.split("/")

    @property
    def is_known_host(self) -> bool:
        """Whether the host's name could be there only because it was built on it."""
        return len(self.host) >= _SHORTEST and any(char in "-.0123456789" for char in self.host)


def this_builder(cache: Path) -> Builder:
    """Return the user and the machine that this process runs as and on."""
    return Builder(
        user=host.user(),
        host=host.name(),
        home=_private(os.path.expanduser("~")),  # noqa: PTH111 - Path.home raises without one
        working=_private(_working()),
        cache=_private(str(cache)),
        secrets=tuple(secrets_of(os.environ)),
    )


def _working() -> str:
    """Return the working directory; nothing if it was removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def _private(folder: str) -> str:
    """Return a folder, unless it is one that all machines have."""
    parts = Path(folder).parts
    shared = len(parts) < 2 or parts[1] in _SYSTEM or folder in _TEMPORARY
    return "" if shared else folder


def secrets_of(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the variables with a secret, and that; paths and words are none."""
    for name, value in sorted(environment.items()):
        found = [match[1] for match in _IN_ADDRESS.finditer(value)]
        if _SECRET.search(name):
            found.append(value.strip())
        yield from ((name, secret) for secret in found if _is_secret(secret))


def _is_secret(value: str) -> bool:
    kinds = (str.isdigit, str.isalpha)
    mixed = all(any(kind(char) for char in value) for kind in kinds)
    return len(value) >= _SHORTEST and mixed and not value.startswith(("/", "~/"))
