"""What a host gives to a configuration."""

from pathlib import Path
from typing import Literal

import pytest
from starlark_files import error_of, evaluate, value_of

from obelisk.config.starlark.host import Attribute, HostFunction, HostObject, HostType
from obelisk.config.starlark.interpreter import Interpreter
from obelisk.config.starlark.signature import signature_of
from obelisk.config.starlark.stack import Caller, Function
from obelisk.errors import ConfigError


def register_resource_callback(policy: "Policy", caller: Caller, callback: Function) -> None:
    policy.callbacks.append(callback)


def apply(policy: "Policy", caller: Caller, resource: "Resource") -> bool:
    for callback in policy.callbacks:
        caller.call(callback, policy, resource)
    return bool(resource.values.get("add_include"))


class Policy(HostObject):
    host_type = HostType(
        "PythonPackagingPolicy",
        attributes={
            "allow_files": Attribute(bool, False),
            "resources_location": Attribute(
                Literal["in-memory", "filesystem-relative"], "in-memory"
            ),
            "fallback": Attribute(str | None),
            "search_paths": Attribute(list[str], []),
            "variants": Attribute(dict[str, str], {}, assignable=False),
        },
        methods={"register_resource_callback": register_resource_callback, "apply": apply},
    )

    def __init__(self):
        super().__init__()
        self.callbacks = []

    def set_attribute(self, name, value, caller):
        if value == "forbidden":
            raise ConfigError(f"`{name}` is forbidden at {caller.place.line}")
        super().set_attribute(name, value, caller)


class Resource(HostObject):
    host_type = HostType(
        "PythonModuleSource",
        attributes={
            "name": Attribute(str, assignable=False),
            "add_include": Attribute(bool),
            "package": Attribute(str),
        },
    )

    def __init__(self, name):
        super().__init__()
        self.values["name"] = name

    def has_attribute(self, name):
        return name != "package" and super().has_attribute(name)


class Paths(HostObject):
    host_type = HostType("Paths")

    def __init__(self):
        super().__init__()
        self.kept = {"a": 1}

    def iterate(self):
        return iter(self.kept)

    def item(self, key, caller):
        if key not in self.kept:
            raise ConfigError(f"no path {key}")
        return self.kept[key]

    def set_item(self, key, value, caller):
        self.kept[key] = value

    def shown(self):
        return "<paths>"


def register(
    caller: Caller,
    target: str,
    callable_: Function,
    depends: list[str] | None = None,
    default: bool = False,
    *,
    policy: Policy | None = None,
    resource: Resource | None = None,
) -> str:
    return f"{target} {callable_.name} {depends} {default} at {caller.place}"


def pip_install(caller: Caller, args: list[str], extra_envs: dict[str, str] | None = None) -> list:
    return [Resource(name) for name in args]


NAMES = {
    "register": HostFunction("register", register),
    "pip_install": HostFunction("pip_install", pip_install),
    "Policy": HostFunction("Policy", lambda caller: Policy()),
    "Resource": HostFunction("Resource", lambda caller, name: Resource(name)),
    "policy": Policy(),
    "paths": Paths(),
    "VARS": {"x": "1"},
}


def test_functions_take_arguments_by_position_and_keyword():
    source = """def f(): pass
x = register("exe", f)
y = register(callable = f, target = "a", depends = ["b"])
"""
    found = evaluate(source, NAMES)
    assert found["x"] == "exe f None False at test.bzl:2:5"
    assert found["y"] == "a f ['b'] False at test.bzl:3:5"


