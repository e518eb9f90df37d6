"""`obelisk init`: write a commented `[tool.obelisk]`."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Final

import click

from obelisk.commands.options import quiet_options
from obelisk.config.schema import Settings, read_table_of
from obelisk.config.tables import documented_fields
from obelisk.console import Console
from obelisk.errors import ConfigError
from obelisk.files import draft_beside

_EXAMPLES: Final = {
    "name": '"app"',
    "script": '"app"',
    "entry": '"app.cli:main"',
    "module": '"app"',
    "include": '["package.needed_at_run_time"]',
    "exclude": '["package.tests"]',
    "data": '["templates/**/*"]',
    "requirements": '["requirements.txt"]',
    "smoke-test": '["--version"]',
}


@click.command("init")
@quiet_options
def init_command(console: Console) -> None:
    """Add a commented `[tool.obelisk]` to the pyproject.toml of this folder.

    Every setting is there with its default, commented out: nothing needs to be set.
    """
    path = Path("pyproject.toml")
    if not path.is_file():
        message = f"there is no pyproject.toml in {Path.cwd()}"
        raise ConfigError(message, hint="a script needs no configuration: `obelisk build app.py`")
    if "obelisk" in read_table_of(path).get("tool", {}):
        message = f"{path} has a `[tool.obelisk]` already"
        raise ConfigError(message)
    text = path.read_text().rstrip("\n") + "\n\n" + commented_table()
    # Where it is a link, what it leads to is written.
    with draft_beside(path.resolve(), mode=stat.S_IMODE(path.stat().st_mode)) as draft:
        draft.write_text(text)
    console.report(f"added `\\[tool.obelisk]` to {path}")


def commented_table() -> str:
    """Return `[tool.obelisk]` with every setting, its meaning and an example, commented out."""
    lines = ["[tool.obelisk]"]
    for key, default, meaning in documented_fields(Settings):
        shown = _EXAMPLES.get(key) or json.dumps(default)
        lines += [f"# {meaning}", f"# {key} = {shown}"]
    return "\n".join(lines) + "\n"
