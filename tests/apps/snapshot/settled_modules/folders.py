"""A folder of temporary files that was chosen, and is one of those that would be looked for."""

import tempfile

tempfile.tempdir = "/tmp"


def show():
    print(tempfile.gettempdir())
