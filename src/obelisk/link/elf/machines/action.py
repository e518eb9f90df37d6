"""What a dynamic relocation stores, in words that are those of no machine."""

from __future__ import annotations

from enum import Enum, auto


class Action(Enum):
    """What a dynamic relocation stores."""

    NOTHING = auto()
    BASE = auto()
    """Where the object is, plus the addend."""
    SYMBOL = auto()
    """The symbol's address plus the addend."""
    SLOT = auto()
    """The symbol's address."""
    TLS_MODULE = auto()
    """The number of the module that has the variable, for `__tls_get_addr`."""
    TLS_IN_MODULE = auto()
    """The variable's place in its module's block."""
    TLS_IN_THREAD = auto()
    """The variable's place, from the thread pointer."""
    TLS_DESCRIPTOR = auto()
    """A function that returns the variable's place from the thread pointer, and its argument."""
    CHOSEN_AT_START = auto()
    """What a function returns when it is called (IFUNC): nothing runs at build time."""
