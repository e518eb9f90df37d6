"""What tells the license of a package, and what a policy says of it."""

import tomllib
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import parse_email

from obelisk.components.component import Component, Kind, Linkage
from obelisk.components.expressions import (
    AllOf,
    AnyOf,
    Term,
    all_of,
    listed,
    normalized,
    parse,
    render,
)
from obelisk.components.license import license_of
from obelisk.components.texts import recognize, standard_text
from obelisk.config.licenses import Licenses, Override, Policy, check_licenses
from obelisk.config.recognize import read_request
from obelisk.config.settings import Settings, apply_assignments
from obelisk.config.tables import apply_table
from obelisk.errors import ConfigError, LicenseError
from obelisk.explain import explain
from obelisk.licenses.check import check
from obelisk.licenses.copyleft import Reach, reach
from obelisk.licenses.inside import Inside, Licensed, Text
from obelisk.licenses.notices import document, table
from obelisk.licenses.policy import Verdict, judge, judge_all, require_allowed, with_overrides
from obelisk.licenses.remarks import remarks
from obelisk.plan import make_plans

TEXTS = {
    path.name.removesuffix(".txt"): path.read_text(encoding="utf-8")
    for path in (files("obelisk") / "data/licenses/texts").iterdir()
}


def told(*lines, texts=None):
    metadata, _ = parse_email("\n".join(["Metadata-Version: 2.4", "Name: x", "Version: 1", *lines]))
    return license_of(metadata, texts or {})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mit", "MIT"),
        ("MIT or apache-2.0", "MIT OR Apache-2.0"),
        ("GPL-3.0+", "GPL-3.0-or-later"),
        ("GPL-2.0", "GPL-2.0-only"),
        ("(MIT)", "MIT"),
        ("MIT AND (BSD-3-Clause OR ISC)", "MIT AND (BSD-3-Clause OR ISC)"),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("LicenseRef-Ours", "LicenseRef-Ours"),
        ("MIT AND LicenseRef-Ours", "MIT AND LicenseRef-Ours"),
        ("", None),
        ("BSD", None),
        ("MIT WITH MIT", None),
        ("MIT AND", None),
        ("MIT\nISC", None),
        ("see the file LICENSE", None),
    ],
)
def test_expressions_in_their_own_spelling(text, found):
    assert normalized(text) == found


NAMES = ("MIT", "ISC", "MPL-2.0", "LGPL-2.1-only", "GPL-3.0-only", "AGPL-3.0-only", "Zlib")
TERMS = st.sampled_from(NAMES).map(Term) | st.just(Term("GPL-3.0-or-later", "GCC-exception-3.1"))


def both(children):
    parts = st.lists(children, min_size=2, max_size=3).map(tuple)
    return parts.map(AllOf) | parts.map(AnyOf)


EXPRESSIONS = st.recursive(TERMS, both, max_leaves=6)


@given(EXPRESSIONS)
def test_an_expression_says_the_same_after_it_was_written(expression):
    written = render(expression)
    for policy in (Licenses(deny=("GPL-*",)), Licenses(allow=("MIT", "ISC"))):
        assert judge(parse(written), policy)[0] == judge(expression, policy)[0]


