"""What modules settle at import, and a restore must leave as it is; each action shows some of it."""

import sys

import settled_modules.faults
import settled_modules.finalizers
import settled_modules.folders
import settled_modules.generators
import settled_modules.handlers

if __name__ == "__main__":
    getattr(getattr(settled_modules, sys.argv[1]), "show")()
