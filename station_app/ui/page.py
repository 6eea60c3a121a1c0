"""What every page of the window shares: where it stands, when it is stale, what the window does for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Protocol

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from ..errors import StationError
from ..model import MAY, Changes, Op, Role, Station
from .errands import Errand
from .jobs import Jobs


class Shell(Protocol):
    """The window as a page sees it."""

    jobs: Jobs
    station: Station

    @property
    def role(self) -> Role:
        """The role of whoever is at work; the pages are made anew for another."""

    def offers(self, page: str) -> bool:
        """Whether whoever is at work may use a page."""

    def show_help(self) -> None:
        """The keys and what they do."""

    def show_handbook(self, page: str = "") -> None:
        """F1: the handbook at this page, or at one of its own pages."""

    def tell(self, text: str, action: str = "", then: Callable[[], None] | None = None, *, bad: bool = False) -> None:
        """A toast in the foot bar, with an action ("撤销") when given."""

    def tell_error(self, error: StationError) -> None:
        """A StationError in the keeper's words, in the foot bar."""

    def tell_undoable(self, text: str, changes: Changes) -> None:
        """A toast that offers to undo this operation."""

    def undo(self, operation: str | None = None) -> None:
        """Take back one operation, or the newest."""

    def go(self, page: str, subject: str = "") -> None:
        """Show a page by name ("desk", "people" ...), at one of its subjects (an id) when given."""

    def open_sheet(self, title: str, content: QWidget, *, submit: str = "", cancel: str = "") -> None:
        """Show a form in the sheet over the page's right side (``feedback.Sheet.open``); Esc closes it."""

    def sheet_error(self, error: StationError) -> None:
        """What the service refused, inside the open sheet: under its field when error.fields names one."""

    def use_camera(self) -> None:
        """What is held before this machine's camera is scanned; only where ``paths.has_camera()``."""

    def start_kiosk(self) -> None:
        """The screen is left to the visitors, until a PIN takes it back."""

    def hand_over(self, errand: Errand) -> None:
        """Close the window, and let the first window do this with the store closed."""

    def close_sheet(self) -> None:
        """Close the sheet; the focus goes back to where it was."""


class Page(QWidget):
    """A page of the window. It redraws when shown after something it shows has changed, never while hidden."""

    name: ClassVar[str] = ""
    tables: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.shell = shell
        self.jobs = shell.jobs
        self._stale = True
        self.setObjectName(f"page-{self.name}")
        self.jobs.changed.connect(self._note)

    def may(self, op: Op) -> bool:
        """Whether whoever is at work may do an operation: what they may not is not offered."""
        return op in MAY[self.shell.role]

    @property
    def idle(self) -> bool:
        """Whether nothing is under way besides ``jobs``."""
        return True

    def outdated(self) -> None:
        """What is shown may have changed: read it again, when shown next if the page is hidden."""
        if self.isVisible():
            self._stale = False
            self.refresh()
        else:
            self._stale = True

    def wind_up(self) -> None:
        """The window closes: stop what is under way besides ``jobs``."""

    def refresh(self) -> None:
        """Read what the page shows and redraw it; every page has its own."""

    def show_subject(self, subject: str) -> None:
        """Show one person, item, request ... of this page."""

    def new(self) -> None:
        """Ctrl+N: begin the page's usual new thing."""

    def look_up(self) -> None:
        """``/``: put the focus into the page's search field."""

    def scanned(self, text: str) -> bool:
        """A scan while this page is shown; True when the page used it. The window takes others to the desk."""
        return False

    def settle(self) -> None:
        """Put the focus where work goes on."""
        self.setFocus()

    def _note(self, changes: Changes) -> None:
        if self.tables & changes.tables or "setting" in changes.tables:
            self.outdated()

    def showEvent(self, event: QShowEvent) -> None:
        """Redraw if something changed while the page was hidden."""
        super().showEvent(event)
        if self._stale:
            self._stale = False
            self.refresh()
