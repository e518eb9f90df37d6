"""Dynamic relocations of x86-64.

The numbers are those of the psABI, https://gitlab.com/x86-psABIs/x86-64-ABI, table 4.10.
"""

from __future__ import annotations

from typing import Final

from obelisk.link.elf.machines.action import Action

ACTIONS: Final = {
    0: Action.NOTHING,  # R_X86_64_NONE
    1: Action.SYMBOL,  # R_X86_64_64
    6: Action.SLOT,  # R_X86_64_GLOB_DAT
    7: Action.SLOT,  # R_X86_64_JUMP_SLOT
    8: Action.BASE,  # R_X86_64_RELATIVE
    16: Action.TLS_MODULE,  # R_X86_64_DTPMOD64
    17: Action.TLS_IN_MODULE,  # R_X86_64_DTPOFF64
    18: Action.TLS_IN_THREAD,  # R_X86_64_TPOFF64
    36: Action.TLS_DESCRIPTOR,  # R_X86_64_TLSDESC
    37: Action.CHOSEN_AT_START,  # R_X86_64_IRELATIVE
}
