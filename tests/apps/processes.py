"""One program that starts itself in every way; the tests ask it many questions."""

import itertools
import json
import multiprocessing
import os
import shlex
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

CODE = "import sys; print('code', sys.argv, sys.orig_argv[1:2], getattr(sys, 'frozen', None))"


def show(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    print(done.stdout.strip() or done.stderr.strip().splitlines()[-1:])


def code():
    show(sys.executable, "-c", CODE, "x")
    show(sys.executable, "-Wignore", "-X", "dev", "-Bc", CODE)


def module():
    show(sys.executable, "-m", "calendar", "2026", "2")


def script():
    folder = os.environ["SCRATCH"]
    with open(os.path.join(folder, "beside.py"), "w") as stream:
        stream.write("NAME = 'beside'\n")
    path = os.path.join(folder, "script.py")
    with open(path, "w") as stream:
        stream.write("import sys, beside\nprint('script', beside.NAME, sys.argv[1:], __name__)\n")
    show(sys.executable, path, "one")
    # A module of the executable, by its file.
    show(sys.executable, os.path.join(os.path.dirname(os.__file__), "calendar.py"), "2026", "2")


def stdin():
    show(sys.executable, "-", input="print('from stdin')")


def nested():
    inner = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CODE!r}])"
    show(sys.executable, "-c", inner)


def shell():
    show(f'"{sys.executable}" -c "print(6 * 7)"', shell=True)
    print(os.popen(f"'{sys.executable}' -m calendar 2026 2").read().split()[0])


def execute():
    sys.stdout.flush()
    # Windows joins the words as they are.
    word = f'"{CODE}"' if os.name == "nt" else CODE
    os.execv(sys.executable, [sys.executable, "-c", word])


def spawn():
    for how in (os.posix_spawn, os.posix_spawnp):
        # More variables than musl has room for on the stack of such a child.
        many = {f"VARIABLE_{number}": "x" for number in range(2000)}
        number = how(sys.executable, [sys.executable, "-c", CODE], many)
        print("ended", os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]), flush=True)


def descriptor():
    sys.stdout.flush()
    os.execve(os.open(sys.executable, os.O_RDONLY), [sys.executable, "-c", CODE], os.environ)


def link():
    place = os.path.join(os.environ["SCRATCH"], "link")
    os.symlink(sys.executable, place)
    show(place, "-c", "import sys; print('by link')")
    show("./link", "-c", "print('relative')", cwd=os.environ["SCRATCH"])


def environment():
    names = "import os; print(sorted(name for name in os.environ if 'OBELISK' in name))"
    show(sys.executable, "-c", names, env={"PYTHONPATH": "/nonexistent", "PYTHONVERBOSE": "1"})
    flags = "sys.flags.ignore_environment, sys.flags.isolated, sys.flags.safe_path"
    show(sys.executable, "-c", f"import sys; print(sys.path == {sys.path}, {flags})")


def through():
    """By programs that execute their arguments, and by shells whose command names the path."""
    path = sys.executable
    tell = "import os, sys; print('through', sys.argv, [n for n in os.environ if 'OBELISK' in n])"
    word = shlex.quote(tell)
    for words in (
        ["nice"],
        ["env", "X=1"],
        ["timeout", "500"],
        ["nohup"],
        ["setsid", "-w"],
        ["xargs"],
        ["nice", "env", "timeout", "500"],
    ):
        show(*words, path, "-c", tell, stdin=subprocess.DEVNULL)
        show(*words, path, "-c", tell, stdin=subprocess.DEVNULL, env={})
    for words in (["sh", "-ec"], ["bash", "-lc"], ["nice", "bash", "-o", "pipefail", "-c"]):
        show(*words, f"'{path}' -c {word}")
        show(*words, f'true; cd / && exec "{path}" -u -c {word}')
        show(*words, f"(nice {path} -c {word}); true")
    show("flock", os.environ["SCRATCH"], "-c", f"{path} -c {word}")
    sys.stdout.flush()
    os.system(f"'{path}' -c {word}")
    show("sh", "-c", f"bash -c {shlex.quote(f'{path} -c {word}')}")
    print("shell's path", os.popen(f"bash -c '\"{path}\" -c \"import os; print(os.environ[\\\"_\\\"])\"'").read().strip() == path)


