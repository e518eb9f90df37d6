def total(values):
    cdef double found = 0
    for value in values:
        found += value
    return found
