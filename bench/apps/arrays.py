# /// script
# dependencies = ["numpy==2.4.6"]
# ///
"""A script with numpy: import it, compute for a moment."""

import os
import sys

import numpy


def main():
    numbers = numpy.random.default_rng(1).random((400, 400))
    product = numbers @ numbers.T
    print(
        round(float(numpy.sort(product, axis=1).sum() + numpy.abs(numpy.fft.fft2(numbers)).max()))
    )
    if "BENCH_HOLD" in os.environ:
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
