"""Whatever is given to Obelisk ends in a result or in an `ObeliskError`, never in another error.

Most cases call the functions that read inputs, with neither network nor compiler; some are whole
command lines, of which a few are processes of their own.
"""

import json
import os
import re
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import hostile
import pytest

from obelisk import cli
from obelisk.collect.collect import _own_files
from obelisk.collect.commands import commands
from obelisk.collect.entry import main_path, resolve_entry
from obelisk.collect.installed import Prefix, read_installed, record_text
from obelisk.collect.launcher import main_program
from obelisk.collect.matching import matching
from obelisk.collect.pth import files_with_code, pth_files, search_path, with_aliases
from obelisk.collect.read import read_tree
from obelisk.collect.shared_objects import native_files, split_native
from obelisk.components.inventory import Included, take_inventory
from obelisk.components.packages import describe, environment
from obelisk.config.installer import installer_config
from obelisk.config.interpreter import Interpreter, check_interpreter, runtime_settings
from obelisk.config.pyoxidizer.api import FUNCTIONS, TYPES
from obelisk.config.pyoxidizer.convert import convert
from obelisk.config.recognize import read_request
from obelisk.config.request import CommandLine, Outside, read_requests, read_session
from obelisk.config.requirements import read_requirements
from obelisk.config.settings import Settings, apply_assignments
from obelisk.config.tables import apply_table, documented_fields
from obelisk.config.toml import parse_toml
from obelisk.errors import ObeliskError
from obelisk.explain import explain
from obelisk.model import Bytecode, Collection, EntryPoint, Module, Multicall
from obelisk.pack.pack import Facts, pack
from obelisk.payload.reader import read_payload
from obelisk.plan import make_plans
from obelisk.target import DEFAULT_TARGET, TARGETS, parse_target

STATUSES = {0, *range(2, 9)}


def planned(what):
    """What `obelisk plan` does."""
    plans = make_plans(read_request(what))
    assert all(row.value is not None for plan in plans for row in explain(plan))
    return plans


def a_setting(random, folder):
    """One key and value in each of the tables."""
    kind = random.choice([Settings, Interpreter])
    key, default, _ = random.choice(documented_fields(kind))
    value = random.choice([hostile.value(random), hostile.like(random, default)])
    settings = apply_table(kind(), parse_toml(f"{key} = {value}\n", "here"), "here")
    if kind is Interpreter:
        check_interpreter(settings, "3.14.6")
        pairs = runtime_settings(settings, optimize=0, unbuffered=False)
        assert all("\0" not in value for _, value in pairs)


def an_assignment(random, folder):
    """`--set`"""
    equals = random.choice(["=", "=", "=", " = ", ""])
    given = hostile.key(random) + equals + random.choice([hostile.text, hostile.value])(random)
    apply_assignments(Settings(), [given])


def a_project(random, folder):
    """A pyproject.toml, with a lock and requirement files that may be anything."""
    odd = random.randrange(8)
    name = hostile.value(random) if odd == 0 else '"app"'
    scripts = '{app = "app:main"}'
    if odd == 1:
        scripts = hostile.value(random)
    if odd == 2:
        scripts = f'{{{hostile.quoted(hostile.text(random))} = "app:main"}}'
    text = f"[project]\nname = {name}\nscripts = {scripts}\n"
    text += hostile.lines(random) if odd == 3 else ""
    text += f"[tool.obelisk]\n{_setting(random) if odd > 3 else ''}"
    text += f"[tool.uv]\n{hostile.lines(random)}" if odd == 7 else ""
    data = hostile.encoded(random, text) if odd == 6 else text.encode()
    hostile.file(random, folder / "pyproject.toml", data)
    if random.random() < 0.2:
        hostile.file(random, folder / "uv.lock", b"")
    planned(str(folder))


def _setting(random):
    key, default, _ = random.choice(documented_fields(Settings))
    return f"{key} = {hostile.like(random, default)}\n"