def spellings():
    """Other names of this executable, given to another program."""
    folder = os.environ["SCRATCH"]
    os.symlink(sys.executable, os.path.join(folder, "symlink"))
    os.link(sys.executable, os.path.join(folder, "hardlink"))
    os.chdir(folder)
    for path in (os.path.join(folder, "symlink"), "./symlink", "./hardlink"):
        for words in ([path], ["nice", path], ["env", "timeout", "500", path]):
            show(*words, "-c", "import sys; print('spelled', sys.orig_argv[0])")


def unharmed():
    """Programs that do something else with this executable's path see no difference but its spelling."""
    folder = os.environ["SCRATCH"]
    copy = os.path.join(folder, "copy.py")
    open(copy, "w").close()
    subprocess.run(["cp", sys.executable, copy], check=True)
    print("copied", os.path.getsize(copy) == os.path.getsize(sys.executable))
    show("realpath", sys.executable, "-m")
    show("echo", sys.executable, "run")
    show("sh", "-c", f"echo {sys.executable} run; echo '0 0 * * * {sys.executable} -m job'")
    show("sh", "-c", f"test -x {sys.executable} && echo there")
    show("env", env={})


def recursion():
    """By ways that hide the path: the application again, which does the same again."""
    way = sys.argv[-1]
    script = os.path.join(os.environ["SCRATCH"], "script")
    with open(script, "w") as stream:
        stream.write(f'#!/bin/sh\nexec "$PY" -c code recursion {way}\n')
    os.chmod(script, 0o700)
    command = {
        "variable": '"$PY" -c code recursion variable',
        "subshell": '($PY recursion subshell)',
        "script": script,
        "version": [sys.executable, "--version", "recursion", "version"],
    }[way]
    env = os.environ | {"PY": sys.executable}
    done = subprocess.run(command, shell=isinstance(command, str), env=env)
    sys.exit(done.returncode)


def anew():
    """Start anew for a long time, in place and by a process that replaces this one."""
    left = int(os.environ.get("LEFT", "24"))
    if left == 0:
        print("anew at last", sys.argv[1:])
        return
    os.environ["LEFT"] = str(left - 1)
    if left % 2:
        parent = os.getpid()
        if os.fork():
            os._exit(0)
        while os.getppid() == parent:
            time.sleep(0.001)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])


def reload():
    """One child after another, as development servers do it."""
    for _ in range(15):
        subprocess.run(["sh", "-c", '"$PY" x'], env=os.environ | {"PY": sys.executable}, check=True)


def search():
    """posix_spawnp tries each folder of PATH with the same arrays, on 5 KiB of stack."""
    folders = ("/nonexistent:/bin", "/nonexistent:" + "/x" * 2030 + ":/bin", "/n:" * 1300 + "/bin")
    for folders, count in itertools.product(folders, (0, 570, 20000)):
        os.environ["PATH"] = folders
        many = {f"VARIABLE_{number}": "x" for number in range(count)}
        command = f"exec '{sys.executable}' -c 'import os; os._exit(len(os.environ) // 100 % 256)'"
        number = os.posix_spawnp("sh", ["sh", "-c", command], many)
        print(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]))


def thread():
    """Many variables in a thread with little stack; what it used goes with it."""
    many = {f"VARIABLE_{number}": "x" for number in range(20000)}

    def run():
        for _ in range(3):
            number = os.posix_spawn(sys.executable, [sys.executable, "-c", CODE], many)
            os.waitpid(number, 0)

    def mappings():
        with open("/proc/self/maps") as stream:
            return len(stream.readlines())

    threading.stack_size(128 * 1024)
    counts = []
    for _ in range(4):
        one = threading.Thread(target=run)
        one.start()
        one.join()
        counts.append(mappings())
    print("mappings", counts[-1] <= counts[0])


