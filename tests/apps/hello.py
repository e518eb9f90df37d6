import sys

MARKER = "marker of the main module"

print("hello")
print(sys.argv)
