"""What programs do around their work: files, arguments, logs, threads, code of their own."""

import argparse
import ast
import collections
import concurrent.futures
import configparser
import csv
import email.message
import email.parser
import gc
import inspect
import io
import logging
import marshal
import os
import pathlib
import queue
import shutil
import sqlite3
import tempfile
import textwrap
import threading
import tokenize
import tomllib
import traceback
import types
import typing
import weakref

from things import Point, Row, Sum
from vocabulary import LIB, WORDS, R


def do_source_texts():
    """Source text: parsed, compiled, inspected."""
    for f in ("heapq.py", "textwrap.py", "bisect.py", "json/decoder.py", "dataclasses.py")[
        : R.randint(2, 5)
    ]:
        src = open(os.path.join(LIB, f), encoding="utf-8").read()
        t = ast.parse(src)
        compile(src, f, "exec")
        ast.unparse(t) if len(src) < 9000 else list(ast.walk(t))
        marshal.loads(marshal.dumps(compile(src, f, "exec")))
    list(tokenize.generate_tokens(io.StringIO(src[:3000]).readline))
    exec("def f(a):\n return a+1\nf(2)")
    eval("1+2*3")
    inspect.signature(textwrap.wrap)
    traceback.format_exc()
    inspect.getmembers(Point)


def do_files():
    """Files, paths, a database."""
    with tempfile.TemporaryDirectory() as d:
        p = pathlib.Path(d)
        for i in range(12):
            (p / f"f{i}.txt").write_text("line one\nzwei\u00e4\n" * 60)
            [l.rstrip() for l in (p / f"f{i}.txt").open()]
            with open(p / f"f{i}.txt", "rb") as f:
                f.read(10)
                f.seek(3)
                f.readline()
                f.read()
        list(p.iterdir())
        list(p.glob("*.txt"))
        [x.stat().st_size for x in p.iterdir()]
        os.listdir(d)
        list(os.scandir(d))
        list(os.walk(d))
        os.path.exists(d)
        shutil.copy(p / "f1.txt", p / "g")
        (p / "a/b").mkdir(parents=True)
        p.joinpath("x", "y").with_suffix(".z").name
        (p / "g").resolve().relative_to(p.resolve())
        os.path.join(d, "a", "..")
        os.path.normpath("/a/../b")
        os.path.splitext("a.b")
        os.environ.get("HOME")
        w = csv.writer(o := io.StringIO())
        w.writerows([[i, WORDS[i], i / 3, 'a,"b'] for i in range(200)])
        list(csv.reader(io.StringIO(o.getvalue())))
        list(csv.DictReader(io.StringIO(o.getvalue())))
        cp = configparser.ConfigParser()
        cp.read_string("[a]\nb=1\nc=%(b)s\n[d]\ne=f\n")
        cp["a"]["c"]
        tomllib.loads('[a]\nb = 1\nc = ["x", 2.5]\n[a.d]\ne = 2020-01-01\n')
        b = io.BytesIO()
        b.write(b"abc" * 200)
        b.seek(0)
        b.read(50)
        b.getvalue()
        db = sqlite3.connect(p / "x.db")
        db.execute("create table t(a integer primary key, b text, c real)")
        db.executemany("insert into t(b, c) values(?, ?)", [(x, len(x) / 3) for x in WORDS[:300]])
        db.commit()
        db.execute("create index i on t(b)")
        list(db.execute("select * from t where b > ? order by c", ("m",)))
        list(db.execute("select count(*), c from t group by c"))
        db.create_function("f", 1, lambda x: x + "q")
        list(db.execute("select f(b) from t limit 50"))
        db.close()


def do_services():
    """Arguments, logs, threads, mail, typing."""
    p = argparse.ArgumentParser(prog="x")
    p.add_argument("f")
    p.add_argument("-v", "--verbose", action="store_true", help="x")
    p.add_argument("--n", type=int, default=3)
    s = p.add_mutually_exclusive_group()
    s.add_argument("--a")
    p.parse_args(["q", "-v", "--n", "4"])
    p.format_help()
    lg = logging.getLogger("a.b")
    lg.propagate = False
    hd = logging.StreamHandler(io.StringIO())
    hd.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    lg.handlers[:] = [hd]
    lg.setLevel(logging.INFO)
    for i in range(60):
        lg.info("hello %s %d", "w", i)
        lg.debug("no %s", i)
        lg.warning("x")
    q = queue.Queue()
    ev = threading.Event()
    lock = threading.RLock()

    def wk():
        while (x := q.get()) is not None:
            with lock:
                x += 1

    ts = [threading.Thread(target=wk) for _ in range(2)]
    [t.start() for t in ts]
    [q.put(i) for i in range(80)]
    [q.put(None) for t in ts]
    [t.join() for t in ts]
    with concurrent.futures.ThreadPoolExecutor(2) as ex:
        list(ex.map(len, WORDS[:40]))
    m = email.message.EmailMessage()
    m["Subject"] = "hi"
    m["From"] = "a@b.c"
    m.set_content("text")
    email.parser.Parser().parsestr(m.as_string())
    wr = weakref.WeakValueDictionary()
    k = Sum("q")
    wr["a"] = k
    weakref.ref(k)()
    wk2 = weakref.WeakKeyDictionary()
    wk2[k] = 1
    x = []
    x.append(x)
    cyc = [{"me": None} for _ in range(300)]
    for c in cyc:
        c["me"] = c
        c["o"] = cyc
    del cyc, x
    gc.collect()
    typing.get_type_hints(Row)
    typing.Optional[int]
    typing.Union[int, str]
    list[int]
    T = typing.TypeVar("T")

    class Pr(typing.Protocol):
        def run(self, n): ...

    isinstance(3, typing.Sized)
    typing.NamedTuple("Q", [("a", int)])
    types.SimpleNamespace(a=1).a
    collections.abc.Mapping in dict.__mro__
    isinstance({}, collections.abc.Mapping)
