"""The recipe that an executable carries: what is in it, and what must never be."""

import json
from dataclasses import replace

import pytest

from obelisk.collect.locked import _by_version, _of_address
from obelisk.components.component import Component, Kind, to_json
from obelisk.config.licenses import Licenses, Override, Policy
from obelisk.config.recipe import Lock, Made, parse_recipe, portable, without_credentials
from obelisk.config.recognize import read_request
from obelisk.config.requirements import Requirements
from obelisk.config.settings import Profile
from obelisk.errors import ConfigError, VerifyError
from obelisk.pack.recipe import recipe_of
from obelisk.plan import make_plans
from obelisk.rebuild import Given, Old, changes, plan_again

SHA = "ab" * 32
LOCK = Lock(lines=(f"rich==14.0 --hash=sha256:{SHA}",), local=())


def plan_of(what, **values):
    request = read_request(str(what))
    (plan,) = make_plans(replace(request, settings=replace(request.settings, **values)))
    return plan


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "hello.py"
    path.write_text('# /// script\n# dependencies = ["rich"]\n# ///\nprint("hello")\n')
    return path


def old(recipe, tmp_path):
    return Old(path=tmp_path / "app", recipe=recipe, manifest={}, sha256=SHA)


def test_a_recipe_is_read_as_it_was_written(script):
    plan = plan_of(script, optimize=2, profile=Profile.SMALL, include=("x.*",))
    recipe = recipe_of(plan, LOCK, ("code hello.py",))
    assert parse_recipe(recipe.to_json(), "app") == recipe
    assert recipe.settings == {
        "optimize": 2,
        "compression": "zstd",
        "stdlib": "used",
        "source-text": False,
        "include": ["x.*"],
    }
    assert recipe.origin.made == Made.SCRIPT
    assert recipe.origin.dependencies == ("rich",)


def test_it_tells_the_archives_that_are_installed(script, tmp_path):
    url = "https://files.pythonhosted.org/packages/x/a-1.0-py3-none-any.whl"
    lines = (
        f"a==1.0 --hash=sha256:{SHA}",
        f"b==1 --hash=sha256:{SHA} --hash=sha256:{'cd' * 32}",
        f"c==1 --hash=sha256:{SHA}",
        f"d @ https://host/d.whl --hash=sha256:{SHA}",
    )
    recipe = recipe_of(plan_of(script), Lock(lines=lines, origins=(("a", url),)), None)
    assert parse_recipe(recipe.to_json(), "app") == recipe
    plan = plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)
    found = [(one.name, one.version, one.archive.sha256, one.archive.url) for one in plan.archives]
    assert found == [("a", "1.0", SHA, url), ("c", "1", SHA, None)]
    given = Given(project=script, upgrade=True)
    assert plan_again(old(recipe, tmp_path), given, tmp_path, print).archives == ()


@pytest.mark.parametrize(
    "origin", ["file:///x", "https://me:x@host/y", "x\ny", 7, "https://h/?t=1"]
)
def test_an_origin_is_an_address_that_everybody_has(script, origin):
    table = json.loads(recipe_of(plan_of(script), LOCK, None).to_json())
    table["origins"] = {"rich": origin}
    with pytest.raises(VerifyError, match="malformed recipe"):
        parse_recipe(json.dumps(table).encode(), "app")
    table["origins"] = [origin]
    with pytest.raises(VerifyError, match="malformed recipe"):
        parse_recipe(json.dumps(table).encode(), "app")


def test_a_license_policy_is_kept_with_its_reasons(tmp_path):
    override = Override(license="MIT", accept=True, reason="its author said so")
    licenses = Licenses(policy=Policy.NO_COPYLEFT, deny=("GPL-*",), packages=(("x", override),))
    plan = plan_of("httpie", script="http", licenses=licenses)
    recipe = recipe_of(plan, LOCK, None)
    assert recipe.settings["licenses"] == {
        "policy": "no-copyleft",
        "deny": ["GPL-*"],
        "packages": {"x": {"license": "MIT", "accept": True, "reason": "its author said so"}},
    }
    assert parse_recipe(recipe.to_json(), "app") == recipe
    again = plan_again(old(recipe, tmp_path), Given(), tmp_path, print)
    assert again.settings.licenses == licenses


