"""The district's stations: what each sent and whether it agrees, whom to call, files taken in, stations that ask to join."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QGridLayout, QWidget

from ... import paths
from ...db import Database
from ...district import desk, many, store
from ...district.desk import Dossier, Overview, Standing
from ...errors import StationError
from ...model import Changes
from ...schema import LEDGERS
from ...sync import carry, identity
from ...sync.opening import Opener
from ...words import t
from ..aside import Aside
from ..feedback import sentence
from ..forms import Combo
from ..kit import BigFigure, Button, Card, Column, EmptyState, FilterTabs, Row, page_layout
from ..list_page import ListPage, Search
from ..page import Shell
from ..printing import Show, open_file, save_and_open
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from ..while_shown import WhileShown
from . import stations_text as say
from .stations_card import EnrolCard, OutcomeList, StationCard, TakeCard
from .stations_parts import CallForm, RevokeForm, Seen, marks, on_sticks
from .taking import Taking

TABS = ("all", "look", "overdue")
CARD = 400
BY_COLUMN = {0: "name", 1: "last", 2: "batches", 3: "visits", 4: "state", 5: "requests"}
"""The order that a press on a column's head asks for; the choice beside the search does the same by keys."""
USUAL, CHASE = (0, 1, 2, 3, 4, 5), (0, 1, 4, 6, 7)
"""The columns of the table, and those of the chase list."""


def _sorts() -> dict[str, tuple[str, Callable[[Standing], Any], bool]]:
    """Orders of the table: code -> (name, key, the greatest first)."""
    return {
        "name": (t("district_desk.by_name"), lambda line: line.station.name, False),
        "last": (t("district_desk.by_last"), lambda line: line.held.last_taken_in, True),
        "silent": (t("district_desk.by_silent"), lambda line: line.silent, True),
        "batches": (t("district_desk.by_batches"), lambda line: line.held.newest_no, True),
        "visits": (t("district_desk.by_visits"), lambda line: line.person_times, True),
        "state": (t("district_desk.by_state"), lambda line: (not line.troubled, not line.overdue), False),
        "requests": (t("district_desk.by_requests"), lambda line: line.unanswered, True),
    }


