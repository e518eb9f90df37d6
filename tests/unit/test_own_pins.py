"""Pins of the user's own: where they are written, what they replace, and what is wrong in them."""

import hashlib
import io
import tarfile
from dataclasses import replace

import pytest

from obelisk.config.own_pins import OwnPins, own_pins
from obelisk.config.recognize import read_request
from obelisk.config.request import CommandLine, read_requests
from obelisk.config.settings import Settings, apply_assignments
from obelisk.config.tables import apply_table
from obelisk.distribution.distribution import distribution_key
from obelisk.distribution.versions import python_source
from obelisk.errors import ConfigError, SourceError, ToolError
from obelisk.plan import make_plans
from obelisk.recipes.build import library_key, source_identity
from obelisk.recipes.own import own_pin_named
from obelisk.services.cache import Cache
from obelisk.services.fetch import fetch
from obelisk.services.pins import shipped_pins
from obelisk.target import DEFAULT_TARGET, parse_target

TARGET = parse_target(DEFAULT_TARGET)
SHA = "ab" * 32
OPENSSL = {"version": "3.5.99", "url": "https://host/openssl-3.5.99.tar.gz", "sha256": SHA}


def settings_with(**pins):
    return apply_table(Settings(), {"pins": pins}, "here")


def pins_with(tmp_path, **pins):
    return own_pins(settings_with(**pins).pins, tmp_path)


def refused(tmp_path, name="openssl", **changed):
    values = {key: value for key, value in (OPENSSL | changed).items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        pins_with(tmp_path, **{name: values})
    return f"{caught.value} ({caught.value.hint})"


def test_a_pin_takes_the_place_of_the_shipped_one(tmp_path):
    pins = pins_with(tmp_path, openssl=OPENSSL)
    pinned = pins["openssl"]
    assert (pinned.version, pinned.sha256, pinned.origins[0].url) == tuple(
        OPENSSL[key] for key in ("version", "sha256", "url")
    )
    assert pinned.license == shipped_pins()["openssl"].license
    assert pinned.license_file == shipped_pins()["openssl"].license_file
    assert pinned.own == "`openssl` of `pins` of here"
    assert pins["zlib"] == shipped_pins()["zlib"]
    assert pins.own == (pinned,)
    assert not shipped_pins().own


def test_a_license_may_be_another_one(tmp_path):
    changed = OPENSSL | {"license": "MIT", "license-file": "COPYING", "size": 7}
    pinned = pins_with(tmp_path, openssl=changed)["openssl"]
    assert (pinned.license, pinned.license_file, pinned.origins[0].size) == ("MIT", "COPYING", 7)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sha256": None}, "`openssl` of `pins` of here has no `sha256`"),
        ({"version": None}, "has no `version`"),
        ({"sha256": "abc"}, "`sha256` in `openssl` of `pins` of here must be 64 hexadecimal"),
        ({"sha256": 7}, "`sha256` in `openssl` of `pins` of here must be a non-empty UTF-8 string"),
        ({"url": None}, "has neither `url` nor `file`"),
        ({"file": "openssl.tar.gz"}, "has both `url` and `file`"),
        ({"url": "ftp://host/x.tar"}, "is not an address"),
        ({"url": "https:///x.tar"}, "is not an address"),
        ({"url": "https://[host/x.tar"}, "is not an address"),
        ({"url": "https://me:secret@host/x.tar"}, "contains credentials"),
        ({"version": "3.5/../9"}, "must be letters, digits"),
        ({"size": 0}, "must be a number of bytes"),
        ({"sha-256": SHA}, "did you mean `sha256`?"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, changed, said):
    message = refused(tmp_path, **changed)
    assert said in message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [("opensll", "did you mean `openssl`?"), ("cpython-3", '`"cpython-3.14"`')],
)
def test_an_unknown_name_is_refused(name, hint):
    with pytest.raises(ConfigError, match=f"unknown pin `{name}` in `pins` of here") as caught:
        settings_with(**{name: OPENSSL})
    assert hint in caught.value.hint


