"""Reports across stations: a month or any two days, one line a station beside the time before; closing a month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QFileDialog, QGridLayout, QStackedWidget, QWidget

from ...db import Database
from ...district import desk, months
from ...district.months import Correction, Month
from ...errors import StationError
from ...model import Changes, Report
from ...words import t
from .. import when
from ..aside import Aside
from ..feedback import sentence
from ..forms import Combo
from ..kit import BigFigure, Button, Card, Column, EmptyState, Notice, Row, Scroll, Text, clear, page_layout
from ..page import Page, Shell
from ..pages.reports_cards import Day
from ..pages.reports_forms import FormsView, one_form
from ..pages.reports_reads import before
from ..pages.reports_text import change, days
from ..printing import Show, open_file, save_and_open
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens

TOTAL = ""
"""The code of the row of totals."""


@dataclass(frozen=True, slots=True)
class Line:
    """A station's figures, or those of all; ``before`` are its person-times of the time before.

    ``open_days`` of all are those of each station together, as everywhere (``services/reports``).
    """

    code: str
    name: str
    report: Report
    before: int
    open_days: int


@dataclass(frozen=True, slots=True)
class View:
    """The span shown; ``month`` is "" for two days typed in. ``months`` are (month, closed), the newest first."""

    today: date
    month: str
    found: Month
    lines: tuple[Line, ...]
    months: tuple[tuple[str, bool], ...]

    @property
    def whole(self) -> Report:
        """The figures of all stations."""
        return self.found.whole

    @property
    def may_close(self) -> bool:
        """Whether this is a month that is over and open."""
        return bool(self.month) and not self.found.closed and self.whole.last < self.today.isoformat()


def read(db: Database, month: str, dates: tuple[date, date] | None) -> View:
    """A month's figures (the current one without a month or dates), or those of two days. UserMistake for a span that is none."""
    today = db.now().date()
    if dates is None:
        month = month or f"{today:%Y-%m}"
        found = months.month(db, month)
    else:
        month = ""
        whole, each = desk.report(db, dates[0].isoformat(), dates[1].isoformat())
        found = Month("", "", "", whole, tuple((one.code, one.name, own) for one, own in each), ())
    span = before(date.fromisoformat(found.whole.first), date.fromisoformat(found.whole.last))
    then = desk.person_times(db, *(day.isoformat() for day in span))
    total = Line(TOTAL, t("district_desk.all_stations", n=len(found.each)), found.whole, sum(then.values()), found.whole.open_days)
    lines = tuple(Line(code, name, own, then.get(code, 0), own.open_days) for code, name, own in found.each)
    listed = {f"{today:%Y-%m}": False, **({month: False} if month else {}), **dict(months.listing(db))}
    return View(today, month, found, (total, *lines), tuple(sorted(listed.items(), reverse=True)))


