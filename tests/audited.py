"""What tests of audits share: executables with given components, and advisories about them."""

import io
import json
from dataclasses import replace

from obelisk.components.component import Component, Kind, to_json
from obelisk.link.link import link
from obelisk.payload.payload import Packed, write_payload
from obelisk.target import DEFAULT_TARGET, parse_target


def package(name, version, **more):
    purl = f"pkg:pypi/{name}@{version}"
    return Component(
        **{
            "reference": purl,
            "kind": Kind.PACKAGE,
            "name": name,
            "version": version,
            "purl": purl,
            "told_by": "metadata",
            **more,
        }
    )


def library(name, version, **more):
    purl = f"pkg:generic/{name}@{version}"
    return Component(
        **{
            "reference": purl,
            "kind": Kind.LIBRARY,
            "name": name,
            "version": version,
            "purl": purl,
            **more,
        }
    )


def crate(name, version, **more):
    purl = f"pkg:cargo/{name}@{version}"
    return library(name, version, **{"reference": purl, "purl": purl, "kind": Kind.CRATE, **more})


def manifest_of(components):
    return {"version": 2, "name": "app", "components": to_json(components)}


def write_executable(path, runtime, manifest):
    """Write an executable of a runtime and a manifest alone, at `path`."""
    text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    payload = write_payload([], [], {"manifest": text})
    packed = Packed(pieces=((0, payload),), size=len(payload))
    file = io.BytesIO()
    link(runtime, packed, None, replace(parse_target(DEFAULT_TARGET))).write(file)
    path.write_bytes(file.getvalue())
    path.chmod(0o755)
    return path


def events(*pairs):
    """Return a range of the schema: `events(("introduced", "0"), ("fixed", "2"))`."""
    return {"type": "ECOSYSTEM", "events": [{kind: version} for kind, version in pairs]}


def advisory(name, ecosystem, package_name, *ranges, versions=(), **more):
    """Return an advisory about one package."""
    affected = {"package": {"ecosystem": ecosystem, "name": package_name}}
    if ranges:
        affected["ranges"] = list(ranges)
    if versions:
        affected["versions"] = list(versions)
    return {"id": name, "modified": "2026-01-01T00:00:00Z", "affected": [affected], **more}


def write_database(folder, *advisories):
    """Write advisories as JSON files into a folder."""
    folder.mkdir(exist_ok=True)
    for one in advisories:
        (folder / f"{one['id']}.json").write_text(json.dumps(one))
    return folder
