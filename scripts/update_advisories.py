"""Take the advisories about our pins, and about what CPython bundles, from a local OSV mirror.

`python scripts/update_advisories.py MIRROR...` reads directories or zip archives as OSV publishes
them (https://google.github.io/osv.dev/data/: OSS-Fuzz, Bitnami, GIT), writes what is new or newer
to `src/obelisk/data/advisories`, removes what was withdrawn, and prints what changed. What a mirror
does not have stays. Review the difference.
"""

import json
import sys
from pathlib import Path
from typing import Any

from obelisk.audit.advisory import MalformedError, advisory_of, load
from obelisk.audit.database import documents
from obelisk.audit.names import identify, keys_of
from obelisk.components.component import Component, Kind
from obelisk.services.pins import pins

ADVISORIES = Path(__file__).parents[1] / "src/obelisk/data/advisories"
BUNDLED = ("expat", "mpdecimal", "libb2", "hacl-star")
"""Libraries in CPython's own tree."""
TOOLCHAIN = ("llvm",)
FIELDS = ("schema_version", "id", "modified", "withdrawn", "aliases", "summary", "severity")
"""What is kept of an advisory, besides `affected` and references to other advisories."""


def main(mirrors: list[str], folder: Path) -> None:
    """Update all files of a folder."""
    ours = our_keys()
    malformed = 0
    for mirror in mirrors:
        for name, data in documents(Path(mirror)):
            try:
                kept = trimmed(load(data) if isinstance(data, bytes) else data, ours)
            except MalformedError as error:
                malformed += 1
                print(f"malformed: {name}: {error}", file=sys.stderr)
                continue
            if kept is not None:
                update(kept, folder)
    if malformed:
        print(f"malformed: {malformed}", file=sys.stderr)


def our_keys() -> frozenset[str]:
    """Return the names of advisories that can be about what is in every executable."""
    names = (*pins(), *BUNDLED, *TOOLCHAIN)
    components = (Component(reference=name, kind=Kind.LIBRARY, name=name) for name in names)
    return frozenset(key for component in components for key in identify(component).keys)


def trimmed(table: Any, ours: frozenset[str]) -> dict[str, Any] | None:  # noqa: ANN401 - JSON
    """Return what we keep of an advisory; None if it is about nothing of ours."""
    advisory = advisory_of(table)
    about = [not ours.isdisjoint(keys_of(affected)) for affected in advisory.affected]
    if not any(about):
        return None
    kept = {field: table[field] for field in FIELDS if table.get(field)}
    kept["affected"] = [row for row, ours in zip(table["affected"], about, strict=True) if ours]
    if advisory.url:
        kept["references"] = [{"type": "ADVISORY", "url": advisory.url}]
    if advisory.word:
        kept["database_specific"] = {"severity": advisory.word}
    return kept


def update(table: dict[str, Any], folder: Path) -> None:
    """Write an advisory if it is new or newer, or remove it if it was withdrawn."""
    path = folder / f"{table['id'].replace('/', '-')}.json"
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    if table.get("withdrawn"):
        if before is not None:
            path.unlink()
            print(f"withdrawn: {table['id']}")
        return
    if before is not None and before.get("modified", "") >= table["modified"]:
        return
    path.write_text(written(table), encoding="utf-8")
    print(f"{'new' if before is None else 'changed'}: {table['id']}: {table.get('summary', '')}")


def written(table: dict[str, Any]) -> str:
    """Return an advisory as text, the same for the same value."""
    return json.dumps(table, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    main(sys.argv[1:], ADVISORIES)
