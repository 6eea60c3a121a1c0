"""台账: every ledger that was kept on paper, for the days somebody asks for: looked at, printed, saved, or empty for the pen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import ModuleType

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from ... import settings
from ...db import Database
from ...errors import Cancelled, StationError
from ...services import ledgers, preferences
from ...services.ledgers import Ledger
from ...words import t
from .. import print_out, printing
from ..forms import ChoiceField, DateField
from ..jobs import Progress
from ..kit import Button, Card, Column, EmptyState, Fact, FlowLayout, Row, Scroll, Text
from ..page import Page, Shell
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .house_parts import Part

SPANS = ("this_month", "last_month", "this_year")
Ask = printing.Ask
"""How a printer is asked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A ledger in the list: its number from 1, the ledger."""

    number: int
    ledger: Ledger

    @property
    def id(self) -> str:
        """The ledger's name."""
        return self.ledger.name


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: both days included."""

    ledger: Ledger
    first: date
    last: date
    names: bool

    @property
    def span(self) -> tuple[str, str]:
        """Both days as the services know them."""
        return self.first.isoformat(), self.last.isoformat()

    @property
    def file(self) -> str:
        """What a file of it is called, without an ending."""
        return f"ledger-{self.ledger.name}-{self.first.isoformat()}-{self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class Told:
    """How many lines the days hold, which days these are, which day it is, whether names may be asked for, the span kept."""

    count: int
    first: date
    last: date
    today: date
    sees: bool
    span: str


def read(db: Database, name: str, first: date | None, last: date | None) -> Told:
    """The lines of a ledger counted; without days for those it was looked at last. Reader thread only."""
    today = date.fromisoformat(db.stamp().business_date)
    span = preferences.get(db, settings.LEDGER_SPAN)
    usual = days_of(span, today)
    begin, end = first or usual[0], last or usual[1]
    return Told(len(ledgers.lines(db, name, begin.isoformat(), end.isoformat())), begin, end, today, db.sees_people, span)


def days_of(span: str, today: date) -> tuple[date, date]:
    """The days of a span as it is kept (``settings.LEDGER_SPAN``); this month's for what is none."""
    month = today.replace(day=1)
    if span == "last_month":
        return (month - timedelta(days=1)).replace(day=1), month - timedelta(days=1)
    if span == "this_year":
        return today.replace(month=1, day=1), today
    with suppress(ValueError):
        first, last = (date.fromisoformat(text) for text in span.split())
        return first, last
    return month, today


def span_of(first: date, last: date, today: date) -> str:
    """How a span is kept: by its name where it has one, so that next month it is next month's."""
    named = (name for name in SPANS if days_of(name, today) == (first, last))
    return next(named, f"{first.isoformat()} {last.isoformat()}")


class LedgerCard(Card):
    """The ledger chosen: its columns, its days, what can be done with it."""

    def __init__(self) -> None:
        self.title, self.columns = Text("", "title", wrap=True), Text("", "muted", wrap=True)
        self.first, self.last = DateField("first", t("ledgers_page.first")), DateField("last", t("ledgers_page.last"))
        with_names = [("0", t("ledgers_page.without_names")), ("1", t("ledgers_page.with_names"))]
        self.names = ChoiceField("names", t("ledgers_page.names"), with_names, value="0", required=False)
        self.count = Fact(t("ledgers_page.count"))
        self.spans = [Button(t(f"ledgers_page.{code}"), "link") for code in SPANS]
        self.look = Button(t("ledgers_page.look"), "primary", icon="print", key="Enter")
        self.printer = Button(t("ledgers_page.print"), icon="print")
        self.save = Button(t("ledgers_page.save"), icon="export")
        self.blank = Button(t("ledgers_page.blank"))
        self.stop = Button(t("ledgers_page.stop"))
        self.stop.hide()
        days, spans, deeds = Row(gap=12), FlowLayout(14), FlowLayout(8, row_gap=8)
        days.addWidget(self.first, 1)
        days.addWidget(self.last, 1)
        for button in self.spans:
            spans.addWidget(button)
        for button in (self.look, self.printer, self.save, self.blank, self.stop):
            deeds.addWidget(button)
        inner, parts = QWidget(), Column(gap=12)
        for part in (self.title, self.columns, days, spans, self.names, self.count, deeds):
            parts.addWidget(part) if isinstance(part, QWidget) else parts.addLayout(part)
        parts.addStretch(1)
        inner.setLayout(parts)
        super().__init__(Scroll(inner))


