# /// script
# [tool.obelisk]
# data = ["named/**/*", "tree/**/*"]
# ///
"""Does the same in two worlds, and says where they differ: test_paths.py asks it what to do.

In one world `app` is a read-only folder, in the other it is this executable. `tree` is in both; other
files and links stand beside them, on a read-only disk too, so that no step changes what others see.
"""

import errno
import fcntl
import glob
import json
import mmap
import os
import shutil
import stat
import sys
import threading
from pathlib import Path

import ways

LINKS = {
    "to_app": "app",
    "to_tree": "app/tree",
    "to_here": ".",
    "links/to_tree": "../app/tree",
    "links/up": "..",
    "links/to_link": "to_tree",
    "links/dangling": "../app/tree/nope/nope",
    "links/loop": "loop",
    "links/out": "../app/tree/../../outside",
}

APP = ("app", "to_app")
ITSELF = "the executable itself"
LISTS = ("listdir", "scandir", "threads")
READS = ("fread", "pread")
GOES = ("unlink", "rmdir", "rename")


def furnish(world):
    """Put beside `app` what paths lead through from outside."""
    (world / "links").mkdir()
    (world / "outside").mkdir()
    (world / "outside/file").write_text("outside")
    os.utime(world / "outside/file", (10**9, 10**9))
    for name, target in LINKS.items():
        (world / name).symlink_to(target)
    (world / "links/absolute").symlink_to(world / "app/tree")
    for folder, _folders, files in os.walk(world / "app/tree"):
        if files:
            (world / "links/to_file").symlink_to(Path(folder, sorted(files)[0]))
            break


def identity(found):
    """What tells one file from another."""
    return found.st_dev, found.st_ino


def inode(entry):
    """The inode of an entry of a folder, by its path."""
    return entry.stat(follow_symlinks=False).st_ino


