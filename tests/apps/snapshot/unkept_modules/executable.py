import sys

PYTHON = sys.executable
