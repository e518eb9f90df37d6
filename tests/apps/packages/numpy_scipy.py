# /// script
# dependencies = ["numpy", "scipy", "threadpoolctl"]
# ///
"""Linear algebra, FFT, sparse solvers and threads; OpenBLAS, Fortran and C++ inside."""

# expect: solve True
# expect: error Singular matrix
# expect: fft True
# expect: sorted True
# expect: threads True
# expect: pools 2 of openblas, from inside True, set to 1 True, and back True
# expect: eigenvalues [1.0, 3.0]
# expect: sparse True
# expect: minimum [1.0, 1.0]
# expect: integral 2.0
# expect: gamma 24.0
# expect: triangles 2
# expect: refused axes exceeds dimensionality of output
# expect: forked True

import os
import sys
import threading

import numpy as np
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg
import scipy.spatial
import scipy.special
import threadpoolctl
from scipy.fft._duccfft import pyduccfft

chance = np.random.default_rng(1)
A = chance.random((300, 300))
print("solve", np.allclose(np.linalg.solve(A, A @ A), A, atol=1e-6))
try:
    np.linalg.inv(np.zeros((3, 3)))
except np.linalg.LinAlgError as error:
    print("error", error)
print("fft", np.allclose(scipy.fft.ifft(np.fft.fft(A[0])), A[0]))
many = chance.random(1_000_000).astype(np.float32)
many.sort()
print("sorted", bool((np.diff(many) >= 0).all()))

# QEMU computes fused multiply-adds in software, eight million a second: eighty products of 300 rows
# would take five minutes. With 100, OpenBLAS uses its threads, too.
B = A[:100, :100] if "EMULATED" in os.environ else A
expected, wrong = B @ B, []


def work():
    for _ in range(10):
        if not np.allclose(B @ B, expected):
            wrong.append(1)


threads = [threading.Thread(target=work) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print("threads", not wrong)
pools = threadpoolctl.threadpool_info()
with threadpoolctl.threadpool_limits(1):
    limited = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
print("pools", len(pools), "of", *{pool["internal_api"] for pool in pools}, end=", ")
print("from inside", all(pool["filepath"].startswith(sys.executable) for pool in pools), end=", ")
print("set to 1", limited == [1, 1], end=", ")
print("and back", threadpoolctl.threadpool_info() == pools)
print("eigenvalues", scipy.linalg.eigvalsh([[2, 1], [1, 2]]).round(6).tolist())
S = scipy.sparse.random(200, 200, 0.05, format="csc", random_state=1) + scipy.sparse.eye(200)
x = scipy.sparse.linalg.spsolve(S.tocsc(), np.ones(200))
print("sparse", np.allclose(S @ x, 1))
print("minimum", scipy.optimize.minimize(scipy.optimize.rosen, [1.3, 0.7]).x.round(3).tolist())
print("integral", round(scipy.integrate.quad(np.sin, 0, np.pi)[0], 6))
print("gamma", float(scipy.special.gamma(5)))
print("triangles", len(scipy.spatial.Delaunay([[0, 0], [1, 0], [0, 1], [1, 1.1]]).simplices))
try:
    pyduccfft.c2c(np.zeros(4), axes=(7,))
except ValueError as error:  # a C++ exception
    print("refused", error)
child = os.fork()
if child == 0:
    os._exit(0 if np.allclose(B @ B, expected) else 1)
print("forked", os.waitpid(child, 0)[1] == 0)
