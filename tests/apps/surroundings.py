"""One program that tells what it finds of the machine around it; the tests ask it many questions."""

import sys


def certificates():
    import ssl

    paths = ssl.get_default_verify_paths()
    print("file", paths.openssl_cafile, paths.cafile)
    print("folder", paths.openssl_capath)
    print("loaded", len(ssl.create_default_context().get_ca_certs()) > 0)


def time_zone():
    import datetime
    import time
    import zoneinfo

    summer = datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
    print("zoneinfo", summer.utcoffset(), len(zoneinfo.available_timezones()) > 400)
    print("libc", time.localtime(1782900000).tm_hour, time.tzname)


def terminal():
    import curses

    curses.setupterm()
    print("terminal", curses.tigetnum("colors"), curses.tigetstr("clear"))


def names():
    import getpass
    import grp
    import os
    import pwd
    import socket

    for ask in (
        lambda: pwd.getpwuid(0).pw_name,
        lambda: grp.getgrgid(0).gr_name,
        lambda: pwd.getpwall(),
        lambda: getpass.getuser(),
        lambda: os.path.expanduser("~"),
        lambda: socket.getaddrinfo("localhost", 80, type=socket.SOCK_STREAM)[0][4][1],
        lambda: socket.gethostbyname("127.0.0.1"),
        lambda: socket.getservbyname("https"),
        lambda: socket.getaddrinfo("there.invalid", 80),
    ):
        try:
            print(ask())
        except (KeyError, OSError) as error:
            print(type(error).__name__)


def processors():
    import os

    print(os.cpu_count(), os.process_cpu_count())


def stacks():
    import threading

    threading.stack_size(0)

    def descend(depth):
        return depth and 1 + descend(depth - 1)

    sys.setrecursionlimit(100_000)
    found = []
    thread = threading.Thread(target=lambda: found.append(descend(20_000)))
    thread.start()
    thread.join()
    print(found)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
