"""What imports lead to."""

from pathlib import Path

from obelisk.compile.reach import at_start, reachable
from obelisk.model import Import, Module, ModuleUnits, Unit


def unit(name="", *, imports=(), mentions=(), computed=()):
    return Unit(
        name=name,
        imports=tuple(Import(*one) for one in imports),
        mentions=frozenset(mentions),
        computed=tuple(computed),
    )


def module(name, *units, package=False):
    path = name.replace(".", "/") + ("/__init__.py" if package else ".py")
    return ModuleUnits(module=Module(name=name, path=path, source=Path(path)), units=units)


def test_a_start_imports_what_statements_say_with_all_that_is_above():
    modules = [
        module("app", unit(imports=[(0, "p.deep", ("mod", "function"))])),
        module("p", unit(imports=[(1, "near", ("x",))]), package=True),
        module("p.near", unit()),
        module("p.deep", unit(imports=[(2, "other", ())]), package=True),
        module("p.deep.mod", unit(imports=[(1, "", ("beside",))])),
        module("p.deep.beside", unit()),
        module("p.other", unit()),
        module("p.unused", unit()),
        module("lazy", unit()),
    ]
    modules[2] = module("p.near", unit(), unit("function", imports=[(0, "lazy", ())]))
    found = at_start(modules, ["app.py"])
    # In the order in which they are read: a package's imports before its own modules.
    assert found == [
        *("app.py", "p/__init__.py", "p/near.py", "p/deep/__init__.py", "p/other.py"),
        *("p/deep/mod.py", "p/deep/beside.py"),
    ]


def test_functions_are_followed_once_their_names_are_mentioned():
    modules = [
        module("app", unit(imports=[(0, "tool", ())], mentions=["run"])),
        module(
            "tool",
            unit(),
            unit("run", mentions=["step"]),
            unit("step", imports=[(0, "needed", ())]),
            unit("never", imports=[(0, "unneeded", ())]),
            unit("__getattr__", imports=[(0, "special", ())]),
            unit("*", imports=[(0, "decorated", ())], computed=[7]),
            unit("from_c", imports=[(0, "called", ())]),
        ),
        *(
            module(name, unit())
            for name in ("needed", "unneeded", "special", "decorated", "called")
        ),
    ]
    found = reachable(modules, ["app.py"], ["from_c"])
    names = {"app", "tool", "needed", "special", "decorated", "called"}
    assert found.modules == {f"{name}.py" for name in names}
    assert found.computed == (("tool.py", 7),)
    assert reachable(modules, ["app.py"], []).modules == {f"{n}.py" for n in names - {"called"}}


def test_what_runs_in_a_main_program_is_followed_in_roots_alone():
    units = (unit(), unit("<main>", imports=[(0, "by_main", ())], mentions=["test"]))
    other = unit("test", imports=[(0, "by_test", ())])
    modules = [module(name, *units, other) for name in ("app", "pickle")]
    modules += [module(name, unit()) for name in ("by_main", "by_test")]
    modules.append(module("plain", unit(imports=[(0, "pickle", ())])))
    assert reachable(modules, ["plain.py"], []).modules == {"plain.py", "pickle.py"}
    assert reachable(modules, ["app.py"], []).modules == {"app.py", "by_main.py", "by_test.py"}
    assert at_start(modules, ["app.py"]) == ["app.py"]


def test_names_that_are_no_modules_are_told():
    modules = [module("app", unit(imports=[(0, "_ssl", ()), (0, "a.b", ("c",))]))]
    assert reachable(modules, ["app.py"], []).others >= {"_ssl", "a", "a.b", "a.b.c"}
