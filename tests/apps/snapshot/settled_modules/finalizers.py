"""Objects that say when they go: one here, and one of the main module."""


class Finalized:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("finalized", self.name)


OBJECT = Finalized("in a module")


def show():
    import __main__

    __main__.OBJECT = Finalized("in the main module")
    print("shown")
