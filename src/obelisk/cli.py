"""The command line: from arguments to one call, and from errors to exit statuses."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from click.shell_completion import get_completion_class

from obelisk import __version__
from obelisk.commands.audit import audit_command
from obelisk.commands.build import (
    build_command,
    list_targets_command,
    plan_command,
    run_command,
)
from obelisk.commands.cache import cache_group
from obelisk.commands.distribution import distribution_group
from obelisk.commands.init import init_command
from obelisk.commands.inspect import inspect_command, verify_command
from obelisk.commands.licenses import licenses_command
from obelisk.commands.outdated import outdated_command
from obelisk.commands.pins import pins_group
from obelisk.commands.rebuild import rebuild_command
from obelisk.commands.relink import relink_command
from obelisk.commands.sbom import sbom_command
from obelisk.commands.sign import sign_command
from obelisk.errors import ConfigError, ObeliskError
from obelisk.services.console import Console
from obelisk.services.disk import explain, limit_error
from obelisk.services.interrupt import Stopped, stopped_by_signals
from obelisk.services.process import kill_all

_CLOSED: Final = 141
"""The status that shells report for a program killed by SIGPIPE."""
_BUG: Final = (
    f"this is a bug in Obelisk {__version__}; please report it with this traceback, the command\n"
    "line and, if you can share it, the input"
)
_SHELLS: Final = ("bash", "zsh", "fish")


class _PipeClosedError(Exception):
    """Who read our output has read enough.

    Not an `OSError`: click would exit with status 1 for that.
    """


class _Group(click.Group):
    """The commands, which all end alike where their output is not read to its end."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - as click has it
    ) -> click.Context:
        with _told_from_other_errors():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click has it
        with _told_from_other_errors():
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()  # or the interpreter would, when it is too late to say so
            return result


@contextmanager
def _told_from_other_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _PipeClosedError from error


def _showing(text: Callable[[click.Context], str]) -> Callable[..., None]:
    """Return a callback of an option that prints a text as results are printed, and ends."""

    def show(context: click.Context, _: click.Parameter, is_wanted: bool) -> None:
        if is_wanted and not context.resilient_parsing:
            Console().data(text(context))
            context.exit()

    return show


def _print_help_as_data(command: click.Command) -> None:
    """Let the help of a command, and of those below it, be printed as results are.

    What click prints by itself fails as if a file of the command could not be written.
    """
    help_option = click.Option(
        ["-h", "--help"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_showing(click.Context.get_help),
        help="Show this message and exit.",
    )
    command.add_help_option = False
    command.params.append(help_option)
    if isinstance(command, click.Group):
        for one in command.commands.values():
            _print_help_as_data(one)


@click.group(cls=_Group)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_showing(lambda _: f"obelisk {__version__}"),
    help="Show the version and exit.",
)
def cli() -> None:
    """Turn a Python application into one statically linked executable.

    \b
    Examples:
      obelisk build hello.py           write the executable dist/hello
      obelisk run hello.py -- ARGS     build it and run it
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
    list_targets_command,
    inspect_command,
    verify_command,
    licenses_command,
    relink_command,
    sbom_command,
    rebuild_command,
    outdated_command,
    pins_group,
    sign_command,
    audit_command,
    init_command,
    distribution_group,
    cache_group,
):
    cli.add_command(_command)
_print_help_as_data(cli)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0, or the status of the error's kind."""
    if argv is None and sys.getfilesystemencoding() != "utf-8":
        _again_in_utf8()
    sys.exit(_status(list(sys.argv[1:] if argv is None else argv)))


def _again_in_utf8() -> None:
    """Restart in UTF-8 mode, so that file names and arguments are as in executables (PEP 540)."""
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606


def _status(argv: list[str]) -> int:
    """Return the exit status of a command line."""
    try:
        return _run(argv)
    except (_PipeClosedError, BrokenPipeError):
        # What is still in the buffers goes nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        return _CLOSED


def _run(argv: list[str]) -> int:
    """Run a command line; arguments of `run` after `--` are the program's."""
    arguments: tuple[str, ...] = ()
    if argv[:1] == ["run"] and "--" in argv:
        split = argv.index("--")
        argv, arguments = argv[:split], tuple(argv[split + 1 :])
    try:
        with stopped_by_signals(kill_all):
            cli.main(args=argv, prog_name="obelisk", standalone_mode=False, obj=arguments)
    except ObeliskError as error:
        return _report(error)
    except (_PipeClosedError, BrokenPipeError):
        raise
    except click.ClickException as error:
        error.show()
        return ConfigError.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        return _report_stop(error)
    except Exception as error:
        explained = _explain(error)
        if explained is None:
            error.add_note(_BUG)
            raise
        return _report(explained)
    finally:
        kill_all()
    return 0


def _explain(error: Exception) -> ObeliskError | None:
    """Return the error for what the system refused; None if it is a bug."""
    if isinstance(error, OSError):
        return explain(error, (Path(),))
    if isinstance(error, MemoryError) or "start new thread" in str(error):
        return limit_error(str(error) or "memory")
    return None


def _report(error: ObeliskError) -> int:
    Console().error(error)
    return error.exit_code


def _report_stop(error: BaseException) -> int:
    """Report an interruption; click raises an exception of its own instead of ours."""
    cause = error.__cause__ if isinstance(error, click.Abort) else error
    number = cause.number if isinstance(cause, Stopped) else signal.SIGINT
    what = (
        "interrupted" if number == signal.SIGINT else f"terminated by {signal.Signals(number).name}"
    )
    Console().warn(f"{what}; no partial output was left behind")
    return 128 + number
