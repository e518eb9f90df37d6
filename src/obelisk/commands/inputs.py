"""What to build and how: the options of commands, and reading what they name."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import click

from obelisk.commands.options import (
    Command,
    CompressionChoice,
    make_services,
    pins_option,
    source_text_option,
    target_options,
)
from obelisk.config.pyoxidizer.session import Wanted
from obelisk.config.request import CommandLine, Outside, Requests, read_requests
from obelisk.config.settings import Profile, Stdlib
from obelisk.installations import Installations
from obelisk.plan import Plan, make_plans
from obelisk.services.console import Console
from obelisk.services.services import Services


def variable_options(command: Command) -> Command:
    """Add `--var` and `--var-env`; the command receives what `variables_of` takes."""
    for name, word, shown, meaning in (
        (
            "--var-env",
            "env_variables",
            "NAME ENV",
            "Set `VARS[NAME]` to the value of an environment variable.",
        ),
        ("--var", "variables", "NAME VALUE", "Set `VARS[NAME]` of a pyoxidizer.bzl."),
    ):
        option = click.option(name, word, nargs=2, multiple=True, metavar=shown, help=meaning)
        command = option(command)
    return command


def variables_of(
    variables: tuple[tuple[str, str], ...], env_variables: tuple[tuple[str, str], ...]
) -> dict[str, str | None]:
    """Return the `VARS` of a pyoxidizer.bzl."""
    from_env = {name: os.environ.get(variable) for name, variable in env_variables}
    return {**dict(variables), **from_env}


def input_options(command: Command) -> Command:
    """Add the argument and the options that say what to build and how."""
    decorators: list[Callable[[Command], Command]] = [
        click.argument("what", nargs=-1),
        click.option(
            "--path", metavar="DIR", help="Directory of the configuration, or a pyoxidizer.bzl."
        ),
        variable_options,
        click.option("--release", is_flag=True, hidden=True),  # executables always are
        target_options,
        pins_option,
        click.option("--script", metavar="NAME", help="Build only this console script."),
        click.option(
            "--entry", metavar="MODULE:FUNCTION", help="Call this function as the entry point."
        ),
        click.option(
            "-m",
            "--module",
            metavar="MODULE",
            help="Run this module as the entry point, like `python -m`.",
        ),
        click.option("--name", metavar="NAME", help="File name of the executable."),
        click.option(
            "--include",
            metavar="PATTERN",
            multiple=True,
            help="Include modules or files excluded by default.",
        ),
        click.option(
            "--exclude", metavar="PATTERN", multiple=True, help="Exclude modules or files."
        ),
        click.option(
            "--with",
            "extra_requirements",
            metavar="REQUIREMENT",
            multiple=True,
            help="Also install this requirement.",
        ),
        click.option(
            *("-r", "--requirements"),
            metavar="FILE",
            multiple=True,
            help="Also install the requirements in this file.",
        ),
        click.option(
            "--optimize",
            type=click.IntRange(0, 2),
            help="Optimization level of the bytecode: 1 is `python -O`, 2 is `-OO`.",
        ),
        source_text_option,
        click.option(
            "--profile",
            type=click.Choice([profile.value for profile in Profile]),
            help="Trade-off between size and speed.",
        ),
        click.option(
            "--stdlib",
            type=click.Choice([choice.value for choice in Stdlib]),
            help="How much of the standard library to include.",
        ),
        click.option(
            "--compression",
            type=CompressionChoice(),
            help="Which parts to compress.",
        ),
        click.option(
            "--train",
            metavar="ARGUMENTS",
            multiple=True,
            help="Run the executable with these arguments and lay it out by what it reads first.",
        ),
        click.option(
            "--train-request",
            "train_requests",
            metavar="URL",
            multiple=True,
            help="Ask each run of --train for this URL, and stop it when all are answered.",
        ),
        click.option(
            "--train-record",
            metavar="FILE",
            help="Save the result of training to this file, or reuse it if it exists.",
        ),
        click.option(
            "--snapshot/--no-snapshot",
            default=None,
            help="Start from a snapshot in which the program's modules are already imported.",
        ),
        click.option(
            "--unbuffered",
            is_flag=True,
            default=None,
            help="Unbuffered stdout and stderr, like `python -u`.",
        ),
        click.option(
            "--debug", is_flag=True, default=None, help="Keep debug symbols for gdb and perf."
        ),
        click.option(
            "--multicall",
            is_flag=True,
            default=None,
            help="Build one executable with all console scripts.",
        ),
        click.option(
            "--set",
            "assignments",
            metavar="KEY=VALUE",
            multiple=True,
            help="Set any key of `[tool.obelisk]`, such as `interpreter.faulthandler=true`.",
        ),
    ]
    return functools.reduce(lambda made, decorate: decorate(made), reversed(decorators), command)


def refresh_option(command: Command) -> Command:
    """Add `--refresh`."""
    return click.option(
        "--refresh",
        is_flag=True,
        help="Check package indexes for new releases, like `uv --refresh`.",
    )(command)


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What was read, and a plan for each executable."""

    read: Requests
    plans: list[Plan]
    places: list[tuple[str, ...]]
    """Of each plan, the paths of its executable below the output folder."""


def command_line(
    *,
    what: tuple[str, ...],
    path: str | None,
    variables: tuple[tuple[str, str], ...],
    env_variables: tuple[tuple[str, str], ...],
    release: bool,
    assignments: tuple[str, ...] = (),
    **options: Any,
) -> CommandLine:
    """Return what the options of `input_options` say."""
    del release
    pins = options.pop("pins", ())
    return CommandLine(
        what=what,
        path=path,
        options=options,
        assignments=assignments,
        pins=pins,
        variables=variables_of(variables, env_variables),
    )


def read_plans(command: CommandLine, outside: Outside) -> Planned:
    """Read what the command line names, and plan it."""
    read = read_requests(command, outside)
    plans, places = [], []
    for request in read.requests:
        for plan in make_plans(request):
            plans.append(plan)
            places.append(request.places or (plan.file_name,))
    return Planned(read=read, plans=plans, places=places)


class Workshop:
    """Services and installations of a command, each made when it is needed; closed at its end."""

    def __init__(self, console: Console, archives: Path | None, *, refresh: bool) -> None:
        self.installations: Installations | None = None
        self.console = console
        self._archives = archives
        self._refresh = refresh
        self._services: dict[str, Services] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Make nothing yet."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Remove what was installed, and close the cache."""
        self._stack.close()

    def services(self, target: str) -> Services:
        """Return the services for a target."""
        if target not in self._services:
            made = make_services(self.console, target, self._archives)
            self._stack.callback(made.cache.close)
            self._services[target] = made
        return self._services[target]

    def bring(self, wanted: Wanted) -> Path:
        """Install what the evaluation of a configuration asks for."""
        if self.installations is None:
            cache = self.services(wanted.settings.target).cache
            work = self._stack.enter_context(cache.scratch("parts"))
            self.installations = Installations(work, self.services, refresh=self._refresh)
        return self.installations.bring(wanted)

    @property
    def outside(self) -> Outside:
        """What reading a configuration needs."""
        console = self.console
        return Outside(warn=console.warn, note=console.note, bring=self.bring)
