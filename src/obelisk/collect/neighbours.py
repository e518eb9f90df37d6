"""Finds the modules next to a script that it imports; run by the target's Python for its grammar.

stdin is JSON: the script's path, and the names that installed packages have. stdout is JSON: the
modules that were found, or the file that is wrong and what is wrong with it.
"""

import ast
import json
import os
import stat
import sys


class UnreadableError(Exception):
    """A module's file that cannot be read or parsed: its path, and why."""


class Finder:
    """Follows the import statements of modules in one folder, as the interpreter would."""

    def __init__(self, folder, installed):
        self._folder = folder
        self._taken = {*sys.builtin_module_names}
        self._installed = set(installed)
        self.found = {}
        """Dotted names to (path, whether it is a package); None for what is no module here."""
        self._waiting = []

    def run(self, script):
        """Find all modules that the script imports, directly or indirectly."""
        self._waiting.append(("__main__", script, False))
        while self._waiting:
            name, path, is_package = self._waiting.pop()
            package = name if is_package else name.rpartition(".")[0]
            for node in ast.walk(_parse(path)):
                if isinstance(node, ast.Import):
                    for alias in node.names:
                        self._import(alias.name)
                elif isinstance(node, ast.ImportFrom):
                    self._import_from(node, package)

    def _import_from(self, node, package):
        parts = package.split(".") if package else []
        if node.level > len(parts):
            # Beyond the top: what fails when it runs, if it ever does.
            parts = [] if node.level == 0 else None
        if parts is None:
            return
        parts = parts[: len(parts) - node.level + 1] if node.level else []
        base = ".".join([*parts, *([node.module] if node.module else [])])
        if not base or not self._import(base):
            return
        for alias in node.names:
            names = self._children(base) if alias.name == "*" else [alias.name]
            for name in names:
                self._import(f"{base}.{name}")

    def _import(self, name):
        """Find a module and the packages above it; return whether it is here."""
        path = self._folder
        parts = name.split(".")
        for count, part in enumerate(parts, 1):
            full = ".".join(parts[:count])
            if full not in self.found:
                self.found[full] = self._look(full, os.path.join(path, part))
            if self.found[full] is None:
                return False
            path = os.path.join(path, part)
        return True

    def _look(self, name, path):
        """Return what the interpreter finds first: a package, a module, a namespace package."""
        if name in self._taken:
            return None
        init = os.path.join(path, "__init__")
        for stem, is_package in ((init, True), (path, False)):
            if _is_file(f"{stem}.py"):
                self._waiting.append((name, f"{stem}.py", is_package))
                return f"{stem}.py", is_package
            if _is_file(f"{stem}.pyc"):
                return f"{stem}.pyc", is_package  # what it imports in turn is not looked for
        # A folder alone is found after all that is installed.
        if os.path.isdir(path) and name not in self._installed:
            return "", True
        return None

    def _children(self, name):
        """Return the names of what may be imported from a package by `*`."""
        folder = os.path.join(self._folder, *name.split("."))
        if not self.found[name][1]:
            return []
        try:
            entries = os.listdir(folder)
        except OSError as error:
            raise UnreadableError(folder, error.strerror) from error
        here = os.path.realpath(folder) + "/"
        names = {entry.removesuffix(".py") for entry in entries if entry.endswith(".py")}
        for entry in entries:
            inside = os.path.join(folder, entry)
            # Not a link to what it lies in, which would have no end.
            if os.path.isdir(inside) and not here.startswith(os.path.realpath(inside) + "/"):
                names.add(entry)
        return sorted(name for name in names if name.isidentifier() and name != "__init__")


def _is_file(path):
    """Return whether a path is a regular file: nothing else is opened."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def _parse(path):
    try:
        with open(path, "rb") as stream:
            return ast.parse(stream.read())
    except SyntaxError as error:
        where = f"{path}:{error.lineno}" if error.lineno else path
        raise UnreadableError(where, error.msg) from error
    except OSError as error:
        raise UnreadableError(path, error.strerror) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(path, f"{type(error).__name__}: {error}") from error


def main():
    """Read the question from stdin, and write the answer."""
    asked = json.load(sys.stdin)
    finder = Finder(os.path.dirname(asked["script"]), asked["installed"])
    try:
        finder.run(asked["script"])
    except UnreadableError as error:
        json.dump({"wrong": error.args}, sys.stdout)
        return
    modules = [[name, *found] for name, found in sorted(finder.found.items()) if found and found[0]]
    json.dump({"modules": modules}, sys.stdout)


if __name__ == "__main__":
    main()
