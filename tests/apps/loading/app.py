# /// script
# dependencies = ["typeguard==4.4.4", "beartype==0.22.2", "pytest==8.4.2"]
# [tool.obelisk]
# data = ["plugins/**/*", "written/*", "typed_*.py", "checks/*"]
# ///
"""Code belongs to the file that it is loaded from, and to the loader that loads it."""

# expect: by path report.py report/__init__.py report.v1.py tool tool.py
# expect: source loader report.v1.py tool.py
# expect: run_path report.v1.py tool tool.py
# expect: exec tool.py
# expect: template SyntaxError
# expect: names report/__init__.py tool.py [('report', True), ('tool', False)]
# expect: __init__ json.__init__ True True
# expect: relative __init__ True
# expect: listed True
# expect: typeguard TypeCheckError
# expect: beartype BeartypeCallHintParamViolation
# expect: own loader ['source_to_code', 'get_data'] 42 plain
# expect: instance 43
# expect: wrapped ['plugins.tool'] tool.py
# expect: class hook ['tool.py']
# expect: namespace ['written'] data
# expect: pytest 1 True
# expect: pytest 1 True

import importlib
import importlib.machinery
import importlib.resources
import importlib.util
import io
import os
import pkgutil
import runpy
import sys
from contextlib import redirect_stdout
from importlib.machinery import SourceFileLoader

HERE = os.path.dirname(__file__)
PLUGINS = os.path.join(HERE, "plugins")


def load(path, loader=None):
    path = os.path.join(PLUGINS, path)
    loader = loader or SourceFileLoader("plugin", path)
    spec = importlib.util.spec_from_file_location("plugin", path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def paths():
    names = ("report.py", "report/__init__.py", "report.v1.py", "tool", "tool.py")
    print("by path", *(load(name).WHO for name in names))
    loaders = (SourceFileLoader("x", os.path.join(PLUGINS, name)) for name in names[2::2])
    print("source loader", *(loader.load_module().WHO for loader in loaders))
    print("run_path", *(runpy.run_path(os.path.join(PLUGINS, n))["WHO"] for n in names[2:]))
    names = {}
    with open(os.path.join(PLUGINS, "tool.py")) as stream:
        exec(compile(stream.read(), "x", "exec"), names)
    print("exec", names["WHO"])
    try:
        load("template.py")
    except SyntaxError as error:
        print("template", type(error).__name__)


def imports():
    import plugins.report
    import plugins.tool

    found = sorted((one.name, one.ispkg) for one in pkgutil.iter_modules(plugins.__path__))
    found = [pair for pair in found if pair[0] in ("report", "tool")]
    print("names", plugins.report.WHO, plugins.tool.WHO, found)
    import json

    again = importlib.import_module("json.__init__")
    print("__init__", again.__name__, again is not json, again.__file__ == json.__file__)
    relative = importlib.import_module("plugins.report.relative")
    print("relative __init__", relative.WHO == plugins.report.WHO)
    names = {one.name for one in pkgutil.iter_modules(importlib.import_module("unittest").__path__)}
    print("listed", {"__main__", "case"} <= names and "__init__" not in names)


def checkers():
    import typeguard

    with typeguard.install_import_hook("typed_one"):
        import typed_one
    try:
        typed_one.double("text")
    except Exception as error:
        print("typeguard", type(error).__name__)
    from beartype.claw import beartype_package

    beartype_package("typed_two")
    import typed_two

    try:
        typed_two.double("text")
    except Exception as error:
        print("beartype", type(error).__name__)


class OwnLoader(SourceFileLoader):
    calls = []

    def source_to_code(self, data, path, **options):
        self.calls.append("source_to_code")
        return super().source_to_code(data, path, **options)

    def get_data(self, path):
        if path.endswith(".py"):
            self.calls.append("get_data")
            return b"WHO = 42"
        return super().get_data(path)


class Plain(SourceFileLoader):
    def exec_module(self, module):
        super().exec_module(module)
        module.WHO = "plain"


class Wrapping:
    """A finder that wraps the loaders of others, as tracers do."""

    found = []

    def find_spec(self, name, path=None, target=None):
        if name != "plugins.tool":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        as_it_is = spec.loader.exec_module
        spec.loader.exec_module = lambda module: (self.found.append(name), as_it_is(module))
        return spec


def loaders():
    path = os.path.join(PLUGINS, "tool.py")
    own, plain = load("tool.py", OwnLoader("plugin", path)), load("tool.py", Plain("plugin", path))
    print("own loader", sorted(set(OwnLoader.calls), reverse=True), own.WHO, plain.WHO)
    loader = SourceFileLoader("plugin", path)
    loader.get_data = lambda path: b"WHO = 43"
    print("instance", load("tool.py", loader).WHO)
    sys.meta_path.insert(0, Wrapping())
    sys.modules.pop("plugins.tool")
    print("wrapped", Wrapping.found if importlib.import_module("plugins.tool") else None, end=" ")
    print(sys.modules["plugins.tool"].WHO)
    del sys.meta_path[0]
    as_it_is = importlib.machinery.SourceFileLoader.get_data
    read = []
    SourceFileLoader.get_data = lambda self, path: read.append(path) or as_it_is(self, path)
    load("tool.py")
    SourceFileLoader.get_data = as_it_is
    print("class hook", [os.path.basename(path) for path in read if path.endswith(".py")])


def namespaces():
    """A folder without any module is a namespace package too."""
    import written

    names = [os.path.basename(path) for path in written.__path__]
    print("namespace", names, importlib.resources.files("written").joinpath("data.txt").read_text())


def assertions():
    """pytest rewrites assertions of tests inside and outside."""
    import pytest

    outside = os.path.join(os.environ["SCRATCH"], "test_outside.py")
    with open(outside, "w") as stream:
        stream.write("def test():\n    stones = [1, 2]\n    assert stones == [1, 3]\n")
    packed = os.path.join(HERE, "checks")
    for arguments in ([outside], [packed, f"--confcutdir={packed}"]):
        said = io.StringIO()
        with redirect_stdout(said):
            status = pytest.main(["-p", "no:cacheprovider", "-q", *arguments])
        print("pytest", int(status), "assert [1, 2] == [1, 3]" in said.getvalue())


for part in (paths, imports, checkers, loaders, namespaces, assertions):
    part()
