"""Update hash and size of every origin in data/pins.toml whose archive is in a directory.

    python scripts/update_pins.py DIRECTORY

To update a library: change its version and file names by hand, put the archives (from the origin
itself, not from elsewhere) into DIRECTORY, run this, and review the difference before committing.
"""

import hashlib
import re
import sys
from pathlib import Path, PurePosixPath

PINS = Path(__file__).parents[1] / "src/obelisk/data/pins.toml"
ORIGIN = re.compile(
    r'(?P<kind>url|debian) = "(?P<place>[^"]+)"\nsha256 = "(?P<sha>\w*)"\nsize = (?P<size>\d+)'
)


def main() -> None:
    """Rewrite the file in place and print what changed."""
    folder = Path(sys.argv[1])

    def update(found: re.Match[str]) -> str:
        path = folder / PurePosixPath(found["place"]).name
        if not path.is_file():
            return found[0]
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != found["sha"]:
            print(f"{path.name}: {found['sha'][:12]} -> {digest[:12]}")
        kind, place = found["kind"], found["place"]
        return f'{kind} = "{place}"\nsha256 = "{digest}"\nsize = {len(data)}'

    PINS.write_text(ORIGIN.sub(update, PINS.read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
