"""Services that are trained: requests that the build asks them, and what is made of that."""

import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from support import APPS, obelisk

pytestmark = pytest.mark.compile

COLD = {"OBELISK_SNAPSHOT": "0"}
SERVED = APPS / "snapshot/served.py"
FLASK = """
# /// script
# dependencies = ["flask==3.1.3"]
# ///
import os
from flask import Flask
try:
    from _snapshot import deferred
except ImportError:
    deferred = lambda: (0, 0)

app = Flask(__name__)

@app.get("/used/<int:number>")
def used(number):
    return {"used": number}

@app.get("/late")
def late():
    return "late", 201

@app.get("/deferred")
def count():
    return "%d %d" % deferred()

if __name__ == "__main__":
    print("serving", flush=True)
    app.run(port=int(os.environ["SERVED_PORT"]))
"""
FASTAPI = """
# /// script
# dependencies = ["fastapi==0.165.0", "uvicorn==0.54.0"]
# ///
import os
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
try:
    from _snapshot import deferred
except ImportError:
    deferred = lambda: (0, 0)

app = FastAPI()

@app.get("/used/{number}")
async def used(number: int):
    return {"used": number}

@app.get("/late")
def late():
    return "late"

@app.get("/deferred")
async def count():
    return PlainTextResponse("%d %d" % deferred())

if __name__ == "__main__":
    print("serving", flush=True)
    uvicorn.run(app, port=int(os.environ["SERVED_PORT"]), log_level="warning")
"""


@pytest.fixture(scope="module")
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def build(script, path, port, *requests, options=("--snapshot",), status=0):
    """Build a service that is asked for paths; return what the build said."""
    asked = [f"--train-request=http://127.0.0.1:{port}{one}" for one in requests]
    argv = ("build", "-v", *options, "--train=", *asked, script, "-o", path)
    return obelisk(*argv, env={"SERVED_PORT": str(port)}, status=status, stderr=True)


@contextmanager
def serving(path, port, **variables):
    """Start a service and give a function that asks it; end it by ctrl-C."""
    env = {"SERVED_PORT": str(port), **variables}
    with subprocess.Popen([path], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as one:
        assert one.stdout.readline() == b"serving\n"
        try:
            yield lambda name: ask(f"http://127.0.0.1:{port}/{name}")
        finally:
            one.send_signal(signal.SIGINT)
            one.communicate(timeout=60)


def ask(url):
    """Return an answer; the process says that it serves before it listens."""
    for _ in range(1000):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except ConnectionRefusedError:
            continue
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
    return None


def answers(path, port, *names, **variables):
    with serving(path, port, **variables) as get:
        return [get(name) for name in names]


def count(answer):
    """Return (functions without code, those of them that still have none)."""
    return tuple(map(int, answer[1].split()))


@pytest.fixture(scope="module")
def served(tmp_path_factory, port):
    path = tmp_path_factory.mktemp("served") / "served"
    build(SERVED, path, port, "/used")
    return path


def test_functions_that_answer_requests_of_the_training_have_their_code(served, port):
    _, used, deferred = answers(served, port, "deferred", "used", "deferred")
    assert used == (200, "used 10")
    first, left = count(deferred)
    assert first == left > 1000


def test_others_get_theirs_when_they_are_asked(served, port):
    late, used, deferred = answers(served, port, "late", "used", "deferred")
    first, left = count(deferred)
    assert left == first - 2
    assert [late, used] == answers(served, port, "late", "used", **COLD)
    assert late == (200, "late Tell that this was called.")


def test_the_same_service_gives_the_same_bytes(served, port, tmp_path):
    build(SERVED, tmp_path / "served", port, "/used")
    assert (tmp_path / "served").read_bytes() == served.read_bytes()


def test_a_service_that_leaves_ctrl_c_to_python_is_seen_to_its_end(tmp_path, port):
    """Its memory is written though it dies by the signal, and what runs at exit is trained too."""
    script = tmp_path / "app.py"
    lines = SERVED.read_text().replace("    main()\n", "    atexit.register(last)\n    main()\n")
    lines = lines.replace("import os\n", "import atexit\nimport os\n")
    last = "def last():\n    print('last', deferred())\n\n\n"
    script.write_text(
        lines.replace('if __name__ == "__main__"', f'{last}if __name__ == "__main__"')
    )
    (tmp_path / "served_modules").symlink_to(SERVED.with_name("served_modules"))
    said = build(script, tmp_path / "app", port, "/used")
    assert "showed nothing" not in said
    env = {"SERVED_PORT": str(port)}
    with subprocess.Popen([tmp_path / "app"], env=env, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        ask(f"http://127.0.0.1:{port}/used")
        process.send_signal(signal.SIGINT)
        (last,) = process.stdout.read().decode().splitlines()
        assert process.wait(60) == -signal.SIGINT
    first, left = map(int, re.findall(r"\d+", last))
    assert first == left > 1000


def test_a_run_whose_end_is_not_seen_is_named_and_leaves_functions_as_they_are(tmp_path, port):
    script = tmp_path / "app.py"
    text = SERVED.read_text().replace("    main()\n", "    signal.signal(2, 0)\n    main()\n")
    script.write_text(text.replace("import os\n", "import os\nimport signal\n"))
    (tmp_path / "served_modules").symlink_to(SERVED.with_name("served_modules"))
    said = build(script, tmp_path / "app", port, "/used")
    assert "snapshot: training run `app` showed nothing: it ended at once" in said
    assert "snapshot: all functions keep their code" in said
    assert [count(one) for one in answers(tmp_path / "app", port, "deferred")] == [(0, 0)]


def test_without_a_snapshot_what_requests_use_is_stored_first(tmp_path, port):
    record = tmp_path / "record"
    options = ("--train-record", record)
    build(SERVED, tmp_path / "served", port, "/used", options=options)
    keys = record.read_text().splitlines()
    assert any(key.endswith("/http/server.py") for key in keys)
    assert answers(tmp_path / "served", port, "used") == [(200, "used 10")]
    said = build(SERVED, tmp_path / "served", port, "/other", options=options)
    assert "Training" not in said


def test_a_service_that_cannot_be_trained_leaves_nothing_behind(tmp_path, port):
    path = tmp_path / "served"
    with socket.create_server(("127.0.0.1", port)):
        said = build(SERVED, path, port, "/used", options=(), status=7)
    assert "training run `served` cannot be asked: another program listens on 127.0.0.1" in said
    said = build(SERVED, path, port, "/used", options=("--train=--check",), status=0)
    path.unlink()
    argv = ("build", "--train=--check", f"--train-request=http://127.0.0.1:{port}/", SERVED)
    env = os.environ | {"SERVED_PORT": str(port)}
    said = obelisk(*argv, "-o", path, env=env, status=7)
    assert "no training run of `served` answered" in said
    assert not path.exists()


@pytest.mark.network
@pytest.mark.parametrize("text", [FLASK, FASTAPI], ids=["flask", "fastapi"])
def test_services_of_frameworks(tmp_path, port, text):
    script, path = tmp_path / "app.py", tmp_path / "app"
    script.write_text(text)
    said = build(script, path, port, "/used/5")
    assert "showed nothing" not in said
    first, used, deferred = answers(path, port, "deferred", "used/7", "deferred")
    assert used[0] == 200
    assert '"used":7' in used[1].replace(" ", "")
    # Few are wanted, besides by the route that counts: most are of modules that nothing asked for.
    assert count(first)[0] > 3000
    assert count(deferred)[1] > 0.95 * count(first)[0]
    names = ("used/3", "late")
    assert answers(path, port, *names) == answers(path, port, *names, **COLD)
