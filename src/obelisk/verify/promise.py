"""What `verify` promises of an executable: docs/reference/verify.md is made from this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Promise(StrEnum):
    """The stable ids of all promises, in the order of their findings."""

    FILE = "file"
    TRAILING = "trailing"
    HEADERS = "headers"
    MACHINE = "machine"
    PIE = "pie"
    INTERPRETER = "interpreter"
    NEEDED = "needed"
    RELRO = "relro"
    STACK = "stack"
    CANARY = "canary"
    CONTROL_FLOW = "control-flow"
    PERMISSIONS = "permissions"
    BOUNDS = "bounds"
    SEGMENTS = "segments"
    PAYLOAD_SEGMENT = "payload-segment"
    RESOURCES = "resources"
    CHECKSUM = "checksum"
    AUTHENTICODE = "authenticode"
    OBJECTS = "objects"
    SNAPSHOT = "snapshot"
    INDEX = "index"
    PAYLOAD = "payload"
    MANIFEST = "manifest"
    COMPONENTS = "components"
    BUILD_PATH = "build-path"
    BUILDER = "builder"
    SIGNATURE = "signature"


@dataclass(frozen=True, kw_only=True, slots=True)
class Meaning:
    """What a promise says."""

    name: str
    """How lines of `verify` begin."""
    means: str
    failing: str
    """What it means when it fails."""


MEANINGS: Final[Mapping[Promise, Meaning]] = {
    Promise.FILE: Meaning(
        name="file",
        means="every byte is as it was written, by the SHA-256 of each block of 64 KiB",
        failing="the file was damaged, or changed by a tool such as `strip`; the detail names the "
        "parts",
    ),
    Promise.TRAILING: Meaning(
        name="trailing data",
        means="nothing follows the last byte that Obelisk wrote",
        failing="a note, not a failure: a signing tool or a packer appended data, which no "
        "checksum covers; the executable runs as before",
    ),
    Promise.HEADERS: Meaning(
        name="headers",
        means="the headers (ELF or PE) and their tables can be read, and the program starts in "
        "code; on Windows they have no timestamp",
        failing="the file cannot be loaded, or tools misread it",
    ),
    Promise.MACHINE: Meaning(
        name="machine",
        means="it is for a machine that Obelisk builds for",
        failing="the header was changed",
    ),
    Promise.PIE: Meaning(
        name="file type",
        means="a position-independent executable, which is loaded at a random address (ET_DYN; on "
        "Windows DYNAMIC_BASE, HIGH_ENTROPY_VA and relocations)",
        failing="code and data are where an attacker expects them",
    ),
    Promise.INTERPRETER: Meaning(
        name="interpreter",
        means="static: no dynamic loader (PT_INTERP) is started; Linux only",
        failing="a loader of the machine that runs it decides what is loaded",
    ),
    Promise.NEEDED: Meaning(
        name="shared libraries",
        means="static: no shared library is needed (DT_NEEDED) or searched for; on Windows only "
        "libraries are imported that are part of Windows",
        failing="a library of the machine that runs it would be loaded, or is missing there",
    ),
    Promise.RELRO: Meaning(
        name="RELRO",
        means="relocated tables are read-only once the program runs (PT_GNU_RELRO); Linux only",
        failing="a stray write can change where functions are called",
    ),
    Promise.STACK: Meaning(
        name="stack",
        means="the stack is not executable (PT_GNU_STACK; on Windows NX_COMPAT, for all data)",
        failing="data on the stack can be run as code",
    ),
    Promise.CANARY: Meaning(
        name="stack protector",
        means="functions of the runtime check the stack's canary before they return; Linux only",
        failing="the runtime was compiled or changed so that an overflow of the stack is not "
        "noticed",
    ),
    Promise.CONTROL_FLOW: Meaning(
        name="control-flow protection",
        means="a note: whether the file claims shadow stacks or branch targets, on Windows Control "
        "Flow Guard ([why not](../explanation/security.md#hardening))",
        failing="never fails",
    ),
    Promise.PERMISSIONS: Meaning(
        name="permissions",
        means="no segment or section is both writable and executable, or written to by several "
        "processes",
        failing="memory that can be written to can be run",
    ),
    Promise.BOUNDS: Meaning(
        name="bounds",
        means="all segments, sections and section headers are inside the file",
        failing="the file is truncated, or its headers were changed",
    ),
    Promise.SEGMENTS: Meaning(
        name="segments",
        means="segments (on Windows sections) are sorted by address and do not overlap, in memory "
        "or in the file; headers describe nothing that is not loaded",
        failing="one part of the file would be loaded over another, or with another's rights",
    ),
    Promise.PAYLOAD_SEGMENT: Meaning(
        name="payload segment",
        means="modules and files are mapped read-only",
        failing="they are missing, or can be changed while the program runs",
    ),
    Promise.RESOURCES: Meaning(
        name="resources",
        means="Windows only: one manifest, with long paths, UTF-8 and sharp display; the images of "
        "the icon and the version can be read",
        failing="Windows shows or starts it otherwise than it was built for",
    ),
    Promise.CHECKSUM: Meaning(
        name="checksum",
        means="Windows only: the header has the checksum of the file, as `imagehlp` computes it",
        failing="the file was changed after it was linked or signed",
    ),
    Promise.AUTHENTICODE: Meaning(
        name="Authenticode",
        means="Windows only: a signature that was added later has the hash of this file, or, as a "
        "note, there is none; the signer's certificate is not checked",
        failing="the file was changed after it was signed",
    ),
    Promise.OBJECTS: Meaning(
        name="shared objects",
        means="each linked shared object has the checksum that it was linked with; on Windows, it "
        "is where the table of them says",
        failing="the named objects are damaged; absent without shared objects",
    ),
    Promise.SNAPSHOT: Meaning(
        name="snapshot",
        means="the tables of the snapshot have their checksum, and no memory that it restores is "
        "both writable and executable; the detail says which addresses are the same in each "
        "process ([what that means](../explanation/security.md)); absent without a snapshot",
        failing="the executable refuses to start, or starts with memory that can be written to and "
        "run",
    ),
    Promise.INDEX: Meaning(
        name="index",
        means="each record of the payload has its checksum",
        failing="the named modules or files cannot be found, and the executable refuses them",
    ),
    Promise.PAYLOAD: Meaning(
        name="payload",
        means="the contents of each record have their checksum",
        failing="the named modules or files are damaged, and the executable refuses them",
    ),
    Promise.MANIFEST: Meaning(
        name="manifest",
        means="the executable says what it was built from",
        failing="it cannot be told what is inside: `inspect`, bills of materials and audits fail",
    ),
    Promise.COMPONENTS: Meaning(
        name="components",
        means="the manifest lists who wrote what: the interpreter, each library of the runtime, "
        "each installed package and each linked shared object belong to a component",
        failing="something inside is in no bill of materials, license report or audit",
    ),
    Promise.BUILD_PATH: Meaning(
        name="build paths",
        means="no path of a build machine is inside: none below this machine's home, working and "
        "cache directories anywhere, none of any home directory in the runtime, none in bytecode "
        "or manifest",
        failing="builds on two machines differ, and the path tells who built it where",
    ),
    Promise.BUILDER: Meaning(
        name="builder",
        means="nothing of the environment that `verify` runs in is inside: user name, host name, "
        "passwords and tokens in environment variables",
        failing="the executable tells who built it, or gives a secret away",
    ),
    Promise.SIGNATURE: Meaning(
        name="signature",
        means="with `--key`: `EXECUTABLE.minisig` is a signature of this file by that key",
        failing="the file or its trusted comment was changed after it was signed, another key "
        "signed it, or there is no signature",
    ),
}
