"""Runs a compiler so that it reads nothing of this machine: `python guard.py SETTING ARGUMENT...`.

SETTING is a JSON file: the compiler's command and the folders that it may read. Folders elsewhere
that the arguments name for headers or libraries are left out, as if they were empty; an input from
elsewhere is an error. Whatever the compiler read in spite of that, by an absolute path in an
`#include` or a linker script, fails the call, and what it made is removed.
"""

import json
import os
import sys

_FOLDERS = (
    *("-I", "-L", "-F", "-B", "-isystem", "-iquote", "-idirafter", "-cxx-isystem"),
    *("-isystem-after", "-iframework", "-iprefix", "-iwithprefix", "-iwithprefixbefore"),
    *("--include-directory", "--library-directory"),
)
"""Options that name a folder to search."""
_LINKER_FOLDERS = ("-L", "--library-path")
_FILES = (
    *("-include", "-imacros", "-include-pch", "--include", "--imacros", "-ivfsoverlay", "-T"),
    *("--sysroot", "-isysroot", "-resource-dir", "--gcc-toolchain", "--gcc-install-dir"),
    *("-fuse-ld", "--ld-path", "-specs", "--specs", "--config", "-fplugin", "-fpass-plugin"),
    *("-fprofile-use", "-fprofile-instr-use", "-fmodule-file", "-fmodule-map-file"),
    *("--script", "--version-script", "--dynamic-list", "--just-symbols", "--retain-symbols-file"),
)
"""Options that name what is read."""
_JOINED = tuple(sorted((*_FOLDERS, "-include", "-imacros", "-isysroot"), key=len, reverse=True))
"""Those whose value may follow without a sign between, the longest first."""
_NAMES_OR_PATHS = ("-fuse-ld", "-specs", "--specs", "--config")
_VALUED = (
    *("-o", "-x", "-D", "-U", "-l", "-u", "-z", "-e", "-h", "-target", "--target", "--param"),
    *("-MF", "-MT", "-MQ", "-MJ", "-mllvm", "-soname", "-rpath", "-dumpdir", "-Xassembler"),
)
"""Options whose value is the next argument, and names nothing that is read."""
_FORWARDED = {"-Xlinker": _LINKER_FOLDERS, "-Xpreprocessor": _FOLDERS, "-Xclang": _FOLDERS}
_LISTS = {"-Wl,": _LINKER_FOLDERS, "-Wp,": _FOLDERS, "-Wa,": _FOLDERS}
_OF_THIS_PROCESSOR = ("-march=native", "-mtune=native", "-mcpu=native")
_WITHOUT_LINKING = ("-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "--precompile", "-###")
_DEPENDENCIES = "--dependency-file="
_ALWAYS = ("-", os.devnull, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")
_LONGEST = 100_000
"""Characters of a command line; longer ones go into a response file."""
_SIGPIPE = 13


class RefusedError(Exception):
    """Something of this machine would be read."""


class Guard:
    """The folders that a build may read, and what was left out of its commands."""

    def __init__(self, roots):
        self._roots = [os.path.realpath(root) for root in roots]
        self.left_out = []

    def allows(self, path):
        """Say whether a path, followed through links, is in one of the folders."""
        if path in _ALWAYS or path.startswith("="):  # the sign stands for the sysroot
            return True
        real = os.path.realpath(path)
        return any(real == root or real.startswith(root.rstrip("/") + "/") for root in self._roots)

    def require(self, *paths):
        """Raise `RefusedError` for the first path that is elsewhere."""
        for path in paths:
            if not self.allows(path):
                raise RefusedError(path)

    def arguments(self, words, folders=_FOLDERS):
        """Return arguments without what names folders of this machine.

        `folders` are the options that do so. Raises `RefusedError` for a file.
        """
        kept = []
        words = iter(words)
        for word in words:
            option, value = _split(word, folders)
            if word in _OF_THIS_PROCESSOR:
                self.left_out.append(word)
            elif option:
                more = [] if value is not None else [next(words, "")]
                if self._keeps(option, more[0] if more else value, folders):
                    kept += [word, *more]
            elif word in _VALUED:
                kept += [word, *_next(words)]
            elif word in _FORWARDED:
                more = self.arguments(_next(words), _FORWARDED[word])
                kept += [word, *more] if more else []
            elif word[:4] in _LISTS:
                more = self.arguments(word[4:].split(","), _LISTS[word[:4]])
                kept += [word[:4] + ",".join(more)] if more else []
            else:
                # What else goes to a linker is known when it says what it read.
                if folders is _FOLDERS and not word.startswith("-"):
                    self.require(word)
                kept.append(word)
        return kept

    def _keeps(self, option, value, folders):
        if self.allows(value) or (option in _NAMES_OR_PATHS and "/" not in value):
            return True
        if option not in folders:
            raise RefusedError(value)
        self.left_out.append(f"{option} {value}")
        return False


def _next(words):
    """Return a list of the next argument, empty at the end."""
    return [word for _, word in zip(range(1), words, strict=False)]


def _split(word, folders):
    """Return the option that names a path, or None, and its value, None if that comes next."""
    if word in folders or word in _FILES:
        return word, None
    option, equals, value = word.partition("=")
    if equals and word.startswith(("--", "-f", "-s", "-r")) and option in (*folders, *_FILES):
        return option, value
    for option in _JOINED:
        if word.startswith(option) and (option in folders or option in _FILES):
            return option, word[len(option) :]
    return None, None


def expand(words, depth=0):
    """Yield arguments, those of response files (`@file`) in their place, as clang does."""
    for word in words:
        text = _text(word[1:]) if word.startswith("@") and depth < 20 else None
        if text is None:
            yield word
        else:
            yield from expand(_words(text), depth + 1)


def _words(text):
    r"""Split a response file: quotes of both kinds, and `\` before any character."""
    word, quote, escaped = None, "", False
    for sign in text:
        if escaped:
            word, escaped = (word or "") + sign, False
        elif sign == "\\":
            escaped = True
        elif quote:
            word, quote = (word, "") if sign == quote else (word + sign, quote)
        elif sign in "'\"":
            word, quote = word or "", sign
        elif not sign.isspace():
            word = (word or "") + sign
        elif word is not None:
            yield word
            word = None
    if word is not None:
        yield word


def _text(path):
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.read()
    except OSError:
        return None


def prerequisites(text):
    r"""Return the files that the first rule of a makefile's dependencies names after its colon."""
    rule = text.replace("\\\n", " ").partition("\n")[0].partition(": ")[2]
    parts = rule.replace("\\ ", "\0").replace("\\#", "#").replace("$$", "$").split()
    return [part.replace("\0", " ") for part in parts]


def _links(words):
    inputs = any(word == "-" or word[:1] != "-" or word[:2] == "-l" for word in words)
    return inputs and not any(word in _WITHOUT_LINKING for word in words)


def _output(words):
    for number, word in enumerate(words):
        if word.startswith("-o"):
            return word[2:] or "".join(words[number + 1 : number + 2])
    return "a.out"


def run(setting, guard, words):
    """Run the compiler; return its exit status, or raise `RefusedError` for what it read."""
    draft = os.path.join(setting["scratch"], str(os.getpid()))
    headers, inputs, response = (f"{draft}.{name}" for name in ("headers", "inputs", "response"))
    argv = [*setting["command"], *words, *setting["after"]]
    own = [word for word in words if _DEPENDENCIES in word]
    if _links(words) and not own:
        argv.append(f"-Wl,{_DEPENDENCIES}{inputs}")
    if sum(map(len, argv)) > _LONGEST:
        with open(response, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.writelines(f"{_quoted(word)}\n" for word in argv[1:])
        argv = [argv[0], f"@{response}"]
    environment = os.environ | {"CC_PRINT_HEADERS": "1", "CC_PRINT_HEADERS_FILE": headers}
    child = os.posix_spawn(argv[0], argv, environment, setsigdef=[_SIGPIPE])
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    linked = own[-1].partition(_DEPENDENCIES)[2].partition(",")[0] if own else inputs
    try:
        guard.require(*(_text(headers) or "").splitlines())
        guard.require(*prerequisites(_text(linked) or ""))
    except RefusedError:
        if os.path.isfile(_output(words)):
            os.remove(_output(words))
        raise
    finally:
        for path in (headers, inputs, response):
            if os.path.exists(path):
                os.remove(path)
    return status


def _quoted(word):
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main():
    """Run the compiler and give on its exit status."""
    with open(sys.argv[1], encoding="utf-8") as stream:
        setting = json.load(stream)
    own = [os.environ.get("OBELISK_BUILD_SOURCE"), os.environ.get("TMPDIR", "/tmp")]  # noqa: S108
    guard = Guard([*setting["roots"], *filter(None, own)])
    try:
        words = guard.arguments(expand(sys.argv[2:]))
        for option in set(guard.left_out).intersection(_OF_THIS_PROCESSOR):
            sys.stderr.write(f"obelisk: note: ignoring {option}: not for this processor only\n")
        status = run(setting, guard, words)
    except RefusedError as refused:
        shown = str(refused).encode(errors="backslashreplace").decode()
        sys.stderr.write(
            f"obelisk: error: `{shown}` belongs to the host, not to the target; builds from source "
            "only see their own source tree and `build-packages`\n"
        )
        status = 1
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    main()
