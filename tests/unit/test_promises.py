"""What `verify` promises of a tiny executable: its components, and no trace of its builder."""

import json
import mmap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obelisk.errors import VerifyError
from obelisk.link.link import link
from obelisk.payload.payload import Item, Kind, pack_payload
from obelisk.target import DEFAULT_TARGET, parse_target
from obelisk.verify.builder import Builder, secrets_of
from obelisk.verify.canary import canary_finding
from obelisk.verify.finding import listed
from obelisk.verify.hardening import header_findings
from obelisk.verify.headers import read_headers
from obelisk.verify.memory import Memory
from obelisk.verify.promise import MEANINGS, Promise
from obelisk.verify.traces import absolute_filename
from obelisk.verify.verify import verify

INTERPRETER = {"reference": "pkg:generic/cpython@3.14.0", "kind": "interpreter", "name": "cpython"}
OPENSSL = {"reference": "pkg:generic/openssl@3.5.4", "kind": "library", "name": "openssl"}
CLICK = {"reference": "pkg:pypi/click@8.1", "kind": "package", "name": "click"}
METADATA = "lib/python3.14/site-packages/Click-8.1.dist-info/METADATA"
TARGET = parse_target(DEFAULT_TARGET)


@pytest.fixture
def build(tiny_runtime, tmp_path):
    """A function that writes an executable with a manifest, files and code."""

    def build(manifest, files=(), code=()):
        text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        items = [Item(name=name, kind=Kind.FILE, data=data) for name, data in files]
        modules = [Item(name=name, kind=Kind.CODE, data=data) for name, data in code]
        packed = pack_payload(modules, items, {"manifest": text})
        path = tmp_path / "app"
        with path.open("wb") as file:
            link(tiny_runtime, packed, None, TARGET).write(file)
        return path

    return build


def found(path, builder=None):
    return {one.promise: one for one in verify(path, builder or Builder())}


def manifest_of(*components, **fields):
    return {"version": 2, "obelisk": "1.0", "components": list(components), **fields}


def test_every_promise_says_what_it_means():
    assert set(MEANINGS) == set(Promise)
    assert len({meaning.name for meaning in MEANINGS.values()}) == len(Promise)


@pytest.mark.parametrize(
    ("components", "fault"),
    [
        ((), "no component is the interpreter"),
        ((INTERPRETER, OPENSSL), "the package `Click` is installed, but not listed"),
        ((INTERPRETER, CLICK), "the library `openssl` is linked in, but not listed"),
        ((INTERPRETER, OPENSSL, CLICK, CLICK), "two components are called `pkg:pypi/click@8.1`"),
        (
            (INTERPRETER, OPENSSL, CLICK | {"part_of": "pkg:pypi/nothing@1"}),
            "`pkg:pypi/click@8.1` refers to `pkg:pypi/nothing@1`, which is not listed",
        ),
        ((INTERPRETER, OPENSSL | {"kind": "planet"}), "the manifest lists no component"),
    ],
)
def test_what_is_inside_but_of_no_component_is_named(build, components, fault):
    manifest = manifest_of(*components, runtime={"openssl": {}, "python": {}, "obelisk": {}})
    finding = found(build(manifest, [(METADATA, b"Name: Click\n")]))[Promise.COMPONENTS]
    assert not finding.sound
    assert fault in finding.detail


def test_complete_components_are_counted(build):
    manifest = manifest_of(INTERPRETER, OPENSSL, CLICK, runtime={"openssl": {}})
    finding = found(build(manifest, [(METADATA, b"Name: Click\n")]))[Promise.COMPONENTS]
    assert (finding.state, finding.detail) == ("ok", "3 listed")


