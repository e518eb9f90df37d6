"""`obelisk audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from obelisk.commands.options import json_option, quiet_options
from obelisk.services.console import Console

_EXISTING: Final = click.Path(exists=True, path_type=Path)


@click.command("audit")
@click.argument("paths", metavar="EXECUTABLE|LOCKFILE|DIRECTORY...", nargs=-1, type=_EXISTING)
@click.option(
    "--database",
    "databases",
    metavar="PATH",
    multiple=True,
    type=_EXISTING,
    help="A directory or zip archive of advisories in the OSV format. Repeatable.",
)
@click.option(
    "--api",
    "address",
    metavar="URL",
    help="Address of an OSV API. Default, without `--database`: OSV's own.",
)
@click.option("--offline", is_flag=True, help="Use no API: only databases, and what Obelisk has.")
@click.option(
    "--ignore-file",
    "ignore_files",
    metavar="FILE",
    multiple=True,
    type=_EXISTING,
    help="TOML file with `ignore`, as in `[tool.obelisk.audit]`. Repeatable.",
)
@click.option(
    "--sarif",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the findings to this file as SARIF, for code scanning.",
)
@json_option
@quiet_options
def audit_command(  # noqa: PLR0913, PLR0917 - click hands over each option
    console: Console,
    paths: tuple[Path, ...],
    databases: tuple[Path, ...],
    address: str | None,
    offline: bool,
    ignore_files: tuple[Path, ...],
    sarif: Path | None,
    as_json: bool,
) -> None:
    """Report known vulnerabilities in executables or lockfiles, and what to do about each.

    Directories are searched for executables. Statements in `[tool.obelisk.audit]` of the
    pyproject.toml in the working directory are honored. Exits with status 10 if there are
    vulnerabilities.
    """
    # Half as much again as all else that is imported, which other commands need not wait for.
    from obelisk.audit.perform import Options, perform  # noqa: PLC0415

    if not paths:
        message = "name an executable, a lockfile or a directory"
        raise click.UsageError(message)
    if offline and address:
        message = "`--offline` and `--api` exclude each other"
        raise click.UsageError(message)
    options = Options(
        paths=paths,
        databases=databases,
        api=address,
        offline=offline,
        ignore_files=ignore_files,
        sarif=sarif,
        as_json=as_json,
    )
    perform(options, console)
