"""Executables with rights that their caller lacks: variables and arguments never choose the code.

Each case is a holder of rights (setuid, setgid, a file capability, none) that another user
executes, from a place of that user's choice, with a hostile variable and hostile arguments. What
has more rights than its caller must do exactly what it does without the variable.
"""

import itertools
import os
import re
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest
from support import in_root, obelisk

pytestmark = [
    pytest.mark.compile,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can install a setuid executable"),
    pytest.mark.skipif(
        bool(os.statvfs(tempfile.gettempdir()).f_flag & os.ST_NOSUID),
        reason="the temporary folder is mounted nosuid",
    ),
]

NOBODY = 65534
CAP_NET_RAW = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)
"""`setcap cap_net_raw+ep`, as the kernel keeps it (struct vfs_ns_cap_data, revision 2)."""
PERMISSION = bytes(range(16))
HELPER = "from multiprocessing.spawn import spawn_main; spawn_main()"


def as_nobody(argv, **options):
    """Run a program as a user who owns nothing."""
    return subprocess.run(
        [str(word) for word in argv],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        user=NOBODY,
        group=NOBODY,
        extra_groups=[],
        **options,
    )


def mark(permission):
    """A permission as it stands before a path (runtime/c/exec/permission.h)."""
    bits = (byte >> bit & 1 for byte in permission for bit in range(8))
    return "/" + "".join("./" if bit else "/" for bit in bits)


