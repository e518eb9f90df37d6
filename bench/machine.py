"""What this machine is, in the words of its own files, for the page and for comparing."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path


def describe() -> dict[str, str]:
    """Return processor, kernel, memory and what else decides about times."""
    facts = {
        "processor": _first(r"^model name\s*: (.*)$", _text("/proc/cpuinfo")),
        "processors": str(len(os.sched_getaffinity(0))),
        "frequency governor": _text("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "turbo off": _text("/sys/devices/system/cpu/intel_pstate/no_turbo"),
        "hypervisor": _hypervisor(),
        "memory": _first(r"^MemTotal:\s*(.*)$", _text("/proc/meminfo")),
        "transparent huge pages": _chosen(_text("/sys/kernel/mm/transparent_hugepage/enabled")),
        "kernel": f"{platform.system()} {platform.release()}",
        "system": _first(r'^PRETTY_NAME="(.*)"$', _text("/etc/os-release")),
        "load before": " ".join(f"{one:.2f}" for one in os.getloadavg()),
    }
    return {name: value or "not told" for name, value in facts.items()}


def _hypervisor() -> str:
    guest = re.search(r"^flags\s*:.*\bhypervisor\b", _text("/proc/cpuinfo"), re.MULTILINE)
    return (_text("/sys/class/dmi/id/product_name") or "yes") if guest else "none"


def _chosen(text: str) -> str:
    return _first(r"\[(\w+)\]", text)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""


def _text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
