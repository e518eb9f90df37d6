"""Begins to trace memory, and to watch the garbage collector, before its main program runs."""

import gc
import tracemalloc

from traced_modules import KEPT, collections

if __name__ == "__main__":
    fresh = bytes(1000)
    print(tracemalloc.is_tracing(), collections == [])
    for one in (KEPT, fresh):
        (frame,) = tracemalloc.get_object_traceback(one)
        print(frame.filename.rpartition("/")[2], frame.lineno)
    gc.collect()
    print(len(collections) >= 2)
    tracemalloc.stop()
    print(tracemalloc.is_tracing(), len([bytes(number) for number in range(10000)]))
