"""Modules that share a frame."""
