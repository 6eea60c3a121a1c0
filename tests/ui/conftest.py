"""What the tests of the pages ask for: the afternoon, the window's stand-in over their station, what a page would open."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.services import stations
from station_app.ui.jobs import Jobs
from tests.ui.shell import Clock, SheetShell


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shell(db: Database, qtbot: QtBot) -> Iterator[SheetShell]:
    """The window as a page sees it; a bug in anything it ran fails the test."""
    jobs = Jobs(db)
    broken: list[object] = []
    jobs.broken.connect(broken.append)
    yield SheetShell(jobs, stations.current(db))
    jobs.close()
    assert broken == []


@pytest.fixture
def printed() -> list[Path]:
    """The files a page handed to be seen or printed."""
    return []
