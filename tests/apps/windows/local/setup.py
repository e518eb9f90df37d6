from setuptools import Extension, setup
setup(ext_modules=[Extension("_local", ["local.c"])])
