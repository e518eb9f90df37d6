import gc
import tracemalloc

gc.disable()
gc.collect()
tracemalloc.start()
KEPT = bytes(1000)
collections = []
gc.callbacks.append(lambda phase, info: collections.append(phase))
