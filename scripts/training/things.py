"""Classes of the kinds that programs have, for all training work."""

import abc
import dataclasses
import enum
import math


class Point:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __add__(self, o):
        return Point(self.x + o.x, self.y + o.y)

    def __eq__(self, o):
        return self.x == o.x and self.y == o.y

    def __hash__(self):
        return hash((self.x, self.y))

    @property
    def norm(self):
        return math.sqrt(self.x * self.x + self.y * self.y)


class Job(abc.ABC):
    count = 0

    def __init__(self, name, *a, **k):
        self.name = name
        self.a = a
        self.k = k
        type(self).count += 1

    @abc.abstractmethod
    def run(self, n): ...
    @classmethod
    def make(cls, *a):
        return cls(*a)

    @staticmethod
    def s(x):
        return x + 1

    def __getattr__(self, n):
        if n.startswith("dyn"):
            return n
        raise AttributeError(n)

    def __repr__(self):
        return f"<{self.name!r} {self.a}>"


class Sum(Job):
    def run(self, n):
        return sum(self.s(i) for i in range(n))


class Longer(Sum):
    def run(self, n):
        return super().run(n) + len(self.name)


@dataclasses.dataclass(order=True)
class Row:
    a: int
    b: str = "x"
    c: list = dataclasses.field(default_factory=list)


class Colour(enum.Enum):
    R = 1
    G = 2
    B = 3


class Flags(enum.Flag):
    A = 1
    B = 2
    C = 4
