"""A docstring."""

try:
    assert False
except AssertionError:
    asserts = "asserts"
else:
    asserts = "no asserts"

print(f"{asserts}, {'doc' if __doc__ else 'no doc'}")
