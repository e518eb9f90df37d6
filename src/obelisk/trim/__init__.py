"""Excluding what a program cannot need."""
