"""`obelisk inspect` and `verify`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from obelisk.commands.options import JSON_VERSION, json_option, quiet_options
from obelisk.components.component import Component, Kind, components_of
from obelisk.errors import ConfigError, VerifyError
from obelisk.report.contents import contents
from obelisk.report.sizes import size_lines, sizes
from obelisk.services.cache.root import default_root
from obelisk.services.console import Console
from obelisk.signing.keys import PublicKey
from obelisk.signing.signature import signature_path
from obelisk.snapshot.report import read_report, report_lines
from obelisk.verify.builder import this_builder
from obelisk.verify.signature import signature_finding
from obelisk.verify.verify import verify

_FILE: Final = click.Path(path_type=Path)
_LARGEST: Final = 10
_TITLES: Final = {
    "packages": (Kind.PACKAGE,),
    "libraries": (Kind.INTERPRETER, Kind.LIBRARY, Kind.FILE),
    "crates": (Kind.CRATE,),
}
"""How kinds of components are listed."""


@click.command("inspect")
@click.argument("executable", type=_FILE)
@click.option("--modules", is_flag=True, help="List every module and file.")
@click.option("--size", is_flag=True, help="Show a breakdown of the size.")
@json_option
@quiet_options
def inspect_command(
    console: Console, executable: Path, modules: bool, size: bool, as_json: bool
) -> None:
    """Show the contents of an executable: Python, packages, libraries, modules, sizes."""
    inside = sizes(executable) if size else contents(executable)
    snapshot = None if size else read_report(executable)
    if snapshot is not None:
        inside["snapshot"] = snapshot
    if as_json:
        console.json({"version": JSON_VERSION, **inside} if size else inside)
        return
    if size:
        for line in size_lines(inside):
            console.data(line)
        return
    for line in _summary(inside):
        console.data(line)
    for line in _listing(inside, everything=modules):
        console.data(line)


@click.command("verify")
@click.argument("executable", type=_FILE)
@click.option(
    "--key",
    metavar="KEY",
    help="Check the signature with this public key of minisign: a file, or the key itself.",
)
@click.option(
    "--signature",
    metavar="FILE",
    type=_FILE,
    help="Read the signature from here instead of EXECUTABLE.minisig.",
)
@json_option
@quiet_options
def verify_command(
    console: Console, executable: Path, key: str | None, signature: Path | None, as_json: bool
) -> None:
    """Verify that an executable is static, hardened and not corrupt, without running it.

    It must also name all its components, and nothing of the machine and user that run `verify`.
    """
    public = _public_key(key, signature)
    findings = list(verify(executable, this_builder(default_root())))
    if public is not None:
        place = signature or signature_path(executable)
        findings.append(signature_finding(executable, place, public))
    sound = all(finding.sound for finding in findings)
    if as_json:
        rows = [finding.to_json() for finding in findings]
        console.json({"version": JSON_VERSION, "sound": sound, "findings": rows})
    else:
        for finding in findings:
            console.data(f"{finding.state:4} {finding.what}: {finding.detail}")
    if not sound:
        console.warn(f"{executable} failed verification")
        sys.exit(VerifyError.exit_code)


def _public_key(key: str | None, signature: Path | None) -> PublicKey | None:
    if key is None and signature is not None:
        message = "`--signature` needs `--key`"
        raise ConfigError(message, hint="a signature is checked with a public key")
    return None if key is None else PublicKey.read(key)


def _summary(inside: dict[str, Any]) -> list[str]:
    size = inside["executable"]
    lines = [
        f"{inside['name']}: Python {inside['python']} for {inside['target']}",
        f"entry     {inside['entry']}",
        f"size      {size['size']} bytes: runtime {size['runtime']}, payload {size['payload']}",
        f"modules   {len(inside['modules'])}",
        f"objects   {len(inside['natives'])} shared objects: {size['natives']} bytes",
        f"files     {len(inside['files'])}",
        *([f"own pins  {', '.join(inside['pins'])}"] if inside.get("pins") else []),
        *(report_lines(inside["snapshot"]) if "snapshot" in inside else ()),
    ]
    components = components_of(inside)
    for title, kinds in _TITLES.items():
        found = [one for one in components if one.kind in kinds]
        lines += [title, *([_line(one) for one in found] or ["  none"])]
    return lines


def _line(component: Component) -> str:
    version = component.version or "(unknown version)"
    return f"  {component.name} {version}  {component.license or 'no license given'}"


def _listing(inside: dict[str, Any], *, everything: bool) -> list[str]:
    rows = [(row["size"], f"{row['path']} (code)") for row in inside["modules"]]
    rows += [(row["size"], row["path"]) for row in inside["files"]]
    if everything:
        return ["contents", *(f"  {size:>9} {name}" for size, name in sorted(rows, key=_by_name))]
    largest = sorted(rows, reverse=True)[:_LARGEST]
    return [
        "largest files (--modules lists all)",
        *(f"  {size:>9} {name}" for size, name in largest),
    ]


def _by_name(row: tuple[int, str]) -> str:
    return row[1]
