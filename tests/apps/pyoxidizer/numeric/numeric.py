import sys

import numpy


def main():
    values = numpy.array([float(word) for word in sys.argv[1:]])
    print("mean", values.mean(), "solved", numpy.linalg.solve([[2.0, 0.0], [0.0, 4.0]], [1.0, 1.0]))
