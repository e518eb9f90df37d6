import hashlib
import io
import os
import tarfile
import time

import pytest
from elf_files import header

from obelisk.errors import SourceError, ToolError
from obelisk.services.cache import content_key
from obelisk.services.fetch import fetch, unpack
from obelisk.services.pins import Origin, Pin, shipped_pins
from obelisk.services.process import run_captured, run_logged, working_together
from obelisk.target import TARGETS, parse_target


def test_keys_depend_on_values_and_not_on_order():
    assert content_key({"a": 1, "b": [2]}) == content_key({"b": [2], "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})


def make_source(data, name="thing.tar.gz"):
    digest = hashlib.sha256(data).hexdigest()
    origin = Origin(url=None, debian=f"t/thing/{name}", sha256=digest, size=len(data))
    return Pin(name="thing", version="1", license="MIT", license_file="L", origins=(origin,))


def test_offline_archives_are_checked(tmp_path, cache):
    pinned = make_source(b"good bytes")
    with pytest.raises(SourceError, match=r"no archive of `thing`.*`thing\.tar\.gz`"):
        fetch(pinned, cache, tmp_path)
    (tmp_path / "thing.tar.gz").write_bytes(b"good bytes")
    assert fetch(pinned, cache, tmp_path).read_bytes() == b"good bytes"
    (tmp_path / "thing.tar.gz").write_bytes(b"evil bytes")
    with pytest.raises(SourceError, match="hash mismatch for `thing`"):
        fetch(pinned, cache, tmp_path)
    (tmp_path / "thing.tar.gz").write_bytes(b"good")
    with pytest.raises(SourceError, match="4 bytes, expected 10"):
        fetch(pinned, cache, tmp_path)


def serve(tmp_path, data):
    path = tmp_path / "served.tar.gz"
    path.write_bytes(data)
    return path.as_uri()


def test_a_download_is_checked_and_cached(tmp_path, cache, monkeypatch):
    monkeypatch.delenv("OBELISK_ARCHIVES", raising=False)
    good = b"archive"
    digest = hashlib.sha256(good).hexdigest()
    url = serve(tmp_path, good)
    origin = Origin(url=url, debian=None, sha256=digest, size=len(good))
    pinned = Pin(name="t", version="1", license="MIT", license_file="L", origins=(origin,))
    first = fetch(pinned, cache, None)
    (tmp_path / "served.tar.gz").unlink()
    assert fetch(pinned, cache, None) == first


def test_a_truncated_download_leaves_nothing(tmp_path, cache, monkeypatch):
    monkeypatch.delenv("OBELISK_ARCHIVES", raising=False)
    url = serve(tmp_path, b"arch")
    digest = hashlib.sha256(b"archive").hexdigest()
    origin = Origin(url=url, debian=None, sha256=digest, size=7)
    pinned = Pin(name="t", version="1", license="MIT", license_file="L", origins=(origin,))
    with pytest.raises(SourceError, match="4 bytes, expected 7"):
        fetch(pinned, cache, None)
    assert cache.find("downloads", digest) is None


def test_an_unreachable_source_names_every_origin(cache, monkeypatch):
    monkeypatch.delenv("OBELISK_ARCHIVES", raising=False)
    origin = Origin(url="file:///nothing/here.tar", debian=None, sha256="0" * 64, size=1)
    pinned = Pin(name="t", version="1", license="MIT", license_file="L", origins=(origin,))
    with pytest.raises(SourceError, match="cannot download `t` 1") as caught:
        fetch(pinned, cache, None)
    assert "here.tar" in str(caught.value)
    assert "--archives" in caught.value.hint


def member(name, kind=tarfile.REGTYPE, linkname=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, linkname, 0o4777
    return info


@pytest.fixture(params=["filter", "older"])
def either_python(request, monkeypatch):
    """With the tar filter that Python has since 3.11.4, and as if there were none."""
    if request.param == "older":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)


@pytest.mark.parametrize(
    "evil",
    [
        member("../escaped"),
        member("top/../../escaped"),
        member("top/link", tarfile.SYMTYPE, "../../escaped"),
        member("top/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("top/link", tarfile.LNKTYPE, "../escaped"),
        member("top/device", tarfile.CHRTYPE),
    ],
    ids=lambda info: f"{info.name} {info.linkname}",
)
def test_archives_cannot_escape(tmp_path, either_python, evil):
    archive = tmp_path / "evil.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(member("top", tarfile.DIRTYPE))
        tar.addfile(evil)
    with pytest.raises(SourceError, match="cannot unpack"):
        unpack(archive, tmp_path / "deep/into")
    assert not list(tmp_path.rglob("escaped"))


def test_archives_are_unpacked(tmp_path, either_python):
    archive = tmp_path / "good.tar"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(member("top", tarfile.DIRTYPE))
        info = member("top/sub/file")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"text"))
        tar.addfile(member("top/link", tarfile.SYMTYPE, "sub/file"))
    top = unpack(archive, tmp_path / "into")
    assert (top / "link").read_text() == "text"
    assert (top / "sub/file").stat().st_mode & 0o7022 == 0


def test_every_pin_is_whole():
    for pinned in shipped_pins():
        assert pinned.license
        assert len({origin.filename for origin in pinned.origins}) == len(pinned.origins)
        assert any(origin.debian for origin in pinned.origins)


def test_a_failing_tool_is_told_with_its_last_lines(tmp_path):
    log = tmp_path / "log.txt"
    script = "for i in $(seq 100); do echo line $i; done; exit 3"
    with pytest.raises(ToolError, match="exited with status 3") as caught:
        run_logged(["sh", "-c", script], log=log, cwd=tmp_path, env=dict(os.environ), what="work")
    assert "line 100" in str(caught.value)
    assert "line 1\n" not in str(caught.value)
    assert str(log) in caught.value.hint


def test_one_failure_ends_the_programs_beside_it(tmp_path):
    def start(command):
        run_logged(
            ["sh", "-c", command],
            log=tmp_path / "log",
            cwd=tmp_path,
            env=dict(os.environ),
            what="work",
        )

    started = time.monotonic()
    with pytest.raises(ToolError, match="status 3"), working_together(2) as pool:  # noqa: PT012
        slow = pool.submit(start, "sleep 60; sleep 60")
        pool.submit(start, "sleep 0.2; exit 3").result()
    assert time.monotonic() - started < 30
    with pytest.raises(ToolError, match="work was interrupted"):
        slow.result()
    start("true")


def test_a_missing_tool_is_named():
    with pytest.raises(ToolError, match="cannot start `no-such-tool`"):
        run_captured(["no-such-tool"], what="work")


def test_a_program_of_another_machine_is_not_one_that_is_missing(tmp_path):
    program = tmp_path / "program"
    program.write_bytes(header(machine=0xFFF0, kind=2).ljust(4096, b"\0"))
    program.chmod(0o755)
    with pytest.raises(ToolError, match=r"cannot start .*: Exec format error") as caught:
        run_captured([program], what="work")
    assert "another machine" in caught.value.hint


def test_targets_know_where_they_run():
    target = parse_target("x86_64-unknown-linux-musl")
    assert target.runs_on("x86_64", "Linux")
    assert not target.runs_on("arm64", "Darwin")
    assert all(name == target.triple for name, target in TARGETS.items())
