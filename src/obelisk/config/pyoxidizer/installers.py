"""What cannot be built for Linux: installers, bundles, wheels and signatures.

A configuration may make them, and does so in functions that nobody calls elsewhere; only building
one is an error, which names what to build instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from obelisk.config.pyoxidizer.manifest import FileContent
from obelisk.config.pyoxidizer.session import Session
from obelisk.config.pyoxidizer.table import ApiObject, Because, Method, Row, Setting, host_type
from obelisk.config.starlark.stack import Caller
from obelisk.config.starlark.values import Value
from obelisk.errors import ConfigError

_TEST: Final = "test_installers_fail_only_when_they_are_built"
_SIGNING: Final = "test_signing_has_no_effect"


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


def _rows(attributes: Iterable[str], methods: Iterable[str]) -> dict[str, Row]:
    functions: dict[str, Callable[..., Value]] = {
        "to_file_content": _content,
        "write_to_directory": _refuse,
    }
    rows: dict[str, Row] = {
        name: Setting(does="kept until it is built", test=_TEST) for name in attributes
    }
    for name in methods:
        function = functions.get(name, _accept)
        does = "an error" if function is _refuse else "kept until it is built"
        rows[name] = Method(does=does, test=_TEST, function=function)
    return rows


class WiXMSIBuilder(Unbuildable):
    """An MSI package."""

    builds = "a Windows installer"
    rows: ClassVar[dict[str, Row]] = _rows(
        (
            "banner_bmp_path",
            "dialog_bmp_path",
            "eula_rtf_path",
            "help_url",
            "license_path",
            "msi_filename",
            "package_description",
            "package_keywords",
            "product_icon_path",
            "target_triple",
            "upgrade_code",
        ),
        (
            "add_program_files_manifest",
            "add_visual_cpp_redistributable",
            "build",
            "to_file_content",
            "write_to_directory",
        ),
    )
    host_type = host_type("WiXMSIBuilder", rows)


class WiXBundleBuilder(Unbuildable):
    """A bundle of MSI packages."""

    builds = "a Windows installer"
    rows: ClassVar[dict[str, Row]] = _rows(
        (),
        (
            "add_condition",
            "add_vc_redistributable",
            "add_wix_msi_builder",
            "build",
            "to_file_content",
            "write_to_directory",
        ),
    )
    host_type = host_type("WiXBundleBuilder", rows)


class WiXInstaller(Unbuildable):
    """An installer of WiX's own files."""

    builds = "a Windows installer"
    rows: ClassVar[dict[str, Row]] = _rows(
        ("arch", "install_files_root_directory_id", "install_files_wxs_path"),
        (
            "add_build_file",
            "add_build_files",
            "add_install_file",
            "add_install_files",
            "add_msi_builder",
            "add_simple_installer",
            "add_wxs_file",
            "build",
            "set_variable",
            "to_file_content",
            "write_to_directory",
        ),
    )
    host_type = host_type("WiXInstaller", rows)


class MacOsApplicationBundleBuilder(Unbuildable):
    """A bundle for macOS."""

    builds = "an application bundle for macOS"
    rows: ClassVar[dict[str, Row]] = _rows(
        (),
        (
            "add_icon",
            "add_macos_file",
            "add_macos_manifest",
            "add_manifest",
            "add_resources_file",
            "add_resources_manifest",
            "build",
            "set_info_plist_key",
            "set_info_plist_required_keys",
            "write_to_directory",
        ),
    )
    host_type = host_type("MacOsApplicationBundleBuilder", rows)


class AppleUniversalBinary(Unbuildable):
    """A binary of several machines."""

    builds = "a universal binary for macOS"
    rows: ClassVar[dict[str, Row]] = _rows(
        (), ("add_file", "add_path", "build", "to_file_content", "write_to_directory")
    )
    host_type = host_type("AppleUniversalBinary", rows)


class PythonWheelBuilder(Unbuildable):
    """A wheel."""

    builds = "a wheel"
    rows: ClassVar[dict[str, Row]] = _rows(
        (
            "build_tag",
            "generator",
            "modified_time",
            "root_is_purelib",
            "tag",
            "wheel_file_name",
        ),
        (
            "add_file",
            "add_file_data",
            "add_file_dist_info",
            "build",
            "to_file_content",
            "write_to_directory",
        ),
    )
    host_type = host_type("PythonWheelBuilder", rows)


class Snap(Unbuildable):
    """A description of a snap package, and of its parts."""

    builds = "a snap package"
    rows: ClassVar[dict[str, Row]] = _rows((), ("build", "to_builder"))
    host_type = host_type("Snap", rows)


