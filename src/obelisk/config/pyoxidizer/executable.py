"""PythonExecutable: what is added to an executable, and what is installed for it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar, Final, Literal

from obelisk.config.parts import Install, Packages, Part, Virtualenv
from obelisk.config.pip import parse_arguments
from obelisk.config.pyoxidizer.installers import WiXBundleBuilder, WiXMSIBuilder
from obelisk.config.pyoxidizer.interpreter import Config
from obelisk.config.pyoxidizer.manifest import Buildable, EmbeddedResources, FileManifest
from obelisk.config.pyoxidizer.policy import Policy
from obelisk.config.pyoxidizer.resources import (
    PythonModuleSource,
    Resource,
    Source,
    resource_of,
)
from obelisk.config.pyoxidizer.scan import (
    Found,
    Kind,
    distributions,
    module_path,
    scan,
    scan_files,
)
from obelisk.config.pyoxidizer.session import Session, StandardLibrary
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Method,
    Row,
    Setting,
    host_type,
    ignored,
)
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Function, Value
from obelisk.errors import ConfigError

_INSTALLS: Final = "test_each_call_is_a_part_of_its_own"
_WINDOWS: Final = "test_attributes_for_windows_are_silent"
_VARIABLES: Final = {
    "PIP_INDEX_URL": "--index-url",
    "PIP_EXTRA_INDEX_URL": "--extra-index-url",
    "PIP_FIND_LINKS": "--find-links",
    "PIP_CONSTRAINT": "--constraint",
    "PIP_NO_BINARY": "--no-binary",
    "PIP_ONLY_BINARY": "--only-binary",
}
"""pip's variables that are options."""

Resources = list[Value]
"""A list of `Resource`, as a configuration sees it."""


def _make_module(
    own: PythonExecutable, caller: Caller, name: str, source: str, is_package: bool = False
) -> PythonModuleSource:
    del caller
    path = module_path(name, is_package=is_package)
    found = Found(kind=Kind.MODULE, path=path, name=name, is_package=is_package)
    made = PythonModuleSource(own.session, found, None)
    made.text = source
    return made


def _pip_install(
    own: PythonExecutable,
    caller: Caller,
    args: list[str],
    extra_envs: dict[str, str] | None = None,
) -> Resources:
    words = [*args, *own.options_of(extra_envs, caller)]
    found = parse_arguments(words, own.session.folder, "`args`")
    for option in found.dropped:
        own.session.without_effect(option, Because.INSTALLER, caller)
    return own.brought(Install(words=tuple(words), requirements=found.requirements), caller)


def _pip_download(own: PythonExecutable, caller: Caller, args: list[str]) -> Resources:
    return _pip_install(own, caller, args)


def _setup_py_install(
    own: PythonExecutable,
    caller: Caller,
    package_path: str,
    extra_envs: dict[str, str] | None = None,
    extra_global_arguments: list[str] | None = None,
) -> Resources:
    for argument in extra_global_arguments or []:
        own.session.without_effect(argument, Because.INSTALLER, caller)
    word = package_path if "/" in package_path or package_path == "." else f"./{package_path}"
    return _pip_install(own, caller, [word], extra_envs)


def _read_package_root(
    own: PythonExecutable, caller: Caller, path: str, packages: list[str]
) -> Resources:
    folder = own.session.place(path).resolve()
    if not folder.is_dir():
        message = f"no such directory: {folder}"
        raise ConfigError(message)
    # A package that is not there is none, as in PyOxidizer.
    names = [
        name
        for name in packages
        if (folder / name.replace(".", "/")).is_dir()
        or (folder / f"{name.replace('.', '/')}.py").is_file()
    ]
    for name in packages:
        if name not in names:
            own.session.warn(f"no package or module `{name}` in {folder}", caller)
    if not names:
        return []
    return own.brought(Packages(folder=folder, names=tuple(names)), caller)


def _read_virtualenv(own: PythonExecutable, caller: Caller, path: str) -> Resources:
    return own.brought(Virtualenv(folder=own.session.place(path).resolve()), caller)


def _add_resource(own: PythonExecutable, caller: Caller, resource: Resource) -> None:
    del caller
    own.add(resource)


def _add_resources(own: PythonExecutable, caller: Caller, resources: list[Resource]) -> None:
    del caller
    for resource in resources:
        own.add(resource)


