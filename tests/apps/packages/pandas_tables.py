# /// script
# dependencies = ["pandas"]
# ///
"""Reading, grouping, joining, time series."""

# expect: {'x': 4, 'y': 2}
# expect: [1.5, 2.5]
# expect: [('a', 1, 10), ('b', 2, 20)]
# expect: ['2024-02-29', '2024-03-31']
# expect: error Unable to parse string 'no' at position 0

import io

import pandas as pd

table = pd.read_csv(io.StringIO("key,value\nx,1\ny,2\nx,3\n"))
print(table.groupby("key").value.sum().to_dict())
print(pd.Series([1, 2, 3]).rolling(2).mean().dropna().tolist())
left = pd.DataFrame({"k": ["a", "b"], "l": [1, 2]})
right = pd.DataFrame({"k": ["b", "a"], "r": [20, 10]})
print(list(left.merge(right, on="k").itertuples(index=False, name=None)))
print([str(day.date()) for day in pd.date_range("2024-02-01", periods=2, freq="ME")])
try:
    pd.to_numeric(["no"])
except ValueError as error:
    print("error", error)
