"""Unattended while the desk is open: a folder that others fill is looked at, answers are left in another; told in a short list."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from ... import settings
from ...db import Database
from ...district import watch
from ...errors import StationError, UserMistake
from ...model import MAY, Changes, Op
from ...services import preferences
from ...sync.opening import Opener
from ...words import t
from .. import actions, when
from ..aside import Aside
from ..feedback import ErrorStrip, sentence
from ..kit import Button, Column, EmptyState, Row, Text
from ..page import Shell
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table

EVERY = 10_000
"""Milliseconds between two looks at the folder."""
SHOWN = 50
"""What became of files, the newest first, that the list holds."""
TABLES = ("intake", "visit", "request", "movement", "enrolled", "rule_held")
"""What a file may have changed: the pages that show these are read again."""


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a file: when (ISO 8601), its name, what it brought or why it was not taken, with a tone."""

    id: int
    time: str
    name: str
    text: str
    pill: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Places:
    """The folder that is watched and the one for answers; None for none. ``may``: whether whoever is at work may take files in."""

    folder: Path | None
    answers: Path | None
    may: bool = True


def read_places(db: Database) -> Places:
    """What the settings say, and whether the one at work may."""
    named = [preferences.get(db, one) for one in (settings.WATCH_FOLDER, settings.WATCH_ANSWERS)]
    folder, answers = (Path(text) if text else None for text in named)
    return Places(folder, answers, {Op.TAKE_IN, Op.APPLY_PACK} <= MAY[db.role])