MIT = "License :: OSI Approved :: MIT License"
BSD = "License :: OSI Approved :: BSD License"
GPL3 = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["License-Expression: mit or Apache-2.0"], ("MIT OR Apache-2.0", "metadata")),
        (["License-Expression: ISC", f"Classifier: {GPL3}"], ("ISC", "metadata")),
        (["License-Expression: nonsense", f"Classifier: {MIT}"], ("MIT", "classifiers")),
        (["License: Apache License, Version 2.0"], ("Apache-2.0", "metadata")),
        (["License: The MIT License"], ("MIT", "metadata")),
        (["License: MIT OR Apache-2.0"], ("MIT OR Apache-2.0", "metadata")),
        (["License: GPLv3+"], ("GPL-3.0-or-later", "metadata")),
        (["License: BSD"], ("BSD-3-Clause", "metadata")),
        (["License: GPL"], ("GPL-1.0-or-later", "metadata")),
        (["License: GPL", f"Classifier: {GPL3}"], ("GPL-3.0-only", "metadata")),
        (["License: Dual License", f"Classifier: {MIT}"], ("MIT", "classifiers")),
        (["License: UNKNOWN"], (None, None)),
        (["License: see LICENSE"], (None, None)),
        ([f"Classifier: {MIT}"], ("MIT", "classifiers")),
        ([f"Classifier: {BSD}"], ("BSD-3-Clause", "classifiers")),
        ([f"Classifier: {MIT}", f"Classifier: {BSD}"], ("MIT AND BSD-3-Clause", "classifiers")),
        (["Classifier: License :: OSI Approved"], (None, None)),
        (
            ["Classifier: License :: Other/Proprietary License"],
            ("LicenseRef-Proprietary", "classifiers"),
        ),
        # They contradict each other, and nothing tells who is right.
        (["License: MIT", f"Classifier: {GPL3}"], ("MIT AND GPL-3.0-only", "metadata")),
        (["License: MIT", f"Classifier: {MIT}"], ("MIT", "metadata")),
        ([], (None, None)),
    ],
)
def test_what_metadata_tells(lines, found):
    assert told(*lines) == found


def owned(name):
    """The text of a license as somebody has it in a project."""
    text = TEXTS[name].replace("<year>", "2019-2024").replace("<owner>", "Jane Doe")
    return "Copyright (c) 2020 by the authors.\nAll rights reserved.\n\n" + text.replace(
        "the copyright holder nor", "the FooBar project nor"
    ).replace("\n", "\r\n")


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_texts_are_recognized_with_somebodys_name(name):
    assert recognize(TEXTS[name]) == recognize(owned(name)) == name
    assert parse(name) == Term(name)


COMMONS_CLAUSE = """\
"Commons Clause" License Condition v1.0

Without limiting other conditions in the License, the grant of rights under the License will not
include, and the License does not grant to you, the right to Sell the Software.
"""


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("MIT", "The Software must not be used by the military."),
        ("MIT", "for non-commercial use only"),
        ("BSD-3-Clause", "4. This software may only be used for research."),
        ("Apache-2.0", COMMONS_CLAUSE),
    ],
)
def test_a_condition_more_is_another_license(name, more):
    assert recognize(f"{more}\n\n{TEXTS[name]}") is None
    assert recognize(f"{TEXTS[name]}\n\n{more}") is None


@given(st.text(max_size=300))
def test_any_other_text_is_none(text):
    assert recognize(text) is None


def test_license_files():
    assert told(texts={"LICENSE": owned("MIT")}) == ("MIT", "files")
    several = {"licenses/LICENSE": owned("MIT"), "licenses/vendored/LICENSE": owned("ISC")}
    assert told(texts=several) == ("MIT AND ISC", "files")
    # One that is not known may be anything; a list of authors is no license.
    assert told(texts={**several, "COPYING": "All mine."}) == (None, None)
    assert told(texts={**several, "AUTHORS": "Jane Doe"}) == ("MIT AND ISC", "files")
    # The LGPL 3 is written as an addition to the GPL.
    lesser = {"COPYING": TEXTS["GPL-3.0-only"], "COPYING.LESSER": TEXTS["LGPL-3.0-only"]}
    assert told(texts=lesser) == ("LGPL-3.0-only", "files")
    # They tell which member of a family is meant.
    assert told("License: BSD", texts={"LICENSE": owned("BSD-2-Clause")}) == (
        "BSD-2-Clause",
        "metadata",
    )
    assert told(f"License: {TEXTS['ISC'].replace(chr(10), chr(10) + ' ' * 8)}") == (
        "ISC",
        "metadata",
    )


def test_standard_texts():
    assert "Lesser General Public" in standard_text("LGPL-2.1-or-later")
    assert standard_text("LicenseRef-Ours") is None


