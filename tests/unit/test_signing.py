"""Signatures: what is signed verifies, and nothing else does; every file is other people's text."""

import base64
import contextlib
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obelisk.errors import ConfigError, VerifyError
from obelisk.signing.keys import PublicKey, SecretKey, StoredKey, scrypt_parameters
from obelisk.signing.signature import Signature, check, default_comment, sign, signature_path

PUBLIC = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
"""minisign's own key."""
OLD_SIGNATURE = """untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
"""
"""Of minisign 0.8, without -H."""
CASES = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def key():
    return SecretKey.new()


@pytest.fixture
def signed(key, tmp_path):
    """A file with its signature."""
    path = tmp_path / "app"
    path.write_bytes(b"an executable")
    signature_path(path).write_bytes(sign(path, key, "file:app\thashed").text())
    return path


def fault(path, key, signature=None):
    with pytest.raises(VerifyError) as caught:
        check(path, signature or signature_path(path), key)
    return str(caught.value)


def test_what_was_signed_verifies(signed, key):
    assert check(signed, signature_path(signed), key.public_key) == "file:app\thashed"


def test_a_changed_file_does_not(signed, key):
    signed.write_bytes(b"another executable")
    assert fault(signed, key.public_key) == "the file differs from the one that was signed"


def test_a_changed_comment_does_not(signed, key):
    place = signature_path(signed)
    place.write_text(place.read_text().replace("file:app", "file:ape"))
    assert fault(signed, key.public_key) == "the trusted comment was changed"


def test_an_untrusted_comment_may_change(signed, key):
    place = signature_path(signed)
    lines = place.read_text().split("\n")
    place.write_text("\r\n".join(["untrusted comment: anything", *lines[1:4]]) + "\r\n")
    check(signed, place, key.public_key)


def test_another_key_is_named(signed, key):
    other = SecretKey.new().public_key
    assert fault(signed, other) == f"signed with the key {key.public_key} instead of {other}"


def test_a_key_with_the_number_of_another_does_not_verify(signed, key):
    other = PublicKey(number=key.number, key=SecretKey.new().public)
    assert fault(signed, other) == "the file differs from the one that was signed"


def test_a_missing_signature_is_named(signed, key, tmp_path):
    signature_path(signed).unlink()
    place = tmp_path / "app.minisig"
    expected = f"cannot read the signature {place}: No such file or directory"
    assert fault(signed, key.public_key) == expected


def test_a_signature_of_the_whole_file_is_refused(tmp_path):
    (tmp_path / "test").write_text("test")
    (tmp_path / "test.minisig").write_text(OLD_SIGNATURE)
    assert "sign again with a newer minisign" in fault(tmp_path / "test", PublicKey.read(PUBLIC))


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (0, "comment: x", "no line with `untrusted comment:`"),
        (1, "RUQ!", "not base64"),
        (1, "RUQ=", "2 bytes of base64 instead of 74"),
        (1, base64.b64encode(b"XX" + bytes(72)).decode(), "unknown algorithm"),
        (2, "file:app", "no line with `trusted comment:`"),
        (3, "AAAA", "3 bytes of base64 instead of 64"),
        (3, "", "0 bytes of base64 instead of 64"),
        (3, "x\ny", "5 lines instead of 4"),
    ],
)
def test_a_malformed_signature_is_named(signed, key, line, text, reason):
    place = signature_path(signed)
    lines = place.read_text().split("\n")
    lines[line] = text
    place.write_text("\n".join(lines))
    assert fault(signed, key.public_key) == f"malformed signature {place}: {reason}"


@CASES
@given(st.data())
def test_no_changed_signature_verifies_and_none_crashes(signed, key, data):
    place = signature_path(signed)
    whole = bytearray(place.read_bytes())
    signed_part = whole.index(b"\n")
    at = data.draw(st.integers(signed_part, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != whole[at]))
    changed = place.with_name("changed")
    cut = data.draw(st.sampled_from([len(whole), at + 1]))
    changed.write_bytes(whole[:cut])
    text = whole.decode(errors="replace")
    with contextlib.suppress(VerifyError):
        check(signed, changed, key.public_key)
        pytest.fail(text)


@CASES
@given(st.binary(max_size=400))
def test_no_text_crashes_a_reader(tmp_path, text):
    place = tmp_path / "text"
    for prefix in (b"", b"untrusted comment: \n"):
        place.write_bytes(prefix + text)
        with contextlib.suppress(VerifyError):
            Signature.read(place)
        for read in (lambda: PublicKey.read(str(place)), lambda: StoredKey.read(place)):
            with contextlib.suppress(ConfigError):
                read()


@CASES
@given(st.text(max_size=100))
def test_no_word_crashes_the_reader_of_a_public_key(text):
    with contextlib.suppress(ConfigError):
        PublicKey.read(text)


@CASES
@given(st.integers(0, 1 << 64), st.integers(0, 1 << 64))
def test_parameters_of_scrypt_are_those_of_libsodium(work, memory):
    assert scrypt_parameters(work, memory) == libsodium(work, memory)