@pytest.mark.parametrize(
    ("call", "problem", "hint"),
    [
        ("register('a')", "`register` is missing the argument `callable`", None),
        ("register('a', 'b')", "`callable` of `register` must be a function, not a string", None),
        (
            "register(f, 'a')",
            "`target` of `register` must be a string, not a function",
            "are `target` and `callable` swapped?",
        ),
        (
            "register('a', f, default = 1)",
            "`default` of `register` must be True or False, not an int",
            None,
        ),
        (
            "register('a', f, depends = 'b')",
            "`depends` of `register` must be a list of strings or None, not a string",
            'put it in a list: `["b"]`',
        ),
        (
            "register('a', f, depends = ['b', 1])",
            (
                "`depends` of `register` must be a list of strings or None, "
                "not a list with an int as item 1"
            ),
            None,
        ),
        (
            "register('a', f, depend = [])",
            "`register` has no parameter `depend`",
            "did you mean `depends`?",
        ),
        (
            "register('a', f, callable_ = f)",
            "`register` has no parameter `callable_`",
            "did you mean `callable`?",
        ),
        (
            "register('a', f, caller = f)",
            "`register` has no parameter `caller`",
            "did you mean `callable`?",
        ),
        ("register('a', f, target = 'b')", "`register` is given `target` twice", None),
        (
            "register('a', f, [], False, policy)",
            "`register` takes at most 4 arguments by position, 5 are given",
            None,
        ),
        (
            "register('a', f, policy = Resource('x'), resource = Policy())",
            (
                "`policy` of `register` must be `PythonPackagingPolicy` or None, "
                "not `PythonModuleSource`"
            ),
            "are `policy` and `resource` swapped?",
        ),
        (
            "pip_install('x')",
            "`args` of `pip_install` must be a list of strings, not a string",
            'put it in a list: `["x"]`',
        ),
        (
            "pip_install(('x',))",
            "`args` of `pip_install` must be a list of strings, not a tuple",
            None,
        ),
        (
            "pip_install([], {'a': 1})",
            (
                "`extra_envs` of `pip_install` must be a dict of strings to strings or None, "
                "not a dict"
            ),
            None,
        ),
    ],
)
def test_arguments_that_do_not_match(call, problem, hint):
    error = error_of(f"def f(): pass\n{call}", NAMES)
    assert (error.problem, error.hint) == (problem, hint)
    assert (error.place.line, error.place.column) == (2, 1)


def test_attributes_are_read_and_assigned():
    found = evaluate(
        """
p = Policy()
before = [p.allow_files, p.resources_location, p.fallback, p.search_paths, p.variants]
p.allow_files = True
p.fallback = "lib"
p.fallback = None
p.search_paths.append("a")
p.search_paths += ["b"]
after = [p.allow_files, p.search_paths, Policy().search_paths]
known = [hasattr(p, name) for name in ("allow_files", "apply", "values", "__init__")]
kind = [type(p), str(p), bool(p), p == p, p == Policy(), p in [p]]
names = dir(p)
""",
        NAMES,
    )
    assert found["before"] == [False, "in-memory", None, ["a", "b"], {}]
    assert found["after"] == [True, ["a", "b"], []]
    assert found["known"] == [True, True, False, False]
    assert found["kind"] == [
        "PythonPackagingPolicy",
        "<PythonPackagingPolicy>",
        True,
        True,
        False,
        True,
    ]
    assert found["names"] == [
        "allow_files",
        "apply",
        "fallback",
        "register_resource_callback",
        "resources_location",
        "search_paths",
        "variants",
    ]


