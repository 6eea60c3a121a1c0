"""Every page of the station on every screen there is: nothing cut, everything large enough to hit, named, reachable, its focus seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication

from station_app import app, settings, words
from station_app.db import Database
from station_app.services import preferences
from station_app.ui import theme
from station_app.ui.hands import Hands
from station_app.ui.main_window import PAGES
from station_app.ui.window import Window
from tests.ui import looking
from tests.ui.shell import furnished

TIGHT = ("1366 x 768 at 150 %",)
"""Where a page may be moved sideways, and a hint or a pill be short of room: 911 x 512 pixels are fewer than a page needs."""


class Room:
    """A window, the hands on it, and the pages it has."""

    def __init__(self, window: Window, names: tuple[str, ...]) -> None:
        self.window, self.names = window, names
        window.show()
        window.activateWindow()
        self.hands = Hands(window, lambda: window.idle, getattr(window, "catcher", None))
        self.hands.until(window.isActiveWindow, "the window to be in front")
        self.hands.settle()


@pytest.fixture(scope="module")
def db(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A station with something in every part."""
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    made = furnished(tmp_path_factory.mktemp("looks") / "station")
    yield made
    made.close()


@pytest.fixture
def room(db: Database) -> Iterator[Room]:
    """Its window in front, as large as the smallest screen, in type of the usual size."""
    window = app.window(db)
    yield Room(window, PAGES)
    if theme.tokens().large:
        preferences.change(db, settings.LARGE_TYPE.name, "0")
        theme.apply(app.application(offscreen=True), pictures=True)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def looked(room: Room, name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    looking.hands_to(room.window, room.hands, name)
    with looking.noticing(monkeypatch) as cut:
        room.window.grab()
        painted = sorted({f"painted {text!r}" for text in cut})
    return painted + looking.writing_cut(room.window)


@pytest.mark.parametrize("large", [False, True], ids=["usual", "large"])
@pytest.mark.parametrize("language", words.LANGUAGES)
def test_nothing_is_cut_on_any_screen(room: Room, language: str, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    room.window.speak(language)
    room.hands.settle()
    if large:
        room.hands.key(Qt.Key.Key_F11)
    for screen, size in looking.SIZES.items():
        if large and size.width() < 1366:
            continue  # type of 24 px on fewer pixels is larger than any screen asks for
        room.window.resize(size)
        room.hands.settle()
        assert room.window.size() == size, screen  # it is never larger than the screen
        for name in room.names:
            found = looked(room, name, monkeypatch)
            if size.width() >= 1366:
                found += looking.twice_scrolled(room.window)
            if screen in TIGHT:
                found = [one for one in found if not one.startswith(("sideways", "hint", "painted"))]
            assert found == [], (screen, name)


def test_what_is_cut_is_seen(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: writing longer than its place is found, painted or in a label."""
    assert looked(room, "desk", monkeypatch) == []
    station = room.window.station.name
    room.window.top.show_pills([("一" * 120, "plain")])
    room.hands.settle()
    assert any(one.startswith("painted '一一") for one in looked(room, "desk", monkeypatch))
    room.window.top.show_pills([])
    room.window.top.show_station(station)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_target_can_be_hit_and_every_control_has_a_name(room: Room, language: str) -> None:
    room.window.speak(language)
    room.hands.settle()
    for name in room.names:
        looking.hands_to(room.window, room.hands, name)
        assert looking.small(room.window) == [], name
        assert looking.nameless(room.window) == [], name
        assert len(looking.controls(room.window)) > 8


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_every_control_and_the_focus_is_seen(room: Room, name: str) -> None:
    looking.hands_to(room.window, room.hands, name)
    missed, unseen = looking.tabbed_through(room.window.page(name))
    assert missed == []
    assert unseen == []


@pytest.mark.parametrize("name", PAGES)
def test_every_sheet_has_names_targets_and_nothing_cut(room: Room, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with looking.alone(monkeypatch):
        looking.sheets_looked_at(room.window, room.hands, name)