def test_nothing_of_the_machine_is_in_it(script, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own").mkdir()
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(
        "--index-url https://me:secret@host/simple?token=secret\n"
        f"--find-links {tmp_path}/wheels\n"
        "./own\n"
        "other @ https://secret@host/other.whl?secret=1\n"
        "third @ git+ssh://git@host/third@main\n"
    )
    plan = plan_of(
        script,
        requirements=("requirements.txt",),
        data=("*.json", f"{tmp_path}/secret.json", "../up.json"),
        build_packages=(f"{tmp_path}/own", "libyaml"),
        train=("--password secret",),
        train_requests=("http://127.0.0.1/?token=secret",),
        train_record=f"{tmp_path}/record",
        smoke_test=("secret",),
    )
    recipe = recipe_of(plan, LOCK, None)
    text = recipe.to_json().decode()
    assert str(tmp_path) not in text
    assert "secret" not in text.replace("secret.json", "")
    assert recipe.requirements.lines == (
        "--index-url https://host/simple",
        "other @ https://host/other.whl",
        "third @ git+ssh://git@host/third@main",
    )
    assert recipe.settings["data"] == ["*.json"]
    assert recipe.settings["build-packages"] == ["libyaml"]
    assert set(recipe.missing) == {
        "`secret.json` of `data`",
        "`up.json` of `data`",
        "`own` of `build-packages`",
        "`own` of the requirements",
        "`wheels` of the requirements",
    }
    with pytest.raises(ConfigError, match=r"the machine that built it had `own` of `build-pack"):
        plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)


@pytest.mark.parametrize(
    ("address", "left"),
    [
        ("https://a:b@host/x", "https://host/x"),
        ("https://token@host/x", "https://host/x"),
        ("https://a:p@ss@host/x", "https://host/x"),
        ("git+https://token@host/x@v1", "git+https://host/x@v1"),
        ("git+ssh://git@host/x@v1", "git+ssh://git@host/x@v1"),
        ("git+ssh://git:pass@host/x", "git+ssh://host/x"),
        ("https://host/x?token=1#egg", "https://host/x#egg"),
        ("https://host/x@1", "https://host/x@1"),
        ("rich>=1", "rich>=1"),
    ],
)
def test_addresses_lose_who_asks(address, left):
    assert without_credentials(address) == left


def test_paths_are_not_portable():
    lines = ("a @ file:///home/me/a", "--find-links /home/me", "--find-links https://host/x", "b")
    assert portable(lines) == ("--find-links https://host/x", "b")


def test_hashes_are_those_of_the_version_whatever_the_system():
    lines = [
        f"a==1.0 ; sys_platform == 'win32' --hash=sha256:{SHA}",
        f"a==2.0 --hash=sha256:{SHA} --hash=sha256:cd",
        "b @ https://host/b.whl",
        "c==1",
    ]
    found = _by_version(lines)
    assert found == {("a", "1"): [f"sha256:{SHA}"], ("a", "2"): [f"sha256:{SHA}", "sha256:cd"]}


@pytest.mark.parametrize(
    ("direct", "line"),
    [
        ({"url": "file:///x", "dir_info": {}}, None),
        (
            {"url": "https://t@host/r", "vcs_info": {"vcs": "git", "commit_id": "c0"}},
            "a @ git+https://host/r@c0",
        ),
        (
            {"url": "https://host/a.whl", "archive_info": {"hashes": {"sha256": "ab"}}},
            "a @ https://host/a.whl --hash=sha256:ab",
        ),
        ({"url": "https://host/a.whl", "archive_info": {}}, "a @ https://host/a.whl"),
    ],
)
def test_what_is_from_an_address_is_fixed_by_it(direct, line):
    assert _of_address("a", direct) == line


def test_what_no_hash_fixes_is_installed_apart():
    lock = Lock(lines=("a @ git+https://host/r@c0", "b==1 --hash=sha256:ab"), unhashed=("c==2",))
    assert lock.requirements == Requirements(
        lines=("b==1 --hash=sha256:ab",), unhashed=("a @ git+https://host/r@c0", "c==2")
    )


def test_a_requirement_is_planned_from_the_recipe_alone(tmp_path):
    plan = replace(plan_of("httpie", script="http"), source_date_epoch=7)
    recipe = recipe_of(plan, LOCK, None)
    again = plan_again(old(recipe, tmp_path), Given(), tmp_path, print)
    assert again.fixed == LOCK.requirements
    expected = replace(plan, fixed=LOCK.requirements, archives=LOCK.archives)
    assert again == replace(expected, settings=again.settings)
    assert again.settings == replace(plan.settings, name="http")
    assert recipe_of(again, LOCK, None).to_json() == recipe.to_json()


def test_what_training_saw_is_kept(tmp_path):
    plan = plan_of("httpie", script="http", train=("--help",))
    recipe = recipe_of(plan, LOCK, ("code a.py", "file b"))
    again = plan_again(old(recipe, tmp_path), Given(), tmp_path, print)
    assert again.train_record.read_text().splitlines()[1:] == ["code a.py", "file b"]
    assert recipe_of(again, LOCK, recipe.first_use).to_json() == recipe.to_json()


def test_a_script_is_asked_for_and_must_be_the_same(script, tmp_path):
    recipe = recipe_of(plan_of(script), LOCK, None)
    with pytest.raises(ConfigError, match=r"was built from the script `hello\.py`") as caught:
        plan_again(old(recipe, tmp_path), Given(), tmp_path, print)
    assert "--project" in caught.value.hint
    again = plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)
    assert again.application.path == script
    script.write_text(script.read_text().replace("rich", "click"))
    with pytest.raises(ConfigError, match=r"the dependencies of .* changed"):
        plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)
    upgraded = Given(project=script, upgrade=True)
    assert plan_again(old(recipe, tmp_path), upgraded, tmp_path, print).fixed is None


