"""What every fault test shares: how many tries, from which seed, and the table of what they met.

``dev.py faults`` runs the catalogue figures in full, ``--quick`` a fifth of them, ``dev.py test`` a tenth. Each test counts
what it tried in a ``Tally``; at the end of the run the tallies stand in one table, a line per fault.
"""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import pytest

from tests.sync.made import share

KEY = "fault"
"""Under this name a test's tally travels with its report, also from the other process of a parallel run."""


def scale(full: int, least: int = 3) -> int:
    """How many of a catalogue figure to try in this run; ``least`` of them in any."""
    return min(full, max(least, share(full)))


@dataclass(slots=True)
class Tally:
    """What one fault test met: points tried, acknowledged things lost, damage found; whether its mutant was caught."""

    fault: str = ""
    tried: int = 0
    lost: int = 0
    corrupt: int = 0
    mutant: str = ""
    seed: str = ""


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number of this test's own, from STATION_SEED; without one the same in every run."""
    return zlib.crc32(f"{os.environ.get('STATION_SEED', '0')} {request.node.name}".encode())


@pytest.fixture
def chance(seed: int) -> random.Random:
    """The dice of this test."""
    return random.Random(seed)


@pytest.fixture
def tally(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Iterator[Tally]:
    """The test's line of the table."""
    counted = Tally(fault=request.node.module.__name__.rpartition("test_")[2], seed=os.environ.get("STATION_SEED", "0"))
    yield counted
    record_property(KEY, asdict(counted))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table: one line a fault, all its tests together."""
    lines: dict[str, Tally] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, told in getattr(report, "user_properties", ()):
                if name == KEY and getattr(report, "when", "") == "teardown":
                    _add(lines, Tally(**told))
    if not lines:
        return
    terminalreporter.section(f"faults (seed {next(iter(lines.values())).seed})")
    terminalreporter.write_line(f"{'fault':<34}{'tried':>8}{'lost':>8}{'corrupt':>9}  negative control")
    for line in lines.values():
        terminalreporter.write_line(f"{line.fault:<34}{line.tried:>8}{line.lost:>8}{line.corrupt:>9}  {line.mutant or '-'}")


def _add(lines: dict[str, Tally], one: Tally) -> None:
    line = lines.setdefault(one.fault, Tally(fault=one.fault, seed=one.seed))
    line.tried += one.tried
    line.lost += one.lost
    line.corrupt += one.corrupt
    line.mutant = ", ".join(dict.fromkeys(filter(None, (*line.mutant.split(", "), one.mutant))))
