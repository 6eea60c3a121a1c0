"""The one table of the fault catalogue, and how any suite of the tests puts its figures there.

From a test anywhere below tests/::

    from tests.faults.table import report

    report("exchange", tried=2000, lost=0, corrupt=0)  # points tried; acknowledged things lost; things found damaged
    report("exchange", mutant="receipt_by_number", caught=True)  # a negative control: was the protection's absence noticed?
    report("power cut", skipped="needs Linux and a C compiler")  # could not run here: stands loudly in the table

Rows of the same fault add up, whichever test, file or process of a parallel run reports them. A test that counts as it goes
asks for the fixture ``tally`` instead, which reports at its end, also when it fails; its module says ``FAULT = "..."``, and a
skipped test of such a module is a skipped row by itself. ``detail`` ("power cut", "restore") makes a line of its own below a
fault of the catalogue.

At the end of a run the table is printed. ``dev.py faults`` (which sets STATION_CATALOGUE) is red when anything was lost or
corrupt, a control was not caught, a fault of ``CATALOGUE`` has no row, no control, or fewer points than it asks for.
"""

from __future__ import annotations

import json
import os
import random
import zlib
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, field

import pytest

CATALOGUE = {
    "power cut": 2000, "kill -9": 100, "full or failing disk": 1000, "bit flips": 500, "hostile files": 20_000, "exchange": 2000,
    "migration": 200, "backup": 10, "clock": 20, "roles": 400,
}  # fmt: skip
"""Every fault there has to be a row for, and the points a full run tries at least."""
KEY = "fault"
"""Under this name rows travel with a test's report, also from the other process of a parallel run."""


def scale(full: int, least: int = 3) -> int:
    """How many of a catalogue figure to try: all in a full run, a fifth in a quick one, else a tenth; ``least`` in any."""
    part = full // {"full": 1, "quick": 5}.get(os.environ.get("STATION_FAULTS", ""), 10)
    return min(full, max(least, part))


@dataclass(slots=True)
class Tally:
    """What one test met: points tried, acknowledged things lost, damage found; mutants caught and those that got away."""

    fault: str
    detail: str = ""
    tried: int = 0
    lost: int = 0
    corrupt: int = 0
    caught: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    skipped: str = ""

    def control(self, mutant: str, caught: bool) -> None:
        """A protection was taken out; was it noticed? Fails the test when it was not."""
        (self.caught if caught else self.missed).append(mutant)
        assert caught, f"{mutant} was not noticed: these tests show nothing"

    def met(self, lost: int = 0, corrupt: int = 0) -> None:
        """One point more, and what was wrong there."""
        self.tried += 1
        self.lost += lost
        self.corrupt += corrupt


_reported: list[Tally] = []
"""By the test under way."""


def report(
    fault: str, tried: int = 0, lost: int = 0, corrupt: int = 0, caught: bool | None = None, *, mutant: str = "", detail: str = "",
    skipped: str = "",
) -> None:  # fmt: skip
    """Put figures of the test under way into the table; ``caught`` tells of its negative control, named by ``mutant``."""
    assert fault in CATALOGUE, f"{fault!r} is not in the catalogue: {', '.join(CATALOGUE)}"
    told = Tally(fault, detail, tried, lost, corrupt, skipped=skipped)
    if caught is not None:
        (told.caught if caught else told.missed).append(mutant or "mutant")
    _reported.append(told)


# --- fixtures ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """A number of this test's own, from STATION_SEED; without one the same in every run."""
    return zlib.crc32(f"{os.environ.get('STATION_SEED', '0')} {request.node.name}".encode())


@pytest.fixture
def chance(seed: int) -> random.Random:
    """The dice of this test."""
    return random.Random(seed)


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """The test's line of the table; its module names the ``FAULT`` (and may name a ``DETAIL``)."""
    counted = Tally(request.module.FAULT, getattr(request.module, "DETAIL", ""))
    assert counted.fault in CATALOGUE
    yield counted
    _reported.append(counted)


# --- gathering (tests/conftest.py makes this module a plugin of every run) ---------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let what was reported travel with the test's own report."""
    made = yield
    fault = getattr(getattr(item, "module", None), "FAULT", "")
    if made.skipped and fault:
        reason = made.longrepr[2] if isinstance(made.longrepr, tuple) else str(made.longrepr)
        report(fault, skipped=reason.removeprefix("Skipped: "))
    if made.when == "teardown" and _reported:
        made.user_properties.append((KEY, json.dumps([asdict(one) for one in _reported], ensure_ascii=False)))
        _reported.clear()
    return made


