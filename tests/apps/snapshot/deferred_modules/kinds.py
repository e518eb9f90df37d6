"""Functions of all kinds, none of which is called while this module is imported."""

import dataclasses
import functools


def plain(first, second=2, *rest, third=3, **more):
    """Have all kinds of parameters."""
    return first, second, rest, third, sorted(more)


def positional(first, /, second, *, third):
    return [first, second, third]


def failing(number):
    return 1 // number


def recursing(depth):
    return 0 if depth == 0 else 1 + recursing(depth - 1)


def counting(count):
    yield from range(count)


async def awaiting(value):
    return value + 1


async def counting_slowly(count):
    for number in range(count):
        yield await awaiting(number)


def annotated(number: int, text: "str" = "") -> list[int]:
    return [number, len(text)]


def sliced(values, part):
    return values[1:3], part in {"a", "b"}, (1.5, -0.0, 2j, b"x", ..., None)


def outer(value):
    def inner():
        return [value for _ in range(2)]

    return inner


def _made(value, default=7):
    def closure(more=default):
        nonlocal value
        value += more
        return value

    return closure


closure = _made(100)
short = lambda left, right: left * right  # noqa: E731


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return "wrapped", function(*args, **kwargs)

    return wrapper


@decorated
def wrapped(value):
    """Say what it is."""
    return value


class Attribute:
    def __get__(self, instance, owner=None):
        return "got", instance is None

    def __set__(self, instance, value):
        instance.__dict__["set"] = value


class Base:
    known: list[str] = []  # noqa: RUF012

    def __init_subclass__(cls, /, **more):
        Base.known.append((cls.__name__, sorted(more)))

    def __class_getitem__(cls, item):
        return cls.__name__, item


class Everything(Base):
    attribute = Attribute()

    def __init__(self, number):
        self.number = number

    def __repr__(self):
        return f"Everything({self.number})"

    def __eq__(self, other):
        return self.number == other.number

    def __lt__(self, other):
        return self.number < other.number

    def __hash__(self):
        return self.number % 3

    def __call__(self, *args):
        return self.number, args

    def __getitem__(self, key):
        return key, self.number

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return "missing", name

    def __len__(self):
        return 3

    def __iter__(self):
        yield from "abc"

    def __enter__(self):
        return "entered"

    def __exit__(self, *_):
        return True

    def __add__(self, other):
        return self.number + other

    @classmethod
    def of_class(cls):
        return cls.__name__

    @staticmethod
    def static(value):
        return value, "static"

    @property
    def doubled(self):
        return self.number * 2

    @doubled.setter
    def doubled(self, value):
        self.number = value // 2

    @functools.cached_property
    def cached(self):
        return self.number + 1


class Finalized:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("finalized", self.name)


@dataclasses.dataclass(order=True)
class Record:
    number: int
    names: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.names.append("after")


def key(value):
    return -value


def handle(number, frame):
    print("signal", number, frame is not None)


def compare(left, right):
    return left[0] - right[0]


def gone():
    return "gone"


def called_back(reference):
    print("no more", reference() is None)


def in_child():
    return "child"


def in_thread(found):
    found.append(in_thread.__name__)


def traced(number):
    number += 1
    return number


def monitored(number):
    return number + 2


def replaced():
    return "before"


def replacing():
    return "after"


def copied(value=5):
    return value


def pickled(value):
    return value


def source():
    return "source"  # with a comment


def audited():
    return "audited"


def specialized(value):
    return value + 1


def last():
    print("at exit")


def documented():
    """Have a docstring."""


def helped(first: int):
    """Have a docstring
    of two lines."""


def described():
    """Have another docstring soon."""


def undocumented():
    """Have no docstring soon."""


def shown():
    return None


def represented():
    return None


class Named:
    def method(self):
        """Belong to a class."""

    def renamed(self):
        """Have another name soon."""

    def misnamed(self):
        return None


def _told():
    """Be the docstring of another function too."""


@functools.wraps(_told)
def retold():
    """Have a docstring that nobody sees."""
