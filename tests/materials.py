"""Checks of what executables say about what is in them."""

import json

from cyclonedx.validation.json import JsonStrictValidator
from elftools.elf.elffile import ELFFile
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document
from support import obelisk, packages_by_another

from obelisk.distribution.distribution import obtain_distribution
from obelisk.distribution.versions import python_source
from obelisk.report.cyclonedx import SCHEMA
from obelisk.runtime import link
from obelisk.services.cache import Cache
from obelisk.services.console import Console, Verbosity
from obelisk.services.services import Services
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.verify import objects
from obelisk.verify.executable import map_file
from obelisk.verify.headers import OBJECTS, read_headers
from obelisk.verify.memory import Memory

EXECUTE = 1
"""The flag of a segment with code."""
PAGE = 0x1000


def check_documents(executable, components, own, folder):
    """Both bills of materials are valid, name all components and are the same each time.

    Return their paths; `own` is the name of the application.
    """
    names = {one.name for one in components}
    places = {}
    for chosen in ("cyclonedx", "spdx"):
        path = folder / f"app.{chosen}.json"
        obelisk("sbom", "-q", executable, "--format", chosen, "--output", path)
        assert obelisk("sbom", executable, "--format", chosen) == path.read_text()
        found = packages_by_another(path)
        assert found - {own} == names - {own}
        places[chosen] = path
    text = places["cyclonedx"].read_text()
    assert JsonStrictValidator(SCHEMA).validate_str(text) is None
    assert len(json.loads(text)["components"]) == len(components)
    assert validate_full_spdx_document(parse_file(str(places["spdx"]))) == []
    return places


def check_code(executable, components, python_version):
    """Code is either the runtime's, or in the range of a shared object that is of a component."""
    distribution, services = built(python_version)
    runtime = link.obtain_runtime(services, distribution, link.RuntimeOptions())
    with runtime.path.open("rb") as stream:
        loads = [one.header for one in ELFFile(stream).iter_segments("PT_LOAD")]
        end = max(one["p_vaddr"] + one["p_memsz"] for one in loads)
    data = map_file(executable)
    elf, headers = ELFFile(data), read_headers(data)
    (table,) = headers.of(OBJECTS)
    ranges = dict(object_ranges(Memory(data, headers.loads), table.address))
    files = {path for one in components for path in one.files}
    assert set(ranges) <= files
    found = 0
    for one in code_segments(elf):
        place, last = one["p_vaddr"], one["p_vaddr"] + one["p_memsz"]
        if last <= end:  # the runtime's own, for which there is a test of its own
            continue
        for base, following in sorted(ranges.values()):
            # Objects begin at pages of their own; what is between them is nothing.
            if base <= place + PAGE and following > place:
                place = following
        assert place + PAGE > last, f"code at {place:#x} to {last:#x} has no component"
        found += 1
    assert found


def built(python_version):
    services = Services(
        cache=Cache(),
        console=Console(Verbosity.QUIET),
        target=parse_target(DEFAULT_TARGET),
        archives=None,
    )
    return obtain_distribution(services, python_source(python_version)), services


def code_segments(elf):
    return [one.header for one in elf.iter_segments("PT_LOAD") if one["p_flags"] & EXECUTE]


def object_ranges(memory, table):
    _, _, count, objects_at, *_ = objects._HEADER.unpack(memory.read(table, objects._HEADER.size))
    for name, base, end, _ in objects._rows(memory, objects_at, count):
        yield memory.text(name), (base, end)