@pytest.mark.parametrize(
    ("statement", "problem", "hint"),
    [
        (
            "policy.resource_location = 'x'",
            "`PythonPackagingPolicy` has no attribute `resource_location`",
            "did you mean `resources_location`?",
        ),
        (
            "x = policy.allow_fils",
            "`PythonPackagingPolicy` has no attribute `allow_fils`",
            "did you mean `allow_files`?",
        ),
        (
            "policy.allow_files = 1",
            "`allow_files` of `PythonPackagingPolicy` must be True or False, not an int",
            None,
        ),
        (
            "policy.resources_location = 'in_memory'",
            'invalid value of `resources_location` of `PythonPackagingPolicy`: "in_memory"',
            "did you mean `in-memory`?",
        ),
        (
            "policy.resources_location = None",
            (
                "`resources_location` of `PythonPackagingPolicy` must be "
                '"in-memory" or "filesystem-relative", not None'
            ),
            None,
        ),
        (
            "policy.fallback = []",
            "`fallback` of `PythonPackagingPolicy` must be a string or None, not a list",
            None,
        ),
        ("policy.variants = {}", "`variants` of `PythonPackagingPolicy` cannot be assigned", None),
        ("policy.apply = 1", "`apply` of `PythonPackagingPolicy` cannot be assigned", None),
        ("policy.fallback = 'forbidden'", "`fallback` is forbidden at 1", None),
        ("policy.callbacks = []", "`PythonPackagingPolicy` has no attribute `callbacks`", None),
        ("x = policy.values", "`PythonPackagingPolicy` has no attribute `values`", None),
        ("x = policy.__class__", "`PythonPackagingPolicy` has no attribute `__class__`", None),
        (
            "x = getattr(policy, 'host_type')",
            "`PythonPackagingPolicy` has no attribute `host_type`",
            None,
        ),
        ("x = Resource('x').package", "`PythonModuleSource` has no attribute `package`", None),
        ("x = policy[0]", "`PythonPackagingPolicy` has no items", None),
        ("policy[0] = 1", "items of `PythonPackagingPolicy` cannot be assigned", None),
        ("x = [y for y in policy]", "cannot iterate over `PythonPackagingPolicy`", None),
        ("x = len(policy)", "`PythonPackagingPolicy` has no length", None),
        ("x = policy()", "`PythonPackagingPolicy` cannot be called", None),
        ("x = policy + 1", "`+` does not take `PythonPackagingPolicy` and an int", None),
        ("x = paths['b']", "no path b", None),
    ],
)
def test_what_objects_refuse(statement, problem, hint):
    error = error_of(statement, NAMES)
    assert error.problem == problem
    assert error.hint == hint or hint is None
    assert error.place.line == 1


def test_objects_that_can_be_gone_through():
    source = """
paths["b"] = 2
x = [paths[p] for p in paths]
paths["b"] += 5
y = [str(paths), list(paths), paths["b"], "b" in paths, sorted(paths, reverse = True)]
z = {paths: 1}[paths]
"""
    found = evaluate(source, {"paths": Paths()})
    assert found["x"] == [1, 2]
    assert found["y"] == ["<paths>", ["a", "b"], 7, True, ["b", "a"]]
    assert found["z"] == 1


def test_callbacks_and_resources():
    found = evaluate(
        """
KEEP = ["app"]
SEEN = {}
def decide(policy, resource):
    if type(resource) in ("PythonModuleSource", "File"):
        resource.add_include = resource.name in KEEP
        SEEN[resource.name] = getattr(resource, "package", "none")
p = Policy()
p.register_resource_callback(decide)
p.register_resource_callback(lambda policy, resource: KEEP.append("last"))
kept = [r.name for r in pip_install(["app", "other", "last"]) if p.apply(r)]
""",
        NAMES,
    )
    assert found["kept"] == ["app", "last"]
    assert found["SEEN"] == {"app": "none", "other": "none", "last": "none"}


def test_a_method_can_be_kept():
    assert value_of("[f('a') for f in [Resource]][0].name", NAMES) == "a"
    assert value_of("str(policy.apply)", NAMES) == "<function apply>"


def test_print_says_where():
    lines = []
    interpreter = Interpreter({}, write=lambda text, caller: lines.append((text, caller)))
    interpreter.run(Path("x.bzl"), b"def f():\n    print('a')\nf()")
    ((text, caller),) = lines
    assert (text, str(caller.place)) == ("a", "x.bzl:2:5")


def test_signatures_can_be_shown():
    signature = signature_of(register)
    assert [parameter.name for parameter in signature.parameters] == [
        "target",
        "callable",
        "depends",
        "default",
        "policy",
        "resource",
    ]
    assert signature.required == ("target", "callable")
    assert [p.name for p in signature_of(apply, 2).parameters] == ["resource"]


def test_functions_of_the_configuration_say_where_they_are():
    function = evaluate("\ndef f(a, *b):\n    pass\n")["f"]
    assert (function.name, str(function.place)) == ("f", "test.bzl:2:1")
    assert function.signature.required == ("a",)
