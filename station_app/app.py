"""The composition root: the only file that knows every page. Opens the window of a station and that of a district.

Imported only when a window is wanted: the command line runs where Qt cannot. A page is imported when it is first shown, the
district's rooms when its window opens: what the first screen does not need costs the start nothing. ``runs.py`` works these
windows by itself.
"""

from __future__ import annotations

from . import ui as _ui  # noqa: F401  before all others: it keeps PySide from reading the source of whatever is imported after it

# isort: split
import gc
import logging
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QLibraryInfo,
    QLocale,
    QMessageLogContext,
    QTimer,
    QtMsgType,
    QTranslator,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QWidget

from . import settings, words
from .db import DAMAGE, Database
from .errors import Refused
from .paths import DataFolder
from .services import drill, preferences
from .ui import doorbell, news, place, theme
from .ui.errands import Errand, Practised, Practising, Rescuing
from .ui.mishap import Mishaps, keep_log
from .ui.page import Page
from .ui.start import StartWindow
from .ui.start_work import end_practice

if TYPE_CHECKING:
    from .ui.district.window import DistrictWindow
    from .ui.main_window import MainWindow
    from .ui.window import Window

PAGES: Mapping[str, tuple[str, str]] = {
    "desk": (".ui.pages.desk", "DeskPage"),
    "people": (".ui.pages.people", "PeoplePage"),
    "supplies": (".ui.pages.supplies", "SuppliesPage"),
    "requests": (".ui.pages.requests", "RequestsPage"),
    "shift": (".ui.pages.shift", "ShiftPage"),
    "reports": (".ui.pages.reports", "ReportsPage"),
    "sync": (".ui.pages.sync", "SyncPage"),
    "settings": (".ui.pages.settings", "SettingsPage"),
    "trail": (".ui.pages.trail", "TrailPage"),
    "print": (".ui.pages.prints", "PrintPage"),
}
"""The pages of a station by name, and where each is imported from when it is first shown."""
DISTRICT_PAGES: Mapping[str, tuple[str, str]] = {
    "stations": (".ui.district.stations", "StationsPage"),
    "requests": (".ui.district.requests", "RequestsPage"),
    "supplies": (".ui.district.supplies", "SuppliesPage"),
    "campaigns": (".ui.district.campaigns", "CampaignsPage"),
    "regulars": (".ui.district.regulars", "RegularsPage"),
    "reports": (".ui.district.reports", "ReportsPage"),
    "exchange": (".ui.district.exchange", "ExchangePage"),
    "rules": (".ui.district.rules", "RulesPage"),
    "settings": (".ui.district.settings", "SettingsPage"),
}
"""Those of a district."""


AHEAD = (
    "answers", "attachments", "care", "companions", "history", "keeping", "loans", "requests", "supplies.advice", "visits", "voices",
    "weather",
)  # fmt: skip
"""What a desk asks at once (``services``); imported while somebody types the password."""


def _from(pages: Mapping[str, tuple[str, str]]) -> Callable[[str], type[Page]]:
    """Imports a page by its name."""

    def page(name: str) -> type[Page]:
        room, title = pages[name]
        found: type[Page] = getattr(import_module(room, __package__), title)
        return found

    return page


def application(*, offscreen: bool = False) -> QApplication:
    """The one QApplication of this process, dressed and speaking; ``offscreen`` draws without a display."""
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif os.environ.get("QT_IM_MODULE") == "fcitx":
        os.environ["QT_IM_MODULE"] = "ibus"  # the wheels carry no fcitx plugin; fcitx also answers as ibus
    # key by key: otherwise what ibus has no use for comes back in any order when the machine is busy, a scanner's digits above all
    os.environ.setdefault("IBUS_ENABLE_SYNC_MODE", "1")
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of Qt application is running")
    app.setApplicationName("warm-station")
    app.setQuitOnLastWindowClosed(True)
    app.setProperty("pictures", offscreen)  # kept, so that a change of type size keeps the pictures' font
    theme.apply(app, pictures=offscreen)
    _translate(app)
    return app


SILENT = ("This plugin does not support propagateSizeHints()", "This plugin does not support raise()")
"""What Qt's offscreen platform says of itself at every window; anything else is told."""


def for_pictures(*, offscreen: bool = True) -> QApplication:
    """The application of a run that takes pictures; Qt's warnings are told, its talk about itself is not."""
    qInstallMessageHandler(_tell_qt)
    return application(offscreen=offscreen)


def _tell_qt(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
    if text not in SILENT:
        print(f"Qt {kind.name}: {text}", file=sys.stderr)


def _translate(app: QApplication) -> None:
    """Qt's own buttons in Chinese (qtbase_zh_CN.qm comes with the wheels)."""
    translator = QTranslator(app)
    if words.language() == "zh":
        QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China))
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load("qtbase_zh_CN", folder):
            app.installTranslator(translator)


