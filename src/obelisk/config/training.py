"""What `train`, `train-requests` and `train-record` ask for, checked before anything is built."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from obelisk.config.settings import Settings
from obelisk.errors import ConfigError
from obelisk.services import host
from obelisk.services.visit import Address
from obelisk.target import Target


def parse_commands(commands: Iterable[str]) -> list[list[str]]:
    """Return the arguments of each run; raise `ConfigError` for a quote that does not end."""
    parsed = []
    for command in commands:
        try:
            parsed.append(shlex.split(command))
        except ValueError as error:
            message = f"cannot split `{command}` in `train` into arguments: {error}"
            raise ConfigError(message, hint="quote the arguments as in a shell") from error
    return parsed


def parse_requests(urls: Iterable[str]) -> list[Address]:
    """Return what each run is asked; raise `ConfigError` for what is no URL of a service."""
    parsed = []
    for url in urls:
        try:
            parsed.append(Address.parse(url))
        except ValueError as error:
            message = f"`{url}` in `train-requests` cannot be asked for: {error}"
            hint = "write it as in `http://127.0.0.1:8000/items/1`"
            raise ConfigError(message, hint=hint) from error
    return parsed


def check_training(settings: Settings, target: Target, folder: Path, executables: int) -> None:
    """Raise `ConfigError` for training that cannot be done, or a record that cannot be kept.

    `executables` is how many are built.
    """
    parse_commands(settings.train)
    parse_requests(settings.train_requests)
    if settings.train_requests and not settings.train and not settings.train_record:
        message = "`train-requests` asks runs of `train`, and there are none"
        hint = 'name a run that starts the service: `--train ""` is one without arguments'
        raise ConfigError(message, hint=hint)
    record = folder / settings.train_record if settings.train_record else None
    if record is not None:
        _check_record(record, settings, executables)
    is_recorded = record is not None and os.path.lexists(record)
    if settings.train and not is_recorded and not host.runs(target):
        message = f"`train` runs the executable, and {target.triple} does not run on this machine"
        hint = (
            "train a build for this machine with `--train-record FILE`: "
            "that file can be used for any target"
        )
        raise ConfigError(message, hint=hint)


def _check_record(record: Path, settings: Settings, executables: int) -> None:
    if not settings.train and not os.path.lexists(record):
        message = f"no training record {record}, and `train` is empty"
        raise ConfigError(
            message, hint="pass the arguments of a run with `--train`, such as `--help`"
        )
    if not record.parent.is_dir():
        message = f"no such directory for the training record: {record.parent}"
        raise ConfigError(message, hint="create it, or choose another `train-record`")
    if executables > 1:
        message = f"`train-record` is a single file, but {executables} executables are built"
        raise ConfigError(message, hint="choose one with `--script`, or build with `multicall`")
