"""The command line: from arguments to one call, and from errors to exit statuses."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import Final

import click
from click.shell_completion import get_completion_class

from obelisk import __version__
from obelisk.commands.build import build_command, plan_command, run_command
from obelisk.commands.cache import cache_group
from obelisk.commands.distribution import distribution_group
from obelisk.commands.init import init_command
from obelisk.commands.inspect import inspect_command, verify_command
from obelisk.console import Console
from obelisk.errors import ConfigError, ObeliskError, StorageError

_INTERRUPTED: Final = 130
_CLOSED: Final = 141
"""As a shell reports a program that SIGPIPE ended."""
_STORAGE_ERRORS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)
_BUG: Final = (
    f"this is a bug of Obelisk {__version__}: please report it in the project's issues, with this\n"
    "traceback, the command line, and the input if you can show it"
)
_SHELLS: Final = ("bash", "zsh", "fish")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="obelisk", message="%(prog)s %(version)s")
def cli() -> None:
    """Turn a Python application into one statically linked executable.

    \b
    Start with:
      obelisk build hello.py     then run dist/hello
      obelisk run hello.py -- arguments
    """


@cli.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion_command(shell: str) -> None:
    """Print a shell's completion script.

    \b
    For bash: eval "$(obelisk completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has the three
    Console().data(kind(cli, {}, "obelisk", "_OBELISK_COMPLETE").source())


for _command in (
    build_command,
    run_command,
    plan_command,
    inspect_command,
    verify_command,
    init_command,
    distribution_group,
    cache_group,
):
    cli.add_command(_command)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, or the status of the error's kind."""
    if argv is None and sys.getfilesystemencoding() != "utf-8":
        _again_in_utf8()
    sys.exit(_status(list(sys.argv[1:] if argv is None else argv)))


def _again_in_utf8() -> None:
    """Start anew with file names and arguments in UTF-8, as they are in executables (PEP 540)."""
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def _status(argv: list[str]) -> int:
    """Return the exit status of a command line; of `run`, what follows `--` is the program's."""
    arguments: tuple[str, ...] = ()
    if argv[:1] == ["run"] and "--" in argv:
        split = argv.index("--")
        argv, arguments = argv[:split], tuple(argv[split + 1 :])
    try:
        cli.main(args=argv, prog_name="obelisk", standalone_mode=False, obj=arguments)
    except ObeliskError as error:
        return _report(error)
    except BrokenPipeError:
        # Who read our output has read enough; what is still in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _CLOSED
    except OSError as error:
        if error.errno not in _STORAGE_ERRORS:
            raise
        return _report(_storage_error(error))
    except click.ClickException as error:
        error.show()
        return ConfigError.exit_code
    except (KeyboardInterrupt, click.Abort):
        return _report_interrupt()
    except Exception as error:
        error.add_note(_BUG)
        raise
    return 0


def _report(error: ObeliskError) -> int:
    Console().error(error)
    return error.exit_code


def _report_interrupt() -> int:
    Console().warn("interrupted; nothing half-made was left behind")
    return _INTERRUPTED


def _storage_error(error: OSError) -> StorageError:
    place = error.filename or "the output"
    message = f"cannot write {place}: {os.strerror(error.errno or 0)}"
    hint = "choose another `--output`, or another cache with OBELISK_CACHE"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        hint = "free some space: `obelisk cache clean` may help"
    return StorageError(message, hint=hint)
