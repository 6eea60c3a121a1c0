"""Every page of the district's window on the smallest screen, in both languages and sizes of type: as test_looks.py asks of a station's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from station_app import app, settings, words
from station_app.db import Database
from station_app.services import preferences
from station_app.ui import theme
from station_app.ui.district.window import PAGES
from tests.ui import looking, office
from tests.ui.test_looks import Room

SMALLEST = looking.SIZES["1366 x 768"]


@pytest.fixture(scope="module")
def db(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A district with something on every page."""
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    made = office.furnished(tmp_path_factory.mktemp("office"))
    yield made
    made.close()


@pytest.fixture(scope="module", params=[(one, large) for one in words.LANGUAGES for large in (False, True)], ids=str)
def room(request: pytest.FixtureRequest, db: Database) -> Iterator[Room]:
    """Its window in front in a language and a size of type: one for all pages."""
    language, large = request.param
    words.use(language)
    preferences.change(db, settings.LARGE_TYPE.name, str(int(large)))
    window = app.district_window(db)
    window.resize(SMALLEST)
    yield Room(window, PAGES)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if large:
        preferences.change(db, settings.LARGE_TYPE.name, "0")
        theme.apply(app.application(offscreen=True), pictures=True)
    words.use("zh")


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_every_target_can_be_hit_and_has_a_name(room: Room, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room.window.size() == SMALLEST
    looking.hands_to(room.window, room.hands, name)
    with looking.noticing(monkeypatch) as cut:
        room.window.grab()
        assert [*cut, *looking.writing_cut(room.window)] == []
    assert looking.small(room.window) == []
    assert looking.nameless(room.window) == []
    assert looking.twice_scrolled(room.window) == []
    assert len(looking.controls(room.window)) > 8


@pytest.mark.parametrize("name", PAGES)
def test_every_sheet_has_names_targets_and_nothing_cut(room: Room, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with looking.alone(monkeypatch):
        looking.sheets_looked_at(room.window, room.hands, name)


@pytest.mark.parametrize("name", PAGES)
def test_tab_reaches_every_control_and_the_focus_is_seen(room: Room, name: str) -> None:
    looking.hands_to(room.window, room.hands, name)
    missed, unseen = looking.tabbed_through(room.window.page(name))
    assert missed == []
    assert unseen == []
