"""Lists, dictionaries, sets, and what the standard library builds of them."""

import array
import bisect
import collections
import copy
import functools
import heapq
import itertools
import operator

from things import Row
from vocabulary import WORDS, R


def do_containers():
    """Containers, sorting, itertools."""
    l = [R.random() for _ in range(800)]
    l.sort()
    sorted(l, reverse=True)
    sorted(WORDS)
    sorted(WORDS[:400], key=len)
    sorted(((x, i) for i, x in enumerate(WORDS[:200])), key=operator.itemgetter(0))
    max(l)
    min(WORDS)
    sum(l)
    any(x > 2 for x in l)
    all(map(bool, l))
    list(reversed(l))
    l.index(l[300])
    l[3] in l
    d = {}
    for w in WORDS[:1500]:
        d[w] = d.get(w, 0) + 1
        d.setdefault(w[0], []) if w[0] not in d else None
    c = collections.Counter("".join(WORDS[:400]))
    c.most_common(3)
    dd = collections.defaultdict(list)
    for w in WORDS[:800]:
        dd[len(w)].append(w)
    dict(sorted(dd.items()))
    {**d, "a": 1}
    d | {"z": 1}
    {k: v for k, v in d.items() if v}
    list(d)
    d.pop("zz", None)
    d.copy()
    d.update(a=1)
    a, b = set(WORDS[:900]), set(WORDS[500:1500])
    a & b
    a | b
    a - b
    a ^ b
    a <= b
    frozenset(a)
    a.discard("x")
    q = collections.deque(maxlen=100)
    for i in range(500):
        q.append(i)
    while q:
        q.popleft()
    od = collections.OrderedDict((w, 1) for w in WORDS[:200])
    od.move_to_end(WORDS[0])
    collections.ChainMap({"a": 1}, {"b": 2})["b"]
    h = []
    for i in range(300):
        heapq.heappush(h, R.randrange(1000))
    while h:
        heapq.heappop(h)
    bisect.bisect(l, 0.5)
    list(itertools.chain(l[:50], WORDS[:50]))
    list(itertools.islice(itertools.count(), 99))
    list(itertools.product("abc", repeat=3))
    list(itertools.combinations(range(9), 3))
    [list(g) for k, g in itertools.groupby(sorted(WORDS[:200], key=len), len)]
    list(itertools.accumulate(range(99)))
    list(zip(l, WORDS))
    list(map(len, WORDS[:300]))
    list(filter(None, range(50)))
    functools.reduce(operator.add, range(200))
    copy.deepcopy({"a": [1, 2, {"b": (3, [4])}], "c": Row(1)})
    copy.copy([1])
    l[10:20] = [1]
    del l[5]
    l.insert(3, 9)
    l.pop()
    l.extend(range(9))
    [[]] * 3
    l * 2
    l + l
    tuple(l)
    array.array("d", l)
    list(range(0, 900, 3))
    (1, 2) + (3,)
    x = [None] * 300
    for i in range(300):
        x[i] = i
        x[-i]
