"""The station's window: its pages, what its bars tell, scans and tally keys that work on every page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from .. import paths, settings
from ..db import Database
from ..model import MAY, SEES_PEOPLE, Changes, Occupation, Op, Role, Station
from ..services import drill, preferences, stations
from ..words import t
from .errands import Practised
from .frame import Frame, read_frame, show_frame
from .lock import AtWork
from .scan import ScanCatcher
from .window import Window, application

if TYPE_CHECKING:
    from .camera import Source
    from .drill import DrillStrip
    from .dropped import Dropped
    from .kiosk import Kiosk
    from .routing import Router

CAMERA_KEYS = "Ctrl+Shift+S"
LEAVE_KEYS = "Ctrl+Q"
"""Ends a practice."""
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


def read_scanner(db: Database) -> tuple[int, str]:
    """The gap in milliseconds and the suffix that this machine's scanner was found to have."""
    return preferences.number(db, settings.SCAN_GAP), preferences.get(db, settings.SCAN_SUFFIX)


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
        return page in OFFERED[self.role] or (page == "print" and self.role in SEES_PEOPLE)

    def _prepare(self) -> None:
        self.kiosk: Kiosk | None = None
        self.drill: DrillStrip | None = None
        self.practising = drill.practising(self.db)
        self._before_kiosk = Qt.WindowState.WindowNoState
        self.lens: Callable[[], Source] | None = None
        self._catcher = ScanCatcher(application())
        self._catcher.scanned.connect(self._scanned)
        application().removeEventFilter(self._catcher)
        self._learn_scanner()
        self.setAcceptDrops(True)
        self._dropped: Dropped | None = None
        self._router: Router | None = None

    @property
    def idle(self) -> bool:
        """As every window, and everything that was dropped went where it belongs."""
        routed = self._router is None or self._router.idle
        return routed and super().idle and (self._dropped is None or self._dropped.idle)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere; a page that has a use of its own for one, such as a request's pictures, comes first."""
        from .pictures import files_of

        if files_of(event.mimeData()) and not self._locked:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at what it is and hand it to its page."""
        from .pictures import files_of, picture_of

        places = files_of(event.mimeData())
        if not places or self._locked:
            return
        event.acceptProposedAction()
        if picture_of(event.mimeData()) is not None:
            self.read_picture(places[0])
            return
        if self._router is None:
            from .routing import Router

            self._router = Router(self)
        self._router.take(places)

    def read_picture(self, path: Path) -> None:
        """A picture of a badge: what it says is a scan."""
        if self._dropped is None:
            from .dropped import Dropped

            self._dropped = Dropped(self)
            self._dropped.code.connect(self._scanned)
            self._dropped.refused.connect(self.tell_error)
        self._dropped.read(path)

    # --- a practice day --------------------------------------------------------------------------------------------

    def _above(self) -> QWidget | None:
        if not self.practising:
            return None
        from .drill import DrillStrip

        self.drill = DrillStrip(self.jobs)
        self.drill.left.connect(self.end_practice)
        return self.drill

    def end_practice(self) -> None:
        """Ctrl+Q, any time: the window closes, what was practised is wiped, the first window comes back."""
        if self.practising:
            self.hand_over(Practised())

    def lock(self) -> None:
        """As every window; in a practice there is nothing to hide, and nobody knows its PIN."""
        if self.practising:
            self.tell(t("drill.not_here"))
            self._restart_idle()
        else:
            super().lock()

    def _learn_scanner(self) -> None:
        """Believe what was found out about this machine's scanner, and whose badges it reads."""
        self._catcher.expect(self.station.district_code)
        self.jobs.read(read_scanner, lambda found: self._catcher.learn(*found), key="scanner")

    def _listen(self) -> None:
        application().installEventFilter(self._catcher)

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
            self._catcher.expect(self.station.district_code)
        if "setting" in changes.tables:
            self._learn_scanner()
        if self.drill is not None:
            self.drill.look()
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
        QShortcut(QKeySequence("Ctrl+Shift+P"), self, lambda: self._unless_locked(lambda: self.go("print")))
        if self.practising:
            QShortcut(QKeySequence(LEAVE_KEYS), self, self.end_practice)
        QShortcut(QKeySequence("Ctrl+K"), self, lambda: self._unless_locked(self.start_kiosk))
        QShortcut(QKeySequence("F10"), self).activated.connect(lambda: self._unless_locked(self._emergency))
        if paths.has_camera():
            QShortcut(QKeySequence(CAMERA_KEYS), self, lambda: self._unless_locked(self.use_camera))
        for key, occupation in TALLY_KEYS.items():
            counts = QShortcut(QKeySequence(key), self)
            counts.setAutoRepeat(False)  # a key held down is still one visitor
            counts.activated.connect(
                lambda occupation=occupation: self._unless_locked(lambda: self._tally(occupation))
            )

    def _tell_weather(self) -> None:
        """F12, or a press on the pill: today's forecast or warning."""
        if Op.SET_WEATHER in MAY[self.role]:
            from .weather_sheet import open_weather

            open_weather(self)

    def _scanned(self, text: str) -> None:
        if self.kiosk is not None:
            self.kiosk.scanned(text)
        if self._locked:
            return
        if self.offers("requests"):
            from .answer_sheet import open_for_slip

            if open_for_slip(self, text):
                return
        if (self._current != "desk" and self._shown().scanned(text)) or not self.offers("desk"):
            return
        self._book_away()
        if self._current != "desk":
            self.go("desk")
        self.page("desk").scanned(text)

    def _emergency(self) -> None:
        if Op.EMERGENCY in MAY[self.role]:
            from .pages.shift_house import stamp_emergency

            stamp_emergency(self)

    def _tally(self, occupation: Occupation) -> None:
        if not self.offers("desk"):
            return
        self._book_away()
        if self._current != "desk":
            self.go("desk")
        self.page("desk").tally(occupation)  # type: ignore[attr-defined]

    def use_camera(self) -> None:
        """A sheet with what the camera sees: it closes with the first code, which is a scan like any other."""
        if not paths.has_camera() or not self.offers("desk"):
            return
        from .camera import CameraView, Lens

        view = CameraView((self.lens or Lens)())
        view.broken.connect(self._broken)

        def found(code: str) -> None:
            self.close_sheet()
            self._scanned(code)

        view.code.connect(found)
        self.open_sheet(t("camera.title"), view, cancel=t("kit.close"))

    # --- the screen left to the visitors -----------------------------------------------------------------------------

    def start_kiosk(self) -> None:
        """Ctrl+K: the whole screen is the visitors'; nothing typed in a form is lost to it."""
        if self.kiosk is not None or not self.offers("desk"):
            return
        if self.practising:
            self.tell(t("drill.not_here"))
            return
        if any(sheet.typed() for sheet in self._sheets.values()):
            self.tell(t("window.form_first"))
            return
        from .kiosk import Kiosk

        made = Kiosk(self.jobs, self.db, self.station)
        made.begun.connect(lambda: self._show_kiosk(made))
        made.refused.connect(made.deleteLater)
        made.refused.connect(self.tell_error)
        made.left.connect(self._leave_kiosk)
        made.begin()

    def _show_kiosk(self, kiosk: Kiosk) -> None:
        self.kiosk, self._before_kiosk = kiosk, self.windowState()
        self._locked = True  # nothing of the desk answers to a key
        self._idle.stop()
        self.toast.clear()
        self._layers.addWidget(kiosk)
        self._layers.setCurrentWidget(kiosk)
        self.setWindowState(self.windowState() | Qt.WindowState.WindowFullScreen)
        kiosk.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_kiosk(self, back: AtWork) -> None:
        kiosk, self.kiosk = self.kiosk, None
        if kiosk is None:
            return
        self._layers.removeWidget(kiosk)
        kiosk.deleteLater()
        self.setWindowState(self._before_kiosk)
        self._unlocked(back)

    def closeEvent(self, event: QCloseEvent) -> None:
        """As every window; nobody listens for scans any more. While the visitors have it, it asks for the PIN and stays."""
        if self.kiosk is not None:
            event.ignore()
            self.kiosk.ask_pin()
            return
        application().removeEventFilter(self._catcher)
        if self._dropped is not None:
            self._dropped.close()
        if self._router is not None:
            self._router.close()
        super().closeEvent(event)
