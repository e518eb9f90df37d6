"""Part `micro`: single operations that lean on libc, the allocator or the compiler."""

from __future__ import annotations

import json

from bench.contenders import obelisk
from bench.model import OWN, Measure, Series
from bench.session import Session, series_of
from bench.suite import REFERENCE

_ROUNDS = 5


def measure(session: Session) -> list[Measure]:
    """Run the table by Obelisk and by the reference in turn."""
    place = session.place
    script = session.application("micro").script
    product = place.folder("built") / "micro"
    obelisk(script, product)
    commands = {
        OWN: [place.within(product)],
        REFERENCE: [place.python, "-I", "-S", place.within(script)],
    }
    tables: dict[str, list[dict[str, float]]] = {name: [] for name in commands}
    options = ["--quick"] if session.quick else []
    for turn in range(1 if session.quick else _ROUNDS):
        session.say(f"  round {turn + 1}")
        for name, command in commands.items():
            tables[name].append(json.loads(place.run([*command, *options])))
    series: tuple[Series, ...] = ()
    for case in tables[OWN][0]:
        samples = {name: [table[case] for table in rows] for name, rows in tables.items()}
        series += series_of(case, samples, {})
    return [
        Measure(
            name="micro",
            title="Single operations",
            unit="us",
            series=series,
            reference=REFERENCE,
            about="Processor time of the fastest of five repetitions, in each of "
            f"{_ROUNDS} processes in turn.",
        )
    ]