def a_pyproject_of_anything(random, folder):
    """A pyproject.toml that need not even have a project."""
    text = "".join(f"{hostile.key(random)} = {hostile.value(random)}\n" for _ in range(3))
    (folder / "pyproject.toml").write_bytes(hostile.encoded(random, text))
    planned(str(folder))


def a_script(random, folder):
    """A script with a header."""
    needed = random.choice([hostile.value(random), hostile.like(random, ()), '["six"]'])
    version = random.choice([hostile.value(random), hostile.like(random, ""), '">=3"'])
    lines = [f"dependencies = {needed}", f"requires-python = {version}"]
    lines = random.sample(lines, random.randrange(3))
    lines += hostile.lines(random, 2).split("\n") if random.random() < 0.3 else []
    header = "".join(f"# {line}\n" for line in lines)
    text = (
        f"{random.choice(['', '# coding: ' + hostile.text(random)])}\n# /// script\n{header}# ///\n"
    )
    path = folder / random.choice(["tool.py", hostile.name(random)[:150] + ".py"])
    hostile.file(random, path, hostile.encoded(random, text))
    planned(str(path))


def an_argument(random, folder):
    """Whatever stands where a script, wheel, project or requirement is expected."""
    what = hostile.text(random) + random.choice(
        ["", "", ".py", ".whl", "/", "-1.0-py3-none-any.whl"]
    )
    if "\0" not in what:  # no argument has one
        planned(what)


def a_requirement_file(random, folder):
    """Requirement files that name each other."""
    names = ["a.txt", "b.txt"]
    for name in names:
        options = ["-r ", "-c ", "-e ", "--index-url ", "-f", "--no-binary=", "--hash=sha256:"]
        rows = [
            random.choice(["", "", *options]) + random.choice([*names, hostile.text(random)])
            for _ in range(random.randrange(6))
        ]
        ends = random.choice(["\n", "\r\n", " \\\n", "  # comment\n"])
        hostile.file(random, folder / name, hostile.encoded(random, ends.join(rows)))
    found = read_requirements([folder / "a.txt"], folder)
    known = (
        "--index-url ",
        "--extra-index-url ",
        "--find-links ",
        "--no-binary ",
        "--only-binary ",
    )
    for line in (*found.lines, *found.unhashed, *found.constraints):
        assert not line.startswith("-") or line.startswith(known) or line == "--no-index", line
        assert "\n" not in line, line


def a_configuration_of_uv(random, folder):
    """Files of uv in the project, above it, and of the user."""
    inner = folder / "workspace/member"
    inner.mkdir(parents=True)
    for place in (folder, inner.parent, inner):
        text = f"[tool.uv.workspace]\nmembers = {hostile.value(random)}\n"
        hostile.file(random, place / "pyproject.toml", hostile.encoded(random, text))
    if (inner / "pyproject.toml").is_file():
        (inner / "pyproject.toml").write_text(
            '[project]\nname = "x"\n[tool.obelisk]\nmodule = "x"\n'
        )
    env = {"HOME": str(folder), "UV_INDEX": "x", "XDG_CONFIG_DIRS": hostile.text(random)}
    installer_config(read_request(str(inner)).application, env)


