"""The audit trail 操作记录: who did what when, filtered and found, one step in full, exported, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QLineEdit, QWidget

from ...errors import StationError
from ...model import Changes, Op
from ...paper.trail import about, mark, span_line, trail_csv, trail_pdf, verified_line, what
from ...services import audit, trail
from ...services.audit import Verification
from ...services.trail import Step, Wanted, Whole
from ...words import label, t
from .. import when
from ..aside import Aside
from ..feedback import ProgressStrip, sentence
from ..forms import Combo
from ..hints import hint
from ..jobs import Progress
from ..kit import Button, Card, Chip, EmptyState, FilterTabs, Row, Text, page_layout
from ..page import Page, Shell
from ..printing import Show, open_file, place_for, tell_shown
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from . import trail_reads as reads
from .reports_cards import Day
from .trail_card import StepDetails, VerifyCard
from .trail_reads import CODES, Asked, Listing

Choose = Callable[[QWidget, str, Callable[[Path], None]], None]


def choose_target(parent: QWidget, name: str, then: Callable[[Path], None]) -> None:
    """The system's own window for a file to write; the page goes on behind it."""
    dialog = QFileDialog(parent, t("trail.save_table"), name, "CSV (*.csv)")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("csv")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda text: then(Path(text)))
    dialog.open()


