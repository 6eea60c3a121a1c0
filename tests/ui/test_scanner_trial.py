"""The try-out of a scanner by its keys: what arrived is shown, what is said fits it, what is learned is used at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import settings, vault
from station_app.db import Database
from station_app.services import preferences, stations
from station_app.ui import burst
from station_app.ui.burst import Finding, Oddity
from station_app.ui.jobs import Jobs
from station_app.ui.pages.settings import SettingsPage
from station_app.ui.pages.settings_scanner import ScannerTrial
from tests.ui.shell import Clock, SheetShell, set_up

CODE = vault.TRIAL_BADGE
NONE = Qt.KeyboardModifier.NoModifier


class Desk:
    """The settings page with the sheet open, and a scanner of any speed."""

    def __init__(self, qtbot: QtBot, db: Database) -> None:
        self.qtbot, self.db = qtbot, db
        self.shell = SheetShell(Jobs(db), stations.current(db))
        self.page = SettingsPage(self.shell, cost=vault.Cost(1, 8192))
        qtbot.addWidget(self.page)
        self.shell.hold(self.page)
        self.page.resize(1274, 678)
        with qtbot.waitActive(self.page):
            self.page.show()
            self.page.activateWindow()
        self.rest()
        self.page.scanner.try_it.click()
        assert isinstance(self.shell.sheet, ScannerTrial)
        self.sheet = self.shell.sheet
        self.stamp = 1_000

    def rest(self) -> None:
        self.qtbot.waitUntil(lambda: self.shell.jobs.idle)

    def scan(self, text: str, gap: int, end: Qt.Key | None = Qt.Key.Key_Return) -> None:
        """Keys with the times a scanner puts on them, then silence."""
        for character in text:
            self._key(int(Qt.Key(ord(character))) if character.isascii() else 0, character, gap)
        if end is not None:
            self._key(int(end), {Qt.Key.Key_Return: "\r", Qt.Key.Key_Tab: "\t"}.get(end, ""), gap)
        assert self.sheet.trial is not None
        self.sheet.trial.settle()

    def _key(self, key: int, text: str, gap: int) -> None:
        focus = QApplication.focusWidget()
        assert focus is not None
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, NONE, text)
            event.setTimestamp(self.stamp)
            QApplication.sendEvent(focus, event)
        self.stamp += gap

    def kept(self) -> tuple[int, str]:
        return preferences.number(self.db, settings.SCAN_GAP), preferences.get(self.db, settings.SCAN_SUFFIX)


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    db = set_up(tmp_path / "station", Clock())
    made = Desk(qtbot, db)
    yield made
    made.shell.close_sheet()
    made.shell.jobs.close()
    db.close()


@pytest.mark.parametrize(
    ("text", "gap", "end", "finding", "kept"),
    [
        (CODE, 5, Qt.Key.Key_Return, Finding.GOOD, (35, burst.ENTER)), (CODE, 12, Qt.Key.Key_Tab, Finding.GOOD, (35, burst.TAB)),
        (CODE, 5, None, Finding.GOOD, (35, burst.NONE)), (CODE, 5, Qt.Key.Key_Down, Finding.GOOD, (35, f"key:{int(Qt.Key.Key_Down)}")),
        (CODE + "#", 5, None, Finding.GOOD, (35, "text:#")), (CODE, 60, Qt.Key.Key_Return, Finding.SLOW, (83, burst.ENTER)),
        ("6901234567892", 48, None, Finding.SLOW, (68, burst.NONE)),
    ],
)  # fmt: skip
def test_speed_and_suffix_are_learned_and_kept(
    desk: Desk, text: str, gap: int, end: Qt.Key | None, finding: Finding, kept: tuple[int, str]
) -> None:
    desk.scan(text, gap, end)
    assert not desk.sheet.remember.isEnabled(), "one scan is not enough"
    desk.scan(text, gap, end)
    assert desk.sheet.verdict is not None
    assert desk.sheet.verdict.finding is finding
    assert str(gap) in desk.sheet.told.text.text()
    desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    desk.rest()
    assert desk.kept() == kept
    assert desk.shell.sheet is None


def test_what_a_hand_types_is_never_learned(desk: Desk) -> None:
    for _ in range(3):
        desk.scan(CODE, 140)
    assert desk.sheet.verdict is not None
    assert desk.sheet.verdict.finding is Finding.HANDS
    assert not desk.sheet.remember.isEnabled()
    assert "像是手打的" in desk.sheet.told.text.text()


def test_half_a_code_and_two_scanners_are_said(desk: Desk) -> None:
    desk.scan(CODE[:15], 5)
    assert desk.sheet.verdict is not None
    assert desk.sheet.verdict.finding is Finding.UNREAD
    desk.sheet.start_over()
    desk.scan(CODE, 5)
    desk.scan(CODE, 5, Qt.Key.Key_Tab)
    assert desk.sheet.verdict is not None
    assert desk.sheet.verdict.finding is Finding.DIFFERENT
    assert not desk.sheet.remember.isEnabled()


@pytest.mark.parametrize(
    ("text", "oddity"),
    [
        ("".join(chr(ord(digit) + 0xFEE0) for digit in CODE), Oddity.WIDE), (CODE[:4] + " " + CODE[4:], Oddity.BLANKS),
        (CODE + CODE, Oddity.TWICE), ("]Q1" + CODE, Oddity.AROUND),
        (CODE.translate(str.maketrans("0123456789", ")!@#$%^&*(")), Oddity.SHIFTED),
    ],
)  # fmt: skip
def test_what_is_odd_about_it_is_said_in_words(desk: Desk, text: str, oddity: Oddity) -> None:
    desk.scan(text, 5)
    assert desk.sheet.verdict is not None
    assert (desk.sheet.verdict.code, desk.sheet.verdict.oddities) == (CODE, (oddity,))
    assert desk.sheet.verdict.finding is Finding.GOOD


def test_an_input_method_is_heard_too(desk: Desk) -> None:
    committed = QInputMethodEvent()
    committed.setCommitString("".join(chr(ord(digit) + 0xFEE0) for digit in CODE))
    focus = QApplication.focusWidget()
    assert focus is not None
    QApplication.sendEvent(focus, committed)
    assert desk.sheet.trial is not None
    desk.sheet.trial.settle()
    assert desk.sheet.verdict is not None
    assert desk.sheet.verdict.code == CODE


def test_keys_of_a_hand_go_where_they_went_and_the_sheet_can_be_left(desk: Desk) -> None:
    desk.qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert not desk.shell.real.is_open()
    assert desk.sheet.trial is None, "it no longer listens"


def test_what_was_learned_can_be_forgotten(desk: Desk) -> None:
    preferences.change(desk.db, settings.SCAN_GAP.name, "90")
    desk.sheet.forget.click()
    desk.rest()
    assert desk.kept() == (35, burst.ANY)
    assert desk.shell.last == "已恢复成一般扫码枪"
