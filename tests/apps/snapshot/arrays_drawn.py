# /// script
# dependencies = ["numpy"]
# ///
"""Draws of numpy's generators, which were made before the snapshot."""

import arrays_seeded
import numpy

if __name__ == "__main__":
    print(numpy.random.random(), arrays_seeded.GENERATOR.random(), numpy.random.default_rng().random())
