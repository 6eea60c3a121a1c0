"""Reports: the figures of today, a week, a month ... or any two days, beside those before; on paper and as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QStackedWidget, QWidget

from ...errors import StationError
from ...model import Op
from ...paper.figure_words import measured
from ...services import exported
from ...services.exported import Difference, Explained
from ...services.figures import MOST_MARKS, Wanted
from ...words import t
from .. import print_out
from ..feedback import sentence
from ..jobs import Progress
from ..kit import (
    Button,
    Column,
    EmptyState,
    FilterTabs,
    IconButton,
    Notice,
    Press,
    Row,
    Scroll,
    Text,
    Turning,
    beside,
    page_layout,
)
from ..page import Page, Shell
from ..printing import Ask, Show, open_file, place_for, save_long, to_printer
from ..theme import tokens
from . import reports_reads as reads
from .reports_cards import Course, Day, Explanation, Figures, Supplies, Visitors
from .reports_forms import FormsView, one_form
from .reports_reads import CODES, Behind, View
from .reports_sheets import BehindSheet, WhySheet
from .reports_text import days, facts, moment, summary


class ReportsPage(Page):
    """Tabs and two dates choose the span; everything below follows. ``show`` opens the PDF that was written."""

    name = "reports"
    tables = frozenset(
        {
            "visit", "amenity_use", "handout", "movement", "item", "request", "request_step", "station_day", "station", "person",
            "exported", "average", "form", "loan", "loan_end", "asset", "repair", "equipment",
        }
    )  # fmt: skip

    def __init__(self, shell: Shell, *, show: Show = open_file, ask: Ask = print_out.ask_printer) -> None:
        super().__init__(shell)
        self._show, self._ask = show, ask
        self.view: View | None = None
        self._dates: tuple[date, date] | None = None
        self.tabs = FilterTabs([(code, text) for code, text in zip(CODES, self._tab_words(), strict=True)])
        self.tabs.choose("month")
        self.first, self.last = Day("first", t("reports_page.first_day")), Day("last", t("reports_page.last_day"))
        self.how = IconButton("info", t("reports_page.how"))
        self.copy_button = IconButton("copy", t("reports_page.copy"), tip="Ctrl+C")
        self.excel_button = Button(t("reports_page.excel"), icon="export", tip="Ctrl+E")
        self.pdf_button = Button(t("reports_page.pdf"), icon="file", tip="Ctrl+P")
        self.print_button = IconButton("print", t("reports_page.print"), tip="Ctrl+Alt+P")
        self.forms_button = Button(t("reports_page.forms"), icon="file", tip="Ctrl+B")
        self.notice, self.doubt = Notice("", "plain", icon="info", action=t("reports_page.why")), Notice("", "attention", icon="warning")
        self.figures, self.course, self.visitors, self.supplies = Figures(), Course(), Visitors(), Supplies()
        self.forms = FormsView(self)
        self.empty = EmptyState("reports", "", t("reports_page.type_sheet") if self.may(Op.PAPER_SHEET) else "")
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._views = QStackedWidget()
        self._build()
        self._connect()

    @staticmethod
    def _tab_words() -> tuple[str, ...]:
        return (
            t("reports_page.today"), t("reports_page.week"), t("reports_page.month"), t("reports_page.quarter"),
            t("reports_page.year"), t("reports_page.last_month"), t("reports_page.dates"),
        )  # fmt: skip

    # --- layout ------------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        span = Row(self.first, Text("—", "muted"), self.last, None, gap=6)
        self._head.setSpacing(10)
        self._head.addWidget(self.tabs)
        dates = QWidget()
        dates.setLayout(span)
        deeds = beside(self.how, self.copy_button, self.excel_button, self.pdf_button, self.print_button, self.forms_button)
        self._deeds = Turning((dates, 1), (deeds, 0), gap=8, whole=True)
        self._head.addWidget(self._deeds)
        self._body.setSpacing(14)
        for card, stretch in ((self.course, 8), (self.visitors, 6), (self.supplies, 5)):
            self._body.addWidget(card, stretch)
        inside = QWidget()
        inside.setLayout(Column(self.notice, self.doubt, self.figures, self._body, gap=14))
        for notice in (self.notice, self.doubt):
            notice.hide()
        self._views.addWidget(Scroll(inside))
        self._views.addWidget(self.empty)
        self._forms_view = Scroll(self.forms)  # in large type it is higher than the smallest screen
        self._views.addWidget(self._forms_view)
        self.setAcceptDrops(True)
        page_layout(self, self._head, self._views, gap=12).setStretchFactor(self._views, 1)
        self._fit()

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._chosen)
        for field in (self.first, self.last):
            field.entered.connect(self._typed)
            field.line.editingFinished.connect(self._left)
        self.how.clicked.connect(lambda: self.shell.open_sheet(t("reports_page.how"), Explanation(), cancel=t("reports_page.close")))
        self.copy_button.clicked.connect(self.copy)
        self.pdf_button.clicked.connect(self.export)
        self.print_button.clicked.connect(self.print)
        self.excel_button.clicked.connect(self.ask_excel)
        self.forms_button.clicked.connect(self.show_forms)
        self.notice.acted.connect(self.why)
        self.figures.asked.connect(lambda figure: self.open_rows(figure, {}))
        self.course.asked.connect(lambda parts: self.open_rows("person_times", parts))
        for shares in (self.visitors, self.supplies):
            shares.asked.connect(self.open_rows)
        self.empty.acted.connect(lambda: self.shell.go("shift", self.last.line.text()))
        keys = [(f"Ctrl+{number}", lambda code=code: self._key(code)) for number, code in enumerate(CODES, 1)]
        deeds = [
            ("Ctrl+Return", self.fill_form), ("Ctrl+C", self.copy), ("Ctrl+P", self.export), ("Ctrl+Alt+P", self.print),
            ("Ctrl+E", self.ask_excel),
            ("Ctrl+B", self.show_forms),
        ]  # fmt: skip
        for key, act in [*keys, *deeds]:
            shortcut = QShortcut(QKeySequence(key), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(act)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_views"):
            self._fit()

    def _fit(self) -> None:
        """In large type parts stand below each other and are scrolled."""
        large = tokens().large
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        need = sum(card.minimumSizeHint().width() for card in (self.course, self.visitors, self.supplies)) + 2 * 14 + 2 * 20
        over = large or self.tabs.sizeHint().width() + self._deeds.sizeHint().width() + 10 + 2 * 20 > self.width()
        self._head.setDirection(down if over else across)
        self._head.setStretchFactor(self.tabs, 0 if over else 1)
        self._body.setDirection(down if large or need > self.width() else across)
        self.course.setMinimumHeight(560 if large else 0)
        for card in (self.visitors, self.supplies):
            card.stand_whole(self._body.direction() == down)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._fit()

    @property
    def idle(self) -> bool:
        """Whether no year is being archived."""
        return not self.forms.archive_button.busy

    def wind_up(self) -> None:
        """Stop what is being archived; nothing is asked of the database after this."""
        self.forms.archive_button.wind_up()

    # --- what the window asks ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the figures of the span chosen."""
        code, dates = self.tabs.code(), self._dates
        self.jobs.read(lambda db: reads.read(db, code, dates), self._show_view, self._refused, key="reports")

    def show_subject(self, subject: str) -> None:
        """Show a span by its code, or one day by its date."""
        if subject in CODES:
            self.tabs.choose(subject)
        else:
            day = date.fromisoformat(subject)
            self._dates = (day, day)
            self.tabs.choose("dates")

    def look_up(self) -> None:
        """``/``: to the first day of the span."""
        self.first.take_focus()
        self.first.line.selectAll()

    def settle(self) -> None:
        """On the chosen tab, so that Left and Right choose another span."""
        chosen = next(tab for tab in self.tabs.findChildren(Press) if tab.isChecked())
        chosen.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- choosing ------------------------------------------------------------------------------------------------------

    def _key(self, code: str) -> None:
        self.tabs.choose(code)
        if code == "dates":
            self.look_up()
        else:
            self.settle()

    def _chosen(self, code: str) -> None:
        if code == "dates" and self._dates is None and self.view is not None:
            self._dates = (date.fromisoformat(self.view.report.first), date.fromisoformat(self.view.report.last))
        if self.isVisible():
            self.refresh()

    def _left(self) -> None:
        """A date field was left; nothing is read again when it says what is shown."""
        shown = self.view.report if self.view is not None else None
        if shown is None or (self.first.line.text(), self.last.line.text()) != (shown.first, shown.last):
            self._typed()

    def _typed(self) -> None:
        for field in (self.first, self.last):
            field.show_error(field.problem())
            field.line.setModified(False)
        first, last = self.first.value(), self.last.value()
        if first is not None and last is not None:
            self._dates = (first, last)
            self.tabs.choose("dates")

    def _refused(self, error: StationError) -> None:
        self.first.show_error(sentence(error))

    # --- showing -------------------------------------------------------------------------------------------------------

    def _show_view(self, view: View) -> None:
        self.view = view
        for field, text in ((self.first, view.report.first), (self.last, view.report.last)):
            if not (field.line.hasFocus() and field.line.isModified()):  # somebody is typing
                field.set_value(date.fromisoformat(text))
                field.show_error("")
        self.figures.show_view(view)
        self.course.show_view(view)
        self.visitors.show_view(view)
        self.supplies.show_view(view)
        self.empty.sentence.set(t("reports_page.nothing", span=days(view.report.first, view.report.last)))
        if self._views.currentWidget() is not self._forms_view:
            self._views.setCurrentIndex(1 if view.empty else 0)
        for button in (self.copy_button, self.pdf_button, self.print_button, self.excel_button):
            button.setEnabled(not view.empty)
        self._show_notices(view)
        self.forms.refresh()

    def _show_notices(self, view: View) -> None:
        """What changed since the last export; a number that is the same every day."""
        self.notice.setVisible(bool(view.changed))
        if view.changed and view.export is not None:
            self.notice.text.set(t("reports_page.changed", time=moment(view.export.time), n=len(view.changed)))
        streak = view.upkeep.streak
        self.doubt.setVisible(streak is not None)
        if streak is not None:
            self.doubt.text.set(t("reports_page.made_up", first=streak.first, last=streak.last, n=streak.days, count=streak.n))

    # --- behind a figure -------------------------------------------------------------------------------------------------

    def open_rows(self, figure: str, parts: Mapping[str, tuple[str, ...]]) -> None:
        """The rows behind a figure, in the sheet."""
        view = self.view
        if view is None or view.empty or any(not values or len(values) > MOST_MARKS for values in parts.values()):
            return
        wanted = Wanted(figure, view.report.first, view.report.last, dict(parts))

        def shown(found: Behind) -> None:
            sheet = BehindSheet(self.shell, found, facts(view, wanted, found.n))
            self.shell.open_sheet(measured(wanted), sheet, cancel=t("reports_page.close"))

        self.jobs.read(lambda db: reads.behind(db, wanted, view), shown, key="behind")

    def why(self) -> None:
        """Every figure that changed since the last export, with the rows that made it so."""
        view = self.view
        if view is None or view.export is None:
            return
        export, changed = view.export, view.changed

        def shown(told: list[tuple[Difference, Explained]]) -> None:
            self.shell.open_sheet(t("reports_page.why"), WhySheet(view, told), cancel=t("reports_page.close"))

        self.jobs.read(lambda db: [(one, exported.why(db, export, one)) for one in changed], shown, key="why")

    # --- the district's forms --------------------------------------------------------------------------------------------

    def show_forms(self) -> None:
        """To the district's forms, or back to the figures."""
        if self._views.currentWidget() is self._forms_view:
            self.show_figures()
        else:
            self._views.setCurrentWidget(self._forms_view)
            self.forms_button.set_text(t("reports_page.figures"))
            self.forms.refresh()
            self.forms.settle()

    def fill_form(self) -> None:
        """Fill the form that is shown."""
        if self._views.currentWidget() is self._forms_view:
            self.forms.fill()

    def show_figures(self) -> None:
        """Back to the figures."""
        self.forms_button.set_text(t("reports_page.forms"))
        self._views.setCurrentIndex(1 if self.view is not None and self.view.empty else 0)
        self.settle()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A form is welcome."""
        if one_form(event.mimeData().urls()) is not None and self.may(Op.BIND_FORM):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """A form was dropped."""
        file = one_form(event.mimeData().urls())
        if file is not None:
            event.acceptProposedAction()
            self.take_form(file)

    def take_form(self, file: Path) -> None:
        """Look at a form and bind it by its headings."""
        if self._views.currentWidget() is not self._forms_view:
            self.show_forms()
        self.forms.take(file)

    # --- taking it along -----------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """The figures as text on the clipboard."""
        if self.view is not None and not self.view.empty:
            QGuiApplication.clipboard().setText(summary(self.view, self.shell.station))
            self.shell.tell(t("reports_page.copied"))
            self._remember("text")

    def _remember(self, kind: str) -> None:
        """These figures left the house: whatever changes them from now on can be told."""
        if self.view is not None:
            report, kept = self.view.report, self.view.upkeep
            self.jobs.run(lambda db: exported.remember(db, report, kind, kept))

    def ask_excel(self) -> None:
        """Ask where to, then write every figure as a spreadsheet."""
        if self.view is None or self.view.empty:
            return
        dialog = QFileDialog(self, t("export.title"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(f"{t('export.excel')} (*.xlsx)")
        dialog.setDefaultSuffix("xlsx")
        dialog.selectFile(f"{self._name(self.view)}.xlsx")
        dialog.fileSelected.connect(lambda chosen: self.save_excel(Path(chosen)))
        dialog.open()

    def save_excel(self, target: Path) -> None:
        """Every figure of the span as a spreadsheet."""
        if self.view is None:
            return
        view, station = self.view, self.shell.station

        def write(_progress: Progress) -> None:
            from ...paper.report_book import report_tabs
            from ...paper.workbook import write_workbook

            write_workbook(report_tabs(view.report, view.upkeep, place=station.name, sample=station.sample), target)

        def done(_nothing: None) -> None:
            self.shell.tell(t("reports_page.saved", name=target.name), t("reports_page.open"), lambda: self.show_file(target))
            self._remember("xlsx")

        self.jobs.aside(write, lambda _done, _total: None, done, self.shell.tell_error)

    def show_file(self, file: Path) -> None:
        """Open a file that was written for the person."""
        if not self._show(file):
            self.shell.tell(t("printing.saved", path=str(file)))

    def _name(self, view: View) -> str:
        """What a file of these figures is called."""
        station = self.shell.station
        return f"report-{station.code}-{station.letter}-{view.report.first}-{view.report.last}"

    def export(self) -> None:
        """The figures as a PDF, opened when it is written: as it is printed."""
        if self.view is not None and not self.view.empty:
            draw = self._drawing(self.view)
            save_long(
                self.shell, self._name(self.view), draw, lambda _done, _total: None, then=lambda: self._remember("pdf"), show=self._show
            )

    def print(self) -> None:
        """The same to a printer, which the system's dialog asks for."""
        if self.view is None or self.view.empty:
            return
        draw, name = self._drawing(self.view), self._name(self.view)

        def drawn(progress: Progress) -> Path:
            target = place_for(self.shell, name)
            draw(target, progress)
            return target

        def done(path: Path) -> None:
            self._remember("pdf")
            to_printer(self.shell, path, ask=self._ask)

        self.jobs.aside(drawn, lambda _done, _total: None, done, self.shell.tell_error)

    def _drawing(self, view: View) -> Callable[[Path, Progress], int]:
        """What draws the figures on paper."""
        station = self.shell.station

        def draw(target: Path, _progress: Progress) -> int:
            from ...paper.report import period_report
            from ...paper.report_more import Beside

            beside = Beside(view.before, view.last_year, view.upkeep, view.district) if view.days > 1 else None
            return period_report(
                view.report, target, place=station.name, printed_on=view.today, sample=station.sample, code=view.code, beside=beside
            )

        return draw
