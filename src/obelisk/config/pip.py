"""The arguments of `pip install`, as far as they mean something to an installer of a target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from obelisk.config.requirements import Requirements, read_lines
from obelisk.errors import ConfigError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PASSED: Final = {"--no-deps": "--no-deps", "--pre": "--prerelease=allow"}
"""Flags, and what uv calls them."""
_FLAGS: Final = frozenset(_PASSED) | {"--no-index"}
_VALUES: Final = _words(
    "-r --requirement -c --constraint -e --editable -i --index-url --extra-index-url -f"
    " --find-links --no-binary --only-binary"
)
"""Options that have the same meaning in a requirements file."""
_DROPPED_FLAGS: Final = _words(
    "-I --ignore-installed -U --upgrade -q --quiet -v --verbose --compile --debug"
    " --disable-pip-version-check --force-reinstall --isolated --no-build-isolation"
    " --no-cache-dir --no-clean --no-color --no-compile --no-input --no-use-pep517"
    " --no-warn-conflicts --no-warn-script-location --prefer-binary --require-hashes"
    " --use-deprecated --use-pep517 --user --break-system-packages"
)
_DROPPED_VALUES: Final = _words(
    "-C --config-settings -b --build -d --dest -t --target --abi --cache-dir --cert"
    " --client-cert --exists-action --global-option --implementation --install-option --log"
    " --platform --prefix --progress-bar --proxy --python --python-version --report --retries"
    " --root --root-user-action --src --timeout --trusted-host --upgrade-strategy"
    " --use-feature"
)
_QUIET: Final = _words(
    "-q --quiet -v --verbose -U --upgrade -I --ignore-installed --force-reinstall --no-cache-dir"
    " --disable-pip-version-check --no-input --no-color --no-warn-script-location"
    " --require-hashes --no-compile --progress-bar"
)
"""Of these, those that change nothing: the folder is empty, and hashes are always checked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arguments:
    """What arguments of pip mean."""

    requirements: Requirements
    dropped: tuple[str, ...]
    """Options that have no effect here."""


def parse_arguments(words: Sequence[str], folder: Path, where: str) -> Arguments:
    """Return what arguments of `pip install` mean; relative paths start from `folder`.

    Raises `ConfigError` for options that pip does not have, and for what they name.
    """
    lines: list[str] = []
    passed: list[str] = []
    dropped: list[str] = []
    waiting = iter(words)
    for word in waiting:
        name, value = _split(word)
        if name in _PASSED:
            passed.append(_PASSED[name])
        elif name in _FLAGS or not name:
            lines.append(word)
        elif name in _VALUES:
            lines.append(f"{name} {_value(name, value, waiting, where)}")
        elif name in _DROPPED_FLAGS:
            dropped.append(name)
        elif name in _DROPPED_VALUES:
            _value(name, value, waiting, where)
            dropped.append(name)
        else:
            message = f"unknown option `{name}` in {where}"
            raise ConfigError(message, hint="the options are those of `pip install`")
    requirements = read_lines(lines, folder, where)
    if not (requirements.lines or requirements.unhashed):
        message = f"nothing to install in {where}"
        raise ConfigError(message, hint="name requirements, or a file with `-r`")
    return Arguments(
        requirements=replace(requirements, options=tuple(dict.fromkeys(passed))),
        dropped=tuple(dict.fromkeys(name for name in dropped if name not in _QUIET)),
    )


def requirements_of(words: Sequence[str], folder: Path, where: str) -> Requirements:
    """Return the requirements that arguments of `pip install` name; raise as above."""
    return parse_arguments(words, folder, where).requirements


def _split(word: str) -> tuple[str, str | None]:
    """Return an option and its value, if it is in the same word; "" for what is no option."""
    if not word.startswith("-"):
        return "", None
    if word.startswith("--"):
        name, sign, value = word.replace(" ", "=", 1).partition("=")
        return name, value.strip() if sign else None
    value = word[2:].strip().removeprefix("=")
    if not value or set(word[1:]) in ({"v"}, {"q"}):
        return word[:2], None
    return word[:2], value


def _value(name: str, value: str | None, waiting: Iterator[str], where: str) -> str:
    found = next(waiting, None) if value is None else value
    if not found:
        message = f"option `{name}` in {where} has no value"
        raise ConfigError(message)
    return found
