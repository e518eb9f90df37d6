"""Ways to a file below the executable, each as somebody once went it."""

# expect: spellings 12
# expect: slash ENOTDIR, missing ENOENT, file above ENOTDIR, above True
# expect: to and fro on a small stack True
# expect: links ['deep', 'plain'] True True
# expect: whole walk True
# expect: resolved True True
# expect: descriptor True ['deep', 'plain'] plain
# expect: fwalk ['deep', 'plain']
# expect: copies True True True
# expect: child ['deep', 'plain'] True
# expect: no real device True
# expect: removed EROFS
# expect: working folder ENOTSUP ENOTSUP ENOTSUP ENOTDIR ENOENT
# expect: watch ENOENT ENOENT True
# expect: handle ENOTSUP
# expect: disk True True
# expect: libc opendir ['.', '..', 'deep', 'plain'] True True
# expect: libc seekdir True
# expect: libc readdir_r ['.', '..', 'deep', 'plain']
# expect: libc scandir ['.', '..', 'deep', 'plain']
# expect: libc nftw ['', 'deep', 'deep/plain', 'plain']
# expect: libc glob 2
# expect: libc realpath True True
# expect: libc freopen plain
# expect: libc creat EROFS
# expect: libc fopen write EROFS
# expect: errno is kept []
# expect: spawned plain, ENOENT, ENOTSUP

import ctypes
import errno
import glob
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

EXECUTABLE = Path(sys.executable)
TREE = EXECUTABLE / "named"
NAMES = ["deep", "plain"]
LIBC = ctypes.CDLL(None, use_errno=True)


class Dirent(ctypes.Structure):
    """struct dirent of musl and of Linux's getdents64."""

    _fields_ = (
        ("inode", ctypes.c_uint64),
        ("offset", ctypes.c_int64),
        ("size", ctypes.c_ushort),
        ("type", ctypes.c_ubyte),
        ("name", ctypes.c_char * 256),
    )


class Glob(ctypes.Structure):
    """glob_t."""

    _fields_ = (
        ("count", ctypes.c_size_t),
        ("paths", ctypes.POINTER(ctypes.c_char_p)),
        ("reserved", ctypes.c_size_t * 10),
    )


ENTRY = ctypes.POINTER(Dirent)
for name, result, arguments in (
    ("opendir", ctypes.c_void_p, [ctypes.c_char_p]),
    ("fdopendir", ctypes.c_void_p, [ctypes.c_int]),
    ("readdir", ENTRY, [ctypes.c_void_p]),
    ("readdir_r", ctypes.c_int, [ctypes.c_void_p, ENTRY, ctypes.POINTER(ENTRY)]),
    ("dirfd", ctypes.c_int, [ctypes.c_void_p]),
    ("telldir", ctypes.c_long, [ctypes.c_void_p]),
    ("seekdir", None, [ctypes.c_void_p, ctypes.c_long]),
    ("rewinddir", None, [ctypes.c_void_p]),
    ("closedir", ctypes.c_int, [ctypes.c_void_p]),
    ("realpath", ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]),
    ("fopen", ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p]),
    ("freopen", ctypes.c_void_p, [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]),
    ("fgets", ctypes.c_char_p, [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]),
):
    getattr(LIBC, name).restype = result
    getattr(LIBC, name).argtypes = arguments


def name_of(call, *arguments, **options):
    """What errno says after a call."""
    try:
        call(*arguments, **options)
    except OSError as error:
        return errno.errorcode[error.errno].replace("EOPNOTSUPP", "ENOTSUP")
    return "nothing"


def of_libc(status):
    """The same of one of libc's own."""
    assert status in (-1, None), status
    return errno.errorcode[ctypes.get_errno()].replace("EOPNOTSUPP", "ENOTSUP")


def spellings(place):
    """As many ways to write where one file is."""
    app = EXECUTABLE.name
    (place / "to_app").symlink_to(EXECUTABLE)
    (place / "to_folder").symlink_to(EXECUTABLE.parent)
    (place / "to_tree").symlink_to(TREE)
    (place / "to_file").symlink_to(TREE / "plain")
    os.link(EXECUTABLE, place / "hard")
    paths = [
        *(f"{app}/named/plain", f"./{app}//named/./plain", f"{app}/named/deep/../plain"),
        *(f"{app}/../{app}/named/plain", f"/{EXECUTABLE}/named/plain", "/proc/self/exe/named/plain"),
    ]
    paths += [
        f"{place}/{name}"
        for name in (
            *("to_app/named/plain", f"to_folder/{app}/named/plain", "to_tree/plain"),
            *("to_tree/../named/plain", "to_file", "hard/named/plain"),
        )
    ]
    same = [
        path
        for path in paths
        if Path(path).read_text() == "plain" and os.path.samefile(path, TREE / "plain")
    ]
    print("spellings", len(same) if same == paths else set(paths) - set(same))


