"""`obelisk build`, `run` and `plan`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

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
from obelisk.config.request import Request, read_request
from obelisk.config.settings import Profile, Stdlib, apply_assignments
from obelisk.config.tables import apply_table, key_of
from obelisk.errors import ConfigError
from obelisk.pipeline import Built, build_all
from obelisk.plan import Plan, explain, make_plans
from obelisk.services.console import Console
from obelisk.services.disk import mebibytes
from obelisk.services.process import replace_us

_ENTRIES: Final = ("script", "entry", "module")
"""Settings that choose what is run."""


def input_options(command: Command) -> Command:
    """Add the argument and the options that say what to build and how."""
    decorators: list[Callable[[Command], Command]] = [
        click.argument("what", required=False),
        target_options,
        click.option("--script", metavar="NAME", help="Build this console script only."),
        click.option("--entry", metavar="MODULE:FUNCTION", help="Call this function."),
        click.option("-m", "--module", metavar="MODULE", help="Run this module, as `python -m`."),
        click.option("--name", metavar="NAME", help="File name of the executable."),
        click.option(
            "--include",
            metavar="PATTERN",
            multiple=True,
            help="Put in modules or files that would be left out.",
        ),
        click.option(
            "--exclude", metavar="PATTERN", multiple=True, help="Leave out modules or files."
        ),
        click.option(
            "--with",
            "extra_requirements",
            metavar="REQUIREMENT",
            multiple=True,
            help="Install this requirement as well.",
        ),
        click.option(
            *("-r", "--requirements"),
            metavar="FILE",
            multiple=True,
            help="Install the requirements of this file as well.",
        ),
        click.option("--optimize", type=click.IntRange(0, 2), help="As `python -O` and `-OO`."),
        source_text_option,
        click.option(
            "--profile",
            type=click.Choice([one.value for one in Profile]),
            help="What the executable is to be good at.",
        ),
        click.option(
            "--stdlib",
            type=click.Choice([one.value for one in Stdlib]),
            help="How much of the standard library goes in.",
        ),
        click.option(
            "--compression",
            type=CompressionChoice(),
            help="What is compressed.",
        ),
        click.option(
            "--train",
            metavar="ARGUMENTS",
            multiple=True,
            help="Run the executable with these arguments, and store together what it uses first.",
        ),
        click.option(
            "--train-record",
            metavar="FILE",
            help="Keep what training saw in this file, or use it if it is there.",
        ),
        click.option("--unbuffered", is_flag=True, default=None, help="As `python -u`."),
        click.option("--debug", is_flag=True, default=None, help="Keep symbols for gdb and perf."),
        click.option(
            "--multicall",
            is_flag=True,
            default=None,
            help="All console scripts in one executable.",
        ),
        click.option(
            "--set",
            "assignments",
            metavar="KEY=VALUE",
            multiple=True,
            help="Any key of `[tool.obelisk]`, as `interpreter.faulthandler=true`.",
        ),
    ]
    return functools.reduce(lambda made, decorate: decorate(made), reversed(decorators), command)


def refresh_option(command: Command) -> Command:
    """Add `--refresh`."""
    return click.option(
        "--refresh",
        is_flag=True,
        help="Ask package indexes for new releases now, as `uv --refresh` does.",
    )(command)


@click.command("build")
@input_options
@click.option(
    *("-o", "--output"),
    help="File, or folder, to write to [dist].",
)
@refresh_option
@archives_option
@click.option("--timings", is_flag=True, help="Print how long each step took.")
@json_option
@quiet_options
def build_command(console: Console, as_json: bool, timings: bool, **options: Any) -> None:
    """Build executables from a project, a script, a wheel or a requirement.

    WHAT is a folder with a pyproject.toml (default: this one), a script.py, a .whl file or a
    requirement such as `httpie` or `yt-dlp==2026.1.1`.

    \b
    Examples:
      obelisk build                    every script of this project
      obelisk build hello.py           a script, with its PEP 723 dependencies
      obelisk build yt-dlp             a tool from the package index
      obelisk build . --entry app:main
    """
    built = _build_all(console, **options)
    steps = console.timings()
    if timings and not as_json:
        _show_timings(console, steps)
    if as_json:
        shown = {"version": JSON_VERSION, "executables": [_as_json(one) for one in built]}
        if timings:
            shown["timings"] = [{"step": name, "seconds": round(took, 3)} for name, took in steps]
        console.json(shown)
    else:
        for one in built:
            console.data(str(one.path))


@click.command("run")
@input_options
@click.option(*("-o", "--output"), help="File to write to [dist].")
@refresh_option
@archives_option
@quiet_options
@click.pass_obj
def run_command(arguments: tuple[str, ...], /, console: Console, **options: Any) -> None:
    """Build an executable and run it with the arguments after `--`.

    \b
    Example:
      obelisk run hello.py -- --name World
    """
    built = _build_all(console, **options)
    if len(built) != 1:
        names = ", ".join(f"`{one.path.name}`" for one in built)
        message = f"there are {len(built)} executables to run: {names}"
        raise ConfigError(message, hint="choose one with `--script`")
    replace_us([built[0].path.absolute(), *arguments])


@click.command("plan")
@input_options
@json_option
@quiet_options
def plan_command(console: Console, as_json: bool, what: str | None, **options: Any) -> None:
    """Show what would be built and why, without network or tools."""
    plans = make_plans(_request(what, options, console.warn))
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
    plans = make_plans(_request(what, options, console.warn))
    plans = [replace(plan, refresh=refresh) for plan in plans]
    services = make_services(console, plans[0].settings.target, archives)
    built = []
    try:
        for one in build_all(plans, services, _places(plans, output)):
            built.append(one)
            _summarise(console, one)
    finally:
        services.cache.close()
    return built


def _request(what: str | None, options: dict[str, Any], warn: Callable[[str], None]) -> Request:
    """Read the request, with the command line's values in place of the file's."""
    request = read_request(what, warn)
    settings = apply_assignments(request.settings, options.pop("assignments"), warn)
    given: dict[str, Any] = {}
    for name, value in options.items():
        if value is None or value == ():
            continue
        old = getattr(settings, name)
        given[key_of(name)] = [*old, *value] if isinstance(value, tuple) else value
    # An entry point of the command line takes the place of any in the file.
    if given.keys() & set(_ENTRIES):
        settings = replace(settings, script=None, entry=None, module=None)
    return replace(request, settings=apply_table(settings, given, "the command line", warn))


def _places(plans: list[Plan], output: str | None) -> list[Path]:
    """Return where each executable goes; a folder is what is one, or ends in a slash."""
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
