"""Generated pages agree with the code, and links between pages lead somewhere."""

import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from enum import StrEnum
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from obelisk import errors
from obelisk.cli import cli
from obelisk.config.interpreter import Interpreter
from obelisk.config.licenses import Licenses, Override
from obelisk.config.settings import Settings

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"


def test_the_generated_reference_is_fresh():
    script = ROOT / "scripts/generate_docs.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def sections(page):
    """Return the text under each heading of the command reference, without the generator."""
    found = re.findall(r"^## ([^\n]+)\n\n```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return dict(found)


def all_commands(command, words=("obelisk",)):
    yield " ".join(words), command
    for name, child in getattr(command, "commands", {}).items():
        yield from all_commands(child, (*words, name))


def faults_of_commands(page):
    """Return what the command reference lacks, or has and the commands have not."""
    shown = sections(page)
    commands = dict(all_commands(cli))
    faults = [f"section {name}" for name in shown.keys() ^ commands.keys()]
    for name, command in commands.items():
        text = shown.get(name, "")
        options = {"-h", "--help"}
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                options |= {*parameter.opts, *parameter.secondary_opts}
        columns = re.findall(r"^  (-.*?)(?:  |$)", text, re.MULTILINE)
        written = {
            option for column in columns for option in re.findall(r"--?[a-z][a-z-]*", column)
        }
        faults += [f"{option} of {name}" for option in options ^ written]
    return faults


def test_the_command_reference_has_every_option_and_no_other():
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    assert faults_of_commands(page) == []


@pytest.mark.parametrize("option", ["-h, ", "--archives", "--no-source-text", "--json"])
def test_an_option_that_the_command_reference_lacks_is_found(option):
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    assert faults_of_commands(page.replace(option, "", 1)) != []


def test_the_command_reference_is_what_the_commands_print():
    """What `-h` prints, at the width of the page."""
    page = (REFERENCE / "commands.md").read_text(encoding="utf-8")
    for name, text in sections(page).items():
        words = [*name.split()[1:], "-h"]
        done = CliRunner().invoke(cli, words, prog_name="obelisk", terminal_width=80)
        assert (done.exit_code, done.output) == (0, text), name


@pytest.mark.parametrize(
    ("title", "settings"),
    [
        ("", Settings),
        ("interpreter", Interpreter),
        ("licenses", Licenses),
        ("licenses.packages.NAME", Override),
    ],
)
def test_the_configuration_reference_has_every_setting_with_its_default(title, settings):
    page = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    parts = re.split(r"^## `\[tool\.obelisk\.(.*)\]`$", page, flags=re.MULTILINE)
    part = dict(zip(["", *parts[1::2]], parts[::2], strict=True))[title]
    rows = dict(re.findall(r"^\| `([\w-]+)` \| `(.*?)` \|", part, re.MULTILINE))
    expected = {}
    for field in fields(settings):
        value = getattr(settings(), field.name)
        if is_dataclass(value):
            continue
        texts = {None: "-", True: "true", False: "false", (): "[]"}
        is_special = value is None or isinstance(value, bool | tuple)
        text = texts[value] if is_special else value.value if isinstance(value, StrEnum) else value
        expected[field.name.replace("_", "-")] = str(text)
    assert rows == expected


def test_the_exit_statuses_are_those_of_the_errors():
    page = (REFERENCE / "exit-statuses.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)`", page, re.MULTILINE)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    kinds = [kind for kind in kinds if issubclass(kind, errors.ObeliskError)]
    kinds.remove(errors.ObeliskError)
    assert sorted(rows) == sorted((str(kind.exit_code), kind.__name__) for kind in kinds)


def test_links_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]
    assert len(pages) > 10
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page} links to {target}"


def test_the_index_has_every_page():
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/*/*.md")}
    assert set(re.findall(r"\]\(([\w/-]+\.md)\)", index)) == pages


def test_every_promise_names_a_test_that_exists():
    """The security page names tests by file and function; `::name` is of the file before."""
    text = (ROOT / "docs/explanation/security.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w/]*test_\w+\.py)?(?:::(\w+))?`", text)
    found, wrong, path = 0, [], None
    for file, function in named:
        if file:
            path = ROOT / "tests" / (file if "/" in file else f"attack/{file}")
        if not (file or function):
            continue
        found += 1
        if not path.is_file() or (function and f"def {function}(" not in path.read_text("utf-8")):
            wrong.append(f"{file}::{function}")
    assert wrong == []
    assert found > 30


def test_the_map_of_the_tree_is_the_tree():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    drawn = text.split("```text\n")[1].split("```")[0]
    package = ROOT / "src/obelisk"
    rooms = {path.name for path in package.iterdir() if path.is_dir()} - {"__pycache__"}
    rooms |= {path.name for path in package.glob("*.py")} - {"__init__.py", "__main__.py"}
    of_c = {path.name for path in (package / "runtime/c").iterdir() if path.is_dir()}
    for name in rooms | of_c:
        assert re.search(rf"(?<![\w/]){re.escape(name)}(?=[\s/,;(])", drawn), name
    for name in re.findall(r"^  (\w+)/", drawn, re.MULTILINE):
        assert name in rooms, name
