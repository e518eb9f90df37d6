"""Damaged executables: `verify` names every damage, and running one is never silently wrong.

What may happen when one is run: it is refused with status 74 and says so; the run needed nothing of
what is damaged; or code and data that nothing checks before they are used end it by a signal or by
an error, or code never ends. What must not happen is status 0 with another output, or a file or
module that seems absent.
"""

import os
import random
import shutil
import struct
import subprocess
from dataclasses import dataclass

import pytest
from elf_files import CODE, DATA, FUNCTION, OBJECT, shared_object
from machines import ALL
from support import APPS, emulation

from obelisk.errors import VerifyError
from obelisk.payload.reader import read_payload
from obelisk.services import host
from obelisk.verify.digest import find_digest
from obelisk.verify.executable import map_file
from obelisk.verify.promise import Promise
from obelisk.verify.read import read_executable
from obelisk.verify.verify import verify

pytestmark = pytest.mark.compile

PAGE = 4096
SECONDS = 20


@dataclass
class Whole:
    """An undamaged executable."""

    path: object
    runner: list
    """The words before its path that run it."""
    data: bytes
    output: bytes
    parts: list
    """(start, end, name) of all parts of the file, those of the payload each."""

    def part_at(self, place):
        found = [part for part in self.parts if part[0] <= place < part[1]]
        return found[-1][2] if found else "digest"


def payload_parts(data, path):
    """(start, end, name) of what is in the payload."""
    start = data.index(b"\x89OBELISK\r\n\x1a\n\x06\0\0\0")
    payload = read_payload(read_executable(map_file(path)).payload)
    _, _, _, names_at, names_size, tables, *_ = struct.unpack_from("<12sIQQQQ", data, start)
    yield start, start + 96, "payload header"
    yield start + tables, start + names_at, "payload index"
    yield start + names_at, start + names_at + names_size, "payload names"
    for record in payload.records:
        if record.stored:
            yield start + record.offset, start + record.offset + record.stored, "payload content"


def whole(path, runner):
    data = path.read_bytes()
    argv = [*runner, path]
    done = subprocess.run(argv, capture_output=True, env={}, timeout=SECONDS, check=True)
    digest = find_digest(map_file(path))
    parts = [*digest.parts, *payload_parts(data, path)]
    parts.append((digest.parts[-1][1], len(data), "digest"))
    return Whole(path=path, runner=runner, data=data, output=done.stdout, parts=parts)


@pytest.fixture(scope="module", params=ALL, ids=lambda target: target.architecture)
def target(request):
    return request.param


@pytest.fixture(scope="module")
def application(target, executables, tmp_path_factory):
    """What is built from tests/apps/damage, with a shared object."""
    runner = emulation(target)
    folder = tmp_path_factory.mktemp("application")
    shutil.copy(APPS / "damage/app.py", folder)
    (folder / "texts").mkdir()
    for name in ("one", "two"):
        (folder / f"texts/{name}.txt").write_text(name * 50)
    library = shared_object(
        exports={"answer": (DATA, OBJECT), "nothing": (CODE, FUNCTION)},
        data=struct.pack("<Q", 42),
        name="damage.so",
        target=target,
    )
    (folder / "damage.so").write_bytes(library)

    def build(*options):
        words = ("--target", target.triple, *options)
        return whole(executables("damage", *words, what=folder / "app.py"), runner)

    return build


def flip(chance, data, start, end):
    place = chance.randrange(start, end)
    return {place: bytes([data[place] ^ 1 << chance.randrange(8)])}


def anywhere(chance, whole):
    return flip(chance, whole.data, 0, len(whole.data))


def in_a_part(chance, whole):
    """Small parts are as likely as large ones."""
    names = sorted({name for _, _, name in whole.parts})
    name = chance.choice(names)
    start, end, _ = chance.choice([part for part in whole.parts if part[2] == name])
    return flip(chance, whole.data, start, end)


