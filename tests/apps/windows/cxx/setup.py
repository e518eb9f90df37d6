from setuptools import Extension, setup
setup(ext_modules=[Extension("_thrown", ["thrown.cpp"])])
