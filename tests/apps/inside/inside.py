# /// script
# dependencies = ["ruff", "ninja", "certifi", "tox", "virtualenv"]
# [tool.obelisk]
# data = ["bin/*", "share/**/*"]
# unbuffered = true
# ///
"""Programs that are inside, and programs outside that are given paths inside."""

import errno
import importlib.resources
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

EXE = sys.executable
TOP = Path(EXE)
ENVIRONMENT = {"A": "b", "PATH": os.environ["PATH"]}


def shown(text):
    """A program's output with the executable's path, and that of copies, by name."""
    copies = re.escape(os.environ.get("TMPDIR", "/tmp")) + "/obelisk-[0-9]+-[0-9]+-[0-9a-f]{16}"
    return " ".join(re.sub(copies, "COPY", text.replace(EXE, "EXE")).split())


def output(*argv, **options):
    done = subprocess.run(argv, capture_output=True, text=True, check=False, **options)
    return shown(done.stdout + done.stderr) + (f" [{done.returncode}]" if done.returncode else "")


def collect(start):
    """What a process writes that `start` begins with a descriptor for its stdout."""
    read, write = os.pipe()
    child = start(write)
    os.close(write)
    with open(read) as stream:
        said = stream.read()
    assert os.waitpid(child, 0)[1] == 0
    return shown(said)


def spawned(function, path):
    def start(write):
        actions = [(os.POSIX_SPAWN_DUP2, write, 1)]
        return function(path, ["name", "one"], ENVIRONMENT, file_actions=actions)

    return collect(start)


def replaced(function):
    def start(write):
        child = os.fork()
        if child == 0:
            os.dup2(write, 1)
            try:
                function()
            finally:
                os._exit(1)
        return child

    return collect(start)


def ways():
    """Every way to execute a program."""
    tool = str(TOP / "bin/tool")
    print("vfork", output(tool, "one", env=ENVIRONMENT))
    print("fork", output(tool, "one", env=ENVIRONMENT, preexec_fn=lambda: None))
    print("name", output("tool", "one", executable=tool, env=ENVIRONMENT))
    print("path", output("tool", "one", env=ENVIRONMENT))
    print("spawn", spawned(os.posix_spawn, tool))
    print("spawnp", spawned(os.posix_spawnp, "tool"))
    print("execv", replaced(lambda: os.execv(tool, ["name", "one"])))
    print("execvp", replaced(lambda: os.execvp("tool", ["name", "one"])))
    print("execvpe", replaced(lambda: os.execvpe("tool", ["name", "one"], ENVIRONMENT)))
    print("shell", output(f"A=c {tool} 'one two' && '{tool}'", shell=True, env=ENVIRONMENT))
    print("popen", shown(os.popen(f"{tool} one").read()))
    print("threads", end=" ", flush=True)
    print(len({output(tool, str(i % 1), env=ENVIRONMENT) for i in range(50)}))


def descriptor():
    """An open file is a program too."""
    file = os.open(TOP / "bin/tool", os.O_RDONLY)
    print("fexecve", replaced(lambda: os.execve(file, ["name", "one"], ENVIRONMENT)))


def paths():
    """Other names of the same program."""
    os.chdir(os.environ["SCRATCH"])
    os.symlink(EXE, "link")
    relative = os.path.relpath(EXE)
    for path in (f"{EXE}//bin/../bin/./tool", "link/bin/tool", f"./{relative}/bin/tool"):
        said = output(path, "one", env=ENVIRONMENT)
        print(said.replace(shown(path), "PATH"))
    print(output("link/bin/script", "one"), output("link/bin/pyscript", "one"))


def found():
    """What is found by name."""
    for name in ("tool", "script", "pyscript", "ruff", "ninja", "plain"):
        print("which", name, shown(str(shutil.which(name))))
    print("mode", oct((TOP / "bin/tool").stat().st_mode), os.access(TOP / "bin/tool", os.X_OK))
    print("plain", oct((TOP / "bin/plain").stat().st_mode), os.access(TOP / "bin/plain", os.X_OK))
    print("once", os.environ["PATH"].count(f"{EXE}/bin"))
    code = "import os, sys; print(os.environ['PATH'].count(sys.executable))"
    print("child", output(EXE, "-c", code))