def libsodium(work, memory):
    """`pickparams` of its crypto_pwhash/scryptsalsa208sha256, as it stands there; r is 8."""
    work = max(work, 32768)

    def chosen(largest):
        power = 1
        while power < 63 and not (1 << power) > largest // 2:
            power += 1
        return power

    if work < memory // 32:
        return 1 << chosen(work // 32), 1
    power = chosen(memory // 1024)
    return 1 << power, min((work // 4) // (1 << power), 0x3FFFFFFF) // 8


@pytest.mark.parametrize("password", [None, b"", "pässword".encode()])
def test_a_key_is_stored_and_read(key, tmp_path, password):
    place = tmp_path / "key"
    place.write_bytes(key.text(password, work=1 << 18, memory=1 << 24))
    stored = StoredKey.read(place)
    assert stored.encrypted == (password is not None)
    assert stored.unlocked(password) == key
    assert (key.seed in base64.b64decode(place.read_bytes().split(b"\n")[1])) != stored.encrypted
    if password:
        with pytest.raises(ConfigError, match=r"^wrong password for "):
            stored.unlocked(b"another")


def test_a_public_key_is_read_from_a_file_or_given(key, tmp_path):
    place = tmp_path / "key.pub"
    place.write_bytes(key.public_key.text())
    line = place.read_text().split("\n")[1]
    assert PublicKey.read(str(place)) == PublicKey.read(line) == key.public_key
    assert str(PublicKey.read(PUBLIC)) == "E7620F1842B4E81F"


@pytest.mark.parametrize("at", [10, 120, 180])
def test_a_damaged_key_is_refused(key, tmp_path, at):
    place = tmp_path / "key"
    comment, line, _ = key.text(None).split(b"\n")
    data = bytearray(base64.b64decode(line))
    data[at % len(data)] ^= 1
    place.write_bytes(comment + b"\n" + base64.b64encode(data) + b"\n")
    with contextlib.suppress(ConfigError):
        assert StoredKey.read(place).unlocked(None) == key, "only its salt may have changed"


def test_a_key_that_asks_for_too_much_is_refused(key, tmp_path):
    comment, line, _ = key.text(None).split(b"\n")
    data = bytearray(base64.b64decode(line))
    data[2:4] = b"Sc"
    data[46:54] = (1 << 40).to_bytes(8, "little")
    place = tmp_path / "key"
    place.write_bytes(comment + b"\n" + base64.b64encode(data) + b"\n")
    with pytest.raises(ConfigError, match="more work or memory for scrypt than minisign asks for"):
        StoredKey.read(place)


@pytest.mark.parametrize("comment", ["two\nlines", "\x1b[2J", "x" * 8192])
def test_a_comment_is_a_line(key, signed, comment):
    with pytest.raises(ConfigError, match="the trusted comment must be one line of at most"):
        sign(signed, key, comment)


def test_the_time_is_in_a_comment_only_if_it_is_given(signed, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert default_comment(signed) == "file:app\thashed"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert default_comment(signed) == "timestamp:1700000000\tfile:app\thashed"


@pytest.fixture
def minisign():
    found = shutil.which("minisign")
    if found is None:
        pytest.skip("minisign is not installed (Debian's package minisign)")

    def call(*words, cwd, stdin=""):
        argv = [found, *map(str, words)]
        return subprocess.run(
            argv, cwd=cwd, input=stdin, text=True, capture_output=True, check=False
        )

    return call


def test_minisign_verifies_what_we_sign(minisign, signed, key, tmp_path):
    (tmp_path / "key.pub").write_bytes(key.public_key.text())
    done = minisign("-V", "-H", "-m", signed, "-p", "key.pub", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Trusted comment: file:app\thashed" in done.stdout
    signed.write_bytes(b"changed")
    assert minisign("-V", "-m", signed, "-p", "key.pub", cwd=tmp_path).returncode == 1


@pytest.mark.parametrize("password", [None, "pässword"])
def test_minisign_signs_with_our_key(minisign, signed, key, tmp_path, password):
    (tmp_path / "key").write_bytes(key.text(password and password.encode()))
    signature_path(signed).unlink()
    words = ("-S", "-m", signed, "-s", "key", "-t", "a comment of minisign's")
    done = minisign(*words, cwd=tmp_path, stdin=f"{password}\n" if password else "")
    assert done.returncode == 0, done.stderr
    place = signature_path(signed)
    assert check(signed, place, key.public_key) == "a comment of minisign's"


@pytest.mark.parametrize("password", [None, "pässword"])
def test_we_sign_with_a_key_of_minisign(minisign, signed, tmp_path, password):
    words = ["-G", "-f", "-p", "its.pub", "-s", "its.key", *(() if password else ("-W",))]
    done = minisign(*words, cwd=tmp_path, stdin=f"{password}\n" * 2 if password else "")
    assert done.returncode == 0, done.stderr
    stored = StoredKey.read(tmp_path / "its.key")
    assert stored.encrypted == (password is not None)
    key = stored.unlocked(password and password.encode())
    assert PublicKey.read(str(tmp_path / "its.pub")) == key.public_key
    signature_path(signed).write_bytes(sign(signed, key, "ours").text())
    done = minisign("-V", "-m", signed, "-p", "its.pub", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
