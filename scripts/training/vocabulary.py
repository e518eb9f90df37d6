"""What all training work draws from: the same words and numbers at every run."""

import os
import random
import string

R = random.Random(7)
LIB = os.path.dirname(os.__file__)
WORDS = [
    "".join(R.choice(string.ascii_lowercase) for _ in range(R.randint(2, 11))) for _ in range(4000)
]
