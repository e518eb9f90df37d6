"""Reads a variable when it is imported."""

import os

VALUE = os.environ.get("GUARDED")