def component(license_, name="left-pad", **more):
    return Component(
        reference=f"pkg:pypi/{name}@1",
        kind=Kind.PACKAGE,
        name=name,
        version="1",
        license=license_,
        license_from="classifiers" if license_ else None,
        linkage=Linkage.BYTECODE,
        **more,
    )


GCC = "GPL-3.0-or-later WITH GCC-exception-3.1"
NO_COPYLEFT = {"policy": Policy.NO_COPYLEFT}


@pytest.mark.parametrize(
    ("policy", "expression", "verdict"),
    [
        ({"deny": ("GPL-*",)}, "GPL-2.0-only", Verdict.DENIED),
        ({"deny": ("GPL-*",)}, "LGPL-2.1-only", Verdict.ALLOWED),
        ({"deny": ("GPL-*",)}, "MIT OR GPL-2.0-only", Verdict.ALLOWED),
        ({"deny": ("GPL-*",)}, "MIT AND GPL-2.0-only", Verdict.DENIED),
        ({"deny": ("GPL-*",)}, GCC, Verdict.ALLOWED),
        ({"deny": ("GPL-* WITH *",)}, GCC, Verdict.DENIED),
        ({"deny": ("GPL-*",)}, "GPL-2.0-only WITH Font-exception-2.0", Verdict.DENIED),
        ({"deny": ("GPL-3.0",)}, "GPL-3.0-only", Verdict.DENIED),
        ({"allow": ("MIT",)}, "MIT", Verdict.ALLOWED),
        ({"allow": ("MIT",)}, "ISC", Verdict.DENIED),
        ({"allow": ("MIT",)}, "ISC OR MIT", Verdict.ALLOWED),
        ({"allow": ("MIT",)}, "ISC AND MIT", Verdict.DENIED),
        ({"allow": ("GPL-3.0-or-later",)}, GCC, Verdict.ALLOWED),
        ({"allow": (GCC,)}, GCC, Verdict.ALLOWED),
        ({"allow": (GCC,)}, "GPL-3.0-or-later", Verdict.DENIED),
        ({"allow": ("*",), "deny": ("MIT",)}, "MIT", Verdict.DENIED),
        ({"allow": ("*",), "review": ("MIT",)}, "MIT", Verdict.REVIEW),
        ({"review": ("MPL-*",)}, "MPL-2.0 OR MIT", Verdict.ALLOWED),
        (NO_COPYLEFT, "MIT", Verdict.ALLOWED),
        (NO_COPYLEFT, "MPL-2.0", Verdict.REVIEW),
        (NO_COPYLEFT, "LGPL-2.1-or-later", Verdict.DENIED),
        (NO_COPYLEFT, "AGPL-3.0-only", Verdict.DENIED),
        (NO_COPYLEFT, GCC, Verdict.ALLOWED),
        (NO_COPYLEFT, "GPL-3.0-only OR PSF-2.0", Verdict.ALLOWED),
    ],
)
def test_policies(policy, expression, verdict):
    assert judge(parse(expression), Licenses(**policy))[0] == verdict


PATTERNS = st.lists(st.sampled_from([*NAMES, "GPL-*", "*GPL-*", "M*"]), max_size=3).map(tuple)
POLICIES = st.builds(
    Licenses,
    policy=st.none() | st.just(Policy.NO_COPYLEFT),
    allow=PATTERNS,
    deny=PATTERNS,
    review=PATTERNS,
)


@given(EXPRESSIONS)
def test_to_allow_everything_refuses_nothing(expression):
    assert judge(expression, Licenses(allow=("*",)))[0] == Verdict.ALLOWED
    assert judge(expression, Licenses())[0] == Verdict.ALLOWED


@given(EXPRESSIONS, POLICIES)
def test_what_is_denied_stays_denied_whatever_is_allowed(expression, policy):
    """Every `allow` and `review` beside a `deny` refuses what that alone does."""
    alone = judge(expression, Licenses(deny=policy.deny))[0]
    assert judge(expression, policy)[0] >= alone
    everything = replace(policy, deny=("*", "* WITH *"))
    assert judge(expression, everything)[0] == Verdict.DENIED


