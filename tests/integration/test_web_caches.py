"""A new build of a site replaces what browsers have kept of the old one."""

import json
import os
import shutil

import pytest
from support import APPS, obelisk, run

pytestmark = [pytest.mark.compile, pytest.mark.network]


@pytest.fixture(scope="module")
def builds(tmp_path_factory, python_version):
    """The same site in two versions whose files have one size."""
    folder = tmp_path_factory.mktemp("sites")
    shutil.copytree(APPS / "sites", folder / "sites")
    script = folder / "sites/static/app.js"
    first = script.read_text()
    places = []
    for name, text, epoch in (
        ("one", first, 1_700_000_000),
        ("two", first.replace("one", "two"), 1_700_000_060),
    ):
        script.write_text(text)
        places.append(folder / name)
        options = ("-q", "-o", places[-1], "--python", python_version)
        env = {"SOURCE_DATE_EPOCH": str(epoch)}
        obelisk("build", folder / "sites/app.py", *options, env=env)
    return places


def answers(executable, known=None):
    """Put a build in the place of what ran before, and ask it."""
    place = executable.parent / "site"
    place.unlink(missing_ok=True)
    shutil.copy(executable, place)
    done = run([place, *([json.dumps(known)] if known else [])], cwd="/", makes_code=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("site", ["flask", "starlette"])
@pytest.mark.parametrize("header", ["If-None-Match", "If-Modified-Since"])
def test_a_browser_is_given_what_changed(builds, site, header):
    one, two = builds
    known = answers(one)
    assert answers(two, known)[site]["again"][header] == [200, "console.log('version two');\n"]
    assert answers(one, known)[site]["again"][header][0] == 304


def test_the_plan_says_what_time_files_have(builds):
    script = builds[0].parent / "sites/app.py"
    plan = json.loads(obelisk("plan", script, "--json", env={"SOURCE_DATE_EPOCH": "1700000000"}))
    expected = {"value": "2023-11-14T22:13:20Z", "why": "`SOURCE_DATE_EPOCH`"}
    assert plan["plans"][0]["file-times"] == expected


def test_a_time_that_is_none_is_refused(builds):
    script = builds[0].parent / "sites/app.py"
    place = script.with_name("never")
    env = os.environ | {"SOURCE_DATE_EPOCH": "yesterday"}
    said = obelisk("build", script, "-o", place, env=env, status=2)
    assert "error: invalid `SOURCE_DATE_EPOCH`: `yesterday` is not a number of seconds" in said
    assert "hint: use `SOURCE_DATE_EPOCH=$(git log -1 --pretty=%ct)`" in said
    assert not place.exists()
