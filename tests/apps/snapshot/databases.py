"""Says in which folder SQLite has its temporary files."""

import os
import sqlite3

with sqlite3.connect("") as database:
    database.execute("pragma cache_size = 1")
    database.execute("create table texts (text)")
    database.executemany("insert into texts values (?)", [("x" * 1000,)] * 1000)
    folders = set()
    for number in range(3, 20):
        path = f"/proc/self/fd/{number}"
        if os.path.lexists(path) and "etilqs_" in os.readlink(path):
            folders.add(os.path.dirname(os.readlink(path)))
    print(*folders)
