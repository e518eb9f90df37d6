"""What expressions and statements of Starlark do."""

import pytest
from starlark_files import error_of, evaluate, value_of


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3 - -4", 11),
        ("7 // 2, -7 // 2, 7 % 3, -7 % 3", (3, -4, 1, 2)),
        ("6 & 3, 6 | 3, 6 ^ 3, ~6, 1 << 4, 256 >> 4, -1 >> 1000", (2, 7, 5, -7, 16, 16, -1)),
        ("0x1f, 0o17, 0b101, 1_000", (31, 15, 5, 1000)),
        ("'a' + 'b' * 3", "abbb"),
        ("3 * [1] + [2]", [1, 1, 1, 2]),
        ("[] * 9999999999999999999999, '' * -1", ([], "")),
        ("(1,) + (2,) * 2", (1, 2, 2)),
        ("{'a': 1} | {'b': 2, 'a': 3}", {"a": 3, "b": 2}),
        ("1 == True, 0 == False, [1] == [True], 1 == '1'", (False, False, False, False)),
        ("1 in [True], True in [1], None in [None]", (False, False, True)),
        ("[1] == (1,), [1, 2] < [1, 3], (1, 'a') >= (1,), False < True", (False, True, True, True)),
        ("{'a': [1]} == {'a': [1]}, {'a': 1} == {'b': 1}", (True, False)),
        ("range(3) == range(0, 3, 1), range(1, 10, 4)[1]", (True, 5)),
        ("'b' in 'abc', 'd' not in 'abc', '' in ''", (True, True, True)),
        ("'a' in {'a': None}, 2 in range(0, 4, 2), True in range(2)", (True, True, False)),
        ("'File' in ('File'), 'Fil' in ('File'), 'Fil' in ('File',)", (True, True, False)),
        ("0 or [] or 'x' or fail(), 1 and '' and fail()", ("x", "")),
        ("not 0, not 'a'", (True, False)),
        ("1 if [] else 2", 2),
        ("'abcdef'[1:4], 'abc'[-1], 'abc'[::-1], [1, 2, 3][:-1]", ("bcd", "c", "cba", [1, 2])),
        ("range(10)[2:8:3], (1, 2, 3)[5:]", (range(2, 8, 3), ())),
        ("[x * y for x in range(3) if x for y in (1, 2) if x != y]", [2, 2]),
        ("{k: v for k, v in [('a', 1), ('b', 2)]}", {"a": 1, "b": 2}),
        ("[[y for y in range(x)] for x in range(3)]", [[], [0], [0, 1]]),
        (
            "(lambda x: [(x, y) for y in [x] for x in [x, 2] if x for y in [y, x]])(1)",
            [(1, 1), (1, 1), (2, 1), (2, 2)],
        ),
        ("(lambda a, b=2, *c, d=4, **e: (a, b, c, d, e))(1)", (1, 2, (), 4, {})),
        ("(lambda *c, **e: (c, e))(1, *[2, 3], x=4, **{'y': 5})", ((1, 2, 3), {"x": 4, "y": 5})),
        ("'a' 'b'", "ab"),
        ("r'a\\b', '\\x41\\u00e9\\t'", ("a\\b", "Aé\t")),
        ('"""a\nb"""', "a\nb"),
        ("{True: 'yes', False: 'no'}[1 > 0]", "yes"),
        ("{(1, 'a'): 2}[(1, 'a')]", 2),
        ("{'a': 1, 'a': 2}", {"a": 2}),
    ],
)
def test_expressions(expression, value):
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (
            "[type(x) for x in (None, True, 1, '', [], (), {}, range(1), len, ''.join)]",
            ["NoneType", "bool", "int", "string", "list", "tuple", "dict", "range"]
            + ["function"] * 2,
        ),
        (
            "str('a'), str(None), str([1, 'a\"', (2,), {'k': ()}])",
            ("a", "None", '[1, "a\\"", (2,), {"k": ()}]'),
        ),
        (
            "repr('\\n\\x00é'), repr(range(3)), repr(len)",
            ('"\\n\\x00é"', "range(0, 3)", "<function len>"),
        ),
        (
            "int('12'), int('-0x1F', 16), int('0b11', 0), int(True), int('z', 36), int('0', 0)",
            (12, -31, 3, 1, 35, 0),
        ),
        ("bool([]), bool('0'), bool()", (False, True, False)),
        ("list('ab'.elems()), list({'a': 1}), tuple([1]), list()", (["a", "b"], ["a"], (1,), [])),
        ("dict([('a', 1)], b=2), dict({'c': 3}), dict()", ({"a": 1, "b": 2}, {"c": 3}, {})),
        ("len('äb'), len([1]), len({}), len(range(0, 10, 3))", (2, 1, 0, 4)),
        ("any([0, 'a']), any([]), all([1, 0]), all([])", (True, False, False, True)),
        ("sorted(['b', 'a']), sorted([3, 1, 2], reverse=True)", (["a", "b"], [3, 2, 1])),
        ("sorted(['bb', 'a', 'cc'], key=len)", ["a", "bb", "cc"]),
        ("min(3, 1, 2), max([1, 5]), min(['bb', 'a'], key=len)", (1, 5, "a")),
        ("zip([1, 2], 'ab'.elems(), range(9)), zip()", ([(1, "a", 0), (2, "b", 1)], [])),
        ("enumerate(['a', 'b']), enumerate(['a'], 5)", ([(0, "a"), (1, "b")], [(5, "a")])),
        ("reversed([1, 2]), list(range(5, 0, -2))", ([2, 1], [5, 3, 1])),
        ("hasattr('', 'join'), hasattr('', '__class__'), hasattr(1, 'real')", (True, False, False)),
        ("getattr('ab', 'upper')(), getattr(1, 'x', 2)", ("AB", 2)),
        ("dir([])", ["append", "clear", "extend", "index", "insert", "pop", "remove"]),
    ],
)
def test_functions(expression, value):
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'%s-%r-%d-%x-%o-%c%%' % ('a', 'a', 10, 255, 8, 'x')", 'a-"a"-10-ff-10-x%'),
        ("'%s' % 1, '%s' % [1], '%s' % (None,), '' % ()", ("1", "[1]", "None", "")),
        ("'%(a)s %(b)d %(a)s' % {'a': 'x', 'b': 1}", "x 1 x"),
        ("'{} {}'.format(1, [2])", "1 [2]"),
        ("'{1} {0} {name!r} {{}}'.format('a', 'b', name='c')", 'b a "c" {}'),
        ("'{caller}'.format(caller=1)", "1"),
        ("'%c%c' % (97, 'b'), '%X%i' % (255, 7)", ("ab", "FF7")),
    ],
)
def test_formatting(expression, value):
    assert value_of(expression) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (
            "'a,b,,c'.split(','), ' a  b '.split(), 'a,b,c'.split(',', 1)",
            (["a", "b", "", "c"], ["a", "b"], ["a", "b,c"]),
        ),
        (
            "'a,b,c'.rsplit(',', 1), 'a.b.c'.partition('.'), 'a.b.c'.rpartition('.')",
            (["a,b", "c"], ("a", ".", "b.c"), ("a.b", ".", "c")),
        ),
        (
            "'a\\nb\\r\\nc\\rd\\x0be'.splitlines(), 'a\\n'.splitlines(True)",
            (["a", "b", "c", "d\x0be"], ["a\n"]),
        ),
        (
            "'  a '.strip(), 'xax'.strip('x'), 'xax'.lstrip('x'), 'xax'.rstrip('x')",
            ("a", "a", "ax", "xa"),
        ),
        (
            "'abc'.startswith('ab'), 'abc'.endswith(('x', 'c')), 'abc'.startswith('b', 1)",
            (True, True, True),
        ),
        (
            "'aXa'.replace('a', 'bb'), 'aaa'.replace('a', 'b', 2), 'ab'.replace('', '-')",
            ("bbXbb", "bba", "-a-b-"),
        ),
        ("'abcb'.find('b'), 'abcb'.rfind('b'), 'abc'.find('x'), 'abcb'.count('b')", (1, 3, -1, 2)),
        (
            "'ab'.upper(), 'AB'.lower(), 'ab cd'.title(), 'aB'.capitalize()",
            ("AB", "ab", "Ab Cd", "Ab"),
        ),
        (
            "'-'.join(['a', 'b']), ''.join(()), 'ab'.removeprefix('a'), 'a.py'.removesuffix('.py')",
            ("a-b", "", "b", "a"),
        ),
        (
            "'a1'.isalnum(), 'a'.isalpha(), '1'.isdigit(), ' '.isspace()",
            (True,) * 4,
        ),
        ("'A'.isupper(), 'a'.islower(), 'Ab'.istitle()", (True, True, True)),
        ("'ab'.find('', 9), 'ab'.endswith('', 3), 'ab'.count('', 2, 1)", (2, True, 1)),
        ("'ab'.elems(), 'aba'.rindex('a'), 'aba'.index('a', 1)", (["a", "b"], 2, 2)),
    ],
)
def test_methods_of_strings(expression, value):
    assert value_of(expression) == value


