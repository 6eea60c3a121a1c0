"""The table of the simulator at the end of a run, when its folder was asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from station_app.sync.opening import Opener
from tests.simulator import table


@pytest.fixture
def line(record_property: Callable[[str, object], None]) -> Callable[[table.Line], None]:
    """Puts a line into the table."""
    return lambda told: record_property(table.KEY, json.dumps(told.spelled()))


@pytest.fixture(scope="session")
def opener() -> Iterator[Opener]:
    """The worker that opens files."""
    with Opener() as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print it."""
    found = [
        table.Line(**json.loads(told))
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, told in (getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ())
        if name == table.KEY
    ]
    if found:
        terminalreporter.section(f"simulator (seed {table.seed()})")
        for spelled in table.text(found):
            terminalreporter.write_line(spelled)
