"""Dynamic relocations of AArch64.

The numbers are those of AAELF64, https://github.com/ARM-software/abi-aa, "Dynamic relocations". All
of them add the addend. R_AARCH64_COPY is none of a shared object.
"""

from __future__ import annotations

from typing import Final

from obelisk.link.elf.machines.action import Action

ACTIONS: Final = {
    0: Action.NOTHING,  # R_AARCH64_NONE
    257: Action.SYMBOL,  # R_AARCH64_ABS64
    1025: Action.SYMBOL,  # R_AARCH64_GLOB_DAT
    1026: Action.SYMBOL,  # R_AARCH64_JUMP_SLOT
    1027: Action.BASE,  # R_AARCH64_RELATIVE
    1028: Action.TLS_MODULE,  # R_AARCH64_TLS_DTPMOD64
    1029: Action.TLS_IN_MODULE,  # R_AARCH64_TLS_DTPREL64
    1030: Action.TLS_IN_THREAD,  # R_AARCH64_TLS_TPREL64
    1031: Action.TLS_DESCRIPTOR,  # R_AARCH64_TLSDESC
    1032: Action.CHOSEN_AT_START,  # R_AARCH64_IRELATIVE
}
