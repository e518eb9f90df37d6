"""Update data/pins.toml: hashes of archives in a directory, or newer releases.

    python scripts/update_pins.py DIRECTORY     write hash, size and date of what is in it
    python scripts/update_pins.py --check       print tables for releases newer than the pins

To update a library: change its version and file names by hand, or paste a table of `--check`, put
the archives (from the origin itself, not from elsewhere) into DIRECTORY, run this, and review the
difference before committing. For people's own pins, `obelisk pins check` does the same.
"""

import datetime as dt
import hashlib
import re
import sys
import tarfile
from pathlib import Path, PurePosixPath

from obelisk.services.fetch import UnreachableError
from obelisk.services.pins import shipped_pins
from obelisk.services.releases import Release, hashed, newer_releases

PINS = Path(__file__).parents[1] / "src/obelisk/data/pins.toml"
ORIGIN = re.compile(
    r'(?P<kind>url|debian) = "(?P<place>[^"]+)"\nsha256 = "(?P<sha>\w*)"\nsize = (?P<size>\d+)'
)


def update(folder: Path) -> None:
    """Rewrite the file in place and print what changed."""

    def updated(found: re.Match[str]) -> str:
        path = folder / PurePosixPath(found["place"]).name
        if not path.is_file():
            return found[0]
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != found["sha"]:
            print(f"{path.name}: {found['sha'][:12]} -> {digest[:12]}")
        kind, place = found["kind"], found["place"]
        return f'{kind} = "{place}"\nsha256 = "{digest}"\nsize = {len(data)}'

    text = ORIGIN.sub(updated, PINS.read_text(encoding="utf-8"))
    for pinned in shipped_pins():
        paths = [folder / origin.filename for origin in pinned.origins]
        found = next((path for path in paths if path.is_file()), None)
        if found is not None:
            text = dated(text, pinned.name, newest(found))
    PINS.write_text(text)


def dated(text: str, name: str, day: dt.date) -> str:
    """Return the text of pins with the date of one."""
    table = re.escape(f'["{name}"]' if "." in name else f"[{name}]")
    return re.sub(rf"^({table}\n.*\ndate = ).*$", rf"\g<1>{day}", text, flags=re.MULTILINE)


def newest(archive: Path) -> dt.date:
    """Return the day of the newest file in an archive."""
    with tarfile.open(archive) as tar:
        seconds = max(member.mtime for member in tar)
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date()


def check() -> None:
    """Print a table for every newer release, and what could not be reached."""
    checked = newer_releases(shipped_pins())
    for place, reason in checked.unreached:
        print(f"# cannot reach {place}: {reason}")
    for release in checked.releases:
        try:
            print(table(hashed(release)))
        except UnreachableError as error:
            print(f"# {release.pinned.name} {release.version}: cannot download it: {error}")


def table(release: Release) -> str:
    """Return a release as a table of data/pins.toml."""
    pinned, origin = release.pinned, release.origin
    name = f'"{pinned.name}"' if "." in pinned.name else pinned.name
    kind, place = ("url", origin.url) if origin.url else ("debian", origin.debian)
    return (
        f"# {pinned.version} -> {release.version} ({release.found})\n"
        f'[{name}]\nversion = "{release.version}"\ndate = 1970-01-01\n'
        f'license = "{pinned.license}"\n'
        f'license-file = "{pinned.license_file}"\n[[{name}.origins]]\n{kind} = "{place}"\n'
        f'sha256 = "{origin.sha256}"\nsize = {origin.size}\n'
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    else:
        update(Path(sys.argv[1]))
