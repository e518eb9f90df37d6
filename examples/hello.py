# /// script
# requires-python = ">=3.11"
# dependencies = ["cowsay>=6"]
# ///
"""A script with a dependency: `obelisk run examples/hello.py -- World`."""

import sys

import cowsay

cowsay.tux(f"Hello, {' '.join(sys.argv[1:]) or 'stranger'}! I am one file, with Python {sys.version.split()[0]} inside.")