def test_an_old_manifest_has_no_list_of_components(build):
    finding = found(build({"version": 1}))[Promise.COMPONENTS]
    assert (finding.sound, finding.state) == (True, "note")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"{", "the manifest is not JSON: "),
        (b"[" * 100_000, "the manifest is not JSON: "),
        (b"\xff", "the manifest is not JSON: "),
        (b"[]", "the manifest has no version"),
        (b"{}", "the manifest has no version"),
    ],
    ids=["cut", "deep", "bytes", "list", "empty"],
)
def test_an_unreadable_manifest_is_a_finding(build, text, fault):
    findings = found(build(text))
    assert not findings[Promise.MANIFEST].sound
    assert findings[Promise.MANIFEST].detail.startswith(fault)
    assert Promise.COMPONENTS not in findings


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["reference", "kind", "name", "needs", "files", "part_of"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_no_list_of_components_crashes_a_reader(build, rows):
    assert Promise.COMPONENTS in found(build({"version": 2, "components": rows, "runtime": rows}))


def short(text):
    return b"\xfa" + bytes([len(text)]) + text


def long(text):
    return b"a" + len(text).to_bytes(4, "little") + text


@pytest.mark.parametrize("marshalled", [short, long])
def test_the_file_name_of_code_is_found_if_it_is_absolute(build, marshalled):
    path = b"/builds/somebody/project/src/app.py"
    code = b"\xe3\0\0\0" + marshalled(path) + b"\0"
    findings = found(build(manifest_of(INTERPRETER), code=[("src/app.py", code)]))
    expected = "the path `/builds/somebody/project/src/app.py` in the bytecode of `src/app.py`"
    assert findings[Promise.BUILD_PATH].detail == expected
    for other in (b"src/app.py", b"/etc/other.py", b"see /builds/src/app.py"):
        assert absolute_filename(b"\xe3\0\0\0" + marshalled(other), "src/app.py") is None


@given(st.binary(max_size=60))
def test_no_code_crashes_the_search_for_its_file_name(code):
    for text in (code + b"/app.py", b"/" + code + b"/app.py"):
        absolute_filename(text, "app.py")


def test_text_that_is_no_path_of_this_machine_is_nobodys(build, tmp_path):
    path = build(manifest_of(INTERPRETER), [("a.txt", b"in /home/user/x.py of root@localhost")])
    builder = Builder(user="root", host="localhost", home="/home/user", cache=str(tmp_path))
    assert found(path, builder)[Promise.BUILD_PATH].sound
    assert found(path, builder)[Promise.BUILDER].sound


@pytest.mark.parametrize(
    ("text", "is_there"),
    [
        (b"host forge-7f3a91.", True),
        (b"xforge-7f3a91", False),
        (b"mail of dagny", False),
        (b"dagny@forge-7f3a91", True),
        (b"the s3cret-Of-it!", True),
    ],
)
def test_names_and_secrets_are_found_as_words(build, text, is_there):
    path = build(manifest_of(INTERPRETER), [("a.txt", text)])
    builder = Builder(user="dagny", host="forge-7f3a91", secrets=(("TOKEN", "s3cret-Of-it"),))
    finding = found(path, builder)[Promise.BUILDER]
    assert finding.sound != is_there
    assert "s3cret" not in finding.detail


def test_a_name_of_the_user_in_the_manifest_is_the_builders(build):
    path = build(manifest_of(INTERPRETER, name="dagny"))
    detail = found(path, Builder(user="dagny"))[Promise.BUILDER].detail
    assert detail.startswith("`dagny` in the manifest at offset ")


def test_secrets_are_told_by_the_names_of_variables():
    environment = {
        "UV_INDEX_URL": "https://me:pa55word@index.example/simple",
        "GITHUB_TOKEN": "ghp_0123456789",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/key1.json",
        "SECRET": "password",
        "DB_PASSWORD": "s3cr3t",
        "SSH_AUTH_SOCK": "abcdefgh1",
        "PATH": "/usr/bin:/opt/x86_64/bin",
    }
    expected = [("GITHUB_TOKEN", "ghp_0123456789"), ("UV_INDEX_URL", "pa55word")]
    assert list(secrets_of(environment)) == expected


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_headers_crash_the_reader(tiny_runtime, data):
    image = bytearray(tiny_runtime)
    for _ in range(data.draw(st.integers(1, 8))):
        start, size = data.draw(st.sampled_from([(16, 48), (64, 336), (0x600, 0x140)]))
        image[start + data.draw(st.integers(0, size - 1))] = data.draw(st.integers(0, 255))
    with mmap.mmap(-1, len(image)) as file:
        file[:] = bytes(image)
        try:
            headers = read_headers(file)
        except VerifyError:
            return
        memory = Memory(file, headers.loads)
        header_findings(headers, memory)
        canary_finding(headers, memory, [])


def test_many_faults_are_counted():
    assert listed(["a", "b"]) == "a, b"
    assert listed([*"abcdefg"], "; ") == "a; b; c; d; e and 2 more"
