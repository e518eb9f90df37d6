# /// script
# dependencies = ["pandas==3.1.1", "numpy==2.4.6"]
#
# [tool.obelisk]
# data = ["frame.csv"]
# ///
"""pandas imported, and one CSV file read."""

import os
import sys
from pathlib import Path

import pandas


def main():
    frame = pandas.read_csv(Path(__file__).parent / "frame.csv")
    print(len(frame), int(frame["amount"].sum()))
    if "BENCH_HOLD" in os.environ:
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
