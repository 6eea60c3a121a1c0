"""The window when something threatens the records: one pill, what to do a key away, and the desk goes on."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import app, settings, vault, words
from station_app.db import Database
from station_app.errors import StationError
from station_app.model import Occupation
from station_app.services import care, keepers, preferences, stations, visits
from station_app.ui import theme
from station_app.ui.hands import Hands
from station_app.ui.jobs import Jobs
from station_app.ui.kit import Text
from station_app.ui.main_window import MainWindow
from station_app.words import t
from tests.conftest import PASSWORD, PIN, SAMPLE, Clock

Key = Qt.Key
Usage = namedtuple("Usage", "free")


class Disk:
    """The disk as a test says it is."""

    def __init__(self) -> None:
        self.free = 10**12

    def __call__(self, _path: object) -> Usage:
        return Usage(self.free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    found = Disk()
    monkeypatch.setattr(shutil, "disk_usage", found)
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-07-17T14:26:00+08:00")


@pytest.fixture
def station(tmp_path: Path, clock: Clock, disk: Disk) -> Iterator[Database]:
    cost = vault.Cost(passes=1, memory=8 * 1024)
    db, _keeper = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=cost)
    keepers.open_station(db, high=38)
    yield db
    db.close()


Opened = Callable[[], tuple[MainWindow, Hands]]


@pytest.fixture
def opened(station: Database, qtbot: QtBot, qapp: QApplication) -> Iterator[Opened]:
    """Opens the station's real window and waits until its file was checked."""
    windows: list[MainWindow] = []

    def show() -> tuple[MainWindow, Hands]:
        app.application(offscreen=True)
        window = app.window(station)
        windows.append(window)
        window.show()
        qtbot.waitActive(window)
        qtbot.waitUntil(lambda: window.tended, timeout=30_000)
        hands = Hands(window, lambda: window.idle, window.catcher)
        hands.settle()
        return window, hands

    yield show
    for window in windows:
        window.close()
        shiboken6.delete(window)  # the next change of type would dress it too
    theme.apply(qapp, pictures=True)


def said(window: MainWindow) -> str:
    return " ".join(part.text() for part in window.findChildren(Text) if part.isVisible())


def test_nothing_is_shown_when_all_is_well_and_the_ballast_stands(opened: Opened, station: Database) -> None:
    window, _hands = opened()
    assert window.top.trouble() == ""
    assert window.toast.text() == ""
    assert t("window.encrypted") in said(window)
    assert care.ballast(station).stat().st_size == care.BALLAST


def test_a_wrong_clock_is_shown_after_a_change_and_goes_by_itself(
    opened: Opened, clock: Clock, station: Database
) -> None:
    window, hands = opened()
    clock.forward(days=-1)
    hands.key(Key.Key_F2)
    hands.settle()
    assert window.top.trouble() == t("care.clock_behind")
    assert station.scalar("SELECT count(*) FROM visit") == 1
    clock.forward(days=1)
    window._minute.timeout.emit()
    hands.settle()
    assert window.top.trouble() == ""


def test_the_pill_and_the_question_mark_tell_what_to_do(opened: Opened, disk: Disk) -> None:
    disk.free = 312_000_000
    window, hands = opened()
    assert window.top.trouble() == "磁盘只剩 312 MB"
    advice = t("care.disk_low_advice", free=312)
    window.top.trouble_clicked.emit()
    assert advice in said(window)
    hands.key(Key.Key_Escape)
    assert advice not in said(window)
    hands.key("?")
    assert advice in said(window)
    assert t("window.key_tally") in said(window)


def test_damage_is_told_calmly_and_the_desk_goes_on(opened: Opened, station: Database) -> None:
    for _ in range(50):
        visits.tally(station, Occupation.COURIER)
    station._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    root = station.scalar("SELECT rootpage FROM sqlite_master WHERE name = 'quota'")  # no row of it: the desk reads on
    with station.path.open("r+b", buffering=0) as file:
        file.seek((root - 1) * 4096 + 2000)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
        window, hands = opened()
        assert window.top.trouble() == t("care.damaged")
        assert window.toast.text() == t("care.damaged")
        assert t("window.encrypted") not in said(window)
        window.toast.act()
        hands.settle()
        assert t("care.damaged_advice") in said(window)
        hands.key(Key.Key_Escape)
        hands.key(Key.Key_F2)
        assert visits.today(station, "2026-07-17").person_times == 51
        assert window.top.trouble() == t("care.damaged")
        window.close()


def test_a_full_disk_at_the_desk_gives_the_ballast_and_is_said(opened: Opened, station: Database, disk: Disk) -> None:
    window, hands = opened()
    pages = station._writer.execute("PRAGMA page_count").fetchone()[0]
    station._writer.execute(f"PRAGMA max_page_count={pages}").fetchall()
    disk.free = 0
    for _ in range(500):
        hands.key(Key.Key_F2)
        hands.key(Key.Key_Escape)
        if not care.ballast(station).exists():
            break
    assert window.toast.text() == t("care.full_released")
    station._writer.execute("PRAGMA max_page_count=1000000").fetchall()
    before = visits.today(station, "2026-07-17").person_times
    hands.key(Key.Key_F2)
    hands.settle()
    assert visits.today(station, "2026-07-17").person_times == before + 1
    disk.free = 10**12
    window._minute.timeout.emit()
    hands.until(lambda: care.ballast(station).exists(), "the ballast to be made again")


def test_a_page_that_takes_its_own_errors_is_told_of_the_ballast_too(
    station: Database, disk: Disk, qtbot: QtBot
) -> None:
    care.tend(station)
    disk.free = 0
    told: list[StationError] = []
    jobs = Jobs(station)
    pages = station._writer.execute("PRAGMA page_count").fetchone()[0]
    station._writer.execute(f"PRAGMA max_page_count={pages}").fetchall()

    def many(db: Database) -> None:
        for _ in range(5000):
            visits.tally(db, Occupation.RIDER)

    jobs.run(many, otherwise=told.append)
    qtbot.waitUntil(lambda: jobs.idle, timeout=30_000)
    jobs.close()
    assert [error.word for error in told] == ["care.full_released"]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_pill_is_whole_beside_a_heat_warning(
    opened: Opened, clock: Clock, station: Database, language: str
) -> None:
    preferences.change(station, settings.LANGUAGE.name, language)
    clock.forward(hours=-1)
    window, hands = opened()
    pill, weather = window.top._trouble, window.top._weather
    assert window.top.trouble() == t("care.clock_behind")
    assert pill.width() >= pill.sizeHint().width()
    assert weather.isVisible()
    assert weather.width() >= weather.sizeHint().width()
    hands.key(Key.Key_F11)
    hands.settle()
    assert theme.tokens().large
    assert pill.width() >= pill.sizeHint().width()
    assert weather.isHidden()
    assert window.top.minimumSizeHint().width() <= 1366 - window.rail.width()


def test_a_window_closed_at_once_waits_for_no_check(station: Database, qapp: QApplication) -> None:
    app.application(offscreen=True)
    window = app.window(station)
    window.show()
    window.close()
    assert not window.tended
    shiboken6.delete(window)
