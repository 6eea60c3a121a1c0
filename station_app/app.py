"""The composition root: the only file that knows everyone. Puts the window together, and the runs that need it.

``main`` opens the window, ``shots`` takes a picture of every page, ``walk`` works the sample day through the real window
where there is no display. Imported only when one of them is wanted: the command line runs where Qt cannot.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from PySide6.QtCore import QLibraryInfo, QLocale, QMessageLogContext, Qt, QtMsgType, QTranslator, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from . import settings, words
from .cli import Command, Desk, option
from .db import Database
from .district import desk, store
from .errors import EnvironmentFault, Refused
from .paper import badges, report
from .paths import DataFolder, has_display
from .services import people, preferences, samples, stations
from .services.rescue import DAMAGE
from .sync.opening import Opener
from .ui import doorbell, place, theme
from .ui.district.exchange import ExchangePage
from .ui.district.reports import ReportsPage as DistrictReports
from .ui.district.requests import RequestsPage as DistrictRequests
from .ui.district.rules import RulesPage as DistrictRules
from .ui.district.settings import SettingsPage as DistrictSettings
from .ui.district.start import DistrictStart
from .ui.district.stations import StationsPage
from .ui.district.supplies import SuppliesPage as DistrictSupplies
from .ui.district.window import DistrictWindow
from .ui.errands import Errand, Rescuing
from .ui.hands import Hands
from .ui.main_window import MainWindow
from .ui.mishap import Mishaps, keep_log
from .ui.pages.desk import DeskPage
from .ui.pages.people import PeoplePage
from .ui.pages.reports import ReportsPage
from .ui.pages.requests import RequestsPage
from .ui.pages.settings import SettingsPage
from .ui.pages.shift import ShiftPage
from .ui.pages.supplies import SuppliesPage
from .ui.pages.sync import SyncPage
from .ui.pages.trail import TrailPage
from .ui.start import StartWindow
from .ui.walk import PASSWORD, PIN, SampleClock, Walk, sample_lines
from .ui.window import Window
from .words import t

PAGES = (DeskPage, PeoplePage, SuppliesPage, RequestsPage, ShiftPage, ReportsPage, SyncPage, SettingsPage, TrailPage)
DISTRICT_PAGES = (StationsPage, DistrictRequests, DistrictSupplies, DistrictRules, DistrictReports, ExchangePage, DistrictSettings)


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


SILENT = ("This plugin does not support propagateSizeHints()", "This plugin does not support raise()")
"""What Qt's offscreen platform says of itself at every window; anything else is told."""


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
    if chosen := preferences.get(db, settings.LANGUAGE):
        words.use(chosen)
    found = MainWindow(db, PAGES, backups=backups)
    found.wear()
    if db.desk_only:  # a start card opened it: a PIN says who is there
        found.lock()
    return found


def district_window(db: Database, *, backups: bool = False) -> DistrictWindow:
    """The district's window over an open database, as it was left."""
    if chosen := preferences.get(db, settings.LANGUAGE):
        words.use(chosen)
    found = DistrictWindow(db, DISTRICT_PAGES, backups=backups)
    found.wear()
    return found


def main(folder: Path) -> int:
    """Open the window: set-up or unlock first, then the station. Returns the exit code."""
    return _run(DataFolder(folder), lambda errand: StartWindow(folder, errand=errand), window)


def district_main(folder: Path) -> int:
    """Open the district's desk: set-up or unlock first. Returns the exit code."""
    return _run(DataFolder(folder, "district"), lambda errand: DistrictStart(folder, errand=errand), district_window)


def _run(home: DataFolder, starts: Callable[[Errand | None], StartWindow], opens: Callable[..., Window]) -> int:
    """Show the first window, then the one it opens, until that is closed; a second start brings the first to the front."""
    app = application()
    if doorbell.ring(home.path, home.side):
        return 0
    mishaps = Mishaps()
    log = keep_log(home.log)
    sys.excepthook = mishaps.caught
    turns = Turns(home, starts, opens)
    turns.begin()
    bell = doorbell.Doorbell(home.path, home.side)
    bell.rang.connect(turns.to_front)
    try:
        return app.exec()
    finally:
        sys.excepthook = sys.__excepthook__
        bell.close()
        log.close()
        logging.getLogger("station_app").removeHandler(log)


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

    def to_front(self) -> None:
        """Bring the window that is shown before all others."""
        front = self.shown if self.shown is not None and self.shown.isVisible() else self.start
        if front is not None:
            if front.isMinimized():
                front.showNormal()
            front.raise_()
            front.activateWindow()

    def _opened(self, db: Database) -> None:
        before = self.start
        try:
            self.shown = self._opens(db, backups=True)
        except Refused as error:  # a bad page that nothing met before the window was built
            db.close()
            if error.word not in DAMAGE:
                raise
            self.begin(Rescuing())
            if before is not None:
                before.close()
            return
        self.shown.closed.connect(lambda: self._closed(db))
        place.restore(self.shown, self._home.place)
        self.shown.show()
        if before is not None:
            before.close()

    def _closed(self, db: Database) -> None:
        if self.shown is not None:
            place.keep(self.shown, self._home.place)
        db.close()
        if self.shown is not None and self.shown.errand is not None:
            self.begin(self.shown.errand)


