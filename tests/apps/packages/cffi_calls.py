# /// script
# dependencies = ["cffi"]
# ///
"""cffi's ABI mode: functions of libc, a callback, and a library that is not there."""

# expect: [1, 2, 3]
# expect: 5
# expect: missing True

import cffi

ffi = cffi.FFI()
ffi.cdef("void qsort(void *, size_t, size_t, int (*)(const void *, const void *));")
ffi.cdef("size_t strlen(const char *);")
libc = ffi.dlopen(None)
numbers = ffi.new("int[]", [3, 1, 2])


@ffi.callback("int(const void *, const void *)")
def compare(a, b):
    return ffi.cast("int *", a)[0] - ffi.cast("int *", b)[0]


libc.qsort(numbers, 3, 4, compare)
print(list(numbers))
print(ffi.dlopen("libc.so.6").strlen(b"stone"))
try:
    ffi.dlopen("libmissing.so.1")
except OSError as error:
    print("missing", "native-libraries" in str(error))