def packages():
    """Programs of wheels, by their own Python code."""
    import ninja
    import ruff

    print("ruff", shown(ruff.find_ruff_bin()), output(ruff.find_ruff_bin(), "--version")[:5])
    checked = output(ruff.find_ruff_bin(), "check", "-", input="import os\n", env=ENVIRONMENT)
    print("checked", "F401" in checked, "[1]" in checked)
    print("module", output(EXE, "-m", "ruff", "--version")[:5])
    print("ninja", shown(ninja.BIN_DIR), output("ninja", "--version")[:2])
    print("by its module", output(EXE, "-m", "ninja", "--version")[:2])
    work = Path(os.environ["SCRATCH"])
    (work / "build.ninja").write_text("rule r\n command = echo $in > $out\nbuild o: r build.ninja\n")
    subprocess.run(["ninja", "-C", work], check=True, stdout=subprocess.DEVNULL)
    print("built", (work / "o").read_text().strip())


def versions():
    for name in ("ruff", "ninja"):
        done = subprocess.run([name, "--version"], capture_output=True, text=True, check=False)
        print(name, done.returncode, done.stdout.strip(), done.stderr)


def failing(*argv, **options):
    try:
        subprocess.run(argv, **options)
    except OSError as error:
        return errno.errorcode[error.errno]


def refusals():
    for name in ("bin/plain", "bin/none", "bin", "bin/garbage", "bin/nobody", "bin/tool/x"):
        print(name, failing(TOP / name))


def scripts():
    print("script", output(TOP / "bin/script", "one"))
    print("pyscript", output(TOP / "bin/pyscript", "one"))
    print("both", output("/bin/sh", "-c", f"{TOP}/bin/script one; sh {TOP}/bin/script two"))
    print("beside", output(TOP / "share/run.sh"))


def foreign():
    """Arguments of a program that is not inside."""
    share = TOP / "share"
    python = os.environ["PYTHON"]
    print("script", output(python, share / "main.py", "one"))
    print("option", output(python, share / "main.py", f"--config={share / 'tree/deep.txt'}"))
    print("short option", output(python, share / "main.py", f"-I{share / 'tree'}"))
    print("folder", output("ls", "-R", share / "tree"))
    print("inside a file", output("ls", share / "main.py/x"))
    print("variable", output("cat", env=ENVIRONMENT | {"X": f"{share}/main.py"}, input="same"))
    print("variables", output("printenv", "X", "Y", env=ENVIRONMENT | {
        "X": f"{share}/tree/deep.txt", "Y": f"{share}:{share}"
    }))
    print("shell", output(f"cat {share}/tree/deep.txt \"{share}/tree/deep.txt\"", shell=True))
    print("own", output("nice", EXE, share / "main.py", share / "tree"))
    print("own", output(f"nice '{EXE}' {share}/main.py {share}/x; cat {share}/tree/deep.txt", shell=True))
    print("written", output(f"echo 'see {share}/tree/deep.txt'", shell=True))
    print("not inside", output("echo", share / "none", "x" + str(share / "main.py")))
    print("too much", output("ls", share / "many"))
    print("much", output("ls", TOP / "lib").partition(".")[0])
    with importlib.resources.as_file(importlib.resources.files("certifi") / "cacert.pem") as path:
        print("as_file", str(path).startswith(EXE), output("grep", "-c", "BEGIN", path).isdigit())
    os.environ["TMPDIR"] = "/nonexistent"
    print("another TMPDIR", output("cat", share / "tree/deep.txt"))


def killed():
    """Leave a copy, and remove that of another process."""
    child = os.fork()
    if child == 0:
        argv = [EXE, "-c", "import os, subprocess, sys; "
                "subprocess.run(['cat', sys.executable + '/share/tree/deep.txt']); "
                "print(*os.listdir(os.environ['TMPDIR']), flush=True); os.kill(os.getpid(), 9)"]
        os.execv(EXE, argv)
    print("killed", os.waitpid(child, 0)[1])
    print("left", len(os.listdir(os.environ["TMPDIR"])))
    print("then", output("cat", TOP / "share/tree/deep.txt"))


OTHER = "import subprocess, sys; subprocess.run(['cat', sys.executable + '/share/tree/deep.txt'])"
DAEMON = """
import os, subprocess, sys, time
path = sys.executable + "/share/tree/deep.txt"
subprocess.run(["cat", path], stdout=subprocess.DEVNULL)
parent = os.getpid()
if os.fork():
    sys.exit()
while os.path.exists(f"/proc/{parent}"):
    time.sleep(0.01)
done = subprocess.run(["sh", "-c", 'echo ready; read line; cat "$0"', path])
print("daemon", done.returncode)
"""


