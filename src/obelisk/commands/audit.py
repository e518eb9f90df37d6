"""`obelisk audit`."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from obelisk.audit import api, render
from obelisk.audit.audit import Report, Subjects, audit, read_subjects
from obelisk.audit.database import Database, read_database, read_shipped
from obelisk.audit.match import wanted_keys
from obelisk.audit.names import identify
from obelisk.audit.sarif import to_sarif
from obelisk.commands.options import JSON_VERSION, json_option, quiet_options
from obelisk.config.audit import Ignore, project_ignores, read_ignores
from obelisk.errors import VerifyError, VulnerableError
from obelisk.services.atomic import draft_beside
from obelisk.services.cache import Cache
from obelisk.services.console import Console

_WIDTH: Final = (160, 24)
"""Columns and lines where there is no terminal."""
_NAMED: Final = 3
"""Malformed files that are named without `--verbose`."""
_EXISTING: Final = click.Path(exists=True, path_type=Path)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sources:
    """Where advisories come from, besides Obelisk itself."""

    databases: tuple[Path, ...]
    api: str | None


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
    help=f"Address of an OSV API. Default, without `--database`: {api.ADDRESS}",
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
    if not paths:
        message = "name an executable, a lockfile or a directory"
        raise click.UsageError(message)
    if offline and address:
        message = "`--offline` and `--api` exclude each other"
        raise click.UsageError(message)
    ignores = (*project_ignores(Path()), *(one for path in ignore_files for one in _read(path)))
    if address is None and not databases and not offline:
        address = api.ADDRESS
    subjects = read_subjects(paths)
    database = _load(console, subjects, _Sources(databases=databases, api=address))
    report = audit(subjects, database, ignores, datetime.now(UTC).date())
    if sarif is not None:
        _write(sarif, to_sarif(report, Path.cwd()))
    _print(console, report, database, as_json=as_json)
    _conclude(report)


def _read(path: Path) -> tuple[Ignore, ...]:
    return read_ignores(path)


def _load(console: Console, subjects: Subjects, sources: _Sources) -> Database:
    """Return the advisories that can be about the subjects' components."""
    database = Database()
    wanted = wanted_keys(subjects.all())
    read_shipped(database, wanted)
    for path in sources.databases:
        read_database(path, database, wanted)
    if sources.api is not None:
        identities = map(identify, set(subjects.all()))
        api.Api(sources.api, Cache(warn=console.warn)).fetch(identities, database)
    return database


def _print(console: Console, report: Report, database: Database, *, as_json: bool) -> None:
    if as_json:
        found = render.to_json(report)
        read = {"advisories": database.read, "malformed": database.malformed}
        console.json({"version": JSON_VERSION, **found, "database": read})
    elif report.findings:
        width = shutil.get_terminal_size(_WIDTH).columns
        count = len(report.subjects.components)
        console.data(render.table(report.findings, count, width))
    for text in render.remarks(report):
        console.warn(text)
    _warn_of_malformed(console, database)
    for text in render.notes(report):
        console.note(text)
    components = sum(len(found) for _, found in report.subjects.components)
    files = len(report.subjects.components)
    skipped = f"; skipped {report.subjects.others} other files" if report.subjects.others else ""
    console.report(
        f"Audited {files} {'file' if files == 1 else 'files'} with {components} components, by "
        f"{database.read} advisories{skipped}"
    )


def _warn_of_malformed(console: Console, database: Database) -> None:
    if not database.malformed:
        return
    console.warn(f"skipped {len(database.malformed)} malformed advisories")
    for number, text in enumerate(database.malformed):
        if number < _NAMED:
            console.note(text)
        else:
            console.detail(text)


def _write(path: Path, value: dict[str, Any]) -> None:
    with draft_beside(path.absolute(), 0o644) as draft:
        draft.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def _conclude(report: Report) -> None:
    """Raise the error that the exit status stands for, if any."""
    if report.findings:
        holes = {(one.component.reference, one.hole.id) for one in report.findings}
        components = {one.component.reference for one in report.findings}
        message = f"vulnerabilities: {len(holes)}, in {len(components)} components"
        raise VulnerableError(message)
    if report.subjects.unreadable:
        message = f"could not be audited: {len(report.subjects.unreadable)} executables"
        raise VerifyError(message, hint="rebuild them")
