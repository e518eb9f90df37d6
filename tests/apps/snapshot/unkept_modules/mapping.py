import mmap

with open("/proc/self/exe", "rb") as file:
    MAP = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
