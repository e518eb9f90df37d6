"""What cannot be built for Linux: installers, bundles and wheels.

A configuration may make them, and does so in functions that nobody calls elsewhere; only building
one is an error, which names what to build instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from obelisk.config.pyoxidizer.manifest import FileContent, FileManifest
from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Method,
    Parameters,
    Row,
    Setting,
    host_type,
    making,
)
from obelisk.config.starlark.accepts import Annotation
from obelisk.config.starlark.signature import taking
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError

_TEST: Final = "test_installers_fail_only_when_they_are_built"


class Unbuildable(ApiObject):
    """Something that is made of executables, for other systems."""

    builds: ClassVar[str]
    """What it would build, for messages."""


def cannot(value: Unbuildable) -> ConfigError:
    """Return the error for something that is to be built."""
    message = f"`{value.type_name}` builds {value.builds}, which Obelisk does not"
    return ConfigError(message)


def _accept(own: Unbuildable, caller: Caller, *arguments: object, **keywords: object) -> None:
    del own, caller, arguments, keywords


def _refuse(own: Unbuildable, caller: Caller, *arguments: object, **keywords: object) -> None:
    del caller, arguments, keywords
    raise cannot(own)


def _content(own: Unbuildable, caller: Caller) -> FileContent:
    del caller
    return FileContent(own.session, filename=own.type_name, origin=own)


def _to_builder(own: Unbuildable, caller: Caller) -> SnapcraftBuilder:
    del caller
    return SnapcraftBuilder(own.session)


_FUNCTIONS: Final[dict[str, Callable[..., Value]]] = {
    "to_builder": _to_builder,
    "to_file_content": _content,
    "write_to_directory": _refuse,
}
"""Methods that do something; the others are for what is never built."""
_BUILD: Final[dict[str, Parameters]] = {"build": {"target": str}}
_WRITE: Final[dict[str, Parameters]] = {
    "to_file_content": {},
    "write_to_directory": {"path": str},
}


def _attributes(names: str, accepts: Annotation = object) -> dict[str, Row]:
    row = Setting(does="kept until it is built", test=_TEST, accepts=accepts)
    return dict.fromkeys(names.split(), row)


def _methods(methods: Mapping[str, Parameters]) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for name, parameters in methods.items():
        function = _FUNCTIONS.get(name, _accept)
        does = "an error" if function is _refuse else "kept until it is built"
        rows[name] = Method(does=does, test=_TEST, function=taking(function, parameters))
    return rows


class WiXMSIBuilder(Unbuildable):
    """An MSI package."""

    builds = "a Windows installer"
    rows: ClassVar[dict[str, Row]] = {
        **_attributes(
            "banner_bmp_path dialog_bmp_path eula_rtf_path help_url license_path msi_filename"
            " package_description package_keywords product_icon_path target_triple upgrade_code"
        ),
        **_methods(
            {
                "add_program_files_manifest": {"manifest": FileManifest},
                "add_visual_cpp_redistributable": {"redist_version": str, "platform": str},
                **_BUILD,
                **_WRITE,
            }
        ),
    }
    host_type = host_type("WiXMSIBuilder", rows)


class WiXBundleBuilder(Unbuildable):
    """A bundle of MSI packages."""

    builds = "a Windows installer"
    rows: ClassVar[dict[str, Row]] = _methods(
        {
            "add_condition": {"condition": str, "message": str},
            "add_vc_redistributable": {"platform": str},
            "add_wix_msi_builder": {
                "builder": WiXMSIBuilder,
                "display_internal_ui": bool | None,
                "install_condition": str | None,
            },
            **_BUILD,
            **_WRITE,
        }
    )
    host_type = host_type("WiXBundleBuilder", rows)


class WiXInstaller(Unbuildable):
    """An installer of WiX's own files."""

    builds = "a Windows installer"
    rows: ClassVar[dict[str, Row]] = {
        **_attributes("arch install_files_root_directory_id install_files_wxs_path"),
        **_methods(
            {
                "add_build_file": {
                    "build_path": str,
                    "filesystem_path": str,
                    "force_read": bool | None,
                },
                "add_build_files": {"manifest": FileManifest},
                "add_install_file": {
                    "install_path": str,
                    "filesystem_path": str,
                    "force_read": bool | None,
                },
                "add_install_files": {"manifest": FileManifest},
                "add_msi_builder": {"builder": WiXMSIBuilder},
                "add_simple_installer": {
                    "product_name": str,
                    "product_version": str,
                    "product_manufacturer": str,
                    "program_files": FileManifest,
                },
                "add_wxs_file": {
                    "path": str,
                    "preprocessor_parameters": dict[str, str] | None,
                },
                "set_variable": {"key": str, "value": str | None},
                **_BUILD,
                **_WRITE,
            }
        ),
    }
    host_type = host_type("WiXInstaller", rows)


