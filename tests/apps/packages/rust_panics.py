# /// script
# dependencies = ["tiktoken"]
# ///
"""Panics of Rust become exceptions, in many threads."""

# expect: 80

import os
import sys
import threading

import tiktoken._tiktoken

# The messages of the panics go elsewhere.
sys.stderr.flush()
os.dup2(os.memfd_create("messages"), 2)
coder = tiktoken._tiktoken.CoreBPE({b"a": 0, b"b": 1}, {}, r"\w+")
caught = []


def panic():
    for _ in range(20):
        try:
            coder.encode_ordinary("zq")
        except BaseException as error:
            caught.append(type(error).__name__)


threads = [threading.Thread(target=panic) for _ in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
print(caught.count("PanicException"))
