from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("speedups.sums", ["src/speedups/sums.pyx"]),
        Extension("speedups.plain", ["src/speedups/plain.c"], libraries=["z"]),
    ]
)
