"""Random programs in Starlark: most of their operations succeed, some do not.

An expression is a template with holes: `{i}` for an integer, `s` for a string, `b` for a boolean,
`l`, `t` and `d` for a list, tuple and dict, `n` for a name, `a` for anything, `S` for a statement.
Now and then a hole gets another type.
"""

import re
from collections.abc import Callable, Sequence

_TEXTS = ("", "a", "b", "ab", "a.b", " a b ", "Ab", "x=1", "aXb\\n\\r\\nc", "1", "-12", "é", "0x1f")
_LEAVES = {
    "i": ("0", "1", "2", "3", "-1", "-2", "7", "12"),
    "s": tuple(f"'{text}'" for text in _TEXTS),
    "b": ("True", "False"),
    "a": ("None", "a", "b", "c", "7"),
    "l": ("[]", "[1, 2, 3]", "['b', 'a']", "[[1], [0]]", "[None]", "[3, 3]", "list(range(9))"),
    "t": ("()", "(1,)", "('a', 'b')", "(1, 'a', [2])"),
    "d": ("{}", "{'a': 1}", "{'b': [2], 'a': None}", "{5: 2, (1, 2): 3}"),
    "n": ("a", "b", "c", "x"),
}
_TEMPLATES = {
    "i": """
        {i} + {i}|{i} - {i}|{i} * {i}|{i} // {i}|{i} % {i}|{i} & {i}|{i} ^ {i}|{i} | {i}
        {i} << {i}|{i} >> {i}|-{i}|~{i}|+{i}|len({a})|int({s})|int({s}, {i})|int({b})|int({i})
        {s}.count({s})|{s}.find({s})|{s}.rfind({s})|{s}.index({s})|{s}.rindex({s})
        {s}.find({s}, {i})|{s}.rfind({s}, {i}, {i})|{s}.count({s}, {i}, {i})|{l}.index({a})
        {l}.index({a}, {i})|max({i}, {i})|min({i}, {i}, {i})|[7, 8, 9][{i}]|min([1, 3, 2])
        max({l}, key=lambda x: str(x))|{i} if {b} else {i}|{i} or {i}|range({i})[{i}]
        """,
    "s": """
        {s} + {s}|{s} * {i}|{i} * {s}|str({a})|repr({a})|type({a})|'%s' % {s}
        '%s-%r' % ({a}, {a})|'%d' % {i}|'%x%o%X' % ({i}, {i}, {i})|'%%' % ()|'%s' % {a}
        '%s%s' % {t}|'{}-{}'.format({a}, {a})|'{1}{0}'.format({a}, {s})
        '{x}{{}}{y}'.format(x={a}, y={a})|'{}{x}'.format({a})|{s}[{i}]|{s}[{i}:]|{s}[:{i}]
        {s}[{i}:{i}:{i}]|{s}[::-1]|{s}.capitalize()|{s}.lower()|{s}.upper()|{s}.title()
        {s}.strip()|{s}.strip({s})|{s}.lstrip()|{s}.lstrip({s})|{s}.rstrip()|{s}.rstrip({s})
        {s}.removeprefix({s})|{s}.removesuffix({s})|{s}.replace({s}, {s})
        {s}.replace({s}, {s}, {i})|{s}.join(['a', {s}])|{s}.join({s}.elems())|{s}.join({l})
        {s} if {b} else {s}|{s} and {s}|max({s}, {s})|'{}'.format({l})
        """,
    "b": """
        {a} == {a}|{a} != {a}|{i} < {i}|{i} <= {i}|{s} > {s}|{s} >= {s}|[{i}, {s}] < [{i}, {s}]
        {t} <= {t}|{a} < {a}|{s} in {s}|{s} not in {s}|{a} in {l}|{a} not in {l}|{s} in {d}
        {a} in {t}|{i} in range(3)|not {a}|bool({a})|any({l})|all({l})|{a} and {a}|{a} or {a}
        {s}.startswith({s})|{s}.endswith({s})|{s}.startswith(({s}, {s}))
        {s}.startswith({s}, {i})|{s}.endswith({s}, {i}, {i})|{s}.isalnum()|{s}.isalpha()
        {s}.isdigit()|{s}.islower()|{s}.isupper()|{s}.isspace()|{s}.istitle()|hasattr({s}, {s})
        hasattr([], 'append')|{l} == [1, 2, 3]|{t} == {t}|{d} == {d}|{b} == {i}|{b} < {b}
        """,
    "l": """
        {l} + {l}|[1] * {i}|list({l})|list({t})|list({d})|sorted({l})|sorted({l}, reverse={b})
        sorted({l}, key=str)|sorted(['b', 'c', 'a'], key=lambda x: x == 'b')|reversed({l})
        enumerate({l})|enumerate({l}, {i})|zip({l}, {t})|zip()|{l}[{i}:]|{l}[:{i}:{i}]
        [1, 2, 3, 4][{i}:{i}:{i}]|{d}.keys()|{d}.values()|{d}.items()|{s}.split({s})
        {s}.split({s}, {i})|{s}.rsplit({s}, {i})|{s}.splitlines()|{s}.splitlines({b})
        {s}.elems()|[{a}, {a}]|[{a}]|list(range({i}, {i}))|list(range({i}, {i}, {i}))
        [{a} for {n} in {l}]|[{a} for {n} in {l} if {b}]
        [({n}, {n}) for {n} in {l} for {n} in {t}]|[x for x in [y for y in {l}]]
        {l} if {b} else {l}|list({s}.partition({s}))|list(range(5))[{i}:{i}]|many({a}, *{l})
        many({a}, **{d})|add({l}, {l})
        """,
    "t": """
        ({a}, {a})|({a},)|{t} + {t}|{t} * {i}|tuple({l})|{s}.partition({s})|{s}.rpartition({s})
        {t}[{i}:]|{t}[::{i}]|{d}.popitem()|tuple({d})|({n}, {n})
        """,
    "d": """
        dict({d})|dict({d}, x={a})|dict(y={a})|dict([('a', {a}), ('b', {a})])|{d} | {d}
        {'k': {a}}|{{s}: {a}}|{str({n}): {a} for {n} in {l}}|{str(x): x for x in {l} if {b}}
        dict(zip({s}.elems(), {l}))|{'a': {a}, 'b': {a}}
        """,
    "a": """
        {i}|{s}|{b}|{l}|{t}|{d}|{n}|{n}|{l}[{i}]|{t}[{i}]|{d}[{a}]|{'a': {a}}['a']|{d}.get({s})
        {d}.get({a}, {a})|{d}.pop({i}, {a})|getattr({s}, 'x', {a})|min({l})|max({l})
        range({i}, {i})|{l}.pop()|{l}.pop({i})|{d}.setdefault({s}, {a})|c[{s}]|add({a}, {a})
        add({a})|add(y={a}, x={a})|(lambda x: {a})({a})|(lambda *x: x)({a}, {a})
        {a} if {b} else {a}|many
        """,
}  # fmt: skip
_CHOICES = {
    kind: tuple(filter(None, (part.strip() for part in re.split(r"(?<=\S)\|(?=\S)|\n", text))))
    for kind, text in _TEMPLATES.items()
}
_STATEMENTS = (
    "{n} = {a}",
    "{n} = {l}",
    "{n} = {d}",
    "{n} += {l}",
    "{n} += {i}",
    "{n} -= {i}",
    "{n} |= {d}",
    "{n} *= {i}",
    "c[{s}] = {i}",
    "b[{i}] = {s}",
    "c[{s}] += {l}",
    "b.append({s})",
    "b.extend({s}.elems())",
    "b.insert({i}, {i})",
    "b.remove({a})",
    "c.update(dict(a={i}))",
    "c.clear()",
    "c.pop({s})",
    "a, b = {t}",
    "x, (a, b) = {l}",
    "[a, x] = {l}",
    "for x in {l}:\n    {S}",
    "for {n} in list(b):\n    {S}",
    "for a, x in {d}.items():\n    {S}",
    "if {b}:\n    {S}\nelse:\n    {S}",
    "if {b}:\n    {S}\nelif {a}:\n    {S}",
    "for x in {l}:\n    if {b}:\n        break\n    {S}",
    "for x in {l}:\n    if {b}:\n        continue\n    {S}",
    "if {b}:\n    return {a}",
    "pass",
    "def inner(y, z={a}):\n    return [y, z, {a}]\na = inner({a})",
)
_HOLE = re.compile(r"\{([isbltdnaS])\}")


