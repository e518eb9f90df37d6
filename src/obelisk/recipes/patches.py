"""Patches of pinned sources: unified diffs that apply exactly, or end the build.

Those of a library are `data/patches/<library>/NN-why.patch`, in the order of their names, each
with its reason above the first file. `cpython/` is for every Python, `cpython-3.14/` for one,
`cpython-3.14-windows/` for one system alone.
The last line of that text is `Purpose: speed` where nothing but time depends on the patch: in
another release, which the user pins, it is left out if it does not apply.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from obelisk.errors import ToolError
from obelisk.services.pins import Pin
from obelisk.target import Target

_FILE: Final = re.compile(rb"^--- (?:a/\S+|/dev/null)\n\+\+\+ b/(\S+)\n", re.MULTILINE)
_SPEED: Final = b"\n\nPurpose: speed\n\n--- "
_LEFT_OUT: Final = "left-out-patches"
"""A folder beside what was built, with a file of names for each source that has some."""
_HUNK: Final = re.compile(rb"^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@.*\n", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """A unified diff with a text above it."""

    name: str
    """Its file, below `data/patches/`."""
    text: bytes

    @property
    def is_for_speed(self) -> bool:
        """Whether nothing but time depends on it."""
        return _SPEED in self.text

    def apply(self, tree: Path) -> None:
        """Change the files below `tree`, or none of them.

        A hunk applies where its lines stand, whatever its line numbers say; raise `ToolError`
        when that is nowhere, or in more than one place.
        """
        changed: dict[Path, bytes] = {}
        for path, hunks in self._files():
            file = tree / path
            text = changed.get(file, file.read_bytes() if file.is_file() else b"")
            for number, (old, new) in enumerate(hunks, 1):
                if text.count(old) != 1:
                    found = "is not in" if old not in text else "is more than once in"
                    message = f"{self.name}: the text that hunk {number} changes {found} {path}"
                    raise ToolError(message)
                text = text.replace(old, new)
            changed[file] = text
        for file, text in changed.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)

    def _files(self) -> Iterator[tuple[str, list[tuple[bytes, bytes]]]]:
        """Return the path of each file and its hunks: the text before, the text after."""
        _, *parts = _FILE.split(self.text)
        if not parts:
            message = f"{self.name} changes no file"
            raise ToolError(message)
        for path, body in zip(parts[::2], parts[1::2], strict=True):
            yield path.decode(), [self._hunk(head) for head in _HUNK.finditer(body)]

    def _hunk(self, head: re.Match[bytes]) -> tuple[bytes, bytes]:
        """Return the lines before and after, of which the head of a hunk says the numbers."""
        old: list[bytes] = []
        new: list[bytes] = []
        counts = tuple(1 if count is None else int(count) for count in head.groups())
        *lines, after = [*head.string[head.end() :].splitlines(keepends=True), b""]
        for line in lines:
            if (len(old), len(new)) == counts:
                after = line
                break
            # Editors cut the blank off an empty line.
            text = line if line == b"\n" else line[1:]
            if line[:1] in b" -\n":
                old.append(text)
            if line[:1] in b" +\n":
                new.append(text)
        # More lines than it says would be left out unseen. Mail ends with a line of its own.
        if (len(old), len(new)) != counts or (after[:1] in b" -+" and after not in (b"", b"-- \n")):
            message = f"{self.name}: not as many lines as `{head[0].decode().strip()}` says"
            raise ToolError(message)
        return b"".join(old), b"".join(new)


def patches(pinned: Pin) -> tuple[Patch, ...]:
    """Return the patches of a source in the order in which they apply."""
    return _in_folders(*sorted({pinned.name, pinned.name.partition("-")[0]}))


def of_system(pinned: Pin, target: Target) -> tuple[Patch, ...]:
    """Return the patches of a source that only the target's system has, which apply after those."""
    return _in_folders(f"{pinned.name}-{target.system}")


def apply_all(pinned: Pin, tree: Path, output: Path) -> list[tuple[str, str]]:
    """Apply the patches of a source to its tree; return (name, reason) of those left out.

    That is possible for the user's own pins only, and written below `output` for `applied`. All
    others must apply: raise `ToolError`.
    """
    left_out = []
    for patch in patches(pinned):
        try:
            patch.apply(tree)
        except ToolError as error:
            if pinned.own is None or not patch.is_for_speed:
                raise
            left_out.append((patch.name, str(error).removeprefix(f"{patch.name}: ")))
    if left_out:
        (output / _LEFT_OUT).mkdir()
        names = "".join(f"{name}\n" for name, _ in left_out)
        (output / _LEFT_OUT / pinned.name).write_text(names)
    return left_out


def applied(pinned: Pin, output: Path) -> tuple[str, ...]:
    """Return the names of the patches of what was built to `output`."""
    path = output / _LEFT_OUT / pinned.name
    left_out = path.read_text().splitlines() if path.is_file() else []
    return tuple(patch.name for patch in patches(pinned) if patch.name not in left_out)


def merge_left_out(output: Path, into: Path) -> None:
    """Add what was left out of a library to what is known of a distribution that has it."""
    if (output / _LEFT_OUT).is_dir():
        shutil.copytree(output / _LEFT_OUT, into / _LEFT_OUT, dirs_exist_ok=True)


def _in_folders(*folders: str) -> tuple[Patch, ...]:
    """Return the patches in folders of `data/patches`, in the order of their files' names."""
    root = files("obelisk").joinpath("data/patches")
    found = [
        Patch(name=f"{folder}/{file.name}", text=file.read_bytes())
        for folder in folders
        if root.joinpath(folder).is_dir()
        for file in root.joinpath(folder).iterdir()
        if file.name.endswith(".patch")
    ]
    return tuple(sorted(found, key=lambda patch: patch.name.partition("/")[::-1]))
