"""A program that waits to be interrupted."""

import time

print("press ctrl-C: ä€😀", flush=True)
try:
    while True:
        time.sleep(0.1)
except KeyboardInterrupt:
    print("interrupted")
