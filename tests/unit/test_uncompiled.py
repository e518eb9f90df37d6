"""Pure wheels whose releases have compiled ones that only glibc gets."""

from dataclasses import replace

import pytest

from obelisk.collect.installed import Prefix, read_installed
from obelisk.collect.uncompiled import is_compiled, uncompiled
from obelisk.config.recognize import read_request
from obelisk.plan import make_plans

PROJECT = '[project]\nname = "app"\n[project.scripts]\none = "app:main"\n'
FOR_GLIBC = "cp314-cp314-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
LOCKS = {
    "uv.lock": '[[package]]\nname = "{0}"\nversion = "{1}"\nwheels = [{2}]\n',
    "pylock.toml": '[[packages]]\nname = "{0}"\nversion = "{1}"\nwheels = [{2}]\n',
}
WHEEL = '{{ url = "https://host/a%2Bb/{}", hashes = {{ sha256 = "00" }} }}'


@pytest.fixture
def plan(tmp_path):
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (plan,) = make_plans(read_request(str(tmp_path)))
    return plan


@pytest.fixture
def prefix(tmp_path):
    site = tmp_path / "prefix/lib/python3.14/site-packages"
    site.mkdir(parents=True)
    return Prefix(root=tmp_path / "prefix", site=site)


def add(prefix, name, version, tag):
    info = prefix.site / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n")
    return info


def locked(plan, form, *packages):
    """Write a lock of this form, of (name, version, wheels); return the plan with it."""
    lock = plan.folder / form
    lock.write_text(
        "".join(
            LOCKS[form].format(name, version, ", ".join(map(WHEEL.format, wheels)))
            for name, version, wheels in packages
        )
    )
    return replace(plan, lock=lock)


@pytest.mark.parametrize("form", LOCKS)
def test_it_is_named_by_what_the_lock_says(plan, prefix, tmp_path, form):
    add(prefix, "Black", "26.1.0", "py3-none-any")
    add(prefix, "click", "8.5", "py3-none-any")
    add(prefix, "msgpack", "1.2", "cp314-cp314-musllinux_1_2_x86_64")
    plan = locked(
        plan,
        form,
        ("black", "26.1", [f"black-26.1-{FOR_GLIBC}", "black-26.1-py3-none-any.whl"]),
        ("click", "8.5", ["click-8.5-py3-none-any.whl", "click-8.5-cp314-cp314-win_amd64.whl"]),
        ("msgpack", "1.2", [f"msgpack-1.2-{FOR_GLIBC}"]),
    )

    def found(**settings):
        chosen = replace(plan, settings=replace(plan.settings, **settings))
        return uncompiled(chosen, None, prefix, read_installed(prefix), tmp_path)

    assert found() == (("Black", "26.1.0"),)
    for setting in ("no_binary", "pure"):
        assert found(**{setting: ("black",)}) == ()
    assert found(no_binary=(":all:",)) == ()


def test_what_is_from_no_index_is_none(plan, prefix, tmp_path):
    info = add(prefix, "black", "26.1", "py3-none-any")
    plan = locked(plan, "uv.lock", ("black", "26.1", [f"black-26.1-{FOR_GLIBC}"]))
    (info / "direct_url.json").write_text("{}")
    assert uncompiled(plan, None, prefix, read_installed(prefix), tmp_path) == ()


@pytest.mark.parametrize(
    ("tags", "compiled"),
    [
        ("cp314-cp314-manylinux_2_17_x86_64", True),
        ("cp39-abi3-manylinux_2_17_x86_64", True),
        ("py3-none-manylinux_2_17_x86_64", True),
        ("cp314-cp314-linux_x86_64", True),
        ("cp315-abi3-manylinux_2_17_x86_64", False),
        ("cp313-cp313-manylinux_2_17_x86_64", False),
        ("cp314-cp314t-manylinux_2_17_x86_64", False),
        ("cp314-cp314-manylinux_2_17_aarch64", False),
        ("cp314-cp314-macosx_11_0_x86_64", False),
        ("cp314-cp314-musllinux_1_2_x86_64", False),
        ("py3-none-any", False),
        ("nonsense", False),
    ],
)
def test_what_an_installation_for_glibc_would_get(plan, tags, compiled):
    assert is_compiled(f"x-1.0-{tags}.whl", plan) is compiled
