"""Says where things are in memory."""

import json
import os.path
import subprocess
import sys
from pathlib import Path


def first_line(path):
    """Ask a shell, which is another program."""
    command = f"read -r line < {path} && echo $line"
    return subprocess.run(command, shell=True, capture_output=True, text=True).stdout


ask = {
    "maps": lambda: Path("/proc/self/maps").read_text(),
    "modules": lambda: sorted(sys.modules),
    "shell": lambda: [first_line(path) for path in (__file__, os.path.realpath(__file__))],
    "path": lambda: [sys.executable, __file__, json.__file__],
}

if __name__ == "__main__":
    print(json.dumps([ask[name]() for name in sys.argv[1:]]))
