def answer():
    return 42


def fails():
    raise ValueError("this line is in the traceback")
