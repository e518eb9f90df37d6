"""Says where things are in memory."""

import json
import sys
from pathlib import Path

ask = {
    "maps": lambda: Path("/proc/self/maps").read_text(),
    "modules": lambda: sorted(sys.modules),
    "path": lambda: [sys.executable, __file__, json.__file__],
}

if __name__ == "__main__":
    print(json.dumps([ask[name]() for name in sys.argv[1:]]))