# --- pictures ------------------------------------------------------------------------------------------------------------


@contextmanager
def shown(db: Database) -> Iterator[MainWindow]:
    """A station's window, shown; closed again, the database not."""
    found = window(db)
    found.show()
    try:
        yield found
    finally:
        found.close()


def shots(db: Database, folder: Path) -> list[Path]:
    """A picture of every page and of the lock screen of the station in ``db``."""
    with shown(db) as found:
        walk = Walk(found, SampleClock())
        taken = walk.pictures(folder)
        walk.open_page("desk")
        found.lock()
        walk.hands.picture(folder / "lock.png")
        return [*taken, folder / "lock.png"]


# --- the sample day, where there is no display -----------------------------------------------------------------------------


def sample_day(folder: Path, out: Path, clock: SampleClock) -> Walk:
    """Work the sample day in ``folder`` from unlocking to the district's receipt; leave what it made in ``out``.

    Pictures of every page, a badge sheet, the sealed batch, the district's pack and its report. The window is closed.
    """
    stick, home = folder / "stick", folder / "station"
    stick.mkdir(parents=True)
    out.mkdir(parents=True, exist_ok=True)
    stations.set_up(home, samples.STATION, samples.KEEPERS[0], PASSWORD, PIN, clock=clock)[0].close()
    db = unlocked(home, clock, out / "unlock.png")
    preferences.change(db, settings.LAST_FOLDER.name, str(stick))
    district = store.set_up(folder / "district", samples.STATION.district_code, samples.STATION.district_name, "", PASSWORD, clock=clock)
    try:
        with shown(db) as found, Opener() as opener:
            walk = Walk(found, clock)
            walk.hands.show()
            walk.stock()
            walk.import_rosters(lambda file: _drop(found, file))
            walk.begin()
            walk.work(sample_lines())
            walk.slip_and_undo()
            walk.lock_and_unlock()
            walk.join(district, stick)
            clock.set("2026-07-17T18:05:00+08:00")
            batch = walk.export(stick)
            clock.set("2026-07-17T18:20:00+08:00")
            pack = walk.answer(district, batch, stick, opener)
            clock.set("2026-07-17T18:30:00+08:00")
            walk.take_back()
            walk.pictures(out)
        _leave_papers(db, district, out)
        for file in (batch, pack):
            shutil.copy(file, out)
    finally:
        district.close()
        db.close()
    return walk


def unlocked(home: Path, clock: SampleClock, picture: Path) -> Database:
    """Open the station through the unlock window, by keys."""
    start = StartWindow(home, clock=clock)
    opened: list[Database] = []
    start.opened.connect(opened.append)
    hands = Hands(start, lambda: start.idle)
    hands.show()
    hands.picture(picture)
    hands.type(PASSWORD)
    hands.key(Qt.Key.Key_Return)
    hands.until(lambda: bool(opened), "the station to open")
    start.close()
    return opened[0]


def _drop(found: MainWindow, file: Path) -> None:
    page = found.page("people")
    if not isinstance(page, PeoplePage):
        raise TypeError("the people page")
    page.open_list(file)


def _leave_papers(db: Database, district: Database, out: Path) -> None:
    """The first ten badges, and the district's report of the day."""
    day = db.stamp().business_date
    badges.badge_sheet(stations.current(db), people.several(db, people.ids(db)[:10]), out / "badges.pdf")
    whole, each = desk.report(district, day, day)
    report.period_report(
        whole, out / "district-report.pdf", place=district.meta("district_name"), printed_on=db.now().date(), sample=True,
        stations=[(station.name, figures) for station, figures in each],
    )


# --- commands that need a window -------------------------------------------------------------------------------------------


def _for_pictures(*, offscreen: bool = True) -> None:
    """The application of a command that takes pictures; Qt's warnings are told, its talk about itself is not."""
    qInstallMessageHandler(_tell_qt)
    application(offscreen=offscreen)


@click.command("shots", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.pass_obj
def _shots(here: Desk, folder: Path) -> int:
    _for_pictures()
    with here.station() as db:
        taken = shots(db, folder)
    here.tell({"pictures": [str(file) for file in taken]}, t("cli.shots_taken", n=len(taken), folder=str(folder)))
    return 0


@click.command("walk", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@option("--shown", is_flag=True)
@click.pass_obj
def _walk(here: Desk, folder: Path, shown: bool) -> int:
    if shown and not has_display():
        raise EnvironmentFault("cli.no_display")
    _for_pictures(offscreen=not shown)
    made = []
    for language in words.LANGUAGES:
        words.use(language)
        with tempfile.TemporaryDirectory() as work:
            sample_day(Path(work), folder / language, SampleClock())
        made += sorted((folder / language).iterdir())
    here.tell({"files": [str(file) for file in made]}, t("cli.walked", n=len(made), folder=str(folder)))
    return 0


COMMANDS: dict[str, click.Command] = {"shots": _shots, "walk": _walk}
"""Commands of the command line that need Qt, by name (``__main__.FROM_APP``)."""
