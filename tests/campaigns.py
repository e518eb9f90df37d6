"""Campaigns: many seeded attacks on executables, builds and inputs, and a count of the outcomes.

`make test` runs a small part of each, `make attack` the whole. Seeds are fixed, so that a case that
failed fails again; `OBELISK_ATTACK_SEED` tries others.
"""

import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest

WHOLE = os.environ.get("OBELISK_ATTACK") == "whole"
SEED = int(os.environ.get("OBELISK_ATTACK_SEED", "20261125"))
_TALLIES = {}


class Campaign:
    """The cases of one campaign, and how often each outcome was seen."""

    def __init__(self, name, cases):
        self.name = name
        self.cases = range(cases)

    def random(self, case):
        """A generator of random numbers for one case, the same in every run."""
        return random.Random(f"{SEED}/{self.name}/{case}")

    def saw(self, outcome):
        """Count an outcome, named by a short phrase that the summary prints."""
        _TALLIES.setdefault(self.name, Counter())[outcome] += 1


@pytest.fixture
def campaign():
    """Make a campaign: `campaign(name, part=cases in CI, whole=cases of `make attack`)`."""

    def make(name, *, part, whole):
        return Campaign(name, whole if WHOLE else part)

    return make


def pytest_sessionfinish(session):
    """Hand the counts of one of several processes to the one that prints them (pytest-xdist)."""
    if hasattr(session.config, "workeroutput"):
        counts = {name: dict(tally) for name, tally in _TALLIES.items()}
        session.config.workeroutput["attacks"] = counts


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Add the counts of a process that ended."""
    for name, tally in getattr(node, "workeroutput", {}).get("attacks", {}).items():
        _TALLIES.setdefault(name, Counter()).update(tally)


def pytest_terminal_summary(terminalreporter):
    """Print the counts; `OBELISK_ATTACK_REPORT` names a JSON file to write them to."""
    if not _TALLIES:
        return
    terminalreporter.section("attacks")
    for name, tally in sorted(_TALLIES.items()):
        counts = ", ".join(f"{count} {outcome}" for outcome, count in tally.most_common())
        terminalreporter.write_line(f"{name}: {tally.total()} cases: {counts}")
    report = os.environ.get("OBELISK_ATTACK_REPORT")
    if report:
        text = json.dumps({"seed": SEED, "campaigns": _TALLIES}, indent=1, sort_keys=True)
        Path(report).write_text(text + "\n")