def _add_below(own: PythonExecutable, caller: Caller, prefix: str, resource: Resource) -> None:
    del caller, prefix
    own.add(resource)


def _add_all_below(
    own: PythonExecutable, caller: Caller, prefix: str, resources: list[Resource]
) -> None:
    del prefix
    _add_resources(own, caller, resources)


def _old_rows() -> dict[str, Row]:
    """Return the methods of 0.7, which say where resources are, and of which kind."""
    functions: dict[str, Callable[..., Value]] = {}
    for kind in ("python_resource", "module_source", "package_resource", "extension_module"):
        functions[f"add_in_memory_{kind}"] = _add_resource
        functions[f"add_filesystem_relative_{kind}"] = _add_below
    functions["add_in_memory_python_resources"] = _add_resources
    functions["add_filesystem_relative_python_resources"] = _add_all_below
    return {
        name: Method(does="included", test="test_the_api_of_0_7", function=function, old=True)
        for name, function in functions.items()
    }


def _licensing(
    own: PythonExecutable,
    caller: Caller,
    manifest_path: str,
    all_features: bool = False,
    features: list[str] | None = None,
) -> None:
    del own, caller, manifest_path, all_features, features


def _filter(
    own: PythonExecutable,
    caller: Caller,
    files: list[str] | None = None,
    glob_files: list[str] | None = None,
) -> None:
    del caller
    folder = own.session.folder
    paths = [folder / name for name in files or []]
    for pattern in glob_files or []:
        paths += sorted(folder.glob(pattern))
    names = {
        line.strip() for path in paths for line in path.read_text(encoding="utf-8").splitlines()
    }
    own.added = {
        key: resource
        for key, resource in own.added.items()
        if any(name in names for name in (resource.found.name, resource.found.path))
    }


def _to_embedded(own: PythonExecutable, caller: Caller) -> EmbeddedResources:
    del caller
    return EmbeddedResources(own.session)


def _to_manifest(own: PythonExecutable, caller: Caller, prefix: str) -> FileManifest:
    del caller
    manifest = FileManifest(own.session)
    manifest.add_resource(prefix, own)
    return manifest


def _to_msi(
    own: PythonExecutable,
    caller: Caller,
    id_prefix: str,
    product_name: str,
    product_version: str,
    product_manufacturer: str,
) -> WiXMSIBuilder:
    del caller, id_prefix, product_name, product_version, product_manufacturer
    return WiXMSIBuilder(own.session)


def _to_bundle(  # noqa: PLR0913, PLR0917 - PyOxidizer's
    own: PythonExecutable,
    caller: Caller,
    id_prefix: str,
    product_name: str,
    product_version: str,
    product_manufacturer: str,
    msi_builder_callback: Function | None = None,
) -> WiXBundleBuilder:
    del caller, id_prefix, product_name, product_version, product_manufacturer
    del msi_builder_callback
    return WiXBundleBuilder(own.session)


def _build(own: ApiObject, caller: Caller, target: str) -> None:
    del own, caller, target


def _installing(does: str, function: Callable[..., Value], test: str = _INSTALLS) -> Method:
    return Method(does=does, test=test, function=function)


