"""Evaluating Starlark in tests."""

from pathlib import Path

import pytest

from obelisk.config.starlark.errors import StarlarkError
from obelisk.config.starlark.interpreter import Interpreter


def evaluate(source, names=None, *, printed=None, path=Path("test.bzl"), **options):
    """Return the global names of a file."""
    lines = [] if printed is None else printed
    interpreter = Interpreter(names or {}, write=lambda text, _: lines.append(text), **options)
    data = source.encode() if isinstance(source, str) else source
    return dict(interpreter.run(path, data))


def value_of(expression, names=None, **options):
    """Return the value of an expression."""
    return evaluate(f"value = {expression}\n", names, **options)["value"]


def error_of(source, names=None, **options):
    """Return the error that a file ends with."""
    with pytest.raises(StarlarkError) as caught:
        evaluate(source, names, **options)
    return caught.value
