"""Icons: a file of the format ICO, as resources of an image.

An ICO file has a table of its images, which name their offset in the file; the resource that lists
them, RT_GROUP_ICON, names their numbers among the resources RT_ICON instead, and is the same but
for that ("Icons in Win32", ICONDIR and GRPICONDIR).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

from obelisk.pe.headers import PeError
from obelisk.pe.resources import Resource, ResourceType

_HEADER: Final = struct.Struct("<HHH")
_IMAGE: Final = struct.Struct("<8sII")
_LISTED: Final = struct.Struct("<8sIH")
_ICON: Final = 1
"""The type of a file with icons; cursors are 2."""
_MOST: Final = 256
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_BITMAP: Final = struct.pack("<I", 40)
"""How an image begins that is none: with the size of BITMAPINFOHEADER."""


def icon_resources(content: bytes) -> list[Resource]:
    """Return the resources for an ICO file; raise `PeError` if it is none, or is damaged."""
    try:
        reserved, kind, count = _HEADER.unpack_from(content)
        if (reserved, kind) != (0, _ICON) or not 0 < count <= _MOST:
            message = "not an ICO file"
            raise PeError(message)
        rows = [
            _IMAGE.unpack_from(content, _HEADER.size + number * _IMAGE.size)
            for number in range(count)
        ]
    except struct.error as error:
        message = "truncated"
        raise PeError(message) from error
    listed = _HEADER.pack(0, _ICON, count)
    found = []
    for number, (shape, size, offset) in enumerate(rows, 1):
        image = content[offset : offset + size]
        if len(image) != size or not image.startswith((_PNG, _BITMAP)):
            message = f"image {number} is truncated, or neither PNG nor a bitmap"
            raise PeError(message)
        listed += _LISTED.pack(shape, size, number)
        found.append(Resource(type=ResourceType.ICON, name=number, content=image))
    return [*found, Resource(type=ResourceType.GROUP_ICON, name=1, content=listed)]


def missing_images(resources: Sequence[Resource]) -> list[int]:
    """Return the numbers of images that lists of icons name and that there are not.

    Raises `PeError` for a list that is malformed.
    """
    there = {one.name: len(one.content) for one in resources if one.type == ResourceType.ICON}
    missing = []
    for one in resources:
        if one.type == ResourceType.GROUP_ICON:
            try:
                _, _, count = _HEADER.unpack_from(one.content)
                rows = [
                    _LISTED.unpack_from(one.content, _HEADER.size + number * _LISTED.size)
                    for number in range(count)
                ]
            except struct.error as error:
                message = "truncated list of icons"
                raise PeError(message) from error
            missing += [number for _, size, number in rows if there.get(number) != size]
    return missing
