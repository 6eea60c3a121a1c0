"""A badge held before the camera is a scan; without the extra nothing of it is there; a camera that will not is one sentence."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, Signal
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from station_app import app, paths
from station_app.db import Database
from station_app.errors import EnvironmentFault
from station_app.model import Consent, Occupation, Person
from station_app.paper import preview
from station_app.paper.badges import badge_cards
from station_app.services import people, stations, visits
from station_app.ui import camera
from station_app.ui.hands import Hands
from station_app.ui.main_window import MainWindow
from station_app.ui.pages.desk import DeskPage
from tests.ui.shell import Clock, set_up

DAY = "2026-07-17"
KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Fake(QObject):
    """A camera that sees what it is told to."""

    frame = Signal(QImage)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.on, self.error = False, None

    def start(self) -> None:
        self.on = True
        if self.error is not None:
            self.failed.emit(self.error)

    def stop(self) -> None:
        self.on = False


class Desk:
    """The window with a camera on it."""

    def __init__(self, window: MainWindow) -> None:
        self.window, self.lens = window, Fake()
        self.hands = Hands(window, self.idle, window.catcher)
        window.lens = lambda: self.lens

    @property
    def view(self) -> camera.CameraView | None:
        shown = [one for one in self.window.findChildren(camera.CameraView) if one.isVisible()]
        return shown[0] if shown else None

    def idle(self) -> bool:
        return self.window.idle and (self.view is None or self.view.idle)

    def sees(self, image: QImage) -> None:
        self.lens.frame.emit(image)
        self.hands.settle()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    made = set_up(tmp_path / "station", Clock())
    yield made
    made.close()


@pytest.fixture
def regulars(db: Database) -> list[Person]:
    return [people.register(db, Occupation.RIDER, "", name, "", Consent.STATION)[0] for name in ("李志强", "欧阳志强")]


@pytest.fixture
def extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "has_camera", lambda: True)


def window_over(qtbot: QtBot, db: Database) -> Iterator[MainWindow]:
    window = app.window(db)
    window.show()
    qtbot.waitActive(window)
    yield window
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def desk(qtbot: QtBot, extra: None, db: Database, regulars: list[Person]) -> Iterator[Desk]:
    for window in window_over(qtbot, db):
        made = Desk(window)
        made.hands.settle()
        yield made


@pytest.fixture
def plain(qtbot: QtBot, db: Database) -> Iterator[MainWindow]:
    yield from window_over(qtbot, db)


def before_the_camera(db: Database, shown: list[Person], folder: Path) -> QImage:
    """Badges held into a picture of 1280 x 720, a little askew."""
    ground = Image.new("L", (1280, 720), 90)
    for place, person in enumerate(shown):
        badge_cards(stations.current(db), [person], folder / "card.pdf")
        [page] = preview.pages(folder / "card.pdf", 170)
        card = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
        ground.paste(card.convert("L").rotate(4, expand=True, fillcolor=90), (30 + place * 620, 120))
    return QImage(ground.tobytes(), 1280, 720, 1280, QImage.Format.Format_Grayscale8).convertToFormat(
        QImage.Format.Format_RGB32
    )


def visitors(db: Database) -> list[str | None]:
    return [visit.person_id for visit in visits.listing(db, DAY, DAY)]


def test_a_badge_before_the_camera_checks_in_once_and_the_camera_goes_off(
    desk: Desk, db: Database, regulars: list[Person], tmp_path: Path
) -> None:
    page = desk.window.page("desk")
    assert isinstance(page, DeskPage)
    assert page.camera is not None
    assert page.camera.isVisible()
    page.camera.click()
    desk.hands.settle()
    assert desk.lens.on
    nothing = QImage(1280, 720, QImage.Format.Format_RGB32)
    nothing.fill(Qt.GlobalColor.gray)
    desk.sees(nothing)
    assert desk.lens.on
    badge = before_the_camera(db, [regulars[1]], tmp_path)
    for _frame in range(5):  # it is held there for a while
        desk.lens.frame.emit(badge)
    desk.hands.settle()
    assert visitors(db) == [regulars[1].id]
    assert (desk.lens.on, desk.view) == (False, None)


def test_two_badges_before_the_camera_are_told_and_neither_is_taken(
    desk: Desk, db: Database, regulars: list[Person], tmp_path: Path
) -> None:
    desk.hands.key("s", KEYS)
    desk.sees(before_the_camera(db, regulars, tmp_path))
    assert desk.view is not None
    assert "不止一个码" in desk.view.told.accessibleName()
    assert visitors(db) == []
    desk.sees(before_the_camera(db, regulars[:1], tmp_path))
    assert visitors(db) == [regulars[0].id]


def test_esc_and_another_page_close_the_camera(
    desk: Desk, db: Database, regulars: list[Person], tmp_path: Path
) -> None:
    desk.hands.key("s", KEYS)
    assert desk.lens.on
    desk.hands.key(Qt.Key.Key_Escape)
    assert (desk.lens.on, desk.view) == (False, None)
    desk.sees(before_the_camera(db, regulars[:1], tmp_path))  # a frame that was still on its way
    assert visitors(db) == []
    desk.hands.key("s", KEYS)
    assert desk.lens.on
    desk.window.go("supplies")
    desk.hands.settle()
    assert not desk.lens.on


def test_a_camera_that_will_not_is_one_sentence(desk: Desk) -> None:
    desk.lens.error = EnvironmentFault("camera.none")
    desk.hands.key("s", KEYS)
    assert desk.view is not None
    assert "没有找到摄像头" in desk.view.told.accessibleName()
    assert not desk.view.glass.isVisible()
    assert not desk.lens.on
    desk.hands.key(Qt.Key.Key_Escape)
    desk.lens.error = None
    desk.hands.key("s", KEYS)
    assert desk.view is not None
    desk.view._late.timeout.emit()
    assert "没有画面" in desk.view.told.accessibleName()
    assert not desk.lens.on


def test_without_the_extra_nothing_of_it_is_there(plain: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    hands = Hands(plain, lambda: plain.idle, plain.catcher)
    hands.settle()
    page = plain.page("desk")
    assert isinstance(page, DeskPage)
    if paths.has_camera():
        pytest.skip("the extra is installed here")
    assert page.camera is None
    hands.key("s", KEYS)
    plain.use_camera()
    assert plain.findChildren(camera.CameraView) == []
    assert "PySide6.QtMultimedia" not in sys.modules


def test_an_extra_that_cannot_be_loaded_says_what_it_lacks(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtMultimedia", None)  # as when a library of the system is missing
    told: list[EnvironmentFault] = []
    lens = camera.Lens()
    lens.failed.connect(told.append)
    lens.start()
    lens.stop()
    assert [error.word for error in told] == ["camera.broken"]