def daemon():
    """A process whose parent has ended has copies of its own."""
    with subprocess.Popen(
        [EXE, "-c", DAEMON], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        print("parent", parent.wait())
        print(parent.stdout.readline().strip())
        print("other", output(EXE, "-c", OTHER))
        parent.stdin.write("go\n")
        parent.stdin.close()
        print(*parent.stdout.read().split())


def another_machine():
    """On a disk that is shared, another machine has copies, of a process that is not here."""
    space = os.readlink("/proc/self/ns/pid")[5:-1]
    theirs = Path(os.environ["TMPDIR"], f"obelisk-4194303-{space}-0123456789abcdef")
    theirs.mkdir(0o700)
    print("other", output(EXE, "-c", OTHER))
    print("kept", theirs.exists())
    theirs.rmdir()


def in_and_out():
    """A path as long as can be that leads out of the executable and back, on little stack."""
    there_and_back = f"{TOP.name}/../"
    start = "/".join(("", *TOP.parts[1:-1], ""))
    long = start + there_and_back * ((4000 - len(start)) // len(there_and_back)) + TOP.name
    answers = []
    threading.stack_size(192 << 10)
    thread = threading.Thread(target=lambda: answers.append(os.path.isdir(long + "/share")))
    thread.start()
    thread.join()
    print("found", answers, output("cat", long + "/share/tree/deep.txt"))
    print("executed", output(long + "/bin/tool", "one", env=ENVIRONMENT))


def many_paths():
    """A shell's command with many paths in it."""
    line = "echo" + f" {TOP}/share/none" * 1000 + " | wc -w"
    before = time.monotonic()
    print("many", output(line, shell=True), time.monotonic() - before < 20)


def together():
    """What a program lists in a copy is what is in the executable, whatever else is copied now."""
    found = set()

    def run_programs():
        for _ in range(20):
            found.add(output(f"cat {TOP}/share/tree/deep.txt; ls -A {TOP}/share/tree", shell=True))

    threads = [threading.Thread(target=run_programs) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(*found)


def failed():
    """What could not be executed leaves no descriptor."""
    path = str(TOP / "share/tree/deep.txt")
    garbage = Path(os.environ["SCRATCH"], "garbage")
    garbage.write_text("garbage")
    garbage.chmod(0o755)
    before = os.listdir("/proc/self/fd")
    for function, program in ((os.execvp, "no-such-program"), (os.execv, garbage)):
        try:
            function(program, ["name", path])
        except OSError as error:
            print(errno.errorcode[error.errno], os.listdir("/proc/self/fd") == before)
    garbage.unlink()


def without_disk():
    print("in memory", output("cat", TOP / "share/tree/deep.txt"))
    print("script", output("sh", "-c", f"cat {TOP}/share/tree/deep.txt"))


def environments():
    """Virtual environments: of a Python outside, but not of the executable."""
    import venv

    work = Path(os.environ["SCRATCH"])
    made = [str(work / name) for name in ("venv", "virtualenv")]
    for module, place in zip(("venv", "virtualenv"), made, strict=True):
        said = output(EXE, "-m", module, place)
        print(module, "cannot create a virtual environment from EXE: it is an app" in said, said[-4:])
    try:
        venv.create(work / "created")
    except RuntimeError as error:
        print("create", str(error).startswith("cannot create a virtual environment"))
    print("left", [path.name for path in work.iterdir()])
    python = os.environ["PYTHON"]
    output(EXE, "-m", "virtualenv", "--python", python, made[1], cwd=work)
    code = "import sys, pip; print(sys.prefix, sys.base_prefix != sys.prefix)"
    print("foreign", output(f"{made[1]}/bin/python", "-c", code) == f"{made[1]} True")
    text = f"[testenv:it]\nbase_python={python}\nskip_install=true\ncommands=python -c {{posargs}}\n"
    (work / "tox.ini").write_text(text)
    said = output(EXE, "-m", "tox", "-q", "-e", "it", "--", "print(41 + 1)", cwd=work)
    print("tox", *said.split()[:3])


def main():
    for name in sys.argv[1:]:
        globals()[name]()


if __name__ == "__main__":
    main()
