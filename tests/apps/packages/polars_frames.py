# /// script
# dependencies = ["polars", "tiktoken"]
# ///
"""A Rust library with its own threads and allocator; and Rust panics in many threads."""

# expect: [('x0', 28, 3), ('x1', 22, 3)]
# expect: error ColumnNotFoundError
# expect: parquet True
# expect: joined 10000
# expect: panics 80

import io
import os
import sys
import threading

import polars as pl
import tiktoken._tiktoken

frame = pl.DataFrame({"k": ["x0", "x1"] * 3, "v": [1, 2, 3, 4, 24, 16]})
grouped = frame.lazy().group_by("k").agg(pl.col("v").sum(), pl.len()).sort("k").collect()
print(grouped.rows())
try:
    frame.select("nothing")
except pl.exceptions.PolarsError as error:
    print("error", type(error).__name__)
file = io.BytesIO()
frame.write_parquet(file)
file.seek(0)
print("parquet", pl.read_parquet(file).equals(frame))
many = pl.DataFrame({"a": list(range(10_000)), "s": [f"n{n}" for n in range(10_000)]})
print("joined", many.join(many, on="a").filter(pl.col("s").str.contains("n")).height)

sys.stderr.flush()
os.dup2(os.memfd_create("messages"), 2)
coder = tiktoken._tiktoken.CoreBPE({b"a": 0, b"b": 1}, {}, r"\w+")
caught = []


def panic():
    for _ in range(20):
        try:
            coder.encode_ordinary("zq")
        except BaseException as error:
            caught.append(type(error).__name__)


threads = [threading.Thread(target=panic) for _ in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print("panics", caught.count("PanicException"))