def dots():
    plain = f"{EXECUTABLE.name}/named/plain"
    print(
        f"slash {name_of(open, plain + '/')},",
        f"missing {name_of(os.stat, f'{EXECUTABLE.name}/nope/..')},",
        f"file above {name_of(os.stat, plain + '/..')},",
        f"above {os.path.samefile(TREE / '../..', EXECUTABLE.parent)}",
    )


def to_and_fro():
    """Hundreds of ways out of the executable and back again."""
    steps = 3900 // len(f"/../{EXECUTABLE.name}")
    long = f"{EXECUTABLE}{f'/../{EXECUTABLE.name}' * steps}/named/plain"
    found = []
    threading.stack_size(64 * 1024)
    thread = threading.Thread(target=lambda: found.append(os.stat(long)))
    thread.start()
    thread.join()
    threading.stack_size(0)
    print("to and fro on a small stack", found == [os.stat(TREE / "plain")])


def through_links(place):
    found = sorted(os.listdir(place / "to_tree"))
    pattern = f"{EXECUTABLE.name}/named/*"
    print("links", found, len(glob.glob(pattern)) == 2, os.path.isdir(place / "to_tree"))
    walked = {top for top, _folders, _files in os.walk(place, followlinks=True)}
    print("whole walk", f"{place}/to_tree/deep" in walked)
    strict = (place / "to_app/named/deep/../plain").resolve(strict=True)
    print("resolved", strict == TREE / "plain", (place / "to_file").resolve() == TREE / "plain")


def descriptors():
    file = os.open(f"{EXECUTABLE.name}/named", os.O_RDONLY)
    with os.scandir(file) as entries:
        names = sorted(entry.name for entry in entries)
    with open(os.open("plain", os.O_RDONLY, dir_fd=file)) as stream:
        print("descriptor", os.fstat(file) == TREE.stat(), names, stream.read())
    print("fwalk", sorted(x for _top, one, two, _fd in os.fwalk(".", dir_fd=file) for x in one + two)[:2])
    copy = os.dup(file)
    os.close(file)
    by_proc = Path(f"/proc/self/fd/{copy}/plain").read_text() == "plain"
    print("copies", sorted(os.listdir(copy)) == NAMES, by_proc, not os.get_inheritable(copy))
    child = [sys.executable, "child", str(copy)]
    done = subprocess.run(child, pass_fds=[copy], stdout=subprocess.PIPE, text=True, check=True)
    names, told = done.stdout.splitlines()
    print("child", names, told == str(list(TREE.stat())[:3]))
    os.close(copy)
    print("no real device", os.major(TREE.stat().st_dev) > 0xFFF)
    print("removed", name_of(shutil.rmtree, TREE))


def child(number):
    """What another process of this executable sees of a folder that it was given."""
    print(sorted(os.listdir(number)))
    print(list(os.fstat(number))[:3])


def refusals():
    app = EXECUTABLE.name
    file = os.open(TREE, os.O_RDONLY)
    places = [
        name_of(os.chdir, f"{app}/named"),
        name_of(os.fchdir, file),
        name_of(subprocess.run, ["/nowhere"], cwd=TREE),
        name_of(os.chdir, TREE / "plain"),
        name_of(os.chdir, TREE / "nope"),
    ]
    os.close(file)
    print("working folder", *places)
    watches = LIBC.inotify_init()
    refused = [
        of_libc(LIBC.inotify_add_watch(watches, os.fsencode(path), 2))
        for path in (TREE, f"{app}/named/plain")
    ]
    watched = LIBC.inotify_add_watch(watches, os.fsencode(EXECUTABLE), 2) >= 0
    os.close(watches)
    print("watch", *refused, watched)
    handle = ctypes.create_string_buffer(200)
    mount = ctypes.c_int()
    where = os.fsencode(TREE / "plain")
    print("handle", of_libc(LIBC.name_to_handle_at(-100, where, handle, ctypes.byref(mount), 0)))


def disk():
    by_path, by_file = ctypes.create_string_buffer(200), ctypes.create_string_buffer(200)
    LIBC.statfs(os.fsencode(TREE), by_path)
    with open(TREE / "plain") as stream:
        LIBC.fstatfs(stream.fileno(), by_file)
        same = os.fstatvfs(stream.fileno()) == os.statvfs(TREE)
    print("disk", by_path.raw == by_file.raw, same)


def entries_of(stream):
    """The names that are left in a stream of a folder."""
    names = []
    while entry := LIBC.readdir(stream):
        names.append(entry.contents.name.decode())
    return names