def an_installation(random, folder):
    """What wheels can leave: their metadata, files, `.pth`; found, packed and read back."""
    prefix = Prefix(root=folder, site=folder / "lib/python3.14/site-packages")
    names = [hostile.name(random) for _ in range(3)] + ["app.py", "own/x.py", "one.pth", ".lock"]
    for number in range(random.randrange(1, 3)):
        info = prefix.site / f"app{number}-1.0.dist-info"
        info.mkdir(parents=True)
        _write_metadata(random, info, number, names)
    for name in names:
        place = prefix.site / name
        place.parent.mkdir(exist_ok=True)
        if not os.path.lexists(place):
            data = hostile.encoded(
                random, random.choice(["def main(): ...\n", hostile.text(random)])
            )
            hostile.file(random, place, data) if random.random() < 0.2 else place.write_bytes(data)
    installed = read_installed(prefix)
    (folder / "work").mkdir()
    programs, rewritten = commands(prefix, folder / "work")
    assert all(record_text(prefix, one, rewritten) for one in installed)
    pth = pth_files(prefix, installed, str)
    modules, files = read_tree(prefix.site, base=prefix.base)
    modules = with_aliases(modules, pth)
    shared, files = split_native([*files, *programs], parse_target(DEFAULT_TARGET))
    natives = native_files(prefix, installed, shared, pure=())
    (folder / "pyproject.toml").write_text('[project]\nname = "app0"\ndynamic = ["scripts"]\n')
    (plan,) = planned(str(folder))
    packages = [one.package for one in installed]
    entry = resolve_entry(plan, packages, tuple(modules))
    main = main_path(entry, plan, tuple(modules))
    collection = Collection(
        modules=tuple(modules),
        files=tuple(files),
        natives=tuple(natives),
        packages=tuple(packages),
        entry=entry,
        main=main,
        search_path=(prefix.base, *search_path(files, pth)),
        pth=files_with_code(files, pth),
    )
    run = Module(name="__main__", path=main, source=folder / "pyproject.toml")
    if isinstance(collection.entry, EntryPoint | Multicall):
        compile(main_program(collection.entry), "main", "exec")
    bytecodes = [Bytecode(module=run, code=b"")]
    facts = Facts(inventory=_inventory(packages), sizes={})
    read_payload(memoryview(pack(plan, collection, bytecodes, facts).joined()))


def _inventory(packages):
    """The components of packages alone: no code, no runtime."""
    warnings = []
    included = Included(
        runtime=[],
        packages=[describe(package, None, warnings.append) for package in packages],
        code={},
        has_modules=frozenset(package.name for package in packages),
        included={},
        markers=environment(TARGETS["x86_64-unknown-linux-musl"], "3.14.6"),
        built=None,
        loader=None,
    )
    return take_inventory(included, warnings.append)


def _write_metadata(random, info, number, names):
    name = random.choice([f"app{number}", f"app{number}", hostile.text(random)])
    texts = {
        "METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n{hostile.text(random)}\n",
        "RECORD": "".join(
            f"{path},{hostile.text(random)},\n" for path in (*names, hostile.text(random))
        ),
        "entry_points.txt": "[console_scripts]\n"
        + "".join(f"{hostile.text(random)} = {hostile.text(random)}\n" for _ in range(2)),
        "WHEEL": hostile.text(random),
    }
    if random.random() < 0.7:
        texts["entry_points.txt"] = f"[console_scripts]\napp{number} = app:main\n"
    for path, text in texts.items():
        odd = random.random() < 0.2
        data = hostile.encoded(random, text) if odd else text.encode(errors="replace")
        hostile.file(random, info / path, data) if odd else (info / path).write_bytes(data)


def some_data(random, folder):
    """Patterns, in a folder with things that are no files."""
    (folder / "a/b").mkdir(parents=True)
    (folder / "tool.py").write_text("")
    for place in (folder, folder / "a", folder / "a/b"):
        path = place / hostile.name(random)
        if not os.path.lexists(path):
            hostile.file(random, path, b"x")
    pattern = random.choice(["*", "a/*", "**/*", ".*", "a/b/*", hostile.text(random)])
    request = read_request(str(folder / "tool.py"))
    settings = apply_table(request.settings, {"data": [pattern]}, "here")
    for path in matching(folder, "data", settings.data):
        assert path.is_file()
        assert path.resolve().is_relative_to(folder.resolve())
    (plan,) = make_plans(request)
    _own_files(plan)


def a_command_line(random, folder):
    """Command lines that only read."""
    _write_application(folder)
    argv = _argv(random)
    status = cli._status(argv)
    assert status in STATUSES, (status, argv)
    return f"ended with {status}"


def _write_application(folder):
    project = '[project]\nname = "app"\nscripts = {app = "app:main"}\n'
    for name, text in {"tool.py": "", "more.txt": "six\n", "pyproject.toml": project}.items():
        (folder / name).write_text(text)


