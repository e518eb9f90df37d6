"""Requirements as people write them, so that uv gets requirements only and never options.

In a script's header and on the command line a requirement is what PEP 508 says. A requirement file,
which the user names, may also have paths, URLs and the options in `_OPTIONS`; it is read here with
all files that it names, and becomes lines in which every path is absolute and nothing is editable.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as PackagingRequirement

from obelisk.config.toml import shown
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder, read_regular

_OPTIONS: Final = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
"""Options of a requirements file that are passed to uv: where packages come from, which kind."""
_FLAGS: Final = ("--no-index",)
_NESTED: Final = ("-r", "--requirement", "--requirements")
_CONSTRAINTS: Final = ("-c", "--constraint", "--constraints")
_EDITABLE: Final = ("-e", "--editable")
_UNDERSTOOD: Final = "`-r`, `-c`, `-e`, `--hash`, " + ", ".join(
    f"`{name}`" for name in (*_OPTIONS, *_FLAGS) if name.startswith("--")
)
_COMMENT: Final = re.compile(r"(^|\s)#.*$")
_VARIABLE: Final = re.compile(r"\$\{([A-Z0-9_]+)\}")
_BEFORE_HASH: Final = re.compile(r"\s--hash[= ]")
_HASH: Final = re.compile(r"[a-z0-9]+:[0-9a-fA-F]+")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_PLACE: Final = re.compile(r"(?P<place>.*?)(?P<extras>\[[^\]]*\])?(?P<marker>\s+;.*)?")
_OPTION_AFTER: Final = re.compile(r"\s--?[a-z]")
_AFTER_NAME: Final = re.compile(r"[ =]")
_LONGEST: Final = 8192
"""Characters of a requirement; some ways to read one take a time that grows with the square."""
_MOST_FILES: Final = 100
"""Requirement files that one may lead to, a bound that no sane set comes near."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirements:
    """What requirement files say, each line as uv takes it in such a file."""

    lines: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = ()
    """Those that no hash can be of: folders, and commits."""
    constraints: tuple[str, ...] = ()
    """The lines of files that are named by `-c`."""
    locks: tuple[Path, ...] = ()
    """Files of the form of pylock.toml."""
    options: tuple[str, ...] = ()
    """Further options of uv."""


def parse_requirement(text: str, where: str) -> PackagingRequirement:
    """Return a requirement of PEP 508; raise `ConfigError` for anything else."""
    _require_length(text, where)
    try:
        requirement = PackagingRequirement(text)
    except (InvalidRequirement, RecursionError) as error:
        reason = str(error).splitlines()[0]
        message = f"invalid requirement {shown(text)} in {where}: {reason}"
        hint = "requirements follow PEP 508: `rich>=13`, `name @ https://...`"
        raise ConfigError(message, hint=hint) from error
    if not text.isprintable():
        message = f"non-printable character in {where}: {shown(text)}"
        raise ConfigError(message)
    return requirement


def read_requirements(
    paths: Iterable[Path], folder: Path, more: Iterable[str] = ()
) -> Requirements:
    """Return what requirement files say, and `more`; relative paths start from `folder`.

    Raises `ConfigError` that names file and line.
    """
    reader = _Reader(folder)
    reader.lines += [absolute_requirement(text, folder, "`extra-requirements`") for text in more]
    for path in paths:
        reader.read(path, constraint=False)
    return Requirements(
        lines=tuple(reader.lines),
        unhashed=tuple(reader.unhashed),
        constraints=tuple(reader.constraints),
    )


def read_lines(lines: Iterable[str], folder: Path, where: str) -> Requirements:
    """Return what lines say that are as in a requirements file; relative paths are `folder`'s.

    Raises `ConfigError` that names `where` they are.
    """
    reader = _Reader(folder)
    for line in lines:
        reader.take(line, folder / "-", where)
    return Requirements(
        lines=tuple(reader.lines),
        unhashed=tuple(reader.unhashed),
        constraints=tuple(reader.constraints),
    )


