"""The document that is shipped with an executable: every component, its license and the texts."""

from __future__ import annotations

from collections.abc import Iterator

from obelisk.licenses.inside import Inside, Licensed, Text

_RULE = "=" * 78
UNKNOWN = "unknown"


def table(inside: Inside) -> list[str]:
    """Return a line for each component: name, version, license, linkage, and what told it."""
    rows = [_columns(one) for one in inside.components]
    widths = [max((len(row[number]) for row in rows), default=0) for number in range(4)]
    return [
        "  ".join([*(f"{text:<{width}}" for text, width in zip(row, widths, strict=True))]).rstrip()
        for row in rows
    ]


def document(inside: Inside) -> str:
    """Return the whole text, in the order of names; a text that occurs again is referred to."""
    lines = [
        f"{inside.name} contains software by others, under the licenses below.",
        "",
        *table(inside),
    ]
    first: dict[str, str] = {}
    for one in inside.components:
        lines += ["", _RULE, *_section(one, first)]
    return "\n".join(lines) + "\n"


def _section(one: Licensed, first: dict[str, str]) -> Iterator[str]:
    component = one.component
    yield f"{component.name} {component.version or ''}".rstrip()
    yield f"License: {component.license or UNKNOWN}"
    if component.origin:
        yield f"Source: {component.origin}"
    yield _RULE
    if not one.texts:
        yield ""
        yield "(no license text)"
    for text in one.texts:
        yield ""
        yield from _text(text, f"{component.name} {component.version or ''}".strip(), one, first)


def _text(text: Text, name: str, one: Licensed, first: dict[str, str]) -> Iterator[str]:
    title = f"standard text of {text.source}" if one.is_standard else text.source
    before = first.setdefault(text.text, f"{name}, {title}")
    if before != f"{name}, {title}":
        yield f"[{title}: the same text as of {before}]"
        return
    yield f"[{title}]"
    yield ""
    yield from text.text.strip("\n").splitlines()


def _columns(one: Licensed) -> tuple[str, str, str, str]:
    component = one.component
    told = f"(from {component.license_from})" if component.license_from else ""
    return (
        component.name,
        component.version or "-",
        component.license or UNKNOWN,
        f"{component.linkage or '-'} {told}".strip(),
    )
