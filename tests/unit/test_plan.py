import os
from dataclasses import replace

import pytest

from obelisk.config.interpreter import Interpreter
from obelisk.config.recognize import read_request
from obelisk.errors import ConfigError
from obelisk.explain import explain
from obelisk.model import AllConsoleScripts, ConsoleScript, EntryPoint, RunModule
from obelisk.plan import groups, make_plans, parse_entry
from obelisk.services import host
from obelisk.target import TARGETS

PROJECT = '[project]\nname = "app"\n[project.scripts]\none = "app:main"\ntwo = "app.two:Run.go"\n'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    return read_request(str(tmp_path))


def with_settings(request, **values):
    return replace(request, settings=replace(request.settings, **values))


def test_every_script_of_a_project_is_an_executable(project):
    plans = make_plans(project)
    assert [(plan.name, plan.entry) for plan in plans] == [
        ("one", EntryPoint(module="app", function="main")),
        ("two", EntryPoint(module="app.two", function="Run.go")),
    ]


def test_executables_that_differ_in_what_is_run_have_the_rest_in_common(project):
    first, second = make_plans(project)
    other = replace(first, settings=replace(first.settings, optimize=2))
    assert list(groups([first, other, second])) == [[first, second], [other]]


def test_one_script_can_be_chosen(project):
    (plan,) = make_plans(with_settings(project, script="two", name="second"))
    assert plan.name == "second"
    with pytest.raises(ConfigError, match="no console script `tow`") as caught:
        make_plans(with_settings(project, script="tow"))
    assert caught.value.hint == "did you mean `two`?"


def test_one_name_for_two_executables_is_refused(project):
    with pytest.raises(ConfigError, match="2 console scripts"):
        make_plans(with_settings(project, name="app"))


def test_entry_and_module_take_the_place_of_scripts(project):
    (plan,) = make_plans(with_settings(project, entry="app.x:run"))
    assert plan.entry == EntryPoint(module="app.x", function="run")
    (plan,) = make_plans(with_settings(project, module="app"))
    assert plan.entry == RunModule(module="app")
    with pytest.raises(ConfigError, match="more than one entry point"):
        make_plans(with_settings(project, module="app", entry="app:main"))


def test_all_commands_in_one_executable(project, tmp_path):
    (plan,) = make_plans(with_settings(project, multicall=True))
    assert (plan.name, plan.entry) == ("app", AllConsoleScripts(package="app"))
    with pytest.raises(ConfigError, match="`multicall` and `script` exclude each other"):
        make_plans(with_settings(project, multicall=True, script="one"))
    (tmp_path / "tool.py").write_text("")
    script = read_request(str(tmp_path / "tool.py"))
    with pytest.raises(ConfigError, match="single script"):
        make_plans(with_settings(script, multicall=True))


def test_settings_of_the_interpreter_are_explained(project):
    interpreter = Interpreter(faulthandler=True, warnings=("error", "default"))
    (plan, _) = make_plans(with_settings(project, interpreter=interpreter))
    rows = {row.what: (row.value, row.why) for row in explain(plan)}
    assert rows["interpreter.faulthandler"] == ("true", "`interpreter.faulthandler`")
    assert rows["interpreter.warnings"] == ("error, default", "`interpreter.warnings`")
    assert "interpreter.frozen" not in rows


@pytest.mark.parametrize("text", ["app", "app:", ":main", "app:a b", "my-app:main"])
def test_what_is_no_entry_point_is_refused(text):
    with pytest.raises(ConfigError, match="invalid entry point"):
        parse_entry(text)