class _Reader:
    """Reads requirement files, each once, and gathers their lines."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self.unhashed: list[str] = []
        self.constraints: list[str] = []
        self._folder = folder
        self._seen: set[tuple[Path, bool]] = set()

    def read(self, path: Path, *, constraint: bool) -> None:
        """Gather the lines of a file and of those that it names."""
        key = (Path(os.path.normpath(path)), constraint)
        if key in self._seen:
            return
        self._seen.add(key)
        if len(self._seen) > _MOST_FILES:
            message = f"too many requirements files (more than {_MOST_FILES}) at {path}"
            raise ConfigError(message)
        for number, line in _logical_lines(path):
            self.take(line, path, f"line {number} of {path}", constraint=constraint)

    def take(self, line: str, path: Path, where: str, *, constraint: bool = False) -> None:
        """Gather a line of the file at `path`."""
        if not line.isprintable():
            message = f"non-printable character in {where}"
            raise ConfigError(message)
        if not line.startswith("-"):
            self._require(line, where, constraint=constraint)
            return
        option, value = _option(line)
        if option in _FLAGS and not value:
            self.lines.append(option)
        elif option in _NESTED and value:
            self.read(path.parent / value, constraint=constraint)
        elif option in _CONSTRAINTS and value:
            self.read(path.parent / value, constraint=True)
        elif option in _EDITABLE and value:
            # What is installed like this is a path even if it looks like a name.
            is_path = not (value.startswith("/") or "@" in value or _has_scheme(value))
            self._require(f"./{value}" if is_path else value, where, constraint=constraint)
        elif option in _OPTIONS and value and not value.startswith("-"):
            is_folder = option in ("-f", "--find-links") and not _SCHEME.match(value)
            shown_value = str(self._folder / value) if is_folder else value
            self.lines.append(f"{_OPTIONS[option]} {shown_value}")
        else:
            message = f"unsupported option `{option}` in {where}"
            raise ConfigError(message, hint=f"supported in requirements files: {_UNDERSTOOD}")

    def _require(self, line: str, where: str, *, constraint: bool) -> None:
        text, *hashes = (part.strip() for part in _BEFORE_HASH.split(line))
        if not all(map(_HASH.fullmatch, hashes)):
            message = f"invalid `--hash` in {where}"
            raise ConfigError(message, hint="expected `--hash=sha256:<digest>`")
        written, can_be_hashed = _written(text, self._folder, where)
        if hashes and not _is_pinned(written):
            message = f"`--hash` without a pinned version in {where}: {shown(text)}"
            raise ConfigError(message, hint="pin the version: `name==version`")
        into = self.lines if can_be_hashed else self.unhashed
        into = self.constraints if constraint else into
        into.append(" ".join([written, *(f"--hash={digest}" for digest in hashes)]))


def _logical_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (number, text) of the lines of a file, joined and without comments, as pip reads it."""
    if not os.path.lexists(path):
        message = f"no such requirements file: {path}"
        raise ConfigError(message)
    try:
        text = read_regular(path).decode("utf-8-sig")
    except OSError as error:
        message = f"cannot read requirements file {path}: {error.strerror}"
        raise ConfigError(message) from error
    except UnicodeDecodeError as error:
        message = f"requirements file {path} is not valid UTF-8: {error}"
        raise ConfigError(message, hint="save the file as UTF-8") from error
    if path.suffix == ".toml" or path.name in ("setup.py", "setup.cfg"):
        message = f"{path} is not a requirements file"
        hint = "pass a requirements.txt; dependencies of a project are installed with it"
        raise ConfigError(message, hint=hint)
    pending, began = "", 0
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        began = began if pending else number
        if line.endswith("\\") and not _COMMENT.match(line):
            pending += line[:-1] + " "
            continue
        whole, pending = _COMMENT.sub("", pending + line).strip(), ""
        if whole:
            yield began, _VARIABLE.sub(_value_of, whole)
    if pending.strip():
        yield began, _VARIABLE.sub(_value_of, pending.strip())


def _value_of(found: re.Match[str]) -> str:
    return os.environ.get(found[1]) or found[0]


def _option(line: str) -> tuple[str, str]:
    """Return an option and its value: `--name value`, `--name=value`, `-n value` or `-nvalue`."""
    if not line.startswith("--"):
        return line[:2], line[2:].strip()
    name, *value = _AFTER_NAME.split(line, maxsplit=1)
    return name, value[0].strip() if value else ""


def absolute_requirement(text: str, folder: Path, where: str) -> str:
    """Return a requirement of PEP 508 with a path in it, if any, that is absolute.

    Raises `ConfigError` for what is not such a requirement.
    """
    requirement = parse_requirement(text, where)
    if requirement.url is None or _has_scheme(requirement.url):
        return text
    requirement.url = _absolute(requirement.url, folder).as_uri()
    return str(requirement)


def _written(text: str, folder: Path, where: str) -> tuple[str, bool]:
    """Return a line of a requirement file as it is for uv, and whether it can have a hash."""
    _require_length(text, where)
    if _OPTION_AFTER.search(text):
        message = f"unsupported option after a requirement in {where}: {shown(text)}"
        raise ConfigError(message, hint=f"supported in requirements files: {_UNDERSTOOD}")
    if _is_place(text):
        return _written_place(text, folder)
    written = absolute_requirement(text, folder, where)
    return written, _can_be_hashed(parse_requirement(written, where).url or "")


def _is_pinned(written: str) -> bool:
    """Return whether a requirement allows one version only: other versions' hashes are ignored."""
    try:
        requirement = PackagingRequirement(written)
    except InvalidRequirement:
        return True  # a path or URL
    exact = [
        specifier for specifier in requirement.specifier if specifier.operator in ("==", "===")
    ]
    return requirement.url is not None or any(
        not specifier.version.endswith("*") for specifier in exact
    )


def _require_length(text: str, where: str) -> None:
    if len(text) > _LONGEST:
        message = f"requirement too long in {where}: {len(text)} characters"
        raise ConfigError(message, hint=f"at most {_LONGEST} characters are allowed")


def _is_place(text: str) -> bool:
    """Return whether a line is a path or URL without a name before it."""
    try:
        PackagingRequirement(text)
    except (InvalidRequirement, RecursionError):
        return _has_scheme(text) or text.startswith(".") or "/" in text
    return False


def _written_place(text: str, folder: Path) -> tuple[str, bool]:
    found = _PLACE.fullmatch(text)
    assert found is not None  # noqa: S101 - it matches everything
    place = found["place"].strip()
    if not _SCHEME.match(place):
        place = _absolute(place.removeprefix("file:"), folder).as_uri()
    return f"{place}{found['extras'] or ''}{found['marker'] or ''}", _can_be_hashed(place)


def _has_scheme(url: str) -> bool:
    return bool(_SCHEME.match(url)) or url.startswith("file:")


def _absolute(path: str, folder: Path) -> Path:
    return Path(os.path.normpath(folder / path))


def _can_be_hashed(url: str) -> bool:
    if url.startswith("git+"):
        return False
    return not (url.startswith("file://") and is_folder(unquote(url.removeprefix("file://"))))
