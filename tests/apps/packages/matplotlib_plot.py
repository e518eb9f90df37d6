# /// script
# dependencies = ["matplotlib"]
# ///
"""A plot with text and contours, as PNG and SVG; the fonts are package data."""

# expect: png True
# expect: svg True
# expect: error upper_level must be larger than lower_level

import io
import logging

logging.getLogger("matplotlib").setLevel(logging.ERROR)

import matplotlib

matplotlib.use("Agg")
import contourpy
import matplotlib.pyplot as plt
import numpy as np

x, y = np.meshgrid(np.linspace(-2, 2, 50), np.linspace(-2, 2, 50))
figure, axes = plt.subplots()
axes.contourf(x, y, np.exp(-(x**2) - y**2))
axes.set_title(r"$e^{-x^2-y^2}$")
axes.plot([0, 1], [0, 1], label="line")
axes.legend()
for kind, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
    file = io.BytesIO()
    figure.savefig(file, format=kind)
    print(kind, file.getvalue().startswith(start) and len(file.getvalue()) > 10_000)
try:
    contourpy.contour_generator(z=[[1, 2], [3, 4]], name="serial").filled(2, 1)
except ValueError as error:  # a C++ exception
    print("error", error)