@given(EXPRESSIONS, EXPRESSIONS, POLICIES)
def test_all_are_as_bad_as_the_worst_and_a_choice_as_good_as_the_best(one, two, policy):
    verdicts = [judge(each, policy)[0] for each in (one, two)]
    assert judge(AllOf((one, two)), policy)[0] == max(verdicts)
    assert judge(AnyOf((one, two)), policy)[0] == min(verdicts)


@given(EXPRESSIONS, POLICIES)
def test_a_verdict_has_a_reason_of_that_verdict(expression, policy):
    verdict, reason = judge(expression, policy)
    assert reason.startswith(("`", "nothing denies"))
    assert (verdict == Verdict.ALLOWED) == ("allowed" in reason or "nothing denies" in reason)


def test_a_refusal_names_everything():
    deny = Licenses(deny=("GPL-*",))
    bad = component("GPL-3.0-only", part_of="whole")
    how, why = "imported as bytecode", "`GPL-3.0-only` is denied by `GPL-*`"
    with pytest.raises(LicenseError) as caught:
        require_allowed(
            "hello", judge_all([bad, component("MIT", "fine"), component(None, "odd")], deny)
        )
    assert str(caught.value).splitlines() == [
        "the license policy refuses 2 components of hello:",
        f"  left-pad 1: GPL-3.0-only (from classifiers), {how}, part of whole: {why}",
        "  odd 1: license unknown, imported as bytecode: nothing tells it",
    ]
    assert "[tool.obelisk.licenses.packages.left-pad]" in caught.value.hint
    assert caught.value.exit_code == 11


def test_unknown_is_refused_under_any_policy_and_named_without_one():
    unknown = component(None)
    for policy in (
        Licenses(allow=("*",)),
        Licenses(deny=("GPL-*",)),
        Licenses(review=("GPL-*",)),
        Licenses(**NO_COPYLEFT),
    ):
        assert judge_all([unknown], policy)[0].verdict == Verdict.DENIED
    assert judge_all([unknown], Licenses())[0].verdict == Verdict.ALLOWED
    (line,) = remarks([unknown, component("MIT")])
    assert line.startswith("license unknown: left-pad; ")
    (line,) = remarks([component("LGPL-2.1-only"), component("MPL-2.0", "certifi")])
    assert line.startswith("copyleft: left-pad (LGPL-2.1-only); ")


def test_overrides():
    named = Licenses(
        deny=("GPL-*",), packages=(("Left_Pad", Override(license="mit", reason="README")),)
    )
    (found,) = with_overrides([component(None)], named)
    assert (found.license, found.license_from) == ("MIT", "settings")
    accepted = replace(named, packages=(("left-pad", Override(accept=True, reason="bought")),))
    (found,) = judge_all([component("GPL-2.0-only")], accepted)
    assert (found.verdict, found.reason) == (Verdict.ALLOWED, "accepted: bought")
    # A license that is given is judged as any other.
    worse = Licenses(deny=("GPL-*",), packages=(("x", Override(license="GPL-2.0", reason="r")),))
    (found,) = judge_all(with_overrides([component("MIT", "x")], worse), worse)
    assert found.verdict == Verdict.DENIED


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"deny": ["GPLv3"]}, "unknown license `GPLv3`"),
        ({"deny": ["GNU*"]}, "matches no license"),
        ({"deny": ["gpl-*"]}, "matches no license"),
        ({"deny": ["GPL-* WITH nothing*"]}, "matches no license"),
        ({"allow": ["MIT OR ISC"]}, "more than one license"),
        ({"policy": "copyleft"}, "one of"),
        ({"packages": {"x": {"license": "MIT"}}}, "has no `reason`"),
        ({"packages": {"x": {"reason": "so"}}}, "changes nothing"),
        ({"packages": {"x": {"reason": "so", "license": "Mine"}}}, "unknown license `Mine`"),
        ({"packages": {"x": {"why": "so"}}}, "unknown key `why`"),
        ({"packages": {"x": "MIT"}}, "must be a table"),
        ({"packages": ["x"]}, "must be a table of tables"),
        ({"forbid": ["GPL-*"]}, "unknown key `forbid`"),
    ],
)
def test_invalid_settings(table, message):
    with pytest.raises(ConfigError, match=message):
        check_licenses(apply_table(Settings(), {"licenses": table}, "a file").licenses)