class World:
    """One world, and what is open in it."""

    def __init__(self, root):
        self.root = root
        self.files = []
        self.identities = {}
        self.itself = identity(os.stat(f"{root}/app"))
        self.tops = [self.itself, identity(os.stat(f"{root}/app/"))]

    def path(self, words):
        """A path as it was asked for: `@` at its beginning is the world's own."""
        return words.replace("@", self.root, 1) if words.startswith("@") else words

    def clean(self, value):
        """What is comparable: without the world's own path, and inodes by when they were seen."""
        if isinstance(value, str):
            return value.replace(self.root, "@")
        if isinstance(value, os.stat_result):
            return self.facts(value)
        if isinstance(value, (list, tuple)):
            return [self.clean(one) for one in value]
        return value if isinstance(value, (int, bool, type(None))) else repr(value)

    def facts(self, found):
        mode = found.st_mode
        number = self.identities.setdefault(identity(found), len(self.identities))
        facts = [stat.filemode(mode), number, found.st_uid, found.st_gid]
        if stat.S_ISREG(mode):
            facts += [found.st_nlink, found.st_size, found.st_mtime_ns]
        return facts

    def at(self, number):
        """A descriptor by its number, or None for the working folder."""
        return None if number is None or not self.files else self.files[number % len(self.files)]

    def file(self, number):
        """A descriptor by its number, or a wrong one."""
        return self.files[number % len(self.files)] if self.files else -1

    def act(self, name, arguments):
        """Do one thing; return what came of it."""
        if self.means(name, arguments):
            return ITSELF
        try:
            return self.clean(getattr(self, f"do_{name}")(*arguments))
        except OSError as error:
            return errno.errorcode.get(error.errno, error.errno)
        except (ValueError, NotImplementedError) as error:
            return type(error).__name__

    def means(self, name, arguments):
        """Say whether a call means the executable itself, or a folder that has more than the other."""
        for path in (self.path(one) for one in arguments if isinstance(one, str)):
            for place in (None, *self.files):
                try:
                    found = identity(os.stat(path, dir_fd=place))
                except (OSError, ValueError):
                    continue
                if found == self.itself or (name in LISTS and found in self.tops):
                    return True
        return False

    def close(self):
        for file in self.files:
            os.close(file)
        self.files = []

    # What can be asked of a path.

    def do_open(self, path, flags, number):
        value = os.O_CLOEXEC
        for flag in flags:
            value |= getattr(os, flag)
        file = os.open(self.path(path), value, 0o644, dir_fd=self.at(number))
        if identity(os.fstat(file)) in self.tops:
            os.close(file)
            return None
        self.files.append(file)
        return self.seen(file)

    def seen(self, file):
        return [os.fstat(file), fcntl.fcntl(file, fcntl.F_GETFD)]

    def do_stat(self, path, follow, number):
        return os.stat(self.path(path), dir_fd=self.at(number), follow_symlinks=follow)

    def do_access(self, path, mode, number):
        return os.access(self.path(path), mode, dir_fd=self.at(number))

    def names(self, found):
        return sorted(name for name in found if name not in APP)

    def do_listdir(self, path):
        return self.names(os.listdir(self.path(path)))

    def do_scandir(self, path):
        with os.scandir(self.path(path)) as entries:
            return sorted(
                (one.name, one.is_dir(), one.is_symlink(), one.inode() == inode(one))
                for one in entries
                if one.name not in APP
            )

    def ends(self, path):
        """Say whether a walk ends that follows links; outside some lead in circles."""
        return os.path.realpath(self.path(path)).startswith(self.root + "/app/tree")

    def do_walk(self, path, follow):
        if not self.ends(path):
            return None
        found = os.walk(self.path(path), followlinks=follow)
        return sorted((top, sorted(folders), sorted(files)) for top, folders, files in found)

    def do_fwalk(self, path, number):
        if not self.ends(path):
            return None
        found = os.fwalk(self.path(path), dir_fd=self.at(number))
        return sorted((top, sorted(dirs), sorted(files)) for top, dirs, files, _file in found)

    def do_glob(self, path, pattern):
        if not self.ends(path):
            return None
        return sorted(glob.glob(os.path.join(self.path(path), pattern), recursive=True))

    def do_resolve(self, path, strict):
        return str(Path(self.path(path)).resolve(strict=strict))

    def do_realpath(self, path):
        return os.path.realpath(self.path(path), strict=True)

    def do_read(self, path):
        return Path(self.path(path)).read_bytes().hex()

    def do_readlink(self, path, number):
        return os.readlink(self.path(path), dir_fd=self.at(number))

    def do_statvfs(self, path):
        found = os.statvfs(self.path(path))
        return [found.f_flag & os.ST_RDONLY, found.f_namemax]

    def do_samefile(self, path, other):
        return os.path.samefile(self.path(path), self.path(other))

    def do_copy(self, path):
        place = "/tmp/copy"
        try:
            shutil.copy2(self.path(path), place)
            return [Path(place).read_bytes().hex(), stat.filemode(os.stat(place).st_mode)]
        finally:
            Path(place).unlink(missing_ok=True)

    def do_threads(self, path):
        """The same by four at once."""
        results = []

        def look():
            try:
                results.append(repr(sorted(os.listdir(self.path(path)))))
            except OSError as error:
                results.append(repr(error.errno))

        threads = [threading.Thread(target=look) for _number in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return sorted(set(results))

    # What would change something.

    def do_chmod(self, path, mode):
        os.chmod(self.path(path), mode)

    def do_utime(self, path, number):
        os.utime(self.path(path), (1, 1), dir_fd=self.at(number))

    def do_chown(self, path, number):
        os.chown(self.path(path), 0, 0, dir_fd=self.at(number))

    def do_truncate(self, path):
        os.truncate(self.path(path), 0)

    def do_mkdir(self, path, number):
        os.mkdir(self.path(path), dir_fd=self.at(number))

    def do_mkfifo(self, path, number):
        os.mkfifo(self.path(path), dir_fd=self.at(number))

    def do_symlink(self, path, number):
        os.symlink("anything", self.path(path), dir_fd=self.at(number))

    def do_unlink(self, path, number):
        os.unlink(self.path(path), dir_fd=self.at(number))

    def do_rmdir(self, path, number):
        os.rmdir(self.path(path), dir_fd=self.at(number))

    def do_rename(self, path, other):
        os.rename(self.path(path), self.path(other))

    def do_link(self, path, other):
        os.link(self.path(path), self.path(other))

    # What can be asked of a descriptor.

    def do_fstat(self, number):
        return os.fstat(self.file(number))

    def do_fread(self, number, size):
        return os.read(self.file(number), size).hex()

    def do_pread(self, number, size, offset):
        return os.pread(self.file(number), size, offset).hex()

    def do_seek(self, number, offset, whence):
        if stat.S_ISDIR(os.fstat(self.file(number)).st_mode):
            return None  # what the places in a folder are called is the file system's own affair
        return os.lseek(self.file(number), offset, whence)

    def do_dup(self, number):
        self.files.append(os.dup(self.file(number)))
        return self.seen(self.files[-1])

    def do_flist(self, number):
        return self.names(os.listdir(self.file(number)))

    def do_fscan(self, number):
        with os.scandir(self.file(number)) as entries:
            return sorted((one.name, one.is_dir()) for one in entries if one.name not in APP)

    def do_map(self, number):
        with mmap.mmap(self.file(number), 0, access=mmap.ACCESS_READ) as mapped:
            return mapped[:10].hex()

    def do_fchmod(self, number):
        os.fchmod(self.file(number), 0o600)

    def do_futime(self, number):
        os.utime(self.file(number), (1, 1))

    def do_fwrite(self, number):
        return os.write(self.file(number), b"x")

    def do_fstatvfs(self, number):
        return os.fstatvfs(self.file(number)).f_flag & os.ST_RDONLY

    def do_lock(self, number, other):
        """Lock one descriptor, and try another."""
        fcntl.flock(self.file(number), fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            fcntl.flock(self.file(other), fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            for file in self.files:
                fcntl.flock(file, fcntl.LOCK_UN)


def allowed(step, real, ours):
    """Say whether a difference is one of those that are meant to be, which limits.md tells."""
    name, *arguments = step
    missing = ("ENOENT", "ENOTDIR", "ENAMETOOLONG")
    refusals = ("EROFS", "EXDEV", "EBUSY", "EINVAL", "EISDIR", "ENOTEMPTY")
    dots = any(str(one).rpartition("/")[2] in (".", "..") for one in arguments)
    return (
        ITSELF in (real, ours)
        # What is missing is said to be missing, also where Linux says first that the disk is read-only.
        or (name in GOES and real in ("EROFS", "EXDEV") and ours in missing)
        # That `.` and `..` cannot be removed or moved is not what is said first.
        or (name in GOES and dots and real in refusals and ours in refusals)
        # The read-only disk that the other file is on is not what is said first.
        or (name == "link" and (real, ours) == ("EROFS", "EXDEV"))
        # A folder has nothing to read.
        or (name in READS and (real, ours) == ("EISDIR", ""))
    )


def compare(worlds, folder, steps):
    """Do the steps in each world; return what each saw of the first that differs, or None."""
    seen = []
    for world in worlds:
        os.chdir(os.path.join(world.root, folder))
        world.identities = {}
        seen.append([world.act(name, arguments) for name, *arguments in steps])
        world.close()
    pairs = zip(steps, *seen, strict=True)
    differ = ([*both] for both in pairs if both[1] != both[2] and not allowed(*both))
    return next(differ, None)


def main():
    command, *roots = sys.argv[1:]
    if command in ("named", "child", "cat"):
        ways.main(sys.argv[1:])
        return
    real, ours = (Path(root) for root in roots)
    if command == "prepare":
        shutil.copytree(ours / "app/tree", real / "app/tree")
        for world in (real, ours):
            furnish(world)
        return
    worlds = [World(str(real)), World(str(ours))]
    for line in sys.stdin:
        folder, steps = json.loads(line)
        print(json.dumps(compare(worlds, folder, steps)), flush=True)


main()