class StationsPage(ListPage):
    """The table of stations. ``volumes`` lists sticks, ``opener`` opens hostile files in its own process, ``show`` a PDF."""

    name: ClassVar[str] = "stations"
    tables: ClassVar[frozenset[str]] = frozenset({*LEDGERS, "enrolled", "called"})

    def __init__(
        self,
        shell: Shell,
        *,
        volumes: Callable[[], Iterable[paths.Volume]] = paths.removable_volumes,
        opener: Opener | None = None,
        show: Show = open_file,
    ) -> None:
        super().__init__(shell)
        self._volumes, self._show_file = volumes, show
        self._opener = opener or Opener()
        self._aside = Aside(self)
        self._aside.broken.connect(self.jobs.broken)
        self.taking = Taking(self.jobs, self._aside, self._opener, self)
        self.taking.finished.connect(self._taken)
        self.overview: Overview | None = None
        self._wanted = ""
        self._offered: tuple[Path, ...] = ()
        self._seen: set[Seen] = set()
        self._askers: list[Path] = []
        self._sorts = _sorts()
        self._build()
        self._poll = WhileShown(self, self.poll)
        for combination, act in (("Ctrl+I", self.take_offered), ("Ctrl+E", self._packs), ("Ctrl+P", self.print_chase)):
            shortcut = QShortcut(QKeySequence(combination), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    # --- layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        names = (
            t("district_desk.stations"),
            t("district_desk.month_visits"),
            t("district_desk.unanswered"),
            t("district_desk.to_look_at"),
        )
        self.figures = [BigFigure("", name) for name in names]
        self._tiles = [Card(figure) for figure in self.figures]
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        self.tabs = FilterTabs([(code, "") for code in TABS])
        self.search = Search(t("district_desk.search"))
        self.order = Combo()
        self.order.setAccessibleName(t("district_desk.order"))
        for code, (name, _key, _down) in self._sorts.items():
            self.order.addItem(name, code)
        self.print_button = Button(t("district_desk.print_chase"), icon="print", key="Ctrl+P")
        self.csv_button = Button(t("district_desk.csv"), icon="export")
        self._rows = RowsModel(self._columns())
        self.list = Table(self._rows, rows=39, name=t("district_desk.stations"))
        self._empty = EmptyState("home", t("district_desk.reading"))
        self.list.set_empty(self._empty)
        self.files: TakeCard = TakeCard()
        self.card: StationCard = StationCard()
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(8)
        self._head.addWidget(self.tabs, 1)
        self._head.addLayout(Row(None, self.print_button, self.csv_button, self.search, self.order, gap=8))
        left = Column(self._grid, Column(self._head, Card(self.list, gap=4), gap=4), gap=10)
        right = QWidget()
        right.setLayout(Column(self.files, self.card, gap=10))
        self._right = right
        whole = Row(gap=16)
        whole.addLayout(left, 1)
        whole.addWidget(right)
        page_layout(self, whole)
        self._connect()
        self._fit()

    def _connect(self) -> None:
        self.tabs.chosen.connect(lambda _code: self._filter())
        self.search.textChanged.connect(lambda _text: self._filter())
        self.order.currentIndexChanged.connect(lambda _index: self._filter())
        head = self.list.horizontalHeader()
        head.setSectionsClickable(True)
        head.sectionClicked.connect(lambda column: self.order.setCurrentIndex(max(self.order.findData(BY_COLUMN.get(column, "")), 0)))
        self.print_button.clicked.connect(self.print_chase)
        self.csv_button.clicked.connect(self.ask_csv)
        self.list.current_record.connect(self._chosen)
        self.card.wanted.connect(self._do)
        self.taking.advanced.connect(self.files.progress.advance)
        self.files.wanted.connect(self.ask_files)
        self.files.folder_wanted.connect(self.ask_folder)
        self.files.offered.connect(self.take_offered)
        self.files.cancelled.connect(self.taking.stop)
        self.files.details.connect(self.show_outcomes)

    def _columns(self) -> list[TableColumn]:
        def day() -> date:
            return self.overview.now.date() if self.overview is not None else date.min

        return [
            TableColumn(t("district_desk.station"), lambda line: line.station.name, bold=True),
            TableColumn(t("district_desk.last_heard"), lambda line: say.last(line, day()), 124),
            TableColumn(t("district_desk.batches"), lambda line: str(line.held.newest_no or "—"), 62, "right"),
            TableColumn(t("district_desk.month_short"), lambda line: f"{line.person_times:,}", 104, "right"),
            TableColumn(t("district_desk.checked"), lambda _line: "", 138, pill=say.state),
            TableColumn(t("district_desk.unanswered_short"), lambda line: str(line.unanswered), 70, "right"),
            TableColumn(t("district_desk.phone"), lambda line: line.station.phone or t("district_desk.no_phone"), 140),
            TableColumn(t("district_desk.called_last"), lambda line: say.called(line, day()), 200, muted=True),
        ]

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "card"):
            self._fit()
            if self.overview is not None:
                self._show(self.overview)
            if self.card.dossier is not None:
                self._show_dossier(self.card.dossier)

    def _fit(self) -> None:
        large = tokens().large
        self._right.setFixedWidth(460 if large else CARD)
        self.search.setFixedWidth(180 if large else 150)
        columns = 2 if large else 4
        for number, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, number // columns, number % columns)
        for tile in self._tiles[2:] if large else ():
            tile.hide()
        for tile in self._tiles if not large else ():
            tile.show()
        for number in range(4):
            self._grid.setColumnStretch(number, int(number < columns))

    # --- what the window asks ----------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether no file is under way and nothing is looked at."""
        return self._aside.idle and not self.taking.running

    def wind_up(self) -> None:
        """Stop after the file under way; the worker goes."""
        self.taking.stop()
        self._poll.stop()
        self._aside.close()
        self._opener.close()

    def refresh(self) -> None:
        """Read all stations; the chosen one follows. Not file by file while hundreds come in: at their end."""
        if not self.taking.running:
            self.jobs.read(desk.overview, self._show, key="stations")

    def show_subject(self, subject: str) -> None:
        """Show one station by its id."""
        self._wanted = subject
        self.search.clear()
        self.tabs.choose("all")
        self.refresh()

    def new(self) -> None:
        """Ctrl+N: a station that asks to join."""
        self._ask(
            t("district_desk.enrol_title"),
            QFileDialog.FileMode.ExistingFiles,
            self.take,
            f"{t('district_desk.enrol_files')} (*.json)",
        )

    def act_on(self, number: int) -> bool:
        """Do what stands on the card's button with this digit."""
        if number > len(self.card.deeds):
            return False
        self._do(self.card.deeds[number - 1][0])
        return True

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show(self, overview: Overview) -> None:
        self.overview = overview
        lines = overview.lines
        heard = sum(line.silent <= 7 and bool(line.held.batches) for line in lines)
        a_day = f"{overview.person_times / overview.open_days:,.1f}" if overview.open_days else "—"
        look = sum(line.troubled for line in lines)
        shown = (
            (f"{len(lines):,}", t("district_desk.this_week", n=heard)), (f"{overview.person_times:,}", t("district_desk.a_day", n=a_day)),
            (f"{overview.unanswered:,}", t("district_desk.late", n=overview.late) if overview.late else ""),
            (f"{look:,}", t("district_desk.overdue_note", n=len(overview.overdue)) if overview.overdue else ""),
        )  # fmt: skip
        for figure, (number, note) in zip(self.figures, shown, strict=True):
            figure.show_state(number, note="" if tokens().large else note)  # the tabs say it too
        self.tabs.set_texts({
            "all": t("district_desk.tab_all", n=len(lines)), "look": t("district_desk.tab_look", n=look),
            "overdue": t("district_desk.tab_overdue", n=len(overview.overdue)),
        })  # fmt: skip
        self._filter()
        wanted, self._wanted = self._wanted, ""
        if wanted:
            self.list.choose(wanted)

    def _filter(self) -> None:
        """The stations of the tab that hold what is searched, in the order chosen."""
        overview, code = self.overview, self.tabs.code()
        if overview is None:
            return
        chase = code == "overdue"
        self.list.show_columns(CHASE if chase else USUAL)
        below = chase and tokens().large  # no room beside the tabs
        # room is made before anything takes it: what is shown widens the window at once
        if below:
            self._head.setDirection(QBoxLayout.Direction.TopToBottom)
        if chase:
            self.order.hide()
        for button in (self.print_button, self.csv_button):
            button.setVisible(chase)
        self.order.setVisible(not chase)
        if not below:
            self._head.setDirection(QBoxLayout.Direction.LeftToRight)
        self._head.setStretchFactor(self.tabs, 0 if below else 1)
        text = self.search.wanted()
        found = [line for line in overview.lines if code == "all" or (line.overdue if chase else line.troubled)]
        found = [line for line in found if not text or any(text in part.casefold() for part in _words(line))]
        _name, key, down = self._sorts["silent" if chase else str(self.order.currentData())]
        found.sort(key=lambda line: line.station.code)
        found.sort(key=key, reverse=down)
        nothing = {
            "all": t("district_desk.no_stations"),
            "look": t("district_desk.nothing_to_look_at"),
            "overdue": t("district_desk.nobody_overdue"),
        }
        self._empty.sentence.set(t("district_desk.none_found") if text and overview.lines else nothing[code])
        self._rows.set_rows(found)
        if self.list.current() is None and found:
            self.list.choose(found[0].id)
        if not found:
            self.card.show_nothing()

    def _chosen(self, line: Standing | None) -> None:
        if line is not None:
            self.jobs.read(lambda db: desk.dossier(db, line), self._show_dossier, key="station")

    def _show_dossier(self, dossier: Dossier) -> None:
        current = self.list.current()
        if self.overview is None or current is None or current.id != dossier.standing.id:
            return
        inside = (focus := self.focusWidget()) is not None and focus.hasFocus() and self.card.isAncestorOf(focus)
        self.card.show_station(dossier, self.overview.now.date(), len(self.overview.lines))
        if inside:
            self.settle()

    # --- what may be done with a station -------------------------------------------------------------------------------

    def _do(self, code: str) -> None:
        dossier = self.card.dossier
        if dossier is None:
            return
        station = dossier.standing.station
        if code == "packs":
            self._packs()
        elif code == "pack":
            self.shell.go("exchange", station.code)
        elif code == "allocate":
            self.shell.go("supplies", station.code)
        elif code == "call":
            form = CallForm(self.shell, station, self._called)
            self.shell.open_sheet(
                t("district_desk.call_title", station=station.name), form, submit=t("district_desk.save")
            )
        else:
            self.shell.open_sheet(
                t("district_desk.revoke_title", station=station.name), RevokeForm(self.shell, station, self._revoked),
                submit=t("district_desk.revoke_now"),
            )  # fmt: skip

    def _packs(self) -> None:
        self.shell.go("exchange", "*")

    def _called(self, station: store.Enrolled, call_id: str) -> None:
        self.shell.close_sheet()

        def forget() -> None:
            self.jobs.run(
                lambda db: desk.forget_call(db, call_id), lambda _changes: self.shell.tell(t("window.undone"))
            )

        self.shell.tell(t("district_desk.call_noted", station=station.name), t("window.undo"), forget)

    def _revoked(self, station: store.Enrolled) -> None:
        self.shell.close_sheet()
        self.shell.tell(t("district_desk.revoked", station=station.name))

    # --- files in ------------------------------------------------------------------------------------------------------

    def take(self, places: Sequence[Path]) -> None:
        """Take in the stations' files in these places; stations that ask to join are asked about afterwards."""
        if self.taking.running:
            self.shell.tell(t("district_desk.busy"))
            return
        self._aside.do(lambda: many.look(places), self._found)

    def _found(self, found: many.Found) -> None:
        self._askers = list(found.introductions)
        if found.batches:
            self.files.begin(len(found.batches))
            self.taking.start(found.batches)
        elif self._askers:
            self._ask_next()
        else:
            self.files.end(t("district_desk.no_files"), bad=True)

    def _taken(self) -> None:
        for one in self.taking.outcomes:
            self._seen.update(marks([one.file]))
        told = self.taking.summary()
        text = say.whole(told, stopped=self.taking.stopped)
        self.files.end(text, bad=bool(told.refused or told.turned_down))
        self.shell.tell(text)
        self.refresh()
        self._ask_next()

    def show_outcomes(self) -> None:
        """Each file of the last round and what became of it."""
        self.shell.open_sheet(t("district_desk.each_file"), OutcomeList(self.taking.outcomes), cancel=t("kit.close"))

    def take_offered(self) -> None:
        """Ctrl+I: what lies on the stick; without a stick, ask for files."""
        if self._offered:
            offered, self._offered = self._offered, ()
            self.take(offered)
        else:
            self.ask_files()

    def ask_files(self) -> None:
        """Let the officer choose files."""
        self._ask(
            t("district_desk.files_title"),
            QFileDialog.FileMode.ExistingFiles,
            self.take,
            f"{t('district_desk.batch_files')} (*.batch *.json)",
        )

    def ask_folder(self) -> None:
        """Let the officer choose a folder of files."""
        self._ask(t("district_desk.folder_title"), QFileDialog.FileMode.Directory, self.take)

    def _ask(self, title: str, mode: QFileDialog.FileMode, then: Callable[[list[Path]], None], names: str = "") -> None:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(mode)
        if names:
            dialog.setNameFilter(names)
        dialog.filesSelected.connect(lambda chosen: then([Path(file) for file in chosen]))
        dialog.open()

    # --- sticks --------------------------------------------------------------------------------------------------------

    def poll(self) -> None:
        """Look once at what is plugged in, unless something is under way."""
        if self._aside.idle and not self.taking.running and self.isVisible():
            self._aside.do(lambda: on_sticks(self._volumes), self._saw)

    def _saw(self, found: tuple[tuple[Path, ...], str]) -> None:
        files, stick = found
        fresh = [file for file, mark in zip(files, marks(files), strict=False) if mark not in self._seen]
        if tuple(fresh) != self._offered:
            self._offered = tuple(fresh)
            self.files.offer(t("district_desk.stick_holds", stick=stick, n=len(fresh)) if fresh else "")

    # --- stations that ask to join ---------------------------------------------------------------------------------------

    def _ask_next(self) -> None:
        if not self._askers:
            return
        file = self._askers.pop(0)
        self._seen.update(marks([file]))

        def read() -> identity.Enrolment:
            return identity.read_enrolment(carry.read_file(file, identity.LARGEST_INTRODUCTION))

        self._aside.do(read, lambda told: self._ask_about(file, told), lambda error: self._unfit(file, error))

    def _unfit(self, file: Path, error: StationError) -> None:
        self.files.errors.show_text(t("district_desk.bad_file", name=file.name, reason=sentence(error)))
        self._ask_next()

    def _ask_about(self, file: Path, told: identity.Enrolment) -> None:
        lines = self.overview.lines if self.overview is not None else ()
        keys_known = [key for line in lines for key in line.station.active]
        if any(key.verify_key.hex() == told.verify_key for key in keys_known):
            self.shell.tell(t("district_desk.enrolled_already", station=told.name))
            self._ask_next()
            return
        known = next((line.station for line in lines if line.station.code == told.code), None)
        card = EnrolCard(told, file.name, known)

        def enrol(db: Database) -> tuple[store.Enrolled, Changes]:
            return store.enrol(db, file, accept=True)

        card.same.connect(lambda: self.jobs.run(enrol, self._enrolled, self.shell.sheet_error))
        card.different.connect(self._not_enrolled)
        self.shell.open_sheet(t("district_desk.enrol_title"), card, cancel=t("district_desk.later"))

    def _enrolled(self, station: store.Enrolled) -> None:
        self.shell.close_sheet()
        self._wanted = station.station_id
        self.shell.tell(t("district_desk.enrolled_now", station=station.name))
        self.refresh()
        self._ask_next()

    def _not_enrolled(self) -> None:
        self.shell.close_sheet()
        self.shell.tell(t("district_desk.not_enrolled"), bad=True)
        self._ask_next()

    # --- the chase list on paper -----------------------------------------------------------------------------------------

    def print_chase(self) -> None:
        """The stations not heard from as a PDF, with phone and a line for what was said."""
        overview = self.overview
        if overview is None or not overview.overdue:
            self.shell.tell(t("district_desk.nobody_overdue"))
            return
        station = self.shell.station

        def draw(target: Path) -> int:
            from ...paper.district import chase_list

            return chase_list(
                say.chase(overview),
                target,
                place=station.name,
                printed_on=overview.now.date(),
                days=overview.days,
                sample=station.sample,
            )

        save_and_open(
            self.shell, f"chase-{station.district_code}-{overview.now.date().isoformat()}", draw, show=self._show_file
        )

    def ask_csv(self) -> None:
        """Let the officer choose where the chase list goes as a table."""
        overview = self.overview
        if overview is None:
            return
        dialog = QFileDialog(self, t("district_desk.csv_title"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"chase-{overview.now.date().isoformat()}.csv")
        dialog.fileSelected.connect(lambda chosen: self.save_csv(Path(chosen)))
        dialog.open()

    def save_csv(self, target: Path) -> None:
        """Write the chase list as a table for a spreadsheet."""
        overview = self.overview
        if overview is None:
            return

        def write() -> int:
            from ...paper.district import chase_csv

            return chase_csv(say.chase(overview), target)

        self._aside.do(
            write, lambda n: self.shell.tell(t("district_desk.csv_saved", n=n, name=target.name)), self.shell.tell_error
        )


def _words(line: Standing) -> tuple[str, ...]:
    return line.station.name, line.station.code, line.station.phone
