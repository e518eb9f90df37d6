def lines():
    with open("/proc/self/cmdline") as file:
        yield from file


LINES = lines()
next(LINES)
