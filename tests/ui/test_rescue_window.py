"""A damaged store and an old backup through the real windows: found, looked at, restored, taken out, and back at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, backup, vault
from station_app.backup import Reason
from station_app.db import Database
from station_app.errors import EnvironmentFault, Refused
from station_app.model import Consent, Occupation, Role
from station_app.paths import DataFolder
from station_app.services import audit, backups, care, keepers, keeping, people, stations, visits
from station_app.ui import start_restore, theme
from station_app.ui.care_notice import CareNotice
from station_app.ui.errands import Errand
from station_app.ui.hands import Hands
from station_app.ui.kit import Button
from station_app.ui.main_window import MainWindow
from station_app.ui.pages.settings import SettingsPage
from station_app.ui.pages.settings_keys import RestoreSheet
from station_app.ui.rescue import RescueCard
from station_app.ui.start import StartWindow, UnlockCard
from station_app.ui.start_restore import RestoreCard
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.ui.shell import shown

Key = Qt.Key
DAY = "2026-07-17"


class House:
    """The windows in turn, as the program shows them, and a keeper's hands on the one in front."""

    def __init__(self, folder: Path, clock: Clock, qtbot: QtBot) -> None:
        self.folder, self.clock, self.qtbot = folder, clock, qtbot
        self.turns = app.Turns(DataFolder(folder), self._start, app.window)

    def _start(self, errand: Errand | None) -> StartWindow:
        return StartWindow(self.folder, clock=self.clock, cost=CHEAP, errand=errand)

    @property
    def start(self) -> StartWindow:
        assert self.turns.start is not None
        return self.turns.start

    @property
    def desk(self) -> MainWindow:
        assert isinstance(self.turns.shown, MainWindow)
        return self.turns.shown

    def begin(self) -> Hands:
        self.turns.begin()
        return self.at_start()

    def at_start(self) -> Hands:
        """The first window in front, everything asked for answered."""
        self.qtbot.waitUntil(lambda: self.start.isVisible(), timeout=30_000)
        self.qtbot.waitActive(self.start)
        hands = Hands(self.start, lambda: self.turns.start is None or self.turns.start.idle)
        hands.settle()
        return hands

    def at_desk(self) -> Hands:
        try:
            self.qtbot.waitUntil(lambda: self.turns.shown is not None and self.turns.shown.isVisible(), timeout=30_000)
        except TimeoutError as error:
            raise AssertionError(self.seen()) from error
        self.qtbot.waitActive(self.desk)
        self.qtbot.waitUntil(lambda: self.desk.tended, timeout=30_000)
        hands = Hands(self.desk, lambda: self.turns.shown is None or self.desk.idle, self.desk.catcher)
        hands.settle()
        return hands

    def seen(self) -> str:
        """What stands before the keeper: for a window that does not come."""
        focus = QApplication.focusWidget()
        words = [part.accessibleName() for part in self.start.findChildren(QWidget) if part.isVisible()]
        return f"{self.start.card!r}, idle {self.start.idle}, keys go to {focus!r}, reads {' / '.join(filter(None, words))}"

    def unlock(self) -> Hands:
        hands = self.at_start()
        hands.type(PASSWORD)
        hands.key(Key.Key_Return)
        return hands

    @property
    def rescue(self) -> RescueCard:
        assert isinstance(self.start.card, RescueCard)
        return self.start.card

    def press(self, button: Button) -> None:
        """Tab to a button and press it."""
        for _ in range(80):
            if button.hasFocus():
                break
            focus = QApplication.focusWidget()
            assert focus is not None
            QTest.keyClick(focus, Key.Key_Tab)
        assert button.hasFocus(), button.accessibleName()
        QTest.keyClick(button, Key.Key_Space)

    def close(self) -> None:
        for window in (self.turns.shown, self.turns.start):
            if window is not None and shiboken6.isValid(window):
                if isinstance(window, MainWindow):
                    window.errand = None
                window.close()
                shiboken6.delete(window)


@pytest.fixture
def clock() -> Clock:
    return Clock("2026-07-17T08:02:00+08:00")


