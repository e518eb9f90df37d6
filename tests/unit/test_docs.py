"""Generated pages are fresh, and links between pages lead somewhere."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_generated_reference_is_fresh():
    script = ROOT / "scripts/generate_docs.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_links_lead_somewhere():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")]
    assert len(pages) > 10
    for page in pages:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page} links to {target}"


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
