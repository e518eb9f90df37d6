"""Saying what is inside an executable."""