def a_morning(folder: Path, clock: Clock) -> None:
    """A station with a regular and a backup, and a morning's work after it."""
    db, _keeper = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    people.register(db, Occupation.RIDER, "飞鹿外卖", "李志强", "13800001234", Consent.STATION)
    visits.tally(db, Occupation.COURIER, 2)
    keeping.keep(db, Reason.DAILY)
    clock.forward(hours=3)
    people.register(db, Occupation.SANITATION_WORKER, "", "赵丽", "13800005678", Consent.STATION)
    visits.tally(db, Occupation.RIDER, 3)
    db.close()


@pytest.fixture
def folder(tmp_path: Path, clock: Clock) -> Path:
    a_morning(tmp_path / "station", clock)
    return tmp_path / "station"


@pytest.fixture
def house(folder: Path, clock: Clock, qtbot: QtBot, qapp: QApplication) -> Iterator[House]:
    theme.apply(qapp, pictures=True)
    built = House(folder, clock, qtbot)
    yield built
    built.close()
    theme.apply(qapp, pictures=True)


def spoil(folder: Path, table: str = "") -> bytes:
    """One bit of a table's first page, or of the file's; returns the file as it is then."""
    file, page = folder / "station.db", 1
    if table:
        key = vault.unlock(DataFolder(folder).slots, PASSWORD)[0].database_key()
        held = backup.look(backup.listing(folder / "backups")[0], key)
        page = held.scalar("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,))
        held.close()
    data = bytearray(file.read_bytes())
    data[(page - 1) * 4096 + 1000] ^= 1
    file.write_bytes(data)
    return bytes(data)


def times(db: Database) -> int:
    return visits.today(db, DAY).person_times


# --- a store that does not open --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["", "station"])
def test_a_damaged_store_is_rescued_by_keys_and_the_desk_goes_on(house: House, folder: Path, table: str) -> None:
    spoilt = spoil(folder, table)
    house.begin()
    hands = house.unlock()
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the way to the rescue")
    hands.settle()
    card = house.rescue
    assert (folder / "station.db").read_bytes() == spoilt, "looking changes nothing"
    said = shown(card)
    assert "最后一笔是 今天 11:02" in said
    assert "今天 08:02" in said
    assert card.restore.hasFocus()
    hands.key(Key.Key_Return)
    hands.until(lambda: isinstance(house.start.card, UnlockCard), "the restored station")
    hands.settle()
    assert "补回之后的" in " ".join(part.accessibleName() for part in house.start.findChildren(QWidget))
    (kept,) = (folder / "set-aside").iterdir()
    assert (kept / "station.db").read_bytes() == spoilt
    house.unlock()
    house.at_desk()
    assert times(house.desk.db) == 5
    assert [one.name for one in people.find(house.desk.db, "赵丽")] == ["赵丽"]
    assert audit.check(house.desk.db) == []


def test_what_can_be_read_is_taken_out_and_the_file_left_alone(house: House, folder: Path, tmp_path: Path) -> None:
    spoilt = spoil(folder)
    house.begin()
    hands = house.unlock()
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the way to the rescue")
    hands.settle()
    house.rescue._choose = lambda _parent, then: then(tmp_path / "out")
    house.press(house.rescue.export)
    hands.settle()
    (made,) = (tmp_path / "out").iterdir()
    assert "赵丽" in (made / "姓名电话（密封）.csv").read_text("utf-8-sig")
    assert str(made) in " ".join(part.accessibleName() for part in house.rescue.findChildren(QWidget))
    hands.key(Key.Key_Escape)
    assert not house.start.isVisible()
    assert (folder / "station.db").read_bytes() == spoilt
    assert not (folder / "rescuing").exists(), "nothing of it stays"


def test_whoever_may_not_restore_is_told_and_may_take_out(house: House, folder: Path, clock: Clock) -> None:
    db = stations.open_station(folder, PASSWORD, clock=clock)
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    keepers.add(db, folder, root, "李兰", Role.KEEPER, "another-password", cost=CHEAP)
    db.close()
    spoil(folder)
    hands = house.begin()
    hands.type("another-password")
    hands.key(Key.Key_Return)
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the way to the rescue")
    hands.settle()
    assert not house.rescue.restore.isEnabled()
    assert house.rescue.export.hasFocus()
    assert t("rescue.supervisor_only") in shown(house.rescue)


def test_the_recovery_sheet_leads_to_the_rescue_too(house: House, folder: Path) -> None:
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    sheet = vault.add_recovery(DataFolder(folder).slots, root)
    spoil(folder)
    hands = house.begin()
    assert isinstance(house.start.card, UnlockCard)
    house.press(house.start.card.forgotten)
    hands.settle()
    hands.type(sheet.digits)
    hands.key(Key.Key_Return)
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the way to the rescue")
    hands.settle()
    assert house.rescue.restore.isEnabled()


def test_a_rescue_that_fails_says_so_and_leaves_everything(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = spoil(folder)
    house.begin()
    hands = house.unlock()
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the way to the rescue")
    hands.settle()

    def full(*_args: object, **_more: object) -> None:
        raise EnvironmentFault("db.full")

    with monkeypatch.context() as patched:
        patched.setattr(backups, "_opened_copy", full)
        hands.key(Key.Key_Return)
        hands.settle()
    assert t("restore.not_done", reason=t("db.full")) == house.rescue.errors.text()
    assert (folder / "station.db").read_bytes() == spoilt
    hands.key(Key.Key_Return)
    hands.until(lambda: isinstance(house.start.card, UnlockCard), "the second try")


def test_without_any_backup_it_can_only_be_taken_out(house: House, folder: Path) -> None:
    for file in (folder / "backups").glob("*.backup"):
        file.unlink()
    spoil_at = folder / "station.db"
    data = bytearray(spoil_at.read_bytes())
    data[1000] ^= 1
    spoil_at.write_bytes(data)
    house.begin()
    hands = house.unlock()
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the way to the rescue")
    hands.settle()
    assert t("rescue.no_backup") in shown(house.rescue)
    assert (house.rescue.restore.isEnabled(), house.rescue.export.isEnabled()) == (False, True)


def test_a_bad_page_that_only_the_window_meets_leads_to_the_rescue_too(house: House, folder: Path) -> None:
    def meets(_db: Database, **_more: object) -> MainWindow:
        raise Refused("db.damaged")

    house.turns._opens = meets
    house.begin()
    first = house.start
    hands = house.unlock()
    hands.until(lambda: house.start is not first, "the first window again")
    assert not (shiboken6.isValid(first) and first.isVisible())
    house.at_start()
    assert t("rescue.unlock_for_it") in [part.accessibleName() for part in house.start.findChildren(QWidget)]
    hands = house.unlock()
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the rescue")
    hands.settle()
    assert house.rescue.restore.isEnabled()


# --- a store that is found damaged at the desk -------------------------------------------------------------------------------


def test_damage_found_at_the_desk_leads_to_the_rescue_and_what_was_recorded_comes_along(
    house: House, folder: Path
) -> None:
    spoil(folder, "quota")  # no row of it: the desk reads on
    house.begin()
    house.unlock()
    hands = house.at_desk()
    assert house.desk.toast.text() == t("care.damaged")
    hands.key(Key.Key_F2)
    house.desk.top.trouble_clicked.emit()
    hands.settle()
    (notice,) = [one for one in house.desk.findChildren(CareNotice) if one.isVisible()]
    assert notice.rescue.hasFocus()
    QTest.keyClick(notice.rescue, Key.Key_Space)
    hands = house.unlock()
    hands.until(lambda: isinstance(house.start.card, RescueCard), "the rescue")
    hands.settle()
    hands.key(Key.Key_Return)
    hands.until(lambda: isinstance(house.start.card, UnlockCard), "the restored station")
    house.unlock()
    house.at_desk()
    assert times(house.desk.db) == 6


def test_the_weekly_check_runs_beside_the_desk_and_stands_on_the_settings_page(house: House, folder: Path) -> None:
    house.begin()
    house.unlock()
    hands = house.at_desk()
    house.desk._minute.timeout.emit()
    hands.until(lambda: care.last_full_check(house.desk.db) is not None, "the full check")
    page = house.desk.page("settings")
    assert isinstance(page, SettingsPage)
    house.desk.go("settings")
    hands.settle()
    assert "今天 11:02 完整检查通过" in page.keys_card.checked.accessibleName()


# --- an old backup -----------------------------------------------------------------------------------------------------------


def restore_sheet(house: House, hands: Hands) -> RestoreSheet:
    house.desk.go("settings")
    hands.settle()
    page = house.desk.page("settings")
    assert isinstance(page, SettingsPage)
    house.press(page.keys_card.restore)
    hands.until(lambda: page.idle, "the list")
    hands.settle()
    (sheet,) = [one for one in house.desk.findChildren(RestoreSheet) if one.isVisible()]
    return sheet


def test_a_backup_is_restored_from_the_settings_page_by_keys(house: House, folder: Path) -> None:
    house.begin()
    house.unlock()
    hands = house.at_desk()
    before = house.desk.db.store_id
    sheet = restore_sheet(house, hands)
    assert sheet.list.buttons[0].hasFocus()
    hands.key(Key.Key_Space)
    hands.until(lambda: sheet.form is not None, "the preview")
    hands.settle()
    assert "1 次来访" in shown(sheet)
    hands.type("not my password")
    hands.key(Key.Key_Return)
    hands.settle()
    assert house.desk.isVisible()
    assert sheet.form is not None
    sheet.form.field("password").set_value("")
    hands.type(PASSWORD)
    hands.key(Key.Key_Return)
    hands = house.at_start()
    hands.until(lambda: isinstance(house.start.card, UnlockCard), "the restored station")
    hands.settle()
    told = " ".join(part.accessibleName() for part in house.start.findChildren(QWidget))
    assert "已经恢复到 今天" in told
    house.unlock()
    house.at_desk()
    assert times(house.desk.db) == 2
    assert house.desk.db.store_id != before
    assert house.desk.db.meta("parent").startswith(before)
    assert audit.check(house.desk.db) == []


def test_a_restore_that_fails_leaves_the_old_store_and_says_so(
    house: House, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.begin()
    house.unlock()
    hands = house.at_desk()
    sheet = restore_sheet(house, hands)
    hands.key(Key.Key_Space)
    hands.until(lambda: sheet.form is not None, "the preview")
    hands.settle()

    def full(*_args: object, **_more: object) -> None:
        raise EnvironmentFault("db.full")

    monkeypatch.setattr(start_restore.backups, "restore", full)
    hands.type(PASSWORD)
    hands.key(Key.Key_Return)
    hands = house.at_start()
    hands.until(lambda: isinstance(house.start.card, UnlockCard), "the old station")
    hands.settle()
    told = " ".join(part.accessibleName() for part in house.start.findChildren(QWidget))
    assert t("restore.not_done", reason=t("db.full")) in told
    house.unlock()
    house.at_desk()
    assert times(house.desk.db) == 5


@pytest.mark.parametrize("by_sheet", [False, True])
def test_on_a_new_computer_a_stick_and_the_password_or_the_sheet_are_enough(
    folder: Path, tmp_path: Path, clock: Clock, qtbot: QtBot, qapp: QApplication, by_sheet: bool
) -> None:
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    sheet = vault.add_recovery(DataFolder(folder).slots, root)
    db = stations.open_station(folder, PASSWORD, clock=clock)
    keeping.keep(db, Reason.MANUAL, second=tmp_path / "stick" / "backups")
    db.close()
    theme.apply(qapp, pictures=True)
    house = House(tmp_path / "new", clock, qtbot)
    hands = house.begin()
    for key in (Key.Key_Down, Key.Key_Down, Key.Key_Down, Key.Key_Return):
        hands.key(key)
    card = house.start.card
    assert isinstance(card, RestoreCard)
    card._choose = lambda _parent, then: then(tmp_path / "stick")
    hands.settle()
    house.press(card.pick)
    hands.settle()
    hands.key(Key.Key_Space)
    hands.type("wrong password")
    hands.key(Key.Key_Return)
    hands.settle()
    assert not card.on.isEnabled()
    card.key.field("secret").set_value("")
    hands.type(" ".join(sheet.groups) if by_sheet else PASSWORD)
    hands.key(Key.Key_Return)
    hands.until(lambda: card.on.isEnabled(), "the preview")
    hands.settle()
    assert "云桥暖心驿站" in shown(card)
    assert not (tmp_path / "new").exists(), "looking changes nothing"
    assert card.on.hasFocus()
    hands.key(Key.Key_Return)
    hands.until(lambda: isinstance(house.start.card, UnlockCard), "the restored station")
    house.unlock()
    house.at_desk()
    assert times(house.desk.db) == 5
    house.close()


def test_esc_goes_back_from_an_old_backup(house: House) -> None:
    hands = house.begin()
    assert isinstance(house.start.card, UnlockCard)
    house.press(house.start.card.restore)
    hands.settle()
    assert isinstance(house.start.card, RestoreCard)
    hands.key(Key.Key_Escape)
    assert isinstance(house.start.card, UnlockCard)
