"""PythonDistribution, which here is always the static distribution of the target."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ClassVar, Final, Literal

from obelisk.config.pyoxidizer.adding import Base, Resources, standard_library
from obelisk.config.pyoxidizer.executable import PythonExecutable
from obelisk.config.pyoxidizer.interpreter import Config
from obelisk.config.pyoxidizer.policy import Policy
from obelisk.config.pyoxidizer.session import Session
from obelisk.config.pyoxidizer.table import ApiObject, Because, Method, Row, host_type
from obelisk.config.settings import Settings
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value
from obelisk.config.toml import shown
from obelisk.target import TARGETS

Flavor = Literal["standalone", "standalone_dynamic", "standalone_static"]
KNOWN: Final = ("3.13", "3.14")
"""Versions that are built as they are asked for."""
_LIKE_OURS: Final = {"-linux-gnu": "-linux-musl", "-windows-msvc": "-windows-gnu"}
"""Parts of PyOxidizer's triples, and of those that do the same here."""


def _make_config(own: PythonDistribution, caller: Caller) -> Config:
    del caller
    return Config(own.session)


def _make_policy(own: PythonDistribution, caller: Caller) -> Policy:
    del caller
    return Policy(own.session)


def _resources(own: PythonDistribution, caller: Caller) -> Resources:
    return [resource for _, resource in standard_library(own.session, own.base, caller)]


def _to_executable(  # noqa: PLR0913 - PyOxidizer's
    own: PythonDistribution,
    caller: Caller,
    name: str,
    packaging_policy: Policy | None = None,
    config: Config | None = None,
    *,
    resources_policy: str | None = None,
    extension_module_filter: str | None = None,
    preferred_extension_module_variants: dict[str, str] | None = None,
    include_sources: bool | None = None,
    include_resources: bool | None = None,
    include_test: bool | None = None,
) -> PythonExecutable:
    del extension_module_filter, preferred_extension_module_variants
    old = (resources_policy, include_sources, include_resources, include_test)
    policy = packaging_policy or Policy(own.session)
    if any(value is not None for value in old):
        own.session.warn_old("to_python_executable", caller)
    if include_test:
        policy.values["include_test"] = True
    if include_sources is False:
        policy.values["include_distribution_sources"] = False
        policy.values["include_non_distribution_sources"] = False
    return own.executable(name, policy, config or Config(own.session), caller)


def _of_executable(name: str) -> Callable[..., Value]:
    """Return the method of a distribution that became one of its executables."""
    row = PythonExecutable.rows[name]
    assert isinstance(row, Method)  # noqa: S101 - for mypy
    function = row.function

    @functools.wraps(function)
    def call(
        own: PythonDistribution, caller: Caller, *arguments: object, **keywords: object
    ) -> Value:
        nowhere = PythonExecutable(
            own.session,
            name="-",
            base=own.base,
            policy=Policy(own.session),
            config=Config(own.session),
        )
        found = function(nowhere, caller, *arguments, **keywords)
        if own.session.is_incomplete:  # there are no resources that would say where they are from
            for made in own.made:
                made.sources += nowhere.sources
        return found

    return call


def _old_rows() -> dict[str, Row]:
    """Return the methods that 0.7 had here, and that executables have since."""
    names = ("pip_install", "read_package_root", "read_virtualenv", "setup_py_install")
    return {
        name: Method(
            does=PythonExecutable.rows[name].does,
            test="test_the_api_of_0_7",
            function=_of_executable(name),
            old=True,
        )
        for name in names
    }


class PythonDistribution(ApiObject):
    """A distribution of Python, of a version."""

    rows: ClassVar[dict[str, Row]] = {
        "make_python_interpreter_config": Method(
            does="settings of `[tool.obelisk.interpreter]`",
            test="test_attributes_become_settings",
            function=_make_config,
        ),
        "make_python_packaging_policy": Method(
            does="a policy", test="test_locations_have_no_effect", function=_make_policy
        ),
        "python_resources": Method(
            does="the modules of the standard library",
            test="test_resources_of_the_standard_library",
            function=_resources,
        ),
        "to_python_executable": Method(
            does="an executable with the whole standard library",
            test="test_the_template",
            function=_to_executable,
        ),
        **_old_rows(),
    }
    host_type = host_type("PythonDistribution", rows)

    def __init__(self, session: Session, base: Base) -> None:
        super().__init__(session)
        self.base = base
        self.made: list[PythonExecutable] = []

    def executable(
        self, name: str, policy: Policy, config: Config, caller: Caller
    ) -> PythonExecutable:
        """Return a new executable; callbacks are called for the standard library."""
        caller.stack.budget.host_call((*config.values.values(), policy.callbacks))
        made = PythonExecutable(
            self.session,
            name=name,
            base=self.base,
            policy=policy,
            config=config,
        )
        self.made.append(made)
        made.add_standard_library(caller)
        return made


def make_distribution(
    session: Session, caller: Caller, python: str | None, flavor: str, target: str
) -> PythonDistribution:
    """Return a distribution of the version that is closest to what was asked for."""
    if flavor == "standalone_dynamic":
        session.without_effect('flavor = "standalone_dynamic"', Because.STATIC, caller)
    chosen = session.surroundings.python or (python if python in KNOWN else Settings().python)
    if python is not None and chosen != python and session.surroundings.python is None:
        message = f"Python {python} is not available; building with {chosen}"
        session.warn(f"{message} (choose another version with `--python`)", caller)
    return PythonDistribution(session, Base(python=chosen, target=target))


def _default_distribution(
    session: Session,
    caller: Caller,
    flavor: Flavor = "standalone",
    build_target: str | None = None,
    python_version: str | None = None,
) -> PythonDistribution:
    target = _target(session, build_target, caller)
    return make_distribution(session, caller, python_version, flavor, target)


def _target(session: Session, build_target: str | None, caller: Caller) -> str:
    """Return the target that executables are built for: that of the command line, or another."""
    own = session.surroundings.settings.target
    if build_target in (None, own, session.surroundings.triple):
        return own
    target = str(build_target)
    for name, ours in _LIKE_OURS.items():
        target = target.replace(name, ours)
    if target not in TARGETS:
        known = ", ".join(TARGETS)
        message = f"`build_target` has no effect: {shown(build_target)} is none of {known}"
        session.warn(f"{message}; building for {own}", caller)
        return own
    session.understood("build_target", f"`target`: {target}", caller)
    return target


def _own_distribution(
    session: Session,
    caller: Caller,
    sha256: str,
    local_path: str | None = None,
    url: str | None = None,
    flavor: Flavor = "standalone",
) -> PythonDistribution:
    del sha256, local_path, url
    python = session.surroundings.python or Settings().python
    message = f"distributions of others are not used; building with Obelisk's own Python {python}"
    session.warn(message, caller)
    target = session.surroundings.settings.target
    return make_distribution(session, caller, None, flavor, target)


FUNCTIONS: Final = {
    "default_python_distribution": Method(
        does="the static distribution of the target; of 3.13 or 3.14, or with a warning",
        test="test_versions_of_python",
        function=_default_distribution,
    ),
    "PythonDistribution": Method(
        does="Obelisk's own distribution, with a warning",
        test="test_versions_of_python",
        function=_own_distribution,
    ),
}
