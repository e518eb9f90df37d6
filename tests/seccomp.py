"""Refusing single system calls to a program, as a container's policy does (seccomp(2), x86-64)."""

import ctypes
import os
import struct

CALLS = {
    "access": 21,
    "clone": 56,
    "fchmod": 91,
    "flock": 73,
    "fstat": 5,
    "ftruncate": 77,
    "futex": 202,
    "getcwd": 79,
    "getrandom": 318,
    "gettid": 186,
    "ioctl": 16,
    "lseek": 8,
    "madvise": 28,
    "memfd_create": 319,
    "mmap": 9,
    "mprotect": 10,
    "munmap": 11,
    "newfstatat": 262,
    "open": 2,
    "openat": 257,
    "pipe2": 293,
    "prlimit64": 302,
    "pwrite64": 18,
    "readlink": 89,
    "rt_sigaction": 13,
    "rt_sigprocmask": 14,
    "sched_getaffinity": 204,
    "sendfile": 40,
    "sigaltstack": 131,
    "statx": 332,
    "utimensat": 280,
    "vfork": 58,
}
"""Numbers of the calls that a start or a small program makes, or might."""
_NUMBERS = CALLS | {"arch_prctl": 158}
_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_LOAD_NUMBER = (0x20, 0, 0, 0)
_REFUSE = 0x00050000
_ALLOW = 0x7FFF0000


def refuser(call, error, *, flags=None):
    """Return what to run between fork and exec: `call` will fail with `error`.

    With `flags`, only an `open` or `openat` that has all of them, or an `arch_prctl` that asks for
    that.
    """
    program = [
        _LOAD_NUMBER,
        (0x15, 0, 1, _NUMBERS[call]),
    ]  # jump over the next unless it is this call
    if flags is not None:
        number = {"arch_prctl": 0, "open": 1, "openat": 2}[call]
        program[1] = (0x15, 0, 4, _NUMBERS[call])
        program += [
            (0x20, 0, 0, 16 + 8 * number),  # load the low half of that argument
            (0x54, 0, 0, flags),  # and
            (0x15, 0, 1, flags),
        ]
    program += [(0x06, 0, 0, _REFUSE | error), (0x06, 0, 0, _ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in program))
    libc = ctypes.CDLL(None, use_errno=True)

    def refuse():
        filters = struct.pack("<H6xQ", len(program), ctypes.addressof(code))
        libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, filters, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "seccomp")

    return refuse
