"""Paths of modules by two names: the root of each process, and the executable's own path.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_paths`; the frozen `encodings`
imports it in each interpreter. Programs ask for modules by `realpath(__file__)`, too.
"""

import sys

import _obelisk

_below_root = _obelisk.path_below


def path_below(path):
    """Return a path relative to the executable, or None when it is not below that."""
    below = _below_root(path)
    if below is None and isinstance(path, str) and path.startswith(f"{sys.executable}/"):
        return _below_root(_obelisk.ROOT + path[len(sys.executable) :])
    return below


_obelisk.path_below = path_below
_adapt = _obelisk.AdaptingLoader.exec_module
_replaced = []


def exec_module(self, module):
    """Adapt a module; no virtual environment is made of the executable by either path."""
    _adapt(self, module)
    if not _replaced:
        import _obelisk_adaptations as adaptations

        _replaced.append(adaptations._refuse_environment)
        adaptations._refuse_environment = _refuse_environment


def _refuse_environment(python):
    import os

    import _obelisk_adaptations as adaptations

    adaptations.ROOT = os.path.realpath(_obelisk.ROOT)
    try:
        _replaced[0](python)
    finally:
        adaptations.ROOT = _obelisk.ROOT


_obelisk.AdaptingLoader.exec_module = exec_module
