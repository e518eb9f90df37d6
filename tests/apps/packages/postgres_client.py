# /// script
# dependencies = ["psycopg[binary]"]
# ///
"""psycopg with its own libpq, against the server that the first argument names."""

# expect: binary
# expect: [(1, 'one'), (2, None)]
# expect: copied 500
# expect: error division by zero
# expect: pipeline [3, 4]

import sys

import psycopg

print(psycopg.pq.__impl__)
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    connection.execute("create temp table t (n int, s text)")
    connection.cursor().executemany("insert into t values (%s, %s)", [(1, "one"), (2, None)])
    print(connection.execute("select * from t order by n").fetchall())
    with connection.cursor().copy("copy t from stdin") as copy:
        for number in range(500):
            copy.write_row((number, "x" * number))
    print("copied", connection.execute("select count(*) - 2 from t").fetchone()[0])
    try:
        connection.execute("select 1 / 0")
    except psycopg.errors.DivisionByZero as error:
        print("error", error)
    with connection.pipeline():
        cursors = [connection.execute("select %s::int", [n]) for n in (3, 4)]
        print("pipeline", [one.fetchone()[0] for one in cursors])
