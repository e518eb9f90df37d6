import os
import sys


def run():
    print("old-api", sys.flags.optimize, os.path.basename(__file__))
