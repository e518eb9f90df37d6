"""`obelisk build`, `run`, `plan` and `list-targets`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from obelisk.commands.inputs import (
    Planned,
    Workshop,
    command_line,
    input_options,
    read_plans,
    refresh_option,
    variable_options,
    variables_of,
)
from obelisk.commands.options import JSON_VERSION, archives_option, json_option, quiet_options
from obelisk.config.pyoxidizer.evaluate import FILE
from obelisk.config.request import CommandLine, Outside, read_session
from obelisk.errors import ConfigError
from obelisk.explain import explain
from obelisk.output import check_beside, inputs_of, result_place, write_beside, write_result
from obelisk.pipeline import Built, build_all
from obelisk.report.sbom import format_of, sbom_text
from obelisk.services.console import Console
from obelisk.services.disk import mebibytes
from obelisk.services.process import replace_us


@click.command("build")
@input_options
@click.option(
    *("-o", "--output"),
    metavar="PATH",
    help="File or directory to write to [default: dist].",
)
@refresh_option
@archives_option
@click.option(
    "--relinkable",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Also write what is needed to link each executable again, to DIR/NAME.",
)
@click.option(
    "--sbom",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a bill of materials: CycloneDX, or SPDX for names that end with .spdx.json.",
)
@click.option("--timings", is_flag=True, help="Print how long each step took.")
@json_option
@quiet_options
def build_command(console: Console, as_json: bool, timings: bool, **options: Any) -> None:
    """Build executables from a project, a script, a wheel or a requirement.

    WHAT is a directory with a pyproject.toml (default: the current one), a script.py, a .whl
    file or a requirement such as `httpie` or `yt-dlp==2026.1.1`. Where there is a
    pyoxidizer.bzl and no `[tool.obelisk]`, it is any number of its targets.

    \b
    Examples:
      obelisk build                    every console script of this project
      obelisk build hello.py           a script, with its PEP 723 dependencies
      obelisk build yt-dlp             a tool from the package index
      obelisk build . --entry app:main
      obelisk build install            a target of pyoxidizer.bzl
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
@click.option(
    "--install",
    is_flag=True,
    help="Install what a pyoxidizer.bzl asks for, so that its loops and callbacks see resources.",
)
@archives_option
@json_option
@quiet_options
def plan_command(
    console: Console, as_json: bool, install: bool, archives: Path | None, **options: Any
) -> None:
    """Show what would be built and why, without building or using the network.

    Of a pyoxidizer.bzl also how each statement was understood. What it installs is installed only
    with `--install`: without it there are no resources, and nothing that depends on them is shown.
    """
    with Workshop(console, archives, refresh=False) as workshop:
        nothing = Outside(warn=console.warn, note=console.note)
        outside = workshop.outside if install else nothing
        planned = read_plans(command_line(**options), outside)
    if install and planned.read.configuration is None:
        message = "`--install` has no effect"
        raise ConfigError(message, hint=f"it is for a {FILE}, of which there is none")
    statements = planned.read.statements
    if as_json:
        shown = [
            {row.what: {"value": row.value, "why": row.why} for row in explain(plan)}
            for plan in planned.plans
        ]
        understood = [{"line": one.line, "name": one.name, "does": one.does} for one in statements]
        more = {"statements": understood} if planned.read.configuration else {}
        console.json({"version": JSON_VERSION, "plans": shown, **more})
        return
    for one in statements:
        console.data(f"{FILE}:{one.line}: `{one.name}`: {one.does}")
    for rows in map(explain, planned.plans):
        width = max(len(row.what) for row in rows)
        for row in rows:
            console.data(f"{row.what:<{width}} {row.value}  ({row.why})")


