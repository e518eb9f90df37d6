# /// script
# dependencies = ["numpy", "polars", "grpcio"]
# ///
"""Threads of all kinds at once for some seconds, each of which must get on: none may wait for ever.

Eight threads pass items through queues, locks, conditions, semaphores and a database, others keep
native threads of OpenBLAS, polars and gRPC at work, and processes are forked and started meanwhile.
"""

# expect: every kind got on

import multiprocessing
import os
import queue
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent import futures

import grpc
import numpy
import polars

END = time.monotonic() + float(sys.argv[1] if len(sys.argv) > 1 else 2)
PATIENCE = 120
counts = {}
last = {}


def working(kind):
    """Count one turn of a kind, and tell whether there is time for more."""
    counts[kind] = counts.get(kind, 0) + 1
    last[kind] = time.monotonic()
    return time.monotonic() < END


def pass_on(ring, number):
    kind = f"queue {number}"
    while working(kind):
        ring[number].put(ring[number - 1].get(timeout=PATIENCE) + 1)
    ring[number].put(0)


def share(lock, condition, semaphore, box, number):
    kind = f"locks {number}"
    while working(kind):
        with lock, lock:
            box["locked"] += 1
        with semaphore:
            box[f"free {number}"] = 1
        with condition:
            box["turn"] += 1
            condition.notify()
            condition.wait(0.01)
        threading.Thread(target=lambda: None).start()


def write_rows(path, number):
    kind = f"sqlite {number}"
    connection = sqlite3.connect(path, timeout=PATIENCE)
    while working(kind):
        with connection:
            connection.execute("insert into rows values (?, ?)", (number, counts[kind]))
        connection.execute("select count(*) from rows where number = ?", (number,)).fetchone()
    connection.close()


def multiply(number):
    matrix = numpy.random.default_rng(number).random((192, 192))
    wanted = (matrix @ matrix).sum()
    while working(f"numpy {number}"):
        assert abs((matrix @ matrix).sum() - wanted) < 1e-6 * wanted


def group(number):
    frame = polars.DataFrame({"a": [i % 7 for i in range(20000)], "b": range(20000)})
    while working(f"polars {number}"):
        assert frame.group_by("a").agg(polars.col("b").sum())["b"].sum() == 199990000


class Handler(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, _: request[::-1])


def call(port, number):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        ping = channel.unary_unary("/t/ping")
        while working(f"grpc {number}"):
            assert ping(b"abc", timeout=PATIENCE) == b"cba"


def start_processes():
    spawn = multiprocessing.get_context("spawn")
    while working("processes"):
        subprocess.run(["/bin/true"], check=True, timeout=PATIENCE)
        child = spawn.Process(target=time.sleep, args=(0,))
        child.start()
        child.join(PATIENCE)
        assert child.exitcode == 0


def watch():
    while time.monotonic() < END + PATIENCE:
        time.sleep(1)
        late = [kind for kind, when in last.items() if time.monotonic() - when > PATIENCE]
        if late and time.monotonic() < END:
            print("waiting for ever:", late, flush=True)
            os._exit(1)
    print("not at an end:", [one.name for one in threading.enumerate()], flush=True)
    os._exit(1)


def main():
    ring = [queue.Queue() for _ in range(8)]
    box = {"locked": 0, "turn": 0}
    shared = (threading.RLock(), threading.Condition(), threading.Semaphore(3), box)
    path = os.path.join(tempfile.mkdtemp(), "rows.db")
    with sqlite3.connect(path) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table rows (number, turn)")
    server = grpc.server(futures.ThreadPoolExecutor(4))
    server.add_generic_rpc_handlers((Handler(),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    work = [(pass_on, ring, number) for number in range(8)]
    work += [(share, *shared, number) for number in range(8)]
    work += [(write_rows, path, number) for number in range(8)]
    work += [(multiply, 0), (multiply, 1), (group, 0), (group, 1), (call, port, 0), (call, port, 1)]
    work += [(start_processes,)]
    threading.Thread(target=watch, daemon=True).start()
    for one in ring:
        one.put(0)
    with futures.ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(*one) for one in work]:
            done.result()
    server.stop(0).wait()
    assert box["locked"] == sum(counts[f"locks {number}"] - 1 for number in range(8))
    with sqlite3.connect(path) as connection:
        rows = connection.execute("select count(*) from rows").fetchone()[0]
    assert rows == sum(counts[f"sqlite {number}"] - 1 for number in range(8))
    print(dict(sorted(counts.items())), file=sys.stderr)
    print("every kind got on")


if __name__ == "__main__":
    main()
