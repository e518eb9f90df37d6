"""Calls functions of Python from C."""

import ctypes

COMPARE = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int)
)
OLD = COMPARE(lambda one, other: one[0] - other[0])

if __name__ == "__main__":
    new = [COMPARE(lambda one, other: other[0] - one[0]) for _ in range(500)]
    sort = ctypes.CDLL(None).qsort
    for compare in (OLD, new[0], new[-1]):
        numbers = (ctypes.c_int * 5)(5, 1, 4, 2, 3)
        sort(numbers, 5, 4, compare)
        print(list(numbers))