class MacOsApplicationBundleBuilder(Unbuildable):
    """A bundle for macOS."""

    builds = "an application bundle for macOS"
    rows: ClassVar[dict[str, Row]] = _methods(
        {
            "add_icon": {"path": str},
            "add_macos_file": {"content": FileContent, "path": str | None},
            "add_macos_manifest": {"manifest": FileManifest},
            "add_manifest": {"manifest": FileManifest},
            "add_resources_file": {"content": FileContent, "path": str | None},
            "add_resources_manifest": {"manifest": FileManifest},
            "set_info_plist_key": {"key": str, "value": bool | int | str},
            "set_info_plist_required_keys": {
                "display_name": str,
                "identifier": str,
                "version": str,
                "signature": str,
                "executable": str,
            },
            **_BUILD,
            "write_to_directory": {"path": str},
        }
    )
    host_type = host_type("MacOsApplicationBundleBuilder", rows)


class AppleUniversalBinary(Unbuildable):
    """A binary of several machines."""

    builds = "a universal binary for macOS"
    rows: ClassVar[dict[str, Row]] = _methods(
        {"add_file": {"content": FileContent}, "add_path": {"path": str}, **_BUILD, **_WRITE}
    )
    host_type = host_type("AppleUniversalBinary", rows)


class PythonWheelBuilder(Unbuildable):
    """A wheel."""

    builds = "a wheel"
    rows: ClassVar[dict[str, Row]] = {
        **_attributes(
            "abi_tag build_tag generator modified_time platform_tag python_tag root_is_purelib tag"
            " wheel_file_name"
        ),
        **_methods(
            {
                "add_file": {
                    "file": FileContent,
                    "path": str | None,
                    "directory": str | None,
                },
                "add_file_data": {
                    "destination": str,
                    "file": FileContent,
                    "path": str | None,
                    "directory": str | None,
                },
                "add_file_dist_info": {
                    "file": FileContent,
                    "path": str | None,
                    "directory": str | None,
                },
                **_BUILD,
                **_WRITE,
            }
        ),
    }
    host_type = host_type("PythonWheelBuilder", rows)


class SnapApp(Unbuildable):
    """An application in a snap package."""

    builds = "a snap package"
    rows: ClassVar[dict[str, Row]] = {
        **_attributes(
            "adapter autostart command common_id daemon desktop listen_stream post_stop_command"
            " restart_condition stop_command stop_timeout timer",
            str | None,
        ),
        **_attributes("command_chain environment extensions plugs slots", list | dict | None),
        **_attributes("passthrough socket", dict | None),
        **_attributes("socket_mode", int | None),
    }
    host_type = host_type("SnapApp", rows)


class SnapPart(Unbuildable):
    """A part of a snap package."""

    builds = "a snap package"
    rows: ClassVar[dict[str, Row]] = {
        **_attributes(
            "override_build override_prime override_pull override_stage parse_info plugin source"
            " source_branch source_checksum source_commit source_subdir source_tag source_type",
            str | None,
        ),
        **_attributes(
            "after build_attributes build_environment build_packages build_snaps prime stage"
            " stage_packages stage_snaps",
            list | None,
        ),
        **_attributes("filesets organize", dict | None),
        **_attributes("source_depth", int | None),
    }
    host_type = host_type("SnapPart", rows)


class Snap(Unbuildable):
    """A description of a snap package."""

    builds = "a snap package"
    rows: ClassVar[dict[str, Row]] = {
        **_attributes("description name summary version", str),
        **_attributes("adopt_info base confinement grade icon license title type", str | None),
        **_attributes("apps architectures parts passthrough plugs slots", dict | None),
        **_attributes("assumes", list | None),
        **_methods({"build": {"target": str}, "to_builder": {}}),
    }
    host_type = host_type("Snap", rows)


class SnapcraftBuilder(Unbuildable):
    """What builds a snap package."""

    builds = "a snap package"
    rows: ClassVar[dict[str, Row]] = _methods(
        {
            "add_invocation": {"args": list[str], "purge_build": bool | None},
            "add_file_manifest": {"manifest": FileManifest},
            **_BUILD,
        }
    )
    host_type = host_type("SnapcraftBuilder", rows)


_WIX: Final[Parameters] = {
    "id_prefix": str,
    "product_name": str,
    "product_version": str,
    "product_manufacturer": str,
    "arch": str | None,
}
_CONSTRUCTORS: Final[dict[type[Unbuildable], Parameters]] = {
    WiXMSIBuilder: _WIX,
    WiXBundleBuilder: {
        "id_prefix": str,
        "name": str,
        "version": str,
        "manufacturer": str,
        "arch": str | None,
    },
    WiXInstaller: {"id": str, "filename": str, "arch": str | None},
    MacOsApplicationBundleBuilder: {"bundle_name": str},
    AppleUniversalBinary: {"filename": str},
    PythonWheelBuilder: {"distribution": str, "version": str},
    Snap: {"name": str, "version": str, "summary": str, "description": str},
    SnapApp: {},
    SnapPart: {},
    SnapcraftBuilder: {"snap": Snap},
}
_KEPT: Final = Row(does="an error only when it is built", test=_TEST)
FUNCTIONS: Final[dict[str, Method]] = {
    kind.host_type.name: making(kind, parameters, _KEPT)
    for kind, parameters in _CONSTRUCTORS.items()
}
TYPES: Final = tuple(_CONSTRUCTORS)
