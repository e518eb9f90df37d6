"""Licenses of all that is in an executable: shown, shipped, and refused by a policy."""

import json

import pytest
from support import obelisk, write_wheel

pytestmark = pytest.mark.compile

GPL = "License :: OSI Approved :: GNU General Public License v3 or later (GPLv3+)"
MIT_TEXT = """\
MIT License

Copyright (c) 2020 Jane Doe

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def wheel(folder, name, *lines, text=None):
    """Write a wheel with these lines in its metadata, and a license file."""
    files = {f"{name}.py": ""}
    if text is not None:
        files[f"{name}-1.0.dist-info/LICENSE"] = text
    metadata = "".join(f"{line}\n" for line in lines)
    return write_wheel(folder, [], name=name, files=files, metadata=metadata)


@pytest.fixture
def project(tmp_path, python_version):
    """A function that builds a script with three dependencies and these settings."""
    wheel(tmp_path, "severe", f"Classifier: {GPL}")
    wheel(tmp_path, "nameless")
    wheel(tmp_path, "plain", text=MIT_TEXT)
    requirements = "".join(
        f"# '{name} @ file://{tmp_path}/{name}-1.0-py3-none-any.whl',\n"
        for name in ("severe", "nameless", "plain")
    )

    def build(settings="", *, status=0, without=()):
        wanted = [line for line in requirements.splitlines() if not any(w in line for w in without)]
        lines = ["# /// script", "# dependencies = [", *wanted, "# ]"]
        lines += [f"# {line}".rstrip() for line in settings.splitlines()]
        (tmp_path / "app.py").write_text("\n".join([*lines, "# ///", "print(1)", ""]))
        words = (tmp_path / "app.py", "--python", python_version, "-o", tmp_path / "app")
        return obelisk("build", *words, status=status, stderr=True)

    return build


def test_two_executables_of_one_project_say_it_once(tmp_path, python_version):
    wheel(tmp_path, "nameless")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "two"\nversion = "1"\n'
        f'dependencies = ["nameless @ file://{tmp_path}/nameless-1.0-py3-none-any.whl"]\n'
        '[project.scripts]\none = "two:one"\nother = "two:other"\n'
        "[tool.hatch.metadata]\nallow-direct-references = true\n"
    )
    (tmp_path / "two.py").write_text("def one(): pass\ndef other(): pass\n")
    words = ("--python", python_version, "-o", f"{tmp_path}/dist/")
    said = obelisk("build", tmp_path, *words, stderr=True)
    assert said.count("license unknown: nameless") == 1
    for name in ("one", "other"):
        assert "nameless" in obelisk("licenses", tmp_path / "dist" / name)


def test_what_nothing_forbids_is_built_and_said(project, tmp_path):
    said = project()
    assert "license unknown: nameless; to name it: `[tool.obelisk.licenses.packages.nam" in said
    assert "copyleft: severe (GPL-3.0-or-later); what it asks for: " in said
    shown = obelisk("licenses", tmp_path / "app").splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in shown}
    assert rows["severe"] == ["1.0", "GPL-3.0-or-later", "bytecode", "(from", "classifiers)"]
    assert rows["nameless"] == ["1.0", "unknown", "bytecode"]
    assert rows["plain"] == ["1.0", "MIT", "bytecode", "(from", "files)"]
    assert rows["openssl"][1:] == ["Apache-2.0", "static", "(from", "pin)"]
    assert all(row[1] != "unknown" for name, row in rows.items() if name != "nameless")
    words = ("licenses", tmp_path / "app", "--output", tmp_path / "COPYING.txt")
    said = obelisk(*words, stderr=True)
    assert "license unknown: nameless" in said
    document = (tmp_path / "COPYING.txt").read_text()
    assert document.rstrip("\n") == obelisk("licenses", "--texts", tmp_path / "app").rstrip("\n")
    for part in ("Jane Doe", "OpenSSL", "standard text of GPL-3.0-or-later", "(no license text)"):
        assert part in document
    inside = json.loads(obelisk("licenses", "--json", tmp_path / "app"))
    assert inside["unknown"] == ["pkg:pypi/nameless@1.0"]
    found = {one["name"]: one for one in inside["components"]}
    assert [text["text"] for text in found["plain"]["texts"]] == [MIT_TEXT]
    assert (found["severe"]["copyleft"], found["plain"]["copyleft"]) == ("program", "none")
    # Everything that is linked in has its text.
    for one in inside["components"]:
        assert one["texts"] or one["name"] == "nameless", one["name"]


def test_a_policy_stops_the_build(project, tmp_path):
    said = project('[tool.obelisk.licenses]\ndeny = ["GPL-*"]', status=11)
    assert "error: the license policy refuses 2 components of app:" in said
    assert (
        "  severe 1.0: GPL-3.0-or-later (from classifiers), imported as bytecode: "
        "`GPL-3.0-or-later` is denied by `GPL-*`"
    ) in said
    assert "  nameless 1.0: license unknown, imported as bytecode: nothing tells it" in said
    assert "hint: " in said
    assert not (tmp_path / "app").exists()
    said = project('[tool.obelisk.licenses]\npolicy = "no-copyleft"', status=11)
    assert "denied by `no-copyleft`" in said


def test_the_ways_out(project, tmp_path):
    settings = """\
