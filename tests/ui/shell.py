"""What the tests of the pages share: a station in the afternoon, a window that only remembers, a page in front, its keys."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.errors import StationError
from station_app.model import Changes, Consent, Occupation, Role, Station
from station_app.services import people, requests, samples, stations
from station_app.ui import actions
from station_app.ui.errands import Errand
from station_app.ui.feedback import Sheet, sentence
from station_app.ui.forms import Form
from station_app.ui.jobs import Jobs
from station_app.ui.kit import LogRow, Pill, Text
from station_app.ui.page import Page
from tests import conftest

P = TypeVar("P", bound=Page)


class Clock(conftest.Clock):
    """The time of a test's desk: an afternoon, until it is moved."""

    def __init__(self, start: str = "2026-07-17T14:26:00+08:00") -> None:
        super().__init__(start)


def set_up(folder: Path, clock: Callable[[], datetime]) -> Database:
    """A new station in ``folder``, cheap to unlock, Wang Min at work."""
    station = Station(
        id="", code="YQ", letter="A", name="马家湾暖心驿站", district_code="520304", district_name="云桥区",
        opens="08:30", closes="17:30", zone="Asia/Shanghai", phone="", sample=True,
    )  # fmt: skip
    return conftest.founded(folder, station, "1234", clock)


class FakeShell:
    """The window as a page sees it: it remembers what it was told, and undoes for real."""

    def __init__(self, jobs: Jobs, station: Station) -> None:
        self.jobs = jobs
        self.station = station
        self.role = Role.SUPERVISOR
        self.told: list[str] = []
        self.action = ""
        self.then: Callable[[], None] | None = None
        self.bad = False
        self.undoable: list[Changes] = []
        self.went: list[tuple[str, str]] = []
        self.sheet: QWidget | None = None
        self.sheet_title = ""
        self.sheet_error_shown = ""
        self.host: QWidget | None = None
        self.errand: Errand | None = None
        jobs.failed.connect(self.tell_error)

    def offers(self, page: str) -> bool:
        return True

    def use_camera(self) -> None:
        self.went.append(("camera", ""))

    def start_kiosk(self) -> None:
        self.went.append(("kiosk", ""))

    def show_handbook(self, page: str = "") -> None:
        """Nothing is read here."""

    def show_help(self) -> None:
        self.went.append(("help", ""))

    def tell(self, text: str, action: str = "", then: Callable[[], None] | None = None, *, bad: bool = False) -> None:
        self.told.append(text)
        self.action, self.then, self.bad = action, then, bad

    def tell_error(self, error: StationError) -> None:
        self.tell(sentence(error), bad=True)

    def tell_undoable(self, text: str, changes: Changes) -> None:
        self.undoable.append(changes)
        self.tell(text, "undo", lambda: self.undo(changes.operation))

    def undo(self, operation: str | None = None) -> None:
        if operation is None:
            actions.undo_last(self.jobs, lambda _done: None)
        else:
            actions.undo(self.jobs, operation, lambda _done: None)

    def go(self, page: str, subject: str = "") -> None:
        self.went.append((page, subject))

    def open_sheet(self, title: str, content: QWidget, *, submit: str = "", cancel: str = "") -> None:
        """Show the form in a window of its own; Enter and Ctrl+Enter submit a Form."""
        self.close_sheet()
        self.sheet_error_shown = ""
        self.sheet_title, self.sheet = title, content
        self.host = QWidget()
        QVBoxLayout(self.host).addWidget(content)
        self.host.show()
        if isinstance(content, Form):
            content.take_focus()
        else:
            content.setFocus()

    def sheet_error(self, error: StationError) -> None:
        self.sheet_error_shown = sentence(error)

    def hand_over(self, errand: Errand) -> None:
        self.errand = errand

    def close_sheet(self) -> None:
        if self.host is not None:
            self.host.close()
            self.host.deleteLater()
        self.host = self.sheet = None

    @property
    def last(self) -> str:
        """What was told last, "" when nothing was."""
        return self.told[-1] if self.told else ""


class SheetShell(FakeShell):
    """The same with the window's own sheet over one page, so that keys go where they go at a desk."""

    def hold(self, page: QWidget) -> None:
        """Put the sheet over this page."""
        self.real = Sheet(page)

    def open_sheet(self, title: str, content: QWidget, *, submit: str = "", cancel: str = "") -> None:
        self.sheet_title, self.sheet = title, content
        self.real.open(title, content, submit=submit, cancel=cancel)

    def sheet_error(self, error: StationError) -> None:
        self.sheet_error_shown = sentence(error)
        self.real.show_error(error)

    def close_sheet(self) -> None:
        self.real.close_sheet()
        self.sheet = None


# --- hands and eyes ----------------------------------------------------------------------------------------------------


def in_front(page: P, shell: SheetShell, qtbot: QtBot) -> P:
    """The page in a window of the smallest screen, active and all read."""
    qtbot.addWidget(page)
    shell.hold(page)
    page.resize(1274, 678)
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    page.settle()
    idle(qtbot, page)
    return page


def idle(qtbot: QtBot, page: Page) -> None:
    """Until nothing is under way, what a change makes the page read included."""
    qtbot.waitUntil(lambda: page.jobs.idle)


def focus() -> QWidget:
    """Where the cursor is."""
    found = QApplication.focusWidget()
    assert found is not None
    return found


def type_in(qtbot: QtBot, text: str) -> None:
    """Type where the cursor is; what an input method would commit is inserted at once."""
    widget = focus()
    if text.isascii():
        qtbot.keyClicks(widget, text)
    elif isinstance(widget, QPlainTextEdit):
        widget.insertPlainText(text)
    else:
        assert isinstance(widget, QLineEdit)
        widget.insert(text)
        widget.textEdited.emit(widget.text())  # as after a commit of the input method


def shown(widget: QWidget) -> str:
    """Everything written in a part of the page, as it is read aloud."""
    texts = [row.text() for row in widget.findChildren(LogRow) if row.isVisible()]
    texts += [text.accessibleName() or text.text() for text in widget.findChildren(Text) if text.isVisible()]
    return "\n".join(texts + [pill.text() for pill in widget.findChildren(Pill) if pill.isVisible()])


def sees(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Wait until it is written there: Qt shows what is new in a layout on its next round."""
    qtbot.waitUntil(lambda: text in shown(widget))


def furnished(folder: Path) -> Database:
    """A new station in ``folder`` with something in every part: supplies, a regular, a request."""
    db, _keeper = stations.set_up(
        folder, conftest.SAMPLE, "王敏", conftest.PASSWORD, conftest.PIN, clock=Clock(), cost=conftest.CHEAP
    )
    samples.stock(db)
    people.register(db, Occupation.RIDER, "飞鹿外卖", "曾德娟", "13800000021", Consent.DISTRICT)
    requests.add(db, "饮水机坏了")
    return db
