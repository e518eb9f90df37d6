"""Configurations of PyOxidizer in a folder of their own, and what is installed for them."""

import csv
import io
from pathlib import Path
from textwrap import dedent

import pytest

from obelisk.collect.assemble import written_part
from obelisk.collect.installed import make_prefix
from obelisk.config.parts import Install
from obelisk.config.pyoxidizer.session import StandardLibrary
from obelisk.config.request import CommandLine, Outside, read_requests, read_session

EXE = """
def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    {policy}
    exe = dist.to_python_executable(name = "app", packaging_policy = policy, config = config)
    {exe}
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
"""A configuration of an executable, with statements of a test."""


def distribution(name, files, version="1.0"):
    """What a wheel installs: its files by their paths below site-packages."""
    info = f"{name}-{version}.dist-info"
    found = dict(files)
    found[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    rows = io.StringIO()
    csv.writer(rows).writerows((path, "", "") for path in (*found, f"{info}/RECORD"))
    return {**found, f"{info}/RECORD": rows.getvalue()}


class Configurations:
    """Evaluates configurations; what they install is what `installs` says of their arguments."""

    def __init__(self, folder):
        self.folder = folder
        self.project = folder / "project"
        self.project.mkdir()
        self.installs = {}
        """What an argument of the installer brings."""
        self.stdlib = {"os.py": "", "json/__init__.py": "", "json/decoder.py": ""}
        self.warnings, self.notes, self.asked, self.targets = [], [], [], []

    def write(self, **files):
        for path, text in files.items():
            self.file(path, text)

    def file(self, path, text=""):
        place = self.project / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(dedent(text))
        return place

    def bring(self, wanted):
        """Stand in for the installer: what it would do is said by the test."""
        self.asked.append(wanted.part)
        self.targets.append(wanted.settings.target)
        prefix = make_prefix(self.folder / f"part-{len(self.asked)}", "3.14")
        if isinstance(wanted.part, Install):
            for word in wanted.part.words:
                self._put(prefix.site, self.installs.get(word, {}))
        elif isinstance(wanted.part, StandardLibrary):
            self._put(prefix.site, self.stdlib)
        else:
            written_part(wanted.part, prefix)
        return prefix.site

    def _put(self, site, files):
        for path, text in files.items():
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_text(text)

    @property
    def outside(self):
        return Outside(warn=self.warnings.append, note=self.notes.append, bring=self.bring)

    def command(self, *targets, **more):
        return CommandLine(what=targets, path=str(self.project), **more)

    def read(self, text, *targets, **more):
        """Return what a configuration asks for."""
        self.file("pyoxidizer.bzl", text)
        return read_requests(self.command(*targets, **more), self.outside)

    def session(self, text, *targets, **more):
        """Return the evaluation of a configuration."""
        self.file("pyoxidizer.bzl", text)
        return read_session(self.command(*targets, **more), self.outside)

    def one(self, text, *targets, **more):
        """Return the request for the only executable that a configuration asks for."""
        (request,) = self.read(text, *targets, **more).requests
        return request

    def executable(self, policy="pass", exe="pass", **more):
        """Return the request for an executable with these statements in its function."""
        statements = {"policy": _indented(policy), "exe": _indented(exe)}
        return self.one(EXE.format(**statements), **more)


def _indented(text):
    return "\n    ".join(dedent(text).strip().splitlines())


@pytest.fixture
def configurations(tmp_path):
    return Configurations(tmp_path)


CONFIGURATIONS = Path(__file__).parent / "apps/pyoxidizer"
"""Folders with a configuration of each kind, and what belongs to it."""
