"""What opens over the reports: the rows behind a figure with what it is compared with, and why figures changed since an export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from ...paper import figure_words as words
from ...services import figures
from ...services.exported import Cause, Difference, Explained
from ...services.figures import Line
from ...words import t
from ..kit import Column as Lines
from ..kit import EmptyState, Fact, FlowLayout, Row, Text, rule
from ..page import Shell
from ..table_export import ExportButton
from ..tables import Column, RowsModel, Table
from ..theme import tokens
from .reports_reads import Behind, View
from .reports_text import moment, number


class BehindSheet(QWidget):
    """The rows behind a figure: its comparisons on top, the rows below, a way into a spreadsheet."""

    def __init__(self, shell: Shell, behind: Behind, facts: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        figure = figures.known(behind.wanted.figure)
        self._shell, self._table_name, self._adds = shell, figure.table, figure.adds
        self.rows = RowsModel(
            [
                Column(
                    t("reports_page.when"), lambda line: moment(line.time)[5:], width=104, muted=True, export=lambda line: _wall(line.time)
                ),
                Column(t("reports_page.what"), words.line_text, sub=words.line_note),
                Column(t("reports_page.adds"), lambda line: number(line.n), width=64, align="right", export=lambda line: line.n),
            ],
            fetch=self._fetch,
        )
        self.table = Table(self.rows, rows=56, name=words.measured(behind.wanted))
        self.table.setMinimumHeight(tokens().px(320))
        self.table.set_empty(EmptyState("reports", t("reports_page.no_rows")))
        note = f"{shell.station.name}  {words.measured(behind.wanted)}  {behind.wanted.first} — {behind.wanted.last}"
        name = f"{behind.wanted.figure}-{behind.wanted.first}-{behind.wanted.last}"
        self.export_button = ExportButton(shell, self.table, name, note=lambda: note, records=self._records)
        told = FlowLayout(20, row_gap=8)
        for name, text in facts:
            told.addWidget(Fact(name, text))
        column = Lines(gap=10)
        column.addLayout(told)
        if behind.difference is not None and behind.explained is not None:
            column.addWidget(Causes(behind.difference, behind.explained))
        count = Text(t("reports_page.rows", n=len(behind.ids)), "muted")
        column.addLayout(Row(count, None, self.export_button))
        column.addWidget(self.table, 1)
        self.setLayout(column)
        self.setFocusProxy(self.table)
        self.rows.set_ids(behind.ids)
        if behind.ids:
            self.table.choose(behind.ids[0])

    def _records(self, db: Any, ids: Sequence[Any]) -> list[Line]:
        return figures.lines(db, self._table_name, ids, self._adds)

    def _fetch(self, ids: list[Any]) -> None:
        table, adds = self._table_name, self._adds
        self._shell.jobs.read(lambda db: {line.id: line for line in figures.lines(db, table, ids, adds)}, self.rows.fill)


def _wall(time: str) -> str:
    """A moment as a table of rows keeps it: the wall clock's, to the minute."""
    return time[:16].replace("T", " ")


class Causes(QWidget):
    """A figure then and now, and the rows that made the difference, in a list of their own."""

    def __init__(self, difference: Difference, explained: Explained) -> None:
        super().__init__()
        column = Lines(gap=4)
        head = t("reports_page.then_now", then=number(difference.then), now=number(difference.now))
        column.addWidget(Text(f"{words.measured(difference.wanted)}  {head}", "strong", wrap=True))
        for cause in explained.causes[:SHOWN]:
            column.addWidget(Text(cause_text(cause), "muted", wrap=True))
        if len(explained.causes) > SHOWN:
            column.addWidget(Text(t("reports_page.more_causes", n=len(explained.causes) - SHOWN), "muted"))
        if explained.untold:
            column.addWidget(Text(t("reports.untold", n=explained.untold), "muted", wrap=True))
        column.addWidget(rule())
        self.setLayout(column)


SHOWN = 12
"""Causes of one figure that are listed; the rows below list them all."""


def cause_text(cause: Cause) -> str:
    """A row that counts differently: when, what, why."""
    what = words.line_text(cause.line) if cause.line is not None else ""
    change = f"{cause.now - cause.then:+d}"
    why = t(f"reports.why_{cause.why}")
    return t("forms.dot").join(part for part in (moment(cause.time), what, why, change) if part)


class WhySheet(QWidget):
    """Every figure that is another than when the report was exported, each with its rows."""

    def __init__(self, view: View, told: Sequence[tuple[Difference, Explained]]) -> None:
        super().__init__()
        assert view.export is not None
        column = Lines(gap=8)
        kind = t(f"reports_page.kind_{view.export.kind}")
        column.addWidget(Text(t("reports_page.exported_then", time=moment(view.export.time), kind=kind), "muted", wrap=True))
        for difference, explained in told:
            column.addWidget(Causes(difference, explained))
        column.addStretch(1)
        self.setLayout(column)


