"""A station in a folder and a window that only remembers, for the tests of the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from PySide6.QtWidgets import QVBoxLayout, QWidget

from station_app import vault
from station_app.db import Database
from station_app.errors import StationError
from station_app.model import Changes, Station
from station_app.services import stations
from station_app.ui import actions
from station_app.ui.feedback import Sheet, sentence
from station_app.ui.forms import Form
from station_app.ui.jobs import Jobs

CHINA = ZoneInfo("Asia/Shanghai")


class Clock:
    """The time of a test's station; it stands until it is moved."""

    def __init__(self, moment: str = "2026-07-17T14:26:00+08:00") -> None:
        self.moment = datetime.fromisoformat(moment)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, minutes: float) -> None:
        """Let time pass."""
        self.moment += timedelta(minutes=minutes)


def set_up(folder: Path, clock: Callable[[], datetime]) -> Database:
    """A new station in ``folder``, cheap to unlock, Wang Min at work."""
    station = Station(
        id="", code="YQ", letter="A", name="马家湾暖心驿站", district_code="520304", district_name="云桥区",
        opens="08:30", closes="17:30", zone="Asia/Shanghai", phone="", sample=True,
    )  # fmt: skip
    db, _keeper = stations.set_up(folder, station, "王敏", "demo-station", "1234", clock=clock, cost=vault.Cost(1, 8192))
    return db


class FakeShell:
    """The window as a page sees it: it remembers what it was told, and undoes for real."""

    def __init__(self, jobs: Jobs, station: Station) -> None:
        self.jobs = jobs
        self.station = station
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
        jobs.failed.connect(self.tell_error)

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