def window(db: Database, *, backups: bool = False) -> MainWindow:
    """The station's window over an open database, as it was left: language, type size, colours."""
    from .ui.main_window import MainWindow

    if chosen := preferences.get(db, settings.LANGUAGE):
        words.use(chosen)
    found = MainWindow(db, _from(PAGES), backups=backups)
    found.wear()
    if db.desk_only:  # a start card opened it: a PIN says who is there
        found.lock()
    return found


def district_window(db: Database, *, backups: bool = False) -> DistrictWindow:
    """The district's window over an open database, as it was left."""
    from .ui.district.window import DistrictWindow

    if chosen := preferences.get(db, settings.LANGUAGE):
        words.use(chosen)
    found = DistrictWindow(db, _from(DISTRICT_PAGES), backups=backups)
    found.wear()
    return found


def main(folder: Path) -> int:
    """Open the window: set-up or unlock first, then the station. Returns the exit code."""
    return _run(DataFolder(folder), lambda errand: StartWindow(folder, errand=errand), window)


def drill_main(folder: Path) -> int:
    """Open a practice day; the station in ``folder`` stays closed. Returns the exit code."""
    return _run(DataFolder(folder), lambda errand: StartWindow(folder, errand=errand), window, Practising())


def district_main(folder: Path) -> int:
    """Open the district's desk: set-up or unlock first. Returns the exit code."""
    from .ui.district.start import DistrictStart

    return _run(DataFolder(folder, "district"), lambda errand: DistrictStart(folder, errand=errand), district_window)


def _run(
    home: DataFolder,
    starts: Callable[[Errand | None], StartWindow],
    opens: Callable[..., Window],
    errand: Errand | None = None,
) -> int:
    """Show the first window, then the one it opens, until that is closed; a second start brings the first to the front."""
    app = application()
    if doorbell.ring(home.path, home.side):
        return 0
    mishaps = Mishaps()
    log = keep_log(home.log)
    sys.excepthook = mishaps.caught
    turns = Turns(home, starts, opens)
    turns.begin(errand)
    bells: list[doorbell.Doorbell] = []

    def listen() -> None:
        gc.freeze()  # never looked through again; what is made from now on is
        gc.enable()
        bells.append(doorbell.Doorbell(home.path, home.side))
        bells[0].rang.connect(turns.to_front)

    QTimer.singleShot(0, listen)
    try:
        return app.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        for bell in bells:
            bell.close()
        log.close()
        logging.getLogger("station_app").removeHandler(log)


def let_go(window: QWidget | None) -> None:
    """Close a window that had its turn for good: hidden it would stay in memory, and be dressed anew with the others, all day."""
    if window is not None:
        window.close()
        window.deleteLater()


class Turns:
    """The first window and the one it opens, in turn: what one leaves to be done, the other does with the store closed."""

    def __init__(
        self, home: DataFolder, starts: Callable[[Errand | None], StartWindow], opens: Callable[..., Window]
    ) -> None:
        self._home, self._starts, self._opens = home, starts, opens
        self.start: StartWindow | None = None
        self.shown: Window | None = None

    def begin(self, errand: Errand | None = None) -> None:
        """Show the first window, with something left to be done."""
        self.start = self._starts(errand)
        self.start.opened.connect(self._opened)
        place.restore(self.start, self._home.place)
        self.start.show()
        QTimer.singleShot(0, self._look_ahead)

    def _look_ahead(self) -> None:
        """On a thread beside the screen; nothing of Qt, which makes its types on the window's own thread only."""
        Thread(target=lambda: [import_module(f".services.{name}", __package__) for name in AHEAD], daemon=True).start()

    def to_front(self) -> None:
        """Bring the window that is shown before all others."""
        front = self.shown if self.shown is not None and self.shown.isVisible() else self.start
        if front is not None:
            if front.isMinimized():
                front.showNormal()
            front.raise_()
            front.activateWindow()

    def _opened(self, db: Database) -> None:
        try:
            self.shown = self._opens(db, backups=not drill.practising(db))
        except Refused as error:  # a bad page that nothing met before the window was built
            db.close()
            if error.word not in DAMAGE:
                raise
            before = self.start
            self.begin(Rescuing())
            let_go(before)
            return
        self.shown.closed.connect(lambda: self._closed(db))
        place.restore(self.shown, self._home.place)
        self.shown.show()
        let_go(self.start)
        self.start = None
        if not drill.practising(db) and news.unread(self._home):
            self.shown.show_handbook(news.PAGE)

    def _closed(self, db: Database) -> None:
        practised = drill.practising(db)
        if self.shown is not None and not practised:
            place.keep(self.shown, self._home.place)
        db.close()
        errand = None
        if self.shown is not None:
            errand = self.shown.errand
            self.shown.deleteLater()
            self.shown = None
        if practised:
            gone = end_practice(self._home.path)
            errand = Practised(gone) if isinstance(errand, Practised) else errand
        if errand is not None:
            self.begin(errand)
