"""What people expect of any program: one window a folder, its place kept, a fault told without anybody's data."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import app
from station_app.paths import DataFolder
from station_app.ui import doorbell, mishap, place
from station_app.ui.errands import Errand
from station_app.ui.start import StartWindow
from tests.conftest import CHEAP, Clock

NAME = "欧阳志强"


# --- one window a folder ---------------------------------------------------------------------------------------------


@pytest.fixture
def bell(tmp_path: Path, qtbot: QtBot) -> Iterator[doorbell.Doorbell]:
    found = doorbell.Doorbell(tmp_path, "station")
    yield found
    found.close()


def test_a_second_start_rings_at_the_first_window(bell: doorbell.Doorbell, tmp_path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(bell.rang):
        assert doorbell.ring(tmp_path, "station")


def test_another_folder_or_the_district_is_another_door(bell: doorbell.Doorbell, tmp_path: Path) -> None:
    assert not doorbell.ring(tmp_path / "other", "station")
    assert not doorbell.ring(tmp_path, "district")


def test_nobody_answers_once_the_window_is_closed(bell: doorbell.Doorbell, tmp_path: Path) -> None:
    bell.close()
    assert not doorbell.ring(tmp_path, "station")


@pytest.mark.skipif(os.name == "nt", reason="Windows leaves no socket behind")
def test_the_socket_of_a_killed_program_is_no_window(tmp_path: Path, qtbot: QtBot) -> None:
    left = Path(tempfile.gettempdir(), doorbell.name_of(tmp_path, "station"))
    left.touch()
    try:
        assert not doorbell.ring(tmp_path, "station")
        bell = doorbell.Doorbell(tmp_path, "station")
        assert bell.listening
        with qtbot.waitSignal(bell.rang):
            assert doorbell.ring(tmp_path, "station")
        bell.close()
    finally:
        left.unlink(missing_ok=True)


def test_a_ring_brings_the_window_to_the_front(tmp_path: Path, qtbot: QtBot) -> None:
    def starts(errand: Errand | None) -> StartWindow:
        return StartWindow(tmp_path, clock=Clock(), cost=CHEAP, errand=errand)

    turns = app.Turns(DataFolder(tmp_path), starts, app.window)
    turns.begin()
    assert turns.start is not None
    turns.start.showMinimized()
    turns.to_front()
    assert not turns.start.isMinimized()
    assert turns.start.isVisible()
    turns.start.close()


# --- where the window stood ------------------------------------------------------------------------------------------


def test_a_window_opens_where_it_was_closed(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "station.window"
    first, second = QWidget(), QWidget()
    qtbot.addWidget(first)
    qtbot.addWidget(second)
    first.setGeometry(QRect(40, 50, 600, 400))
    first.show()
    place.keep(first, file)
    place.restore(second, file)
    second.show()
    assert second.size() == first.size()
    assert second.pos() == first.pos()


@pytest.mark.parametrize("left", [b"", b"no geometry \xff", b"AAAA"])
def test_a_spoilt_place_is_no_harm(left: bytes, tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "station.window"
    file.write_bytes(left)
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(300, 200)
    place.restore(window, file)
    place.restore(window, tmp_path / "none")
    place.keep(window, tmp_path / "none" / "none")
    assert (window.width(), window.height()) == (300, 200)


# --- a fault of ours -------------------------------------------------------------------------------------------------


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "data" / "station.log"
    handler = mishap.keep_log(file)
    yield file
    handler.close()
    logging.getLogger("station_app").removeHandler(handler)


def _fault() -> ValueError:
    try:
        raise ValueError(f"{NAME} 13800000000")
    except ValueError as error:
        return error


def _catch(mishaps: mishap.Mishaps) -> None:
    error = _fault()
    mishaps.caught(type(error), error, error.__traceback__)


def test_a_fault_is_told_once_without_anybodys_data(log: Path, qtbot: QtBot) -> None:
    log.parent.mkdir()
    mishaps = mishap.Mishaps()
    _catch(mishaps)
    _catch(mishaps)
    shown = mishaps.shown
    assert shown is not None
    assert shown.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # the desk keeps the focus
    shown.copy.click()
    told = QGuiApplication.clipboard().text()
    assert "ValueError" in told
    assert "test_everyday.py:" in told
    assert NAME not in told
    noted = log.read_text("utf-8")
    assert noted.count("ValueError at test_everyday.py:") == 2
    assert NAME not in noted
    shown.away.click()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert mishaps.shown is None


def test_before_a_station_is_set_up_there_is_no_log_and_no_folder(log: Path, qtbot: QtBot) -> None:
    mishaps = mishap.Mishaps()
    _catch(mishaps)
    assert mishaps.shown is not None
    mishaps.shown.close()
    assert not log.parent.exists()


def test_the_log_turns_over(log: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    log.parent.mkdir()
    logger = logging.getLogger("station_app")
    for _ in range(mishap.LARGEST_LOG // 500):
        logger.error("%s", "x" * 1000)
    assert log.stat().st_size <= mishap.LARGEST_LOG
    assert log.with_name("station.log.1").exists()
    assert not log.with_name("station.log.4").exists()
