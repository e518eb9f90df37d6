"""Tells what modules import and which names they mention, by their bytecode.

Run by the target's Python, as `python imports_worker.py bodies|all`.

stdin has each marshalled code object behind its size in 8 bytes, little-endian. stdout is JSON: for
each of them a list of units, which are [name, imports, lines, mentions]. The first one, whose name
is empty, is what runs when the module is imported; the others, with `all`, are the functions and
methods in it, `*` is that of all that are called although nothing mentions their names, and
`<main>` what runs only if the module is the main program. An
import is [level, name, names that are taken from it]; `lines` are those at which the name of what
is imported is computed.
"""

import dis
import json
import marshal
import sys
import types

_IMPORTERS = frozenset(("import_module", "__import__"))
"""Functions that import a module by its name."""
_NEVER, _IF_MAIN = "TYPE_CHECKING", "__main__"
"""What the condition of a block names that does not run when a module is imported."""
_MAIN = "<main>"
_PLAIN = frozenset(("property", "classmethod", "staticmethod", "setter", "deleter"))
"""Decorators that call nothing: who uses such a function mentions its name."""
_ALWAYS = "*"
_OPTIMIZED = 1
"""A flag of the code of functions; bodies of modules and classes run when these are defined."""
_LONGEST = 64
"""Characters of a text that may be a name."""
_EXTENDED_ARG, _IMPORT_NAME, _LOAD_CONST, _STORE_NAME, _JUMP, _CALL, _COMPARE = (
    dis.opmap[name]
    for name in (
        *("EXTENDED_ARG", "IMPORT_NAME", "LOAD_CONST", "STORE_NAME", "POP_JUMP_IF_FALSE", "CALL"),
        "COMPARE_OP",
    )
)
_EQUAL = dis.cmp_op.index("==")
_VARIABLES = frozenset((dis.opmap["LOAD_NAME"], dis.opmap["LOAD_GLOBAL"]))
_LOAD_SMALL_INT = dis.opmap.get("LOAD_SMALL_INT")
_STORES = frozenset(number for number in dis.hasname if dis.opname[number].startswith("STORE_"))
_LOADS = frozenset(number for name, number in dis.opmap.items() if name.startswith("LOAD_")) - {
    dis.opmap.get("LOAD_SPECIAL")
}
_SHIFTED = {dis.opmap["LOAD_GLOBAL"]: 1, dis.opmap["LOAD_ATTR"]: 1}
"""Bits of an argument that are not the number of a name."""
if "LOAD_SUPER_ATTR" in dis.opmap:
    _SHIFTED[dis.opmap["LOAD_SUPER_ATTR"]] = 2
_CACHES_OF_JUMP = 1
_COMPARED = 5
"""Bits of a comparison's argument that are not its kind."""


def main():
    Scan.functions = sys.argv[1] == "all"
    data = sys.stdin.buffer.read()
    found, place = [], 0
    while place < len(data):
        end = place + 8 + int.from_bytes(data[place : place + 8], "little")
        code = marshal.loads(data[place + 8 : end])  # noqa: S302 - it was compiled for this build
        units = {"": Unit()}
        read_body(code, units)
        found.append([[name, *unit.values()] for name, unit in units.items()])
        place = end
    json.dump(found, sys.stdout)


class Unit:
    """What one function imports and mentions, or all that runs at once."""

    def __init__(self):
        self.imports = []
        self.lines = []
        self.mentions = set()

    def values(self):
        return self.imports, self.lines, sorted(self.mentions) if Scan.functions else []


def read_body(code, units):
    """Read the body of a module or class, and the functions in it."""
    scan = Scan(code, units[""])
    scan.main = units.setdefault(_MAIN, Unit()) if Scan.functions else Unit()
    for name in scan.run():
        function = scan.function
        if function.co_flags & _OPTIMIZED:
            key = name if scan.is_plain else _ALWAYS
            read_function(function, units.setdefault(key, Unit()))
        else:
            read_body(function, units)
    for function in scan.others():
        if function.co_flags & _OPTIMIZED:
            read_function(function, units[""])
        else:
            read_body(function, units)


def read_function(code, unit):
    """Read a function with all that is defined in it."""
    if not Scan.functions:
        return
    for _ in Scan(code, unit).run():
        pass
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            read_function(constant, unit)


