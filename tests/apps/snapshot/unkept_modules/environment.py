import os

ALL = dict(os.environ)
