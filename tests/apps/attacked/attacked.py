# /// script
# dependencies = ["markupsafe"]
# [tool.obelisk]
# data = ["facts.txt"]
# ///
"""A little of everything, so that a refused system call or a damaged byte has something to hit."""

# expect: escaped &lt;a&gt;
# expect: file granite
# expect: thread 4950
# expect: digest 9f86d081
# expect: child 42

import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import markupsafe
import markupsafe._speedups

print("escaped", markupsafe.escape("<a>"), flush=True)
print("file", (Path(__file__).parent / "facts.txt").read_text().strip(), flush=True)
sums = []
thread = threading.Thread(target=lambda: sums.append(sum(range(100))))
thread.start()
thread.join()
print("thread", *sums, flush=True)
print("digest", hashlib.sha256(b"test").hexdigest()[:8], flush=True)
child = [sys.executable, "-c", "print(42)"]
print("child", subprocess.run(child, check=True, capture_output=True, text=True).stdout.strip())
