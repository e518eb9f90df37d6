"""Virtual environments below the place's root, made by uv: one for each peer and application."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from bench.place import Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """One virtual environment."""

    place: Place
    folder: Path

    def program(self, name: str) -> str:
        """Return a program of it, as seen below the root."""
        return f"{self.place.within(self.folder)}/bin/{name}"

    @property
    def site(self) -> Path:
        """Its site-packages."""
        (site,) = self.folder.glob("lib/python3.*/site-packages")
        return site

    def versions(self) -> dict[str, str]:
        """Return what is installed."""
        command = [_uv(self.place), "pip", "freeze", "--python", self.program("python")]
        rows = (line.partition("==") for line in self.place.run(command).splitlines())
        return {name: version for name, found, version in rows if found}


def make_environment(place: Place, name: str, requirements: tuple[str, ...]) -> Environment:
    """Return an environment with these requirements; it is made anew when they have changed."""
    environment = Environment(place=place, folder=place.folder("environments") / name)
    stamp = environment.folder / "made-of.txt"
    wanted = "\n".join([place.label, *requirements, ""])
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return environment
    shutil.rmtree(environment.folder, ignore_errors=True)
    command = [_uv(place), "venv", "--quiet", "--python", place.python]
    place.run([*command, place.within(environment.folder)], extra=index_variables(place))
    if requirements:
        _install(place, ["--python", environment.program("python"), "--", *requirements])
    stamp.write_text(wanted, encoding="utf-8")
    return environment


def install_into(place: Place, folder: Path, requirements: tuple[str, ...]) -> None:
    """Install requirements into a plain folder."""
    if requirements:
        target = ["--python", place.python, "--target", place.within(folder)]
        _install(place, [*target, "--", *requirements])


def index_variables(place: Place) -> dict[str, str]:
    """Return the variables of this machine for programs that ask the package index."""
    prefixes = ("UV_", "PIP_", "SSL_CERT_", "REQUESTS_CA_")
    given = {name: text for name, text in os.environ.items() if name.startswith(prefixes)}
    return {**given, "UV_CACHE_DIR": place.within(place.folder("uv-cache"))}


def _install(place: Place, arguments: list[str]) -> None:
    command = [_uv(place), "pip", "install", "--quiet", "--link-mode", "copy", *arguments]
    place.run(command, extra=index_variables(place))


def _uv(place: Place) -> str:
    copy = place.folder("tools") / "uv"
    if not copy.exists():
        shutil.copy(find_uv_bin(), copy)
    return place.within(copy)
