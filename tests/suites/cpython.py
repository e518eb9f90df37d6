# /// script
# [tool.obelisk]
# module = "test"
# include = ["test"]
# interpreter = true
# ///
"""CPython's own test suite as an application; see run.py."""
