"""Signatures, which executables for Linux do not have: all of it has no effect."""

from __future__ import annotations

from typing import ClassVar, Final

from obelisk.config.pyoxidizer.table import (
    ApiObject,
    Because,
    Method,
    Parameters,
    Row,
    Setting,
    host_type,
    making,
)
from obelisk.config.starlark.signature import taking
from obelisk.config.starlark.stack import Caller, Function

_TEST: Final = "test_signing_has_no_effect"
_DOES: Final = f"no effect: {Because.SIGNING}"


def _unsigned(own: ApiObject, caller: Caller, *arguments: object, **keywords: object) -> None:
    del own, caller, arguments, keywords


_METHODS: Final[dict[str, Parameters]] = {
    "activate": {},
    "chain_issuer_certificates_macos_keychain": {},
    "chain_issuer_certificates_pem_file": {"path": str},
    "set_signing_callback": {"callback": Function},
    "set_time_stamp_server": {"url": str},
}


class CodeSigner(ApiObject):
    """What would sign files."""

    rows: ClassVar[dict[str, Row]] = {
        name: Method(
            does=_DOES,
            because=Because.SIGNING,
            test=_TEST,
            function=taking(_unsigned, parameters),
        )
        for name, parameters in _METHODS.items()
    }
    host_type = host_type("CodeSigner", rows)


class CodeSigningRequest(ApiObject):
    """What callbacks would be given; nothing is signed, so none is ever called."""

    rows: ClassVar[dict[str, Row]] = {
        name: Setting(does=_DOES, because=Because.SIGNING, test=_TEST)
        for name in ("action", "defer", "filename", "path", "prevent_signing")
    }
    host_type = host_type("CodeSigningRequest", rows)


_SIGNERS: Final[dict[str, Parameters]] = {
    "code_signer_from_pfx_file": {"path": str, "password": str},
    "code_signer_from_windows_store_auto": {},
    "code_signer_from_windows_store_sha1_thumbprint": {"thumbprint": str, "store": str | None},
    "code_signer_from_windows_store_subject": {"subject": str, "store": str | None},
}
FUNCTIONS: Final[dict[str, Method]] = {
    name: making(CodeSigner, parameters, Row(does=_DOES, because=Because.SIGNING, test=_TEST))
    for name, parameters in _SIGNERS.items()
}
TYPES: Final = (CodeSigner, CodeSigningRequest)