class LedgersPart(Part):
    """The list of ledgers; at the right the one chosen. Enter shows it as it is printed."""

    def __init__(self, shell: Shell, page: Page, *, show: printing.Show = printing.open_file, ask: Ask = print_out.ask_printer) -> None:
        self._page, self._show, self._ask = page, show, ask
        self._progress: Progress | None = None
        self._today: date | None = None
        self._sees, self._span_kept = False, ""
        self.ledger: Ledger | None = None
        self.rows = RowsModel(
            [
                TableColumn("", lambda entry: str(entry.number), 44, "right", muted=True),
                TableColumn(t("ledgers_page.ledger"), lambda entry: _paper().title(entry.ledger), bold=True, sub=_heads),
            ]
        )
        table = Table(self.rows, rows=52, name=t("ledgers_page.tab"))
        table.set_empty(EmptyState("reports", t("ledgers_page.ledger")))
        self.paper = LedgerCard()
        super().__init__(shell, table, self.paper, [])
        self.rows.set_rows([Entry(number, one) for number, one in enumerate(ledgers.all_ledgers(), 1)])
        table.current_record.connect(self._chosen)
        table.activated_record.connect(lambda _entry: self.look())
        for field in (self.paper.first, self.paper.last):
            field.changed.connect(self.refresh)
            field.entered.connect(self.look)
        for button, name in zip(self.paper.spans, SPANS, strict=True):
            button.clicked.connect(lambda _checked=False, name=name: self._span(name))
        self.paper.look.clicked.connect(self.look)
        self.paper.printer.clicked.connect(self.print)
        self.paper.save.clicked.connect(self.ask_file)
        self.paper.blank.clicked.connect(self.empty_form)
        self.paper.stop.clicked.connect(self.cancel)

    # --- showing -----------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Count what the days hold."""
        if self.ledger is None:
            self.table.choose(ledgers.all_ledgers()[0].name)
            return
        name, first, last = self.ledger.name, self.paper.first.value(), self.paper.last.value()
        if first is not None and last is not None and first > last:
            self.paper.count.set("")
            return
        self.shell.jobs.read(lambda db: read(db, name, first, last), self._show_told, key="supplies-ledgers")

    def choose(self, subject: str) -> None:
        """Show this ledger."""
        self.table.choose(subject)

    def _chosen(self, entry: Entry | None) -> None:
        if entry is None:
            return
        self.ledger = entry.ledger
        self.paper.setAccessibleName(_paper().title(entry.ledger))
        self.paper.title.set(_paper().title(entry.ledger))
        self.paper.columns.set(_heads(entry) if entry.ledger.spans else f"{_heads(entry)}\n{t('ledgers_page.register')}")
        self._fit()
        self.refresh()

    def _fit(self) -> None:
        ledger = self.ledger
        self.paper.names.setVisible(self._sees and ledger is not None and ledger.has_names)

    def _show_told(self, told: Told) -> None:
        self._today, self._sees, self._span_kept = told.today, told.sees, told.span
        for field, day in ((self.paper.first, told.first), (self.paper.last, told.last)):
            if not field.line.text().strip() and not field.line.hasFocus():
                field.blockSignals(True)
                field.set_value(day)
                field.blockSignals(False)
        self.paper.count.set(t("ledgers_page.lines", n=told.count))
        self._fit()

    def _span(self, name: str) -> None:
        if self._today is not None:
            first, last = days_of(name, self._today)
            self.paper.first.set_value(first)
            self.paper.last.set_value(last)

    # --- doing -------------------------------------------------------------------------------------------------------

    def wish(self) -> Wish | None:
        """What is asked for; None, and the field says why, while the days are none."""
        first, last = self.paper.first, self.paper.last
        for field in (first, last):
            field.show_error(field.problem() or ("" if field.value() else t("kit.bad_date")))
        begin, end = first.value(), last.value()
        if self.ledger is None or begin is None or end is None:
            return None
        if begin > end:
            last.show_error(t("ledgers_page.wrong_way"))
            last.take_focus()
            return None
        return Wish(self.ledger, begin, end, self.paper.names.value() == "1" and self._sees and self.ledger.has_names)

    def look(self) -> None:
        """Enter: as it is printed, in the system's viewer, which prints it too."""
        wish = self.wish()
        if wish is not None:
            self._draw(wish, lambda path: printing.tell_shown(self.shell, path, self._show))

    def print(self) -> None:
        """To a printer, which the system's dialog asks for."""
        wish = self.wish()
        if wish is None:
            return

        def chosen(path: Path, printer: object) -> None:
            def done(pages: int) -> None:
                self._rest()
                self.shell.tell(t("ledgers_page.printed", n=pages))

            self._begin(lambda progress: print_out.send(printer, path, progress), done)

        self._draw(wish, lambda path: self._ask(self._page, _paper().A4_LANDSCAPE, False, lambda printer: chosen(path, printer)))

    def empty_form(self) -> None:
        """The ledger's empty form, for the pen."""
        if self.ledger is None:
            return
        ledger, station = self.ledger, self.shell.station
        printing.save_and_open(
            self.shell, f"ledger-{ledger.name}-blank", lambda path: _paper().blank_form(ledger, path, station=station), show=self._show
        )

    def ask_file(self) -> None:
        """Ask where to and in which form; a PDF unless the name ends otherwise."""
        wish = self.wish()
        if wish is None:
            return
        dialog = QFileDialog(self._page, t("export.title"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["PDF (*.pdf)", f"{t('export.excel')} (*.xlsx)", f"{t('export.csv')} (*.csv)"])
        dialog.setDefaultSuffix("pdf")
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(next(one for one in ("xlsx", "csv", "pdf") if one in kind)))
        dialog.selectFile(f"{wish.file}.pdf")
        dialog.fileSelected.connect(lambda chosen: self.save(Path(chosen)))
        dialog.open()

    def save(self, target: Path) -> None:
        """Write the ledger to ``target``: .xlsx, .csv, or a PDF."""
        wish = self.wish()
        if wish is not None:
            self._draw(wish, lambda path: self.shell.tell(t("ledgers_page.saved", name=path.name)), target)

    def _draw(self, wish: Wish, then: Callable[[Path], None], target: Path | None = None) -> None:
        shell, db, station = self.shell, self.shell.jobs.db, self.shell.station
        today = self._today or wish.last
        span = span_of(wish.first, wish.last, today)
        if wish.ledger.spans and span != self._span_kept:
            self._span_kept = span
            shell.jobs.run(lambda store: preferences.change(store, settings.LEDGER_SPAN.name, span), lambda _kept: None, shell.tell_error)

        def work(progress: Progress) -> Path:
            paper = _paper()
            lines = ledgers.lines(db, wish.ledger.name, *wish.span, names=wish.names)
            path = target or printing.place_for(shell, wish.file)
            about = paper.span_line(wish.ledger, *wish.span, len(lines))
            if path.suffix.casefold() == ".xlsx":
                paper.ledger_xlsx(wish.ledger, lines, path, about=about)
            elif path.suffix.casefold() == ".csv":
                paper.ledger_csv(wish.ledger, lines, path)
            else:
                paper.ledger_pdf(
                    wish.ledger, lines, path, station=station, about=about, printed_on=today, names=wish.names, tell=progress
                )
            return path

        def done(path: Path) -> None:
            self._rest()
            then(path)

        self._begin(work, done)

    def _begin(self, work: Callable[[Progress], object], done: Callable[..., None]) -> None:
        self.cancel()
        self.paper.stop.show()
        self._progress = self.shell.jobs.aside(work, self._told_progress, done, self._failed)

    def _told_progress(self, done: int, total: int) -> None:
        if self._progress is not None:
            self.paper.stop.set_text(t("export.stop", percent=done * 100 // max(total, 1)))

    def cancel(self) -> None:
        """Stop at the next line."""
        if self._progress is not None:
            self._progress.cancel()

    def _failed(self, error: StationError) -> None:
        self._rest()
        if isinstance(error, Cancelled):
            self.shell.tell(t("export.stopped"))
        else:
            self.shell.tell_error(error)

    def _rest(self) -> None:
        self._progress = None
        self.paper.stop.hide()
        self.paper.stop.set_text(t("ledgers_page.stop"))
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)


def _paper() -> ModuleType:
    """The paper of ledgers, which costs the start nothing."""
    from ...paper import ledgers as paper

    return paper


def _heads(entry: Entry) -> str:
    """What stands above its columns."""
    heads: Sequence[str] = [str(_paper().heading(column)) for column in entry.ledger.columns]
    return t("terms.list").join(heads)
