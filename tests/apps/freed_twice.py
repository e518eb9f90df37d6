"""Frees a block of memory twice, as a bug in an extension module would."""

import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
block, other = libc.malloc(64), libc.malloc(64)
libc.free(block)
libc.free(block)
print("freed twice")
