"""`obelisk init`: write a commented `[tool.obelisk]`."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Final

import click

from obelisk.commands.inputs import Workshop, variable_options, variables_of
from obelisk.commands.options import quiet_options, target_options
from obelisk.config.pyoxidizer.convert import convert
from obelisk.config.recognize import has_settings
from obelisk.config.request import CommandLine, read_session
from obelisk.config.settings import Settings
from obelisk.config.tables import documented_fields
from obelisk.config.toml import parse_toml
from obelisk.errors import ConfigError
from obelisk.services.atomic import draft_beside
from obelisk.services.console import Console

_EXAMPLES: Final = {
    "name": '"app"',
    "script": '"app"',
    "entry": '"app.cli:main"',
    "module": '"app"',
    "file": '"app.py"',
    "parts": '["install -r requirements.txt", "packages . app"]',
    "code": '"import app; app.main()"',
    "include": '["package.needed_at_run_time"]',
    "exclude": '["package.tests"]',
    "data": '["templates/**/*"]',
    "requirements": '["requirements.txt"]',
    "smoke-test": '["--version"]',
    "stdlib": '"used"',
    "source-text": "false",
    "compression": '"zstd"',
    "train": '["--help"]',
    "train-requests": '["http://127.0.0.1:8000/"]',
    "train-record": '"training.txt"',
}


@click.command("init")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    help="Write what this pyoxidizer.bzl means.",
)
@click.argument("targets", nargs=-1)
@variable_options
@target_options
@quiet_options
def init_command(
    console: Console,
    source: str | None,
    targets: tuple[str, ...],
    variables: tuple[tuple[str, str], ...],
    env_variables: tuple[tuple[str, str], ...],
    **options: str | None,
) -> None:
    """Add a commented `[tool.obelisk]` table to pyproject.toml.

    It lists every setting with its default, commented out; none is required. With `--from`, it
    has the settings that mean the same as the TARGETS of a pyoxidizer.bzl, or its default.
    """
    if source is not None:
        given = variables_of(variables, env_variables)
        command = CommandLine(what=targets, path=source, options=options, variables=given)
        _init_from(Path(source), command, console)
        return
    named = [name for name, _ in (*variables, *env_variables)]
    rest = [*targets, *named, *(value for value in options.values() if value)]
    if rest:
        message = f"`{rest[0]}` is one argument too many"
        raise ConfigError(message, hint="targets are those of `--from pyoxidizer.bzl`")
    path = Path("pyproject.toml")
    if not path.is_file():
        message = f"no pyproject.toml found in {Path.cwd()}"
        raise ConfigError(message, hint="scripts need no configuration: `obelisk build app.py`")
    _add_table(path, commented_table())
    console.report(f"Added `[tool.obelisk]` to {path}")


def _init_from(source: Path, command: CommandLine, console: Console) -> None:
    path = source.parent / "pyproject.toml"
    _require_no_table(path)
    with Workshop(console, None, refresh=False) as workshop:
        session = read_session(command, workshop.outside)
        if session is None:
            message = f"{source} is not a pyoxidizer.bzl"
            raise ConfigError(message)
        found = convert(session)
    for name, text in found.modules.items():
        place = source.parent / name
        place.parent.mkdir(parents=True, exist_ok=True)
        with draft_beside(place, mode=0o666) as draft:
            draft.write_text(text, encoding="utf-8")
    if path.is_file():
        _add_table(path, found.table)
    else:
        with draft_beside(path, mode=0o666) as draft:
            draft.write_text(found.table, encoding="utf-8")
    for written in (path, *found.modules):
        console.report(f"Wrote {written}")


def _require_no_table(path: Path) -> None:
    if has_settings(path.parent):
        message = f"{path} already has a `[tool.obelisk]` table"
        raise ConfigError(message)


def _add_table(path: Path, table: str) -> None:
    _require_no_table(path)
    text = path.read_bytes().rstrip() + f"\n\n{table}".encode()
    try:
        parse_toml(text, str(path))
    except ConfigError as error:
        message = f"cannot add `[tool.obelisk]` to {path}: `tool` is not written as tables there"
        raise ConfigError(message, hint="write it as `[tool.name]` tables first") from error
    # Where it is a link, what it leads to is written.
    with draft_beside(path.resolve(), mode=0o600) as draft:
        draft.write_bytes(text)
        draft.chmod(stat.S_IMODE(path.stat().st_mode))


def commented_table() -> str:
    """Return `[tool.obelisk]` with every setting, its meaning and an example, commented out."""
    lines = ["[tool.obelisk]"]
    for key, default, meaning in documented_fields(Settings):
        shown = _EXAMPLES.get(key) or json.dumps(default)
        lines += [f"# {meaning}", f"# {key} = {shown}"]
    return "\n".join(lines) + "\n"
