from multiprocessing.shared_memory import SharedMemory

MEMORY = SharedMemory(create=True, size=16)
MEMORY.unlink()