def test_a_pin_is_a_table():
    with pytest.raises(ConfigError, match="`openssl` in `pins` of here must be a table"):
        settings_with(openssl="3.5.99")


@pytest.mark.parametrize("version", ["3.13.9", "3.14", "3.14.x", "3.140.1"])
def test_a_python_is_of_the_series_of_its_name(tmp_path, version):
    message = refused(tmp_path, "cpython-3.14", version=version)
    assert "is no release of 3.14 (expected `3.14.N`)" in message


def test_a_python_may_be_any_release_of_its_series(tmp_path):
    pins = pins_with(tmp_path, **{"cpython-3.14": OPENSSL | {"version": "3.14.99"}})
    assert python_source("3.14", pins).version == "3.14.99"
    assert python_source("3.14.99", pins).own
    with pytest.raises(ConfigError, match=r"`3\.14\.6` was asked for, and .* pins 3\.14\.99"):
        python_source("3.14.6", pins)


def script(tmp_path, *lines):
    text = "\n".join(f"# {line}" for line in lines)
    (tmp_path / "app.py").write_text(f"# /// script\n{text}\n# ///\n")
    return str(tmp_path / "app.py")


def test_a_pin_of_another_python_is_refused(tmp_path):
    pin = f'{{version = "3.13.99", file = "x", sha256 = "{SHA}"}}'
    path = script(tmp_path, f'tool.obelisk.pins."cpython-3.13" = {pin}')
    with pytest.raises(ConfigError, match=r"app\.py pins a Python other than .* 3\.14") as caught:
        make_plans(read_request(path))
    assert "`--python 3.13`" in caught.value.hint


def test_a_plan_has_the_pins_of_its_configuration(tmp_path):
    path = script(
        tmp_path,
        "[tool.obelisk.pins.openssl]",
        'version = "3.5.99"',
        'file = "archives/openssl.tar.gz"',
        f'sha256 = "{SHA.upper()}"',
    )
    (plan,) = make_plans(read_request(path))
    (pinned,) = plan.own_pins
    assert pinned.origins[0].file == tmp_path / "archives/openssl.tar.gz"
    assert pinned.sha256 == SHA


def test_only_what_is_built_is_listed(tmp_path):
    path = script(tmp_path, 'requires-python = ">=3.11"')
    request = read_request(path)

    def listed(**values):
        settings = settings_with(libxml2=OPENSSL, sqlite=OPENSSL)
        (plan,) = make_plans(replace(request, settings=replace(settings, **values)))
        return [pinned.name for pinned in plan.own_pins]

    assert listed() == ["sqlite"]
    assert sorted(listed(build_packages=("libxslt",))) == ["libxml2", "sqlite"]


def test_files_of_pins_come_after_the_configuration_and_before_assignments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = script(tmp_path, f'tool.obelisk.pins.openssl = {{version = "3.5.1", sha256 = "{SHA}"}}')
    (tmp_path / "more").mkdir()
    file = tmp_path / "more/pins.toml"
    file.write_text('[openssl]\nversion = "3.5.2"\nfile = "o.tar"\n[zlib]\nversion = "1.3.9"\n')
    command = CommandLine(what=(path,), pins=(file,), assignments=("pins.zlib.version=1.4.0",))
    (request,) = read_requests(command).requests
    tables = {own.name: own.table for own in request.settings.pins.tables}
    assert tables["openssl"].version == "3.5.2"
    assert tables["openssl"].sha256 is None, "tables of a file are whole"
    assert tables["openssl"].file == str(tmp_path / "more/o.tar")
    assert tables["zlib"].version == "1.4.0"


def test_tables_are_merged_key_by_key():
    settings = apply_assignments(settings_with(openssl=OPENSSL), ["pins.openssl.size=9"])
    (own,) = settings.pins.tables
    assert (own.table.size, own.table.sha256) == (9, SHA)
    assert own.where.endswith("`--set pins.openssl.size=9`")


