"""PythonExecutable: what is added to an executable, and what is installed for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, Final, Literal

from obelisk.config.parts import Install, Virtualenv, packages_part
from obelisk.config.pip import parse_arguments
from obelisk.config.pyoxidizer.adding import Adding, Resources
from obelisk.config.pyoxidizer.globbing import matching
from obelisk.config.pyoxidizer.installers import WiXBundleBuilder, WiXMSIBuilder
from obelisk.config.pyoxidizer.manifest import EmbeddedResources, FileManifest
from obelisk.config.pyoxidizer.resources import (
    PythonModuleSource,
    Resource,
)
from obelisk.config.pyoxidizer.scan import (
    Found,
    Kind,
    module_path,
)
from obelisk.config.pyoxidizer.session import LOOK
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Method,
    Row,
    Setting,
    host_type,
    ignored,
)
from obelisk.config.starlark.stack import Caller, Function
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError
from obelisk.services.regular import is_folder, is_regular, read_regular

_ADD: Final = 15
"""Steps of adding a resource."""
_INSTALLS: Final = "test_each_call_is_a_part_of_its_own"
_WINDOWS: Final = "test_attributes_for_windows_are_silent"


def _make_module(
    own: Adding, caller: Caller, name: str, source: str, is_package: bool = False
) -> PythonModuleSource:
    del caller
    path = module_path(name, is_package=is_package)
    found = Found(kind=Kind.MODULE, path=path, name=name, is_package=is_package)
    made = PythonModuleSource(own.session, found, None)
    made.text = source
    return made


def _pip_install(
    own: Adding,
    caller: Caller,
    args: list[str],
    extra_envs: dict[str, str] | None = None,
) -> Resources:
    caller.spend(10 * LOOK)
    # Relative, so that they mean the same wherever the folder is.
    words = [own.session.relative(word) for word in (*args, *own.options_of(extra_envs, caller))]
    found = parse_arguments(words, own.session.folder, "`args`")
    caller.spend(LOOK * len(found.requirements.lines))
    for option in found.dropped:
        own.session.without_effect(option, Because.INSTALLER, caller)
    return own.brought(Install(words=tuple(words), requirements=found.requirements), caller)


def _pip_download(own: Adding, caller: Caller, args: list[str]) -> Resources:
    return _pip_install(own, caller, args)


def _setup_py_install(
    own: Adding,
    caller: Caller,
    package_path: str,
    extra_envs: dict[str, str] | None = None,
    extra_global_arguments: list[str] | None = None,
) -> Resources:
    for argument in extra_global_arguments or []:
        own.session.without_effect(argument, Because.INSTALLER, caller)
    word = package_path if "/" in package_path or package_path == "." else f"./{package_path}"
    return _pip_install(own, caller, [word], extra_envs)


def _read_package_root(own: Adding, caller: Caller, path: str, packages: list[str]) -> Resources:
    caller.spend(LOOK * (1 + len(packages)))
    folder = own.session.place(path)
    if not is_folder(folder):
        message = f"no such directory: {folder}"
        raise ConfigError(message)
    # A package that is not there is none, as in PyOxidizer.
    names = [
        name
        for name in packages
        if is_folder(folder / name.replace(".", "/"))
        or is_regular(folder / f"{name.replace('.', '/')}.py")
    ]
    for name in packages:
        if name not in names:
            own.session.warn(f"no package or module `{name}` in {folder}", caller)
    return own.brought(packages_part(folder, names, "`packages`"), caller) if names else []


def _read_virtualenv(own: Adding, caller: Caller, path: str) -> Resources:
    return own.brought(Virtualenv(folder=own.session.place(path)), caller)


def _add_resource(own: Adding, caller: Caller, resource: Resource) -> None:
    del caller
    own.add(resource)


def _add_resources(own: Adding, caller: Caller, resources: list[Resource]) -> None:
    caller.spend(_ADD * len(resources))
    for resource in resources:
        own.add(resource)


def _add_below(own: Adding, caller: Caller, prefix: str, resource: Resource) -> None:
    del caller, prefix
    own.add(resource)


def _add_all_below(own: Adding, caller: Caller, prefix: str, resources: list[Resource]) -> None:
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
    own: Adding,
    caller: Caller,
    manifest_path: str,
    all_features: bool = False,
    features: list[str] | None = None,
) -> None:
    del own, caller, manifest_path, all_features, features


def _filter(
    own: Adding,
    caller: Caller,
    files: list[str] | None = None,
    glob_files: list[str] | None = None,
) -> None:
    paths = [str(own.session.place(name)) for name in files or []]
    for pattern in glob_files or []:
        paths += matching(own.session, pattern, caller)
    texts = [_text(path, caller) for path in paths]
    names = {line.strip() for text in texts for line in text.splitlines()}
    caller.spend(_ADD * len(own.added))
    own.added = {
        key: resource
        for key, resource in own.added.items()
        if any(name in names for name in (resource.found.name, resource.found.path))
    }


def _text(path: str, caller: Caller) -> str:
    try:
        text = read_regular(Path(path)).decode(errors="replace")
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise ConfigError(message) from error
    caller.spend(LOOK + len(text))
    return text


def _to_embedded(own: Adding, caller: Caller) -> EmbeddedResources:
    del caller
    return EmbeddedResources(own.session)


def _to_manifest(own: Adding, caller: Caller, prefix: str) -> FileManifest:
    del caller
    manifest = FileManifest(own.session)
    manifest.add_resource(prefix, own)
    return manifest


def _to_msi(
    own: Adding,
    caller: Caller,
    id_prefix: str,
    product_name: str,
    product_version: str,
    product_manufacturer: str,
) -> WiXMSIBuilder:
    del caller, id_prefix, product_name, product_version, product_manufacturer
    return WiXMSIBuilder(own.session)


def _to_bundle(  # noqa: PLR0913, PLR0917 - PyOxidizer's
    own: Adding,
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


class PythonExecutable(Adding):
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
            does="`windows.subsystem`",
            test="test_the_subsystem_of_windows_is_a_setting",
            accepts=Literal["console", "windows"],
            default="console",
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
