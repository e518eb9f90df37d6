"""Turn a Python application and its dependencies into one statically linked executable."""

__version__ = "0.1.0"