[tool.obelisk.licenses]
policy = "no-copyleft"
[tool.obelisk.licenses.packages.nameless]
license = "ISC"
reason = "its author said so"
[tool.obelisk.licenses.packages.severe]
accept = true
reason = "we have another license from its author"
"""
    said = project(settings)
    # certifi's certificates are under the MPL, whose copyleft is for its own files.
    assert "license for review: certifi" in said
    assert "severe" not in said
    inside = json.loads(obelisk("licenses", "--json", tmp_path / "app"))
    (row,) = [one for one in inside["components"] if one["name"] == "nameless"]
    assert (row["license"], row["license_from"]) == ("ISC", "settings")
    project('[tool.obelisk.licenses]\ndeny = ["GPL-*"]', without=("severe", "nameless"))


def test_bad_patterns_are_refused_before_anything_is_built(project):
    said = project('[tool.obelisk.licenses]\ndeny = ["GPLv3"]', status=2)
    assert "`GPLv3` in `licenses.deny` is not a license expression" in said


def test_what_is_no_executable(tmp_path):
    (tmp_path / "text").write_text("no executable")
    assert "not an Obelisk executable" in obelisk("licenses", tmp_path / "text", status=7)


def test_what_there_is_to_say_of_several_executables_is_said_once(tmp_path, python_version):
    files = {"severe.py": "", "severe-1.0.dist-info/sboms/x.cdx.json": "{"}
    write_wheel(tmp_path, [], name="severe", files=files, metadata=f"Classifier: {GPL}\n")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "own.py").write_text("import severe\ndef one(): print(1)\ndef two(): print(2)\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "own"\nversion = "1"\n'
        f'dependencies = ["severe @ file://{tmp_path}/severe-1.0-py3-none-any.whl"]\n'
        '[project.scripts]\none = "own:one"\ntwo = "own:two"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        "[tool.hatch.metadata]\nallow-direct-references = true\n"
        '[tool.hatch.build.targets.wheel]\nonly-include = ["own.py"]\n'
        '[tool.obelisk]\ntrain = [""]\n'
    )
    said = obelisk("build", "--python", python_version, cwd=folder, stderr=True)
    assert said.count("x.cdx.json") == 1
    assert said.count("copyleft: severe") == 1
    for name in ("one", "two"):
        shown = json.loads(obelisk("licenses", folder / "dist" / name, "--json"))
        (severe,) = (one for one in shown["components"] if one["name"] == "severe")
        assert severe["license"] == "GPL-3.0-or-later"
