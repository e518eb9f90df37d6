"""`obelisk sign`: signatures that `obelisk verify --key` and minisign check."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from obelisk.commands.options import quiet_options
from obelisk.errors import ConfigError
from obelisk.output import reported
from obelisk.services.atomic import draft_beside
from obelisk.services.console import Console
from obelisk.signing.keys import SecretKey, StoredKey
from obelisk.signing.signature import default_comment, sign, signature_path

_PASSWORD: Final = "OBELISK_KEY_PASSWORD"  # noqa: S105 - the name of a variable
_PATH: Final = click.Path(path_type=Path)


@click.command("sign")
@click.argument("executable", type=_PATH, required=False)
@click.option("--key", metavar="FILE", type=_PATH, help="Sign with this secret key.")
@click.option(
    "--new-key", metavar="FILE", type=_PATH, help="Make a key pair: FILE, and its public key."
)
@click.option("--no-password", is_flag=True, help="Do not encrypt the new key.")
@click.option("--comment", metavar="TEXT", help="The trusted comment, which is signed as well.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=_PATH,
    help="Write the signature here instead of EXECUTABLE.minisig.",
)
@quiet_options
def sign_command(  # noqa: PLR0913, PLR0917 - options
    console: Console,
    executable: Path | None,
    key: Path | None,
    new_key: Path | None,
    no_password: bool,
    comment: str | None,
    output: Path | None,
) -> None:
    """Sign a file in the format of minisign, or make a key pair for that.

    The password of a key is read from OBELISK_KEY_PASSWORD, or asked for.

    \b
    Examples:
      obelisk sign --new-key team.key          write team.key and team.pub
      obelisk sign dist/app --key team.key     write dist/app.minisig
      obelisk verify dist/app --key team.pub
    """
    if new_key is not None:
        if executable or key or comment or output:
            message = "`--new-key` only takes `--no-password`"
            raise ConfigError(message, hint="sign with the new key in a second command")
        _make_pair(console, new_key, encrypted=not no_password)
        return
    if executable is None or key is None:
        message = "nothing to sign with" if executable else "nothing to sign"
        raise ConfigError(message, hint="`obelisk sign EXECUTABLE --key FILE`")
    stored = StoredKey.read(key)
    if stored.is_shown_to_others:
        console.warn(f"other users can read {key}; run `chmod 600 {key}`")
    secret = stored.unlocked(_password(f"Password of {key}") if stored.encrypted else None)
    comment = default_comment(executable) if comment is None else comment
    text = sign(executable, secret, comment).text()
    output = output or signature_path(executable)
    _require_place(output, (executable, key))
    with reported(output), draft_beside(output, 0o644) as draft:
        draft.write_bytes(text)
    console.data(str(output))


def _require_place(output: Path, inputs: Iterable[Path]) -> None:
    """Raise `ConfigError` unless a signature can be written there, over none of the inputs."""
    if not output.parent.is_dir():
        message = f"no directory {output.parent}"
        raise ConfigError(message)
    if any(output.exists() and output.samefile(path) for path in inputs):
        message = f"refusing to overwrite {output}: it is an input"
        raise ConfigError(message, hint="choose another `--output`")


def _make_pair(console: Console, path: Path, *, encrypted: bool) -> None:
    """Write both halves of a new pair; none is ever replaced."""
    public = path.with_suffix(".pub")
    for one in (path, public):
        if os.path.lexists(one):
            message = f"{one} already exists"
            raise ConfigError(message, hint="choose another name: keys are never replaced")
    if not path.parent.is_dir():
        message = f"no directory {path.parent}"
        raise ConfigError(message)
    password = _password("Password of the new key", confirm=True) if encrypted else None
    key = SecretKey.new()
    with reported(path), draft_beside(public, 0o644) as other, draft_beside(path, 0o600) as own:
        own.write_bytes(key.text(password))
        other.write_bytes(key.public_key.text())
    console.data(str(path))
    console.data(str(public))


def _password(what: str, *, confirm: bool = False) -> bytes:
    """Return the password in the environment, or ask for it."""
    found = os.environ.get(_PASSWORD)
    if found is None:
        if not sys.stdin.isatty():
            message = "no password, and no terminal to ask for it"
            hint = f"set {_PASSWORD}, or make a key with `--no-password`"
            raise ConfigError(message, hint=hint)
        found = click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
    return os.fsencode(found)
