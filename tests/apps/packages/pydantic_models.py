# /// script
# dependencies = ["pydantic"]
# ///
"""Validation in Rust, with errors, in threads."""

# expect: {"name":"stone","sizes":[1,2]}
# expect: error int_parsing
# expect: threads 400

import threading

from pydantic import BaseModel, ValidationError


class Item(BaseModel):
    name: str
    sizes: list[int]


print(Item(name="stone", sizes=["1", 2]).model_dump_json())
try:
    Item(name="stone", sizes=["x"])
except ValidationError as error:
    print("error", error.errors()[0]["type"])
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
