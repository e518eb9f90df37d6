"""libyaml: these files with these flags."""

from __future__ import annotations

from obelisk.recipes.context import RecipeContext


def build(shop: RecipeContext) -> None:
    """Build libyaml and install its header."""
    major, minor, patch = shop.source.version.split(".")
    flags = (
        *("-Iinclude", f'-DYAML_VERSION_STRING="{shop.source.version}"'),
        *(f"-DYAML_VERSION_MAJOR={major}", f"-DYAML_VERSION_MINOR={minor}"),
        f"-DYAML_VERSION_PATCH={patch}",
    )
    shop.library("libyaml", shop.glob("src/*.c"), flags=flags)
    shop.headers("include/yaml.h")
