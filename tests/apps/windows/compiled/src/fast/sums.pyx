def total(items):
    cdef double found = 0
    for item in items:
        found += item
    return found
