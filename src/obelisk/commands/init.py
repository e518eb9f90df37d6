"""`obelisk init`: write a commented `[tool.obelisk]`."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Final

import click

from obelisk.commands.options import quiet_options
from obelisk.config.settings import Settings
from obelisk.config.tables import documented_fields
from obelisk.config.toml import parse_toml, read_toml, table_in
from obelisk.errors import ConfigError
from obelisk.services.atomic import draft_beside
from obelisk.services.console import Console

_EXAMPLES: Final = {
    "name": '"app"',
    "script": '"app"',
    "entry": '"app.cli:main"',
    "module": '"app"',
    "file": '"app.py"',
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
    "train-record": '"training.txt"',
}


@click.command("init")
@quiet_options
def init_command(console: Console) -> None:
    """Add a commented `[tool.obelisk]` table to pyproject.toml.

    It lists every setting with its default, commented out; none is required.
    """
    path = Path("pyproject.toml")
    if not path.is_file():
        message = f"no pyproject.toml found in {Path.cwd()}"
        raise ConfigError(message, hint="scripts need no configuration: `obelisk build app.py`")
    table = read_toml(path)
    if "obelisk" in table_in(table, "tool", str(path)):
        message = f"{path} already has a `[tool.obelisk]` table"
        raise ConfigError(message)
    text = path.read_bytes().rstrip() + f"\n\n{commented_table()}".encode()
    try:
        parse_toml(text, str(path))
    except ConfigError as error:
        message = f"cannot add `[tool.obelisk]` to {path}: `tool` is not written as tables there"
        raise ConfigError(message, hint="write it as `[tool.name]` tables first") from error
    # Where it is a link, what it leads to is written.
    with draft_beside(path.resolve(), mode=0o600) as draft:
        draft.write_bytes(text)
        draft.chmod(stat.S_IMODE(path.stat().st_mode))
    console.report(f"Added `[tool.obelisk]` to {path}")


def commented_table() -> str:
    """Return `[tool.obelisk]` with every setting, its meaning and an example, commented out."""
    lines = ["[tool.obelisk]"]
    for key, default, meaning in documented_fields(Settings):
        shown = _EXAMPLES.get(key) or json.dumps(default)
        lines += [f"# {meaning}", f"# {key} = {shown}"]
    return "\n".join(lines) + "\n"
