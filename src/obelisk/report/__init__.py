"""Describing the contents of an executable."""
