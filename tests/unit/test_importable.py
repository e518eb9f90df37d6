"""What imports find in a folder: the rules of CPython's FileFinder, asked of CPython's own."""

import sys
from importlib.machinery import FileFinder, PathFinder

import pytest
from hypothesis import given
from hypothesis import strategies as st

from obelisk.pack.importable import importable
from obelisk.payload.payload import Kind

NAMES = ("a", "b", "__init__", "__main__", "a-b", "1", "a.b", "data")
SUFFIXES = (".py", ".pyc", ".txt", "")


def found(paths, own=frozenset()):
    return {item.name: item.kind for item in importable(paths, own=own)}


@pytest.mark.parametrize(
    ("paths", "kinds"),
    [
        (["x/a.py"], {"x/a": Kind.MODULE}),
        (["x/a.py", "x/a/__init__.py"], {"x/a": Kind.PACKAGE, "x/a/__init__": Kind.MODULE}),
        (["x/a.py", "x/a/b.txt"], {"x/a": Kind.MODULE}),
        (["x/a/b.txt"], {"x/a": Kind.NAMESPACE}),
        (["x/a.v1.py", "x/a.b/c.txt", "x/.py", "x/a.txt", "x/a"], {}),
        (["x/a.py", "x/a.so"], {"x/a": Kind.OTHER}),
        (["x/a.pyc"], {"x/a": Kind.OTHER}),
        (["x/a.b/c.py"], {"x/a.b/c": Kind.MODULE}),
    ],
)
def test_what_comes_first(paths, kinds):
    assert {k: v for k, v in found(paths, own=frozenset({"x"})).items() if k != "x"} == kinds


def test_the_preferred_extension_module():
    paths = ["x/a.so", "x/a.abi3.so", "x/a.cpython-314-x86_64-linux-musl.so", "x/a.py"]
    for start in range(4):
        (item,) = (one for one in importable(paths[start:], own=frozenset()) if one.name == "x/a")
        best = [paths[2], paths[2], paths[2], None][start]
        assert item.data.decode() == (best or "")


def test_folders_of_an_installation_are_no_namespace_packages():
    paths = ["lib/python3.14/os.py", "share/x/y.txt", "templates/z.txt", "lib/own.txt"]
    kinds = found(paths, own=frozenset({"templates"}))
    assert "templates" in kinds
    assert not {"lib", "share"} & set(kinds)
    assert "lib" in found(paths, own=frozenset({"lib"}))


paths = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("", *NAMES)), st.sampled_from(SUFFIXES)),
    max_size=12,
)


@given(paths)
def test_the_same_as_cpython_finds(tmp_path_factory, parts):
    root = tmp_path_factory.mktemp("tree")
    made = []
    for folder, name, suffix in parts:
        path = root / folder / (name + suffix) if name else root / (folder + suffix)
        if path.suffix in (".py", ".pyc", ".txt") and not path.exists():
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text("")
            made.append(path.relative_to(root).as_posix())
    own = frozenset(path.partition("/")[0] for path in made)
    kinds = {item.name: item for item in importable(made, own=own)}
    for folder in ("", *NAMES):
        for name in NAMES:
            if "." not in name and (not folder or (root / folder).is_dir()):
                assert _ours(kinds, folder, name) == _cpython(root, folder, name), (folder, name)
    sys.path_importer_cache.clear()


def _ours(kinds, folder, name):
    where = f"{folder}/{name}" if folder else name
    item = kinds.get(where)
    if item is None:
        return None
    return {
        Kind.MODULE: f"{where}.py",
        Kind.PACKAGE: f"{where}/__init__.py",
        Kind.NAMESPACE: "namespace",
    }.get(item.kind, item.data.decode())


def _cpython(root, folder, name):
    spec = PathFinder.find_spec(name, [str(root / folder)])
    assert spec is None or isinstance(sys.path_importer_cache[str(root / folder)], FileFinder)
    if spec is None:
        return None
    return spec.origin.removeprefix(f"{root}/") if spec.origin else "namespace"
