from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(2)
POOL.submit(int).result()
