"""Measure Obelisk in the open: `python -m bench`, or `make bench`, runs all of it.

Each part measures something and yields `model.Measure`s. They are kept in one JSON file, from which
the page in docs/ and its plots are written; `compare.py` finds what became slower between two such
files. No part of it is run by the tests or by CI, but for its pure functions.
"""
