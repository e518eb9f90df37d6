"""Options that commands share, and what they turn into."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import TARGETS, parse_target

JSON_VERSION: Final = 1
"""Version of what `--json` prints; it grows when a field changes its meaning."""

Command = Callable[..., None]


def quiet_options(command: Command) -> Command:
    """Add `-v` and `-q`; the command receives a `console`."""

    @click.option("-v", "--verbose", is_flag=True, help="Say more on stderr.")
    @click.option("-q", "--quiet", is_flag=True, help="Say nothing on stderr but errors.")
    @functools.wraps(command)
    def with_console(*args: Any, verbose: bool, quiet: bool, **rest: Any) -> None:
        level = Verbosity.VERBOSE if verbose else Verbosity.QUIET if quiet else Verbosity.NORMAL
        command(*args, console=Console(level), **rest)

    return with_console


def json_option(command: Command) -> Command:
    """Add `--json`; the command receives `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")(command)


def sources_option(command: Command) -> Command:
    """Add `--sources`."""
    return click.option(
        "--sources",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="Take pinned sources from this folder instead of the network.",
    )(command)


def target_options(command: Command) -> Command:
    """Add `--target` and `--python`; the command receives None where they are not given."""
    command = click.option("--python", metavar="VERSION", help="Python version, such as 3.14.")(
        command
    )
    return click.option(
        "--target",
        metavar="TRIPLE",
        shell_complete=lambda *_: sorted(TARGETS),
        help="Target triple, such as x86_64-unknown-linux-musl.",
    )(command)


def make_services(console: Console, target: str, sources: Path | None) -> Services:
    """Return the services that building needs."""
    return Services(
        cache=Cache(warn=console.warn),
        console=console,
        target=parse_target(target),
        sources=sources,
    )
