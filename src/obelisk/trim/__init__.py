"""Leaving out what a program cannot need."""
