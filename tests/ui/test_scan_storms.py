"""Scan storms in the real window: 200 scans on every page, the focus in every widget in turn, none lost, doubled or leaked.

``STATION_STORM=whole`` sends 200 into every single widget, which takes long.

The scans bear the times a scanner's keys have (5 ms apart), typing those of a quick hand (50 ms). With the catcher switched off
(the negative control) the same storm writes into fields.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTabBar, QWidget
from pytestqt.qtbot import QtBot
from stdnum.iso7064 import mod_11_10

from station_app import app
from station_app.db import Database
from station_app.ui import theme
from station_app.ui.hands import Hands
from station_app.ui.main_window import PAGES, MainWindow
from station_app.ui.pages.settings_scanner import ScannerTrial
from tests.ui import looking
from tests.ui.shell import furnished

SCANS, GAP, TYPING = 200, 5, 50
WHOLE = os.environ.get("STATION_STORM") == "whole"
NONE = Qt.KeyboardModifier.NoModifier
PRESS, RELEASE = QEvent.Type.KeyPress, QEvent.Type.KeyRelease


SHEETS = {"people": 2, "supplies": 5, "requests": 3, "shift": 2, "settings": 3}
"""How many sheets a page's buttons open at least, where somebody is registered and something stands on the shelf."""


def badge(number: int) -> str:
    body = f"0990101{number:014d}"
    return body + str(mod_11_10.calc_check_digit(body))


BADGES = [badge(number * 7_919) for number in range(SCANS)]


class Storm:
    """The window, its catcher listening to nobody but us, and the hour on every key."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window
        self.hands = Hands(window, lambda: window.idle, window.catcher)
        self.scans: list[str] = []
        window.catcher.scanned.disconnect()
        window.catcher.scanned.connect(self.scans.append)
        self.stamp = 1_000_000

    def show(self, name: str, *, form: bool = False) -> None:
        """A page in front, with its new form open if it has one."""
        self.hands.key(str(PAGES.index(name) + 1), Qt.KeyboardModifier.AltModifier)
        if form:
            self.hands.ctrl("n")

    def widgets(self) -> list[QWidget]:
        """Everything that can have the focus now."""
        return [
            one for one in self.window.findChildren(QWidget)
            if one.isVisible() and one.isEnabled() and one.focusPolicy() != Qt.FocusPolicy.NoFocus and one.focusProxy() is None
        ]  # fmt: skip

    def key(self, receiver: QWidget, key: int, text: str, gap: int) -> None:
        for kind in (PRESS, RELEASE):
            event = QKeyEvent(kind, key, NONE, text)
            event.setTimestamp(self.stamp)
            QApplication.sendEvent(receiver, event)
        self.stamp += gap

    def scan(self, receiver: QWidget, code: str) -> None:
        for character in code:
            self.key(receiver, ord(character), character, GAP)
        self.key(receiver, int(Qt.Key.Key_Return), "\r", GAP)
        self.stamp += 1_000

    def rage(self, receivers: list[QWidget], codes: list[str]) -> None:
        """The codes into each of the widgets; none is lost or doubled, and nothing of them changes anything."""
        met = 0
        for widget in receivers:
            widget.setFocus()
            if not widget.hasFocus():
                continue
            met += 1
            before, self.scans[:] = self.state(), []
            for code in codes:
                self.scan(widget, code)
            assert self.scans == codes, widget
            assert self.window.catcher.pending() == 0
            assert self.state() == before, widget
        assert met > len(receivers) // 2, "the focus went nowhere: nothing was tried"

    def state(self) -> list[object]:
        """Whatever a key could have changed."""
        found: list[object] = []
        reads: list[tuple[type[QWidget], Callable[[QWidget], object]]] = [
            (QLineEdit, lambda w: w.text()), (QPlainTextEdit, lambda w: w.toPlainText()), (QComboBox, lambda w: w.currentIndex()),
            (QAbstractButton, lambda w: (w.isChecked(), w.isDown())), (QTabBar, lambda w: w.currentIndex()),
        ]  # fmt: skip
        for kind, read in reads:
            found += [read(one) for one in self.window.findChildren(kind)]
        return found


@pytest.fixture(scope="module")
def station(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    db = furnished(tmp_path_factory.mktemp("storm") / "station")
    yield db
    db.close()


@pytest.fixture
def storm(station: Database) -> Iterator[Storm]:
    """The window in front, until the test is over."""
    window = app.window(station)
    window.show()
    window.activateWindow()
    made = Storm(window)
    made.hands.until(window.isActiveWindow, "the window to be in front")
    made.hands.settle()
    yield made
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def places(name: str) -> list[bool]:
    return [False] if name in ("desk", "shift", "reports", "sync", "trail") else [False, True]


@pytest.mark.parametrize(("name", "form"), [(name, form) for name in PAGES for form in places(name)])
def test_a_storm_of_scans_with_the_focus_in_every_widget(storm: Storm, qtbot: QtBot, name: str, form: bool) -> None:
    storm.show(name, form=form)
    found = storm.widgets()
    assert len(found) > 3
    storm.rage(found, BADGES if WHOLE else BADGES[: max(8, -(-SCANS // len(found)))])
    if form:
        storm.hands.key(Qt.Key.Key_Escape)


@pytest.mark.parametrize("name", PAGES)
def test_a_storm_in_every_sheet_that_a_button_of_the_page_opens(storm: Storm, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    met = []
    with looking.alone(monkeypatch):
        for room, sheet in looking.rooms(storm.window, storm.hands, (name,)):
            if sheet is storm.window.page(name) or sheet.findChildren(ScannerTrial):  # which listens to scanners itself
                continue
            met.append(room)
            storm.rage([one for one in storm.widgets() if sheet.isAncestorOf(one)], BADGES if WHOLE else BADGES[:3])
    assert len(met) >= SHEETS.get(name, 0), met


@pytest.mark.parametrize("name", PAGES)
def test_typing_at_fifty_milliseconds_is_never_a_scan(storm: Storm, name: str) -> None:
    storm.show(name)
    storm.scans.clear()
    for widget in storm.widgets():
        if not isinstance(widget, QLineEdit):
            continue
        widget.setFocus()
        widget.clear()
        for character in BADGES[0]:
            storm.key(widget, ord(character), character, TYPING)
        storm.window.catcher.settle()
        assert storm.scans == []
        if not widget.validator() and widget.maxLength() > len(BADGES[0]) and not widget.isReadOnly():
            assert widget.text() == BADGES[0]
        widget.clear()
    storm.hands.settle()


def test_without_the_catcher_the_storm_would_write_into_the_field(storm: Storm, qapp: QApplication) -> None:
    storm.show("people")
    field = next(one for one in storm.widgets() if isinstance(one, QLineEdit))
    qapp.removeEventFilter(storm.window.catcher)
    try:
        storm.scans.clear()
        storm.scan(field, BADGES[0])
    finally:
        qapp.installEventFilter(storm.window.catcher)
    assert storm.scans == []
    assert field.text() == BADGES[0]
    field.clear()
    storm.hands.settle()
