# /// script
# [tool.obelisk]
# data = ["texts/*.txt"]
# native-libraries = ["*.so"]
# ///
"""Prints what depends on modules, files, their names and a linked object: for tests of damage."""

import ctypes
import decimal
import json
import sys
from pathlib import Path

TEXTS = Path(__file__).parent / "texts"

print(json.dumps({"list": [1, 2.5, None], "sum": str(decimal.Decimal("0.1") + 1)}))
print(sorted(path.name for path in TEXTS.iterdir()))
print([len((TEXTS / f"{name}.txt").read_text()) for name in ("one", "two")])
try:
    import texts.nothing
except ImportError as error:
    print(type(error).__name__)
library = ctypes.CDLL("damage.so")
print(ctypes.c_int.in_dll(library, "answer").value, library.nothing is not None)
print(sys.version_info.major)