class Installation:
    """Executables that root installed, and a folder where the attacker prepared everything."""

    def __init__(self, folder, plain, permissive):
        self.folder = folder
        self.evil = folder / "evil"
        self.evil.mkdir()
        self.evil.chmod(0o777)
        self.ran = self.evil / "ran"
        self.code = f"import os; open({str(self.ran)!r}, 'w').write(str(os.geteuid()))"
        self.holders = {
            "plain": self.install(plain, "plain"),
            "setuid": self.install(permissive, "setuid", 0o4755),
            "setgid": self.install(permissive, "setgid", 0o2755),
            "capability": self.install(permissive, "capability"),
        }
        try:
            os.setxattr(self.holders["capability"], "security.capability", CAP_NET_RAW)
        except OSError:  # not every container's root, or file system
            del self.holders["capability"]
        self.prepare()
        for name, path in self.holders.items():
            (self.evil / f"{name}-symlink").symlink_to(path)
            # As on a system without `fs.protected_hardlinks`.
            (self.evil / f"{name}-hardlink").hardlink_to(path)

    def install(self, source, name, mode=0o755):
        place = shutil.copy(source, self.folder / name)
        place.chmod(mode)
        return place

    def prepare(self):
        program = f"#!/bin/sh\nid -u >{self.ran}\n"
        for folder in ("bin", "plugins", "terminfo/x"):
            (self.evil / folder).mkdir(parents=True)
        for name in ("uname", "gcc", "cc", "ld", "ldconfig", "ifconfig", "ip", "arp"):
            path = self.evil / "bin" / name
            path.write_text(program)
            path.chmod(0o755)
        for name in ("plugin", "sitecustomize", "usercustomize", "start", "encodings", "os"):
            for folder in (self.evil, self.evil / "plugins"):
                (folder / f"{name}.py").write_text(self.code + "\n")
        (self.evil / "openssl.cnf").write_text("not a configuration [")
        (self.evil / "empty.pem").write_text("")
        (self.evil / ".terminfo").symlink_to("terminfo")
        # A terminal whose bell is another, and a zone with another name (RFC 8536, version 1).
        (self.evil / "terminfo.src").write_text("xterm|evil,\n\tbel=EVIL,\n")
        tic = ["tic", "-o", str(self.evil / "terminfo"), str(self.evil / "terminfo.src")]
        subprocess.run(tic, check=True, capture_output=True)
        zone = b"TZif" + bytes(16) + struct.pack(">6I", 0, 0, 0, 0, 1, 4)
        (self.evil / "zone").write_bytes(zone + struct.pack(">iBB", 3600, 0, 0) + b"EVL\0")

    def variables(self, number):
        """Hostile environments by name; `number` is that of the build."""
        evil, permission = str(self.evil), PERMISSION.hex()
        single = {
            "PYTHONPATH": evil,
            "PYTHONHOME": evil,
            "PYTHONSTARTUP": f"{evil}/start.py",
            "PYTHONINSPECT": "1",
            "PYTHONOPTIMIZE": "2",
            "PYTHONPLATLIBDIR": evil,
            "PYTHONUSERBASE": evil,
            "PYTHONWARNINGS": "error",
            "PYTHONIOENCODING": "utf-16",
            "_PYTHON_SYSCONFIGDATA_NAME": "plugin",
            "PY_SAX_PARSER": "plugin",
            "LD_PRELOAD": f"{evil}/plugin.so",
            "LD_LIBRARY_PATH": evil,
            "MUSL_LOCPATH": evil,
            "MIMALLOC_VERBOSE": "1",
            "MIMALLOC_SHOW_STATS": "1",
            "mimalloc_Verbose": "1",
            "OPENSSL_CONF": f"{evil}/openssl.cnf",
            "SSL_CERT_FILE": f"{evil}/empty.pem",
            "SSL_CERT_DIR": evil,
            "SSLKEYLOGFILE": f"{evil}/keys",
            "TERMINFO": f"{evil}/terminfo",
            "TERMINFO_DIRS": f"{evil}/terminfo",
            "TERMCAP": f"{evil}/terminfo.src",
            "TZ": f"{evil}/zone",
            "TZDIR": evil,
            "TMPDIR": evil,
            "TEMP": evil,
            "TMP": evil,
            "HOME": evil,
            "PATH": f"{evil}/bin:/usr/bin:/bin",
            "OBELISK_PYTHON": f"P{os.getpid()}",
        }
        found = {name: {name: value} for name, value in single.items()}
        found["the permission"] = {number: f":a{permission}"}
        found["zone with a colon"] = {"TZ": f":{evil}/zone"}
        found["zone with dots"] = {"TZ": f"Europe/../../../..{evil}/zone"}
        found["python's permission"] = {number: f"1:p{permission}"}
        found["--python's permission"] = {number: f":f{permission}"}
        found["all"] = single | found["the permission"]
        return found

    def arguments(self):
        """Hostile arguments by name: what the executable is executed as, and with what."""
        marked = mark(PERMISSION)
        forms = {
            "none": [],
            "code": ["-c", self.code],
            "module": ["-m", "plugin"],
            "script": [str(self.evil / "plugin.py")],
            "stdin": ["-"],
            "helper": ["-c", HELPER, "--multiprocessing-fork", "tracker_fd=0", "pipe_handle=0"],
            "fork helper": ["--multiprocessing-fork", "pipe_handle=0"],
            "--python": ["--python", "-c", self.code],
        }
        found = {name: (None, words) for name, words in forms.items()}
        found |= {f"marked {name}": (marked, words) for name, words in forms.items() if words}
        found["no name"] = ("", ["-c", self.code])
        return found

    def run(self, path, variables, arguments):
        start, words = arguments
        argv = [str(path) if start is None else start and start + str(path), *words, "read"]
        try:
            return as_nobody(argv, executable=path, cwd=self.evil, env=variables, input=self.code)
        finally:
            self.foreign = self.ran.exists()
            self.ran.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def installation(executables):
    plain = executables("privileged.py")
    options = "python-option=true", "use-environment=true"
    options += ('module-search-paths=["$ORIGIN/plugins", "$ORIGIN"]',)
    permissive = executables(
        "privileged.py", *(word for text in options for word in ("--set", f"interpreter.{text}"))
    )
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    try:
        yield Installation(folder, plain, permissive)
    finally:
        shutil.rmtree(folder)


def number_of(executable):
    """The name of a build's variable, as programs see it that it executes."""
    done = as_nobody([executable, "environment"], env={"A": "1"})
    return re.search(r"^(OBELISK_[0-9a-f]{16})=", done.stdout, re.MULTILINE)[1]


def said_by(done, place):
    """What an executable said, whatever path it was started by."""
    text = done.stdout + done.stderr
    for path in (place, place.resolve()):
        text = text.replace(str(path), "EXECUTABLE")
    return done.returncode, text


