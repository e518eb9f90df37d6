"""The imports that a module makes before it does anything else, by its bytecode.

It is frozen into runtimes with a snapshot as `_obelisk_snapshot_leading`. What a main module does
must happen after the restore; but the imports at its beginning may happen before, since until then
it did nothing that an import could see. The same holds for modules that are left out.

Instructions are told by what small programs compile to: the numbers differ between versions of
Python, and the standard library's table of them may have been left out.
"""


def _operations(text):
    """Return the instructions of a program, without the first, as (operation, argument)."""
    return list(_instructions(compile(text, "", "exec", dont_inherit=True)))[1:]


def _instructions(code):
    """Yield (operation, argument) of a code object; inline caches are zeros."""
    raw = code.co_code
    argument = 0
    for place in range(0, len(raw), 2):
        operation = raw[place]
        if operation == 0:
            continue
        argument = argument << 8 | raw[place + 1]
        if operation != _EXTENDED_ARGUMENT:
            yield operation, argument
            argument = 0


def _extended_argument():
    """Return the operation that only prolongs the next one's argument."""
    raw = compile("\n".join(f"x = {n}.5" for n in range(300)), "", "exec").co_code
    plain = {*compile("x = 0.5; y = 1.5", "", "exec").co_code[::2]}
    (operation,) = {*raw[::2]} - plain
    return operation


_EXTENDED_ARGUMENT = _extended_argument()
_PURE = """
"text"
from __future__ import annotations
import a, b.c
import b.c as d
from e import f, g as h
INTEGER = 1; TEXT = "text"; NOTHING = None; NUMBERS = (1, 2)
LIST = []; NAMES = ["a", "b", "c"]; TABLE = {}
def function(default=1, *, named=2): pass
"""
"""Statements that do nothing but import, and give names to what nothing else refers to yet."""
_ALLOWED = frozenset(
    operation
    for text in (_PURE, _PURE.replace("from __future__ import annotations", ""))
    for operation, _ in _operations(text)
) | {_operations("try:\n    import a\nexcept E:\n    pass")[0][0]}
(_LOAD_CONSTANT, _), (_STORE_NAME, _), *_ = _operations("x = 'text'")
_LOAD_INTEGER = _operations("x = 7")[0][0]
(_IMPORT_NAME,) = {o for o, _ in _operations("import a")} - {
    o for o, _ in _operations("a = 1; b = 'text'; c = None")
}
_IS_MAIN = _operations("if __name__ == '__main__':\n    import a")
_IS_MAIN = _IS_MAIN[: [operation for operation, _ in _IS_MAIN].index(_IMPORT_NAME) - 2]
_END = {operation for operation, _ in _operations("")} - {_LOAD_CONSTANT}


def leading_imports(code, is_main=False):
    """Yield (level, name, names) of the imports before the first other effect.

    `is_main`: the code runs as `__main__`, so what is guarded by that name is reached.
    """
    instructions = list(_instructions(code))[1:]
    operands = []
    skipped = 0
    for place, (operation, argument) in enumerate(instructions):
        if place < skipped:
            continue
        if is_main and _tests_main(instructions[place:], code):
            skipped = place + len(_IS_MAIN)
        elif operation == _IMPORT_NAME:
            level, names = operands[-2:]
            yield level, code.co_names[argument], names or ()
        elif operation == _LOAD_CONSTANT:
            operands.append(code.co_consts[argument])
        elif operation == _LOAD_INTEGER:
            operands.append(argument)
        elif operation in _END or operation not in _ALLOWED:
            return


def _tests_main(instructions, code):
    """Say whether instructions begin with the test for the main program."""
    found = instructions[: len(_IS_MAIN)]
    if [operation for operation, _ in found] != [operation for operation, _ in _IS_MAIN]:
        return False
    (_, name), (_, text), (_, comparison), *_ = found
    return (
        code.co_names[name] == "__name__"
        and code.co_consts[text] == "__main__"
        and comparison == _IS_MAIN[2][1]
    )
