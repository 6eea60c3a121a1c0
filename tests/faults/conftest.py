"""What hostile files cost, worst first, at the end of a run, when this folder was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

COST = "hostile cost"
"""Under this name a file's cost travels with its test's report."""


@pytest.fixture
def cost(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Puts (name, reason, CPU seconds, wall seconds, megabytes) into the table."""
    return lambda *told: record_property(COST, json.dumps(told))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it."""
    found = [
        json.loads(told)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, told in (getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ())
        if name == COST
    ]
    if not found:
        return
    terminalreporter.section("what a hostile file costs")
    terminalreporter.write_line(f"{'file':<30}{'CPU s':>8}{'wall s':>8}{'MB':>7}  refused as")
    for name, reason, seconds, wall, megabytes in sorted(found, key=lambda one: -one[2]):
        terminalreporter.write_line(f"{name:<30}{seconds:>8.2f}{wall:>8.2f}{megabytes:>7.0f}  {reason}")
    worst = (max(one[place] for one in found) for place in (2, 4))
    terminalreporter.write_line("{:<30}{:>8.2f}{:>8}{:>7.0f}  of {} files".format("the worst", next(worst), "", next(worst), len(found)))
