"""Says which modules there are before it imports them, and changes what is in its snapshot."""

import json
import sys

import trained_modules.held

print(json.dumps(sorted(name for name in sys.modules if name.startswith("trained_modules."))))


def main():
    import trained_modules.late
    import trained_modules.terminal

    try:
        import trained_modules.broken
    except ImportError:
        print("broken")
    print(trained_modules.late.VALUE, trained_modules.terminal.IS_TERMINAL)
    print(json.dumps(trained_modules.held.change()))


if __name__ == "__main__":
    main()
