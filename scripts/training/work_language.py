"""What programs of plain Python do: objects, loops, numbers, generators, tasks."""

import asyncio
import collections
import contextlib
import dataclasses
import functools
import math

from things import Colour, Flags, Job, Longer, Point, Row, Sum


def do_classes():
    """Objects with slots, properties, descriptors, inheritance."""
    ps = [Point(i, i * 2) for i in range(600)]
    z = Point(0, 0)
    for p in ps:
        z = z + p
    len({p for p in ps})
    sum(p.norm for p in ps)
    os_ = [Sum("a", 1), Longer.make("bb", 2), Longer("c", k=1)] * 60
    t = 0
    for o in os_:
        t += o.run(5)
        o.name
        o.dynx
        isinstance(o, Job)
        hasattr(o, "nope")
        o.extra = t
        getattr(o, "name", None)
        repr(o)
    xs = [Row(i % 7, str(i)) for i in range(200)]
    sorted(xs)
    xs[0] == xs[1]
    dataclasses.asdict(xs[0])
    dataclasses.replace(xs[1], a=3)
    repr(xs[2])
    for i in range(60):
        Colour(i % 3 + 1).name
        Colour["R"]
        Flags.A | Flags.B
        Flags(3) & Flags.A
        Colour.R == Colour.G
    type("X", (Job,), {"run": lambda s, n: n})("q").run(1)
    NT = collections.namedtuple("NT", "a b c")
    n = [NT(i, 2, 3) for i in range(300)]
    sum(x.a + x.b for x in n)
    n[0]._replace(a=2)


def do_loops():
    """Loops, numbers, calls, closures."""
    n = 3000
    s = 0
    i = 0
    while i < n:
        if i % 3 == 0:
            s += i
        elif i & 1:
            s ^= i * 3
        else:
            s -= i // 2
        i += 1
    m = [[(i * j) % 17 for j in range(40)] for i in range(40)]
    for i in range(40):
        row = m[i]
        for j in range(40):
            if row[j] > m[j][i]:
                row[j], m[j][i] = m[j][i], row[j]
            else:
                row[j] += 1
    f = 0.0
    for k in range(1, 3000):
        f += 1.0 / (k * k) - f * 1e-9
        f = abs(f) if k % 2 else -f

    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)

    fib(14)
    primes = [True] * 3000
    for i in range(2, 55):
        if primes[i]:
            primes[i * i :: i] = [False] * len(primes[i * i :: i])
    a, b, *c = range(10)
    (x, y), z = (1, 2), 3
    for k, v in {i: str(i) for i in range(300)}.items():
        s += len(v)
    for i, (p, q) in enumerate(zip(range(300), range(300, 0, -1))):
        s += p * q - i
    big = 1
    for i in range(1, 120):
        big *= i
    str(big)
    int(str(big))
    divmod(big, 10**20)
    pow(7, 300, 10**30)
    big >> 13
    hex(big)
    math.gcd(big, 2**77)

    def closure(n):
        t = 0

        def add(k):
            nonlocal t
            t += k
            return t

        for i in range(n):
            add(i)
        return t

    closure(500)

    def perm(l):
        if len(l) <= 1:
            return [l]
        return [[l[i]] + r for i in range(len(l)) for r in perm(l[:i] + l[i + 1 :])]

    perm([1, 2, 3, 4, 5])


def do_large_integers():
    """Integers of thousands of digits: series, roots, powers, text."""
    one = 10**2000
    term = e = one
    k = 1
    while term:
        term //= k
        e += term
        k += 1
    above, below = 0, 1
    for k in range(1, 160):
        above = above * (2 * k * k) + below
        below *= 2 * k * k
        if k % 8 == 0:
            whole, rest = divmod(above * 1000, below)
            above = rest - whole
    square = 3 * one * one
    root = 2 * one
    for _ in range(6):
        root = (root + square // root) >> 1
    math.isqrt(square)
    a, b = 0, 1
    for _ in range(2000):
        a, b = b, a + b
    modulus = (e >> 5600) | 1
    pow(root, 257, modulus)
    pow(7, 10**12 + 39, root >> 3000)
    math.gcd(e * 30, root * 42)
    (e ^ root) & (modulus << 64)
    e - root * 2 < modulus
    int.from_bytes(root.to_bytes(1024), "little")
    for n in (e, root * e):
        int(str(n))
        hash(n)


def do_generators():
    """Generators, exceptions, patterns, calls with all kinds of arguments."""

    def g(n):
        for i in range(n):
            yield i

    def h(n):
        yield from g(n)
        return 1

    def tree(n):
        if n:
            yield from tree(n - 1)
            yield n
            yield from tree(n - 1)

    sum(g(900))
    sum(h(900))
    list(tree(7))
    sum(x * x for x in g(600) if x % 2)

    def co():
        t = 0
        while True:
            v = yield t
            if v is None:
                return
            t += v

    c = co()
    next(c)
    for i in range(300):
        c.send(i)

    @contextlib.contextmanager
    def cm():
        yield 3

    for i in range(100):
        with cm() as v:
            pass
        try:
            raise ValueError(i) if i % 2 else KeyError("a")
        except (ValueError, TypeError) as e:
            str(e)
        except KeyError:
            pass
        else:
            pass
        finally:
            v += 1

    @functools.lru_cache(maxsize=64)
    def lc(n):
        return n * 2

    for i in range(300):
        lc(i % 80)
    p = functools.partial(lambda a, b, *c, d=1, **e: a + b + d, 1, d=2)
    for i in range(300):
        p(i)
        p(i, f=3)

    def var(*a, **k):
        return len(a) + len(k)

    for i in range(200):
        var(1, 2, x=3)
        var(*[1, 2], **{"y": 1})
    for i in range(100):
        match [i % 4, i]:
            case [0, x]:
                pass
            case [1, int(x)] if x > 5:
                pass
            case {"a": 1}:
                pass
            case _:
                pass
        match {"k": i}:
            case {"k": int(v)}:
                pass


def do_tasks():
    """Tasks, queues, streams."""

    async def leaf(n):
        await asyncio.sleep(0)
        return n

    async def agen(n):
        for i in range(n):
            yield i

    class CM:
        async def __aenter__(self):
            return self

        async def __aexit__(self, *a):
            pass

    async def main():
        await asyncio.gather(*(leaf(i) for i in range(120)))
        async with asyncio.TaskGroup() as tg:
            for i in range(50):
                tg.create_task(leaf(i))
        async for x in agen(300):
            pass
        [x async for x in agen(100) if x % 2]
        q = asyncio.Queue(8)

        async def prod():
            for i in range(100):
                await q.put(i)
            await q.put(None)

        async def cons():
            while (x := await q.get()) is not None:
                pass

        await asyncio.gather(prod(), cons())
        lock = asyncio.Lock()
        ev = asyncio.Event()
        for i in range(40):
            async with lock, CM():
                pass
        asyncio.get_running_loop().call_later(0.001, ev.set)
        await ev.wait()
        try:
            await asyncio.wait_for(asyncio.sleep(1), 0.002)
        except TimeoutError:
            pass
        s = await asyncio.start_server(lambda r, w: echo(r, w), "127.0.0.1", 0)

        async def echo(r, w):
            while d := await r.readline():
                w.write(d)
                await w.drain()
            w.close()

        r, w = await asyncio.open_connection(*s.sockets[0].getsockname())
        for i in range(40):
            w.write(b"hello\n")
            await r.readline()
        w.close()
        await w.wait_closed()
        s.close()
        await s.wait_closed()

    asyncio.run(main())
