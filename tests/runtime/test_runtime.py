"""The runtime's C files by themselves, under the undefined-behaviour sanitizer."""

import os
import subprocess

import pytest
from forged import forged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machines import ALL
from support import emulation

from obelisk.payload.payload import Control, Item, Kind, write_payload
from obelisk.payload.stored import Dictionaries, Frame
from obelisk.runtime.sources import c_files

pytestmark = pytest.mark.compile


@pytest.fixture(scope="session")
def checker(compiled):
    return compiled("payload_check", "payload/payload.c", "payload/expand.c")


@pytest.fixture(scope="session")
def payload_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("payload") / "payload"
    modules = [
        Item(name=f"package{n}/module.py", kind=Kind.CODE, data=bytes([n]) * n, frame=Frame(n % 4))
        for n in range(60)
    ]
    files = [
        Item(name=f"package{n}/data/file.txt", kind=Kind.FILE, data=b"text " * n, frame=Frame.TEXT)
        for n in range(40)
    ]
    controls = {Control.MAIN: b"package0/module.py", Control.SETTINGS: b"frozen=0\0"}
    words = {Frame.CODE: b"package module", Frame.TEXT: b"some text or other"}
    files += [
        Item(name=f"shared/{n}.txt", kind=Kind.FILE, data=b"line %d\n" % n * n, frame=Frame(kind))
        for kind in (Frame.PLAIN, Frame.CODE, Frame.TEXT)
        for n in range(20 * kind, 20 * kind + 20)
    ]
    groups = [[f"file shared/{n}.txt" for n in range(at, at + 20)] for at in (20, 40, 60)]
    dictionaries = Dictionaries(contents=words)
    written = write_payload(modules, files, controls, groups=groups, dictionaries=dictionaries)
    path.write_bytes(written)
    return path


def run(*argv):
    return subprocess.run(list(map(str, argv)), capture_output=True, text=True, check=False)


def test_the_reader_finds_all_that_was_written(checker, payload_file):
    done = run(checker, payload_file)
    # 60 modules, 100 files and 81 folders, 4 control records.
    assert (done.returncode, done.stdout) == (0, "0 245\n")


def test_damage_shows_and_never_leads_out_of_the_payload(checker, payload_file):
    done = run(checker, payload_file, 1000)
    assert done.returncode == 0, done.stderr or f"ended by signal {-done.returncode}"
    assert int(done.stdout) > 0


@pytest.mark.parametrize(
    "changes",
    [
        {"begin": 1 << 63},
        {"begin": (1 << 64) - 8},
        {"begin": 7900},
        {"size": 1 << 20},
        {"size": 3000, "begin": 5000},
        {"frame": 0},
    ],
)
def test_a_record_that_leads_out_of_its_frame_is_refused(checker, payload_file, tmp_path, changes):
    path = tmp_path / "forged"
    path.write_bytes(forged(payload_file.read_bytes(), "shared/50.txt", **changes))
    done = run(checker, path)
    assert (done.returncode, done.stdout) == (0, "1 245\n"), done.stderr


@pytest.mark.parametrize("size", [0, 11, 95, 96, 1000])
def test_a_cut_payload_is_refused(checker, payload_file, tmp_path, size):
    path = tmp_path / "cut"
    path.write_bytes(payload_file.read_bytes()[:size])
    assert run(checker, path).returncode == 1


@pytest.mark.parametrize("target", ALL, ids=[target.triple for target in ALL])
def test_memory_functions_agree_with_plain_loops(compilers, target):
    emulator = emulation(target)
    parts = [path for path in c_files(target) if path.match("libc/*/memory_*.c")]
    assert parts
    done = run(*emulator, compilers(target)("memory_check", *parts))
    assert (done.returncode, done.stdout) == (0, "")


def test_locks_hold_with_one_thread_and_with_many(compiled):
    done = run(compiled("locks_check"))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("library", ["mimalloc", "mimalloc-hardened"])
