"""The components of an executable with the texts of their licenses, from the file alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obelisk.components.component import Component, components_of
from obelisk.components.expressions import parsed, terms
from obelisk.components.texts import standard_text
from obelisk.licenses.copyleft import Reach, reach
from obelisk.payload.reader import Payload
from obelisk.report.contents import manifest_of
from obelisk.verify.verify import open_payload


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """The text of a license."""

    source: str
    """Its path in the executable, or the SPDX identifier that it is the standard text of."""
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Licensed:
    """A component with its texts."""

    component: Component
    texts: tuple[Text, ...]
    is_standard: bool
    """Whether the component carries no text, so that these are the standard ones of its license."""

    @property
    def reach(self) -> Reach | None:
        """How far its copyleft reaches; None if its license is unknown."""
        found = parsed(self.component.license)
        return None if found is None else reach(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """What is in an executable."""

    name: str
    components: tuple[Licensed, ...]

    @property
    def unknown(self) -> tuple[Component, ...]:
        """Components whose license nothing tells."""
        return tuple(
            one.component for one in self.components if parsed(one.component.license) is None
        )


def read_licenses(path: Path) -> Inside:
    """Read an executable; raise `VerifyError` if it is corrupt or lists no components."""
    _, payload = open_payload(path)
    manifest = manifest_of(payload, path)
    components = sorted(components_of(manifest), key=lambda one: (one.name.lower(), one.reference))
    return Inside(
        name=str(manifest.get("name")),
        components=tuple(_licensed(one, payload) for one in components),
    )


def as_json(inside: Inside) -> dict[str, Any]:
    """Return it for `--json`, without a version."""
    return {
        "name": inside.name,
        "components": [_row(one) for one in inside.components],
        "unknown": [one.reference for one in inside.unknown],
    }


def _licensed(component: Component, payload: Payload) -> Licensed:
    own = tuple(_own_texts(component, payload))
    return Licensed(
        component=component,
        texts=own or tuple(_standard_texts(component)),
        is_standard=not own,
    )


def _own_texts(component: Component, payload: Payload) -> Iterator[Text]:
    for path in component.license_texts:
        record = payload.file(path)
        if record is not None:  # it may have been excluded
            yield Text(source=path, text=payload.read(record).decode(errors="replace"))


def _standard_texts(component: Component) -> Iterator[Text]:
    expression = parsed(component.license)
    for term in dict.fromkeys(terms(expression) if expression else ()):
        text = standard_text(term.license)
        if text is not None:
            yield Text(source=term.license, text=text)


def _row(one: Licensed) -> dict[str, Any]:
    component = one.component
    return {
        "reference": component.reference,
        "name": component.name,
        "version": component.version,
        "license": component.license,
        "license_from": component.license_from,
        "copyleft": None if one.reach is None else one.reach.name.lower(),
        "linkage": component.linkage,
        "part_of": component.part_of,
        "texts_are_standard": one.is_standard,
        "texts": [{"source": text.source, "text": text.text} for text in one.texts],
    }
