"""Resolving, installing and reading the application's files."""
