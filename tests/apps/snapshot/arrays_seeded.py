"""A generator with a seed of its own, which a restore must leave alone."""

import numpy

GENERATOR = numpy.random.RandomState(5)
