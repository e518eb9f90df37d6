"""One program that behaves as its first argument says; the tests ask it many questions."""

import os
import signal
import sys
import time


def show_main():
    main = sys.modules["__main__"]
    print(__name__, main.__spec__, os.path.basename(main.__file__), sys.argv[2:])
    print(sys.frozen, sys.flags.isolated, sys.flags.ignore_environment, sys.flags.utf8_mode)
    print(sys.executable == os.path.dirname(main.__file__), sys.path[0] == sys.executable)


def echo():
    for line in sys.stdin:
        print(line.strip().upper())


def fail():
    helper(0)


def helper(divisor):
    return 1 / divisor  # this line is shown


def flood():
    while True:
        print("stone " * 100)


def sleep():
    print("ready", flush=True)
    time.sleep(60)


def handle():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    sleep()


def threads():
    import threading

    def descend(depth):
        return 0 if depth == 0 else 1 + descend(depth - 1)

    def work():
        sys.setrecursionlimit(20000)
        print("depth", descend(15000))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def subinterpreters():
    import _interpreters

    text = "import sys, json, decimal; print(json.dumps([sys.frozen, str(decimal.Decimal(1))]))"
    for _ in range(2):
        number = _interpreters.create()
        print(_interpreters.exec(number, text))
        _interpreters.destroy(number)


def run_path():
    import runpy

    place = os.path.join(os.path.dirname(os.__file__), "__future__.py")
    print("ran", runpy.run_path(place, run_name="again")["all_feature_names"][0])


def builtins():
    print(exit, quit, help)
    exit(3)


def at_exit():
    import atexit

    atexit.register(print, "at exit")
    sys.stdout.write("no newline ")


def encoding():
    print(sys.stdout.encoding, sys.getfilesystemencoding(), "obélisque ∆")


def maps():
    with open("/proc/self/maps") as stream:
        permissions = [line.split()[1] for line in stream]
    print(any("w" in one and "x" in one for one in permissions))


def unflushed():
    sys.stdout.write("written")
    os._exit(0)


def rebuild_command():
    import subprocess

    done = subprocess.run([sys.executable, "show_main", "again"], capture_output=True, text=True)
    print(done.stdout.splitlines()[0])


if __name__ == "__main__":
    action = sys.argv[1]
    if action == "status":
        sys.exit(int(sys.argv[2]))
    elif action == "message":
        sys.exit("a last word")
    else:
        globals()[action]()