CONFIGURATIONS = sorted(Path(__file__).parents[1].glob("apps/pyoxidizer/*/pyoxidizer.bzl"))
NAMES = [name for kind in TYPES for name in kind.rows] + list(FUNCTIONS)


def a_configuration_of_pyoxidizer(random, folder):
    """A pyoxidizer.bzl of a kind that exists, of which some words are not what they should be."""
    source = random.choice(CONFIGURATIONS).read_text(encoding="utf-8")
    for _ in range(random.randrange(1, 4)):
        source = _changed(random, source)
    hostile.file(random, folder / "pyoxidizer.bzl", hostile.encoded(random, source))
    for name in ("requirements.txt", "app/__init__.py", "shared/__init__.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        hostile.file(random, folder / name, b"six\n")
    command = CommandLine(path=str(folder), variables={"VERSION": hostile.text(random)})
    outside = Outside(bring=lambda wanted: _site(random, folder))
    session = read_session(command, outside)
    read = read_requests(command, outside)
    parse_toml(convert(session).table.encode(), "what it is converted to")
    assert all(row.value is not None for one in read.requests for row in explained(one))


def explained(request):
    """What `obelisk plan` says of a request."""
    return [row for plan in make_plans(request) for row in explain(plan)]


def _changed(random, source):
    """Put something else in the place of a string, a name, or a line."""
    kind = random.choice([r'"[^"\n]*"', r'"[^"\n]*"', r"(?<=\.)\w+", r"(?<== )\w+", r"\n[^\n]*"])
    spots = list(re.finditer(kind, source))
    if not spots:
        return source
    spot = random.choice(spots)
    new = {
        '"': lambda: json.dumps(hostile.text(random), ensure_ascii=False),
        "\n": lambda: random.choice(spots)[0],
    }.get(spot[0][0], lambda: random.choice([*NAMES, hostile.value(random)]))
    return source[: spot.start()] + new() + source[spot.end() :]


def _site(random, folder):
    """What would be installed: a package, and a file of a strange name."""
    site = folder / "site"
    info = site / "thing-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (site / "thing").mkdir(exist_ok=True)
    odd = hostile.name(random)
    for path in (site / "thing/__init__.py", site / "thing" / odd, info / "METADATA"):
        with suppress(OSError, ValueError):
            path.write_text("x = 1\n", encoding="utf-8")
    rows = f"thing/__init__.py,,\nthing/{odd},,\n{hostile.text(random)},,\n"
    (info / "RECORD").write_bytes(rows.encode(errors="surrogatepass"))
    return site


COMMANDS = ("plan", "plan", "plan", "plan", "inspect", "verify", "init", "distribution info")
FLAGS = ("--json", "-v", "-q", "--multicall", "--debug", "--unbuffered", "--no-source-text")
OPTIONS = {
    "--script": "app",
    "--entry": "app:main",
    "-m": "app",
    "--name": "app",
    "--include": "app",
    "--exclude": "*.so",
    "--set": "debug=true",
    "--python": "3.13",
    "-r": "more.txt",
    "--optimize": "2",
    "--compression": "zstd",
    "--target": "x86_64-unknown-linux-musl",
}


def _argv(random):
    """A command line that only reads; one word of it, or none, is not what it should be."""
    command = random.choice(COMMANDS)
    argv = [*command.split(), random.choice([".", "tool.py", "six"]), random.choice(FLAGS)]
    if command == "plan":
        for option in random.sample(sorted(OPTIONS), random.randrange(4)):
            argv += [option, OPTIONS[option]]
    if random.random() < 0.9:
        place = random.choice([len(argv) - 1, random.randrange(len(argv))])
        argv[place] = hostile.text(random)
    return [word for word in map(hostile.encodable, argv) if word]


INPUTS = (
    *(a_setting, an_assignment, a_project, a_pyproject_of_anything, a_script, an_argument),
    *(a_requirement_file, a_configuration_of_uv, an_installation, some_data, a_command_line),
    a_configuration_of_pyoxidizer,
)


@pytest.mark.parametrize("given", INPUTS, ids=lambda given: given.__name__)
def test_every_input_ends_in_a_result_or_an_error_of_ours(given, campaign, tmp_path, monkeypatch):
    cases = campaign(f"hostile inputs: {given.__name__}", part=30, whole=1850)
    for case in cases.cases:
        folder = tmp_path / str(case)
        folder.mkdir()
        monkeypatch.chdir(folder)
        try:
            outcome = given(cases.random(case), folder)
        except ObeliskError as error:
            cases.saw("refused" if str(error) else "refused without a word")
        except BaseException as error:
            error.add_note(f"case {case} of {given.__name__}")
            raise
        else:
            cases.saw(outcome or "taken")


def test_command_lines_of_processes(campaign, tmp_path):
    """The same as seen from outside: a known status, no traceback, and no output half-made."""
    cases = campaign("hostile inputs: processes", part=2, whole=200)
    for case in cases.cases:
        folder = tmp_path / str(case)
        folder.mkdir()
        _write_application(folder)
        argv = [os.fsencode(word) for word in _argv(cases.random(case))]
        command = [os.fsencode(sys.executable), b"-m", b"obelisk", *argv]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60)
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert done.returncode in STATUSES, (case, argv, said)
        assert "Traceback" not in said, (case, argv, said)
        assert sorted(path.name for path in Path(folder).iterdir()) == [
            "more.txt",
            "pyproject.toml",
            "tool.py",
        ]
        cases.saw(f"ended with {done.returncode}")


