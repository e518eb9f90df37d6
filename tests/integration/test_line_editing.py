"""Lines that programs give to readline for GNU's library have effect with libedit."""

import os
import pty
import select
import time

import pytest

pytestmark = pytest.mark.compile

PROGRAM = """
import readline
words = ["granite", "gravel", "marble"]
readline.set_completer(lambda text, n: ([w for w in words if w.startswith(text)] + [None])[n])
{}
while True:
    print("<%s>" % input("> "), flush=True)
"""


@pytest.fixture
def type_to(anything):
    """Run code on a terminal, type keys at each prompt, and return what it showed."""

    def type_it(code, *lines, prompt="> "):
        child, terminal = pty.fork()
        if child == 0:
            env = {"CODE": code, "TERM": "xterm", "HOME": "/nowhere"}
            os.execve(anything, [str(anything)], env)
        shown = ""
        for keys in (*lines, None):
            shown += read_until(terminal, prompt)
            if keys is not None:
                os.write(terminal, keys.encode())
        os.close(terminal)
        os.waitpid(child, 0)
        return shown

    return type_it


def read_until(terminal, end):
    shown = ""
    limit = time.monotonic() + 20
    while not shown.endswith(end):
        assert time.monotonic() < limit, shown
        if select.select([terminal], [], [], 0.1)[0]:
            shown += os.read(terminal, 4096).decode()
    return shown


@pytest.mark.parametrize(
    ("line", "keys", "read"),
    [
        ("tab: complete", "mar\t", "marble"),
        ("tab:complete", "mar\t", "marble"),
        ("Tab : complete  # as ever", "mar\t", "marble"),
        (r'"\t": complete', "mar\t", "marble"),
        (r'"\C-i": menu-complete', "mar\t", "marble"),
        ("TAB: tab-insert", "mar\t", "mar\t"),
        ("Control-o: complete", "mar\x0f", "marble"),
        ("C-o: complete", "mar\x0f", "marble"),
        (r'"\M-o": complete', "mar\x1bo", "marble"),
        (r'"\C-o": "stone"', "a\x0fb", "astoneb"),
        (r'"\C-x\C-o": "a \"b\" \\c"', "\x18\x0f", r'a "b" \c'),
        (r'"\eOP": beginning-of-line', "b\x1bOPa", "ab"),
        ("Control-t: kill-whole-line", "slate\x14x", "x"),
        ("set editing-mode vi", "ranite\x1b0ig", "granite"),
        ("set show-all-if-ambiguous on", "mar", "mar"),
        ("bind ^I rl_complete", "mar\t", "marble"),
        ("python:bind ^I rl_complete", "mar\t", "marble"),
        ("nonsense", "mar", "mar"),
        ("tab: nonsense", "mar", "mar"),
        (r'"\C-o', "mar", "mar"),
        (": complete", "mar", "mar"),
        ("", "mar", "mar"),
        ('"' + "x" * 1000 + '": "' + "y" * 1000 + '"', "mar", "mar"),
        ("Control-", "mar", "mar"),
    ],
)
def test_a_binding(type_to, line, keys, read):
    shown = type_to(PROGRAM.format(f"readline.parse_and_bind({line!r})"), keys + "\n")
    assert f"<{read}>" in shown


def test_history_is_searched_by_what_is_typed(type_to):
    line = r'"\e[A": history-search-backward'
    code = PROGRAM.format(f"readline.parse_and_bind({line!r})")
    assert type_to(code, "granite\n", "marble\n", "gr\x1b[A\n").count("<granite>") == 2


def test_names_are_completed_as_the_manual_of_rlcompleter_says(type_to):
    code = "import rlcompleter\nreadline.set_completer(rlcompleter.Completer().complete)\n"
    shown = type_to(
        PROGRAM.format(code + "readline.parse_and_bind('tab: complete')"), "ValueErr\t\n"
    )
    assert "<ValueError(>" in shown


def test_the_debugger_completes(type_to):
    code = "import pdb\nheavy_stone = 41 + 1\npdb.set_trace()\nprint()"
    assert "\n42\r\n" in type_to(code, "p heavy_st\t\n", prompt="(Pdb) ")
