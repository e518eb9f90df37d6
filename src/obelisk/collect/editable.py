"""Projects that were installed by a link: their folders go in as if they had been installed."""

from __future__ import annotations

from pathlib import Path

from obelisk.errors import CollectError


def linked_trees(site: Path) -> list[Path]:
    """Return the folders that `.pth` files in `site` add to `sys.path`, in their order.

    Lines that Python would run are left out, as are folders that are gone. Raises `CollectError`
    for an editable install that finds its modules by code, which only runs where it was made.
    """
    found: list[Path] = []
    for path in sorted(site.glob("*.pth")):
        for line in path.read_text().splitlines():
            if line.startswith("import __editable__"):
                project = path.stem.removeprefix("__editable__.")
                message = f"{project} is installed as editable by an import hook"
                hint = "name it without `-e` or `--editable`"
                raise CollectError(message, hint=hint)
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                folder = (site / line.strip()).resolve()
                if folder.is_dir() and folder != site.resolve():
                    found.append(folder)
    return list(dict.fromkeys(found))
