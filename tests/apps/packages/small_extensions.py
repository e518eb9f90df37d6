# /// script
# dependencies = ["pyyaml", "cffi", "greenlet", "psutil", "regex", "markupsafe", "charset-normalizer"]
# ///
"""Packages whose extension modules are small, with what they are used for."""

# expect: yaml {'a': [1, 2]}
# expect: error while parsing a flow sequence
# expect: cffi [1, 2, 3] 5
# expect: missing True
# expect: greenlet 2 boom
# expect: many 8000
# expect: psutil True True
# expect: regex X
# expect: markup &lt;a&gt; True
# expect: charset True True

import threading

import cffi
import charset_normalizer.md
import greenlet
import markupsafe
import markupsafe._speedups
import psutil
import regex
import yaml

print("yaml", yaml.load("a: [1, 2]", Loader=yaml.CSafeLoader))
try:
    yaml.load("a: [1", Loader=yaml.CSafeLoader)
except yaml.YAMLError as error:
    print("error", error.context)

ffi = cffi.FFI()
ffi.cdef("void qsort(void *, size_t, size_t, int (*)(const void *, const void *));")
ffi.cdef("size_t strlen(const char *);")
libc = ffi.dlopen(None)
numbers = ffi.new("int[]", [3, 1, 2])


@ffi.callback("int(const void *, const void *)")
def compare(a, b):
    return ffi.cast("int *", a)[0] - ffi.cast("int *", b)[0]


libc.qsort(numbers, 3, 4, compare)
print("cffi", list(numbers), ffi.dlopen("libc.so.6").strlen(b"stone"))
try:
    ffi.dlopen("libmissing.so.1")
except OSError as error:
    print("missing", "native-libraries" in str(error))


def switching(x):
    raise ValueError(greenlet.getcurrent().parent.switch(x + 1))


one = greenlet.greenlet(switching)
two = one.switch(1)
try:
    one.switch("boom")
except ValueError as error:
    print("greenlet", two, error)
count = []


def many():
    for number in range(2000):
        inner = greenlet.greenlet(lambda n=number: greenlet.getcurrent().parent.switch(n))
        count.append(inner.switch() == number)


threads = [threading.Thread(target=many) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("many", sum(count))
print("psutil", psutil.cpu_count() > 0, psutil.Process.__module__ == "psutil")
print("regex", regex.sub(r"\p{Lu}(?<n>\d+)c", "X", "B12c"))
print("markup", markupsafe.escape("<a>"), markupsafe._speedups.__file__.endswith(".so"))
best = charset_normalizer.from_bytes("Größe und Länge, schöne Häuser für jeden".encode("cp1252")).best()
print("charset", best is not None, charset_normalizer.md.__file__.endswith(".so"))