class Table:
    """The lines of a run, by fault and detail."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Tally] = {}

    def add(self, one: Tally) -> None:
        """Figures more; those of the same line add up."""
        line = self.lines.setdefault((one.fault, one.detail), Tally(one.fault, one.detail))
        line.tried += one.tried
        line.lost += one.lost
        line.corrupt += one.corrupt
        line.caught += [name for name in one.caught if name not in line.caught]
        line.missed += [name for name in one.missed if name not in line.missed]
        if one.skipped and one.skipped not in line.skipped:
            line.skipped = " · ".join(filter(None, (line.skipped, one.skipped)))

    def by_fault(self) -> dict[str, Tally]:
        """All lines of a fault together."""
        sums = Table()
        for line in self.lines.values():
            whole = asdict(line)
            sums.add(Tally(**(whole | {"detail": ""})))
        return {fault: sums.lines[fault, ""] for fault in CATALOGUE if (fault, "") in sums.lines}

    def wrong(self, *, whole: bool, full: bool) -> list[str]:
        """Why the catalogue does not hold; ``whole``: every fault had to be tried, ``full``: with every point."""
        sums = self.by_fault()
        said = []
        for fault, least in CATALOGUE.items():
            line = sums.get(fault)
            if line is None:
                said += [f"{fault}: no row"] if whole else []
                continue
            if line.lost or line.corrupt:
                said.append(f"{fault}: {line.lost} lost, {line.corrupt} corrupt")
            if line.missed:
                said.append(f"{fault}: not caught: {', '.join(line.missed)}")
            if whole and not line.skipped and not line.caught:
                said.append(f"{fault}: no negative control")
            if whole and full and not line.skipped and line.tried < least:
                said.append(f"{fault}: {line.tried} points are fewer than {least}")
        return said

    def text(self) -> list[str]:
        """The table as it is printed."""
        found = [f"{'fault':<34}{'points tried':>13}{'lost':>7}{'corrupt':>9}  negative control caught"]
        for fault in CATALOGUE:
            lines = sorted((line for line in self.lines.values() if line.fault == fault), key=lambda line: line.detail)
            found += [_line(line) for line in lines]
        return found


def _line(line: Tally) -> str:
    name = f"{line.fault}: {line.detail}" if line.detail else line.fault
    control = f"{len(line.caught)} of {len(line.caught) + len(line.missed)}" if line.caught or line.missed else "-"
    names = ", ".join([*line.caught, *(f"NOT CAUGHT: {mutant}" for mutant in line.missed)])
    if len(names) > 90:
        names = f"{names[:87]}..."
    text = f"{name:<34}{line.tried:>13}{line.lost:>7}{line.corrupt:>9}  {control} {names}".rstrip()
    return f"{text}  SKIPPED: {line.skipped}" if line.skipped else text


_table = pytest.StashKey[Table]()


def pytest_configure(config: pytest.Config) -> None:
    """A table for this run."""
    config.stash[_table] = Table()


class _Gather:
    """Reads the rows off the reports as they come in, in the process that sees them all."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":
            for name, told in report.user_properties:
                if name == KEY:
                    for one in json.loads(str(told)):
                        self._table.add(Tally(**one))


def pytest_sessionstart(session: pytest.Session) -> None:
    """In a parallel run only the controller keeps the table."""
    if not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(_Gather(session.config.stash[_table]), "fault-table")


def _verdict(config: pytest.Config) -> list[str]:
    mode = os.environ.get("STATION_CATALOGUE", "")
    return config.stash[_table].wrong(whole=bool(mode), full=os.environ.get("STATION_FAULTS") == "full")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run whose table does not hold is red, whatever its tests said."""
    alone = not hasattr(session.config, "workerinput")
    if alone and session.exitstatus == pytest.ExitCode.OK and _verdict(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print it."""
    table, wrong = config.stash[_table], _verdict(config)
    if not table.lines and not wrong:
        return
    terminalreporter.section(f"faults (seed {os.environ.get('STATION_SEED', '0')})")
    for line in table.text():
        terminalreporter.write_line(line, yellow="SKIPPED" in line)
    for sentence in wrong:
        terminalreporter.write_line(f"DOES NOT HOLD: {sentence}", red=True)
    if table.lines and not wrong:
        whole = " The whole catalogue holds." if os.environ.get("STATION_CATALOGUE") else ""
        terminalreporter.write_line(f"Nothing lost, nothing corrupt, every control caught.{whole}", green=True)