class ReportsPage(Page):
    """One table across stations with its totals; ``show`` opens the PDF that was written."""

    name: ClassVar[str] = "reports"
    tables: ClassVar[frozenset[str]] = frozenset(
        {"visit", "amenity_use", "handout", "movement", "request", "request_step", "station_day", "enrolled", "closing", "form"}
    )

    def __init__(self, shell: Shell, *, show: Show = open_file) -> None:
        super().__init__(shell)
        self._show_file = show
        self._aside = Aside(self)
        self._aside.broken.connect(self.jobs.broken)
        self.view: View | None = None
        self._month = ""
        self._dates: tuple[date, date] | None = None
        self._build()
        for keys, act in (("Ctrl+P", self.print), ("Ctrl+S", self.ask_csv), ("Ctrl+B", self.show_forms), ("Ctrl+Return", self.fill_form)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def _build(self) -> None:
        self.months = Combo()
        self.months.setAccessibleName(t("district_desk.month"))
        self.months.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.months.activated.connect(lambda _index: self.choose(str(self.months.currentData() or "")))
        self.first, self.last = Day("first", t("reports_page.first_day")), Day("last", t("reports_page.last_day"))
        for field in (self.first, self.last):
            field.entered.connect(self._typed)
        self.close_button = Button(t("district_desk.close_month"), icon="lock")
        self.close_button.clicked.connect(self.ask_close)
        self.csv_button = Button(t("district_desk.csv"), icon="export", key="Ctrl+S")
        self.csv_button.clicked.connect(self.ask_csv)
        self.forms_button = Button(t("reports_page.forms"), icon="file", tip="Ctrl+B")
        self.forms_button.clicked.connect(self.show_forms)
        self.pdf_button = Button(t("reports_page.pdf"), "primary", icon="print", key="Ctrl+P")
        self.pdf_button.clicked.connect(self.print)
        names = (
            t("reports_page.person_times"),
            t("reports_page.people"),
            t("reports_page.handed_out"),
            t("reports_page.requests"),
        )
        self.figures = [BigFigure("", name) for name in names]
        self._tiles = [Card(figure) for figure in self.figures]
        self._grid = QGridLayout()
        self._grid.setSpacing(12)
        self._notices = Column(gap=8)
        self._rows = RowsModel(self._columns(), key=lambda line: line.code)
        self.table = Table(self._rows, rows=38, name=t("district_desk.summary"))
        self.table.set_empty(EmptyState("reports", t("district_desk.no_stations")))
        span = Row(self.first, Text("—", "muted"), self.last, gap=6)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._head.setSpacing(8)
        self._head.addLayout(Row(self.months, span, None, gap=8))
        self._head.addLayout(Row(None, self.close_button, self.forms_button, self.csv_button, self.pdf_button, gap=8))
        inside = QWidget()
        self.excel_button = ExportButton(self.shell, self.table, "report", note=self._span_told)
        column = page_layout(
            inside, self._head, self._grid, self._notices, Card(self.table, Row(None, self.excel_button), gap=4), gap=12
        )
        column.setStretch(3, 1)
        self.forms = FormsView(self, sent=True)
        back = Button(t("reports_page.figures"), icon="reports", tip="Ctrl+B")
        back.clicked.connect(self.show_forms)
        around = QWidget()
        told = Row(gap=12)
        told.addWidget(Text(t("district_desk.forms_told"), "muted", wrap=True), 1)
        told.addWidget(back)
        shown = page_layout(around, told, Scroll(self.forms), gap=12)
        shown.setStretch(1, 1)
        self._views = QStackedWidget()
        for view in (inside, around):
            self._views.addWidget(view)
        whole = Column(self._views)
        self.setLayout(whole)
        self.setAcceptDrops(True)
        self._fit()

    def _columns(self) -> list[TableColumn]:
        def average(line: Line) -> str:
            return f"{line.report.person_times / line.open_days:,.1f}" if line.open_days else "—"

        def requests(line: Line) -> str:
            figures = months.figures(line.report)
            return f"{figures['requests']:,} / {figures['requests_closed']:,}" if figures["requests"] else "0"

        return [
            TableColumn(t("district_desk.station"), lambda line: line.name, bold=True),
            TableColumn(
                t("reports_page.person_times"), lambda line: f"{line.report.person_times:,}", 92, "right", bold=True
            ),
            TableColumn(
                t("district_desk.against_before"),
                lambda line: change(line.report.person_times, line.before),
                84,
                "right",
                muted=True,
            ),
            TableColumn(t("reports_page.registered"), lambda line: f"{line.report.registered:,}", 92, "right"),
            TableColumn(t("reports_page.tally"), lambda line: f"{line.report.anonymous:,}", 92, "right"),
            TableColumn(t("district_desk.open_days"), lambda line: str(line.open_days), 80, "right"),
            TableColumn(t("district_desk.average"), average, 80, "right"),
            TableColumn(
                t("reports_page.handed_out"), lambda line: f"{sum(line.report.handouts.values()):,}", 92, "right"
            ),
            TableColumn(t("district_desk.requests_closed"), requests, 124, "right"),
        ]

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_tiles"):
            if self.isVisible():
                self._fit()
            else:  # parts of a hidden page keep their old size until it is shown: side by side they would widen the window
                self._head.setDirection(QBoxLayout.Direction.TopToBottom)

    def showEvent(self, event: QShowEvent) -> None:
        """What the type size became while the page was hidden."""
        self._fit()
        super().showEvent(event)

    def _fit(self) -> None:
        large = tokens().large
        self._head.setDirection(QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight)
        columns = 2 if large else 4
        for number, tile in enumerate(self._tiles):
            self._grid.addWidget(tile, number // columns, number % columns)
        for tile in self._tiles[2:]:
            tile.setHidden(large)  # the table's first row says it too
        for number in range(4):
            self._grid.setColumnStretch(number, int(number < columns))

    # --- what the window asks ----------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Whether no table is being written."""
        return self._aside.idle

    def wind_up(self) -> None:
        """Finish the table under way."""
        self._aside.close()

    def refresh(self) -> None:
        """Read the span chosen."""
        month, dates = self._month, self._dates
        self.jobs.read(lambda db: read(db, month, dates), self._show, self._refused, key="district-reports")

    def look_up(self) -> None:
        """``/``: to the first day of the span."""
        self.first.take_focus()
        self.first.line.selectAll()

    def settle(self) -> None:
        """On the choice of the month: Up and Down choose another."""
        self.months.setFocus(Qt.FocusReason.OtherFocusReason)

    def choose(self, month: str) -> None:
        """Show a month (YYYY-MM)."""
        self._month, self._dates = month, None
        self.refresh()

    def _typed(self) -> None:
        for field in (self.first, self.last):
            field.show_error(field.problem())
        first, last = self.first.value(), self.last.value()
        if first is not None and last is not None:
            self._dates = (first, last)
            self.refresh()

    def _refused(self, error: StationError) -> None:
        self.first.show_error(sentence(error))

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show(self, view: View) -> None:
        self.view = view
        self.months.blockSignals(True)
        self.months.clear()
        for month, closed in view.months:
            name = t("district_desk.month_name", year=month[:4], month=t(f"terms.Month.{int(month[5:])}"))
            self.months.addItem(t("district_desk.month_closed", month=name) if closed else name, month)
        if view.month:
            self.months.setCurrentIndex(self.months.findData(view.month))
        else:
            self.months.addItem(days(view.whole.first, view.whole.last), "")
            self.months.setCurrentIndex(self.months.count() - 1)
        self.months.blockSignals(False)
        for field, text in ((self.first, view.whole.first), (self.last, view.whole.last)):
            if not (field.line.hasFocus() and field.line.isModified()):
                field.set_value(date.fromisoformat(text))
            field.show_error("")
        whole, figures = view.whole, months.figures(view.whole)
        shown = (
            (whole.person_times, t("district_desk.before", change=change(whole.person_times, view.lines[0].before))),
            (whole.unique_people, t("reports_page.with_badge")), (figures["handed_out"], ""),
            (figures["requests"], t("district_desk.closed_n", n=figures["requests_closed"]) if figures["requests"] else ""),
        )  # fmt: skip
        for figure, (number, note) in zip(self.figures, shown, strict=True):
            figure.show_state(f"{number:,}", note=note)
        self.close_button.setVisible(view.may_close)
        self._show_notices(view)
        self._rows.set_rows(view.lines if len(view.lines) > 1 else [])
        self.forms.refresh()
        if self.table.current() is None:
            self.table.choose(TOTAL)

    def _show_notices(self, view: View) -> None:
        clear(self._notices)
        found = view.found
        if not found.closed:
            return
        closed = t("district_desk.was_closed", when=when.moment(found.closed, view.today), name=found.officer)
        if found.corrections:
            text = t("district_desk.corrected_since", closed=closed, n=len(found.corrections))
            notice = Notice(text, "attention", icon="info", action=t("district_desk.see_corrections"))
            notice.acted.connect(self.show_corrections)
        else:
            notice = Notice(t("district_desk.no_corrections", closed=closed), "good", icon="check")
        self._notices.addWidget(notice)

    def show_corrections(self) -> None:
        """What changed after the month was closed."""
        view = self.view
        if view is not None:
            names = {line.code: line.name for line in view.lines}
            self.shell.open_sheet(
                t("district_desk.corrections"), CorrectionList(view.found.corrections, names), cancel=t("kit.close")
            )

    # --- forms that go along in packs -----------------------------------------------------------------------------------

    def show_forms(self) -> None:
        """Ctrl+B: to the forms, or back to the figures."""
        there = self._views.currentIndex() == 0
        self._views.setCurrentIndex(int(there))
        if there:
            self.forms.refresh()
            self.forms.settle()
        else:
            self.settle()

    def fill_form(self) -> None:
        """Ctrl+Enter: fill the form that is shown with the figures of all stations."""
        if self._views.currentIndex() == 1:
            self.forms.fill()

    def show_file(self, file: Path) -> None:
        """Open a file that was written for the officer."""
        if not self._show_file(file):
            self.shell.tell(t("printing.saved", path=str(file)))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A form is welcome while the forms are shown; everything else is taken in by the window."""
        if self._views.currentIndex() == 1 and one_form(event.mimeData().urls()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A form was dropped."""
        file = one_form(event.mimeData().urls())
        if file is not None:
            event.acceptProposedAction()
            self.forms.take(file)

    # --- closing a month -----------------------------------------------------------------------------------------------

    def ask_close(self) -> None:
        """What closing means, and the button that does it."""
        view = self.view
        if view is None or not view.may_close:
            return
        month = view.month
        button = Button(t("district_desk.close_now", month=month), "primary")
        button.clicked.connect(lambda: self.close_month(month))
        content = QWidget()
        figures = t("district_desk.close_figures", times=f"{view.whole.person_times:,}", n=len(view.lines) - 1)
        content.setLayout(
            Column(
                Text(t("district_desk.close_means"), wrap=True),
                Text(figures, "strong", wrap=True),
                Row(button, None),
                None,
                gap=14,
            )
        )
        content.setFocusProxy(button)
        self.shell.open_sheet(t("district_desk.close_month"), content)

    def close_month(self, month: str) -> None:
        """Freeze a month's figures."""

        def close(db: Database) -> tuple[Month, Changes]:
            return months.close(db, month)

        def done(_closed: Month) -> None:
            self.shell.close_sheet()
            self.shell.tell(t("district_desk.closed_now", month=month))

        self.jobs.run(close, done, self.shell.sheet_error)

    def _span_told(self) -> str:
        """The district and the span, above the rows of a file."""
        whole = self.view.whole if self.view is not None else None
        return "  ".join((self.shell.station.name, *((whole.first, whole.last) if whole is not None else ())))

    # --- taking it along -----------------------------------------------------------------------------------------------

    def print(self) -> None:
        """Ctrl+P: the report with its summary table and signature line as a PDF."""
        view, station = self.view, self.shell.station
        if view is None or len(view.lines) < 2:
            return

        def draw(target: Path) -> int:
            from ...paper.report import period_report

            return period_report(
                view.whole, target, place=station.name, printed_on=view.today, sample=station.sample,
                stations=[(line.name, line.report) for line in view.lines[1:]],
            )  # fmt: skip

        save_and_open(
            self.shell,
            f"report-{station.district_code}-{view.whole.first}-{view.whole.last}",
            draw,
            show=self._show_file,
        )

    def ask_csv(self) -> None:
        """Ctrl+S: let the officer choose where the table goes."""
        view = self.view
        if view is None:
            return
        dialog = QFileDialog(self, t("district_desk.csv_title"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(f"report-{view.whole.first}-{view.whole.last}.csv")
        dialog.fileSelected.connect(lambda chosen: self.save_csv(Path(chosen)))
        dialog.open()

    def save_csv(self, target: Path) -> None:
        """Write the table for a spreadsheet."""
        view = self.view
        if view is None:
            return

        def write() -> int:
            from ...paper.district import report_csv

            return report_csv(view.whole, [(line.code, line.name, line.report) for line in view.lines[1:]], target)

        self._aside.do(
            write, lambda n: self.shell.tell(t("district_desk.csv_saved", n=n, name=target.name)), self.shell.tell_error
        )


class CorrectionList(QWidget):
    """Figures that changed after closing: what was reported, what the ledgers say now."""

    def __init__(self, corrections: tuple[Correction, ...], names: Mapping[str, str]) -> None:
        super().__init__()
        self.rows = RowsModel(
            [
                TableColumn(
                    t("district_desk.station"),
                    lambda one: names.get(one.station, one.station),
                    bold=True,
                    sub=lambda one: figure(one.figure),
                ),
                TableColumn(t("district_desk.reported"), lambda one: f"{one.then:,}", 84, "right"),
                TableColumn(t("district_desk.now"), lambda one: f"{one.now:,}", 84, "right"),
                TableColumn(
                    t("district_desk.difference"), lambda one: f"{one.now - one.then:+,}", 84, "right", bold=True
                ),
            ],
            key=lambda one: (one.station, one.figure),
        )
        self.rows.set_rows(corrections)
        self.table = Table(self.rows, rows=52, name=t("district_desk.corrections"))
        self.table.setMinimumHeight(420)
        self.setLayout(Column(Text(t("district_desk.corrections_help"), "muted", wrap=True), self.table))
        self.setFocusProxy(self.table)


def figure(code: str) -> str:
    """The name of a figure of the summary table."""
    return {
        "person_times": t("reports_page.person_times"), "registered": t("reports_page.registered"), "anonymous": t("reports_page.tally"),
        "unique_people": t("reports_page.people"), "open_days": t("district_desk.open_days"), "handed_out": t("reports_page.handed_out"),
        "requests": t("reports_page.requests"), "requests_closed": t("district_desk.figure_closed"),
    }[code]  # fmt: skip