@click.command("list-targets")
@click.argument("path", required=False)
@click.option("--target", "--target-triple", "target", metavar="TRIPLE", help="Target triple.")
@variable_options
@quiet_options
def list_targets_command(
    console: Console, path: str | None, target: str | None, **variables: Any
) -> None:
    """List the targets of a pyoxidizer.bzl, the default first."""
    command = CommandLine(
        path=path or ".", options={"target": target}, variables=variables_of(**variables)
    )
    session = read_session(command, Outside(warn=console.warn, note=console.note), resolves=False)
    if session is None:
        message = f"no {FILE} found in {Path(path or '.').absolute()}"
        raise ConfigError(message, hint="only configurations of PyOxidizer have targets")
    others = [name for name in session.targets if name != session.default]
    for name in [*filter(None, [session.default]), *others]:
        depends = session.targets[name].depends
        needs = f"  (depends on {', '.join(depends)})" if depends else ""
        default = "  (default)" if name == session.default else ""
        console.data(f"{name}{default}{needs}")


def _build_all(
    console: Console,
    *,
    output: str | None,
    archives: Path | None,
    refresh: bool,
    relinkable: Path | None = None,
    sbom: Path | None = None,
    **options: Any,
) -> list[Built]:
    with Workshop(console, archives, refresh=refresh) as workshop:
        planned = read_plans(command_line(**options), workshop.outside)
        if sbom is not None and len(planned.plans) != 1:
            message = f"`--sbom` is for one executable, but {len(planned.plans)} are built"
            raise ConfigError(message, hint="use `obelisk sbom EXECUTABLE` for each of them")
        if sbom is not None:
            result_place(sbom, inputs_of(planned.plans[0]))
        built = []
        plans = [replace(p, refresh=refresh, relinkable=relinkable) for p in planned.plans]
        planned = replace(planned, plans=plans)
        for executable in _each_built(planned, workshop, output):
            built.append(executable)
            _summarise(console, executable)
        for name, version in sorted({found for one in built for found in one.uncompiled}):
            console.note(_slower(name, version))
        if sbom is not None:
            write_result(sbom, sbom_text(built[0].path, format_of(sbom)), [built[0].path])
    return built


def _each_built(planned: Planned, workshop: Workshop, output: str | None) -> Iterator[Built]:
    """Build what is planned for each target; write the files beside it when all is built."""
    folder = _output_folder(planned, output)
    plans = planned.plans
    outputs = [Path(output or "") if folder is None else folder / p[0] for p in planned.places]
    _require_different(outputs)
    if planned.read.configuration is not None:
        check_beside(planned.read.files, folder or Path(), planned.read.configuration.parent)
    for target in dict.fromkeys(plan.settings.target for plan in plans):
        which = [number for number, plan in enumerate(plans) if plan.settings.target == target]
        yield from build_all(
            [plans[number] for number in which],
            workshop.services(target),
            [outputs[number] for number in which],
            workshop.installations,
        )
    copies = {
        (folder or Path()) / place: path
        for path, places in zip(outputs, planned.places, strict=True)
        for place in places[1:]
    }
    for path in write_beside(planned.read.files, copies, folder or Path()):
        workshop.console.note(f"wrote {path}")


def _require_different(outputs: list[Path]) -> None:
    twice = [path for path in outputs if outputs.count(path) > 1]
    if twice:
        message = f"two executables have the path {twice[0]}"
        raise ConfigError(message, hint="give each a `name` of its own")


def _output_folder(planned: Planned, output: str | None) -> Path | None:
    """Return the folder to write to; None if the output is the path of the only executable."""
    folder = Path("dist" if output is None else output)
    several = len(planned.plans) != 1 or planned.read.files
    if output is None or output.endswith("/") or several or folder.is_dir():
        return folder
    return None


def _summarise(console: Console, built: Built) -> None:
    console.report(
        (str(built.path), "bold"),
        f"  {mebibytes(built.size)}  {built.seconds:.1f} s\n",
        (f"sha256 {built.sha256}", "dim"),
    )


def _slower(name: str, version: str) -> str:
    """Say that a package would be faster elsewhere, and what may help."""
    found = f"{name} {version} is pure Python here, and slower: its compiled wheels are for glibc"
    return f"{found}; to compile it, try `--set 'no-binary=[\"{name}\"]'`"


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
        "packages": _listed(built.packages),
        "uncompiled": _listed(built.uncompiled),
    }


def _listed(packages: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "version": version} for name, version in packages]
