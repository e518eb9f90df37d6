import os

HOME = os.environ.get("HOME")
