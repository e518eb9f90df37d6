"""Contents that share a frame with others, where size comes first."""

import json
import shutil

import pytest
from support import APPS, obelisk, run

from obelisk.payload.reader import read_payload
from obelisk.verify.verify import open_payload

pytestmark = pytest.mark.compile

TOOL = '#!/bin/sh\n# A program that is compressed, and executed by its path.\necho "$1"\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shared") / "shared"
    shutil.copytree(APPS / "shared", folder)
    texts = folder / "texts"
    texts.mkdir(exist_ok=True)
    for number in range(60):
        name = f"{number:02}.txt"
        (texts / name).write_text(f"text {name}\n" * (50 + number))
    (texts / "tool").write_text(TOOL + "# and so on\n" * 90)
    (texts / "tool").chmod(0o755)
    return folder


@pytest.fixture(scope="module", params=["zstd", "snapshot"])
def built(request, project, python_version):
    path = project.parent / request.param
    options = {
        "zstd": ("--compression", "zstd", "--relinkable", project.parent / "again"),
        "snapshot": ("--snapshot", "--train", "read"),
    }[request.param]
    obelisk("build", "-q", project / "shared.py", "--python", python_version, *options, "-o", path)
    return path


def shared(payload):
    """The records that share a frame, by its offset."""
    found = {}
    for one in payload.records:
        if one.frame:
            found.setdefault(one.offset, []).append(one)
    return {place: ones for place, ones in found.items() if len({o.begin for o in ones}) > 1}


def test_contents_share_frames(built):
    groups = shared(open_payload(built)[1]).values()
    (texts,) = {tuple(one.name for one in ones) for ones in groups if "texts/07.txt" in str(ones)}
    assert sum("texts/" in name for name in texts) > 5
    codes = [one.name for ones in groups for one in ones if one.kind.name == "CODE"]
    assert any(name.endswith("shared_modules/second.py") for name in codes)
    assert len(codes) > 300


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("read", "True\n"),
        ("threads", "True\n"),
        ("fork", "0\n0\n0\n"),
        ("programs", "spawned\n" * 5 + "by posix_spawn\n"),
        ("deferred", "21 42\n"),
    ],
)
@pytest.mark.parametrize("snapshot", ["0", "1"])
def test_they_are_read(built, part, said, snapshot):
    done = run([built, part], cwd="/", env={"OBELISK_SNAPSHOT": snapshot})
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")


@pytest.mark.parametrize("snapshot", ["0", "1"])
def test_a_traceback_shows_their_text(built, snapshot):
    done = run([built, "failure"], cwd="/", env={"OBELISK_SNAPSHOT": snapshot})
    assert done.returncode == 1
    assert '    raise ValueError("this line is in the traceback")\n' in done.stderr
    assert 'shared_modules/second.py", line 6, in fails\n' in done.stderr


def test_damage_is_of_all_that_share_a_frame(built, tmp_path):
    executable, payload = open_payload(built)
    record = next(one for one in payload.files if one.name.endswith("texts/07.txt"))
    data = bytearray(built.read_bytes())
    data[executable.payload_offset + record.offset + record.stored // 2] ^= 1
    damaged = tmp_path / "damaged"
    damaged.write_bytes(data)
    damaged.chmod(0o755)
    payload = read_payload(memoryview(data)[executable.payload_offset :])
    names = [one.name for one in payload.records if not payload.content_intact(one)]
    assert record.name in names
    assert len(names) > 5
    said = obelisk("verify", damaged, status=7)
    assert "checksum mismatch in " in said
    done = run([damaged, "read"], cwd="/")
    assert done.returncode == 74
    assert "checksum mismatch" in done.stderr


def test_sizes_add_up(built):
    found = json.loads(obelisk("inspect", "--size", "--json", built))["payload"]
    rows = sum(row["stored"] for row in found["kinds"])
    assert rows + found["index"] == found["size"]
    owners = {row["name"]: row for row in found["owners"]}
    assert 0 < owners["application"]["stored"] < owners["application"]["expanded"]


def test_it_is_built_again_the_same(built, project, python_version):
    if built.name != "zstd":
        pytest.skip("tests of snapshots do so")
    again = project.parent / "second"
    options = ("--compression", "zstd", "--python", python_version, "-o", again / "zstd")
    again.mkdir()
    obelisk("build", "-q", project / "shared.py", *options)
    assert (again / "zstd").read_bytes() == built.read_bytes()


def test_it_is_linked_again_with_a_changed_file(built, project, tmp_path):
    if built.name != "zstd":
        pytest.skip("a snapshot is of what is in the executable")
    (folder,) = (project.parent / "again").iterdir()
    place = tmp_path / "received"
    shutil.copytree(folder, place)
    obelisk("relink", place, "-o", tmp_path / "same")
    assert (tmp_path / "same").read_bytes() == built.read_bytes()
    (place / "changed/texts").mkdir(parents=True)
    (place / "changed/texts/tool").write_text('#!/bin/sh\necho "changed $1"\n')
    obelisk("relink", place, "-o", tmp_path / "changed")
    said = run([tmp_path / "changed", "read", "deferred", "programs"], cwd="/").stdout
    assert said == "True\n21 42\n" + "changed spawned\n" * 5 + "changed by posix_spawn\n"
    frames = [len(shared(open_payload(path)[1])) for path in (built, tmp_path / "changed")]
    assert frames[0] == frames[1]
