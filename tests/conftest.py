"""What every test may ask for: a station of its own in a folder of its own, a clock it can set, both languages."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from station_app import db as database
from station_app import vault, words
from station_app.db import Database
from station_app.model import Station
from station_app.paths import DataFolder
from station_app.schema import STATION
from station_app.services import stations

pytest_plugins = ["tests.faults.table"]
"""The table of the fault catalogue: rows from whichever suite reports some, printed at the end of a run."""
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")  # nothing is a timed test: a busy machine fails none
CHEAP = vault.Cost(passes=1, memory=8 * 1024)
"""Key stretching that costs a test nothing; the real cost is a default nobody else changes."""
PASSWORD = "demo-station"
PIN = "2468"
SAMPLE = Station(
    id="", code="YQ", letter="A", name="云桥暖心驿站", district_code="990101", district_name="云桥区", opens="08:30",
    closes="17:30", zone="Asia/Shanghai", sample=True,
)  # fmt: skip


class Clock:
    """The time as a test sets it."""

    def __init__(self, start: str = "2026-07-17T08:00:00+08:00") -> None:
        self.moment = datetime.fromisoformat(start)

    def __call__(self) -> datetime:
        return self.moment

    def set(self, text: str) -> None:
        self.moment = datetime.fromisoformat(text)

    def forward(self, minutes: float = 0, **delta: float) -> datetime:
        self.moment += timedelta(minutes=minutes, **delta)
        return self.moment


@pytest.fixture(autouse=True)
def chinese() -> Iterator[None]:
    """Every test begins in Chinese, whatever the machine or the test before spoke."""
    words.use("zh")
    yield
    words.use("zh")


@pytest.fixture(autouse=True)
def nothing_stays_open() -> Iterator[None]:
    """A window that a test leaves open would take the keys of the next one; nor may a part stand alone as a window."""
    before = _windows()
    yield
    left = [window for window in _windows() if window.isVisible() and window not in before]
    for window in left:
        window.hide()
    assert not left, f"left open: {left}"


def _windows() -> list[Any]:
    """What stands alone, where a test uses Qt at all; those of a whole module stand there before its tests."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    return widgets.QApplication.topLevelWidgets() if widgets is not None and widgets.QApplication.instance() is not None else []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@dataclass(frozen=True)
class Founded:
    """What stood in the folder of a station just set up: to be copied, since eighty tables take longer than most tests."""

    files: Mapping[str, bytes]
    key: bytes
    acting: str


_founded: dict[tuple[Station, str, datetime], Founded] = {}


def founded(folder: Path, station: Station, pin: str, clock: Callable[[], datetime]) -> Database:
    """A station as ``stations.set_up`` leaves it, with 王敏 at work; the first of its kind is set up, those after are its copies.

    Copies have one store id: whoever needs two stations in one test sets the second up.
    """
    kind = station, pin, clock()
    if kind not in _founded:
        db, _ = stations.set_up(folder, station, "王敏", PASSWORD, pin, clock=clock, cost=CHEAP)
        db.close()
        files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file() and file.suffix not in (".lock", ".holder")}
        _founded[kind] = Founded(files, db.key, db.acting)
    else:
        vault.make_folder(folder)
        for name, content in _founded[kind].files.items():
            (folder / name).write_bytes(content)
    opened = database.open(DataFolder(folder).database, _founded[kind].key, STATION, clock=clock, holder="window")
    opened.acting = _founded[kind].acting
    return opened


@pytest.fixture
def db(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    """A fresh sample station with its first keeper 王敏 at work."""
    opened = founded(tmp_path / "station", SAMPLE, PIN, clock)
    yield opened
    opened.close()
