"""Executables of Windows: a runtime, its resources and a payload become one PE file."""
