# /// script
# dependencies = ["pydantic", "orjson", "msgpack"]
# ///
"""Rust and C: validation, and two serialisers."""

# expect: {"name":"stone","sizes":[1,2]}
# expect: error int_parsing
# expect: json {'t': '2024-01-01T00:00:00'}
# expect: error unexpected end of data: line 1 column 2 (char 1)
# expect: msgpack {'a': [1, b'x']} True
# expect: threads 400

import threading
from datetime import datetime

import msgpack
import msgpack._cmsgpack
import orjson
from pydantic import BaseModel, ValidationError


class Item(BaseModel):
    name: str
    sizes: list[int]


print(Item(name="stone", sizes=["1", 2]).model_dump_json())
try:
    Item(name="stone", sizes=["x"])
except ValidationError as error:
    print("error", error.errors()[0]["type"])
print("json", orjson.loads(orjson.dumps({"t": datetime(2024, 1, 1)})))
try:
    orjson.loads(b"{")
except orjson.JSONDecodeError as error:
    print("error", error)
data = {"a": [1, b"x"]}
print("msgpack", msgpack.unpackb(msgpack.packb(data)), msgpack.Packer.__module__ == "msgpack._cmsgpack")

refused = []


def work():
    for _ in range(100):
        try:
            Item.model_validate_json('{"name": 1}')
        except ValidationError as error:
            refused.append(error.error_count())


threads = [threading.Thread(target=work) for _ in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print("threads", len(refused))