class Watching(QObject):
    """Looks again and again, off the window's thread; ``told`` after each file, ``looked`` after each look ("" or why it failed)."""

    told = Signal(object)
    looked = Signal(str)

    def __init__(self, shell: Shell, aside: Aside, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._aside = shell.jobs, aside
        self.opener = Opener()
        self.lines: deque[Told] = deque(maxlen=SHOWN)
        self._count = 0
        self._stop = self._under_way = False
        self.timer = QTimer(self)
        self.timer.setInterval(EVERY)
        self.timer.timeout.connect(self.look)
        self.timer.start()

    def look(self) -> None:
        """One look, unless one is under way."""
        if self._under_way or self._stop:
            return
        self._under_way = True
        self._aside.do(self._work, self._done, self._failed)

    def close(self) -> None:
        """End after the file under way, and look no more."""
        self._stop = True
        self.timer.stop()

    def _work(self) -> list[watch.Outcome]:
        db = self._jobs.db
        places = read_places(db)
        if places.folder is None or not places.may:
            return []
        try:
            return list(watch.look(db, places.folder, places.answers, self.opener, stop=lambda: self._stop))
        finally:
            self.opener.close()  # no process is kept while nothing comes

    def _done(self, outcomes: list[watch.Outcome]) -> None:
        self._under_way = False
        stamp = self._jobs.db.now().isoformat(timespec="seconds")
        for outcome in outcomes:
            self._count += 1
            line = Told(self._count, stamp, outcome.file.name, said(outcome), pill(outcome))
            self.lines.appendleft(line)
            self.told.emit(line)
        if any(outcome.received for outcome in outcomes):
            self._jobs.changed.emit(Changes("", Op.TAKE_IN, dict.fromkeys(TABLES, ())))
        self.looked.emit("")

    def _failed(self, error: StationError) -> None:
        self._under_way = False
        self.looked.emit(sentence(error))


def said(outcome: watch.Outcome) -> str:
    """What a file brought, and what was left for its station."""
    if outcome.refused is not None:
        return sentence(outcome.refused)
    got = outcome.received
    parts = [t("district_watch.brought", station=got.station, n=got.rows)] if got is not None else []
    if outcome.answer is not None:
        parts.append(t("district_watch.answered", name=outcome.answer.name))
    if outcome.unanswered is not None:
        parts.append(sentence(outcome.unanswered))
    return t("terms.dot").join(parts)


def pill(outcome: watch.Outcome) -> tuple[str, str]:
    """Taken, kept aside, or not taken."""
    if outcome.refused is not None:
        return t("district_watch.refused"), "bad"
    if outcome.received is not None and outcome.received.quarantined:
        return t("district_watch.kept_aside"), "attention"
    return t("district_watch.taken"), "good"


class WatchView(QWidget):
    """The switch, both folders, what came."""

    def __init__(self, shell: Shell, watching: Watching, changed: Callable[[], None]) -> None:
        super().__init__()
        self._shell, self._changed = shell, changed
        self.places = Places(None, None)
        self.today = date.min
        self.state = Text("", wrap=True)
        self.answers = Text("", "muted", wrap=True)
        self.errors = ErrorStrip()
        self.choose = Button("", icon="folder")
        self.choose.clicked.connect(self.ask_folder)
        self.choose_answers = Button(t("district_watch.choose_answers"), icon="folder")
        self.choose_answers.clicked.connect(self.ask_answers)
        self.off = Button(t("district_watch.off"), "danger")
        self.off.clicked.connect(self.switch_off)
        self.rows = RowsModel(
            [
                TableColumn(t("district_watch.file"), lambda one: one.name, 260, bold=True),
                TableColumn(t("district_watch.what"), lambda one: one.text),
                TableColumn("", lambda one: when.moment(one.time, self.today), 110, "right", muted=True),
                TableColumn("", lambda _one: "", 90, "right", pill=lambda one: one.pill),
            ]
        )
        self.table = Table(self.rows, rows=42, name=t("district_watch.title"))
        self.table.set_empty(EmptyState("folder", t("district_watch.nothing")))
        buttons = Row(self.choose, self.choose_answers, self.off, None)
        self.setLayout(Column(self.state, self.answers, self.errors, buttons, self.table, gap=6))
        watching.told.connect(lambda _one: self.rows.set_rows(list(watching.lines)))
        watching.looked.connect(self._looked)

    def show_places(self, places: Places, today: date) -> None:
        """What is watched, and where answers go."""
        self.places, self.today = places, today
        on = places.folder is not None
        self.state.set(t("district_watch.on", folder=str(places.folder)) if on else t("district_watch.help"))
        self.answers.set(
            t("district_watch.answers", folder=str(places.answers)) if places.answers else t("district_watch.no_answers")
        )
        self.answers.setVisible(on)
        self.choose.set_text(t("district_watch.other") if on else t("district_watch.choose"))
        self.choose_answers.setVisible(on)
        self.off.setVisible(on)

    def _looked(self, error: str) -> None:
        if error and self.places.folder is not None:
            self.errors.show_text(error)
        else:
            self.errors.clear()

    def ask_folder(self) -> None:
        """Let the officer choose the folder to watch."""
        self._ask(t("district_watch.choose"), settings.WATCH_FOLDER.name)

    def ask_answers(self) -> None:
        """Let the officer choose where answers go."""
        self._ask(t("district_watch.choose_answers"), settings.WATCH_ANSWERS.name)

    def _ask(self, title: str, setting: str) -> None:
        dialog = QFileDialog(self, title)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda chosen: self.keep(setting, Path(chosen)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def keep(self, setting: str, folder: Path) -> None:
        """Watch this folder, or leave answers there; the district's own folder is refused, and one folder for both."""
        other = self.places.answers if setting == settings.WATCH_FOLDER.name else self.places.folder
        if folder.resolve().is_relative_to(self._shell.jobs.db.path.parent.resolve()):
            self.errors.show_error(UserMistake("sync_desk.inside_data"))
        elif other is not None and folder.resolve() == other.resolve():
            self.errors.show_error(UserMistake("district_watch.same_folder"))
        else:
            self.errors.clear()
            actions.change_setting(self._shell.jobs, setting, str(folder), lambda _done: self._changed())

    def switch_off(self) -> None:
        """Look at no folder any more; the places are offered back."""
        before = self.places

        def again() -> None:
            actions.change_setting(self._shell.jobs, settings.WATCH_FOLDER.name, str(before.folder), lambda _done: self._changed())

        def done(_done: object) -> None:
            self._changed()
            self._shell.tell(t("district_watch.is_off"), t("window.undo"), again)

        actions.change_setting(self._shell.jobs, settings.WATCH_FOLDER.name, "", done)
