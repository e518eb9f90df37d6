"""What only other requests call."""


def answer():
    return outer("late")


def outer(name):
    """Tell that this was called."""
    return f"{name} {outer.__doc__}"
