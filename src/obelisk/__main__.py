"""`python -m obelisk`, and the command `obelisk`."""

import signal


def main() -> None:
    """Run the command line; until it is loaded, Ctrl-C exits without a traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from obelisk.cli import main as command_line  # noqa: PLC0415 - it takes a quarter of a second

    command_line()


if __name__ == "__main__":
    main()
