"""Generators that were seeded by the system first, and then by a number or a state."""

import random
from random import seed

BY_NUMBER = random.Random()
BY_NUMBER.seed(7)
BY_STATE = random.Random()
BY_STATE.setstate(random.Random(7).getstate())
DRAWN = random.Random()
DRAWN.seed(7)
FIRST = DRAWN.random()
seed(7)


def show():
    print(BY_NUMBER.random(), BY_STATE.random(), FIRST, DRAWN.random(), random.random())
