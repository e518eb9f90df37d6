"""Notes in a database of the working directory, shown by a template beside the script."""

# /// script
# dependencies = ["jinja2"]
#
# [tool.obelisk]
# pure = ["markupsafe"]
# data = ["templates/*"]
# ///

import sqlite3
import sys
from pathlib import Path

import jinja2

FOLDER = Path(__file__).parent / "templates"


def main():
    with sqlite3.connect("notes.db") as base:
        base.execute("create table if not exists notes (text)")
        base.executemany("insert into notes values (?)", [(text,) for text in sys.argv[1:]])
        notes = [text for (text,) in base.execute("select text from notes order by text")]
    base.close()
    loader = jinja2.FileSystemLoader(FOLDER)
    page = jinja2.Environment(loader=loader, autoescape=True).get_template("notes.html")
    print(page.render(notes=notes))


main()
