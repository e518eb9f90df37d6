# /// script
# dependencies = ["markupsafe", "msgpack", "greenlet", "pyyaml"]
# [tool.obelisk]
# no-binary = ["markupsafe", "msgpack", "greenlet", "pyyaml"]
# build-packages = ["libyaml"]
# ///
"""Packages of C, Cython and C++ that are built from their source archives."""

# expect: &lt;a&gt; True
# expect: {'a': [1, 2.5]} msgpack._cmsgpack
# expect: 2 boom True
# expect: {'a': [1, 2]} (0, 2, 5)
# expect: error while parsing a flow sequence

import greenlet
import greenlet._greenlet
import markupsafe
import markupsafe._speedups
import msgpack
import yaml
import yaml._yaml

print(markupsafe.escape("<a>"), markupsafe._speedups.__file__.endswith("-linux-musl.so"))
print(msgpack.unpackb(msgpack.packb({"a": [1, 2.5]})), msgpack.Packer.__module__)


def switching(x):
    raise ValueError(greenlet.getcurrent().parent.switch(x + 1))


one = greenlet.greenlet(switching)
two = one.switch(1)
try:
    one.switch("boom")
except ValueError as error:
    print(two, error, greenlet._greenlet.__file__.endswith("-linux-musl.so"))
print(yaml.load("a: [1, 2]", Loader=yaml.CSafeLoader), yaml._yaml.get_version())
try:
    yaml.load("a: [1", Loader=yaml.CSafeLoader)
except yaml.YAMLError as error:
    print("error", error.context)
