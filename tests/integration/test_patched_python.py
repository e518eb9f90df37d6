"""What is changed in CPython so that it is faster is not seen by programs."""

import pytest
from support import run

pytestmark = pytest.mark.compile

SPECIAL_METHODS = """
class Name(str):
    pass

def answer(self):
    return 7

# An interned string, an equal one that is not, and one that is no plain string.
KEYS = {"interned": "__len__", "other": "".join(["__le", "n__"]), "own": Name("__len__")}

class Apart:
    pass
Apart.__len__ = answer

class Adding(type):
    def mro(cls):
        return [*super().mro(), Apart]

for kind, key in KEYS.items():
    base = type("Base", (), {key: answer})
    below = type("Below", (type("Between", (base,), {}),), {})
    beside = type("Beside", (type("Empty", (), {}), base), {})
    print(kind, *(len(each()) for each in (base, below, beside)))
print("mro", len(Adding("Added", (), {})()))

class Later:
    pass
class Heir(Later):
    pass
Later.__len__ = answer
print("later", len(Heir()), end=" ")
del Later.__len__
print(hasattr(Heir, "__len__"))

class Moved(Later):
    pass
Moved.__bases__ = (Apart,)
print("moved", len(Moved()))

class Numbers(list):
    __add__ = lambda self, other: "own"
class Right(int):
    __radd__ = lambda self, other: "right"
class Equal:
    __eq__ = lambda self, other: True
class Called(type):
    __call__ = lambda cls: "called"
class Instance(metaclass=Called):
    pass
print(Numbers() + [], Numbers([1]) * 2, 1 + Right(1), Right(1) * 3, Equal.__hash__, Instance())
for wrong in (lambda: len(type("None", (), {})()), lambda: hash(Equal()), lambda: iter(Apart())):
    try:
        wrong()
    except TypeError as error:
        print(error)
"""


def test_special_methods_are_found_wherever_they_are(anything, tmp_path):
    done = run([anything], cwd=tmp_path, env={"CODE": SPECIAL_METHODS})
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "interned 7 7 7",
        "other 7 7 7",
        "own 7 7 7",
        "mro 7",
        "later 7 False",
        "moved 7",
        "own [1, 1] right 3 None called",
        "object of type 'None' has no len()",
        "unhashable type: 'Equal'",
        "'Apart' object is not iterable",
    ]


STRINGS = r"""
import marshal, sys

def load(text):
    return marshal.loads(b"Z" + bytes([len(text)]) + text)

name = load(b"a_name_that_nothing_else_has")
print(name, name is sys.intern("a_name_that_" + "nothing_else_has"), name is load(name.encode()))
mortal = sys.intern("a name" * 2)
print(load(b"a name" * 2) is mortal, load(b"__init__") is sys.intern("__init__"))
print([load(text) for text in (b"", b"x", b"caf\xe9", b"n" * 255)] == ["", "x", "café", "n" * 255])
equal = "".join(["a_name_that_", "nothing_else_has"])
print({name: 1}[equal], hash(name) == hash(equal))
"""


def test_strings_of_code_are_interned(anything, tmp_path):
    done = run([anything], cwd=tmp_path, env={"CODE": STRINGS})
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "a_name_that_nothing_else_has True True",
        "True True",
        "True",
        "1 True",
    ]


GARBAGE = """
import gc, weakref

class Ring:
    def __init__(self, name):
        self.name, self.ring = name, self

class Risen(Ring):
    def __del__(self):
        print("del", self.name)
        kept.append(self)

kept = []
gc.collect()
plain = weakref.ref(Ring("plain"))
print(gc.collect(), plain() is None)
watched = weakref.ref(Ring("watched"), lambda ref: print("callback", ref() is None))
print(gc.collect(), watched() is None)
pair = Risen("one"), Ring("other")
pair[0].other, pair[1].other = pair[1], pair[0]
other = weakref.ref(pair[1])
del pair
print(gc.collect(), kept[0].other.name, other() is None)
del kept[:]
print(gc.collect(), kept)

def generate():
    try:
        yield
    finally:
        print("finally")

generator = generate()
next(generator)
ring = [generator]
ring.append(ring)
del generator, ring
print(gc.collect())
"""


def test_garbage_may_come_back_to_life(anything, tmp_path):
    done = run([anything], cwd=tmp_path, env={"CODE": GARBAGE})
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "1 True",
        "callback True",
        "1 True",
        "del one",
        "0 other True",
        "2 []",
        "finally",
        "2",
    ]


SEARCHES = r"""
import random

def find(text, part, start, end):
    hits = (at for at in range(start, end - len(part) + 1) if text[at : at + len(part)] == part)
    return next(hits, -1)

def count(text, part, start, end):
    found, at = 0, find(text, part, start, end)
    while at >= 0:
        found, at = found + 1, find(text, part, at + len(part), end)
    return found

chance = random.Random(11)
alphabets = ["ab", "abcdefgh", "a\xe9", "a\u20ac\u0161", "a\U0001f40d\u20ac"]

def case(kind):
    alphabet = chance.choice(alphabets)
    # Often the rarer characters stand near the end of a block, and near the end of the text.
    weights = [chance.choice((1, 20, 300))] + [1] * (len(alphabet) - 1)
    text = "".join(chance.choices(alphabet, weights, k=chance.choice((3, 20, 40, 200, 900))))
    size = chance.choice((1, 2, 2, 3, 3, 5, 9, 17, 33))
    at = chance.randrange(len(text))
    part = text[at : at + size]
    if chance.random() < 0.4:
        part = "".join(chance.choices(alphabet, weights, k=size))
    start = chance.choice((0, 0, chance.randrange(len(text))))
    end = chance.choice((len(text), len(text), chance.randrange(start, len(text) + 1)))
    if kind is bytes:
        return text.encode("utf-16-le"), part.encode("utf-16-le"), start, end
    return text, part, start, end

for kind in (str, bytes):
    for _ in range(5000):
        text, part, start, end = case(kind)
        found, counted = text.find(part, start, end), text.count(part, start, end)
        if (found, counted) != (find(text, part, start, end), count(text, part, start, end)):
            print(repr(text), repr(part), start, end, found, counted)
print("done")
"""


