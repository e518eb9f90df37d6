"""Building and describing CPython for Windows, without its own build system."""
