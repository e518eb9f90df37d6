import pytest

from obelisk.collect.resolve import Resolution, _parsed

HASH = " --hash=sha256:" + "0" * 64
COMMIT = "a" * 40


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        (f"Rich==13.7.0{HASH}{HASH}", True),
        (f"rich @ https://host/rich-1.0-py3-none-any.whl{HASH}", True),
        (f"rich @ git+https://host/rich@{COMMIT}", True),
        (f"rich @ git+https://host/rich@{COMMIT}#subdirectory=a", True),
        ("rich==13.7.0", False),
        ("rich @ git+https://host/rich@main", False),
        (f"rich @ git+https://host/{COMMIT}@main", False),
        (f"rich @ git+https://host/rich@{COMMIT}0", False),
        ("rich @ file:///folder", False),
    ],
)
def test_what_can_only_be_one_thing(line, fixed):
    pin = _parsed(line)
    assert (pin.name, pin.is_fixed) == ("rich", fixed)
    assert pin.is_folder == ("file:" in line)


@pytest.mark.parametrize(
    "line", ["file:///folder", "--index-url https://host", f"rich==1 ; sys_platform == 'x'{HASH}"]
)
def test_what_is_no_pin(line):
    assert _parsed(line) is None


def test_what_was_installed_is_compared_with_what_was_expected():
    resolution = Resolution(key="0" * 32, versions={"rich": "13.7.0", "of-commit": None})
    right = [("Rich", "13.7.0"), ("of_commit", "0.1.dev3")]
    assert resolution.describes(right)
    assert not resolution.describes(right[:1])
    assert not resolution.describes([*right, ("more", "1")])
    assert not resolution.describes([("rich", "13.7.1"), right[1]])
    assert Resolution(key="0" * 32, versions=None).describes(right)
