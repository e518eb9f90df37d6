"""What `obelisk audit` does: from paths to a report on stdout, and the error it ends with."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from obelisk.audit import render
from obelisk.audit.api import ADDRESS, Api
from obelisk.audit.audit import Report, Subjects, audit, read_subjects
from obelisk.audit.database import Database, read_database, read_shipped
from obelisk.audit.match import wanted_keys
from obelisk.audit.names import identify
from obelisk.audit.sarif import to_sarif
from obelisk.config.audit import Ignore, project_ignores, read_ignores
from obelisk.errors import VerifyError, VulnerableError
from obelisk.output import result_place, write_result
from obelisk.services.cache import Cache
from obelisk.services.console import Console

_JSON_VERSION: Final = 1
_WIDTH: Final = (160, 24)
"""Columns and lines where there is no terminal."""
_NAMED: Final = 3
"""Malformed files that are named without `--verbose`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What the command line says."""

    paths: tuple[Path, ...]
    databases: tuple[Path, ...]
    api: str | None
    offline: bool
    ignore_files: tuple[Path, ...]
    sarif: Path | None
    as_json: bool


def perform(options: Options, console: Console) -> None:
    """Audit, and print what was found.

    Raises `VulnerableError` if there are vulnerabilities, `VerifyError` if executables in a
    directory could not be read.
    """
    if options.sarif is not None:
        result_place(options.sarif, _inputs(options))
    ignores = _ignores(options)
    subjects = read_subjects(options.paths)
    database = _load(options, subjects, console)
    report = audit(subjects, database, ignores, datetime.now(UTC).date())
    if options.sarif is not None:
        text = json.dumps(to_sarif(report, Path.cwd()), indent=2) + "\n"
        write_result(options.sarif, text, _inputs(options))
    if options.as_json:
        read = {"advisories": database.read, "malformed": database.malformed}
        console.json({"version": _JSON_VERSION, **render.to_json(report), "database": read})
    elif report.findings:
        width = shutil.get_terminal_size(_WIDTH).columns
        console.data(render.table(report.findings, len(subjects.components), width))
    _remark(console, report, database)
    _conclude(report)


def _inputs(options: Options) -> tuple[Path, ...]:
    return (*options.paths, *options.databases, *options.ignore_files)


def _ignores(options: Options) -> tuple[Ignore, ...]:
    of_files = (ignore for path in options.ignore_files for ignore in read_ignores(path))
    return (*project_ignores(Path()), *of_files)


def _load(options: Options, subjects: Subjects, console: Console) -> Database:
    """Return the advisories that can be about the subjects' components."""
    database = Database()
    wanted = wanted_keys(subjects.all())
    read_shipped(database, wanted)
    for path in options.databases:
        read_database(path, database, wanted)
    address = options.api
    if address is None and not options.databases and not options.offline:
        address = ADDRESS
    if address is not None:
        identities = map(identify, set(subjects.all()))
        Api(address, Cache(warn=console.warn)).fetch(identities, database)
    return database


def _remark(console: Console, report: Report, database: Database) -> None:
    for text in render.remarks(report):
        console.warn(text)
    if database.malformed:
        console.warn(f"skipped malformed advisories: {len(database.malformed)}")
    for number, text in enumerate(database.malformed):
        if number < _NAMED:
            console.note(text)
        else:
            console.detail(text)
    for text in render.notes(report):
        console.note(text)
    components = sum(len(found) for _, found in report.subjects.components)
    files = len(report.subjects.components)
    skipped = f"; skipped {report.subjects.others} other files" if report.subjects.others else ""
    console.report(
        f"Audited {files} {'file' if files == 1 else 'files'} with {components} components, by "
        f"{database.read} advisories{skipped}"
    )


def _conclude(report: Report) -> None:
    """Raise the error that the exit status stands for, if any."""
    if report.findings:
        holes = {(one.component.reference, one.hole.id) for one in report.findings}
        components = {one.component.reference for one in report.findings}
        message = f"vulnerabilities: {len(holes)}, in components: {len(components)}"
        raise VulnerableError(message)
    if report.subjects.unreadable:
        message = f"not audited, since it could not be read: {len(report.subjects.unreadable)}"
        hint = "rebuild what is corrupt, and run it as a user who may read the rest"
        raise VerifyError(message, hint=hint)
