"""Modules that a program imports when it runs, but for `held`."""
