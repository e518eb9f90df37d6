"""The resources of a PE executable: what Windows reads of it before it runs."""

from __future__ import annotations

from obelisk.pe.headers import Headers, PeError
from obelisk.pe.icon import missing_images
from obelisk.pe.manifest import manifest_faults
from obelisk.pe.resources import Resource, ResourceType, read_resources
from obelisk.pe.version import read_version
from obelisk.verify.finding import Finding, judged
from obelisk.verify.promise import Promise


def resources_finding(data: memoryview, headers: Headers) -> Finding:
    """Check the manifest, the icon and the version."""
    try:
        found = read_resources(data, headers)
        faults, facts = _judge(found)
    except PeError as error:
        return Finding(promise=Promise.RESOURCES, sound=False, detail=str(error))
    return judged(Promise.RESOURCES, faults, ", ".join(facts))


def _judge(found: list[Resource]) -> tuple[list[str], list[str]]:
    manifests = _of(found, ResourceType.MANIFEST)
    if len(manifests) != 1:
        return [f"{len(manifests)} manifests instead of one"], []
    level, faults = manifest_faults(manifests[0].content)
    facts = [f"manifest ({level})"]
    missing = missing_images(found)
    if missing:
        faults.append(f"image {missing[0]} of the icon is missing, or of another size")
    if _of(found, ResourceType.GROUP_ICON):
        facts.append(f"icon with {len(_of(found, ResourceType.ICON))} images")
    for one in _of(found, ResourceType.VERSION):
        numbers, _ = read_version(one.content)
        facts.append("version " + ".".join(map(str, numbers)))
    return faults, facts


def _of(found: list[Resource], kind: ResourceType) -> list[Resource]:
    return [one for one in found if one.type == kind]
