# /// script
# dependencies = ["contourpy"]
# [tool.obelisk]
# no-binary = ["contourpy"]
# ///
"""A C++ package that pybind11 and meson make, built from its source archive."""

# expect: error upper_level must be larger than lower_level
# expect: lines 1

import contourpy
import numpy as np

x, y = np.meshgrid(np.arange(4.0), np.arange(4.0))
generator = contourpy.contour_generator(x, y, x * y, name="serial")
try:
    generator.filled(2, 1)
except ValueError as error:
    print("error", error)
print("lines", len(generator.lines(2.0)))
