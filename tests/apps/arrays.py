# /// script
# dependencies = ["numpy"]
# ///
"""numpy alone: C, C++, SIMD and OpenBLAS, in what a program does first."""

# expect: sum 4950.0 float64
# expect: solve True
# expect: sorted True
# expect: fft True
# expect: random 0.512
# expect: text ['granite', 'slate']
# expect: error Singular matrix
# expect: threads [4950.0, 4950.0]
# expect: own file True

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

numbers = np.arange(100.0)
print("sum", numbers.sum(), numbers.dtype)
chance = np.random.default_rng(1)
matrix = chance.random((50, 50))
print("solve", np.allclose(np.linalg.solve(matrix, matrix @ matrix), matrix, atol=1e-6))
print("sorted", bool((np.diff(np.sort(chance.integers(0, 1 << 30, 10_000))) >= 0).all()))
print("fft", np.allclose(np.fft.ifft(np.fft.fft(numbers)).real, numbers))
print("random", round(float(np.random.default_rng(1).random()), 3))
print("text", np.sort(np.array(["slate", "granite"])).tolist())
try:
    np.linalg.inv(np.zeros((2, 2)))
except np.linalg.LinAlgError as error:
    print("error", error)
with ThreadPoolExecutor(2) as pool:
    print("threads", [float(total) for total in pool.map(np.sum, [numbers, numbers])])
print("own file", np.__file__.startswith(sys.executable))
