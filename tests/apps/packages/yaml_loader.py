# /// script
# dependencies = ["pyyaml"]
# ///
"""PyYAML's loader and dumper in C."""

# expect: {'a': [1, 2]}
# expect: b: 1
# expect: error while parsing a flow sequence

import yaml

print(yaml.load("a: [1, 2]", Loader=yaml.CSafeLoader))
print(yaml.dump({"b": 1}, Dumper=yaml.CSafeDumper).strip())
try:
    yaml.load("a: [1", Loader=yaml.CSafeLoader)
except yaml.YAMLError as error:
    print("error", error.context)
