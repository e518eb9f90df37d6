from setuptools import Extension, setup

setup(ext_modules=[Extension("materials.parse", ["src/materials/parse.cpp"], libraries=["xml2"])])