def test_another_kind_of_application_is_refused(script, tmp_path):
    recipe = recipe_of(plan_of("httpie", script="http"), LOCK, None)
    with pytest.raises(ConfigError, match="is not a local copy of `httpie`"):
        plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)


def test_what_came_from_a_path_is_named(script, tmp_path):
    recipe = recipe_of(plan_of(script), replace(LOCK, local=("mine",)), None)
    with pytest.raises(ConfigError, match="`mine` came from a directory or file"):
        plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)


def test_own_pins_are_in_it_and_can_be_left_out(script, tmp_path):
    text = f'[openssl]\nversion = "3.5.99"\nfile = "x/o.tar"\nsha256 = "{SHA}"\nsize = 5\n'
    (tmp_path / "pins.toml").write_text(text)
    request = read_request(str(script))
    pins = request.settings.pins.with_file(tmp_path / "pins.toml")
    plan = plan_of(script, pins=pins)
    recipe = recipe_of(plan, LOCK, None)
    assert recipe.pins == {
        "openssl": {"version": "3.5.99", "file": "o.tar", "sha256": SHA, "size": 5}
    }
    said = []
    again = plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, said.append)
    assert [pinned.sha256 for pinned in again.own_pins] == [SHA]
    assert "3.5.99; Obelisk has" in said[0]
    assert recipe_of(again, LOCK, None).to_json() == recipe.to_json()
    given = Given(project=script, shipped=True)
    assert plan_again(old(recipe, tmp_path), given, tmp_path, print).own_pins == ()


@pytest.mark.parametrize(
    "damage",
    [
        lambda table: table.pop("name"),
        lambda table: table.update(version=99),
        lambda table: table.update(lock="rich"),
        lambda table: table.update(lock=["rich\nevil"]),
        lambda table: table["application"].update(made="magic"),
        lambda table: table["application"].update(more=1),
        lambda table: table.update({"source-date-epoch": "soon"}),
        lambda table: table.update(settings=7),
        lambda table: table.update(settings={"train-record": "x"}),
        lambda table: table.update(settings={"smoke-test": ["x"]}),
        lambda table: table.update(settings={"data": ["/etc/*"]}),
        lambda table: table.update(settings={"data": ["a/../../b"]}),
        lambda table: table.update(settings={"file": "~/x.py"}),
        lambda table: table.update(pins={"zlib": {"file": "/x/y"}}),
        lambda table: table.update(lock=["a @ file:///home/me/a"]),
        lambda table: table.update(lock=["-e ."]),
        lambda table: table.update(requirements=["-r other.txt"]),
        lambda table: table.update(requirements=["--find-links /home/me"]),
        lambda table: table.update(requirements=["not a requirement"]),
        lambda table: table.update(options=["--index-strategy=unsafe"]),
    ],
)
def test_a_recipe_that_is_none_is_refused(script, damage):
    table = json.loads(recipe_of(plan_of(script), LOCK, None).to_json())
    damage(table)
    with pytest.raises(VerifyError):
        parse_recipe(json.dumps(table).encode(), "app")


def test_an_unknown_setting_is_refused(script, tmp_path):
    recipe = replace(recipe_of(plan_of(script), LOCK, None), settings={"magic": True})
    with pytest.raises(ConfigError, match="unknown key `magic` in the recipe of"):
        plan_again(old(recipe, tmp_path), Given(project=script), tmp_path, print)


def test_changes_are_by_name():
    package = Component(reference="a", kind=Kind.PACKAGE, name="a", version="1")
    library = Component(reference="o", kind=Kind.LIBRARY, name="openssl", version="3.5.6")
    before = {"obelisk": "1", "components": to_json([package, library])}
    after = {"obelisk": "1", "components": to_json([replace(library, version="3.5.7")])}
    found = [(one.name, one.before, one.after) for one in changes(before, after)]
    assert found == [("a", "1", None), ("openssl", "3.5.6", "3.5.7")]


def test_what_is_built_the_same_has_the_same_recipe(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\n[project.scripts]\none = "app:main"\ntwo = "app:main"\n'
    )
    request = read_request(str(tmp_path))
    together = {plan.name: recipe_of(plan, LOCK, None).to_json() for plan in make_plans(request)}
    for name, data in together.items():
        for values in ({}, {"name": name}, {"compression": "unused"}, {"source_text": True}):
            plan = plan_of(tmp_path, script=name, **values)
            assert recipe_of(plan, LOCK, None).to_json() == data
            given = Given(project=tmp_path)
            again = plan_again(old(parse_recipe(data, "x"), tmp_path), given, tmp_path, print)
            assert (again.name, again.entry) == (plan.name, plan.entry)
            assert recipe_of(again, LOCK, None).to_json() == data
    assert len(set(together.values())) == 2
