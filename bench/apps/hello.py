"""The smallest program: what it costs to start at all."""

import os
import sys


def main():
    print("hello")
    if "BENCH_HOLD" in os.environ:
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
