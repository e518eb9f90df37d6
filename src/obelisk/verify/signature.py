"""The signature of an executable, as a finding."""

from __future__ import annotations

from pathlib import Path

from obelisk.errors import VerifyError
from obelisk.signing.keys import PublicKey
from obelisk.signing.signature import check
from obelisk.verify.finding import Finding
from obelisk.verify.promise import Promise


def signature_finding(path: Path, signature: Path, key: PublicKey) -> Finding:
    """Check a file's signature with a public key."""
    try:
        comment = check(path, signature, key)
    except VerifyError as error:
        return Finding(promise=Promise.SIGNATURE, sound=False, detail=str(error))
    return Finding(promise=Promise.SIGNATURE, sound=True, detail=f"by the key {key}: {comment}")