def page(chance, whole):
    return chance.randrange(len(whole.data) // PAGE) * PAGE


def zeroed_page(chance, whole):
    place = page(chance, whole)
    return {place: bytes(PAGE)}


def swapped_pages(chance, whole):
    one, other = page(chance, whole), page(chance, whole)
    return {one: whole.data[other : other + PAGE], other: whole.data[one : one + PAGE]}


def overwritten(chance, whole):
    return {chance.randrange(len(whole.data) - 64): chance.randbytes(64)}


KINDS = [anywhere, in_a_part, in_a_part, zeroed_page, swapped_pages, overwritten]


@dataclass
class Damaged:
    """A copy of an executable that is damaged, looked at and mended again and again."""

    whole: Whole
    path: object

    def __post_init__(self):
        shutil.copy(self.whole.path, self.path)

    def write(self, patches):
        with self.path.open("r+b") as file:
            for place, content in patches.items():
                file.seek(place)
                file.write(content)

    def mend(self, patches):
        data = self.whole.data
        self.write({place: data[place : place + len(new)] for place, new in patches.items()})

    def run(self):
        """Return what became of it, and the end of what it said."""
        try:
            argv = [*self.whole.runner, self.path]
            done = subprocess.run(argv, capture_output=True, env={}, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return "endless", ""
        except OSError as error:
            return "refused by the kernel", str(error)
        said = done.stderr.decode(errors="replace")[-500:]
        if done.returncode == 74 and "corrupt executable: " in said:
            return "refused", said
        if done.returncode == 0:
            return "not needed" if done.stdout == self.whole.output else "silently wrong", said
        return "signal" if done.returncode < 0 else "error", f"{done.returncode}: {said}"

    def verified(self):
        try:
            return [finding.detail for finding in verify(self.path) if not finding.sound]
        except VerifyError as error:
            return [str(error)]


UNCHECKED = {"refused by the kernel", "signal", "error", "endless"}
"""What may come of damage in what nothing checks before it is used."""


def parts_of(whole, patches):
    places = (place + i for place, new in patches.items() for i in range(len(new)))
    return sorted({whole.part_at(place) for place in places if place < len(whole.data)})


def fault(outcome, parts, verified, *, is_checked_at_start):
    """Say what must not have happened; None when nothing did."""
    if not verified:
        return "verify passes it"
    if outcome == "silently wrong":
        return outcome
    if outcome == "endless" and ".text" not in parts:
        return outcome
    if outcome in UNCHECKED and all(part.startswith("payload") for part in parts):
        return f"{outcome}, where a check comes first"
    return "started" if is_checked_at_start and outcome == "not needed" else None


def attack(campaign, whole, path, kinds, *, is_checked_at_start=False):
    copy = Damaged(whole, path)
    faults = []
    for case in campaign.cases:
        chance = campaign.random(case)
        patches = {
            place: new
            for place, new in chance.choice(kinds)(chance, whole).items()
            if whole.data[place : place + len(new)] != new
        }
        if not patches:
            continue
        parts = parts_of(whole, patches)
        copy.write(patches)
        outcome, said = copy.run()
        wrong = fault(outcome, parts, copy.verified(), is_checked_at_start=is_checked_at_start)
        copy.mend(patches)
        if wrong:
            faults.append(f"case {case}: {wrong}: {parts} at {list(patches)}: {said}")
        is_told = outcome in UNCHECKED
        campaign.saw(f"{outcome} ({', '.join(parts)})" if is_told else outcome)
    assert faults == []
    assert copy.verified() == []


@pytest.fixture
def attacks_on(target, campaign):
    """Make a campaign against this target's executables; an emulator makes it a shorter one."""

    def make(name, *, part, whole):
        whole = whole if host.runs(target) else whole // 5
        return campaign(f"{name}, {target.architecture}", part=part, whole=whole)

    return make


def test_damage_shows(attacks_on, application, tmp_path):
    attack(attacks_on("damage", part=30, whole=2500), application(), tmp_path / "app", KINDS)


def test_damage_shows_at_start_if_asked(attacks_on, application, tmp_path):
    whole = application("--set", "integrity=start")
    attack(
        attacks_on("damage, checked at start", part=6, whole=500),
        whole,
        tmp_path / "app",
        KINDS,
        is_checked_at_start=True,
    )


def test_truncation_is_told(attacks_on, application, tmp_path):
    """Only what is cut in its first page, which says where the file ends, may die of a signal.

    An emulator exits when it refuses a file.
    """
    whole = application()
    attacks = attacks_on("truncation", part=10, whole=500)
    path = tmp_path / "app"
    for case in attacks.cases:
        chance = attacks.random(case)
        size = chance.randrange(chance.choice([len(whole.data), 2 * PAGE, PAGE]))
        copy = Damaged(whole, path)
        os.truncate(path, size)
        outcome, said = copy.run()
        assert copy.verified(), size
        if size < PAGE:
            emulators = {"error"} if whole.runner else set()
            assert outcome in {"refused", "refused by the kernel", "signal"} | emulators, (
                size,
                said,
            )
        else:
            assert outcome == "refused", (size, outcome, said)
            assert said == f"{path}: corrupt executable: file truncated\n"
        attacks.saw(outcome)


def test_what_is_appended_does_no_harm(application, tmp_path):
    whole = application()
    copy = Damaged(whole, tmp_path / "app")
    with copy.path.open("ab") as file:
        file.write(random.Random(1).randbytes(100))
    assert copy.run()[0] == "not needed"
    assert copy.verified() == []
    note = next(one for one in verify(copy.path) if one.promise == Promise.TRAILING)
    assert note.detail.startswith(f"100 bytes from offset {len(whole.data)}, ")
