"""Says what a variable was when a module was imported."""

import guarded_module

if __name__ == "__main__":
    print(guarded_module.VALUE)
