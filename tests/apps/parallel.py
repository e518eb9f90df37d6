"""multiprocessing by all three start methods, with no call that would say it is frozen."""

# expect: fork [1, 4, 9]
# expect: spawn [1, 4, 9]
# expect: forkserver [1, 4, 9]
# expect: pool of processes 6
# expect: shared 3
# expect: manager [1, 2, 3, 4]
# expect: queue stone
# expect: threads and processes 10

import multiprocessing
import multiprocessing.shared_memory
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor


def square(number):
    return number * number


def main():
    for method in ("fork", "spawn", "forkserver"):
        try:
            context = multiprocessing.get_context(method)
        except ValueError as error:
            print(method, error)
            continue
        with context.Pool(2) as pool:
            print(method, pool.map(square, [1, 2, 3]), flush=True)
    with ProcessPoolExecutor(2) as executor:
        print("pool of processes", executor.submit(sum, [1, 2, 3]).result())
    # The resource tracker is a process of its own.
    memory = multiprocessing.shared_memory.SharedMemory(create=True, size=8)
    memory.buf[0] = 3
    print("shared", memory.buf[0])
    memory.close()
    memory.unlink()
    others()


def put(queue, numbers):
    queue.put("stone")
    numbers.append(4)


def others():
    """A manager is a process of its own; what it holds is changed by others."""
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    with context.Manager() as manager:
        numbers = manager.list([1, 2, 3])
        queue = context.Queue()
        worker = context.Process(target=put, args=(queue, numbers))
        worker.start()
        word = queue.get(timeout=30)
        worker.join()
        print("manager", list(numbers))
    print("queue", word)
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        done = [processes.submit(sum, [1, 2]), *(threads.submit(square, n) for n in (1, 2))]
        print("threads and processes", sum(one.result() for one in done) + 2)


if __name__ == "__main__":
    main()
