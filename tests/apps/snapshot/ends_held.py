"""Objects of the snapshot that are given files when the program runs."""

import functools

LIST = []


class Holder:
    file = None
    database = None


@functools.cache
def cached():
    return open("cached", "w")  # noqa: SIM115
