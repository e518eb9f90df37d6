"""All of a machine that a link depends on: facts of the target, and its table of relocations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from obelisk.link.elf.machines import aarch64, x86_64
from obelisk.link.elf.machines.action import Action
from obelisk.target import Target

_ACTIONS: Final = {"EM_X86_64": x86_64.ACTIONS, "EM_AARCH64": aarch64.ACTIONS}


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """One machine."""

    number: int
    """`e_machine` of its ELF files."""
    name: str
    page: int
    """Bytes of its largest page; segments of different rights do not share one."""
    thread_gap: int | None
    """Where thread-local variables are; see `Target.thread_gap`."""
    actions: Mapping[int, Action]
    """What each type of relocation asks for."""

    @property
    def relative(self) -> int:
        """The type of most relocations, with which `Action.BASE` is asked for."""
        return next(kind for kind, action in self.actions.items() if action is Action.BASE)


def machine_of(target: Target) -> Machine:
    """Return the machine that a target's executables run on."""
    return Machine(
        number=target.elf_number,
        name=target.machine_name,
        page=target.page_size,
        thread_gap=target.thread_gap,
        actions=_ACTIONS[target.elf_machine],
    )