def test_settings_of_the_command_line_are_added():
    start = apply_table(Settings(), {"licenses": {"deny": ["GPL-*"]}}, "a file")
    found = apply_assignments(
        start,
        ["licenses.packages.x.license=MIT", 'licenses.packages.x.reason="because"'],
    )
    assert found.licenses == Licenses(
        deny=("GPL-*",), packages=(("x", Override(license="MIT", reason="because")),)
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("MIT", Reach.NONE),
        ("MPL-2.0", Reach.FILE),
        ("LGPL-3.0-or-later", Reach.LIBRARY),
        ("GPL-2.0-only", Reach.PROGRAM),
        ("AGPL-3.0-only", Reach.NETWORK),
        ("MIT OR GPL-2.0-only", Reach.NONE),
        ("MIT AND GPL-2.0-only", Reach.PROGRAM),
        (GCC, Reach.NONE),
        ("Apache-2.0 WITH LLVM-exception", Reach.NONE),
        ("BSD-4-Clause-UC", Reach.NONE),
        ("Python-2.0.1", Reach.NONE),
        ("X11-distribute-modifications-variant", Reach.NONE),
        ("blessing", Reach.NONE),
        ("LicenseRef-Ours", Reach.NONE),
    ],
)
def test_how_far_copyleft_reaches(text, found):
    assert reach(parse(text)) == found


def test_licenses_that_apply_together():
    assert all_of(["MIT", "MIT"]) == "MIT"
    assert all_of(["MIT OR ISC", "Zlib", "Zlib AND MIT"]) == "(MIT OR ISC) AND Zlib AND MIT"
    assert all_of([]) is None


@pytest.fixture
def plan_of(tmp_path):
    """A function that returns the plan of a project `app` with these license settings."""

    def planned(text):
        project = f'[project]\nname = "app"\n[project.scripts]\napp = "app:main"\n{text}'
        (tmp_path / "pyproject.toml").write_text(project)
        (plan,) = make_plans(read_request(str(tmp_path)))
        return plan

    return planned


def test_a_build_is_stopped_warned_or_told(plan_of):
    found = [component(None, "app"), component("MPL-2.0", "certifi"), component("LGPL-2.1-only")]
    said = []
    checked = check(plan_of(""), found, said.append)
    assert (list(checked.components), said) == (found, [])
    assert [line.split(";")[0] for line in checked.remarks] == [
        "copyleft: left-pad (LGPL-2.1-only)"
    ]
    table = "[tool.obelisk.licenses]\n"
    with pytest.raises(LicenseError, match="refuses 1 component of app:\n  left-pad 1"):
        check(plan_of(f'{table}policy = "no-copyleft"'), found, said.append)
    checked = check(plan_of(f'{table}review = ["MPL-*"]'), found, said.append)
    assert checked.remarks == ()
    (line,) = said
    assert line.startswith("license for review: certifi 1: MPL-2.0 (from classifiers)")
    assert line.endswith("to accept it: `[tool.obelisk.licenses.packages.certifi]`")
    accepted = f'{table}review = ["MPL-*"]\n' + "".join(
        f'[tool.obelisk.licenses.packages.{name}]\naccept = true\nreason = "so"\n'
        for name in ("certifi", "absent")
    )
    said.clear()
    check(plan_of(accepted), found, said.append)
    assert said == ["`licenses.packages.absent` is of no component of app"]


