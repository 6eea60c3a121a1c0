"""Reports: the figures of today, a week, a month ... or any two days, beside those before; on paper and as text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QStackedWidget, QWidget

from ...errors import StationError
from ...model import Op
from ...words import t
from ..feedback import sentence
from ..kit import Button, Column, EmptyState, FilterTabs, Press, Row, Scroll, Text, page_layout
from ..page import Page, Shell
from ..printing import Show, open_file, save_and_open
from ..theme import tokens
from . import reports_reads as reads
from .reports_cards import Course, Day, Explanation, Figures, Supplies, Visitors
from .reports_reads import CODES, View
from .reports_text import days, summary


class ReportsPage(Page):
    """Tabs and two dates choose the span; everything below follows. ``show`` opens the PDF that was written."""

    name = "reports"
    tables = frozenset(
        {"visit", "amenity_use", "handout", "movement", "item", "request", "request_step", "station_day", "station", "person"}
    )

    def __init__(self, shell: Shell, *, show: Show = open_file) -> None:
        super().__init__(shell)
        self._show = show
        self.view: View | None = None
        self._dates: tuple[date, date] | None = None
        self.tabs = FilterTabs([(code, text) for code, text in zip(CODES, self._tab_words(), strict=True)])
        self.tabs.choose("month")
        self.first, self.last = Day("first", t("reports_page.first_day")), Day("last", t("reports_page.last_day"))
        self.how = Button(t("reports_page.how"), "link", icon="info")
        self.copy_button = Button(t("reports_page.copy"), icon="copy", tip="Ctrl+C")
        self.pdf_button = Button(t("reports_page.pdf"), icon="export", tip="Ctrl+P")
        self.figures, self.course, self.visitors, self.supplies = Figures(), Course(), Visitors(), Supplies()
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
        span = Row(self.first, Text("—", "muted"), self.last, gap=6)
        self._head.setSpacing(10)
        self._head.addWidget(self.tabs)
        self._head.addLayout(Row(span, None, self.how, self.copy_button, self.pdf_button, gap=8))
        self._body.setSpacing(14)
        for card, stretch in ((self.course, 8), (self.visitors, 6), (self.supplies, 5)):
            self._body.addWidget(card, stretch)
        inside = QWidget()
        inside.setLayout(Column(self.figures, self._body, gap=14))
        self._views.addWidget(Scroll(inside))
        self._views.addWidget(self.empty)
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
        self.empty.acted.connect(lambda: self.shell.go("shift", self.last.line.text()))
        keys = [(f"Ctrl+{number}", lambda code=code: self._key(code)) for number, code in enumerate(CODES, 1)]
        for key, act in [*keys, ("Ctrl+C", self.copy), ("Ctrl+P", self.export)]:
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
        way = QBoxLayout.Direction.TopToBottom if large else QBoxLayout.Direction.LeftToRight
        self._head.setDirection(way)
        self._head.setStretchFactor(self.tabs, 0 if large else 1)
        self._body.setDirection(way)
        self.course.setMinimumHeight(560 if large else 0)
        for card in (self.visitors, self.supplies):
            card.setMinimumHeight(680 if large else 0)

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
        self._views.setCurrentIndex(1 if view.empty else 0)
        for button in (self.copy_button, self.pdf_button):
            button.setEnabled(not view.empty)

    # --- taking it along -----------------------------------------------------------------------------------------------

    def copy(self) -> None:
        """The figures as text on the clipboard."""
        if self.view is not None and not self.view.empty:
            QGuiApplication.clipboard().setText(summary(self.view, self.shell.station))
            self.shell.tell(t("reports_page.copied"))

    def export(self) -> None:
        """The figures as a PDF, opened when it is written."""
        if self.view is None or self.view.empty:
            return
        view, station = self.view, self.shell.station

        def draw(target: Path) -> int:
            from ...paper.report import period_report

            return period_report(
                view.report, target, place=station.name, printed_on=view.today, sample=station.sample, code=view.code
            )

        name = f"report-{station.code}-{station.letter}-{view.report.first}-{view.report.last}"
        save_and_open(self.shell, name, draw, show=self._show)
