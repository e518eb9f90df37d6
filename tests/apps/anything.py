"""Runs the code that its environment gives it, in its own main module."""

import argparse
import os
import sys


class Stone:
    """Something to be pickled."""

    weight = 7


def weigh(stone):
    return stone.weight, type(stone).__module__, sys.modules["__main__"].__spec__


if __name__ == "__main__":
    exec(compile(os.environ["CODE"], "<code>", "exec"))  # noqa: S102
