"""Writing a folder from which an executable can be linked again."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from obelisk import __version__
from obelisk.distribution.distribution import Distribution
from obelisk.distribution.versions import major_minor
from obelisk.link.elf.shared_objects import SharedObjects
from obelisk.model import Layout
from obelisk.output import require_free
from obelisk.plan import Plan
from obelisk.relink import description
from obelisk.relink.description import Description, Object
from obelisk.runtime.link import RuntimeOptions, write_relinkable
from obelisk.services.atomic import draft_folder_beside
from obelisk.services.drafts import remove_tree
from obelisk.services.services import Services
from obelisk.verify.verify import open_payload

_NOT_NEEDED: Final = shutil.ignore_patterns("__pycache__", "patches", "profiles")
_EXTRA: Final = re.compile(r";.*\bextra\b")


@dataclass(frozen=True, slots=True)
class Relinkable:
    """What an executable was linked of, besides its payload."""

    distribution: Distribution
    options: RuntimeOptions
    natives: SharedObjects


def write_folder(made: Relinkable, plan: Plan, executable: Path, services: Services) -> None:
    """Write the folder that `plan` names, whole or not at all; an older one is replaced."""
    place = (plan.relinkable or Path()) / plan.name
    with draft_folder_beside(place) as folder:
        runtime = folder / description.RUNTIME
        runtime.mkdir()
        write_relinkable(services, made.distribution, made.options, runtime)
        _, payload = open_payload(executable)
        (folder / description.PAYLOAD).write_bytes(payload.data)
        _write_objects(made.natives, plan, folder)
        _write_texts(plan, folder)
        _write_tools(folder / "tools")
        require_free(place)
        remove_tree(place)
    services.console.note(f"wrote {place}")


def _write_objects(natives: SharedObjects, plan: Plan, folder: Path) -> None:
    for file in natives.files:
        _copy(file.source, folder / description.OBJECTS / file.path)
    for name, file in natives.provided.items():
        _copy(file.source, folder / description.PROVIDED / name)
    found = Description(
        name=plan.name,
        target=plan.target,
        abi=natives.abi,
        objects=tuple(
            Object(path=one.path, base=one.base, package=one.package) for one in natives.files
        ),
        provided=tuple((name, file.path) for name, file in sorted(natives.provided.items())),
        epoch=plan.source_date_epoch,
        snapshot=plan.settings.snapshot,
    )
    (folder / description.FILE).write_text(found.to_json(), encoding="utf-8")


def _copy(source: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, place)


def _write_texts(plan: Plan, folder: Path) -> None:
    data = files("obelisk") / "data/relink"
    readme = (
        (data / "README.txt")
        .read_text(encoding="utf-8")
        .format(
            name=plan.name,
            target=plan.target.triple,
            zig=plan.target.clang_triple,
            python=plan.python.version,
            short=major_minor(plan.python.version),
            site=Layout.of(plan.python.version).site,
            obelisk=__version__,
        )
    )
    (folder / "README.txt").write_text(readme, encoding="utf-8")
    script = folder / "relink.sh"
    script.write_text((data / "relink.sh").read_text(encoding="utf-8"), encoding="utf-8")
    script.chmod(0o755)


def _write_tools(folder: Path) -> None:
    """Write the program that links, and what it needs: whoever links again need not look for it."""
    package = Path(str(files("obelisk")))
    shutil.copytree(package, folder / "obelisk", ignore=_NOT_NEEDED)
    needed = importlib.metadata.requires("obelisk") or []
    text = "".join(f"{line}\n" for line in sorted(needed) if not _EXTRA.search(line))
    (folder / "requirements.txt").write_text(text, encoding="utf-8")
