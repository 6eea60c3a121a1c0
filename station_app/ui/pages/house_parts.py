"""What the tabs 借用 and 设备 share: a part of the supplies page with its list, its card and its buttons, and sheets that ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from ...db import Database
from ...model import Changes
from ...words import t
from ..entry import Entry
from ..forms import Field
from ..jobs import Otherwise
from ..kit import Button, Card, Column, EmptyState, FlowLayout, LogRow, Notice, Pill, Row, Scroll, Text, clear
from ..page import Shell
from ..tables import Table

Work = Callable[[Database], tuple[Any, Changes]]
"""Does something to the store: what came of it, and its Changes."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to be done with what the card shows: the word on its button and what it does."""

    word: str
    act: Callable[[], None]
    look: str = "plain"


@dataclass(frozen=True, slots=True)
class Entered:
    """A line of a section: when, what (with what is bold), the word at its end and what that does."""

    when: str
    parts: tuple[tuple[str, bool], ...]
    action: str = ""
    act: Callable[[], None] | None = None


class ThingCard(Card):
    """One thing in full: what it is, how it stands, what can be done, what was done."""

    def __init__(self, icon: str, nothing: str) -> None:
        inner = QWidget()
        self._parts = Column(gap=8)
        inner.setLayout(self._parts)
        super().__init__(Scroll(inner))
        self._icon, self._nothing = icon, nothing
        self.show_nothing()

    def show_nothing(self) -> None:
        """Nothing is chosen."""
        clear(self._parts)
        self._parts.addWidget(EmptyState(self._icon, self._nothing))

    def show_thing(
        self,
        title: str,
        pills: Sequence[tuple[str, str]],
        lines: Sequence[str],
        deeds: Sequence[Deed],
        sections: Sequence[tuple[str, Sequence[Entered]]],
        notices: Sequence[tuple[str, str, Deed | None]] = (),
    ) -> None:
        """Show this; ``notices`` are (sentence, tone, what to do about it)."""
        clear(self._parts)
        self.setAccessibleName(title)
        head = FlowLayout(10, row_gap=6)
        head.addWidget(Text(title, "title"))
        for text, tone in pills:
            head.addWidget(Pill(text, tone))
        self._parts.addLayout(head)
        for line in lines:
            if line:
                self._parts.addWidget(Text(line, "muted", wrap=True, selectable=True))
        for text, tone, deed in notices:
            notice = Notice(text, tone, action=deed.word if deed else "")
            if deed is not None:
                notice.acted.connect(deed.act)
            self._parts.addWidget(notice)
        buttons = FlowLayout(8, row_gap=8)
        for deed in deeds:
            button = Button(deed.word, deed.look)
            button.clicked.connect(deed.act)
            buttons.addWidget(button)
        self._parts.addLayout(buttons)
        for name, entered in sections:
            self._parts.addLayout(Row(Text(name, "small"), None))
            rows = Column(gap=0)
            for one in entered:
                row = LogRow(one.when, one.parts, one.action)
                if one.act is not None:
                    row.acted.connect(one.act)
                rows.addWidget(row)
            if not entered:
                rows.addWidget(Text(t("house_page.no_lines"), "muted"))
            self._parts.addLayout(rows)
        self._parts.addStretch(1)


class Part(QObject):
    """A tab of the supplies page: ``table`` is its list, ``card`` stands beside it, ``buttons`` above."""

    tables: frozenset[str] = frozenset()

    def __init__(self, shell: Shell, table: Table, card: QWidget, buttons: Sequence[Button]) -> None:
        super().__init__()
        self.shell, self.table, self.card, self.buttons = shell, table, card, tuple(buttons)

    def refresh(self) -> None:
        """Read and show."""

    def new(self) -> None:
        """Ctrl+N."""

    def choose(self, subject: str) -> None:
        """Show this one."""

    def settle(self) -> None:
        """Into the list."""
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    # --- doing -------------------------------------------------------------------------------------------------------

    def run(self, work: Work, told: Callable[[Any], str]) -> None:
        """Do something at once, and say what was done with its way back."""
        do(self.shell, work, told)

    def ask(
        self,
        title: str,
        fields: Sequence[Field],
        work: Callable[[Database, dict[str, Any]], tuple[Any, Changes]],
        told: Callable[[Any], str],
        at: Mapping[str, str] | None = None,
        then: Callable[[Any], None] | None = None,
    ) -> None:
        """Ask in a sheet first, as ``ask`` does."""
        ask(self.shell, title, fields, work, told, at, then)


def do(shell: Shell, work: Work, told: Callable[[Any], str], then: Callable[[Any], None] | None = None) -> None:
    """Do something at once, and say what was done with its way back; ``then`` gets what came of it."""

    def done(outcome: tuple[Any, Changes]) -> None:
        record, changes = outcome
        shell.tell_undoable(told(record), changes)
        if then is not None:
            then(record)

    shell.jobs.run(lambda db: _kept(work(db)), done, shell.tell_error)


def ask(
    shell: Shell,
    title: str,
    fields: Sequence[Field],
    work: Callable[[Database, dict[str, Any]], tuple[Any, Changes]],
    told: Callable[[Any], str],
    at: Mapping[str, str] | None = None,
    then: Callable[[Any], None] | None = None,
) -> None:
    """Ask in a sheet first; ``work(db, values)`` is done with what was filled in, ``at`` tells errors their field."""

    def save(values: dict[str, Any], otherwise: Otherwise) -> None:
        def done(outcome: tuple[Any, Changes]) -> None:
            record, changes = outcome
            shell.close_sheet()
            shell.tell_undoable(told(record), changes)
            if then is not None:
                then(record)

        shell.jobs.run(lambda db: _kept(work(db, values)), done, otherwise)

    shell.open_sheet(title, Entry(shell, save, *fields, at=at), submit=t("house_page.save"))


def _kept(outcome: tuple[Any, Changes]) -> tuple[tuple[Any, Changes], Changes]:
    return outcome, outcome[1]
