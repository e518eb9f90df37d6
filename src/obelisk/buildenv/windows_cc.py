"""The C compiler of builds for Windows: `python windows_cc.py SETTING ARGUMENT...`.

clang compiles, through guard.py; libraries (DLL) are linked by lld, which takes the options of
Microsoft's linker. So what a backend says to a compiler driver of POSIX
(`cc -shared a.o -lz -o x.pyd`) is said here in its words. SETTING is a JSON file: the commands, and
what each library is linked with.
"""

import json
import os
import subprocess
import sys
import tempfile

_SOURCES = (".c", ".s", ".S", ".i")
_WITHOUT_LINKING = ("-c", "-S", "-E", "-M", "-MM", "-fsyntax-only", "--version", "-v", "-###")
_INFORMATION = ("-print-", "--print-", "-dump")
_OF_COMPILER = (
    *("-isystem", "-include", "-idirafter", "-iquote", "-imacros", "-MF", "-MT", "-MQ", "-I", "-D"),
    *("-U", "-x"),
)
"""Options whose value follows, at once or as the next argument."""
_OF_LINKER = ("-Wl,", "-fuse-ld", "-static", "-pthread", "-rdynamic", "-z")
"""How options begin that say nothing to this linker."""


class Link:
    """What of the arguments is compiled and linked, and how."""

    def __init__(self, words):
        self.output = "a.out"
        self.inputs = []
        """(name, whether it is a library that is searched for)"""
        self.folders = []
        self.compile = []
        """Options of the compiler."""
        self.shared = False
        self._words = iter(words)
        for word in self._words:
            self._take(word)

    def _take(self, word):
        if word == "-shared":
            self.shared = True
        elif word.startswith("-o"):
            self.output = self._value(word, "-o")
        elif word.startswith("-L"):
            self.folders.append(self._value(word, "-L"))
        elif word.startswith("-l"):
            self.inputs.append((self._value(word, "-l"), True))
        elif word == "-Xlinker":
            self._value(word, word)
        elif word.startswith(_OF_COMPILER):
            option = next(one for one in _OF_COMPILER if word.startswith(one))
            self.compile += [option, self._value(word, option)]
        elif word == "-s" or word.startswith(_OF_LINKER):
            pass
        elif word.startswith("-"):
            self.compile.append(word)
        else:
            self.inputs.append((word, False))

    def _value(self, word, option):
        return word[len(option) :] or next(self._words, "")


def find(name, folders):
    """Return the file of a library; None for what every link has, such as `-lm`."""
    for folder in folders:
        for file in (f"lib{name}.a", f"{name}.lib", f"lib{name}.dll.a"):
            path = os.path.join(folder, file)
            if os.path.exists(path):
                return path
    return None


def call(argv):
    return subprocess.run(argv, check=False).returncode


def link(setting, words):
    """Compile what are sources, and link a library; return the exit status."""
    job = Link(words)
    if not job.shared:
        sys.stderr.write("obelisk: programs for Windows are not linked in a build\n")
        return 1
    objects = []
    with tempfile.TemporaryDirectory(dir=setting["scratch"]) as folder:
        for number, (name, is_library) in enumerate(job.inputs):
            if is_library:
                path = find(name, [*job.folders, setting["lib"]])
                objects += [path] if path else []
            elif name.endswith(_SOURCES):
                made = os.path.join(folder, f"{number}.o")
                status = call([*setting["compile"], *job.compile, "-c", name, "-o", made])
                if status:
                    return status
                objects.append(made)
            else:
                objects.append(name)
        argv = [*setting["link"], f"-out:{job.output}", *objects, *setting["after"]]
        response = os.path.join(folder, "arguments")
        with open(response, "w", encoding="utf-8") as stream:
            stream.writelines('"' + word.replace('"', '\\"') + '"\n' for word in argv[1:])
        return call([argv[0], "@" + response])


def main():
    """Compile, or link."""
    with open(sys.argv[1], encoding="utf-8") as stream:
        setting = json.load(stream)
    words = sys.argv[2:]
    only = [word for word in words if word in _WITHOUT_LINKING or word.startswith(_INFORMATION)]
    has_input = any(not word.startswith("-") for word in words)
    if only or not has_input:
        sys.exit(call([*setting["compile"], *words]))
    sys.exit(link(setting, words))


if __name__ == "__main__":
    main()