class Scan:
    """Goes through the instructions of a code object."""

    functions = True

    def __init__(self, code, unit):
        self.code = code
        self.unit = self.whole = self.main = unit
        self.function = None
        """The code object of the function or class that was loaded last."""
        self.is_plain = True
        self.named = set()
        self.constants = []
        self.condition = ""
        self.skipped_to = 0
        self.importer = None
        """The place of a call of one of `_IMPORTERS` whose arguments are being loaded."""
        self.argument = None
        """What is loaded as its first argument."""

    def others(self):
        """Return the code objects in this one that no name was given to."""
        codes = [one for one in self.code.co_consts if isinstance(one, types.CodeType)]
        return [one for one in codes if id(one) not in self.named]

    def run(self):
        """Add to the unit; yield the name by which each function is known, when it is made."""
        loaded, called = set(), False
        for place, operation, argument in instructions(self.code.co_code):
            if place >= self.skipped_to:
                self.unit = self.whole
            if self.importer is not None and self.argument is None and operation in _LOADS:
                is_constant = operation == _LOAD_CONST
                self.argument = self.code.co_consts[argument] if is_constant else False
            if operation in dis.hasname:
                name = self.code.co_names[argument >> _SHIFTED.get(operation, 0)]
                if operation not in _STORES:
                    self.unit.mentions.add(name)
                    self.condition = name if name == _NEVER or operation in _VARIABLES else ""
                    loaded.add(name)
                if name in _IMPORTERS and operation in _LOADS:
                    self.importer, self.argument = place, None
                if operation == _STORE_NAME:
                    self.stored(name)
                    if self.function is not None:
                        self.is_plain = not called or loaded <= _PLAIN | {name}
                        self.named.add(id(self.function))
                        yield name
                    loaded, called, self.function = set(), False, None
            called = called or (operation == _CALL and self.function is not None)
            self.step(place, operation, argument)

    def step(self, place, operation, argument):
        if operation == _IMPORT_NAME:
            self.imported(self.code.co_names[argument])
        elif operation == _LOAD_CONST:
            self.constant(self.code.co_consts[argument])
        elif operation == _LOAD_SMALL_INT:
            self.constants.append(argument)
        elif operation == _JUMP:
            if self.condition in (_NEVER, _IF_MAIN) and place >= self.skipped_to:
                self.skipped_to = place + 2 + 2 * _CACHES_OF_JUMP + 2 * argument
                self.unit = self.main if self.condition == _IF_MAIN else Unit()
            self.condition = ""
        elif operation == _COMPARE and argument >> _COMPARED != _EQUAL:
            self.condition = ""
        elif operation == _CALL:
            self.condition = ""
            if self.importer is not None:
                self.imported_by_call()

    def stored(self, name):
        if name == "__all__":
            # A list of what others may mention.
            names = self.constants[-1] if self.constants else ()
            if isinstance(names, tuple):
                self.unit.mentions.difference_update(names)

    def constant(self, value):
        self.constants.append(value)
        if value == _IF_MAIN and self.condition == "__name__":
            self.condition = value
        if isinstance(value, types.CodeType):
            self.function = value
        for text in value if isinstance(value, (tuple, frozenset)) else (value,):
            if isinstance(text, str) and len(text) <= _LONGEST and is_name(text):
                self.unit.mentions.add(text)

    def imported(self, name):
        level, names = self.constants[-2:] if len(self.constants) > 1 else (0, None)
        self.unit.imports.append([level, name, list(names or ())])

    def imported_by_call(self):
        if isinstance(self.argument, str):
            self.unit.imports.append([0, self.argument, []])
        else:
            self.unit.lines.append(line_of(self.code, self.importer))
        self.importer = None


def is_name(text):
    """Return whether a text may be the name of something, or of a module in another."""
    return text.isascii() and all(part.isidentifier() for part in text.split("."))


def line_of(code, place):
    return next((line for start, end, line in code.co_lines() if start <= place < end), 0) or 0


def instructions(raw):
    """Yield place, operation and argument of each instruction; the inline caches are zeros."""
    argument = 0
    for place in range(0, len(raw), 2):
        operation = raw[place]
        if operation == 0:
            continue
        argument = argument << 8 | raw[place + 1]
        if operation == _EXTENDED_ARG:
            continue
        yield place, operation, argument
        argument = 0


if __name__ == "__main__":
    main()
