"""Installations in the cache are read as they were when they were made."""

from dataclasses import replace

import pytest

from obelisk.collect.installed import make_prefix, read_installed
from obelisk.collect.kept import Kept, find_kept, keep
from obelisk.components.locks import Archive
from obelisk.services.cache import Cache

KEY, PYTHON = "0" * 32, "3.14"


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


@pytest.fixture
def installed(tmp_path):
    """Two packages, of which `app` has a command."""
    prefix = make_prefix(tmp_path / "prefix", PYTHON)
    (prefix.root / "bin").mkdir()
    for name, files in {"app": ("app.py", "../../../bin/app"), "dep": ("dep.py",)}.items():
        info = prefix.site / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        record = (*files, f"{info.name}/METADATA", f"{info.name}/RECORD")
        (info / "RECORD").write_text("".join(f"{path},,\n" for path in record))
        for path in files:
            (prefix.site / path).write_text("")
    return prefix


def files_of(installed, *names):
    """Return the paths of the files of these packages."""
    return [
        installed.place(file.path)
        for one in read_installed(installed)
        if one.key in names
        for file in one.files
    ]


@pytest.mark.parametrize(
    ("local", "left"), [((), ["app", "dep"]), (("app",), ["dep"]), (("app", "dep"), [])]
)
def test_what_is_kept_is_found(cache, installed, local, left):
    """Also where everything is in a folder, and nothing is left to be kept."""
    archive = Archive(file="dep-1.0-py3-none-any.whl", sha256="ab", url=None)
    archives = {"dep": (archive, replace(archive, file="dep-1.0.tar.gz", url="https://host/x"))}
    kept = Kept(prefix=installed, uncompiled=(("dep", "1.0"),), archives=archives)
    keep(cache, KEY, kept, PYTHON, files_of(installed, *local))
    found = find_kept(cache, KEY, PYTHON)
    assert [one.key for one in read_installed(found.prefix)] == left
    assert (found.uncompiled, found.archives) == (kept.uncompiled, archives)
    assert found.prefix.site.is_dir()
    assert (found.prefix.root / "bin/app").exists() == ("app" in left)


def test_what_was_never_kept(cache):
    assert find_kept(cache, KEY, PYTHON) is None
