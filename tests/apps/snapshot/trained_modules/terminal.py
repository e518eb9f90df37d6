"""It cannot be kept."""

import sys

IS_TERMINAL = sys.stdout.isatty()
