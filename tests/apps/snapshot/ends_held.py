"""Objects of the snapshot that are given files when the program runs."""

import functools
import io

LIST = []


class Writer(io.TextIOBase):
    """Writes to another file when it is closed."""

    def __init__(self, file):
        self.file = file
        self.texts = []

    def write(self, text):
        self.texts.append(text)

    def close(self):
        if not self.closed:
            self.file.write("".join(self.texts) + " at the end")
        super().close()


class Holder:
    file = None
    database = None


@functools.cache
def cached():
    return open("cached", "w")  # noqa: SIM115
