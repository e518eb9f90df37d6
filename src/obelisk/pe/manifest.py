"""The manifest of an image: what a program asks of Windows.

Follows Microsoft's "Application Manifests". Paths may be longer than 260 characters, text is
UTF-8 in the functions that take bytes, and windows are drawn sharply on every display.
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from obelisk.pe.headers import PeError
from obelisk.pe.resources import Resource, ResourceType

_WINDOWS_10: Final = "{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"
"""Windows 10, 11, and Server 2016 and later: the oldest that Python 3.13 runs on."""
_COMMON_CONTROLS: Final = (
    'name="Microsoft.Windows.Common-Controls" version="6.0.0.0" '
    'processorArchitecture="*" publicKeyToken="6595b64144ccf1df" language="*"'
)
_TEXT: Final = """\
<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security>
      <requestedPrivileges>
        <requestedExecutionLevel level="{level}" uiAccess="false"/>
      </requestedPrivileges>
    </security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application>
      <supportedOS Id="{system}"/>
    </application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <dpiAware xmlns="http://schemas.microsoft.com/SMI/2005/WindowsSettings">true/pm</dpiAware>
      <dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
      <activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>
    </windowsSettings>
  </application>
  <dependency>
    <dependentAssembly>
      <assemblyIdentity type="win32" {controls}/>
    </dependentAssembly>
  </dependency>
</assembly>
"""
_WANTED: Final = {
    "longPathAware": "true",
    "activeCodePage": "UTF-8",
    "dpiAwareness": "PerMonitorV2",
}
"""What the settings of every executable are."""


def manifest_resource(level: str) -> Resource:
    """Return the manifest of a program that runs with the rights of `level`, such as `asInvoker`.

    A program's manifest has the number 1 (CREATEPROCESS_MANIFEST_RESOURCE_ID).
    """
    text = _TEXT.format(level=level, system=_WINDOWS_10, controls=_COMMON_CONTROLS)
    return Resource(type=ResourceType.MANIFEST, name=1, content=text.encode())


def manifest_faults(content: bytes) -> tuple[str, list[str]]:
    """Return the level of rights that a manifest asks for, and what it lacks.

    Raises `PeError` for one that is not XML, or asks for no level.
    """
    if b"<!DOCTYPE" in content:  # what it may define is nothing to expand
        message = "the manifest has a document type"
        raise PeError(message)
    try:
        root = ET.fromstring(content)  # noqa: S314 - without entities it is safe
    except ET.ParseError as error:
        message = f"the manifest is not XML: {error}"
        raise PeError(message) from error
    found = {one.tag.rpartition("}")[2]: one for one in root.iter()}
    level = found.get("requestedExecutionLevel")
    if level is None:
        message = "the manifest asks for no execution level"
        raise PeError(message)
    faults = [
        f"the manifest lacks `{name}` {value}"
        for name, value in _WANTED.items()
        if name not in found or found[name].text != value
    ]
    return level.get("level", ""), faults
