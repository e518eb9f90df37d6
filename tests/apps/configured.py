"""Prints how Python is configured: one line for each name of sys.flags, and what else can be set."""

import json
import os
import sys
import warnings

PYTHON = "python{}.{}".format(*sys.version_info)

if __name__ == "__main__":
    flags = {name: getattr(sys.flags, name) for name in dir(sys.flags) if name.islower()}
    import faulthandler
    import multiprocessing
    import tracemalloc

    facts = {
        "flags": {name: value for name, value in flags.items() if isinstance(value, (int, bool))},
        "x_options": sys._xoptions,
        "warnings": sys.warnoptions,
        "faulthandler": faulthandler.is_enabled(),
        "tracemalloc": tracemalloc.get_traceback_limit() if tracemalloc.is_tracing() else 0,
        "start_method": multiprocessing.get_start_method(),
        "frozen": getattr(sys, "frozen", None),
        "meipass": getattr(sys, "_MEIPASS", None) == sys.executable,
        "stdout": [sys.stdout.encoding, sys.stdout.errors, sys.stdout.write_through],
        "hash": hash("stone"),
        "digits": sys.get_int_max_str_digits(),
        "cpu_count": os.cpu_count(),
        "path": [
            os.path.relpath(one, sys.executable).replace(PYTHON, "python3.x") for one in sys.path
        ],
        "site": "site" in sys.modules,
        "filters": warnings.filters[0][0],
        "pycache_prefix": sys.pycache_prefix,
    }
    if len(sys.argv) > 1:
        import plugin

        facts["plugin"] = plugin.NAME
    print(json.dumps(facts))
