def answer():
    return sum(range(7))
