"""Lists of records: a model over ids with a cache of rows and stale marks, and the table that paints it.

::

    Column(title, text, *, width=0, align="left", bold=False, muted=False, sub=None, pill=None, bar=None, export=None)
        text: record -> str;  sub: record -> str, a second small line;  pill: record -> (text, tone) or None
        bar: record -> (share 0..1, tone) or None;  width 0 shares what is left
        export: record -> what a spreadsheet holds (table_export.py), the text in its type without it
    RowsModel(columns, *, key=record.id, fetch=None)
        .set_rows(records)                all at once
        .set_ids(ids)                     lazily: ``fetch(ids)`` is called for what is seen; .fill({id: record}) answers;
                                          what is known already is shown until its fresh record comes
        .record(row) -> record or None  .row_of(id) -> int or -1  .id_at(row)
    Table(model, *, rows=38, name="")     rows 38, or 56 with a second line
        .activated_record(record) (Enter, double click)  .current_record(record or None)
        .current() -> record or None  .choose(id) -> bool  .set_empty(widget) shown while there are no rows
        .show_columns([number, ...])  the others make room

Arrows, Page keys, Home and End move; Enter activates. The chosen id stays chosen when rows come anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from .painting import LEFT, RIGHT, box, brush, width, write
from .theme import face, tokens, tone

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
HEAD_AIR = 14
"""Pixels beside the writing of a heading."""
CACHE = 2_000
"""Rows kept; a screen shows some thirty."""


@dataclass(frozen=True)
class Column:
    """A column: its title and how a record is shown in it."""

    title: str
    text: Callable[[Any], str]
    width: int = 0
    align: str = "left"
    bold: bool = False
    muted: bool = False
    sub: Callable[[Any], str] | None = None
    pill: Callable[[Any], tuple[str, str] | None] | None = None
    bar: Callable[[Any], tuple[float, str] | None] | None = None
    export: Callable[[Any], Any] | None = None


class RowsModel(QAbstractTableModel):
    """Ids in order; records come when they are looked at and are kept for a while."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        key: Callable[[Any], Hashable] = attrgetter("id"),
        fetch: Callable[[list[Any]], None] | None = None,
    ) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self._key, self._fetch = key, fetch
        self._ids: list[Hashable] = []
        self._places: dict[Hashable, int] = {}
        self._cache: OrderedDict[Hashable, Any] = OrderedDict()
        self._stale: set[Hashable] = set()
        self._wanted: dict[Hashable, None] = {}
        self._asked: set[Hashable] = set()
        self._ask = QTimer(self, singleShot=True, interval=0)
        self._ask.timeout.connect(self._send_wanted)

    def set_rows(self, records: Sequence[Any]) -> None:
        """Show these records, all known already."""
        self.beginResetModel()
        self._set_order([self._key(record) for record in records])
        self._cache = OrderedDict(zip(self._ids, records, strict=True))
        self.endResetModel()

    def set_ids(self, ids: Iterable[Hashable]) -> None:
        """Show the records with these ids; what is known already stays on the screen until it is fetched anew."""
        self.beginResetModel()
        self._set_order(list(ids))
        self._stale.update(self._cache)
        self.endResetModel()

    def _set_order(self, ids: list[Hashable]) -> None:
        self._ids, self._places = ids, {number: row for row, number in enumerate(ids)}
        self._stale.clear()
        self._wanted.clear()
        self._asked.clear()

    def fill(self, records: Mapping[Any, Any]) -> None:
        """The answer to ``fetch``: records by id. An id that is missing stays blank."""
        for number, record in records.items():
            self._cache[number] = record
            self._cache.move_to_end(number)
            self._stale.discard(number)
            self._asked.discard(number)
        while self._fetch is not None and len(self._cache) > CACHE:
            self._cache.popitem(last=False)
        rows = sorted(self._places[number] for number in records if number in self._places)
        if rows:
            self.dataChanged.emit(self.index(rows[0], 0), self.index(rows[-1], len(self.columns) - 1))

    def record(self, row: int) -> Any | None:
        """The record in ``row`` if it is known; asks for it otherwise."""
        if not 0 <= row < len(self._ids):
            return None
        number = self._ids[row]
        found = self._cache.get(number)
        if self._fetch is not None and (found is None or number in self._stale) and number not in self._asked:
            self._wanted[number] = None
            if not self._ask.isActive():
                self._ask.start()
        return found

    def id_at(self, row: int) -> Hashable | None:
        """The id in ``row``."""
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def row_of(self, number: Hashable) -> int:
        """Where an id stands, -1 when it is not here."""
        return self._places.get(number, -1)

    def rowCount(self, parent: Index = TOP) -> int:
        """How many ids."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = TOP) -> int:
        """How many columns."""
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Writing and alignment; what is read aloud names pill and second line too."""
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
            Qt.ItemDataRole.UserRole,
        ):
            return None
        record = self.record(index.row())
        if role == Qt.ItemDataRole.UserRole or record is None:
            return record
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(record)
        pill = column.pill(record) if column.pill else None
        parts = (column.title, column.text(record), column.sub(record) if column.sub else "", pill[0] if pill else "")
        return " ".join(part for part in parts if part)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles, aligned as their column is."""
        if orientation != Qt.Orientation.Horizontal or not 0 <= section < len(self.columns):
            return None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return (RIGHT if column.align == "right" else LEFT).value
        return None

    def _send_wanted(self) -> None:
        wanted = list(self._wanted)
        self._wanted.clear()
        self._asked.update(wanted)
        if wanted and self._fetch is not None:
            self._fetch(wanted)


class _Delegate(QStyledItemDelegate):
    """Paints a cell: soft ground when chosen, one or two lines, a pill, a bar, a line below."""

    def __init__(self, model: RowsModel, rows: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._rows = model, rows

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of a row."""
        return QSize(0, tokens().px(self._rows))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The cell."""
        t = tokens()
        rect = QRectF(option.rect)
        state = option.state
        painter.save()
        brush(painter)
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(rect, t.brand_soft)
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), t.line)
        record = self._model.record(index.row())
        if record is not None:
            self._paint_record(painter, rect.adjusted(6, 0, -6, -1), self._model.columns[index.column()], record)
        painter.restore()

    def _paint_record(self, painter: QPainter, rect: QRectF, column: Column, record: Any) -> None:
        t = tokens()
        flags = RIGHT if column.align == "right" else LEFT
        text = column.text(record)
        first = QRectF(rect)
        if column.sub is not None and (below_text := column.sub(record)):
            half = t.px(24)
            top = rect.top() + (rect.height() - half - t.px(20)) / 2
            first = QRectF(rect.left(), top, rect.width(), half)
            below = QRectF(rect.left(), top + half - 2, rect.width(), t.px(20))
            write(painter, below, below_text, face(t.small), t.muted, flags)
        if column.bar is not None and (bar := column.bar(record)) is not None:
            self._paint_bar(painter, first, *bar)
            return
        if column.pill is not None and (pill := column.pill(record)) is not None:
            self._paint_pill(painter, first, column.align == "right", *pill)
            return
        write(painter, first, text, face(t.body, bold=column.bold), t.muted if column.muted else t.ink, flags)

    def _paint_pill(self, painter: QPainter, rect: QRectF, right: bool, text: str, kind: str) -> None:
        t = tokens()
        colours = tone(kind)
        font = face(t.small)
        wide = min(width(font, text) + t.px(18), rect.width())
        high = t.px(20)
        left = rect.right() - wide if right else rect.left()
        spot = QRectF(left, rect.center().y() - high / 2, wide, high)
        box(painter, spot, colours.fill, colours.line if kind == "plain" else None, radius=high / 2)
        write(painter, spot.adjusted(t.px(9), 0, -t.px(9) + 2, 0), text, font, colours.ink)

    def _paint_bar(self, painter: QPainter, rect: QRectF, share: float, kind: str) -> None:
        t = tokens()
        wide, high = min(rect.width(), t.px(110)), 8.0
        spot = QRectF(rect.left(), rect.center().y() - high / 2, wide, high)
        box(painter, spot, t.track, radius=4)
        if share > 0:
            spot.setWidth(max(high, wide * min(share, 1.0)))
            box(painter, spot, tone(kind).ink, radius=4)


class Table(QTableView):
    """A calm table: whole rows, no grid, the header in small muted writing."""

    activated_record = Signal(object)
    current_record = Signal(object)

    def __init__(self, model: RowsModel, *, rows: int = 38, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows_model, self._rows = model, rows
        self._empty: QWidget | None = None
        self._kept: Hashable | None = None
        self.setModel(model)
        self.setAccessibleName(name)
        self.setItemDelegate(_Delegate(model, rows, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        head.setVisible(any(column.title for column in model.columns))
        head.setMinimumSectionSize(20)
        head.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._measure()
        self.doubleClicked.connect(lambda _index: self._activate())
        model.modelAboutToBeReset.connect(self._keep)
        model.modelReset.connect(self._restore)
        model.dataChanged.connect(self._fresh)
        self.selectionModel().currentRowChanged.connect(lambda _now, _before: self.current_record.emit(self.current()))

    def current(self) -> Any | None:
        """The chosen record, None when there is none or it is still on its way."""
        index = self.currentIndex()
        return self._rows_model.record(index.row()) if index.isValid() else None

    def choose(self, number: Hashable) -> bool:
        """Choose the row with this id and bring it into view; False when it is not here."""
        row = self._rows_model.row_of(number)
        if row < 0:
            return False
        self.setCurrentIndex(self._place(row))
        return True

    def _place(self, row: int) -> QModelIndex:
        """The first cell of a row that is not hidden: from a hidden one no arrow leads on."""
        shown = (number for number in range(len(self._rows_model.columns)) if not self.isColumnHidden(number))
        return self._rows_model.index(row, next(shown, 0))

    def set_empty(self, widget: QWidget) -> None:
        """What stands in the middle while there are no rows, instead of what stood there before."""
        if self._empty is not None and self._empty is not widget:
            self._empty.hide()
            self._empty.deleteLater()
        self._empty = widget
        widget.setParent(self.viewport())
        self._place_empty()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter activates, Home and End go to the first and last row; digits and letters are the page's."""
        key = event.key()
        last = self._rows_model.rowCount() - 1
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate()
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0:
            self.setCurrentIndex(self._place(0 if key == Qt.Key.Key_Home else last))
        elif event.text().isprintable() and event.text():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def show_columns(self, numbers: Iterable[int]) -> None:
        """Show only these columns, by their number; the others make room."""
        shown = set(numbers)
        for number in range(len(self._rows_model.columns)):
            self.setColumnHidden(number, number not in shown)
        if self.currentIndex().isValid():
            self.setCurrentIndex(self._place(self.currentIndex().row()))
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width among the columns."""
        super().resizeEvent(event)
        self._share()
        self._place_empty()

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_rows"):
            self._measure()
            self._share()

    def _measure(self) -> None:
        self.verticalHeader().setDefaultSectionSize(tokens().px(self._rows))
        self.horizontalHeader().setFixedHeight(tokens().px(36))

    def _share(self) -> None:
        """Fixed columns get their width, the others an equal part of the rest, at least 80 px; a heading is never cut for it."""
        columns = [column for number, column in enumerate(self._rows_model.columns) if not self.isColumnHidden(number)]
        scale = tokens().px
        head = self.horizontalHeader().fontMetrics()
        least = {column: head.horizontalAdvance(column.title) + HEAD_AIR for column in columns}
        wide = {column: max(scale(column.width), least[column]) for column in columns if column.width}
        free = [column for column in columns if not column.width]
        room = self.viewport().width() - sum(max(scale(80), least[column]) for column in free)
        loose = set(wide)  # those that can still give something; a heading that stands at its least leaves more to the others
        while loose:
            given = room - sum(wide[column] for column in wide if column not in loose)
            squeeze = min(1.0, max(0.0, given / sum(wide[column] for column in loose)))
            tight = {column for column in loose if wide[column] * squeeze < least[column]}
            for column in tight or loose:
                wide[column] = max(int(wide[column] * squeeze), least[column])
            loose = loose - tight if tight else set()
        left = self.viewport().width() - sum(wide.values())
        for number, column in enumerate(self._rows_model.columns):
            if column in least:
                share = left // len(free) if free else 0
                named = max(min(scale(80), max(share, scale(56))), least[column], share)
                self.setColumnWidth(number, wide[column] if column.width else named)

    def _place_empty(self) -> None:
        if self._empty is not None:
            self._empty.setGeometry(self.viewport().rect())
            self._empty.setVisible(self._rows_model.rowCount() == 0)

    def _activate(self) -> None:
        if (record := self.current()) is not None:
            self.activated_record.emit(record)

    def _keep(self) -> None:
        self._kept = self._rows_model.id_at(self.currentIndex().row())

    def _restore(self) -> None:
        self._place_empty()
        if self._kept is None or not self.choose(self._kept):
            self.current_record.emit(None)

    def _fresh(self, first: QModelIndex, last: QModelIndex) -> None:
        """The chosen record came, or came anew."""
        row = self.currentIndex().row()
        if first.row() <= row <= last.row():
            self.current_record.emit(self.current())