def test_cleared_memory_is_zero_and_costs_nothing_before_it_is_used(compiled, library):
    done = run(compiled("heap_check", library=library))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "whose"),
    [
        (["-c", "code"], "python"),
        (["-ccode"], "python"),
        (["-m", "module", "-x"], "python"),
        (["-I", "-S", "-c", "code"], "python"),
        (["-ISc", "code"], "python"),
        (["-W", "error", "-Xdev", "-m", "module"], "python"),
        (["-"], "python"),
        (["script.py"], "python"),
        (["-u", "folder/script.pyz", "x"], "python"),
        (["/app/package/module.py"], "python"),
        (["-c", "from multiprocessing.spawn import spawn_main; spawn_main()"], "python helper"),
        (["-I", "-c", "import sys; from multiprocessing.forkserver import main"], "python helper"),
        (["--multiprocessing-fork", "tracker_fd=3"], "helper"),
        ([], ""),
        (["-c"], ""),
        (["-m"], ""),
        (["-W"], ""),
        (["-V"], ""),
        (["-h"], ""),
        (["--version"], ""),
        (["-z", "-c", "code"], ""),
        (["build", "-c", "conf"], ""),
        (["script.txt"], ""),
        (["/appendix/x"], ""),
        (["-c", "print('from multiprocessing.')"], "python"),
    ],
)
def test_whose_arguments_these_are(compiled, arguments, whose):
    done = run(compiled("arguments_check", "exec/python_arguments.c"), *arguments)
    assert (done.returncode, done.stdout.strip()) == (0, whose)


def found_in(compiled, *arguments):
    """Where a shell's command executes /opt/app, each place with the words behind it."""
    done = run(compiled("shell_check", "exec/shell.c"), "/opt/app", *arguments)
    assert done.returncode == 0, f"ended by signal {-done.returncode}"
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/opt/app -c x", ["[-c][x]"]),
        ("'/opt/app' -c 'a b'", ["[-c][a b]"]),
        ('"/opt/app" -m mod', ["[-m][mod]"]),
        ("exec nice /opt/app -u -c x y", ["[-u][-c][x]"]),
        ("cd /x && /opt/app -c x; /opt/app run", ["[-c][x]", "[run]"]),
        ("true|/opt/app -|cat", ["[-]"]),
        ("(/opt/app -c $x)", ["[-c][$x]"]),
        ("/opt/app -c 'x;y'", ["[-c][x;y]"]),
        (r"/opt/app -c a\ b", ["[-c][a b]"]),
        ("bash -c '/opt/app -c x'", ["[-c][x]"]),
        ("""bash -c "cd / && '/opt/app' -m x" """, ["[-m][x ]"]),
        ("/opt/app\n/opt/app -c", ["", "[-c]"]),
        # Other paths, and what is written or searched for.
        ("/opt/app2 -c x", []),
        ("/x/opt/app -c x", []),
        ("/opt/app/module.py -c x", []),
        ("PY=/opt/app -c", []),
        ("echo '0 1 * * * /opt/app -m job' | crontab -", []),
        ('grep -q "ExecStart=/opt/app -m job" file', []),
    ],
)
def test_paths_in_the_command_of_a_shell(compiled, text, found):
    assert found_in(compiled, "sh", "-c", text) == found


@pytest.mark.parametrize(
    ("arguments", "is_command"),
    [
        (["sh", "-ec"], True),
        (["/bin/bash", "-lc"], True),
        (["bash", "-o", "pipefail", "-c"], True),
        (["nice", "-n", "5", "dash", "-c"], True),
        (["-bash", "-c"], True),
        (["/bin/su", "nobody", "-c"], True),
        (["script", "-qc"], True),
        (["flock", "/tmp/lock", "-c"], True),
        (["sh"], False),
        (["sh", "-e"], False),
        (["bash", "--rcfile", "-c"], True),
        (["grep", "-c"], False),
    ],
)
def test_which_argument_is_the_command_of_a_shell(compiled, arguments, is_command):
    assert bool(found_in(compiled, *arguments, "/opt/app x")) is is_command


