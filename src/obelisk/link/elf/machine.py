"""All that depends on the machine: what each type of relocation asks for.

Another machine is one more entry. The numbers are those of the psABI supplements: for x86-64
https://gitlab.com/x86-psABIs/x86-64-ABI, table 4.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from obelisk.target import Target


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """One machine."""

    number: int
    """`e_machine` of its ELF files."""
    name: str
    actions: Mapping[int, Action]

    @property
    def relative(self) -> int:
        """The type of most relocations, with which `Action.BASE` is asked for."""
        return next(kind for kind, action in self.actions.items() if action is Action.BASE)


_MACHINES: Final = {
    "EM_X86_64": Machine(
        number=62,
        name="x86-64",
        actions={
            0: Action.NOTHING,
            1: Action.SYMBOL,
            6: Action.SLOT,
            7: Action.SLOT,
            8: Action.BASE,
            16: Action.TLS_MODULE,
            17: Action.TLS_IN_MODULE,
            18: Action.TLS_IN_THREAD,
            36: Action.TLS_DESCRIPTOR,
            37: Action.CHOSEN_AT_START,
        },
    ),
}


def machine_of(target: Target) -> Machine:
    """Return the machine that a target's executables run on."""
    return _MACHINES[target.elf_machine]
