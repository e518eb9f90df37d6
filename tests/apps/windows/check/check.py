"""Runs the executables beside it on a machine with Windows, and reports what they say.

`behaviour.exe` answers questions; each expected answer is below. What a machine may differ in, such
as its name, is not asked.
"""

# /// script
# ///

import http.client
import os
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(sys.executable).parent
SAYS = {
    ("behaviour", "process"): [
        *("win32 nt \\", "True True True", "0 1 1", "utf-8 utf-8", "True True"),
    ],
    ("behaviour", "arguments", "two words", "ä€😀", 'a"b', ""): [
        "['arguments', 'two words', 'ä€😀', 'a\"b', '']",
        "True True",
    ],
    ("behaviour", "extensions"): ["extension modules: all imported"],
    ("behaviour", "processes"): ["['-c', 'ä b', 'q\"'] 1", "[b'[', b'1', b']']", "5"],
    ("behaviour", "parallel"): ["['spawn']", "[1, 4, 9]", "16", "stone"],
    ("behaviour", "asynchronous"): ["HELLO ProactorEventLoop"],
    ("behaviour", "libraries"): None,
    ("behaviour", "files"): None,
    ("behaviour", "modules"): None,
    ("behaviour", "paths"): ["True long ['ä€.txt']"],
    ("tools", "greet", "world"): ["Hello, WORLD!"],
    ("tools", "table"): None,
}
"""Arguments, and the lines that they give; None: it ends well."""


def run(name, *words, env=None):
    return subprocess.run(
        [FOLDER / f"{name}.exe", *words],
        capture_output=True,
        encoding="utf-8",
        errors="backslashreplace",
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def compare(words, lines):
    """Return what is wrong with one run, None if nothing is."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        done = run(*words, env={"SCRATCH": scratch})
    if done.returncode != 0:
        return f"exit status {done.returncode}\n{done.stdout}{done.stderr}"
    if lines is not None and done.stdout.splitlines() != lines:
        return f"expected {lines}\nfound    {done.stdout.splitlines()}\n{done.stderr}"
    return None


def status():
    done = run("behaviour", "status")
    return None if done.returncode == 42 else f"exit status {done.returncode} instead of 42"


def served():
    program = [FOLDER / "served.exe"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        connection = http.client.HTTPConnection("127.0.0.1", int(server.stdout.readline()))
        connection.request("GET", "/a")
        body = connection.getresponse().read()
        server.wait(60)
    return None if body == b"<p>a</p>" else f"served {body!r}"


def main():
    # What `platform` asks (WMI) ends a process under Wine.
    system = sys.getwindowsversion()
    lines = [f"Windows {system.major}.{system.minor}.{system.build}, Python {sys.version}"]
    failed = 0
    checks = [(" ".join(words[:2]), lambda w=words: compare(w, SAYS[w])) for words in SAYS]
    for name, check in [*checks, ("exit status", status), ("served", served)]:
        try:
            fault = check()
        except Exception as error:  # whatever it is belongs into the report
            fault = f"{type(error).__name__}: {error}"
        failed += fault is not None
        lines.append(f"{'FAIL' if fault else 'ok  '} {name}" + (f"\n{fault}" if fault else ""))
        print(lines[-1].splitlines()[0], flush=True)
    (FOLDER / "report.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{failed} failed; see report.txt")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