class SnapcraftBuilder(Unbuildable):
    """What builds a snap package."""

    builds = "a snap package"
    rows: ClassVar[dict[str, Row]] = _rows((), ("add_invocation", "add_file_manifest", "build"))
    host_type = host_type("SnapcraftBuilder", rows)


def _unsigned(own: ApiObject, caller: Caller, *arguments: object, **keywords: object) -> None:
    del own, caller, arguments, keywords


class CodeSigner(ApiObject):
    """What would sign files."""

    rows: ClassVar[dict[str, Row]] = {
        name: Method(
            does=f"no effect: {Because.SIGNING}",
            because=Because.SIGNING,
            test=_SIGNING,
            function=_unsigned,
        )
        for name in (
            "activate",
            "chain_issuer_certificates_macos_keychain",
            "chain_issuer_certificates_pem_file",
            "set_signing_callback",
            "set_time_stamp_server",
        )
    }
    host_type = host_type("CodeSigner", rows)


def _wix_msi(  # noqa: PLR0913, PLR0917 - PyOxidizer's
    session: Session,
    caller: Caller,
    id_prefix: str,
    product_name: str,
    product_version: str,
    product_manufacturer: str,
    arch: str = "x64",
) -> WiXMSIBuilder:
    del caller, id_prefix, product_name, product_version, product_manufacturer, arch
    return WiXMSIBuilder(session)


def _wix_bundle(  # noqa: PLR0913, PLR0917 - PyOxidizer's
    session: Session,
    caller: Caller,
    id_prefix: str,
    name: str,
    version: str,
    manufacturer: str,
    arch: str = "x64",
) -> WiXBundleBuilder:
    del caller, id_prefix, name, version, manufacturer, arch
    return WiXBundleBuilder(session)


def _wix_installer(
    session: Session,
    caller: Caller,
    id_: str,
    filename: str,
    arch: str = "x64",
) -> WiXInstaller:
    del caller, id_, filename, arch
    return WiXInstaller(session)


def _bundle(session: Session, caller: Caller, bundle_name: str) -> MacOsApplicationBundleBuilder:
    del caller, bundle_name
    return MacOsApplicationBundleBuilder(session)


def _universal(session: Session, caller: Caller, filename: str) -> AppleUniversalBinary:
    del caller, filename
    return AppleUniversalBinary(session)


def _wheel(session: Session, caller: Caller, distribution: str, version: str) -> PythonWheelBuilder:
    del caller, distribution, version
    return PythonWheelBuilder(session)


def _snap(session: Session, caller: Caller, *arguments: object, **keywords: object) -> Snap:
    del caller, arguments, keywords
    return Snap(session)


def _snapcraft(session: Session, caller: Caller, snap: Snap) -> SnapcraftBuilder:
    del caller, snap
    return SnapcraftBuilder(session)


def _signer(session: Session, caller: Caller, *arguments: str, **keywords: str) -> CodeSigner:
    del caller, arguments, keywords
    return CodeSigner(session)


def _made_rows() -> dict[str, Method]:
    functions: dict[str, Callable[..., Value]] = {
        "WiXMSIBuilder": _wix_msi,
        "WiXBundleBuilder": _wix_bundle,
        "WiXInstaller": _wix_installer,
        "MacOsApplicationBundleBuilder": _bundle,
        "AppleUniversalBinary": _universal,
        "PythonWheelBuilder": _wheel,
        "Snap": _snap,
        "SnapApp": _snap,
        "SnapPart": _snap,
        "SnapcraftBuilder": _snapcraft,
    }
    rows = {
        name: Method(does="an error only when it is built", test=_TEST, function=function)
        for name, function in functions.items()
    }
    for name in (
        "from_pfx_file",
        "from_windows_store_sha1_thumbprint",
        "from_windows_store_subject",
        "from_windows_store_auto",
    ):
        rows[f"code_signer_{name}"] = Method(
            does=f"no effect: {Because.SIGNING}",
            because=Because.SIGNING,
            test=_SIGNING,
            function=_signer,
        )
    return rows


FUNCTIONS: Final = _made_rows()
TYPES: Final = (
    WiXMSIBuilder,
    WiXBundleBuilder,
    WiXInstaller,
    MacOsApplicationBundleBuilder,
    AppleUniversalBinary,
    PythonWheelBuilder,
    Snap,
    SnapcraftBuilder,
    CodeSigner,
)
