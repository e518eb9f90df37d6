from setuptools import Extension, setup
setup(ext_modules=[Extension("fast.sums", ["src/fast/sums.pyx"]), Extension("fast.plain", ["src/fast/plain.c"])])
