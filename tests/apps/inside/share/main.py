import sys

import beside

print(beside.NAME, *sys.argv)
