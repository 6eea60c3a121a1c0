"""The locked window: nothing of the station is shown or done until a PIN or a password is right, whoever comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from station_app import app, vault
from station_app.db import Database
from station_app.model import Consent, Keeper, Occupation, Role
from station_app.paths import DataFolder
from station_app.services import keepers, people, preferences, stations
from station_app.ui.hands import Hands
from station_app.ui.main_window import MainWindow
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock

Key = Qt.Key
Alone, Control, Alt = (
    Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier,
)  # fmt: skip
NAME, PHONE = "冼植标", "13871620459"
EVENING_PIN = "97531"


@pytest.fixture
def station(tmp_path: Path, clock: Clock) -> Iterator[Database]:
    db, _keeper = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    people.register(db, Occupation.RIDER, name=NAME, phone=PHONE, consent=Consent.STATION)
    yield db
    db.close()


@pytest.fixture
def evening(station: Database) -> Keeper:
    root, _ = vault.unlock(DataFolder(station.path.parent).slots, PASSWORD)
    return keepers.add(station, station.path.parent, root, "小李", Role.EVENING, "evening-pass", EVENING_PIN, cost=CHEAP)[0]


Opened = Callable[[], tuple[MainWindow, Hands]]


@pytest.fixture
def opened(station: Database, qtbot: QtBot, qapp: QApplication) -> Iterator[Opened]:
    """The station's real window."""
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
        shiboken6.delete(window)


def seen(window: MainWindow) -> str:
    """Every word in sight, the title included."""
    texts = [part.text() for part in window.findChildren(QLabel) if part.isVisible()]
    texts += [part.text() for part in window.findChildren(QLineEdit) if part.isVisible()]
    return " ".join([window.windowTitle(), *texts])


def count(station: Database) -> int:
    return int(station.scalar("SELECT count(*) FROM operation WHERE op <> 'setting'"))


def test_ctrl_l_hides_everybody_and_no_key_does_anything(opened: Opened, station: Database) -> None:
    window, hands = opened()
    window.go("people")
    hands.settle()
    before = count(station)
    hands.key(Key.Key_L, Control)
    hands.settle()
    assert window.locked
    for key, more in (
        (Key.Key_F2, Alone), (Key.Key_Z, Control), (Key.Key_N, Control), (Key.Key_F1, Alone), (Key.Key_2, Alt), (Key.Key_Escape, Alone),
    ):  # fmt: skip
        hands.key(key, more)
    window.catcher.scanned.emit("123456")
    hands.settle()
    assert count(station) == before
    assert window.locked
    assert NAME not in seen(window)
    assert PHONE[-4:] not in seen(window)


def test_the_screen_locks_by_itself_also_when_the_computer_slept(opened: Opened, station: Database) -> None:
    """No timer runs while a computer sleeps: what counts is when a key was pressed last."""
    preferences.change(station, "idle_lock_minutes", "5")
    window, hands = opened()
    assert window._idle.remainingTime() <= 5 * 60_000 * 1.05  # a timer of minutes may be a twentieth late
    window._tick()
    assert not window.locked
    window._last_key = time.time() - 5 * 60
    window._tick()
    assert window.locked
    hands.type(PIN)
    hands.key(Key.Key_Return)
    hands.settle()
    assert not window.locked
    window._idle.timeout.emit()
    assert window.locked


def test_a_window_for_files_does_not_stay_in_front(opened: Opened) -> None:
    window, hands = opened()
    dialog = QFileDialog(window)
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    dialog.open()
    assert dialog.isVisible()
    window.lock()
    hands.settle()
    assert not dialog.isVisible()


def test_wrong_pins_have_to_wait_and_the_screen_says_until_when(opened: Opened, clock: Clock) -> None:
    window, hands = opened()
    window.lock()
    hands.settle()
    for typed in [*["0000"] * keepers.FREE_PIN_TRIES, PIN]:
        window._lock_screen.secret.clear()
        hands.type(typed)
        hands.key(Key.Key_Return)
        hands.settle()
    assert window.locked
    until = f"{clock.moment + timedelta(seconds=30):%H:%M:%S}"
    assert window._lock_screen.errors.text() == t("keepers.pin_waits", until=until)
    clock.forward(minutes=1)
    hands.key(Key.Key_Return)
    hands.settle()
    assert not window.locked


def test_the_evening_keeper_finds_nothing_of_who_was_here_before(
    opened: Opened, station: Database, evening: Keeper
) -> None:
    window, hands = opened()
    window.go("people")
    hands.settle()
    window.tell(f"{NAME} 已登记")
    window.lock()
    hands.settle()
    window._lock_screen._choose(evening.id)
    hands.type(EVENING_PIN)
    hands.key(Key.Key_Return)
    hands.settle()
    assert (window.locked, window.role) == (False, Role.EVENING)
    window.go("people")
    hands.settle()
    assert window._current == "desk"
    assert NAME not in seen(window)
    hands.type("xianzhibiao")
    hands.settle()
    assert people.find(station, "xianzhibiao")[0].name == "冼**"
    assert NAME not in seen(window)
    assert PHONE[-4:] not in seen(window)
