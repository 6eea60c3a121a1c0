"""What the tabs 活动批次 and 限领规则 share: a table with its button below, and the card of the line chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from ...model import Changes
from ...words import t
from ..kit import Button, Card, Column, EmptyState, FlowLayout, Pill, Row, Scroll, Text, clear
from ..page import Shell
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table


class ListedCard(Card):
    """One line of the table in full; ``nothing`` is said while none is chosen."""

    def __init__(self, nothing: str, *, keeps: bool, gap: int) -> None:
        inner = QWidget()
        self._parts = Column(gap=gap)
        inner.setLayout(self._parts)
        super().__init__(Scroll(inner))
        self._keeps, self._nothing = keeps, nothing
        self.line: Any = None
        self.show_nothing()

    def show_nothing(self) -> None:
        """None is chosen."""
        self.line = None
        clear(self._parts)
        self._parts.addWidget(EmptyState("supplies", self._nothing))

    def begin(self, line: Any, title: str, *pills: tuple[str, str]) -> None:
        """Start anew with a line: its title and its marks."""
        self.line = line
        clear(self._parts)
        head = FlowLayout(10, row_gap=6)
        head.addWidget(Text(title, "title", wrap=False))
        for pill in pills:
            head.addWidget(Pill(*pill))
        self._parts.addLayout(head)


class Listed(QWidget):
    """The table with what can be added; ``card`` is to be placed beside it. Lines have an ``id``."""

    def __init__(
        self, shell: Shell, columns: Sequence[TableColumn], card: ListedCard, *, keeps: bool, rows: int, name: str, empty: str, new: str
    ) -> None:
        super().__init__()
        self._shell, self.card = shell, card
        self._wanted = ""
        self._rows = RowsModel(list(columns))
        self.table = Table(self._rows, rows=rows, name=name)
        nothing = EmptyState("supplies", empty, new if keeps else "")
        nothing.acted.connect(self.add)
        self.table.set_empty(nothing)
        self.new_button = Button(new, "primary", icon="plus", key="Ctrl+N")
        self.new_button.setVisible(keeps)
        column = Column(self.table, Row(self.new_button, None), gap=4)
        column.setContentsMargins(0, 0, 0, 0)
        self.setLayout(column)
        self.new_button.clicked.connect(self.add)
        self.table.current_record.connect(self._chosen)

    def refresh(self) -> None:
        """Read the lines."""
        raise NotImplementedError

    def add(self) -> None:
        """A new one."""
        raise NotImplementedError

    def _chosen(self, line: Any) -> None:
        raise NotImplementedError

    def show_lines(self, lines: Sequence[Any]) -> None:
        """Show them, the one wanted or the first chosen."""
        self._rows.set_rows(lines)
        wanted, self._wanted = self._wanted, ""
        if not (wanted and self.table.choose(wanted)) and self.table.current() is None and lines:
            self.table.choose(lines[0].id)
        if not lines:
            self.card.show_nothing()

    def ask(self, title: str, form: QWidget, submit: str = "") -> None:
        """Open a form about one."""
        self._shell.open_sheet(title, form, submit=submit or t("supplies_page.save"))

    def saved(self, text: str, changes: Changes, line_id: str) -> None:
        """One was written: it is shown."""
        self._shell.close_sheet()
        self._wanted = line_id
        self._shell.tell_undoable(text, changes)
        self.refresh()
