"""Options that commands share, and the services made of them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from obelisk.config.settings import Compression, Settings
from obelisk.services import fetch
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import TARGETS, parse_target

JSON_VERSION: Final = 1
"""Version of what `--json` prints; it grows when a field changes its meaning."""

Command = Callable[..., None]


def quiet_options(command: Command) -> Command:
    """Add `-v` and `-q`; the command receives a `console`."""

    @click.option("-v", "--verbose", is_flag=True, help="Print more detail.")
    @click.option("-q", "--quiet", is_flag=True, help="Print only warnings and errors.")
    @functools.wraps(command)
    def with_console(*args: Any, verbose: bool, quiet: bool, **rest: Any) -> None:
        level = Verbosity.VERBOSE if verbose else Verbosity.QUIET if quiet else Verbosity.NORMAL
        command(*args, console=Console(level), **rest)

    return with_console


def json_option(command: Command) -> Command:
    """Add `--json`; the command receives `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(
        command
    )


def archives_option(command: Command) -> Command:
    """Add `--archives`, and its old name; the command receives `archives`."""
    folder = click.Path(exists=True, file_okay=False, path_type=Path)

    @click.option(
        "--archives",
        metavar="DIR",
        type=folder,
        help="Use the source archives in this directory instead of downloading them.",
    )
    @click.option("--sources", "old_archives", type=folder, hidden=True)
    @functools.wraps(command)
    def with_archives(
        *args: Any, archives: Path | None, old_archives: Path | None, **rest: Any
    ) -> None:
        if old_archives is not None:
            _warn_of_old_name("--sources", "--archives")
        command(*args, archives=archives or old_archives, **rest)

    return with_archives


def source_text_option(command: Command) -> Command:
    """Add `--source-text`, and its old name; the command receives `source_text`."""

    @click.option(
        "--source-text/--no-source-text",
        default=None,
        help="Include source text, for tracebacks and `inspect`.",
    )
    @click.option("--with-sources/--without-sources", "old_text", default=None, hidden=True)
    @functools.wraps(command)
    def with_source_text(
        *args: Any, source_text: bool | None, old_text: bool | None, **rest: Any
    ) -> None:
        if old_text is not None:
            old, new = ("with", "") if old_text else ("without", "no-")
            _warn_of_old_name(f"--{old}-sources", f"--{new}source-text")
        command(*args, source_text=old_text if source_text is None else source_text, **rest)

    return with_source_text


class CompressionChoice(click.Choice[str]):
    """The values of `compression`; old ones are passed on, and read as in a file."""

    def __init__(self) -> None:
        super().__init__([choice.value for choice in Compression])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the value, whether it is a current or an old one."""
        if value in Settings.OLD_NAMES.values["compression"]:
            return str(value)
        return super().convert(value, param, ctx)


def _warn_of_old_name(old: str, new: str) -> None:
    Console().warn(f"`{old}` is deprecated; use `{new}` instead")


def target_options(command: Command) -> Command:
    """Add `--target` and `--python`; the command receives None where they are not given."""
    command = click.option("--python", metavar="VERSION", help="Python version, e.g. 3.14.")(
        command
    )
    return click.option(
        "--target",
        "--target-triple",
        "target",
        metavar="TRIPLE",
        shell_complete=lambda *_: sorted(TARGETS),
        help="Target triple, e.g. x86_64-unknown-linux-musl.",
    )(command)


def pins_option(command: Command) -> Command:
    """Add `--pins`; the command receives `pins`, a tuple of paths."""
    return click.option(
        "--pins",
        metavar="FILE",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Use the pins in this TOML file in place of Obelisk's, as of `[tool.obelisk.pins]`.",
    )(command)


def make_services(console: Console, target: str, archives: Path | None) -> Services:
    """Return the services that building needs."""
    if not os.environ.get(fetch.ENVIRONMENT) and os.environ.get(fetch.OLD_ENVIRONMENT):
        _warn_of_old_name(fetch.OLD_ENVIRONMENT, fetch.ENVIRONMENT)
    return Services(
        cache=Cache(warn=console.warn),
        console=console,
        target=parse_target(target),
        archives=archives,
    )
