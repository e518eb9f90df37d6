"""All tables of the API: of functions, constants and types."""

from __future__ import annotations

from typing import Final

from obelisk.config.pyoxidizer import (
    distribution,
    functions,
    installers,
    legacy,
    resources,
    signing,
)
from obelisk.config.pyoxidizer.distribution import PythonDistribution
from obelisk.config.pyoxidizer.executable import PythonExecutable
from obelisk.config.pyoxidizer.interpreter import Config
from obelisk.config.pyoxidizer.manifest import EmbeddedResources, FileContent, FileManifest
from obelisk.config.pyoxidizer.policy import Policy
from obelisk.config.pyoxidizer.session import Session
from obelisk.config.pyoxidizer.table import ApiObject, Method, Row, host_function
from obelisk.config.starlark.values import Value

FUNCTIONS: Final[dict[str, Method]] = {
    **functions.FUNCTIONS,
    **distribution.FUNCTIONS,
    **installers.FUNCTIONS,
    **signing.FUNCTIONS,
    **legacy.FUNCTIONS,
}
CONSTANTS: Final[dict[str, Row]] = functions.CONSTANTS
TYPES: Final[tuple[type[ApiObject], ...]] = (
    PythonDistribution,
    Policy,
    Config,
    PythonExecutable,
    *resources.TYPES,
    FileManifest,
    FileContent,
    EmbeddedResources,
    *installers.TYPES,
    *signing.TYPES,
)


def names(session: Session) -> dict[str, Value]:
    """Return what a configuration can name, by name."""
    made: dict[str, Value] = {
        name: host_function(session, name, row) for name, row in FUNCTIONS.items()
    }
    return made | functions.constants(session)
