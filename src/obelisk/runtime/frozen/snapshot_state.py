"""What a process holds that a snapshot cannot keep, and when it changed.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_state`, and used in rehearsals
only: what it reads of the system differs from run to run, and must not be in the memory that is
written.
"""

import posix

import _locale
import _signal
import _thread

_LC_ALL = 6
_CHILD_FAULTS = 8
"""The position of the faults of children that ended in /proc/self/stat, behind the name."""
_TIMERS = (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF)
_KINDS = {
    "socket:": "keeps a socket open",
    "pipe:": "keeps a pipe open",
    "anon_inode:[eventpoll]": "keeps an event loop open",
    "anon_inode:inotify": "watches files",
    "anon_inode:[timerfd]": "keeps a timer open",
    "anon_inode:[signalfd]": "waits for signals by a descriptor",
}
"""How targets of descriptors begin, and what is said of them."""


class State:
    """What was seen at the last look."""

    def __init__(self):
        """Look for the first time."""
        # Spelled so that it is a link: while a snapshot is made, the modules' root is none.
        self._own = posix.readlink("/proc/self/task/../exe")
        self._seen = self._look()

    def changes(self):
        """Return [(kind, reason, detail)] of what changed since the last look."""
        old, self._seen = self._seen, self._look()
        return [
            (kind, *found)
            for kind, describe in _DESCRIBE.items()
            for found in describe(old[kind], self._seen[kind])
        ]

    def _look(self):
        return {
            "descriptor": _descriptors(),
            "thread": _thread._count(),
            "native-thread": len(posix.listdir("/proc/self/task")) - _thread._count(),
            "child": _has_children(),
            "program": _faults_of_children(),
            "mapping": self._mappings(),
            "timer": tuple(_signal.getitimer(timer)[0] > 0 for timer in _TIMERS),
            "directory": posix.getcwd(),
            "umask": _umask(),
            "mask": _signal.pthread_sigmask(_signal.SIG_BLOCK, ()),
            "locale": _locale.setlocale(_LC_ALL),
            "priority": posix.nice(0),
            "limits": _read("/proc/self/limits"),
            **_attributes(),
        }

    def _mappings(self):
        """Return the places and paths of files and shared memory that are mapped."""
        found = set()
        for line in _read("/proc/self/maps").splitlines():
            place, rights, _, _, _, *path = line.split(None, 5)
            is_file = bool(path) and path[0].startswith("/") and path[0] != self._own
            if is_file or rights.endswith("s"):
                found.add((place, path[0] if path else "memory"))
        return found


def _read(path):
    file = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: posix.read(file, 1 << 16), b"")).decode(errors="replace")
    finally:
        posix.close(file)


def _descriptors():
    """Return what is open beyond the standard streams, by its number."""
    found = {}
    for name in posix.listdir("/proc/self/fd"):
        try:
            found[int(name)] = posix.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue  # the folder itself, while it was listed
    return {number: target for number, target in found.items() if number > 2}


def _has_children():
    try:
        posix.waitid(posix.P_ALL, 0, posix.WEXITED | posix.WNOHANG | posix.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _faults_of_children():
    return int(_read("/proc/self/stat").rpartition(")")[2].split()[_CHILD_FAULTS])


def _attributes():
    """Return what the kernel keeps of the process, by what it is."""
    lines = (line.partition(":\t") for line in _read("/proc/self/status").splitlines())
    values = {name: value for name, _, value in lines}
    return {
        kind: tuple(values.get(name) for name in names) for kind, (names, _) in _OF_PROCESS.items()
    }


def _umask():
    mask = posix.umask(0)
    posix.umask(mask)
    return mask


def _opened(old, new):
    for number in sorted(new):
        target = new[number]
        if old.get(number) != target:
            known = [reason for start, reason in _KINDS.items() if target.startswith(start)]
            yield (known[0], "") if known else ("keeps a file open", target)


def _mapped(old, new):
    for _, path in sorted(new - old):
        is_memory = path.startswith(("memory", "/dev/zero"))
        yield ("maps shared memory", "") if is_memory else ("maps a file", path)


def _when_more(reason):
    return lambda old, new: [(reason, "")] if new > old else []


def _when_other(reason):
    return lambda old, new: [(reason, "")] if new != old else []


_OF_PROCESS = {
    "name": (("Name",), "changes the process's name"),
    "owner": (("Uid", "Gid", "Groups"), "changes who owns the process"),
    "capabilities": (
        ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp"),
        "changes what the process may do",
    ),
    "processors": (("Cpus_allowed",), "chooses processors"),
}
"""Fields of /proc/self/status, and what is said when they changed."""

_DESCRIBE = {
    "descriptor": _opened,
    "thread": _when_more("starts a thread"),
    "native-thread": _when_more("starts threads that Python does not know of"),
    "child": _when_more("starts a process"),
    "program": _when_more("runs a program"),
    "mapping": _mapped,
    "timer": _when_other("sets a timer"),
    "directory": _when_other("changes the working directory"),
    "umask": _when_other("changes the umask"),
    "mask": _when_other("blocks signals"),
    "locale": _when_other("sets the locale"),
    "priority": _when_other("changes the priority"),
    "limits": _when_other("changes resource limits"),
    **{kind: _when_other(reason) for kind, (_, reason) in _OF_PROCESS.items()},
}
