import os

COUNT = len(os.environ)