def test_lists_and_dicts_are_changed_in_place():
    found = evaluate(
        """
list_ = [3, 1]
same = list_
list_.append(2)
list_.extend((4,))
list_.insert(0, 9)
list_ += [5]
list_[1] = 30
list_.remove(1)
last, first = list_.pop(), list_.pop(0)
at = list_.index(2)

dict_ = {"a": 1}
also = dict_
dict_["b"] = 2
dict_.update([("c", 3)], d = 4)
dict_ |= {"e": 5}
dict_["a"] += 10
missing = dict_.get("x", "none")
made = dict_.setdefault("f", [])
made.append(6)
gone = dict_.pop("b")
default = dict_.pop("x", "default")
values = {"v": 1}.values()
emptied = [1]
emptied.clear()
oldest = dict_.popitem()
names = dict_.keys()
pairs = dict_.items()
"""
    )
    assert found["same"] is found["list_"]
    assert found["list_"] == [30, 2, 4]
    assert (found["last"], found["first"], found["at"]) == (5, 9, 1)
    assert found["also"] is found["dict_"]
    assert found["dict_"] == {"c": 3, "d": 4, "e": 5, "f": [6]}
    assert (found["missing"], found["gone"], found["oldest"]) == ("none", 2, ("a", 11))
    assert (found["default"], found["values"], found["emptied"]) == ("default", [1], [])
    assert found["names"] == ["c", "d", "e", "f"]
    assert found["pairs"][0] == ("c", 3)


