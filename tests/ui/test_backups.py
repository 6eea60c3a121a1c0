"""The window's backups: the day's beside the desk, closing time's, one before a list comes in; a failure stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import app, backup, settings
from station_app.backup import Reason
from station_app.db import Database
from station_app.paths import asset
from station_app.services import preferences, stations, visits
from station_app.ui import theme
from station_app.ui.hands import Hands
from station_app.ui.keeping import CLOSING, Keeping
from station_app.ui.kit import Text
from station_app.ui.main_window import MainWindow
from station_app.ui.pages.people import PeoplePage
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock

Key = Qt.Key


class House:
    """A real window that backs up, and the hands on it."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.window = app.window(db, backups=True)
        assert self.window.keeping is not None
        self.keeping = self.window.keeping
        self.hands = Hands(self.window, lambda: self.window.idle, self.window.catcher)

    def reasons(self) -> list[Reason]:
        return sorted(one.reason for one in backup.listing(backup.folder_of(self.db)))

    def foot(self) -> str:
        return " ".join(text.text() for text in self.window.foot.findChildren(Text) if text.isVisible())

    def tick(self, qtbot: QtBot) -> None:
        self.window._tick()
        qtbot.waitUntil(lambda: self.keeping.idle, timeout=30_000)
        self.hands.settle()


@pytest.fixture
def house(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[House]:
    clock = Clock("2026-07-17T08:02:00+08:00")
    theme.apply(qapp, pictures=True)
    db, _keeper = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    built = House(db, clock)
    built.window.show()
    qtbot.waitActive(built.window)
    qtbot.waitUntil(lambda: built.window.tended, timeout=30_000)
    built.hands.settle()
    yield built
    if shiboken6.isValid(built.window):
        built.window.close()
        shiboken6.delete(built.window)
    db.close()


def test_the_days_backup_is_made_beside_the_desk_once_and_shown(house: House, qtbot: QtBot) -> None:
    assert "备份" not in house.foot()
    house.tick(qtbot)
    qtbot.waitUntil(lambda: "备份 今天 08:02 ✓" in house.foot())
    house.clock.forward(hours=3)
    house.tick(qtbot)
    assert house.reasons() == [Reason.DAILY]
    house.clock.forward(days=1)
    house.tick(qtbot)
    assert house.reasons() == [Reason.DAILY, Reason.DAILY]


def test_closing_backs_up_what_was_done_last_and_the_owner_closes_after_it(house: House, qtbot: QtBot) -> None:
    house.hands.key(Key.Key_F2)
    house.hands.settle()
    order: list[list[Reason]] = []
    house.window.closed.connect(lambda: order.append(house.reasons()))
    house.window.close()
    assert order == [[Reason.CLOSE]]
    (made,) = backup.listing(backup.folder_of(house.db))
    held = backup.look(made, house.db.key, clock=house.clock)
    assert visits.today(held, "2026-07-17").person_times == 1
    held.close()


def test_a_backup_that_fails_is_a_calm_notice_once_an_hour(house: House, qtbot: QtBot) -> None:
    folder = backup.folder_of(house.db)
    folder.write_text("no folder", "utf-8")
    house.tick(qtbot)
    assert house.window.toast.text().startswith(t("window.no_backup", reason="")[:8])
    house.hands.key(Key.Key_F2)
    house.hands.settle()
    assert visits.today(house.db, "2026-07-17").person_times == 1
    folder.unlink()
    house.tick(qtbot)
    assert house.reasons() == [], "not again at once"
    house.clock.forward(minutes=61)
    house.tick(qtbot)
    assert house.reasons() == [Reason.DAILY]


def test_closing_does_not_fail_without_a_backup(house: House) -> None:
    backup.folder_of(house.db).write_text("no folder", "utf-8")
    closed: list[bool] = []
    house.window.closed.connect(lambda: closed.append(True))
    house.window.close()
    assert closed == [True]


def test_a_stick_that_is_not_in_is_told(house: House, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")
    preferences.change(house.db, settings.BACKUP_PLACE.name, str(tmp_path / "file" / "stick"))
    house.tick(qtbot)
    assert house.window.toast.text().startswith(t("window.not_carried", reason="")[:8])
    assert house.reasons() == [Reason.DAILY]


def test_a_slow_disk_holds_closing_up_for_seconds_only(db: Database, qapp: QApplication) -> None:
    seconds = iter([0.0, CLOSING + 1])
    keeping = Keeping(db, qapp, seconds=lambda: next(seconds))
    keeping.close()
    assert [file.suffix for file in backup.folder_of(db).iterdir()] == [".slots"], "nothing half done is left"


def test_an_import_can_be_gone_back_on(house: House) -> None:
    page = house.window.page("people")
    assert isinstance(page, PeoplePage)
    house.window.go("people")
    page.open_list(asset("sample", "roster_utf8.csv"))
    house.hands.settle()
    house.hands.key(Key.Key_Return)
    house.hands.settle()
    assert house.reasons() == [Reason.BEFORE_IMPORT]
    (made,) = backup.listing(backup.folder_of(house.db))
    held = backup.look(made, house.db.key, clock=house.clock)
    assert held.scalar("SELECT count(*) FROM person") == 0
    held.close()
    assert house.db.scalar("SELECT count(*) FROM person") == 100


def test_a_window_for_pictures_makes_none(db: Database, qapp: QApplication) -> None:
    window: MainWindow = app.window(db)
    window._tick()
    window.close()
    assert backup.listing(backup.folder_of(db)) == []
    shiboken6.delete(window)
