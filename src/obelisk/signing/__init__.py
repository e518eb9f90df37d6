"""Signatures in the format of minisign: a key file, and a small text file beside what is signed."""
