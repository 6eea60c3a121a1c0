"""The window before a database is open, worked with keys: setting up, unlocking, the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, settings, vault, words
from station_app.db import Database
from station_app.errors import Refused
from station_app.paths import DataFolder
from station_app.services import demo, keepers, preferences, reports, stations
from station_app.ui import start_work
from station_app.ui.hands import Hands
from station_app.ui.start import SetUpCard, StartWindow, UnlockCard
from station_app.ui.start_recover import RecoverCard
from tests.ui.shell import Clock, set_up

Key = Qt.Key
CHEAP = vault.Cost(1, 8192)


class Desk:
    """A start window and what it handed over."""

    def __init__(self, qtbot: QtBot, folder: Path, clock: Callable[[], datetime]) -> None:
        self.qtbot = qtbot
        self.opened: list[Database] = []
        self.window = StartWindow(folder, clock=clock, cost=CHEAP)
        self.window.opened.connect(self.opened.append)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)

    @property
    def set_up(self) -> SetUpCard:
        assert isinstance(self.window.card, SetUpCard)
        return self.window.card

    @property
    def unlock(self) -> UnlockCard:
        assert isinstance(self.window.card, UnlockCard)
        return self.window.card

    def keys(self, *keys: str | Qt.Key) -> None:
        """Type texts (as an input method commits them) and press keys where the focus is."""
        for key in keys:
            focus = QApplication.focusWidget()
            assert focus is not None
            if isinstance(key, str):
                commit = QInputMethodEvent()
                commit.setCommitString(key)
                QApplication.sendEvent(focus, commit)
            else:
                self.qtbot.keyClick(focus, key)

    def over(self, *keys: str) -> None:
        """Type over what stands in the field, then Enter."""
        for text in keys:
            focus: QWidget | None = QApplication.focusWidget()
            self.qtbot.keyClick(focus, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
            self.keys(Key.Key_Delete, text, Key.Key_Return)

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: self.window.idle, timeout=60_000)

    def fill_station(self) -> None:
        """From the welcome to the keeper, by keys alone."""
        self.keys(Key.Key_Return)
        self.keys("马家湾暖心驿站", Key.Key_Return)
        self.wait()
        self.keys(Key.Key_Return, Key.Key_Return, "云桥区", Key.Key_Return, "990101", Key.Key_Return)
        self.keys(Key.Key_Return, Key.Key_Return)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    desk = Desk(qtbot, tmp_path / "data", clock)
    yield desk
    desk.window.close()
    for db in desk.opened:
        db.close()


@pytest.fixture
def locked(qtbot: QtBot, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    set_up(tmp_path / "data", clock).close()
    desk = Desk(qtbot, tmp_path / "data", clock)
    yield desk
    desk.window.close()
    for db in desk.opened:
        db.close()


def test_a_station_is_set_up_from_nothing_by_keys_alone(desk: Desk) -> None:
    desk.fill_station()
    assert desk.set_up.step == "keeper"
    desk.keys("王敏", Key.Key_Return, "demo-station", Key.Key_Return, "demo-station", Key.Key_Return, "2468")
    desk.keys(Key.Key_Return)
    assert desk.set_up.step == "summary"
    shown = desk.set_up.summary.texts()
    assert shown["station"] == "驿站名称 马家湾暖心驿站"
    assert shown["code"] == "驿站代号 MJW-A", "the code was suggested from the name"
    desk.keys(Key.Key_Return)
    desk.wait()
    (db,) = desk.opened
    station = stations.current(db)
    assert (station.name, station.code, station.letter) == ("马家湾暖心驿站", "MJW", "A")
    assert (station.district_name, station.district_code) == ("云桥区", "990101")
    assert (station.opens, station.closes, station.sample) == ("08:30", "17:30", False)
    (keeper,) = keepers.listing(db)
    assert (keeper.name, keeper.id) == ("王敏", db.acting)
    assert keepers.unlock_screen(db, keeper.id, "2468") == keeper


def test_what_cannot_be_is_said_at_its_field_and_nothing_is_made(desk: Desk, tmp_path: Path) -> None:
    desk.fill_station()
    desk.keys("王敏", Key.Key_Return, "kurz", Key.Key_Return, "other", Key.Key_Return, Key.Key_Return)
    card = desk.set_up
    assert card.step == "keeper"
    assert _error(card.keeper.field("password")) == "密码至少要 8 位"
    desk.over("long enough", "not the same", "12")
    assert _error(card.keeper.field("pin")) == "PIN 码要 4 到 6 位数字"
    desk.over("")
    assert _error(card.keeper.field("again")) == "两遍密码不一样，请再看一下"
    assert card.keeper.values()["keeper"] == "王敏"
    desk.keys(Key.Key_Escape)
    assert card.step == "station"
    card.station.field("code").take_focus()
    desk.over("暖", "A")
    desk.keys(Key.Key_Return, Key.Key_Return, Key.Key_Return, Key.Key_Return)
    assert card.step == "station"
    assert _error(card.station.field("code")) == "驿站代号要 2 到 8 位大写字母或数字（现在是“暖”）"
    assert not (tmp_path / "data").exists()
    assert desk.opened == []


def test_what_the_service_refuses_at_the_end_leads_back_to_its_field(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = desk.set_up
    card.station.set_values({"name": "马家湾", "code": "mjw", "district_name": "云桥区", "district_code": "990101"})
    card.keeper.set_values({"keeper": "王敏", "password": "demo-station", "again": "demo-station", "pin": "1"})
    card.go("summary")
    desk.keys(Key.Key_Return)
    desk.wait()
    assert card.step == "keeper"
    assert _error(card.keeper.field("pin")) == "PIN 码要 4 到 6 位数字"
    assert not (tmp_path / "data" / "station.slots").exists()
    card.keeper.set_values({"pin": ""})
    monkeypatch.setattr("station_app.paths.volume_kind", lambda _path: "removable")
    card.go("summary")
    desk.keys(Key.Key_Return)
    desk.wait()
    assert "在U盘上" in card.errors.text()
    monkeypatch.undo()
    desk.keys(Key.Key_Return)
    desk.wait()
    assert stations.current(desk.opened[0]).code == "MJW"


def test_a_wrong_password_is_said_and_stays_a_right_one_opens(locked: Desk) -> None:
    locked.keys("not my password", Key.Key_Return)
    locked.wait()
    assert locked.unlock.errors.text() == "密码不对，请再试一次"
    assert locked.unlock.password.value() == "not my password"
    assert locked.unlock.password.line.hasFocus()
    locked.over("demo-station")
    locked.wait()
    assert stations.current(locked.opened[0]).name == "马家湾暖心驿站"
    assert locked.opened[0].acting


def test_an_empty_password_asks_for_one(locked: Desk) -> None:
    locked.keys(Key.Key_Return)
    assert _error(locked.unlock.password) == "请填写这一项"
    assert locked.window.idle


def test_a_folder_that_another_window_has_is_said(locked: Desk, tmp_path: Path) -> None:
    with_it = stations.open_station(tmp_path / "data", "demo-station")
    try:
        locked.keys("demo-station", Key.Key_Return)
        locked.wait()
        assert "驿站窗口正开着这个文件夹" in locked.unlock.errors.text()
        assert locked.opened == []
    finally:
        with_it.close()


def test_the_sample_opens_apart_from_the_place_of_a_real_station(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_work, "SAMPLE_DAYS", 2)
    desk.keys(Key.Key_Down, Key.Key_Down, Key.Key_Return)
    desk.wait()
    (db,) = desk.opened
    assert db.path.parent == tmp_path / "data" / "demo"
    assert stations.current(db).sample
    assert reports.period(db, "2026-07-16", "2026-07-17").person_times > 10
    assert not (tmp_path / "data" / "station.slots").exists()
    db.close()
    desk.opened.clear()
    again = start_work.sample(
        tmp_path / "data",
        clock=Clock(),
        cost=CHEAP,
        language="",
        progress=lambda _done, _total: pytest.fail("made twice"),
    )
    again.close()


def test_a_stopped_sample_leaves_nothing(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def story(self: object, day: object, dice: object, ends: object) -> None:
        made.append(1)
        desk.window.stop()

    monkeypatch.setattr(demo._Story, "day", story)
    desk.keys(Key.Key_Down, Key.Key_Down, Key.Key_Return)
    desk.wait()
    assert made == [1]
    assert desk.set_up.errors.text() == words.t("kit.cancelled")
    assert list((tmp_path / "data" / "demo").glob("station.*")) == []


def test_the_language_switch_keeps_what_was_typed_and_is_remembered(desk: Desk) -> None:
    desk.fill_station()
    desk.keys("王敏")
    desk.window.languages.setFocus()
    desk.window.languages.choose("en")
    assert desk.set_up.step == "keeper"
    assert desk.window.windowTitle() == "Warm station"
    assert desk.set_up.keeper.values()["keeper"] == "王敏"
    assert desk.set_up.station.values()["name"] == "马家湾暖心驿站"
    desk.keys(
        Key.Key_Return, "demo-station", Key.Key_Return, "demo-station", Key.Key_Return, Key.Key_Return, Key.Key_Return
    )
    desk.wait()
    assert preferences.get(desk.opened[0], settings.LANGUAGE) == "en"


def _error(field: QWidget) -> str:
    """The sentence under a field."""
    return str(field.focusProxy().accessibleDescription())  # type: ignore[union-attr]


# --- without the password ----------------------------------------------------------------------------------------------


def _root(folder: Path) -> vault.Root:
    return vault.unlock(DataFolder(folder).slots, "demo-station")[0]


def _recovering(locked: Desk) -> RecoverCard:
    locked.qtbot.keyClick(locked.unlock.forgotten, Key.Key_Space)
    assert isinstance(locked.window.card, RecoverCard)
    return locked.window.card


def test_a_forgotten_password_is_set_anew_by_the_recovery_sheet(locked: Desk, tmp_path: Path) -> None:
    slots = DataFolder(tmp_path / "data").slots
    key = vault.add_recovery(slots, _root(tmp_path / "data"))
    card = _recovering(locked)
    wrong = [*key.groups[:4], str((int(key.groups[4]) + 1) % 10**5).zfill(5), *key.groups[5:]]
    locked.keys(" ".join(wrong), Key.Key_Return)
    locked.wait()
    assert "第 5 组" in _error(card.sheet.field("groups"))
    locked.over(key.digits)  # as a scanner types the code
    locked.wait()
    assert card.fresh is not None
    card.fresh.field("password").take_focus()
    locked.over("short", "short")
    locked.wait()
    assert _error(card.fresh.field("password")) != ""
    locked.over("a-new-password", "another-password")
    assert _error(card.fresh.field("again")) == words.t("start.differs")
    locked.over("a-new-password")
    locked.wait()
    (db,) = locked.opened
    assert keepers.keeper(db, db.acting) is not None
    assert vault.unlock(slots, "a-new-password")[1] == db.acting
    with pytest.raises(Refused):
        vault.unlock(slots, "demo-station")


def test_a_sheet_that_was_replaced_opens_nothing_and_esc_goes_back(locked: Desk, tmp_path: Path) -> None:
    slots = DataFolder(tmp_path / "data").slots
    old = vault.add_recovery(slots, _root(tmp_path / "data"))
    vault.add_recovery(slots, _root(tmp_path / "data"))
    card = _recovering(locked)
    locked.keys(" ".join(old.groups), Key.Key_Return)
    locked.wait()
    assert _error(card.sheet.field("groups")) == words.t("vault.wrong_recovery")
    assert locked.opened == []
    locked.keys(Key.Key_Escape)
    assert locked.unlock.password.line.hasFocus()


def test_a_start_card_opens_the_desk_until_it_is_revoked(locked: Desk, tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "data"
    slots = DataFolder(folder).slots
    card, lost = vault.add_start_card(slots, _root(folder)), vault.add_start_card(slots, _root(folder))
    vault.revoke(slots, lost.slot_id)
    locked.keys(lost.digits, Key.Key_Return)
    locked.wait()
    assert locked.unlock.errors.text() == words.t("vault.wrong_start_card")
    locked.over(card.digits)
    locked.wait()
    (db,) = locked.opened
    assert (db.desk_only, db.acting) == (True, "")
    window = app.window(db)
    window.show()
    hands = Hands(window, lambda: window.idle, window.catcher)
    hands.settle()
    assert window.locked, "a PIN says who is there"
    hands.type("1234")
    hands.key(Key.Key_Return)
    hands.settle()
    assert not window.locked
    assert db.desk_only
    assert keepers.keeper(db, db.acting) is not None
    window.close()
    shiboken6.delete(window)
