"""Objects that say when they go, in a module that nothing of the process refers to."""


class Finalized:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("finalized", self.name)


LAST = Finalized("at exit")
SOON = Finalized("when it is replaced")