def test_pins_are_in_the_keys_of_what_is_built_of_them(tmp_path):
    shipped, own = shipped_pins(), pins_with(tmp_path, openssl=OPENSSL)
    python = python_source("3.14", own)
    assert library_key(TARGET, "openssl", own) != library_key(TARGET, "openssl", shipped)
    assert library_key(TARGET, "zlib", own) == library_key(TARGET, "zlib", shipped)
    assert distribution_key(TARGET, python, own) != distribution_key(TARGET, python, shipped)
    needed = pins_with(tmp_path, libxml2=OPENSSL)
    assert library_key(TARGET, "libxslt", needed) != library_key(TARGET, "libxslt", shipped)
    assert distribution_key(TARGET, python, needed) == distribution_key(TARGET, python, shipped)


def test_a_pin_of_the_same_bytes_has_the_same_key(tmp_path):
    shipped = shipped_pins()["openssl"]
    own = OPENSSL | {"version": shipped.version, "sha256": shipped.sha256}
    pinned = pins_with(tmp_path, openssl=own)["openssl"]
    assert source_identity(pinned, TARGET) == source_identity(shipped, TARGET)


def archive(path):
    with tarfile.open(path, "w") as tar:
        info = tarfile.TarInfo("openssl-3.5.99/LICENSE.txt")
        tar.addfile(info, io.BytesIO())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def file_pin(tmp_path, sha256):
    values = {"version": "3.5.99", "file": "o.tar", "sha256": sha256}
    return pins_with(tmp_path, openssl=values)["openssl"]


def test_a_file_is_checked_before_it_is_used(tmp_path):
    digest = archive(tmp_path / "o.tar")
    cache = Cache(tmp_path / "cache")
    with pytest.raises(SourceError, match=r"hash mismatch for `openssl` .* of `pins` of here"):
        fetch(file_pin(tmp_path, SHA), cache, None)
    found = fetch(file_pin(tmp_path, digest), cache, None)
    assert found.read_bytes() == (tmp_path / "o.tar").read_bytes()
    # What was checked is what is used from then on, whatever becomes of the file.
    (tmp_path / "o.tar").write_bytes(b"")
    assert fetch(file_pin(tmp_path, digest), cache, None) == found


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"cannot read `openssl` 3\.5\.99, pinned by") as caught:
        fetch(file_pin(tmp_path, SHA), Cache(tmp_path / "cache"), None)
    assert "o.tar: No such file" in str(caught.value)


def test_an_archive_of_the_folder_takes_the_place_of_a_missing_file(tmp_path):
    (tmp_path / "archives").mkdir()
    digest = archive(tmp_path / "archives/o.tar")
    pinned = file_pin(tmp_path, digest)
    assert fetch(pinned, Cache(tmp_path / "cache"), tmp_path / "archives").parent.name == "archives"


def test_what_an_own_pin_breaks_is_said_by_the_recipe(tmp_path):
    pinned = pins_with(tmp_path, openssl=OPENSSL)["openssl"]
    with pytest.raises(ToolError) as caught, own_pin_named(pinned):
        raise ToolError("zlib/01-x.patch: the text that hunk 1 changes is not in inflate.c")
    known = shipped_pins()["openssl"].version
    assert str(caught.value) == (
        "`openssl` 3.5.99, pinned by `openssl` of `pins` of here, does not build: its recipe and "
        f"patches are for {known}\n"
        "zlib/01-x.patch: the text that hunk 1 changes is not in inflate.c"
    )
    with pytest.raises(ToolError, match="no such file: LICENSE"), own_pin_named(pinned):
        raise FileNotFoundError(2, "No such file", "LICENSE")
    with pytest.raises(FileNotFoundError), own_pin_named(shipped_pins()["openssl"]):
        raise FileNotFoundError(2, "No such file", "LICENSE")


def test_none_are_none():
    assert own_pins(OwnPins(), None) == shipped_pins()
