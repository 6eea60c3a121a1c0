"""What came from the district, at the station: supplies on their way, received by one key; notices, one line until they are opened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ..db import Database
from ..model import Changes
from ..services import arrivals
from ..services.arrivals import Arrival
from ..services.arrivals import Notice as Told
from ..words import t
from . import when
from .jobs import Jobs
from .kit import Button, Card, Column, Notice, Row, Text, clear
from .page import Shell

SHOWN = 3
"""Supplies on their way that stand above the shelf; the others come up as these are received."""


def receive(jobs: Jobs, allocation_id: str, then: Callable[[tuple[Arrival, Changes]], None]) -> None:
    """Supplies of the district are here; ``then`` gets (Arrival, Changes)."""

    def work(db: Database) -> tuple[tuple[Arrival, Changes], Changes]:
        outcome = arrivals.receive(db, allocation_id)
        return outcome, outcome[1]

    jobs.run(work, then)


class DueSupplies(Card):
    """Supplies on their way, a row each with the button that receives them; hidden while there are none."""

    wanted = Signal(str)

    def __init__(self, *, receives: bool) -> None:
        super().__init__(gap=2)
        self._receives = receives
        self.buttons: list[Button] = []
        self._title, self._rows = Text("", "heading"), Column(gap=0)
        self.body.addWidget(self._title)
        self.body.addLayout(self._rows)
        self.hide()

    def show_due(self, due: list[Arrival], today: date) -> None:
        """Show these; the focus stays on the first button when it was here."""
        had_focus = any(button.hasFocus() for button in self.buttons)
        clear(self._rows)
        self.buttons = []
        self._title.set(t("arrivals.due", n=len(due)))
        for one in due[:SHOWN]:
            told = t("arrivals.line", item=one.item, quantity=f"{one.quantity:,}", unit=one.unit, when=when.day(one.time, today))
            text = Text(t("terms.dot").join(part for part in (told, one.note) if part), wrap=True)
            row = Row(gap=10)
            row.addWidget(text, 1)
            if self._receives:
                button = Button(t("arrivals.receive"), "primary" if not self.buttons else "plain", key="Enter" if not self.buttons else "")
                button.setAccessibleDescription(told)
                button.clicked.connect(lambda _checked=False, one=one: self.wanted.emit(one.id))
                self.buttons.append(button)
                row.addWidget(button)
            self._rows.addLayout(row)
        self.setVisible(bool(due))
        if had_focus and self.buttons:
            self.buttons[0].setFocus()


class NoticeLine(QWidget):
    """The newest word of the district in one line; opened, all that are in force. Hidden while there is none."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self._told: list[Told] = []
        self._today = date.min
        self._place = Column(gap=0)
        self.setLayout(self._place)
        self.line: Notice | None = None
        self.hide()

    def show_notices(self, told: list[Told], today: date) -> None:
        """Show these, the newest first."""
        clear(self._place)
        self._told, self._today, self.line = told, today, None
        if told:
            more = t("arrivals.more", n=len(told) - 1) if len(told) > 1 else ""
            text = t("terms.dot").join(part for part in (t("arrivals.says", title=told[0].title), more) if part)
            self.line = Notice(text, "plain", icon="message", action=t("arrivals.open"))
            self.line.acted.connect(self.open)
            self._place.addWidget(self.line)
        self.setVisible(bool(told))

    def open(self) -> None:
        """All notices in force, in the sheet."""
        content = QWidget()
        column = Column(gap=6)
        for one in self._told:
            column.addWidget(Text(one.title, "strong", wrap=True, selectable=True))
            if one.text:
                column.addWidget(Text(one.text, wrap=True, selectable=True))
            span = t("arrivals.span", first=when.date_only(one.time, self._today), last=when.date_only(one.until, self._today))
            column.addWidget(Text(span, "small"))
            column.addSpacing(10)
        column.addStretch(1)
        content.setLayout(column)
        self._shell.open_sheet(t("arrivals.notices"), content, cancel=t("kit.close"))