class PythonExecutable(Buildable):
    """An executable with what was added to it, in order."""

    rows: ClassVar[dict[str, Row]] = {
        "licenses_filename": ignored(
            "test_attributes_without_effect_are_noted", Because.LICENSES, str | None, "COPYING.txt"
        ),
        "packed_resources_load_mode": ignored(
            "test_attributes_without_effect_are_noted",
            Because.EVERYTHING,
            str,
            "embedded:packed-resources",
        ),
        "tcl_files_path": ignored(
            "test_attributes_without_effect_are_noted", Because.EVERYTHING, str | None
        ),
        "windows_runtime_dlls_mode": Setting(
            does="for Windows only",
            test=_WINDOWS,
            accepts=Literal["never", "when-present", "always"],
            default="when-present",
        ),
        "windows_subsystem": Setting(
            does="for Windows only", test=_WINDOWS, accepts=str, default="console"
        ),
        "build": Method(
            does=f"no effect: {Because.OUTPUT}",
            because=Because.OUTPUT,
            test="test_building_in_a_configuration_has_no_effect",
            function=_build,
        ),
        "make_python_module_source": _installing(
            "a module with this text", _make_module, "test_a_module_is_replaced"
        ),
        "pip_install": _installing("installed for the target with uv: a part", _pip_install),
        "pip_download": _installing("installed for the target with uv: a part", _pip_download),
        "setup_py_install": _installing(
            "installed for the target with uv: a part", _setup_py_install
        ),
        "read_package_root": _installing(
            "the packages, with their files: a part", _read_package_root
        ),
        "read_virtualenv": _installing(
            "what is installed there: a part; native code for glibc is an error",
            _read_virtualenv,
            "test_a_virtual_environment_is_a_part",
        ),
        "add_python_resource": _installing(
            "included", _add_resource, "test_only_what_was_added_is_included"
        ),
        "add_python_resources": _installing(
            "included", _add_resources, "test_only_what_was_added_is_included"
        ),
        "add_cargo_manifest_licensing": Method(
            does=f"no effect: {Because.LICENSES}",
            because=Because.LICENSES,
            test="test_attributes_without_effect_are_noted",
            function=_licensing,
        ),
        "filter_resources_from_files": Method(
            does="what was added and is not named in the files is excluded",
            test="test_resources_are_filtered_by_files",
            function=_filter,
        ),
        "to_embedded_resources": Method(
            does="an error only when nothing else is built: there is no embedding into Rust",
            test="test_embedded_resources_are_skipped",
            function=_to_embedded,
        ),
        "to_file_manifest": Method(
            does="a manifest with the executable",
            test="test_a_manifest_with_an_executable",
            function=_to_manifest,
        ),
        "to_wix_bundle_builder": Method(
            does="an error only when it is built",
            test="test_installers_fail_only_when_they_are_built",
            function=_to_bundle,
        ),
        "to_wix_msi_builder": Method(
            does="an error only when it is built",
            test="test_installers_fail_only_when_they_are_built",
            function=_to_msi,
        ),
        **_old_rows(),
    }
    host_type = host_type("PythonExecutable", rows)

    def __init__(
        self, session: Session, *, name: str, python: str, policy: Policy, config: Config
    ) -> None:
        super().__init__(session)
        self.name = name
        self.python = python
        self.policy = policy
        self.callbacks = tuple(policy.callbacks)
        self.config = copy.copy(config)
        self.config.values = copy.deepcopy(config.values)
        self.sources: list[Source] = []
        self.added: dict[object, Resource] = {}
        """By what they are, in the order in which they were added."""
        self.dropped: list[Found] = []
        """Modules of the standard library that are excluded."""

    def add_standard_library(self, caller: Caller) -> None:
        """Let callbacks decide about each module of Python itself."""
        if not self.callbacks:
            return
        site = self.session.bring(StandardLibrary(), self.python)
        for found in scan(site, is_stdlib=True) if site else ():
            resource = resource_of(self.session, found, None)
            self._decide(resource, caller)
            if not resource.is_kept:
                self.dropped.append(found)

    def brought(self, part: Part, caller: Caller) -> Resources:
        """Install a part and return its resources, after callbacks decided about them."""
        site = self.session.bring(part, self.python)
        source = Source(part=part, distributions={})
        self.sources.append(source)
        if site is None:
            return []
        source.is_listed = True
        source.distributions = distributions(site)
        resources: Resources = []
        for found in self._scanned(site):
            resource = resource_of(self.session, found, source)
            source.paths.add(found.path)
            self._decide(resource, caller)
            resources.append(resource)
        return resources

    def add(self, resource: Resource) -> None:
        """Include a resource, unless its `add_include` says otherwise."""
        if resource.source is not None and resource.source not in self.sources:
            self.sources.append(resource.source)
        if resource.is_kept and not resource.found.is_stdlib:
            key = (id(resource.source) if resource.source else None, resource.found.path)
            self.added.pop(key, None)
            self.added[key] = resource

    def options_of(self, variables: dict[str, str] | None, caller: Caller) -> list[str]:
        """Return the options that variables of pip mean."""
        words = []
        for name, value in (variables or {}).items():
            if name in _VARIABLES:
                words += [word for item in value.split() for word in (_VARIABLES[name], item)]
            else:
                self.session.without_effect(name, Because.INSTALLER, caller)
        return words

    def _decide(self, resource: Resource, caller: Caller) -> None:
        for callback in self.callbacks:
            caller.call(callback, self.policy, resource)

    def _scanned(self, site: Path) -> Iterable[Found]:
        if self.policy.value("file_scanner_classify_files"):
            yield from scan(site)
        if self.policy.value("file_scanner_emit_files"):
            yield from scan_files(site)