def test_loops_and_branches_stand_anywhere():
    found = evaluate(
        """
seen = []
for number in range(10):
    if number == 1:
        continue
    elif number == 4:
        break
    else:
        seen.append(number)
last = number
for key, (one, two) in {"a": (1, 2)}.items():
    seen.append((key, one, two))

def first(values, condition):
    for value in values:
        for _ in range(2):
            if condition(value):
                return value

found = first([1, 2, 3], lambda value: value > 1)
none = first([], lambda value: True)
"""
    )
    assert found["seen"] == [0, 2, 3, ("a", 1, 2)]
    assert (found["last"], found["found"], found["none"]) == (4, 2, None)


def test_names():
    found = evaluate(
        """
def later():
    return X
X = 1
before = later()
X = 2          # a global name may be assigned again
after = later()

def hides():
    X = 3
    return X
hidden = hides()
len = 5        # and a function of the language may be hidden
def outer(x):
    def inner(y = x):
        return [x, y] + [x for x in range(2)]
    x = 10
    return inner()
inner = outer(1)
x = "outside"
squares = [x * x for x in range(3)]
""",
        {"X": "the host's"},
    )
    assert (found["before"], found["after"], found["hidden"], found["X"]) == (1, 2, 3, 2)
    assert found["len"] == 5
    assert found["inner"] == [10, 1, 0, 1]
    assert (found["x"], found["squares"]) == ("outside", [0, 1, 4])


