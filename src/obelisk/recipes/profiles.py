"""Pinned profiles: what programs do most, recorded once, for the compiler to lay out code by.

`scripts/train_profile.py` makes them, with the compiler that is used here. They are data, so no
machine profiles anything, and all of them compile the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from typing import Final

import zstandard

from obelisk.errors import ToolError
from obelisk.recipes.context import RecipeContext
from obelisk.target import Target

_NAME: Final = "obelisk.profdata"
_MISFIT: Final = re.compile(r"warning: (\S+): .* (\S+) Hash = \d+ .*\[-Wbackend-plugin\]")


def place_of(name: str, target: Target) -> Path:
    """Return where the profile is of what has this name, such as `cpython-3.14`, for a target."""
    folder = Path(str(files("obelisk"))) / "data/profiles"
    return folder / f"{name}-{target.profiled_on}.profdata.zst"


def profile_identity(name: str, target: Target) -> str | None:
    """Return what names the bytes of a profile, for cache keys; None if there is none."""
    place = place_of(name, target)
    return hashlib.sha256(place.read_bytes()).hexdigest() if place.is_file() else None


def use_profile(shop: RecipeContext, place: Path) -> tuple[str, ...]:
    """Unpack a profile into the source's tree; return the flags of what is compiled from there.

    There are none without a profile, or if the compiler cannot read it, which is said.
    """
    if not place.is_file():
        return ()
    (shop.tree / _NAME).write_bytes(zstandard.decompress(place.read_bytes()))
    # Relative: a folder's name would be in what is compiled.
    flags = (f"-fprofile-use={_NAME}",)
    probe = shop.root / "probe.c"
    probe.write_text("int obelisk_probe;\n")
    try:
        shop.run("cc", *flags, "-c", probe, "-o", shop.root / "probe.o")
    except ToolError:
        shop.say(
            f"{shop.source.name} is built without its PGO profile: the compiler cannot read it"
        )
        return ()
    return flags


def misfits(shop: RecipeContext, *, without: Collection[str] = ()) -> list[str]:
    """Return the functions that were compiled without the profile, which knew other ones.

    Not those in the files `without`: programs that have functions of the same names.
    """
    found = set(_MISFIT.findall(shop.log.read_text(errors="replace")))
    return sorted(function for file, function in found if file not in without)


def report_misfits(shop: RecipeContext, *, without: Collection[str] = ()) -> None:
    """Say how many functions the profile does not fit, if there are any.

    Not where it is another machine's, which has other functions here and there.
    """
    count = len(misfits(shop, without=without))
    target = shop.chain.target
    if count and target.profiled_on == target.architecture:
        shop.say(
            f"the PGO profile of {shop.source.name} is for another release than "
            f"{shop.source.version}: {count} changed functions are built without it"
        )