class TrailPage(Page):
    """Filters above, the operations below, the newest first. ``choose`` asks for a file to write, ``show`` opens the PDF.

    The list is read beside the desk's reader: looking through a year for a word keeps nobody waiting.
    """

    name: ClassVar[str] = "trail"
    _advanced = Signal(int, int)

    def __init__(self, shell: Shell, *, choose: Choose = choose_target, show: Show = open_file) -> None:
        super().__init__(shell)
        self._choose, self._show_file = choose, show
        self._looking, self._working = Aside(self), Aside(self)
        for aside in (self._looking, self._working):
            aside.broken.connect(self.jobs.broken)
        self._stop = Event()
        self._progress: Progress | None = None
        self._strip: ProgressStrip | None = None
        self._listing: Listing | None = None
        self._dates: tuple[date, date] | None = None
        self._today = date.min
        words = (t("trail.today"), t("trail.week"), t("trail.month"), t("trail.year"), t("trail.dates"))
        self.tabs = FilterTabs(list(zip(CODES, words, strict=True)))
        self.tabs.choose("week")
        self.first, self.last = Day("first", t("trail.first_day")), Day("last", t("trail.last_day"))
        self.search = QLineEdit()
        self.keeper, self.op = Combo(), Combo()
        self.refused = Chip(t("trail.only_refused"))
        self.count = Text("", "muted")
        self.csv_button = Button(t("trail.csv"), icon="export", key="Ctrl+E")
        self.pdf_button = Button(t("trail.pdf"), icon="print", tip="Ctrl+P")
        self.verify = VerifyCard()
        self.rows = RowsModel(self._columns(), fetch=self._fetch)
        self.table = Table(self.rows, rows=38, name=t("trail.list"))
        self.export_strip = ProgressStrip()
        self._span, self._head = QWidget(), QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._build()
        self._connect()

    def _columns(self) -> list[TableColumn]:
        return [
            TableColumn(t("trail.no"), lambda step: f"{step.no:,}", 84, "right", muted=True),
            TableColumn(t("trail.recorded"), lambda step: when.moment(step.recorded, self._today), 158),
            TableColumn(t("trail.what"), what, 190, bold=True),
            TableColumn(t("trail.about"), about),
            TableColumn(t("trail.keeper"), lambda step: step.keeper or t("trail.by_itself"), 130),
            TableColumn(t("trail.mark"), mark, 240, pill=_pill),
        ]

    # --- layout ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        hint(self.search, t("trail.search"), t("trail.search_short"))
        self.search.setAccessibleName(t("trail.search"))
        self.keeper.setAccessibleName(t("trail.keeper"))
        self.keeper.addItem(t("trail.all_keepers"), "")
        self.op.setAccessibleName(t("trail.what"))
        self.op.addItem(t("trail.all_kinds"), "")
        for op in sorted(Op, key=label):
            self.op.addItem(label(op), op.value)
        self.table.set_empty(EmptyState("file", t("trail.nothing_found")))
        self._head.setSpacing(10)
        self._head.addWidget(self.tabs, 1)
        self._span.setLayout(Row(self.first, Text("—", "muted"), self.last, None, gap=8))
        self._head.addWidget(self._span)
        self._head.addLayout(Row(self.csv_button, self.pdf_button, gap=8))
        filters = Row(gap=8)
        filters.addWidget(self.search, 1)
        for part in (self.keeper, self.op, self.refused, self.count):
            filters.addWidget(part)
        card = Card(self.table, self.export_strip, gap=4)
        page_layout(self, self._head, filters, card, self.verify, gap=10).setStretchFactor(card, 1)
        self._fit()

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._chosen)
        for field in (self.first, self.last):
            field.entered.connect(self._typed)
            field.line.editingFinished.connect(self._left)
        self.search.textChanged.connect(lambda _text: self.refresh())
        self.search.returnPressed.connect(self.settle)
        self.keeper.activated.connect(lambda _row: self.refresh())
        self.op.activated.connect(lambda _row: self.refresh())
        self.refused.toggled.connect(lambda _on: self.refresh())
        self.table.activated_record.connect(lambda step: self.show_step(step.no))
        self.csv_button.clicked.connect(self.export_table)
        self.pdf_button.clicked.connect(self.export_paper)
        self.verify.asked.connect(self.verify_now)
        self.verify.cancelled.connect(self._cancel)
        self.export_strip.cancelled.connect(self._cancel)
        self._advanced.connect(self._advance)
        for keys, act in (("Ctrl+E", self.export_table), ("Ctrl+P", self.export_paper)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_head"):
            self._fit()

    def _fit(self) -> None:
        """In large type the two days are there only when they are chosen, and what the details tell as well makes room."""
        large, dates = tokens().large, self.tabs.code() == "dates"
        self._span.setHidden(large and not dates)
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if large and dates else QBoxLayout.Direction.LeftToRight)
        self.table.show_columns((1, 2, 3, 4) if large else range(len(self.rows.columns)))
        for combo in (self.keeper, self.op):
            combo.setFixedWidth(tokens().px(150))

    # --- what the window asks ------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked for, written or verified."""
        return self._looking.idle and self._working.idle

    def refresh(self) -> None:
        """Look for what the filters ask; a search still under way stops."""
        self._stop.set()
        stop = self._stop = Event()
        op = Op(self.op.currentData()) if self.op.currentData() else None
        wanted = Wanted("", "", str(self.keeper.currentData() or ""), op, self.refused.isChecked())
        asked = Asked(self.tabs.code(), self._dates, wanted, self.search.text())
        if asked.text:
            self.count.set(t("trail.searching"))
        db = self.jobs.db
        self._looking.do(lambda: reads.listing(db, asked, stop.is_set), lambda found: self._show(found, stop), self._refused)

    def show_subject(self, subject: str) -> None:
        """Show one step by its place in the chain."""
        self.show_step(int(subject))

    def look_up(self) -> None:
        """``/``: into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def settle(self) -> None:
        """Into the list."""
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def wind_up(self) -> None:
        """Stop looking and verifying; nothing is asked of the database after this."""
        self._stop.set()
        self._cancel()
        self._looking.close()
        self._working.close()

    def _note(self, changes: Changes) -> None:
        """Every operation stands here."""
        self.outdated()

    # --- showing -------------------------------------------------------------------------------------------------------

    def _show(self, found: Listing, asked: Event) -> None:
        if asked is not self._stop:
            return
        self._listing, self._today = found, found.today
        for field, day in ((self.first, found.first), (self.last, found.last)):
            if not (field.line.hasFocus() and field.line.isModified()):  # somebody is typing
                field.set_value(day)
                field.show_error("")
        known = [self.keeper.itemData(row) for row in range(1, self.keeper.count())]
        for name in found.keepers:
            if name not in known:
                self.keeper.addItem(name, name)
        self.rows.set_ids(found.places)
        if found.places and not self.table.currentIndex().isValid():
            self.table.choose(found.places[0])
        self.count.set(t("trail.count", n=len(found.places)))
        for button in (self.csv_button, self.pdf_button):
            button.setEnabled(bool(found.places))
        self.verify.show_outcome(found.verified)

    def _refused(self, error: StationError) -> None:
        if error.word != "kit.cancelled":
            self.shell.tell_error(error)

    def _fetch(self, places: list[Any]) -> None:
        """The rows that came into view."""
        self.jobs.read(lambda db: trail.some(db, places), lambda found: self.rows.fill({step.no: step for step in found}))

    def show_step(self, place: int) -> None:
        """One step in full, in the sheet."""

        def show(whole: Whole) -> None:
            details = StepDetails(whole)
            details.asked.connect(self.show_step)
            self.shell.open_sheet(t("trail.step", no=whole.step.no), details, cancel=t("kit.close"))

        self.jobs.read(lambda db: trail.whole(db, place), show, key="trail-step")

    # --- choosing the days ---------------------------------------------------------------------------------------------

    def _chosen(self, code: str) -> None:
        if code == "dates" and self._dates is None and self._listing is not None:
            self._dates = (self._listing.first, self._listing.last)
        self._fit()
        if self.isVisible():
            self.refresh()

    def _left(self) -> None:
        shown = self._listing
        if shown is None or (self.first.value(), self.last.value()) != (shown.first, shown.last):
            self._typed()

    def _typed(self) -> None:
        for field in (self.first, self.last):
            field.show_error(field.problem())
            field.line.setModified(False)
        first, last = self.first.value(), self.last.value()
        if first is not None and last is not None and first > last:
            self.last.show_error(t("trail.wrong_way"))
        elif first is not None and last is not None:
            self._dates = (first, last)
            self.tabs.choose("dates")

    # --- taking it along, verifying --------------------------------------------------------------------------------------

    def export_table(self) -> None:
        """Ctrl+E: what is listed as a table for a spreadsheet, in the order of the chain."""
        found = self._listing
        if found is None or not found.places or self._progress is not None:
            return
        station = self.shell.station
        name = f"trail-{station.code}-{station.letter}-{found.first}-{found.last}.csv"
        self._choose(self, name, lambda target: self.write_table(target, found))

    def write_table(self, target: Path, found: Listing) -> None:
        """Write the table there."""

        def work(progress: Progress) -> int:
            return trail_csv(reads.whole_steps(self.jobs.db, found.places, progress), target)

        def written(count: int) -> None:
            self.shell.tell(t("trail.written", n=count, name=target.name))

        self._start(self.export_strip, t("trail.writing"), work, written)

    def export_paper(self) -> None:
        """Ctrl+P: what is listed as a PDF, opened when it is written."""
        found, station, db = self._listing, self.shell.station, self.jobs.db
        if found is None or not found.places or self._progress is not None:
            return

        def work(progress: Progress) -> Path:
            target = place_for(self.shell, f"trail-{station.code}-{station.letter}-{found.first}-{found.last}")
            steps = reads.whole_steps(db, found.places, progress)
            span = span_line(found.first.isoformat(), found.last.isoformat(), len(steps))
            trail_pdf(
                steps, target, place=station.name, span=span, verified=verified_line(found.verified), printed_on=found.today,
                sample=station.sample, tell=progress,
            )  # fmt: skip
            return target

        self._start(self.export_strip, t("trail.writing"), work, lambda file: tell_shown(self.shell, file, self._show_file))

    def verify_now(self) -> None:
        """Verify the whole chain and everything that follows from it, beside the desk."""
        if self._progress is not None:
            return

        def work(progress: Progress) -> Verification:
            outcome, _changes = audit.verify(self.jobs.db, progress)
            return outcome

        def verified(outcome: Verification) -> None:
            self.verify.show_outcome(outcome)
            self.shell.tell(verified_line(outcome), bad=bool(outcome.problems))
            self.refresh()

        self.verify.button.setEnabled(False)
        self._start(self.verify.strip, t("trail.verifying"), work, verified)

    def _start(self, strip: ProgressStrip, text: str, work: Callable[[Progress], Any], then: Callable[[Any], None]) -> None:
        progress = self._progress = Progress(self._advanced.emit)
        self._strip = strip
        strip.start(text)

        def done(outcome: Any) -> None:
            self._finish()
            then(outcome)

        self._working.do(lambda: work(progress), done, self._stopped)

    def _advance(self, done: int, total: int) -> None:
        if self._strip is not None:
            self._strip.advance(done, total)

    def _finish(self) -> None:
        if self._strip is not None:
            self._strip.finish()
        self._strip = self._progress = None
        self.verify.button.setEnabled(True)

    def _stopped(self, error: StationError) -> None:
        self._finish()
        self.shell.tell(sentence(error), bad=error.word != "kit.cancelled")

    def _cancel(self) -> None:
        if self._progress is not None:
            self._progress.cancel()


def _pill(step: Step) -> tuple[str, str] | None:
    return (mark(step), "attention" if step.denied else "plain") if mark(step) else None
