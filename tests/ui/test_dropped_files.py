"""What is dropped anywhere on the window goes where it belongs; a new version is put in place; its news are shown once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, words
from station_app.db import Database
from station_app.district import practice, store
from station_app.errors import Refused
from station_app.model import Role
from station_app.paths import DataFolder
from station_app.services import samples
from station_app.services.updates import Progress, Update
from station_app.ui import news, theme
from station_app.ui.handbook import Handbook
from station_app.ui.hands import Hands
from station_app.ui.lock import AtWork
from station_app.ui.main_window import PAGES, MainWindow
from station_app.ui.routing import Kind, kind_of
from station_app.ui.updating import Updating
from station_app.words import t
from tests.conftest import Clock

DATA = Path(__file__).parents[1] / "data"
ACTION, BUTTON, NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
ITEMS = "名称,单位,数量\n矿泉水,瓶,24\n毛巾,条,10\n"


@pytest.fixture
def window(db: Database, qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    samples.stock(db)
    found = app.window(db)
    hands(found)
    yield found
    found.close()
    found.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def hands(window: MainWindow) -> Hands:
    on = Hands(window, lambda: window.idle, window.catcher)
    on.show()
    on.settle()
    return on


def drop(window: MainWindow, *files: Path, over: QWidget | None = None) -> None:
    """As the system does it: what lies under the pointer is asked first, then what it lies on."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    target = over or window
    while True:
        enter = QDragEnterEvent(QPoint(9, 9), ACTION, mime, BUTTON, NONE)
        enter.ignore()
        target.dragEnterEvent(enter)
        if enter.isAccepted() or target is window:
            break
        above = target.parentWidget()
        assert above is not None
        target = above
    assert enter.isAccepted()
    target.dropEvent(QDropEvent(QPointF(9, 9), ACTION, mime, BUTTON, NONE))
    Hands(window, lambda: window.idle, window.catcher).settle()


def shown(window: MainWindow) -> str:
    return next(name for name in PAGES if window.page(name).isVisible())


@pytest.mark.parametrize("page", ["desk", "people", "requests", "sync"])
@pytest.mark.parametrize("name", ["roster.xlsx", "roster_gb18030.csv", "roster_utf8.csv"])
def test_a_roster_opens_the_preview_of_the_import_from_any_page(window: MainWindow, page: str, name: str) -> None:
    window.go(page)
    drop(window, DATA / name, over=window.page(page))
    assert shown(window) == "people"
    assert window.page("people").wizard is not None  # type: ignore[attr-defined]