def test_searches_find_what_slices_show(anything, tmp_path):
    done = run([anything], cwd=tmp_path, env={"CODE": SEARCHES})
    assert (done.stdout, done.stderr) == ("done\n", "")


GENERATIONS = """
import gc, sys

def where(thing):
    return [any(each is thing for each in gc.get_objects(generation)) for generation in range(3)]

steps = sys.argv[1].split()
for step in steps:
    if step == "objects":
        print(where(str.join), len(gc.get_objects()) > 4000)
    elif step == "referrers":
        print([type(each) for each in gc.get_referrers(str.join)])
    elif step == "freeze":
        gc.freeze()
        print(gc.get_freeze_count() > 4000, len(gc.get_objects()) < 9)
    elif step == "unfreeze":
        gc.unfreeze()
        print(gc.get_freeze_count())
    else:
        gc.collect(int(step))
print(gc.is_tracked(str.__mro__), gc.is_tracked(str.join))
"""
TRACKED = "False True"


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("objects 1 objects", ["[False, True, False] True", "[False, False, True] True"]),
        ("0 objects", ["[False, True, False] True"]),
        ("1 objects", ["[False, False, True] True"]),
        ("2 0 objects", ["[False, False, True] True"]),
        ("referrers", ["[<class 'dict'>]"]),
        ("freeze unfreeze objects", ["True True", "0", "[False, False, True] True"]),
    ],
)
def test_collections_count_what_they_leave_out(anything, tmp_path, steps, told):
    done = run([anything, steps], cwd=tmp_path, env={"CODE": GENERATIONS})
    assert (done.stdout.splitlines(), done.stderr) == ([*told, TRACKED], "")


EXIT = """
import atexit, os, sys, weakref

# At the end nothing global is left, not even what is built in.
def say(text, write=os.write):
    write(1, text + b"\\n")

class Told:
    def __init__(self, name):
        self.name = name
    def __del__(self, say=say):
        say(b"del " + self.name)

class Ring(Told):
    def __init__(self, name):
        super().__init__(name)
        self.ring = self

def generate(say=say):
    try:
        yield
    finally:
        say(b"finally")

_told = open(sys.argv[1], "w")
_told.write("not flushed")
atexit.register(say, b"atexit")
here, ring, there = Told(b"global"), Ring(b"ring"), Told(b"of another module")
sys.modules["codecs"].there = there
del there
class Holder:
    held = Ring(b"of a class")
generator = generate()
next(generator)
finalizer = weakref.finalize(ring, say, b"finalize")
watched = weakref.ref(Holder, lambda ref, say=say: say(b"callback"))
sys.modules["codecs"].watched = watched
if len(sys.argv) > 2:
    sys.exit(3)
"""


@pytest.mark.parametrize(("more", "status"), [((), 0), (("exit",), 3)])
def test_all_that_a_program_does_at_its_end(anything, tmp_path, more, status):
    done = run([anything, "told.txt", *more], cwd=tmp_path, env={"CODE": EXIT})
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.splitlines() == [
        "finalize",
        "atexit",
        "del of another module",
        "del global",
        "del ring",
        "finally",
        "del of a class",
    ]
    assert (tmp_path / "told.txt").read_text() == "not flushed"


INTEGERS = """
import random

BITS = 30
MASK = (1 << BITS) - 1

def join(digits):
    return int("".join(f"{digit:0{BITS}b}" for digit in reversed(digits)), 2)

def product(left, right):
    digits = [0] * (len(left) + len(right))
    for at, one in enumerate(left):
        carry = 0
        for to, other in enumerate(right, at):
            carry += digits[to] + one * other
            digits[to], carry = carry & MASK, carry >> BITS
        digits[at + len(right)] = carry
    return digits

chance = random.Random(12)

def number(count):
    kind = chance.choice(("any", "any", "high", "low"))
    least = {"any": 0, "high": MASK - 1, "low": 0}[kind]
    most = {"any": MASK, "high": MASK, "low": 1}[kind]
    return [*(chance.randint(least, most) for _ in range(count - 1)), chance.randint(1, MASK)]

for _ in range(1500):
    left, right = number(chance.randint(1, 90)), number(chance.randint(1, 40))
    a, b, exact = join(left), join(right), join(product(left, right))
    rest = chance.randrange(b)
    got = (a * b, -a * b, a * a, divmod(exact + rest, b))
    if got != (exact, -exact, join(product(left, left)), (a, rest)):
        print(hex(a), hex(b))
print("done")
"""


def test_large_integers_are_multiplied_and_divided_digit_by_digit(anything, tmp_path):
    done = run([anything], cwd=tmp_path, env={"CODE": INTEGERS})
    assert (done.stdout, done.stderr) == ("done\n", "")