class Programs:
    """Makes programs; `choose` takes one of a sequence."""

    def __init__(self, choose: Callable[[Sequence], object]) -> None:
        self._choose = choose

    def program(self) -> str:
        """Return a program that leaves a string in `out`."""
        body = "\n".join(self._statement(2) for _ in range(self._choose((0, 0, 1, 2)))) or "pass"
        last = self.expression("a", self._choose((1, 2, 3)))
        given = ", ".join(self._choose(_LEAVES[kind]) for kind in "sld")
        return (
            "def add(x, y=[1]):\n    return x + y\n"
            "def many(x, *args, **kwargs):\n    return [x, args, kwargs]\n"
            f"def main(a, b, c, x=0):\n{_indented(body)}    return [a, b, c, {last}]\n"
            f"out = repr(main({given}))\n"
        )

    def expression(self, kind: str, depth: int) -> str:
        """Return an expression of a kind, as deep as that."""
        if self._choose(range(60)) == 0:
            kind = self._choose("isbltda")
        if kind in _LEAVES and (depth <= 0 or kind == "n" or self._choose(range(4)) == 0):
            leaf = self._choose(_LEAVES[kind])
            return leaf if kind == "n" else f"({leaf})"
        filled = self._filled(self._choose(_CHOICES[kind]), depth - 1)
        return f"({filled})"

    def _statement(self, depth: int) -> str:
        template = self._choose(_STATEMENTS)
        return self._filled("pass" if "{S}" in template and depth <= 0 else template, depth)

    def _filled(self, template: str, depth: int) -> str:
        def fill(found: re.Match) -> str:
            if found[1] == "n":
                return self._choose(_LEAVES["n"])
            return (
                self._statement(depth - 1) if found[1] == "S" else self.expression(found[1], depth)
            )

        lines = []
        for line in template.split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + inner for inner in _HOLE.sub(fill, line.lstrip()).split("\n")]
        return "\n".join(lines)


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.split("\n"))
