"""A page that is made while the window is open shows nothing beside the window: what flashes takes the keys away."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from station_app import app
from station_app.db import Database
from station_app.district import store
from station_app.ui.hands import Hands
from station_app.ui.kit import Button
from station_app.ui.window import Window, application
from tests.conftest import CHEAP, PASSWORD, Clock


class Shown(QObject):
    """What was shown as a window, but for the one that is meant."""

    def __init__(self, window: QWidget) -> None:
        super().__init__()
        self.window = window
        self.seen: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow() and watched is not self.window:
            self.seen.append(type(watched).__name__)
        return False


def flashes(window: Window) -> list[str]:
    """What flashed while every page was made; the window stays in front."""
    hands = Hands(window, lambda: window.idle)
    hands.show()
    hands.settle()
    watch = Shown(window)
    application().installEventFilter(watch)
    for name in window.page_names:
        window.go(name)
        hands.settle()
        assert window.isActiveWindow(), name
    application().removeEventFilter(watch)
    window.close()
    return watch.seen


def test_no_page_of_a_station_flashes(db: Database, qtbot: QtBot) -> None:
    assert flashes(app.window(db)) == []


def test_no_page_of_a_district_flashes(tmp_path: Path, qtbot: QtBot) -> None:
    district = store.set_up(tmp_path / "district", "990101", "云桥区", "", PASSWORD, clock=Clock(), cost=CHEAP)
    assert flashes(app.district_window(district)) == []
    district.close()


@pytest.mark.parametrize("kind", [Button, QWidget])
def test_the_watch_sees_what_flashes(kind: type[QWidget], qtbot: QtBot) -> None:
    watch = Shown(QWidget())
    application().installEventFilter(watch)
    part = Button("x") if kind is Button else QWidget()
    qtbot.addWidget(part)
    part.setVisible(True)
    application().removeEventFilter(watch)
    assert watch.seen == ([] if kind is Button else ["QWidget"])
