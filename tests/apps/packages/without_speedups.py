# /// script
# dependencies = ["markupsafe", "pyyaml", "msgpack"]
# [tool.obelisk]
# pure = ["markupsafe", "PyYAML"]
# exclude = ["msgpack/_cmsgpack*.so"]
# ///
"""The same results without native code, for packages that can do without."""

# expect: &lt;a&gt; markupsafe._native
# expect: {'a': 1} False
# expect: {'b': 2} msgpack.fallback

import markupsafe
import msgpack
import yaml

print(markupsafe.escape("<a>"), markupsafe._escape_inner.__module__)
print(yaml.safe_load("a: 1"), yaml.__with_libyaml__)
print(msgpack.unpackb(msgpack.packb({"b": 2})), msgpack.Packer.__module__)