@given(text=st.text(st.sampled_from("/opt/app -c'\"\\;x\n"), max_size=80))
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_command_of_a_shell_is_read(compiled, text):
    found_in(compiled, "sh", "-c", text.replace("\0", ""))


PERMISSION = "00ff0123456789abcdef5aa5deadbeef"


@pytest.mark.parametrize("path", ["/usr/bin/env", "/usr/../usr/bin/env", "./env", "env"])
def test_a_marked_path_leads_to_the_same_file(compiled, path):
    done = run(compiled("permission_check", "exec/permission.c"), PERMISSION, path)
    marked, text = done.stdout.splitlines()
    assert (done.returncode, text) == (0, PERMISSION)
    same = 'cd /usr/bin && test "$1" -ef /usr/bin/env'
    assert run("sh", "-c", same, "sh", marked).returncode == 0
    assert marked.endswith(path)
    assert set(marked.removesuffix(path)) == {"/", "."}


def test_only_permissions_and_marks_are_read(compiled):
    checker = compiled("permission_check", "exec/permission.c")
    for text in ("", PERMISSION[:-1], PERMISSION + "0", PERMISSION.upper(), PERMISSION[:-1] + "g"):
        assert run(checker, text, "/x").stdout == "not a permission\n"
    whole = run(checker, PERMISSION, "/x").stdout.splitlines()[0]
    assert run(checker, whole).stdout == "/x\n"
    for word in ("", "/", "//", "./", ".", "x", whole[: len(whole) // 2], whole[1:-2]):
        assert run(checker, word).stdout == "none\n"


def test_any_arguments_are_given_on_in_the_memory_reserved_for_them(compiled):
    parts = ("self_exec", "python_arguments", "handover", "nesting", "own_file")
    sources = [
        f"exec/{name}.c" for name in (*parts, "permission", "process", "python_path", "shell")
    ]
    done = run(compiled("self_exec_check", *sources), 5000)
    assert done.returncode == 0, f"ended by signal {-done.returncode}"
    marked, read = map(int, done.stdout.split())
    assert marked > 1000
    assert read > marked


def test_any_copies_are_given_on_in_the_memory_reserved_for_them(compiled):
    done = run(
        compiled("foreign_check", "exec/foreign.c", "exec/process.c", "exec/shell.c"), 20_000
    )
    assert done.returncode == 0, f"ended by signal {-done.returncode}"
    concerned, copied, read = map(int, done.stdout.split())
    assert 1000 < concerned < copied < read


def test_lines_for_readline_become_commands_of_libedit(compiled):
    lines = {
        "tab: complete": r"bind '\011' rl_complete",
        "Control-Meta-x: yank": r"bind '\033\030' em-yank",
        r'"\C-x\M-a\\\"\101": complete # as ever': r"bind '\030\033\141\134\042\101' rl_complete",
        r'"\e[A" : "it\"s"': r"bind -s '\033\133\101' '\151\164\042\163'",
        "set editing-mode vi": "bind -v",
        "set editing-mode\temacs": "bind -e",
        "set editing-mode other": "set editing-mode other",
        "bind ^I rl_complete": "bind ^I rl_complete",
        "python:bind -v": "python:bind -v",
        "tab: complete it": "tab: complete it",
        '"unfinished: complete': '"unfinished: complete',
        f'"{"x" * 65}": complete': f'"{"x" * 65}": complete',
    }
    done = run(compiled("key_bindings_check", "python/key_bindings.c"), *lines)
    assert done.stdout.splitlines() == list(lines.values())
    done = run(compiled("key_bindings_check", "python/key_bindings.c"), 30_000)
    assert done.returncode == 0, f"ended by signal {-done.returncode}"
    assert int(done.stdout) > 30_000


VARIABLE = "OBELISK_0000000000000001"


def handed(compiled, **variables):
    """What a process was told by its variables, what it hands on of it, and what else is left."""
    checker = compiled(
        "handover_check", "exec/handover.c", "exec/nesting.c", "exec/permission.c", "exec/process.c"
    )
    env = {name: value.encode(errors="surrogateescape") for name, value in variables.items()}
    done = subprocess.run([checker], capture_output=True, env=env, check=False)
    assert done.returncode == 0, f"ended by signal {-done.returncode}"
    told, same, more, *rest = done.stdout.decode(errors="replace").split("\n")
    assert same.startswith(VARIABLE)
    assert more.startswith(VARIABLE)
    return told, same.partition("=")[2], rest[:-1]


def test_what_is_handed_on(compiled):
    own = os.getpid()
    assert handed(compiled, A="1") == ("- 0", "", ["A=1"])
    assert handed(compiled, **{VARIABLE: f"{own}:a{PERMISSION}", "_": "/x"}) == (
        "a 1",
        f"{own}:a{PERMISSION}",
        ["_=/x"],
    )
    # Who ended is forgotten; another build's is another variable.
    ended = subprocess.Popen(["true"])
    ended.wait()
    other = {"OBELISK_0000000000000002": f"{own}:a{PERMISSION}"}
    told, same, rest = handed(compiled, **{VARIABLE: f"{ended.pid}.{own}.{ended.pid}"}, **other)
    assert (told, same) == ("- 1", str(own))
    assert rest == [f"OBELISK_0000000000000002={own}:a{PERMISSION}"]


def test_a_zombie_is_forgotten(compiled):
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert handed(compiled, **{VARIABLE: str(zombie.pid)})[0] == "- 0"
    zombie.wait()


@given(
    value=st.one_of(
        st.text(st.characters(exclude_characters="\0", codec="latin-1"), max_size=60),
        st.lists(st.integers(0, 2**70), max_size=300).map(lambda all_: ".".join(map(str, all_))),
        st.integers(90, 300).map(lambda count: ".".join(["1"] * count) + ":a" + PERMISSION),
    )
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_anything_handed_on_is_read(compiled, value):
    told, _, rest = handed(compiled, **{VARIABLE: value})
    assert int(told.split()[1]) <= 100
    assert rest == []


def settings_of(compiled, tmp_path, content, name, *, damage=None):
    path = tmp_path / "payload"
    data = bytearray(write_payload([], [], {Control.SETTINGS: content}))
    if damage:
        data[data.rindex(damage)] ^= 1
    path.write_bytes(data)
    done = run(compiled("settings_check", "payload/settings.c", "payload/payload.c"), path, name)
    return done.returncode, done.stdout or done.stderr


def test_settings_are_read_in_place(compiled, tmp_path):
    content = b"a=1\0list=x\0list=y=z\0empty=\0"
    for name, value in {"a": "1 1", "list": "x 0", "empty": " 0", "lis": "none 0"}.items():
        found = settings_of(compiled, tmp_path, content, name)
        assert found == (0, f"a=1;list=x;list=y=z;empty=; {value}")


def test_damaged_settings_end_the_process(compiled, tmp_path):
    wrong = {
        (b"a=1\0", b"a=1"): "checksum mismatch in settings",
        (b"a=1", None): "malformed record in settings",
        (b"", None): "malformed record in settings",
        # The name by which they are found.
        (b"a=1\0", b"settings"): "checksum mismatch in the payload's index in ",
    }
    for (content, damage), message in wrong.items():
        assert settings_of(compiled, tmp_path, content, "a", damage=damage) == (74, message)


def test_no_file_of_a_package_is_taken_for_settings(compiled, tmp_path):
    path = tmp_path / "payload"
    names = (".obelisk/interpreter", ".obelisk/settings", "settings")
    files = [Item(name=name, kind=Kind.FILE, data=b"python_option=1\0") for name in names]
    modules = [Item(name="settings", kind=Kind.CODE, data=b"python_option=1\0")]
    path.write_bytes(write_payload(modules, files, {}))
    done = run(
        compiled("settings_check", "payload/settings.c", "payload/payload.c"), path, "python_option"
    )
    assert (done.returncode, done.stdout) == (0, " none 0")


@given(content=st.binary(max_size=60))
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_settings_are_read_or_refused(compiled, tmp_path, content):
    status, _ = settings_of(compiled, tmp_path, content, "a")
    assert status in (0, 74)
