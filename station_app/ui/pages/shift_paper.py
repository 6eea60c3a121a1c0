"""补登: yesterday's paper sheet typed in, with a warning when the day holds figures already, and the blank sheet printed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QWidget

from ...errors import StationError
from ...model import Changes
from ...services.visits import MOST_AT_ONCE
from ...words import t
from .. import actions, when
from ..feedback import sentence
from ..forms import DateField
from ..kit import Button, Card, Column, Notice, Row, Text
from ..page import Shell
from ..printing import Show, save_and_open
from . import shift_reads as reads
from .shift_grid import SheetGrid, SheetModel
from .shift_reads import Present
from .shift_text import holds


class PaperView(QWidget):
    """The tab 补登. What was typed stays while the page lives, also when the day is changed."""

    def __init__(self, shell: Shell, show: Show) -> None:
        super().__init__()
        self.shell, self._show = shell, show
        self.present: Present | None = None
        self._saving = False
        self.day = DateField("day", t("shift_page.date"), required=True)
        self.warning = Notice("", "attention", icon="warning")
        self.calm = Text("", "muted", wrap=True)
        self.model = SheetModel()
        self.grid = SheetGrid(self.model)
        self.hint = Text(t("shift_page.grid_hint"), "small", wrap=True)
        self.print_button = Button(t("shift_page.print_blank"), icon="print")
        self.clear_button = Button(t("shift_page.clear"), "link")
        self.save_button = Button("", "primary", key="Ctrl+Enter")
        self._build()
        self._connect()
        self._count()

    def _build(self) -> None:
        self.warning.hide()
        self.day.setMinimumWidth(190)
        side = Column(self.warning, self.calm, gap=0)
        head = Row(gap=16)
        head.addWidget(self.day)
        head.addLayout(side, 1)
        head.addWidget(self.print_button)
        foot = Row(gap=10)
        foot.addWidget(self.hint, 1)
        foot.addWidget(self.clear_button)
        foot.addWidget(self.save_button)
        card = Card(head, self.grid, foot, gap=10)
        card.body.setStretchFactor(self.grid, 1)
        self.setLayout(Column(card, gap=0))

    def _connect(self) -> None:
        self.day.changed.connect(self._dated)
        self.day.entered.connect(lambda: self.grid.setFocus())
        self.model.changed.connect(self._count)
        self.grid.finished.connect(lambda: self.save_button.setFocus())
        self.grid.refused.connect(lambda: self.shell.tell(t("shift_page.too_many", most=MOST_AT_ONCE), bad=True))
        self.print_button.clicked.connect(self.print_blank)
        self.clear_button.clicked.connect(self.model.clear)
        self.save_button.clicked.connect(self.save)

    # --- showing -----------------------------------------------------------------------------------------------------

    def show_day(self, day: date) -> None:
        """Another day's sheet."""
        self.day.set_value(day)

    def refresh(self) -> None:
        """Read what the day holds; yesterday to begin with."""
        day, station = self.day.value(), self.shell.station
        if day is None and self.day.line.text():
            return
        self.shell.jobs.read(lambda db: reads.present(db, station, day), self._show_present, key="shift-sheet")

    def settle(self) -> None:
        """Into the grid."""
        self.grid.setFocus()

    def _dated(self) -> None:
        if self.day.value() is not None and self.isVisible():
            self.refresh()

    def _show_present(self, present: Present) -> None:
        if not self.day.line.text():
            self.day.set_value(present.day)
        if self.day.value() != present.day:
            return
        self.present = present
        text = holds(present)
        self.warning.text.set(text)
        self.warning.setAccessibleName(text)
        self.calm.set(text)
        self.warning.setVisible(present.person_times > 0)
        self.calm.setVisible(present.person_times == 0)
        self.model.set_day(present.hours, present.by_hour)

    def _count(self) -> None:
        total = self.model.total
        self.save_button.set_text(t("shift_page.enter_sheet", n=total))
        self.save_button.setEnabled(total > 0 and not self._saving)
        self.clear_button.setEnabled(total > 0)

    # --- doing -------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Enter the sheet; what was typed goes only when it is saved."""
        self.day.show_error(self.day.problem())
        day = self.day.value()
        if day is None:
            self.day.take_focus()
        elif self.model.total and not self._saving:
            self._saving = True
            self._count()
            actions.paper_sheet(self.shell.jobs, day, dict(self.model.counts), lambda outcome: self._saved(day, outcome), self._refused)

    def _saved(self, day: date, outcome: tuple[int, Changes]) -> None:
        total, changes = outcome
        self._saving = False
        self.model.clear()
        self.grid.setCurrentIndex(self.model.index(0, 0))
        if self.isVisible():
            self.settle()
        today = self.present.today if self.present is not None else day
        self.shell.tell_undoable(t("shift_page.entered", n=total, day=when.day(day.isoformat(), today)), changes)

    def _refused(self, error: StationError) -> None:
        self._saving = False
        self._count()
        if error.word == "visits.day_to_come":
            self.day.show_error(sentence(error))
            self.day.take_focus()
        else:
            self.shell.tell_error(error)

    def print_blank(self) -> None:
        """The blank sheet as a PDF, opened when it is drawn."""
        station = self.shell.station

        def draw(target: Path) -> int:
            from ...paper.sheets import tally_sheet

            return tally_sheet(station, target)

        save_and_open(self.shell, f"tally-sheet-{station.code}-{station.letter}", draw, show=self._show)