def test_a_list_of_supplies_opens_the_preview_of_the_supplies(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(ITEMS, "utf-8")
    drop(window, tmp_path / "list.csv")
    assert shown(window) == "supplies"
    assert window.page("supplies").wizard is not None  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", ["desk", "people", "reports"])
def test_a_form_of_the_district_goes_to_the_forms_of_the_reports(window: MainWindow, page: str) -> None:
    window.go(page)
    drop(window, DATA / "district_monthly_form.xlsx", over=window.page(page))
    assert shown(window) == "reports"
    assert window.page("reports")._views.currentWidget() is window.page("reports")._forms_view  # type: ignore[attr-defined]


def test_the_districts_introduction_and_a_pack_go_to_the_exchange(window: MainWindow, tmp_path: Path, clock: Clock) -> None:
    district = store.set_up(tmp_path / "district", "990101", "云桥区", "陈立", "demo-station", clock=clock, cost=practice.CHEAP)
    trust = store.introduce(district, tmp_path).path
    district.close()
    drop(window, trust)
    assert shown(window) == "sync"
    assert window.page("sync").back.fingerprint  # type: ignore[attr-defined]
    window.go("desk")
    (tmp_path / "x.pack").write_bytes(b"no pack at all")
    drop(window, tmp_path / "x.pack")
    assert shown(window) == "sync"  # and it says there why it is none


def test_what_nobody_knows_gets_one_sentence(window: MainWindow, tmp_path: Path) -> None:
    (tmp_path / "letter.docx").write_bytes(b"PK\x03\x04")
    (tmp_path / "empty").mkdir()
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    for name in ("letter.docx", "empty", "x.csv"):
        drop(window, tmp_path / name)
        assert window.toast.text() == t("drop.unknown", name=name)
    (tmp_path / "own.batch").touch()
    drop(window, tmp_path / "own.batch")
    assert window.toast.text() == t("drop.batch", name="own.batch")
    drop(window, tmp_path / "x.csv", tmp_path / "own.batch")
    assert window.toast.text() == t("drop.one_by_one")
    assert shown(window) == "desk"


def test_who_may_not_import_is_told_so(window: MainWindow) -> None:
    window._take_over(AtWork(Role.EVENING, window.db.acting))
    drop(window, DATA / "roster.xlsx")
    assert window.toast.text() == t("drop.not_yours", name="roster.xlsx")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_what_a_file_is_does_not_hang_on_its_name(tmp_path: Path, language: str) -> None:
    words.use(language)
    for name, kind in (("district_monthly_form.xlsx", Kind.FORM), ("roster.xlsx", Kind.ROSTER)):
        shutil.copy(DATA / name, tmp_path / "same.xlsx")
        assert kind_of(tmp_path / "same.xlsx") is kind


# --- a new version -------------------------------------------------------------------------------------------------------


def package(folder: Path) -> Path:
    (folder / "update").mkdir()
    (folder / "update" / "update.json").write_text("{}")
    return folder / "update"


def test_an_update_from_the_source_says_that_it_is_none(window: MainWindow, tmp_path: Path) -> None:
    drop(window, package(tmp_path))
    assert window.toast.text() == t("updates.not_built")


def test_an_update_is_put_in_place_and_told(window: MainWindow, tmp_path: Path) -> None:
    done: list[str] = []

    def install(update: Update, progress: Progress) -> Path:
        progress(50_000_000, 100_000_000)
        done.append(update.version)
        return tmp_path

    brought = Update(tmp_path, "0.2.0", "linux-x86_64", {}, {})
    window.updating = Updating(window, look=lambda _path: brought, install=install)
    drop(window, package(tmp_path))
    assert done == ["0.2.0"]
    assert window.toast.text() == t("updates.ready", version="0.2.0")


def test_an_update_is_stopped_by_the_toast_and_refused_with_its_reason(window: MainWindow, tmp_path: Path) -> None:
    source = package(tmp_path)

    def install(update: Update, progress: Progress) -> Path:
        assert window.updating is not None
        window.updating._stop.set()
        progress(1, 2)
        raise AssertionError("not stopped")

    brought = Update(tmp_path, "0.2.0", "linux-x86_64", {}, {})
    window.updating = Updating(window, look=lambda _path: brought, install=install)
    drop(window, source)
    assert window.toast.text() == t("updates.stopped")

    def look(_path: Path) -> Update:
        raise Refused("updates.older", theirs="0.0.9", ours="0.1.0")

    window.updating = Updating(window, look=look)
    drop(window, source)
    assert window.toast.text() == t("updates.older", theirs="0.0.9", ours="0.1.0")


def test_the_evening_keeper_updates_nothing(window: MainWindow, tmp_path: Path) -> None:
    window._take_over(AtWork(Role.EVENING, window.db.acting))
    drop(window, package(tmp_path))
    assert window.toast.text() == t("updates.not_yours")
    assert window.updating is None


# --- its news --------------------------------------------------------------------------------------------------------------


def test_the_news_are_unread_once_after_an_update(tmp_path: Path) -> None:
    home = DataFolder(tmp_path)
    assert not news.unread(home, "0.1.0")  # the first version is no news
    assert not news.unread(home, "0.1.0")
    assert news.unread(home, "0.2.0")
    assert not news.unread(home, "0.2.0")


def test_the_news_are_found_from_the_settings(window: MainWindow) -> None:
    window.go("settings")
    window.page("settings").news.click()  # type: ignore[attr-defined]
    assert isinstance(window._book, Handbook)
    assert window._book.shown == news.PAGE
