"""One program that starts itself in every way; the tests ask it many questions."""

import os
import subprocess
import sys

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
    show(sys.executable, os.path.join(sys.executable, "calendar.py"), "2026", "2")


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
    os.execv(sys.executable, [sys.executable, "-c", CODE])


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
    show(sys.executable, "-c", "import sys; print(sys.path[1:], sys.flags.ignore_environment)")


def restart():
    """As programs do that start themselves anew, those that know that they are frozen or not."""
    if os.environ.get("AGAIN"):
        print("again", sys.argv[1:])
        return
    for command in (
        [sys.executable, *sys.argv],
        [sys.executable, *sys.argv[1:]],
        [sys.executable, sys.executable, *sys.argv[1:]],
    ):
        show(*command, env={"AGAIN": "1"})
    os.environ["AGAIN"] = "1"
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable] + sys.argv)


def update():
    os.replace(sys.argv[2], sys.executable)
    show(sys.executable, "-c", "print('still python')")


def own_variable():
    """A variable of the same name that the program itself sets is no mark, and does no harm."""
    for value in ("", "x", " " * 24, "P1", "P1x"):
        show(sys.executable, "x", env={"OBELISK_PYTHON": value, "SCRATCH": "/tmp"})
        number = os.posix_spawn(
            sys.executable, [sys.executable, "y"], {"OBELISK_PYTHON": value, "Z": "1"}
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
    if action in globals() and not action.startswith("_"):
        globals()[action]()
    else:
        print("application", sys.argv[1:], sys.frozen)