def test_a_project_without_scripts_needs_an_entry(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "lib"\n')
    with pytest.raises(ConfigError, match="no entry point") as caught:
        make_plans(read_request(str(tmp_path)))
    assert "--entry" in caught.value.hint


def test_scripts_that_only_the_backend_knows(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "lib"\ndynamic = ["scripts"]\n')
    (plan,) = make_plans(read_request(str(tmp_path)))
    assert plan.entry == ConsoleScript(package="lib", command=None)


def test_extras_of_an_entry_point_are_passed_over(tmp_path):
    text = '[project]\nname = "a"\n[project.scripts]\na = "a:main [extra]"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    (plan,) = make_plans(read_request(str(tmp_path)))
    assert plan.entry == EntryPoint(module="a", function="main")


def test_unknown_target_and_python_are_refused(project):
    with pytest.raises(ConfigError, match="unknown target") as caught:
        make_plans(with_settings(project, target="x86_64-unknown-linux-gnu"))
    assert "x86_64-unknown-linux-musl" in caught.value.hint
    with pytest.raises(ConfigError, match=r"unknown Python version `2\.7`"):
        make_plans(with_settings(project, python="2.7"))


def test_full_and_short_python_versions(project):
    for version in ("3.13", "3.13.15"):
        plan, _ = make_plans(with_settings(project, python=version))
        assert plan.python.version == "3.13.15"


def test_a_script_that_wants_another_python(tmp_path):
    path = tmp_path / "tool.py"
    path.write_text('# /// script\n# requires-python = "<3.10"\n# ///\n')
    with pytest.raises(ConfigError, match=r"requires Python <3\.10 \(building for"):
        make_plans(read_request(str(path)))


def test_locks_are_found(project, tmp_path):
    (tmp_path / "pylock.toml").write_text("")
    assert make_plans(project)[0].lock == tmp_path / "pylock.toml"
    (tmp_path / "uv.lock").write_text("")
    assert make_plans(project)[0].lock == tmp_path / "uv.lock"


def test_a_requirement_plans_its_console_script():
    (plan,) = make_plans(read_request("httpie"))
    assert plan.entry == ConsoleScript(package="httpie", command=None)
    assert {row.what: row.why for row in explain(plan)}["python"] == "default"


def test_a_folder_of_libraries_that_cannot_be_copied(project, tmp_path):
    """Links to files and to folders elsewhere are what development packages have."""
    (tmp_path / "geo/include").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.h").write_text("")
    (tmp_path / "geo/include/geo").symlink_to("../../elsewhere")
    (tmp_path / "geo/include/x.h").symlink_to("geo/x.h")
    chosen = with_settings(project, build_packages=("./geo",))
    assert len(make_plans(chosen)) == 2
    for make in (
        os.mkfifo,
        lambda path: path.symlink_to("nowhere"),
        lambda path: path.symlink_to(path.name),
        lambda path: path.symlink_to("../.."),
    ):
        make(tmp_path / "geo/include/odd")
        with pytest.raises(ConfigError, match=r"`\./geo` in `build-packages`: .*odd"):
            make_plans(chosen)
        (tmp_path / "geo/include/odd").unlink()


@pytest.mark.parametrize("name", ["libyamll", "./nowhere", "/nowhere"])
def test_an_unknown_library_is_refused_before_anything_is_built(project, name):
    with pytest.raises(ConfigError, match=f"`{name}`, which is neither a recipe nor a directory"):
        make_plans(with_settings(project, build_packages=(name,)))


def test_missing_requirement_files_are_named(project):
    with pytest.raises(ConfigError, match=r"no such requirements file: .*more\.txt"):
        make_plans(with_settings(project, requirements=("more.txt",)))


def test_a_plan_says_what_it_decides_for_native_code_and_tests(project):
    def shown(**settings):
        (plan, _) = make_plans(with_settings(project, **settings))
        return {row.what: row.value for row in explain(plan)}

    default = shown()
    assert default["extension-modules"] == "cpython-314-x86_64-linux-musl"
    assert default["provided-libraries"] == "libz.so.1"
    assert (default["build-packages"], default["python-tests"]) == ("-", "excluded")
    (project.folder / "own").mkdir()
    other = shown(python="3.13", include=("test.support",), build_packages=("openssl", "own/"))
    assert other["extension-modules"] == "cpython-313-x86_64-linux-musl"
    assert other["build-packages"] == f"openssl, {project.folder / 'own'}"
    assert other["python-tests"] == "included"


def test_what_does_not_run_here_is_not_trained(project, tmp_path):
    here = with_settings(project, train=("--help",))
    assert len(make_plans(here)) == 2
    foreign, *_ = (one for one in TARGETS if one != host.own_target().triple)
    elsewhere = with_settings(here, target=foreign)
    with pytest.raises(ConfigError, match=f"{foreign} does not run on this machine") as caught:
        make_plans(elsewhere)
    assert "--train-record" in caught.value.hint
    recorded = with_settings(elsewhere, train_record="record", script="one")
    with pytest.raises(ConfigError, match="does not run on this machine"):
        make_plans(recorded)
    (tmp_path / "record").write_text("")
    assert len(make_plans(recorded)) == 1


def test_requests_of_training_are_urls_and_need_runs(project, tmp_path):
    asked = with_settings(project, train_requests=("http://127.0.0.1:8000/",), script="one")
    with pytest.raises(ConfigError, match="asks runs of `train`, and there are none") as caught:
        make_plans(asked)
    assert '`--train ""`' in caught.value.hint
    assert len(make_plans(with_settings(asked, train=("",)))) == 1
    (tmp_path / "record").write_text("")
    assert len(make_plans(with_settings(asked, train_record="record"))) == 1
    wrong = with_settings(asked, train=("",), train_requests=("localhost:8000",))
    expected = "`localhost:8000` in `train-requests` cannot be asked for: its scheme is neither"
    with pytest.raises(ConfigError, match=expected) as caught:
        make_plans(wrong)
    assert caught.value.hint == "write it as in `http://127.0.0.1:8000/items/1`"


def test_a_record_that_cannot_be_kept_is_refused(project):
    recorded = with_settings(project, train_record="record")
    with pytest.raises(ConfigError, match=r"no training record .*record, and `train` is empty"):
        make_plans(recorded)
    with pytest.raises(ConfigError, match="single file, but 2 executables"):
        make_plans(with_settings(recorded, train=("",)))
    with pytest.raises(ConfigError, match=r"no such directory for the training record: .*none"):
        make_plans(with_settings(recorded, train=("",), train_record="none/record"))
