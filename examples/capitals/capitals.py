# /// script
# requires-python = ">=3.11"
# [tool.obelisk]
# data = ["data/*.csv", "data/*.sql"]
# ///
"""A script with data beside it: loads tables into SQLite and answers questions.

`obelisk run examples/capitals/capitals.py -- Peru`
"""

import csv
import sqlite3
import sys
from pathlib import Path

DATA = Path(__file__).parent / "data"


def load() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript((DATA / "schema.sql").read_text())
    with open(DATA / "capitals.csv", newline="") as stream:
        rows = csv.DictReader(stream)
        database.executemany("insert into capitals values (:country, :capital)", rows)
    return database


def main() -> None:
    database = load()
    for country in sys.argv[1:]:
        row = database.execute("select capital from capitals where country = ?", (country,)).fetchone()
        print(f"{country}: {row[0] if row else 'unknown'}")


if __name__ == "__main__":
    main()
