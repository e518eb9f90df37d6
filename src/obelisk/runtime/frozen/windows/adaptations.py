"""Adaptations of modules that look for what only an installation has: those that Windows needs.

It is frozen into the runtime as `_obelisk_adaptations`, and adaptations.py, which has those of all
systems, as `_obelisk_shared_adaptations`.
"""

import _obelisk_shared_adaptations as _shared

LeftOut = _shared.LeftOut


def _adapt_spawn(module):
    """Let processes run the main program's file again: its functions are what they are given.

    For frozen programs the standard library expects the bootloader to do so.
    """
    module.WINEXE = False
    _shared._adapt_spawn(module)


def _adapt_sysconfig(module):
    """Let the scheme of installations name the executable's folders, which are those of POSIX."""
    schemes = module._INSTALL_SCHEMES
    for name in ("stdlib", "platstdlib", "purelib", "platlib", "scripts"):
        # Which says whether Python has a lock, and is not known on Windows yet when this is asked.
        schemes["nt"][name] = schemes["posix_prefix"][name].replace("{abi_thread}", "")


ADAPTATIONS = {
    "multiprocessing": _shared._adapt_multiprocessing,
    "multiprocessing.spawn": _adapt_spawn,
    "pkgutil": _shared._adapt_pkgutil,
    "sysconfig": _adapt_sysconfig,
    "venv": _shared._adapt_venv,
    "virtualenv.run.plugin.creators": _shared._adapt_virtualenv,
}
