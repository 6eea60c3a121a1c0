"""The composition root: the only file that knows everyone. Puts the window together, and the runs that need it.

``main`` opens the window, ``shots`` takes a picture of every page, ``walk`` works the sample day through the real window
where there is no display. Imported only when one of them is wanted: the command line runs where Qt cannot.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLibraryInfo, QLocale, QTranslator
from PySide6.QtWidgets import QApplication

from . import settings, words
from .db import Database
from .services import preferences
from .ui import theme
from .ui.main_window import MainWindow
from .ui.pages.desk import DeskPage
from .ui.pages.people import PeoplePage
from .ui.pages.reports import ReportsPage
from .ui.pages.requests import RequestsPage
from .ui.pages.settings import SettingsPage
from .ui.pages.shift import ShiftPage
from .ui.pages.supplies import SuppliesPage
from .ui.pages.sync import SyncPage
from .ui.start import StartWindow

PAGES = (DeskPage, PeoplePage, SuppliesPage, RequestsPage, ShiftPage, ReportsPage, SyncPage, SettingsPage)


def application(*, offscreen: bool = False) -> QApplication:
    """The one QApplication of this process, dressed and speaking; ``offscreen`` draws without a display."""
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    elif os.environ.get("QT_IM_MODULE") == "fcitx":
        os.environ["QT_IM_MODULE"] = "ibus"  # the wheels carry no fcitx plugin; fcitx also answers as ibus
    app = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(app, QApplication):
        raise TypeError("another kind of Qt application is running")
    app.setApplicationName("warm-station")
    app.setQuitOnLastWindowClosed(True)
    app.setProperty("pictures", offscreen)  # kept, so that a change of type size keeps the pictures' font
    theme.apply(app, pictures=offscreen)
    _translate(app)
    return app


def _translate(app: QApplication) -> None:
    """Qt's own buttons in Chinese (qtbase_zh_CN.qm comes with the wheels)."""
    translator = QTranslator(app)
    if words.language() == "zh":
        QLocale.setDefault(QLocale(QLocale.Language.Chinese, QLocale.Country.China))
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if translator.load("qtbase_zh_CN", folder):
            app.installTranslator(translator)


def window(db: Database) -> MainWindow:
    """The station's window over an open database, as it was left: language, type size, colours."""
    if chosen := preferences.get(db, settings.LANGUAGE):
        words.use(chosen)
    found = MainWindow(db, PAGES)
    found.wear()
    return found


def main(folder: Path) -> int:
    """Open the window: set-up or unlock first, then the station. Returns the exit code."""
    app = application()
    _catch_faults()
    start = StartWindow(folder)
    open_windows: list[MainWindow] = []

    def opened(db: Database) -> None:
        shown = window(db)
        shown.closed.connect(db.close)
        open_windows.append(shown)
        shown.show()
        start.close()

    start.opened.connect(opened)
    start.show()
    return app.exec()


def _catch_faults() -> None:
    """A fault of ours is written to the log (no personal data: types and places only) and the window goes on."""

    def caught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        places = []
        while trace is not None:
            places.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
            trace = trace.tb_next
        logging.getLogger("station_app").error("%s at %s", kind.__name__, " < ".join(reversed(places)))

    sys.excepthook = caught
