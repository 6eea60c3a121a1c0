"""A window around pages: rail, top bar, sheets, foot bar; keys that work everywhere; language, help, care, locking.

The station's window and the district's are made of it; each says which pages it has and what its bars tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QStackedWidget,
    QTextEdit,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from .. import settings, words
from ..db import DAMAGE, Database
from ..errors import StationError
from ..model import MAY, Changes, Keeper, LogLine, Op, Role, Station
from ..services import attachments, care, keepers, preferences
from ..services.keeping import Kept
from ..words import label, t
from . import actions, printing, theme
from .aside import Aside
from .chrome import FootBar, Rail, RailEntry, TopBar
from .errands import Errand, Rescuing
from .feedback import Sheet, Toast, sentence
from .help import KEYS, KeyboardHelp, Keys, keys_for
from .jobs import Jobs
from .keeping import Keeping
from .layouts import Stack
from .lock import AtWork, LockScreen, at_work
from .page import Page
from .scan_field import ScanField

if TYPE_CHECKING:
    from .handbook import Handbook
    from .updating import Updating

SMALLEST = (1366, 768)
ASKS = ("?", "？")


class Window(QWidget):
    """A window over an open database. ``closed`` is emitted when its keeper closes it; the owner closes the database.

    ``pages`` gives a page by its name, when it is first shown. ``backups`` makes the day's and closing time's; a window for
    pictures goes without.
    """

    closed = Signal()
    page_names: ClassVar[tuple[str, ...]] = ()
    """The pages in the order of Alt+1, 2 ... and of the rail, which shows those that whoever is at work may use."""
    foot_page: ClassVar[str] = "settings"
    """The page that stands at the rail's foot."""
    icons: ClassVar[Mapping[str, str]] = {}
    """The icons that are not called like their page."""
    keys: ClassVar[Keys] = KEYS
    """What ``?`` shows."""
    can_rescue: ClassVar[bool] = True
    """Whether the first window can rescue such a store."""
    house_keeping: ClassVar[type[Keeping]] = Keeping
    """What is done unasked beside the desk."""

    def __init__(self, db: Database, pages: Callable[[str], type[Page]], *, backups: bool = False) -> None:
        super().__init__()
        self.db = db
        self.jobs = Jobs(db, self)
        self.keeping = self._keeping() if backups else None
        self.station: Station = self._whose(db)
        self._at_work = at_work(db)
        self._tending = Aside(self)
        self._tending.broken.connect(self._broken)
        self._stop_check = Event()
        self._seen = False
        self._damaged: bool | None = None
        self._troubles: tuple[care.Trouble, ...] = ()
        self._page_called = pages
        self._pages: dict[str, Page] = {}
        self._sheets: dict[str, Sheet] = {}
        self._current = ""
        self._carry_on: Callable[[], None] | None = None
        self.errand: Errand | None = None
        self.updating: Updating | None = None
        self._locked = False
        self._last_key = time.time()
        self._idle_minutes = int(settings.IDLE_LOCK_MINUTES.default)
        self.setObjectName("main-window")
        self.resize(*SMALLEST)
        self._layers = QStackedWidget(self)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._layers)
        self._desk: QWidget | None = None
        self._lock_screen = LockScreen(self.jobs, db, self._who)
        self._lock_screen.unlocked.connect(self._unlocked)
        self._layers.addWidget(self._lock_screen)
        self.jobs.changed.connect(self._note)
        self.jobs.failed.connect(self.tell_error)
        self.jobs.broken.connect(self._broken)
        self._minute = QTimer(self)
        self._minute.timeout.connect(self._tick)
        self._minute.start(15_000)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.timeout.connect(self.lock)
        self._prepare()
        self._build()
        self._add_shortcuts()
        self._listen()
        application().installEventFilter(self)
        self._restart_idle()

    # --- what a station's and a district's window say for themselves -----------------------------------------------

    def _whose(self, db: Database) -> Station:
        """Whose desk this is."""
        raise NotImplementedError

    def _who(self, db: Database) -> list[Keeper]:
        """Who may come back to a locked screen."""
        return keepers.listing(db)

    def _label(self, page: str) -> str:
        """What a page is called on the rail."""
        raise NotImplementedError

    def chapter(self, page: str) -> tuple[str, str]:
        """Where F1 opens the handbook from a page: the handbook's page, and a heading on it or ""."""
        return page, ""

    def offers(self, page: str) -> bool:
        """Whether whoever is at work may use a page."""
        return page in self.page_names

    def _prepare(self) -> None:
        """What has to be there before the pages are made."""

    def _listen(self) -> None:
        """Look at the application's events from now on: building makes thousands of them, none of which is a key."""

    def _read_frame(self, db: Database) -> Any:
        """What the bars tell, read on the reader thread."""
        raise NotImplementedError

    def _show_frame(self, frame: Any) -> None:
        """Put that into the bars; ``_take_care`` gets what every window has."""
        raise NotImplementedError

    def _pill(self, number: int) -> None:
        """A pill of the top bar was pressed."""

    def _above(self) -> QWidget | None:
        """What stands between the top bar and the pages; usually nothing."""
        return None

    def _undo_last(self) -> None:
        """Ctrl+Z: take back the newest thing, and say what it was."""
        actions.undo_last(self.jobs, self._undone)

    def _keeping(self) -> Keeping:
        found = self.house_keeping(self.db, self)
        found.made.connect(self._kept)
        found.forgot.connect(self.jobs.changed)
        found.failed.connect(lambda error: self.tell(t("window.no_backup", reason=sentence(error))))
        found.broken.connect(self._broken)
        return found

    # --- building ------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """Everything that speaks, made anew: at the start, for another language, for whoever may see other things."""
        self._carry_on = None
        self.setWindowTitle(t("window.title", station=self.station.name))
        names = [name for name in self.page_names if self.offers(name)]
        entries = [RailEntry(name, self._label(name), self.icons.get(name, name)) for name in names]
        low = [entry for entry in entries if entry.code == self.foot_page]
        self.rail = Rail(t("window.brand"), [entry for entry in entries if entry not in low], foot=low)
        self.rail.chosen.connect(self.go)
        self.rail.language_chosen.connect(self.speak)
        self.top = TopBar(self.station.name, lock=t("window.lock"))
        self.top.locked.connect(self.lock)
        self.top.pill_clicked.connect(self._pill)
        self.top.trouble_clicked.connect(self.show_care)
        self.foot = FootBar()
        self.toast = Toast()
        self.foot.put_toast(self.toast)
        for page in self._pages.values():
            page.wind_up()
        self._stack = Stack()
        self._pages = {}
        self._sheets = {}
        self._help = self._new_sheet(self._stack)
        self._book: Handbook | None = None
        right = QVBoxLayout()
        right.setSpacing(0)
        hall = QScrollArea()  # a page may need more than a small screen has, above all where the system enlarges everything
        hall.setWidget(self._stack)
        hall.setWidgetResizable(True)
        hall.setFrameShape(QScrollArea.Shape.NoFrame)
        hall.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        for part, stretch in ((self.top, 0), (self._above(), 0), (hall, 1), (self.foot, 0)):
            if part is not None:
                right.addWidget(part, stretch)
        whole = QWidget()
        across = QHBoxLayout(whole)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        across.addWidget(self.rail)
        across.addLayout(right, 1)
        old, self._desk = self._desk, whole
        self._layers.addWidget(whole)
        self._layers.setCurrentWidget(whole)
        if old is not None:
            self._layers.removeWidget(old)
            old.deleteLater()
        self.go(self._current if self.offers(self._current) else names[0])
        self._refresh_frame()

    def _add_shortcuts(self) -> None:
        for keys, act in (
            ("Ctrl+Z", self.undo), ("Ctrl+L", self.lock), ("F11", self._toggle_large), ("F1", self.show_handbook),
            ("Ctrl+N", self._new),
        ):  # fmt: skip
            QShortcut(QKeySequence(keys), self, lambda act=act: self._unless_locked(act))
        for number, name in enumerate(self.page_names, start=1):
            QShortcut(QKeySequence(f"Alt+{number}"), self, lambda name=name: self._unless_locked(lambda: self.go(name)))

    # --- what pages ask of the window (page.Shell) ---------------------------------------------------------------

    def tell(self, text: str, action: str = "", then: Callable[[], None] | None = None, *, bad: bool = False) -> None:
        """A toast in the foot bar."""
        self._carry_on = None
        self.toast.say(text, action=action, then=then, tone="bad" if bad else "plain")

    def tell_error(self, error: StationError) -> None:
        """A StationError in the keeper's words."""
        if error.word in DAMAGE and not self._damaged:
            self._checked(True)
        elif error.word not in DAMAGE:
            self.tell(sentence(error), bad=True)

    def tell_undoable(self, text: str, changes: Changes) -> None:
        """A toast that offers to undo this operation."""
        self.tell(text, t("window.undo"), lambda: self.undo(changes.operation))

    def undo(self, operation: str | None = None) -> None:
        """Take back one operation, or the newest; a form just left is the newest of all and comes back."""
        if operation is None and self._carry_on is not None:
            self._carry_on()
        elif Op.UNDO not in MAY[self.role]:
            return
        elif operation is None:
            self._undo_last()
        else:
            actions.undo(self.jobs, operation, lambda _changes: self.tell(t("window.undone")))

    def go(self, page: str, subject: str = "") -> None:
        """Show a page by name, at one of its subjects when given. A form with something typed in it waits on its page."""
        if not self.offers(page):  # the print room stands on no rail and is offered all the same
            return
        if self._current in self._sheets and not self._sheet.typed():
            self._sheet.close_sheet()
        self._help.close_sheet()
        self._book_away()
        self._current = page
        self.rail.choose(page)
        shown = self.page(page)
        self._stack.setCurrentWidget(shown)
        if subject:
            shown.show_subject(subject)
        self._settle()

    def open_sheet(self, title: str, content: QWidget, *, submit: str = "", cancel: str = "") -> None:
        """Show a form in the page's sheet, over its right side."""
        self._sheet.open(title, content, submit=submit, cancel=cancel)

    def close_sheet(self) -> None:
        """Close the sheet."""
        self._sheet.close_sheet()

    def use_camera(self) -> None:
        """Scan with this machine's camera; where nothing is scanned nothing happens."""

    def start_kiosk(self) -> None:
        """Leave the screen to visitors; where none come nothing happens."""

    def hand_over(self, errand: Errand) -> None:
        """Close, and leave this to the first window; no backup is made on the way, which might thin out the one that is meant."""
        self.errand = errand
        self.close()

    def sheet_error(self, error: StationError) -> None:
        """What the service refused, inside the open sheet."""
        self._sheet.show_error(error)

    @property
    def idle(self) -> bool:
        """Whether everything asked for has been answered and shown."""
        updated = self.updating is None or self.updating.idle
        return updated and self.jobs.idle and all(page.idle for page in self._pages.values())

    def update_from(self, path: Path) -> None:
        """A new version of the program was dropped on the window."""
        if Op.SETTING not in MAY[self.role]:
            self.tell(t("updates.not_yours"), bad=True)
            return
        if self.updating is None:
            from .updating import Updating

            self.updating = Updating(self)
        self.updating.take(path)

    @property
    def role(self) -> Role:
        """The role of whoever is at work."""
        return self._at_work.role

    def page(self, name: str) -> Page:
        """A page by name, made when it is first asked for; KeyError for one that whoever is at work may not use."""
        if name not in self._pages:
            if not self.offers(name):
                raise KeyError(name)
            found = self._pages[name] = self._page_called(name)(self)
            self._stack.addWidget(found)
            self._sheets[name] = self._new_sheet(found)
        return self._pages[name]

    def _new_sheet(self, over: QWidget) -> Sheet:
        sheet = Sheet(over)
        sheet.closed.connect(self._settle)
        sheet.put_aside.connect(self._put_aside)
        return sheet

    # --- language, type, help ------------------------------------------------------------------------------------

    def speak(self, language: str) -> None:
        """Change the language of the window and remember it; not while a form holds what was typed, which would be lost."""
        for name, sheet in self._sheets.items():
            if sheet.typed():
                self.go(name)
                self.tell(t("window.form_first"))
                return
        words.use(language)
        actions.change_setting(self.jobs, settings.LANGUAGE.name, language)
        self._build()

    def _toggle_large(self) -> None:
        large = "0" if theme.tokens().large else "1"
        actions.change_setting(self.jobs, settings.LARGE_TYPE.name, large)

    def wear(self) -> None:
        """Put on the type size and colours that the settings say."""

        def looks(db: Database) -> tuple[str, str]:
            return preferences.get(db, settings.LARGE_TYPE), preferences.get(db, settings.DARK)

        def put_on(found: tuple[str, str]) -> None:
            large, dark = (text == "1" for text in found)
            worn = theme.tokens()
            if (worn.large, worn.dark) != (large, dark):
                app = application()
                theme.apply(app, large=large, dark=dark, pictures=bool(app.property("pictures")))

        self.jobs.read(looks, put_on, key="looks")

    def show_handbook(self, page: str = "") -> None:
        """F1: the handbook at the page one is on (or at ``page``), before whatever form is open; F1 again or Esc goes back to it."""
        if self._book is not None:
            self._leave_book()
            return
        from .handbook import Handbook

        self._help.close_sheet()
        self._book = Handbook()
        self._book.left.connect(self._leave_book)
        self._book.keys_asked.connect(self.show_help)
        self._stack.addWidget(self._book)
        self._stack.setCurrentWidget(self._book)
        self._book.show_page(*((page, "") if page else self.chapter(self._current)))
        self._settle()

    def _leave_book(self) -> None:
        self._book_away()
        self._settle()

    def _book_away(self) -> None:
        """The page is in front again."""
        book, self._book = self._book, None
        if book is not None:
            self._stack.setCurrentWidget(self._shown())
            self._stack.removeWidget(book)
            book.deleteLater()

    def show_help(self) -> None:
        """``?``: what needs care, the keys and what they do, over whatever form is open; ``?`` again puts them away."""
        if self._help.is_open():
            self._help.close_sheet()
        else:
            from .care_notice import CareNotice

            known = self.page_names
            pages = [(number, self._label(name)) for number, name in enumerate(known, start=1) if self.offers(name)]
            keys = keys_for(self.keys, self.role, lambda section: section in known and not self.offers(section))
            self._help.open(t("window.help"), CareNotice(self._troubles, KeyboardHelp(keys, pages)), cancel=t("kit.close"))

    # --- the frame around the pages ------------------------------------------------------------------------------

    def _refresh_frame(self) -> None:
        self.jobs.read(self._read_frame, self._show_frame, key="frame")

    def _take_care(self, troubles: tuple[care.Trouble, ...], idle_minutes: int) -> None:
        """What was found wrong, and how long the screen stays open by itself."""
        self._troubles = troubles
        if idle_minutes != self._idle_minutes:
            self._idle_minutes = idle_minutes
            self._restart_idle()

    def _tick(self) -> None:
        if time.time() - self._last_key >= self._idle_minutes * 60:  # no timer runs while a computer sleeps
            self.lock()
        if not self._locked:
            self._refresh_frame()
        if self._tending.idle:
            self._tending.do(lambda: care.tend(self.db))
            self._tending.do(lambda: printing.sweep(self.db))
            if self.keeping is not None and self._damaged is False:
                self._tending.do(lambda: care.weekly(self.db, self._stop_check.is_set), self._full_checked, self.tell_error)
        if self.keeping is not None:
            self.keeping.tick()

    def _kept(self, kept: Kept) -> None:
        if kept.missed is not None:
            self.tell(t("window.not_carried", reason=sentence(kept.missed)))
        self._refresh_frame()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Once the window has been painted, see whether the file is whole; the desk does not wait for it."""
        super().paintEvent(event)
        if not self._seen:
            self._seen = True
            QTimer.singleShot(0, self._check_file)

    def _check_file(self) -> None:
        if self._stop_check.is_set():  # closed again before it was painted
            return
        self._tending.do(lambda: printing.sweep(self.db, 0))  # what a killed window left
        self._tending.do(lambda: care.tend(self.db))
        self._tending.do(lambda: attachments.sweep(self.db))
        self._tending.do(lambda: care.check(self.db, self._stop_check.is_set), self._checked, self.tell_error)

    def _checked(self, damaged: bool) -> None:
        self._damaged = damaged
        if damaged:
            self._refresh_frame()
            self.tell(t("care.damaged"), t("care.what_to_do"), self.show_care, bad=True)

    def _full_checked(self, done: care.FullCheck | None) -> None:
        if done is not None and not done.sound:
            self._checked(True)

    @property
    def tended(self) -> bool:
        """Whether the file was checked."""
        return self._damaged is not None

    def show_care(self) -> None:
        """What threatens the records and what to do, as found last."""
        troubles = self._troubles or ((care.DAMAGED,) if self._damaged else ())
        if troubles:
            from .care_notice import CareNotice

            rescues = self._rescue if self._damaged and self.can_rescue else None
            self._help.open(t("care.title"), CareNotice(troubles, rescues=rescues), cancel=t("kit.close"))

    def _rescue(self) -> None:
        """To the rescue of a damaged store, which has to be closed for it; nothing more is written to it."""
        self.hand_over(Rescuing())

    def _note(self, changes: Changes) -> None:
        if "setting" in changes.tables:
            self.wear()
        if "keeper" in changes.tables:
            self.jobs.read(at_work, self._take_over, key="at-work")
        self._refresh_frame()

    def _undone(self, found: object) -> None:
        """Say what Ctrl+Z took back: pressed once too often it reaches further than the keeper sees."""
        if isinstance(found, tuple) and isinstance(line := found[0], LogLine):
            self.tell(t("window.undone_what", what=label(line.op), time=line.time[11:16]))
        else:
            self.tell(t("window.nothing_to_undo"))

    def _broken(self, error: BaseException) -> None:
        """A fault of ours: said plainly, and raised where crashes are handled, never swallowed."""
        self.tell(t("window.broken"), bad=True)
        raise error

    # --- keys ------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Any key or press keeps the screen awake; ``/`` outside a field finds."""
        kind = event.type()
        if kind == QEvent.Type.ShortcutOverride and self._undoes(watched, event):
            event.ignore()  # a line edit would keep Ctrl+Z for itself even with nothing to undo in it
            return True
        if kind in (QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress):
            self._restart_idle()
            if isinstance(event, QKeyEvent) and event.text() in ASKS and self._asks(watched):
                self.show_help()
                return True
            slash = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Slash
            if (
                slash
                and not self._locked
                and not self._sheet.is_open()
                and not self._help.is_open()
                and self.isActiveWindow()
                and not _types(watched)
            ):
                if self._book is not None:
                    self._book.look_up()
                else:
                    self._shown().look_up()
                return True
        return False

    def _asks(self, watched: QObject) -> bool:
        """Whether a question mark asks for the keys: everywhere but in writing; in the empty scan field, too."""
        if self._locked or not self.isActiveWindow():
            return False
        return not _types(watched) or (isinstance(watched, ScanField) and not watched.text())

    def _undoes(self, watched: QObject, event: QEvent) -> bool:
        """Whether a key asks for undo of what was done, not of what was typed: only a form keeps its own."""
        asked = isinstance(event, QKeyEvent) and event.matches(QKeySequence.StandardKey.Undo)
        return asked and self.isActiveWindow() and not (self._sheet.is_open() and _types(watched))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc that no page has a use for goes back to where work goes on."""
        if event.key() == Qt.Key.Key_Escape:
            self._settle()
        else:
            super().keyPressEvent(event)

    def _shown(self) -> Page:
        return self._pages[self._current]

    @property
    def _sheet(self) -> Sheet:
        """The sheet of the page shown."""
        return self._sheets[self._current]

    def _new(self) -> None:
        """Ctrl+N: the page's new thing, never over a form in which something was typed."""
        self._help.close_sheet()
        if self._sheet.typed():
            self.tell(t("window.form_first"))
        else:
            self._shown().new()

    def _put_aside(self) -> None:
        """Esc left a form in which something was typed: say that nothing was saved, and offer it again."""
        sheet = self._sheet

        def carry_on() -> None:
            self._carry_on = None
            self.toast.clear()
            sheet.bring_back()

        self.tell(t("window.not_saved"), t("window.carry_on"), carry_on)
        self._carry_on = carry_on

    def _settle(self) -> None:
        """Work goes on in the help, in the form, or where the page says."""
        if self._locked:
            return
        if self._help.is_open():
            self._help.take_focus()
        elif self._book is not None:
            self._book.settle()
        elif self._sheet.is_open():
            self._sheet.take_focus()
        else:
            self._shown().settle()

    # --- locking -------------------------------------------------------------------------------------------------

    def lock(self) -> None:
        """Hide everything until a keeper comes back with PIN or password."""
        if self._locked:
            return
        self._locked = True
        self._idle.stop()
        for dialog in self.findChildren(QDialog):  # the system's own for files: it stands in front
            dialog.close()
        self.toast.clear()
        QToolTip.hideText()
        if (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        self._layers.setCurrentWidget(self._lock_screen)
        self._lock_screen.ask(self.station)

    def _unlocked(self, back: AtWork) -> None:
        self._locked = False
        self._take_over(back)
        if self._desk is not None:
            self._layers.setCurrentWidget(self._desk)
        for page in self._pages.values():
            page.outdated()
        self._restart_idle()
        self._refresh_frame()
        self._settle()

    def _take_over(self, back: AtWork) -> None:
        """Whoever may see or do other things finds nothing of what was made for the one before, answers on their way included."""
        if back == self._at_work:
            return
        typed = any(sheet.typed() for sheet in self._sheets.values())
        self._at_work = back
        self.jobs.forget()
        self._build()
        if typed:
            self.tell(t("window.form_gone"))

    @property
    def locked(self) -> bool:
        """Whether the screen is locked."""
        return self._locked

    def _unless_locked(self, act: Callable[[], None]) -> None:
        if not self._locked:
            act()

    def _restart_idle(self) -> None:
        self._last_key = time.time()
        if not self._locked:
            self._idle.start(self._idle_minutes * 60_000)

    # --- closing -------------------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        """Finish what is under way, out of sight, back up, then let the owner close the database."""
        self.hide()
        application().removeEventFilter(self)
        self._minute.stop()
        self._idle.stop()
        self._stop_check.set()
        for page in self._pages.values():
            page.wind_up()
        self._tending.close()
        if self.updating is not None:
            self.updating.close()
        self.jobs.close()
        if self.keeping is not None:
            self.keeping.close(back_up=self.errand is None)
        printing.sweep(self.db, 0)
        self.closed.emit()
        super().closeEvent(event)


def _types(watched: QObject) -> bool:
    """Whether a slash typed here is text."""
    if isinstance(watched, QComboBox):
        return watched.isEditable()
    return isinstance(watched, QLineEdit | QPlainTextEdit | QTextEdit | QAbstractSpinBox)


def application() -> QApplication:
    """The application the window belongs to."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise TypeError("a window needs its application")
    return app