def folders_of_libc():
    stream = LIBC.opendir(os.fsencode(TREE))
    inodes = {}
    while entry := LIBC.readdir(stream):
        inodes[entry.contents.name.decode()] = entry.contents.inode
    own = os.fstat(LIBC.dirfd(stream)).st_ino
    right = inodes["."] == own == TREE.stat().st_ino and inodes["plain"] == os.stat(TREE / "plain").st_ino
    print("libc opendir", sorted(inodes), right, inodes[".."] == os.stat(f"{EXECUTABLE}/").st_ino)
    LIBC.rewinddir(stream)
    LIBC.readdir(stream)
    place = LIBC.telldir(stream)
    rest = entries_of(stream)
    LIBC.seekdir(stream, place)
    print("libc seekdir", entries_of(stream) == rest and len(rest) == 3)
    LIBC.rewinddir(stream)
    entry, found, names = Dirent(), ENTRY(), []
    while LIBC.readdir_r(stream, ctypes.byref(entry), ctypes.byref(found)) == 0 and found:
        names.append(entry.name.decode())
    print("libc readdir_r", sorted(names))
    LIBC.closedir(stream)
    listed = ctypes.POINTER(ENTRY)()
    count = LIBC.scandir(os.fsencode(TREE), ctypes.byref(listed), None, None)
    print("libc scandir", sorted(listed[i].contents.name.decode() for i in range(count)))


def walks_of_libc():
    seen = []

    def visit(path, *_facts):
        seen.append(path.decode()[len(str(TREE)) + 1 :])
        return 0

    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p
    )
    LIBC.nftw(os.fsencode(TREE), kind(visit), 5, 1)
    print("libc nftw", sorted(seen))
    found = Glob()
    LIBC.glob(os.fsencode(f"{EXECUTABLE.name}/named/*"), 0, None, ctypes.byref(found))
    print("libc glob", found.count)
    paths = [
        ctypes.string_at(LIBC.realpath(os.fsencode(path), None))
        for path in (f"{EXECUTABLE.name}/named/deep/..", "/proc/self/exe/named")
    ]
    print("libc realpath", *(path == os.fsencode(TREE) for path in paths))


def files_of_libc():
    plain = os.fsencode(f"{EXECUTABLE.name}/named/plain")
    line = ctypes.create_string_buffer(100)
    stream = LIBC.freopen(plain, b"r", LIBC.fopen(b"/dev/null", b"r"))
    print("libc freopen", LIBC.fgets(line, 100, stream).decode())
    print("libc creat", of_libc(LIBC.creat(plain + b"-new", 0o644)))
    print("libc fopen write", of_libc(LIBC.fopen(plain, b"w")))


def errno_is_kept():
    """Calls that succeed, after which C code looks at errno all the same."""
    plain, folder = os.fsencode(TREE / "plain"), os.fsencode(TREE)
    room = ctypes.create_string_buffer(4096)
    LIBC.opendir.restype = LIBC.readdir.restype = LIBC.fopen.restype = ctypes.c_void_p
    LIBC.mmap.restype = ctypes.c_void_p
    LIBC.lseek.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int)
    changed = []

    def call(name, *arguments):
        ctypes.set_errno(0)
        result = getattr(LIBC, name)(*arguments)
        if ctypes.get_errno() != 0:
            changed.append((name, errno.errorcode[ctypes.get_errno()]))
        return result

    for _ in range(2):  # the second is made from the first
        file = call("open", plain, os.O_RDONLY | os.O_CLOEXEC)
        call("fstat", file, room)
        call("read", file, room, 3)
        call("lseek", file, 0, os.SEEK_SET)
        call("flock", file, 1)
    call("mmap", None, 3, 1, 2, file, 0)
    call("close", call("dup", file))
    call("stat", plain, room)
    call("access", plain, os.R_OK)
    call("statvfs", plain, room)
    call("close", file)
    call("fclose", ctypes.c_void_p(call("fopen", plain, b"r")))
    stream = ctypes.c_void_p(call("opendir", folder))
    while call("readdir", stream):
        pass
    call("closedir", stream)
    print("errno is kept", changed)


def spawning():
    def spawn(*actions):
        return os.posix_spawn(sys.executable, [sys.executable, "cat"], {}, file_actions=actions)

    read, write = os.pipe()
    plain = f"{EXECUTABLE.name}/named/plain"
    os.waitpid(
        spawn((os.POSIX_SPAWN_OPEN, 0, plain, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, write, 1)), 0
    )
    os.close(write)
    with open(read) as stream:
        text = stream.read().strip()
    missing = name_of(spawn, (os.POSIX_SPAWN_OPEN, 0, plain + "-not", os.O_RDONLY, 0))
    actions = ctypes.create_string_buffer(200)
    LIBC.posix_spawn_file_actions_init(actions)
    moved = LIBC.posix_spawn_file_actions_addchdir_np(actions, os.fsencode(TREE))
    name = errno.errorcode[moved].replace("EOPNOTSUPP", "ENOTSUP")
    print(f"spawned {text}, {missing}, {name}")


def main(arguments):
    if arguments[0] == "child":
        child(int(arguments[1]))
    elif arguments[0] == "cat":
        print(sys.stdin.read())
    else:
        assert stat.S_ISREG(EXECUTABLE.stat().st_mode)
        os.chdir(EXECUTABLE.parent)
        with tempfile.TemporaryDirectory(dir=".") as folder:
            place = Path(folder).absolute()
            spellings(place)
            dots()
            to_and_fro()
            through_links(place)
        descriptors()
        refusals()
        disk()
        folders_of_libc()
        walks_of_libc()
        files_of_libc()
        errno_is_kept()
        spawning()
