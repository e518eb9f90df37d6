"""`obelisk sign`, from keys to signatures, and `verify --key`."""

import json
import stat

import pytest

from obelisk import cli
from obelisk.link.link import link
from obelisk.payload.payload import Packed, write_payload
from obelisk.signing.keys import SecretKey
from obelisk.target import DEFAULT_TARGET, parse_target

PASSWORD = "OBELISK_KEY_PASSWORD"


def run(*argv):
    with pytest.raises(SystemExit) as caught:
        cli.main([str(word) for word in argv])
    return caught.value.code


@pytest.fixture(autouse=True)
def own_place(tmp_path, monkeypatch):
    monkeypatch.setenv("OBELISK_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(PASSWORD, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def app(tiny_runtime, controls, tmp_path):
    """An executable."""
    payload = write_payload([], [], controls)
    packed = Packed(pieces=((0, payload),), size=len(payload))
    with (tmp_path / "app").open("wb") as file:
        link(tiny_runtime, packed, None, parse_target(DEFAULT_TARGET)).write(file)
    return tmp_path / "app"


@pytest.fixture
def key(tmp_path, capsys):
    """A pair of keys without a password."""
    assert run("sign", "--new-key", "team.key", "--no-password") == 0
    capsys.readouterr()
    return tmp_path / "team.key"


def test_a_pair_is_two_files_and_the_secret_one_is_the_users_own(key, tmp_path):
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"team.key", "team.pub"}, "no draft is left"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (tmp_path / "team.pub").read_text().startswith("untrusted comment: minisign public key ")


@pytest.mark.parametrize("there", ["team.key", "team.pub"])
def test_keys_are_never_replaced(tmp_path, capsys, there):
    (tmp_path / there).write_text("mine")
    assert run("sign", "--new-key", "team.key", "--no-password") == 2
    assert f"error: {there} already exists" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [there]
    assert (tmp_path / there).read_text() == "mine"


def test_a_signed_executable_verifies_until_it_changes(app, key, capsys):
    assert run("sign", app, "--key", key) == 0
    assert capsys.readouterr().out == f"{app}.minisig\n"
    assert run("verify", app, "--key", "team.pub") == 0
    assert "ok   signature: by the key " in capsys.readouterr().out
    with app.open("ab") as file:
        file.write(b"overlay")
    assert run("verify", app, "--key", "team.pub") == 7
    shown = capsys.readouterr().out
    assert "FAIL signature: the file differs from the one that was signed" in shown
    assert "note trailing data: 7 bytes from offset " in shown


def test_signatures_are_the_same_bytes_every_time(app, key, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    made = []
    for name in ("one", "two"):
        assert run("sign", app, "--key", key, "-o", name) == 0
        made.append((app.parent / name).read_bytes())
    assert made[0] == made[1]


def test_a_key_may_be_given_and_a_signature_be_elsewhere(app, key, tmp_path, capsys):
    assert run("sign", app, "--key", key, "-o", "elsewhere", "--comment", "for you") == 0
    line = (tmp_path / "team.pub").read_text().split("\n")[1]
    assert run("verify", app, "--key", line, "--signature", "elsewhere", "--json") == 0
    out = capsys.readouterr().out
    rows = json.loads(out[out.index("{") :])["findings"]
    (row,) = [row for row in rows if row["id"] == "signature"]
    assert row["state"] == "ok"
    assert row["detail"].endswith(": for you")
    assert run("verify", app, "--signature", "elsewhere") == 2


def test_another_key_and_a_missing_signature_fail(app, key, capsys):
    assert run("verify", app, "--key", "team.pub") == 7
    assert "FAIL signature: cannot read the signature " in capsys.readouterr().out
    assert run("sign", "--new-key", "other.key", "--no-password") == 0
    assert run("sign", app, "--key", "other.key") == 0
    assert run("verify", app, "--key", "team.pub") == 7
    assert "FAIL signature: signed with the key " in capsys.readouterr().out


def test_what_is_no_key_is_named(app, capsys):
    assert run("verify", app, "--key", "nothing.pub") == 2
    assert "error: cannot read the public key nothing.pub: No such file" in capsys.readouterr().err
    assert run("verify", app, "--key", app) == 2
    assert f"error: malformed public key {app}: " in capsys.readouterr().err
    assert run("sign", app, "--key", app) == 2
    assert f"error: malformed secret key {app}: " in capsys.readouterr().err


def test_a_key_that_others_can_read_is_warned_of(app, key, capsys):
    key.chmod(0o644)
    assert run("sign", app, "--key", key) == 0
    assert f"warning: other users can read {key}; run `chmod 600 {key}`" in capsys.readouterr().err


def test_the_password_is_in_the_environment_or_asked_for(app, tmp_path, monkeypatch, capsys):
    text = SecretKey.new().text("pässword".encode(), work=1 << 18, memory=1 << 24)
    (tmp_path / "secret").write_bytes(text)
    (tmp_path / "secret").chmod(0o600)
    assert run("sign", app, "--key", "secret") == 2
    assert f"hint: set {PASSWORD}, or" in capsys.readouterr().err
    monkeypatch.setenv(PASSWORD, "another")
    assert run("sign", app, "--key", "secret") == 2
    assert "error: wrong password for secret" in capsys.readouterr().err
    assert not (tmp_path / "app.minisig").exists()
    monkeypatch.setenv(PASSWORD, "pässword")
    assert run("sign", app, "--key", "secret") == 0


def test_a_signature_replaces_no_input_and_only_a_regular_file(app, key, tmp_path, capsys):
    whole = app.read_bytes()
    for place in (app, key):
        assert run("sign", app, "--key", key, "-o", place) == 2
        assert f"error: refusing to overwrite {place}: it is an input" in capsys.readouterr().err
    (tmp_path / "app.minisig").symlink_to("nowhere")
    assert run("sign", app, "--key", key) == 8
    assert run("sign", app, "--key", key, "-o", "nowhere/else") == 2
    assert app.read_bytes() == whole
    assert {path.name for path in tmp_path.iterdir()} == {
        *("app", "app.minisig", "team.key", "team.pub"),
    }


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("app",),
        ("--key", "team.key"),
        ("app", "--new-key", "other.key"),
        ("nothing", "--key", "team.key"),
        ("app", "--key", "team.key", "--comment", "two\nlines"),
        ("--new-key", "no/folder/key", "--no-password"),
        ("--new-key", "other.key"),
    ],
)
def test_what_cannot_be_signed_is_an_error(app, key, words, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    assert run("sign", *words) == 2
    assert "error: " in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before
