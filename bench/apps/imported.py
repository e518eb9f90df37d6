# /// script
# dependencies = ["numpy==2.4.6"]
# ///
"""numpy imported, and nothing done with it."""

import os
import sys

import numpy


def main():
    print(numpy.__version__)
    if "BENCH_HOLD" in os.environ:
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
