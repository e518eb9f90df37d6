"""Versions are ordered as their ecosystems do, and ranges evaluated as OSV's schema does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from obelisk.audit.advisory import Event, advisory_of
from obelisk.audit.ranges import Judgement, Verdict, judge
from obelisk.audit.versions import Scheme, compare, parse, untagged

PEP440, SEMVER, GENERIC = Scheme.PEP440, Scheme.SEMVER, Scheme.GENERIC


def affected(*pairs, versions=(), kind="ECOSYSTEM"):
    ranges = [{"type": kind, "events": [{name: version} for name, version in pairs]}]
    row = {"ranges": ranges if pairs else [], "versions": list(versions)}
    return advisory_of({"id": "X", "affected": [row]}).affected[0]


def verdict(version, scheme, *pairs, **more):
    return judge(affected(*pairs, **more), version, scheme).verdict


def holds(version, scheme, *pairs, **more):
    found = verdict(version, scheme, *pairs, **more)
    assert found is not Verdict.UNDECIDED
    return found is Verdict.AFFECTED


ASCENDING = {
    PEP440: ["1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0+cpu", "1.0.post1", "1.1", "1!0.1"],
    SEMVER: ["0.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-beta", "1.0.0-rc.1", "1.0.0", "1.0.1"],
    GENERIC: [
        *("0.9.8zh", "1.0.2", "1.0.2a", "1.0.2u", "1.0.2za", "1.0.2zb", "1.1.1-pre1", "1.1.1"),
        *("1.1.1w", "3.0.0-alpha1", "3.0.0-beta1", "3.0.0", "3.0.10", "3.5.0a1", "3.5.0b2"),
        *("3.5.0rc1", "3.5.0", "6.4", "6.4-20230408", "6.5+20250216", "20250104-3.1"),
    ],
}


@pytest.mark.parametrize("scheme", Scheme)
def test_versions_are_in_order(scheme):
    row = ASCENDING[scheme]
    backwards = row[::-1]
    assert sorted(backwards, key=lambda version: parse(scheme, version)) == row
    for place, version in enumerate(row):
        # A local version is at its public one, if that is what is asked for.
        later = [one for one in row[place + 1 :] if one != "1.0+cpu"]
        assert all(compare(scheme, version, one) == -1 for one in later)
        assert compare(scheme, version, version) == 0


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (GENERIC, ("3.0", "3.0.0", "v3", "3.0.0.0")),
        (GENERIC, ("1.2.11", "1_2_11", "1-2-11", "V1.2.11")),
        (GENERIC, ("3.0-alpha1", "3.0.0-alpha1", "3.0.0alpha1", "3-ALPHA-1")),
        (PEP440, ("1.0", "1", "1.0.0", "v1.0", "0!1")),
        (SEMVER, ("1.0.0", "1.0", "1", "v1.0.0", "1.0.0+build")),
    ],
)
def test_ways_to_write_a_version(one, two):
    assert {compare(one, left, right) for left in two for right in two} == {0}


@pytest.mark.parametrize(
    ("scheme", "version"),
    [
        *((PEP440, one) for one in ("2004d", "", "x", "1.0-dist", "1" * 5000)),
        *((SEMVER, one) for one in ("", "1.0.0.0", "01.0.0", "x", "9" * 5000)),
        *((GENERIC, one) for one in ("", "x", "master", "..", "1" * 5000)),
        (GENERIC, "8ba599b2f6c9701b3dc961db895b0856a2210f76"),
    ],
)
def test_what_is_no_version(scheme, version):
    with pytest.raises(ValueError, match=r".*"):
        parse(scheme, version)
    assert verdict(version, scheme, ("introduced", "1"), ("fixed", "2")) is Verdict.UNDECIDED
    assert verdict("1.5", scheme, ("introduced", version)) is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("openssl-3.0.1", "3.0.1"),
        ("OpenSSL_1_1_1k", "1_1_1k"),
        ("v1.2.11", "1.2.11"),
        ("R_2_4_8", "2_4_8"),
        ("libxml2-2.9.14", "2.9.14"),
        ("version-3.45.1", "3.45.1"),
        ("3.14.0rc1", "3.14.0rc1"),
    ],
)
def test_versions_in_tags(tag, version):
    assert untagged(tag, frozenset({"openssl", "libxml2", "xml2"})) == version


@pytest.mark.parametrize(
    ("version", "events", "expected"),
    [
        ("1.0", [("introduced", "0")], True),
        ("0.dev1", [("introduced", "0")], True),
        ("1.9", [("introduced", "0"), ("fixed", "2.0")], True),
        ("2.0", [("introduced", "0"), ("fixed", "2.0")], False),
        ("2.0rc1", [("introduced", "0"), ("fixed", "2.0")], True),
        ("2.0.post1", [("introduced", "0"), ("fixed", "2.0")], False),
        ("2.0", [("introduced", "0"), ("last_affected", "2.0")], True),
        ("2.0.1", [("introduced", "0"), ("last_affected", "2.0")], False),
        # A local version is a build of the public one.
        ("2.0+cpu", [("introduced", "0"), ("last_affected", "2.0")], True),
        ("2.0+cpu", [("introduced", "2.0"), ("fixed", "2.1")], True),
        ("2.0+cpu", [("introduced", "0"), ("fixed", "2.0")], False),
        ("2.0+a.1", [("introduced", "0"), ("fixed", "2.0+a.2")], True),
        ("2.0+a.2", [("introduced", "0"), ("fixed", "2.0+a.2")], False),
        # Epochs come first.
        ("1!1.0", [("introduced", "0"), ("fixed", "2.0")], False),
        ("3.0", [("introduced", "0"), ("fixed", "1!1.0")], True),
        ("1!1.0", [("introduced", "1!0"), ("last_affected", "1!1.0")], True),
        # Several lines of development in one timeline.
        ("1.5", [("introduced", "1.0"), ("fixed", "1.4"), ("introduced", "2.0")], False),
        ("2.5", [("introduced", "1.0"), ("fixed", "1.4"), ("introduced", "2.0")], True),
        ("2.5", [("introduced", "2.0"), ("fixed", "1.4"), ("introduced", "1.0")], True),
        # One version alone, and one that is introduced where the last was fixed.
        ("1.0", [("introduced", "1.0"), ("last_affected", "1.0")], True),
        ("1.1", [("introduced", "1.0"), ("last_affected", "1.0")], False),
        ("1.0", [("introduced", "0"), ("fixed", "1.0"), ("introduced", "1.0")], True),
        ("1.0", [("introduced", "1.0"), ("fixed", "1.0")], False),
        # Limits.
        ("1.5", [("introduced", "1.0"), ("limit", "2.0")], True),
        ("2.0", [("introduced", "1.0"), ("limit", "2.0")], False),
        ("2.5", [("introduced", "1.0"), ("limit", "2.0"), ("limit", "3.0")], True),
        ("9.0", [("introduced", "1.0"), ("limit", "2.0"), ("limit", "*")], True),
        ("0.5", [("introduced", "1.0"), ("limit", "2.0")], False),
    ],
)
def test_ranges_of_pypi(version, events, expected):
    assert holds(version, PEP440, *events) is expected


@pytest.mark.parametrize(
    ("version", "events", "expected"),
    [
        ("1.0.1f", [("introduced", "1.0.1"), ("fixed", "1.0.1g")], True),
        ("1.0.1g", [("introduced", "1.0.1"), ("fixed", "1.0.1g")], False),
        ("1.0.2zc", [("introduced", "1.0.2"), ("fixed", "1.0.2zd")], True),
        ("3.5.7", [("introduced", "3.5.0"), ("fixed", "3.5.4")], False),
        ("3.0.0-alpha2", [("introduced", "3.0.0-alpha1"), ("fixed", "3.0.0")], True),
        ("6.5+20250216", [("introduced", "0"), ("fixed", "6.4-20230408")], False),
        ("6.4-20230101", [("introduced", "0"), ("fixed", "6.4-20230408")], True),
        ("1.2.5", [("introduced", "0.9.13"), ("fixed", "1.2.6")], True),
        ("1.2.6", [("introduced", "0.9.13"), ("fixed", "1.2.6")], False),
        ("0.9.12", [("introduced", "0.9.13"), ("fixed", "1.2.6")], False),
        ("3.14.0b2", [("introduced", "3.14.0a1"), ("fixed", "3.14.0b3")], True),
        ("0.3.27.44.3", [("introduced", "0"), ("last_affected", "0.3.27")], False),
    ],
)
def test_ranges_of_libraries(version, events, expected):
    assert holds(version, GENERIC, *events) is expected


def test_ranges_of_crates():
    events = [("introduced", "0.0.0-0"), ("fixed", "1.2.3")]
    assert holds("1.2.3-rc.1", SEMVER, *events, kind="SEMVER")
    assert not holds("1.2.3+build.7", SEMVER, *events, kind="SEMVER")
    assert not holds("1.10.0", SEMVER, *events, kind="SEMVER")


def test_lists_of_versions():
    assert holds("1.0.0", PEP440, versions=["0.9", "1.0"])
    assert holds("1.0+cpu", PEP440, versions=["1.0"])
    assert not holds("1.0.1", PEP440, versions=["0.9", "1.0", "2004d"])
    row = affected(versions=["openssl-3.0.1", "OpenSSL_1_1_1k", "master"])
    names = frozenset({"openssl"})
    for version, expected in (("3.0.1", Verdict.AFFECTED), ("3.0.2", Verdict.UNAFFECTED)):
        assert judge(row, version, GENERIC, names).verdict is expected
    assert judge(row, "1.1.1k", GENERIC, names).verdict is Verdict.AFFECTED


def test_a_version_that_is_none_is_still_found_in_a_list():
    assert holds("2004d", PEP440, ("introduced", "2005"), versions=["2004d"])


def test_without_ranges_and_versions_nothing_is_decided():
    assert verdict("1.0", PEP440) is Verdict.UNDECIDED
    commits = [("introduced", "0"), ("fixed", "d7b1c2e3")]
    assert verdict("1.0", GENERIC, *commits, kind="GIT") is Verdict.UNDECIDED
    assert not holds("1.0", GENERIC, *commits, kind="GIT", versions=["v0.9"])


def test_ranges_of_commits_are_taken_by_their_versions():
    """As OSV writes them for entries of the National Vulnerability Database."""
    commits = {"type": "GIT", "repo": "https://x/y", "events": [{"introduced": "0"}]}
    for key in ("versions", "extracted_events"):
        specific = {key: [{"introduced": "0"}, {"fixed": "1.3.1"}]}
        row = {"ranges": [{**commits, "database_specific": specific}]}
        (found,) = advisory_of({"id": "X", "affected": [row]}).affected
        assert judge(found, "1.3", GENERIC) == Judgement(verdict=Verdict.AFFECTED, fixed="1.3.1")
        assert judge(found, "1.3.1", GENERIC).verdict is Verdict.UNAFFECTED


def test_the_first_fixed_version_is_of_the_own_line():
    row = affected(
        ("introduced", "3.0.0"), ("fixed", "3.0.13"), ("introduced", "3.1.0"), ("fixed", "3.1.5")
    )
    assert judge(row, "3.0.2", GENERIC).fixed == "3.0.13"
    assert judge(row, "3.1.0", GENERIC).fixed == "3.1.5"
    assert judge(affected(("introduced", "0")), "1.0", GENERIC).fixed is None


numbers = st.integers(0, 4)
releases = st.lists(numbers, min_size=1, max_size=3).map(lambda row: ".".join(map(str, row)))
suffixes = st.sampled_from(["", "a1", "b2", "rc1", ".post1", ".dev2", "+cpu"])
pep440 = st.builds("{}{}{}".format, st.sampled_from(["", "1!"]), releases, suffixes)
generic = st.builds("{}{}".format, releases, st.sampled_from(["", "a", "zb", "-rc1", "+7", "b1"]))
semantic = st.builds(
    "{}.{}.{}{}".format, numbers, numbers, numbers, st.sampled_from(["", "-rc.1", "-a", "+b"])
)
OF_SCHEME = [(PEP440, pep440), (SEMVER, semantic), (GENERIC, generic)]
anything = st.one_of(
    *(st.tuples(st.just(scheme), one, one, one) for scheme, one in OF_SCHEME),
)


@settings(deadline=None)
@given(anything)
def test_an_order_is_one(drawn):
    scheme, one, two, three = drawn
    left, middle, right = (parse(scheme, version) for version in (one, two, three))
    assert (left < middle) + (left == middle) + (left > middle) == 1
    if left <= middle <= right:
        assert left <= right


@settings(deadline=None)
@given(pep440, pep440, pep440)
def test_a_range_holds_what_specifiers_hold(version, low, high):
    """By the other implementation that there is: comparisons of packaging's own versions."""
    own, first, end = (Version(Version(one).public) for one in (version, low, high))
    begun = str(first) == "0" or first <= own
    ends = str(first) == "0" or first <= end  # what ends before it begins is open
    fixed = (("introduced", str(first)), ("fixed", str(end)))
    assert holds(version, PEP440, *fixed) is (begun and not (ends and own >= end))
    last = (("introduced", str(first)), ("last_affected", str(end)))
    assert holds(version, PEP440, *last) is (begun and not (ends and own > end))


@settings(deadline=None)
@given(anything, st.sampled_from(["fixed", "last_affected"]), st.randoms())
def test_the_order_of_events_does_not_matter(drawn, end, random):
    scheme, version, low, high = drawn
    pairs = [("introduced", low), (end, high)]
    if parse(scheme, low) == parse(scheme, high):
        return  # then the order in which they are written counts
    expected = holds(version, scheme, *pairs)
    random.shuffle(pairs)
    assert holds(version, scheme, *pairs) is expected


texts = st.text(max_size=12)
pairs_of_texts = st.lists(st.tuples(st.sampled_from(Event).map(str), texts), max_size=4)


@settings(deadline=None)
@given(st.sampled_from(Scheme), texts, pairs_of_texts, st.lists(texts))
def test_nothing_makes_a_judgement_fail(scheme, version, pairs, versions):
    found = judge(affected(*pairs, versions=versions), version, scheme, frozenset({"a"}))
    assert found.verdict in Verdict
    if found.fixed is not None:
        assert compare(scheme, version, found.fixed) < 0
