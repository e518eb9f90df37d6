import sys

NAME = sys.argv[0]
