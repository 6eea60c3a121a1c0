"""The station's window: its pages, what its bars tell, scans and tally keys that work on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut

from ..db import Database
from ..model import MAY, Changes, Occupation, Op, Role, Station
from ..services import stations
from ..words import t
from .answer_sheet import open_for_slip
from .frame import Frame, read_frame, show_frame
from .scan import ScanCatcher
from .weather_sheet import open_weather
from .window import Window, application

TALLY_KEYS = dict(zip(range(Qt.Key.Key_F2.value, Qt.Key.Key_F9.value), Occupation, strict=True))
PAGES = ("desk", "people", "supplies", "requests", "shift", "reports", "sync", "settings", "trail")
"""The pages in the order of Alt+1..9; on the rail settings stand at the foot."""
OFFERED: Mapping[Role, frozenset[str]] = {
    Role.SUPERVISOR: frozenset(PAGES),
    Role.KEEPER: frozenset(PAGES) - {"trail"},
    Role.EVENING: frozenset({"desk", "requests", "shift", "settings"}),
    Role.AUDITOR: frozenset({"supplies", "reports", "settings", "trail"}),
}
"""The pages each role has a use for (``model.MAY``, ``SEES_PEOPLE``, ``SEES_TRAIL``); the others are not offered."""


class MainWindow(Window):
    """A station's window over its open database."""

    page_names = PAGES
    icons: ClassVar[Mapping[str, str]] = {"desk": "home"}

    # --- what the frame asks -------------------------------------------------------------------------------------

    def _whose(self, db: Database) -> Station:
        return stations.current(db)

    def _label(self, page: str) -> str:
        return t(f"window.{page}")

    def offers(self, page: str) -> bool:
        """Whether whoever is at work may use a page."""
        return page in OFFERED[self.role]

    def _prepare(self) -> None:
        self._catcher = ScanCatcher(application())
        self._catcher.scanned.connect(self._scanned)

    def _read_frame(self, db: Database) -> Frame:
        return read_frame(db, bool(self._damaged))

    def _show_frame(self, frame: Frame) -> None:
        show_frame(self.top, self.foot, frame, self.station)
        if Op.REQUEST_STEP in MAY[self.role]:
            self.rail.set_badge("requests", frame.to_tell)
        self._take_care(frame.troubles, frame.idle_minutes)

    def _pill(self, number: int) -> None:
        self.go(("sync", "shift")[number])

    def _note(self, changes: Changes) -> None:
        if "station" in changes.tables:
            self.station = stations.current(self.db)
            self.top.show_station(self.station.name)
        super()._note(changes)

    # --- scans and tally keys --------------------------------------------------------------------------------------

    @property
    def catcher(self) -> ScanCatcher:
        """What tells scans from typing in this window."""
        return self._catcher

    def _add_shortcuts(self) -> None:
        super()._add_shortcuts()
        QShortcut(QKeySequence("F12"), self).activated.connect(lambda: self._unless_locked(self._tell_weather))
        self.top.weather_clicked.connect(lambda: self._unless_locked(self._tell_weather))
        for key, occupation in TALLY_KEYS.items():
            counts = QShortcut(QKeySequence(key), self)
            counts.setAutoRepeat(False)  # a key held down is still one visitor
            counts.activated.connect(
                lambda occupation=occupation: self._unless_locked(lambda: self._tally(occupation))
            )

    def _tell_weather(self) -> None:
        """F12, or a press on the pill: today's forecast or warning."""
        if Op.SET_WEATHER in MAY[self.role]:
            open_weather(self)

    def _scanned(self, text: str) -> None:
        if self._locked:
            return
        if self.offers("requests") and open_for_slip(self, text):
            return
        if (self._current != "desk" and self._shown().scanned(text)) or not self.offers("desk"):
            return
        if self._current != "desk":
            self.go("desk")
        self.page("desk").scanned(text)

    def _tally(self, occupation: Occupation) -> None:
        if not self.offers("desk"):
            return
        if self._current != "desk":
            self.go("desk")
        self.page("desk").tally(occupation)  # type: ignore[attr-defined]

    def closeEvent(self, event: QCloseEvent) -> None:
        """As every window; nobody listens for scans any more."""
        application().removeEventFilter(self._catcher)
        super().closeEvent(event)
