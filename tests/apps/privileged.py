"""A program for other users' hands: it says what it is, and goes through what reads the environment."""

import os
import subprocess
import sys


def read_everything():
    """Use what looks for files by itself: certificates, time zones, terminals, plugins."""
    import ctypes.util
    import platform
    import ssl
    import tempfile
    import time
    import uuid

    context = ssl.create_default_context()
    time.tzset()
    with open(os.devnull, "w") as stream:
        for terminal in ("xterm", os.environ.get("TERM", "dumb")):
            try:
                import curses

                curses.setupterm(terminal, stream.fileno())
                print("terminal", terminal, curses.tigetstr("bel"))
            except curses.error as error:
                print("no terminal", error)
    for module in ("plugin", "sitecustomize", "usercustomize"):
        try:
            __import__(module)
        except ImportError:
            pass
    print("temporary", tempfile.gettempdir(), "zone", time.strftime("%Z", time.localtime(0)))
    print("authorities", context.cert_store_stats()["x509"], context.keylog_filename)
    print("processor", platform.processor(), ctypes.util.find_library("evil"), uuid.getnode() > 0)


def main():
    sys.stdout.reconfigure(line_buffering=True)
    print("application", sys.argv[1:], sys.flags.optimize, sys.flags.ignore_environment)
    print("users", os.getuid(), os.geteuid(), os.getgid(), os.getegid())
    if "read" in sys.argv:
        read_everything()
    if sys.argv[1:] == ["environment"]:
        subprocess.run(["/usr/bin/env"])
    if sys.argv[1:] == ["child"]:
        done = subprocess.run([sys.executable, "-c", "print('ran')"], stdout=subprocess.PIPE, text=True)
        print("child", done.returncode, done.stdout.strip())


if __name__ == "__main__":
    main()
