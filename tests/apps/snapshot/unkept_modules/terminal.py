import os

IS_TERMINAL = os.isatty(1)
