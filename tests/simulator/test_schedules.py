"""Whatever happens to sticks, computers and the district: nothing is lost, nothing doubled, everything shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from station_app.sync.opening import Opener
from tests.faults.table import report
from tests.simulator import table
from tests.simulator.schedules import draw, run, told
from tests.simulator.sticks import Folder

FAULT = "exchange"
PARTS = 16
"""Tests that share the schedules, so that both cores have work to the end."""


@pytest.mark.parametrize("part", range(PARTS))
def test_every_schedule_keeps_the_promise(part: int, line: Callable[[table.Line], None]) -> None:
    first, count = table.seed() * 1_000_000 + part * 10_000, table.schedules() // PARTS
    broken = [schedule for schedule in map(draw, range(first, first + count)) if run(schedule)]
    line(table.Line("all", "", count, len(broken)))
    report(FAULT, tried=count, lost=len(broken))
    assert not broken, f"{len(broken)} of {count} schedules; the first, made small:\n{told(broken[0])}"


@pytest.mark.parametrize("part", range(4))
def test_it_does_so_with_real_files_opened_by_the_worker(
    part: int, opener: Opener, line: Callable[[table.Line], None]
) -> None:
    first, count = table.seed() * 1_000_000 + 500_000 + part * 1000, max(2, table.schedules() // 200)
    schedules = [draw(number) for number in range(first, first + count)]
    broken = {schedule: found for schedule in schedules if (found := run(schedule, Folder(opener)))}
    line(table.Line("all", "", count, len(broken)))
    report(FAULT, tried=count, lost=len(broken), detail="real files and worker")
    assert not broken, broken