def test_the_plan_shows_the_policy(plan_of):
    def shown(text):
        rows = explain(plan_of(text))
        return [(row.what, row.value, row.why) for row in rows if row.what.startswith("license")]

    assert shown("") == [("licenses", "all allowed, listed", "default")]
    text = '[tool.obelisk.licenses]\ndeny = ["GPL-*", "AGPL-*"]\npolicy = "no-copyleft"\n'
    text += '[tool.obelisk.licenses.packages.x]\nlicense = "MIT"\naccept = true\nreason = "README"'
    assert shown(text) == [
        ("licenses.policy", "no-copyleft", "`licenses.policy`"),
        ("licenses.deny", "GPL-*, AGPL-*", "`licenses.deny`"),
        ("licenses.packages.x", "MIT, accepted", "README"),
    ]
    with pytest.raises(ConfigError, match="unknown license `GPLv3`"):
        plan_of('[tool.obelisk.licenses]\ndeny = ["GPLv3"]')


def licensed(license_, name, *texts, is_standard=False):
    return Licensed(
        component=component(license_, name),
        texts=tuple(Text(source=source, text=text) for source, text in texts),
        is_standard=is_standard,
    )


def test_the_document():
    """Every component with its texts; one that occurs twice is there once."""
    inside = Inside(
        name="hello",
        components=(
            licensed("MIT", "alpha", ("alpha/LICENSE", "Do as you like.\n")),
            licensed("MIT", "beta", ("beta/LICENSE", "Do as you like.\n")),
            licensed(None, "gamma"),
            licensed("ISC", "delta", ("ISC", "Do so.\n"), is_standard=True),
        ),
    )
    assert document(inside).splitlines() == [
        "hello contains software by others, under the licenses below.",
        "",
        *table(inside),
        *("", "=" * 78, "alpha 1", "License: MIT", "=" * 78),
        *("", "[alpha/LICENSE]", "", "Do as you like."),
        *("", "=" * 78, "beta 1", "License: MIT", "=" * 78),
        *("", "[beta/LICENSE: the same text as of alpha 1, alpha/LICENSE]"),
        *("", "=" * 78, "gamma 1", "License: unknown", "=" * 78),
        *("", "(no license text)"),
        *("", "=" * 78, "delta 1", "License: ISC", "=" * 78),
        *("", "[standard text of ISC]", "", "Do so."),
    ]
    assert table(inside)[0] == "alpha  1  MIT      bytecode (from classifiers)"
    assert table(inside)[2] == "gamma  1  unknown  bytecode"
    assert [one.name for one in inside.unknown] == ["gamma"]


def test_all_licenses_of_our_own_data_are_expressions():
    """Those of the pins, and of libraries that are recognized in wheels."""
    tables = tomllib.loads((files("obelisk") / "data/pins.toml").read_text(encoding="utf-8"))
    tables |= tomllib.loads((files("obelisk") / "data/libraries.toml").read_text(encoding="utf-8"))
    found = {one["license"] for one in tables.values() if "license" in one}
    assert len(found) > 10
    assert [text for text in found if normalized(text) != text] == []
    spellings = tomllib.loads(
        (files("obelisk") / "data/licenses/spellings.toml").read_text(encoding="utf-8")
    )
    known = [*spellings["classifiers"].values(), *spellings["fields"].values()]
    for text in {*known, *spellings["families"].values()}:
        assert text in spellings["families"] or normalized(text) == text, text


def test_the_table_of_copyleft_names_licenses_that_there_are():
    patterns = tomllib.loads(
        (files("obelisk") / "data/licenses/copyleft.toml").read_text(encoding="utf-8")
    )
    for name in patterns.pop("linking-exceptions"):
        assert any(fnmatchcase(one, name) for one in listed().exceptions), name
    for pattern in (pattern for some in patterns.values() for pattern in some):
        assert any(fnmatchcase(one, pattern) for one in listed().licenses), pattern
