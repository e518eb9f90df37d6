class First:
    """A plugin."""

    name = "first"
