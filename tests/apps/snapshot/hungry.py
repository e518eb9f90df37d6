"""Asks for more memory the more variables its environment has."""

import os

kept = [[bytearray(size) for size in (100, 1000, 100_000)] for _ in range(5 * len(os.environ))]
print(sum(map(len, kept)))