def test_a_name_of_the_host_can_be_replaced_by_what_is_made_of_it():
    assert evaluate("CWD = CWD + '/..'\n", {"CWD": "/x"})["CWD"] == "/x/.."


def test_default_values_are_made_once():
    found = evaluate("def f(x = []):\n    x.append(1)\n    return x\nf()\nvalue = f()\n")
    assert found["value"] == [1, 1]


def test_the_order_of_evaluation():
    printed = []
    evaluate(
        """
def say(x):
    print(x)
    return x
def f(*args, **kwargs):
    print("call")
say([f])[say(0)](say(1), k = say(2), *[say(3)], **{"l": say(4)})
{say("key"): say("value")}
x = {}
x[say("a")] = say("b")
""",
        printed=printed,
    )
    assert printed[1:] == ["0", "1", "3", "2", "4", "call", "key", "value", "b", "a"]


def test_print_and_fail():
    printed = []
    error = error_of("print('a', 1, [None], sep = '-')\nprint()\nfail('no', 2)", printed=printed)
    assert printed == ["a-1-[None]", ""]
    assert error.problem == "no 2"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("1 + 'a'", "`+` does not take an int and a string"),
        ("True + 1", "`+` does not take a bool and an int"),
        ("1 - 'a'", "`-` does not take an int and a string"),
        ("'a' // 1", "`//` does not take a string and an int"),
        ("[] % 1", "`%` does not take a list and an int"),
        ("1 | {}", "`|` does not take an int and a dict"),
        ("1 << 'a'", "`<<` does not take an int and a string"),
        ("1 & True", "`&` does not take an int and a bool"),
        ("+'a'", "`+` does not take a string"),
        ("-True", "`-` does not take a bool"),
        ("'a' * 'b'", "`*` does not take a string and a string"),
        ("[1] + (2,)", "`+` does not take a list and a tuple"),
        ("1 < 'a'", "cannot compare an int with a string"),
        ("None < None", "cannot compare None with None"),
        ("{} < {}", "cannot compare a dict with a dict"),
        ("1 in 'a'", "only a string can be in a string, not an int"),
        ("1 in 1", "`in` does not take an int and an int"),
        ("1 // 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("1 << -1", "cannot shift by a negative number of bits"),
        ("[1][1]", "index out of range: 1 in a list of 1"),
        ("[1]['a']", "the index of a list must be an integer, not a string"),
        ("[1][True]", "the index of a list must be an integer, not a bool"),
        ("{'a': 1}['b']", 'no key "b" in this dict'),
        ("{True: 1}[1]", "no key 1 in this dict"),
        ("{True: 1, 1: 2}", "a dict cannot have both True and 1, or False and 0, as keys"),
        ("{[]: 1}", "a list cannot be a key of a dict"),
        ("{(1, {}): 1}", "a tuple with a dict cannot be a key of a dict"),
        ("1[0]", "an int has no items"),
        ("1[0:1]", "an int cannot be sliced"),
        ("[][::0]", "the step of a slice cannot be zero"),
        ("[]['a':]", "the bounds of a slice must be integers, not a string"),
        ("1()", "an int cannot be called"),
        ("'a'.x", "a string has no attribute `x`"),
        ("'a'.__class__", "a string has no attribute `__class__`"),
        ("(1).real", "an int has no attribute `real`"),
        ("len.__globals__", "a function has no attribute `__globals__`"),
        ("x", "`x` is not defined"),
        ("[x for x in 1]", "cannot iterate over an int"),
        ("[x for x in 'ab']", "cannot iterate over a string"),
        ("[x for x, y in [1]]", "cannot iterate over an int"),
        ("[x for x, y in [(1, 2, 3)]]", "cannot assign 3 values to 2 names"),
        ("len(1)", "an int has no length"),
        ("len()", "`len` is missing the argument `x`"),
        ("len([], [])", "`len` takes at most 1 argument by position, 2 are given"),
        ("len(x=[])", "`len` has no parameter `x`"),
        ("int('x')", 'not an integer in base 10: "x"'),
        ("int('1 ')", 'not an integer in base 10: "1 "'),
        ("int('\u0661')", 'not an integer in base 10: "\u0661"'),
        ("int('1_0')", 'not an integer in base 10: "1_0"'),
        ("int('010', 0)", 'not an integer in base 10: "010"'),
        ("int('')", 'not an integer in base 10: ""'),
        ("int([])", "`x` of `int` must be a string, an integer or True or False, not a list"),
        ("int(1, 10)", "`int` takes a base only for a string, not for an int"),
        ("int('1', 1)", "the base of `int` must be 0 or between 2 and 36"),
        ("min([])", "`min` of no values"),
        ("sorted([1, 'a'])", "cannot compare a string with an int"),
        ("dict([1])", "item 0 is an int, not a pair of key and value"),
        ("range(1, 2, 0)", "the step of `range` cannot be zero"),
        ("range(None)", "`start_or_stop` of `range` must be an integer, not None"),
        ("getattr(1, 'x')", "an int has no attribute `x`"),
        ("''.join([1])", "`join` needs strings, not an int as item 0"),
        ("'a'.split('')", "the separator is empty"),
        ("'a'.index('b')", "substring not found"),
        ("'a'.startswith(1)", "`prefix` of `startswith` must be a string or a tuple, not an int"),
        ("[].remove(1)", "1 is not in the list"),
        ("[].pop()", "index out of range: -1 in a list of 0"),
        ("{}.pop('a')", 'no key "a" in this dict'),
        ("{}.popitem()", "the dict is empty"),
        ("'%d' % 'a'", "`%d` does not take a string"),
        ("'%s'  % (1, 2)", "2 values for 1 `%` in the string"),
        ("'%s %s'  % 1", "not enough values for the `%` in the string"),
        ("'%c' % 'ab'", "`%c` does not take a string"),
        ("'%c' % 55296", "`%c` does not take 55296, which is no character"),
        ("'%' % 1", "the string ends with a single `%`"),
        ("'{!x}'.format(1)", "invalid field `{!x}` for `format`"),
        ("'a'.startswith((1,))", "a tuple of strings is needed, not one with an int"),
        ("dict([], [])", "`dict` takes at most one argument by position, 2 are given"),
        ("{}.update([], [])", "`update` takes at most one argument by position, 2 are given"),
        ("'%y' % 1", "`%y` is not a conversion"),
        ("'50%' % ()", "not enough values for the `%` in the string"),
        ("'%(a)s' % {}", "`%(a)` has no value"),
        ("'{}'.format()", "`format` has no value for field 0"),
        ("'{a}'.format()", "`format` has no value for `a`"),
        ("'{'.format()", "single `{` in a string for `format`"),
        ("'{:>3}'.format(1)", "invalid field `{:>3}` for `format`"),
        (
            "'{0}{}'.format(1, 2)",
            "fields with and without a number cannot be mixed in `format`",
        ),
        ("'{0.real}'.format(1)", "invalid field `{0.real}` for `format`"),
        ("(lambda a: a)(1, 2)", "`lambda` takes at most 1 argument by position, 2 are given"),
        ("(lambda a: a)(b = 1)", "`lambda` has no parameter `b`"),
        ("(lambda a, b: a)()", "`lambda` is missing the arguments `a`, `b`"),
        ("(lambda a: a)(1, a = 1)", "`lambda` is given `a` twice"),
        ("len(*1)", "cannot iterate over an int"),
        ("len(**1)", "`**` needs a dict, not an int"),
        ("len(**{1: 2})", "`**` needs strings as keys, not an int"),
        ("dict(a = 1, **{'a': 2})", 'keyword argument "a" is given twice'),
    ],
)
def test_errors_of_expressions(source, problem):
    assert error_of(f"\nvalue = {source}\n").problem == problem


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = y\ny = 1", "`y` is read before it is assigned"),
        ("def f():\n    a = b\n    b = 1\nf()", "`b` is read before it is assigned"),
        ("X = 1\ndef f():\n    X += 1\nf()", "`X` is read before it is assigned"),
        (
            "def f():\n    def g():\n        return x\n    g()\n    x = 1\nf()",
            "`x` is read before it is assigned",
        ),
        ("for i in []:\n    pass\nx = i", "`i` is read before it is assigned"),
        ("x = [i for i in [1]]\ny = i", "`i` is not defined"),
        ("for x in [1]:\n    pass\nx()", "an int cannot be called"),
        ("for x in 5:\n    pass", "cannot iterate over an int"),
        (
            "x = [1]\nfor i in x:\n    x.append(i)",
            "a list cannot be changed while a loop goes through it",
        ),
        (
            "x = {'a': 1}\nfor i in x:\n    x.pop(i)",
            "a dict cannot be changed while a loop goes through it",
        ),
        (
            "x = [1]\ny = [x.clear() for i in x]",
            "a list cannot be changed while a loop goes through it",
        ),
        ("x = (1,)\nx[0] = 2", "items of a tuple cannot be assigned"),
        ("x = 'a'\nx[0] = 'b'", "items of a string cannot be assigned"),
        ("x = [1]\nx.y = 2", "attributes of a list cannot be assigned"),
        ("x = [1]\nx[0:1] = [2]", "a slice cannot be assigned"),
        ("x = [1]\nx[0:1] += [2]", "a slice cannot be assigned"),
        ("a, b = 1, 2, 3", "cannot assign 3 values to 2 names"),
        ("a, b = 'ab'", "cannot iterate over a string"),
        ("x = []\nx += 1", "cannot iterate over an int"),
        ("x = [1]\nx[0] += 'a'", "`+` does not take an int and a string"),
        ("x = [1]\nx[1] += 1", "index out of range: 1 in a list of 1"),
        ("x = 1\nx.y += 1", "an int has no attribute `y`"),
        ("def f():\n    f()\nf()", "`f` calls itself"),
        ("def f():\n    g()\ndef g():\n    f()\nf()", "`f` calls itself"),
        ("f = lambda x: x(x)\nf(f)", "`lambda` calls itself"),
        (
            "def make():\n    return lambda x: x\nf = make()\nf(make()(1))\nmake()(make)(1)",
            "`make` takes no arguments by position, 1 are given",
        ),
    ],
)
def test_errors_of_statements(source, problem):
    assert error_of(source).problem == problem


def test_a_list_can_be_changed_after_a_loop_was_left():
    source = """
x = [1, 2]
def f():
    for i in x:
        for j in x:
            return i
f()
for i in x:
    break
x.append(3)
"""
    assert evaluate(source)["x"] == [1, 2, 3]


def test_lists_that_hold_themselves():
    found = evaluate("x = [1]\nx.append(x)\ny = str(x)\nd = {}\nd['d'] = d\nz = str(d)\n")
    assert (found["y"], found["z"]) == ("[1, [...]]", '{"d": {...}}')
    assert (
        "nested too deeply" in error_of("x = []\nx.append(x)\ny = []\ny.append(y)\nx == y").problem
    )
