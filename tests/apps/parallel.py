"""multiprocessing by all three start methods, with no call that would say it is frozen."""

# expect: fork [1, 4, 9]
# expect: spawn [1, 4, 9]
# expect: forkserver [1, 4, 9]
# expect: pool of processes 6
# expect: shared 3

import multiprocessing
import multiprocessing.shared_memory
from concurrent.futures import ProcessPoolExecutor


def square(number):
    return number * number


def main():
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            print(method, pool.map(square, [1, 2, 3]), flush=True)
    with ProcessPoolExecutor(2) as executor:
        print("pool of processes", executor.submit(sum, [1, 2, 3]).result())
    # The resource tracker is a process of its own.
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=8)
    memory.buf[0] = 3
    print("shared", memory.buf[0])
    memory.close()
    memory.unlink()


if __name__ == "__main__":
    main()
