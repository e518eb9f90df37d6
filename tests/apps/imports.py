# /// script
# dependencies = ["setuptools==80.9.0", "zope.interface==8.1.1", "zope.event==6.1"]
# [tool.obelisk]
# interpreter.module-search-paths = ["$ORIGIN/plugins"]
# ///
"""Everything about importing that an application may rely on."""

# expect: loader SourceFileLoader True True
# expect: cached True
# expect: namespace ['event', 'interface', 'outside'] 42
# expect: search path True first wins
# expect: package path late
# expect: spellings True True True True None None
# expect: runpy ran 28
# expect: zip 7
# expect: walk True True
# expect: pkg_resources setuptools True
# expect: entry points True True
# expect: lazy attribute 3
# expect: extension None
# expect: source of code True
# expect: reloaded True
# expect: missing ModuleNotFoundError no_such_module
# expect: from file True
# expect: main True None
# expect: subinterpreter namespace

import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import inspect
import json
import linecache
import os
import pkgutil
import runpy
import sys
import warnings
import zipfile

STDLIB = os.path.join(sys.executable, "lib", "python{}.{}".format(*sys.version_info))
SCRATCH = os.environ.get("SCRATCH", "/tmp")


def write(path, text):
    place = os.path.join(SCRATCH, path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "w") as stream:
        stream.write(text)


def modules():
    spec = json.__spec__
    print(
        "loader",
        type(spec.loader).__name__,
        spec.origin == json.__file__ == os.path.join(STDLIB, "json", "__init__.py"),
        json.__path__ == [os.path.dirname(json.__file__)],
    )
    print("cached", spec.cached.startswith(sys.executable) and not os.path.exists(spec.cached))


def namespaces():
    """A namespace package has parts in the executable and in a folder that is added later."""
    write("more/zope/outside.py", "VALUE = 42\n")
    sys.path.append(os.path.join(SCRATCH, "more"))
    import zope.interface
    import zope.outside

    names = sorted(one.name for one in pkgutil.iter_modules(zope.__path__))
    print("namespace", names, zope.outside.VALUE)


def search_path():
    """What comes first in sys.path wins, and a package's own path can be added to."""
    write("first/colorsys.py", "WHO = 'first'\n")
    sys.path.insert(0, os.path.join(SCRATCH, "first"))
    import colorsys

    print("search path", STDLIB in sys.path, colorsys.WHO, "wins")
    del sys.path[0]
    write("late/extra.py", "WHO = 'late'\n")
    import email

    email.__path__.append(os.path.join(SCRATCH, "late"))
    from email import extra

    print("package path", extra.WHO)


def spellings():
    """Whatever way sys.path has the name of a folder, its modules are found, with their code."""
    ways = ("/", "//", "/.", "/email/..", "/json/__init__.py/..", "/nowhere/..")
    found = []
    for way in ways:
        spec = importlib.machinery.PathFinder.find_spec("colorsys", [STDLIB + way])
        found.append(spec and spec.loader.get_code("colorsys").co_filename == spec.origin)
    print("spellings", *found)


def running():
    out = runpy.run_module("__future__", run_name="again")
    write("run.py", "VALUE = 28\n")
    value = runpy.run_path(os.path.join(SCRATCH, "run.py"))["VALUE"]
    print("runpy", "ran" if out["__name__"] == "again" else "", value)


def archives():
    path = os.path.join(SCRATCH, "archive.zip")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("zipped/__init__.py", "VALUE = 7\n")
    sys.path.append(path)
    import zipped

    print("zip", zipped.VALUE)


def walking():
    names = {one.name for one in pkgutil.walk_packages(json.__path__, "json.")}
    top = {one.name for one in pkgutil.iter_modules()}
    print("walk", names >= {"json.decoder", "json.encoder", "json.scanner", "json.tool"}, "json" in top)


def metadata():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pkg_resources
    found = pkg_resources.get_distribution("setuptools")
    text = pkg_resources.resource_string("setuptools", "script.tmpl")
    print("pkg_resources", found.project_name, b"EASY-INSTALL" in text)
    points = importlib.metadata.entry_points(group="distutils.commands")
    packages = importlib.metadata.packages_distributions()
    print("entry points", len(points) > 10, "setuptools" in packages["setuptools"])


def attributes():
    """PEP 562: a module may make its attributes when they are asked for."""
    write("plain/lazy.py", "def __getattr__(name):\n    return len(name)\n")
    sys.path.append(os.path.join(SCRATCH, "plain"))
    import lazy

    print("lazy attribute", lazy.abc)
    print("extension", getattr(importlib.import_module("_json").__spec__.loader, "path", None))


def sources():
    lines = linecache.getlines(inspect.getsourcefile(json.dumps))
    print("source of code", inspect.getsource(json.dumps).startswith("def dumps") and len(lines) > 300)
    print("reloaded", importlib.reload(json) is json)
    try:
        import no_such_module
    except ModuleNotFoundError as error:
        print("missing", type(error).__name__, error.name)
    spec = importlib.util.spec_from_file_location("other", json.decoder.__file__)
    other = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(other)
    print("from file", other.JSONDecoder is not json.decoder.JSONDecoder)


def main():
    for part in (modules, namespaces, search_path, spellings, running, archives, walking, metadata):
        part()
    attributes()
    if len(sys.argv) == 1:
        sources()
    main = sys.modules["__main__"]
    print("main", main.__file__ == os.path.join(sys.executable, "imports.py"), main.__spec__)
    import _interpreters

    sys.stdout.flush()  # it has a stdout of its own
    number = _interpreters.create()
    _interpreters.exec(number, "import zope.interface; print('subinterpreter namespace')")
    _interpreters.destroy(number)


if __name__ == "__main__":
    main()