@pytest.mark.compile
@pytest.mark.network
def test_hostile_wheels(campaign, tmp_path):
    """Wheels that no tool would make are built, or refused by uv or by us, without a traceback."""
    cases = campaign("hostile inputs: wheels", part=1, whole=100)
    for case in cases.cases:
        random = cases.random(case)
        folder = tmp_path / str(case)
        folder.mkdir()
        wheel = folder / "tiny-1.0-py3-none-any.whl"
        _write_wheel(random, wheel)
        if random.random() < 0.1:
            data = bytearray(wheel.read_bytes())
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
            wheel.write_bytes(data)
        command = [sys.executable, "-m", "obelisk", "build", "-q", wheel.name]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
        said = (done.stdout + done.stderr).decode(errors="replace")
        assert done.returncode in STATUSES, (case, said)
        assert "Traceback" not in said, (case, said)
        left = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
        assert sorted({*left, "dist/tiny"}) == ["dist/tiny", wheel.name], (case, left)
        assert done.returncode != 0 or Path(folder, "dist/tiny").is_file()
        cases.saw(f"ended with {done.returncode}")


def _write_wheel(random, path):
    info = "tiny-1.0.dist-info"
    contents = {
        "tiny.py": "def main():\n    print('tiny')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    odd = hostile.encodable(hostile.text(random)).encode(errors="replace").decode() or "x"
    folders = ["", "tiny/", "../", "/", ".obelisk/", "bin/", "tiny.py/", "other-2.dist-info/"]
    folders += [f"tiny-1.0.data/{kind}/" for kind in ("data", "scripts", "headers", "purelib")]
    place = random.choice(folders) + odd + random.choice(["", ".py", ".pth", ".so", "/x"])
    contents[place] = random.choice(["", "x = 1\n", hostile.text(random)])
    if random.random() < 0.4:
        contents[random.choice(sorted(contents))] += hostile.text(random)
    if random.random() < 0.2:
        contents.pop(random.choice(sorted(contents)))
    rows = "".join(f"{name},,\n" for name in contents)
    contents[f"{info}/RECORD"] = random.choice([rows, rows, rows + f"{odd},,\n", odd])
    twice = random.sample(sorted(contents), random.randrange(2))
    with warnings.catch_warnings(action="ignore"), ZipFile(path, "w") as archive:
        for name in (*contents, *twice):
            entry = ZipInfo(name)
            kind = random.choice([0o100644, 0o100644, 0o100644, 0o120777, 0o010644, 0])
            entry.external_attr = kind << 16
            archive.writestr(entry, contents[name].encode(errors="replace"))
