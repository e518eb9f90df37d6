# /// script
# dependencies = ["greenlet"]
# ///
"""Switching stacks, with exceptions and in threads."""

# expect: 2 boom
# expect: 8000

import threading

import greenlet


def switching(x):
    raise ValueError(greenlet.getcurrent().parent.switch(x + 1))


one = greenlet.greenlet(switching)
two = one.switch(1)
try:
    one.switch("boom")
except ValueError as error:
    print(two, error)
count = []


def many():
    for number in range(2000):
        inner = greenlet.greenlet(lambda n=number: greenlet.getcurrent().parent.switch(n))
        count.append(inner.switch() == number)


threads = [threading.Thread(target=many) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sum(count))
