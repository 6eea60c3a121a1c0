"""The card 备份与钥匙: a backup now, a second place, what restoring would lose, keys on paper made and revoked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app import backup, settings, vault
from station_app.backup import Reason
from station_app.db import Database
from station_app.model import Occupation
from station_app.paths import DataFolder
from station_app.services import keepers, keeping, preferences, stations, visits
from station_app.ui import printing
from station_app.ui.entry import Entry
from station_app.ui.errands import Restoring
from station_app.ui.jobs import Jobs
from station_app.ui.pages.settings import SettingsPage
from station_app.ui.pages.settings_keys import KeysCard, RestoreSheet
from tests.ui.shell import Clock, SheetShell, in_front, set_up, shown, type_in

PASSWORD = "demo-station"


class Hands:
    """The page in front and what was opened for printing."""

    def __init__(self, qtbot: QtBot, shell: SheetShell, db: Database) -> None:
        self.qtbot, self.shell, self.db = qtbot, shell, db
        self.page = in_front(SettingsPage(shell, cost=vault.Cost(1, 8192)), shell, qtbot)
        self.card: KeysCard = self.page.keys_card
        self.opened: list[Path] = []
        self.card._show_file = self.show
        self.wait()

    def show(self, path: Path) -> bool:
        self.opened.append(path)
        return True

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: self.shell.jobs.idle and self.page.idle, timeout=30_000)

    def press(self, button: object) -> None:
        self.qtbot.keyClick(button, Qt.Key.Key_Space)
        self.wait()

    def submit(self, password: str) -> None:
        form = self.shell.sheet
        assert isinstance(form, Entry)
        form.field("password").set_value("")
        form.field("password").take_focus()
        type_in(self.qtbot, password)
        form.submit()
        self.wait()

    def ways(self, kind: str) -> list[str]:
        return [vault.slot_mark(way.id) for way in vault.ways(DataFolder(self.db.path.parent).slots) if way.kind == kind]


@pytest.fixture
def hands(tmp_path: Path, qtbot: QtBot) -> Iterator[Hands]:
    db = set_up(tmp_path / "station", Clock())
    jobs = Jobs(db)
    broken: list[object] = []
    jobs.broken.connect(broken.append)
    yield Hands(qtbot, SheetShell(jobs, stations.current(db)), db)
    jobs.close()
    db.close()
    assert broken == []


def test_a_backup_now_also_goes_to_the_second_place(hands: Hands, tmp_path: Path) -> None:
    assert "还没有备份" in hands.card.last.accessibleName()
    hands.press(hands.card.back_up)
    assert "今天 14:26" in hands.card.last.accessibleName()
    hands.card._choose = lambda _parent, then: then(tmp_path / "stick")
    hands.press(hands.card.choose)
    assert preferences.get(hands.db, settings.BACKUP_PLACE) == str(tmp_path / "stick")
    hands.press(hands.card.back_up)
    assert len(backup.listing(tmp_path / "stick")) == 1
    assert str(tmp_path / "stick") in hands.shell.last
    hands.press(hands.card.forget)
    assert preferences.get(hands.db, settings.BACKUP_PLACE) == ""


def test_a_second_place_within_the_data_is_refused(hands: Hands) -> None:
    hands.card._choose = lambda _parent, then: then(hands.db.path.parent / "more")
    hands.press(hands.card.choose)
    assert hands.shell.bad
    assert preferences.get(hands.db, settings.BACKUP_PLACE) == ""


def test_the_preview_says_what_is_lost_and_the_password_hands_it_over(hands: Hands, tmp_path: Path) -> None:
    visits.tally(hands.db, Occupation.COURIER, 2)
    kept = keeping.keep(hands.db, Reason.MANUAL)
    visits.tally(hands.db, Occupation.COURIER, 3)
    hands.press(hands.card.restore)
    sheet = hands.shell.sheet
    assert isinstance(sheet, RestoreSheet)
    hands.press(sheet.list.buttons[0])
    hands.qtbot.waitUntil(lambda: "恢复以后会少 1 笔" in shown(sheet))
    assert "其中有 1 次来访" in shown(sheet)
    assert "2 人次" in shown(sheet)
    assert "5 人次" in shown(sheet)
    assert visits.today(hands.db, "2026-07-17").person_times == 5, "looking changes nothing"
    assert sheet.form is not None
    sheet.form.take_focus()
    type_in(hands.qtbot, "not my password")
    sheet.form.submit()
    hands.wait()
    assert hands.shell.errand is None
    sheet.form.field("password").set_value(PASSWORD)
    sheet.form.submit()
    hands.wait()
    errand = hands.shell.errand
    assert isinstance(errand, Restoring)
    assert (errand.chosen, errand.by) == (kept.backup, hands.db.acting)
    assert errand.root.database_key() == hands.db.key


def test_backups_of_the_second_place_and_of_any_folder_can_be_chosen(hands: Hands, tmp_path: Path) -> None:
    preferences.change(hands.db, settings.BACKUP_PLACE.name, str(tmp_path / "stick"))
    made = keeping.keep(hands.db, Reason.MANUAL)
    made.backup.path.unlink()
    hands.card.refresh()
    hands.wait()
    hands.press(hands.card.restore)
    sheet = hands.shell.sheet
    assert isinstance(sheet, RestoreSheet)
    assert sheet.list.buttons == []
    sheet.sources.chosen.emit(str(tmp_path / "stick"))
    hands.wait()
    assert len(sheet.list.buttons) == 1
    sheet._choose = lambda _parent, then: then(tmp_path / "empty")
    hands.press(sheet.other)
    assert sheet.list.buttons == []


def test_a_damaged_backup_cannot_be_chosen(hands: Hands) -> None:
    made = keeping.keep(hands.db, Reason.MANUAL).backup
    data = bytearray(made.path.read_bytes())
    data[5000] ^= 1
    made.path.write_bytes(data)
    hands.press(hands.card.restore)
    sheet = hands.shell.sheet
    assert isinstance(sheet, RestoreSheet)
    assert not sheet.list.buttons[0].isEnabled()
    hands.qtbot.waitUntil(lambda: "坏了" in shown(sheet))


def test_a_recovery_sheet_asks_for_the_keepers_own_password_and_its_file_can_go(hands: Hands) -> None:
    hands.press(hands.card.print_recovery)
    hands.submit("not my password")
    assert hands.ways("recovery") == []
    hands.submit(PASSWORD)
    (number,) = hands.ways("recovery")
    assert number in hands.shell.last
    (file,) = hands.opened
    assert file.read_bytes().startswith(b"%PDF")
    assert "今天" in hands.card.recovery.accessibleName()
    assert hands.shell.then is not None
    hands.shell.then()
    assert not file.exists()


def test_what_was_printed_and_not_deleted_goes_with_the_window(hands: Hands) -> None:
    hands.press(hands.card.make_card)
    hands.submit(PASSWORD)
    (file,) = hands.opened
    other, part, notes = file.with_name("badges.pdf"), file.with_name(".slip.pdf.part"), file.with_name("notes.txt")
    for left in (other, part, notes):
        left.write_bytes(b"%PDF")
    os.utime(other, (0, 0))
    printing.sweep(hands.db)
    assert [one.exists() for one in (file, other, part, notes)] == [True, False, True, True]
    printing.sweep(hands.db, 0)
    assert [one.exists() for one in (file, other, part, notes)] == [False, False, False, True]


def test_a_start_card_is_listed_until_it_is_revoked(hands: Hands) -> None:
    hands.press(hands.card.make_card)
    hands.submit(PASSWORD)
    (number,) = hands.ways("start_card")
    assert list(hands.card.revoke) == [number]
    hands.press(hands.card.revoke[number])
    assert (hands.ways("start_card"), hands.card.revoke) == ([], {})
    assert keepers.start_cards(hands.db, hands.db.path.parent) == []
    assert number in hands.shell.last
