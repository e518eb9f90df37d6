"""Newer releases: how versions compare, and what indexes and listings say of them."""

import functools
import io
import lzma
import threading
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from obelisk.config.own_pins import OwnPins, own_pins
from obelisk.config.toml import parse_toml
from obelisk.services import releases
from obelisk.services.pins import Origin, shipped_pins
from obelisk.services.releases import Release, hashed, listing, newer_releases, table_of
from obelisk.services.versions import series, sort_key

SHA = "ab" * 32


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("3.5.7", "3.5.10"),
        ("1.1.1", "1.1.1w"),
        ("3.14.0rc1", "3.14.0"),
        ("3.14.0b4", "3.14.0rc1"),
        ("6.5+20240101", "6.5+20250216"),
        ("20240808-3.1", "20250104-3.1"),
        ("1.85+krb5-1.21.3", "1.85+krb5-1.22.1"),
        ("1.3.1", "1.3.1.1"),
        ("3.5.0~alpha1", "3.5.0"),
    ],
)
def test_versions_are_ordered_by_their_numbers(older, newer):
    assert sort_key(older) < sort_key(newer)
    assert sort_key(older) == sort_key(older)


def test_what_is_no_version_comes_first():
    assert sort_key("unknown") == sort_key("") < sort_key("0.1")


def test_a_series_is_two_numbers():
    assert series("3.14.6") == series("3.14.10") == ("3", "14")


def index(*rows):
    """The paragraphs of an index: of (package, directory, file, digest)."""
    text = "".join(
        f"Package: {package}\nVersion: 1-1\nDirectory: pool/main/{folder}\nChecksums-Sha256:\n"
        f" {digest} 5 {file}\n {digest} 7 {file}.asc\n {digest} 9 {package}_1-1.dsc\n\n"
        for package, folder, file, digest in rows
    )
    return lzma.open(io.BytesIO(lzma.compress(text.encode())), "rt")


@pytest.mark.parametrize(
    ("name", "package", "file", "version"),
    [
        ("openssl", "openssl", "openssl_3.5.99.orig.tar.gz", "3.5.99"),
        ("zlib", "zlib", "zlib_1.3.dfsg+really1.3.9.orig.tar.gz", "1.3.9"),
        ("mimalloc", "mimalloc", "mimalloc_2.0.99+ds.orig.tar.xz", "2.0.99"),
        ("libdb", "krb5", "krb5_1.22.9.orig.tar.gz", "1.85+krb5-1.22.9"),
        ("libxml2", "libxml2", "libxml2_2.15.4+dfsg.orig.tar.xz", "2.15.4"),
        ("cpython-3.14", "python3.14", "python3.14_3.14.99.orig.tar.xz", "3.14.99"),
    ],
)
def test_debian_names_versions_in_its_own_way(name, package, file, version):
    pinned = shipped_pins()[name]
    folder = pinned.origins[-1].debian.rpartition("/")[0]
    (paragraph,) = releases._paragraphs(index((package, folder, file, SHA)))
    (found,) = releases._of_paragraph(pinned, paragraph, "Debian unstable")
    assert (found.version, found.origin.debian) == (version, f"{folder}/{file}")
    assert (found.origin.sha256, found.origin.size) == (SHA, 5)
    own = OwnPins().with_table(parse_toml(table_of(found), "printed"), "printed")
    (again,) = own_pins(own, None).own
    assert (again.name, again.version, again.sha256) == (name, version, SHA)


def test_the_newest_of_the_series_and_of_all_are_kept():
    pinned = shipped_pins()["openssl"]

    def found(version):
        origin = Origin(url=None, debian=f"o/openssl/{version}", sha256=SHA, size=1)
        return Release(pinned=pinned, version=version, origin=origin, found="here")

    versions = ("3.5.7", "3.5.98", "3.5.99", "3.6.5", "4.0.0", "3.0.20")
    kept = releases._newest(pinned, [found(version) for version in versions])
    assert [one.version for one in kept] == ["3.5.99", "4.0.0"]
    python = shipped_pins()["cpython-3.14"]
    other = [replace(found(version), pinned=python) for version in ("3.14.99", "3.15.0")]
    assert [one.version for one in releases._newest(python, other)] == ["3.14.99"]


@pytest.mark.parametrize(
    ("url", "version", "page", "link"),
    [
        (
            "https://host/releases/musl-1.2.6.tar.gz",
            "1.2.6",
            "https://host/releases/",
            "https://host/releases/musl-1.2.7.tar.gz",
        ),
        (
            "https://host/ftp/python/3.14.6/Python-3.14.6.tar.xz",
            "3.14.6",
            "https://host/ftp/python/",
            "https://host/ftp/python/3.14.7/",
        ),
        (
            "https://github.com/a/b/releases/download/b-3.5.7/b-3.5.7.tar.gz",
            "3.5.7",
            "https://github.com/a/b/releases",
            "https://github.com/a/b/releases/tag/b-3.5.8",
        ),
    ],
)
def test_a_listing_is_found_by_the_address(url, version, page, link):
    found, pattern = listing(url, version)
    assert found == page
    assert pattern.fullmatch(link)["version"].startswith(version[:-1])
    assert not pattern.fullmatch(link + ".asc")


def test_an_address_without_the_version_has_no_listing():
    assert listing("https://host/latest.tar.gz", "1.0") is None


@pytest.fixture
def server(tmp_path):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words):
            pass

    handler = functools.partial(Quiet, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()


def test_a_listing_is_read_and_its_archive_hashed(server, tmp_path):
    folder = tmp_path / "musl"
    folder.mkdir()
    for version in ("1.2.5", "1.2.6", "1.2.99"):
        (folder / f"musl-{version}.tar.gz").write_bytes(version.encode())
    (folder / "musl-1.2.98.tar.gz.asc").write_bytes(b"")
    origin = Origin(url=f"{server}/musl/musl-1.2.6.tar.gz", debian=None, sha256=SHA, size=1)
    gone = replace(origin, url=f"{server}/gone/zlib-1.3.1.tar.gz")
    pins = [
        replace(shipped_pins()["musl"], origins=(origin,)),
        replace(shipped_pins()["zlib"], origins=(gone,)),
    ]
    checked = newer_releases(pins)
    (found,) = checked.releases
    assert (found.version, found.found) == ("1.2.99", f"{server}/musl/")
    assert found.origin.url == f"{server}/musl/musl-1.2.99.tar.gz"
    assert hashed(found).origin.size == 6
    assert {place for place, _ in checked.unreached} == {f"{server}/gone/"}