def test_no_caller_chooses_the_code(installation, campaign):
    places = ("", "-symlink", "-hardlink")
    names = {name: number_of(path) for name, path in installation.holders.items()}
    variables = installation.variables(names["plain"])
    cases = list(
        itertools.product(installation.holders, places, variables, installation.arguments())
    )
    attack = campaign("privilege", part=30, whole=2000)
    order = attack.random("order").sample(cases, len(cases))
    innocent = {}
    for case in attack.cases:
        holder, place, variable, form = order[case]
        path = installation.evil / f"{holder}{place}" if place else installation.holders[holder]
        arguments = installation.arguments()[form]
        hostile = installation.variables(names[holder])[variable]
        done = installation.run(path, hostile, arguments)
        # Who has no more rights than the caller may be Python by the caller's own will, with the
        # permission in both places, and start a program of the caller's by its name.
        allowed = holder == "plain" and (
            "PATH" in hostile or (form.startswith("marked") and names[holder] in hostile)
        )
        assert not installation.foreign or allowed, order[case]
        if allowed:
            attack.saw("of the caller's own rights")
            continue
        if holder != "plain":
            key = holder, form
            if key not in innocent:
                plain = installation.run(installation.holders[holder], {}, arguments)
                innocent[key] = said_by(plain, installation.holders[holder])
            assert said_by(done, path) == innocent[key], order[case]
        refused = form.startswith("marked")
        assert done.returncode == (77 if refused else 0), (order[case], done.stderr)
        assert ("application" in done.stdout) != refused
        attack.saw("refused" if refused else "application")


def test_the_attack_of_a_process_number(installation):
    """`OBELISK_PYTHON=P$$ exec ./suid -c ...` was enough once."""
    line = 'OBELISK_PYTHON=P$$ exec "$0" -c "$1"'
    for path in installation.holders.values():
        done = as_nobody(["sh", "-c", line, path, installation.code])
        assert done.stdout.startswith("application ['-c', ")
        assert not installation.ran.exists()


def test_closed_descriptors_are_no_files_of_the_executable(installation):
    """The next file that is opened would be stdout otherwise."""
    line = 'exec "$0" read 0<&- 1>&- 2>&-'
    done = as_nobody(["sh", "-c", line, installation.holders["setuid"]])
    assert done.returncode == 0


def test_a_caller_does_not_tell_it_its_path(installation):
    """Without /proc only the caller knows: what is at that path may be another file by now."""
    root = installation.folder / "root"
    root.mkdir()
    for name in ("plain", "setuid"):
        shutil.copy2(installation.holders[name], root / name)
        command = in_root(root, f"/{name}")
        command[1:1] = [f"--userspec={NOBODY}:{NOBODY}"]
        done = subprocess.run(command, capture_output=True, text=True, env={}, check=False)
        if name == "plain":
            assert done.stdout.startswith("application []")
        else:
            assert (done.returncode, done.stdout) == (70, "")
            assert "needs /proc" in done.stderr


def test_a_holder_of_rights_starts_no_python(installation):
    """Its children have the same rights and the same caller's word for what they are."""
    for name, path in installation.holders.items():
        done = as_nobody([path, "child"])
        said = done.stdout.splitlines()[-1]
        assert said == ("child 0 ran" if name == "plain" else "child 77 "), (name, done.stderr)


PROGRAM = """\
# /// script
# [tool.obelisk]
# data = ["bin/*"]
# ///
import os, subprocess, sys
print(os.environ["PATH"], flush=True)
subprocess.run(["/bin/sh", "-c", 'echo "$0"; cat "$0"', sys.executable + "/bin/tool"])
"""


@pytest.fixture(scope="module")
def holders(installation):
    """The same holders of a program that gives a file of its own to another one."""
    folder = installation.folder / "giving"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/tool").write_text("#!/bin/sh\n")
    (folder / "bin/tool").chmod(0o755)
    (folder / "giving.py").write_text(PROGRAM)
    obelisk("build", folder / "giving.py", "-q", "-o", folder / "giving")
    modes = {"plain": 0o755, "setuid": 0o4755, "setgid": 0o2755}
    found = {}
    for name, mode in modes.items():
        found[name] = Path(shutil.copy(folder / "giving", folder / name))
        found[name].chmod(mode)
    return found


def test_no_copy_is_one_that_its_caller_can_change(holders):
    """With the rights of a group the caller owns what is written to disk."""
    for name, path in holders.items():
        _, copy, content = as_nobody([path], env={"PATH": "/bin"}).stdout.splitlines()
        assert content == "#!/bin/sh"
        assert copy.startswith("/tmp/obelisk-" if name == "plain" else "/proc/self/fd/"), name


def test_the_place_of_an_executable_is_searched_for_no_program(holders, installation):
    """The caller may have made a link to it, and a folder of the same name later."""
    for name, path in holders.items():
        place = installation.evil / f"{name}-giving"
        place.hardlink_to(path)
        searched = as_nobody([place], env={"PATH": "/bin"}).stdout.splitlines()[0]
        assert (str(place) in searched) == (name == "plain"), name
