# /// script
# dependencies = ["orjson"]
# ///
"""A serialiser in Rust."""

# expect: {'t': '2024-01-01T00:00:00', 'n': [1.5, None]}
# expect: error unexpected end of data: line 1 column 2 (char 1)

from datetime import datetime

import orjson

print(orjson.loads(orjson.dumps({"t": datetime(2024, 1, 1), "n": [1.5, None]})))
try:
    orjson.loads(b"{")
except orjson.JSONDecodeError as error:
    print("error", error)
