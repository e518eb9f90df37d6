# /// script
# dependencies = ["msgpack"]
# ///
"""A serialiser in Cython."""

# expect: {'a': [1, b'x']} msgpack._cmsgpack
# expect: error Unpack failed: incomplete input

import msgpack

print(msgpack.unpackb(msgpack.packb({"a": [1, b"x"]})), msgpack.Packer.__module__)
try:
    msgpack.unpackb(b"\x92\x01")
except ValueError as error:
    print("error", error)
