"""Needs little of the standard library, and imports what its arguments name."""

import importlib.util
import json
import sys
import traceback


def main():
    print(json.dumps({"modules": "few"}), "zażółć".encode("iso8859-2"))
    for name in sys.argv[1:]:
        print(name, importlib.util.find_spec(name) is not None)
        try:
            __import__(name)
        except ImportError as error:
            print(type(error).__name__, error.name, error)
    try:
        raise ValueError(sys.argv)
    except ValueError:
        print(traceback.format_exc().splitlines()[0])


if __name__ == "__main__":
    main()