def together():
    """Many threads that execute at once do not get into each other's arguments."""

    def run(number):
        done = []
        for _ in range(5):
            command = ["nice", sys.executable, "-c", f"print({number})", "x" * number * 1000]
            done.append(subprocess.check_output(command, text=True).strip() == str(number))
        return all(done)

    with ThreadPoolExecutor(8) as pool:
        print("together", all(pool.map(run, range(8))))


def shown():
    """What others see of a child."""
    tell = "print(open('/proc/self/cmdline').read().split('\\0')[:2])"
    show(sys.executable, "-c", tell)
    show("nice", sys.executable, "-c", tell)


def emptied():
    """A permission without its variable."""
    done = subprocess.run(["env", "-i", sys.executable, "-c", CODE], capture_output=True, text=True)
    print(done.returncode, "OBELISK_" in done.stderr, done.stdout)


def renamed():
    """By a program that gives another first argument, as the kernel does for an emulator."""
    helper = "from multiprocessing.spawn import spawn_main; spawn_main()"
    for code in (helper, f"import sys; {helper}"):
        show("bash", "-c", 'exec -a plain "$@"', "-", sys.executable, "-c", code)
        show("bash", "-c", 'exec -a plain "$@"', "-", sys.executable, "-B", "-c", code)
    show("bash", "-c", 'exec -a plain "$@"', "-", sys.executable, "--multiprocessing-fork", "x=1")
    show("bash", "-c", 'exec -a plain "$@"', "-", sys.executable, "other")


def python():
    show(sys.executable, "-c", sys.argv[2])


def restart():
    """As programs do that start themselves anew, those that know that they are frozen or not."""
    if os.environ.get("AGAIN"):
        print("again", sys.argv[1:])
        return
    for command in (
        [sys.executable, *sys.argv],
        [sys.executable, *sys.argv[1:]],
        [sys.executable, sys.executable, *sys.argv[1:]],
        ["nice", sys.executable, *sys.argv[1:]],
        ["sh", "-c", shlex.join([sys.executable, *sys.argv[1:]])],
    ):
        show(*command, env={"AGAIN": "1"})
    os.environ["AGAIN"] = "1"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable] + sys.argv)


def update():
    if len(sys.argv) > 2:
        os.replace(sys.argv[2], sys.executable)
    else:
        os.unlink(sys.executable)
    tell = "import json, subprocess, sys; print('still python', json.__file__ == sys.argv[1])"
    again = f"{tell}; subprocess.run([sys.executable, '-c', 'print(2)'])"
    show(sys.executable, "-c", again, json.__file__)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print("pool", pool.map(abs, [-1]))


def _variable():
    """The variable that is handed on; this process itself does not see it."""
    text = subprocess.check_output(["env"], text=True)
    return next(line.partition("=")[0] for line in text.splitlines() if "OBELISK_" in line)


def name():
    print(_variable())


def own_variable():
    """A variable of the same name that the program itself sets is no permission, and does no harm."""
    for value in ("", "x", " " * 24, "1:a", ":p" + "0" * 32):
        show(sys.executable, "x", env={_variable(): value, "SCRATCH": "/tmp"})
        number = os.posix_spawn(
            sys.executable, [sys.executable, "y"], {_variable(): value, "Z": "1"}
        )
        os.waitpid(number, 0)


def own_options():
    """Options of the application that look like those of `python` at a second look only."""
    show(sys.executable, "-V")
    show(sys.executable, "--version")
    show(sys.executable, "-cx.toml" if len(sys.argv) > 2 else "-z", "y")
    show(sys.executable)


if __name__ == "__main__":
    action = sys.argv[1] if len(sys.argv) > 1 else ""
    if "recursion" in sys.argv:
        action = "recursion"
    if "restart" in sys.argv:
        action = "restart"
    if action in globals() and not action.startswith("_"):
        globals()[action]()
    else:
        print("application", sys.argv[1:], sys.frozen)
