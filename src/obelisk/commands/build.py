"""`obelisk build`, `run` and `plan`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from obelisk.commands.options import (
    JSON_VERSION,
    Command,
    CompressionChoice,
    archives_option,
    json_option,
    make_services,
    quiet_options,
    source_text_option,
    target_options,
)
from obelisk.config.request import CommandLine, read_requests
from obelisk.config.settings import Profile, Stdlib
from obelisk.errors import ConfigError
from obelisk.explain import explain
from obelisk.pipeline import Built, build_all
from obelisk.plan import Plan, make_plans
from obelisk.services.console import Console
from obelisk.services.disk import mebibytes
from obelisk.services.process import replace_us


def input_options(command: Command) -> Command:
    """Add the argument and the options that say what to build and how."""
    decorators: list[Callable[[Command], Command]] = [
        click.argument("what", required=False),
        target_options,
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
            "--train-record",
            metavar="FILE",
            help="Save the result of training to this file, or reuse it if it exists.",
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


@click.command("build")
@input_options
@click.option(
    *("-o", "--output"),
    metavar="PATH",
    help="File or directory to write to [default: dist].",
)
@refresh_option
@archives_option
@click.option("--timings", is_flag=True, help="Print how long each step took.")
@json_option
@quiet_options
def build_command(console: Console, as_json: bool, timings: bool, **options: Any) -> None:
    """Build executables from a project, a script, a wheel or a requirement.

    WHAT is a directory with a pyproject.toml (default: the current one), a script.py, a .whl
    file or a requirement such as `httpie` or `yt-dlp==2026.1.1`.

    \b
    Examples:
      obelisk build                    every console script of this project
      obelisk build hello.py           a script, with its PEP 723 dependencies
      obelisk build yt-dlp             a tool from the package index
      obelisk build . --entry app:main
    """
    built = _build_all(console, **options)
    steps = console.timings()
    if timings and not as_json:
        _show_timings(console, steps)
    if as_json:
        executables = [_as_json(executable) for executable in built]
        shown = {"version": JSON_VERSION, "executables": executables}
        if timings:
            shown["timings"] = [{"step": name, "seconds": round(took, 3)} for name, took in steps]
        console.json(shown)
    else:
        for executable in built:
            console.data(str(executable.path))


@click.command("run")
@input_options
@click.option(
    *("-o", "--output"), metavar="PATH", help="File or directory to write to [default: dist]."
)
@refresh_option
@archives_option
@quiet_options
@click.pass_obj
def run_command(arguments: tuple[str, ...], /, console: Console, **options: Any) -> None:
    """Build an executable, then run it with the arguments after `--`.

    \b
    Example:
      obelisk run hello.py -- --name World
    """
    built = _build_all(console, **options)
    if len(built) != 1:
        names = ", ".join(f"`{executable.path.name}`" for executable in built)
        message = f"cannot run {len(built)} executables at once: {names}"
        raise ConfigError(message, hint="choose one with `--script`")
    replace_us([built[0].path.absolute(), *arguments])


@click.command("plan")
@input_options
@json_option
@quiet_options
def plan_command(console: Console, as_json: bool, what: str | None, **options: Any) -> None:
    """Show what would be built and why, without building or using the network."""
    plans = _plans(what, options, console)
    if as_json:
        shown = [
            {row.what: {"value": row.value, "why": row.why} for row in explain(plan)}
            for plan in plans
        ]
        console.json({"version": JSON_VERSION, "plans": shown})
        return
    for rows in map(explain, plans):
        width = max(len(row.what) for row in rows)
        for row in rows:
            console.data(f"{row.what:<{width}} {row.value}  ({row.why})")


def _build_all(
    console: Console,
    *,
    what: str | None,
    output: str | None,
    archives: Path | None,
    refresh: bool,
    **options: Any,
) -> list[Built]:
    plans = _plans(what, options, console)
    plans = [replace(plan, refresh=refresh) for plan in plans]
    services = make_services(console, plans[0].settings.target, archives)
    built = []
    try:
        for executable in build_all(plans, services, _output_paths(plans, output)):
            built.append(executable)
            _summarise(console, executable)
    finally:
        services.cache.close()
    return built


def _plans(what: str | None, options: dict[str, Any], console: Console) -> list[Plan]:
    assignments = options.pop("assignments")
    command = CommandLine(what=what, options=options, assignments=assignments)
    return [
        plan for request in read_requests(command, console.warn) for plan in make_plans(request)
    ]


def _output_paths(plans: list[Plan], output: str | None) -> list[Path]:
    """Return the path of each executable; an output that ends in a slash is a folder."""
    folder = Path("dist" if output is None else output)
    if output is None or output.endswith("/") or len(plans) > 1 or folder.is_dir():
        return [folder / plan.name for plan in plans]
    return [folder]


def _summarise(console: Console, built: Built) -> None:
    console.report(
        (str(built.path), "bold"),
        f"  {mebibytes(built.size)}  {built.seconds:.1f} s\n",
        (f"sha256 {built.sha256}", "dim"),
    )


def _show_timings(console: Console, steps: list[tuple[str, float]]) -> None:
    total = sum(seconds for _, seconds in steps)
    for name, seconds in [*steps, ("total", total)]:
        console.report(f"{seconds:7.2f} s  {name}")


def _as_json(built: Built) -> dict[str, Any]:
    return {
        "path": str(built.path),
        "size": built.size,
        "sha256": built.sha256,
        "seconds": round(built.seconds, 3),
        "packages": [{"name": name, "version": version} for name, version in built.packages],
    }
