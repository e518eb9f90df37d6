# /// script
# dependencies = ["polars"]
# ///
"""A Rust library with threads and an allocator of its own."""

# expect: [('x0', 28, 3), ('x1', 22, 3)]
# expect: error ColumnNotFoundError
# expect: parquet True
# expect: joined 10000

import io

import polars as pl

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
