"""Part `build`: how long each contender builds, from nothing and again, and what comes out."""

from __future__ import annotations

import shutil
import time

from bench import filecache
from bench.caches import (
    cache_with_distribution,
    cache_with_downloads,
    forget_applications,
    forget_work_of_peers,
)
from bench.contenders import (
    FREEZERS,
    OBELISK,
    PROFILES,
    Contender,
    build,
    environment_of,
    obelisk,
)
from bench.model import BenchError, Measure, Series
from bench.processes import Command
from bench.session import Session, series_of

_APPLICATIONS = ("hello", "cli", "arrays", "modules", "large")
_AGAIN = 3
_LONG, _TOO_LONG = 60.0, 240.0
"""Seconds of a first build after which there is one second build, and none."""
_QUICK_CONTENDERS = ("Obelisk", "PyInstaller, folder", "cx_Freeze, folder")


def measure(session: Session) -> list[Measure]:
    """Build every application by every contender."""
    first: tuple[Series, ...] = ()
    again: tuple[Series, ...] = ()
    sizes: tuple[Series, ...] = ()
    for name in session.wanted(_APPLICATIONS):
        rows = [_build(session, contender, name) for contender in _contenders(session, name)]
        case = session.application(name).title
        reasons = {row.contender: row.reason for row in rows if row.reason}
        fine = [row for row in rows if not row.reason]
        first += series_of(case, {row.contender: [row.first] for row in fine}, reasons)
        repeated = {row.contender: row.again for row in fine if row.again}
        left = {row.contender: "the first took too long" for row in fine if not row.again}
        again += series_of(case, repeated, left)
        sizes += series_of(case, {row.contender: [row.size] for row in fine}, {})
    return [
        Measure(
            name="build.first",
            title="Build of an application for the first time",
            unit="s",
            series=first,
            about="Tools and dependencies are there: Obelisk has its distribution and downloads, "
            "each peer an environment with everything installed.",
        ),
        Measure(
            name="build.again",
            title="The same build again, nothing changed",
            unit="s",
            series=again,
        ),
        Measure(
            name="build.size",
            title="Size of what is shipped",
            unit="MB",
            series=sizes,
            about="shiv and pex need a Python on the machine that they run on; the others do not.",
        ),
    ]


def measure_nothing(session: Session) -> list[Measure]:
    """Build hello with an empty cache but for downloads: Python, its libraries, the runtime."""
    folder = session.place.folder("from-nothing", empty=True)
    cache_with_downloads(folder / "cache")
    session.say("  Python and its libraries from source")
    started = time.monotonic()
    script, product = session.application("hello").script, folder / "hello"
    obelisk(script, product, variables={"OBELISK_CACHE": str(folder / "cache")})
    seconds = time.monotonic() - started
    shutil.rmtree(folder)
    return [
        Measure(
            name="build.nothing",
            title="hello with an empty cache",
            unit="s",
            series=(Series(case="hello", contender=OBELISK.name, samples=(round(seconds, 1),)),),
            about="Python, its libraries and libc from sources that are downloaded already.",
        )
    ]


class _Row:
    """What one contender's builds of one application took."""

    def __init__(self, contender: str) -> None:
        self.contender = contender
        self.first = 0.0
        self.again: list[float] = []
        self.size = 0.0
        self.reason = ""


def _contenders(session: Session, name: str) -> list[Contender]:
    return [
        one
        for one in (OBELISK, *PROFILES, *FREEZERS)
        if (name in one.applications or one.elsewhere)
        and (not session.quick or one.name in _QUICK_CONTENDERS)
    ]


def _build(session: Session, contender: Contender, name: str) -> _Row:
    row = _Row(contender.name)
    session.say(f"  {name}: {contender.name}")
    place, application = session.place, session.application(name)
    cache = cache_with_distribution(place)
    variables = {"OBELISK_CACHE": str(cache)}

    def once(*, anew: bool) -> tuple[float, Command]:
        started = time.monotonic()
        command = build(contender, place, application, anew=anew, variables=variables)
        return time.monotonic() - started, command

    try:
        session.refuse_skipped(contender)
        environment_of(contender, place, application)
        forget_work_of_peers(place)
        if not contender.pin:
            once(anew=True)  # what has to be downloaded
            forget_applications(cache)
        row.first, command = once(anew=True)
        for _ in range(_repetitions(session, row.first)):
            seconds, command = once(anew=False)
            row.again.append(seconds)
        session.built(contender, name, command)
        row.size = filecache.size_of(command) / 1e6
    except BenchError as error:
        row.reason = str(error)
        session.say(f"  {name}: {contender.name}: {error}")
    return row


def _repetitions(session: Session, first: float) -> int:
    if first > _TOO_LONG:
        return 0
    return 1 if session.quick or first > _LONG else _AGAIN
