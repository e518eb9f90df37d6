"""Settings that executables for some targets cannot have, checked before anything is built."""

from __future__ import annotations

from obelisk.config.interpreter import StartMethod
from obelisk.config.settings import Settings
from obelisk.errors import ConfigError
from obelisk.target import Target


def check_target(settings: Settings, target: Target) -> None:
    """Raise `ConfigError` for settings that executables for a target cannot have."""
    if target.system != "windows":
        return
    refused = {
        "native-libraries": (
            bool(settings.native_libraries),
            "shared libraries cannot be linked in",
        ),
        "debug": (settings.debug, "symbols of PE files are not kept"),
        "allocator-hardening": (
            settings.allocator_hardening,
            "memory is allocated by the system, which looks for corruption itself",
        ),
        "build-packages": (bool(settings.build_packages), "its libraries are built for Linux"),
        "interpreter.multiprocessing-start-method": (
            settings.interpreter.multiprocessing_start_method not in (None, StartMethod.SPAWN),
            "Windows starts processes by `spawn` alone",
        ),
    }
    for key, (is_set, reason) in refused.items():
        if is_set:
            message = f"`{key}` is not available for {target.triple}: {reason}"
            raise ConfigError(message, hint=f"remove `{key}`, or build for Linux")
