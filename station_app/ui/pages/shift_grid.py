"""The grid of a paper sheet: occupation by hour, typed by keys alone, with live totals by row and column.

Digits fill the cell under the cursor, Backspace and Delete empty it; arrows and Tab move, Enter goes down and on to the
next hour. The last row shows what the day held before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from unicodedata import normalize

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ...model import Occupation
from ...services.visits import MOST_AT_ONCE
from ...words import label, t
from ..forms import ENTER
from ..painting import CENTRE, LEFT, box, brush, focus_ring, width, write
from ..theme import face, tokens

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
OCCUPATIONS = tuple(Occupation)
TOTAL, BEFORE = len(OCCUPATIONS), len(OCCUPATIONS) + 1
"""The rows below the occupations: the sums typed, and what the day held already."""


class SheetModel(QAbstractTableModel):
    """Counts by (occupation, hour); the last column and the last two rows are sums."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.hours = range(8, 21)
        self.counts: dict[tuple[Occupation, int], int] = {}
        self._before: Mapping[int, int] = {}

    @property
    def total(self) -> int:
        """Person-times typed so far."""
        return sum(self.counts.values())

    def set_day(self, hours: range, before: Mapping[int, int]) -> None:
        """The columns, and what the day held already by hour; what was typed stays, in columns of its own if need be."""
        typed = {hour for _occupation, hour in self.counts}
        wanted = range(min([hours.start, *typed]), max([hours.stop, *(hour + 1 for hour in typed)]))
        self._before = dict(before)
        if wanted != self.hours:
            self.beginResetModel()
            self.hours = wanted
            self.endResetModel()
        self._tell()

    def clear(self) -> None:
        """Empty every cell."""
        self.counts.clear()
        self._tell()

    def set_count(self, row: int, column: int, count: int) -> None:
        """Fill in a cell."""
        place = OCCUPATIONS[row], self.hours[column]
        if count:
            self.counts[place] = count
        else:
            self.counts.pop(place, None)
        self._tell()

    def count(self, row: int, column: int) -> int:
        """A cell's number: typed, or a sum."""
        hours = list(self.hours) if column == len(self.hours) else [self.hours[column]]
        if row == BEFORE:
            return sum(self._before.get(hour, 0) for hour in hours)
        who = OCCUPATIONS if row == TOTAL else (OCCUPATIONS[row],)
        return sum(self.counts.get((occupation, hour), 0) for occupation in who for hour in hours)

    def _tell(self) -> None:
        self.dataChanged.emit(self.index(0, 0), self.index(BEFORE, len(self.hours)))
        self.changed.emit()

    def rowCount(self, parent: Index = TOP) -> int:
        """Occupations and two sums."""
        return 0 if parent.isValid() else BEFORE + 1

    def columnCount(self, parent: Index = TOP) -> int:
        """Hours and the sum."""
        return 0 if parent.isValid() else len(self.hours) + 1

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Sums cannot be entered: the cursor passes them by."""
        if index.row() < TOTAL and index.column() < len(self.hours):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The number, and in full words for reading aloud."""
        if role == Qt.ItemDataRole.DisplayRole:
            count = self.count(index.row(), index.column())
            return str(count) if count or index.row() >= TOTAL or index.column() == len(self.hours) else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            count = self.count(index.row(), index.column())
            return t("shift_page.cell", row=self._row_name(index.row()), column=self._column_name(index.column()), count=count)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Hours above, occupations at the left."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._column_name(section) if orientation == Qt.Orientation.Horizontal else self._row_name(section)

    def _row_name(self, row: int) -> str:
        if row == BEFORE:
            return t("shift_page.already")
        return t("shift_page.total") if row == TOTAL else label(OCCUPATIONS[row])

    def _column_name(self, column: int) -> str:
        return t("shift_page.total") if column == len(self.hours) else t("shift_page.hour", hour=self.hours[column])


class _Cells(QStyledItemDelegate):
    """White cells to type in, sums on the ground of what is off."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The box, the number, a ring on the cell under the cursor."""
        worn = tokens()
        painter.save()
        brush(painter)
        rect = QRectF(option.rect).adjusted(2, 2, -2, -2)
        typed = bool(index.flags())
        text = str(index.data() or "")
        view = option.widget
        here = isinstance(view, QTableView) and view.currentIndex() == index
        box(painter, rect, worn.card if typed else worn.off, worn.line if typed else None, radius=6)
        if here and view.hasFocus():
            focus_ring(painter, rect, 6)
        elif here:
            box(painter, rect, None, worn.brand_line, radius=6)
        ink = worn.muted if index.row() == BEFORE else worn.ink
        write(painter, rect, text, face(worn.body, bold=not typed and index.row() != BEFORE), ink, CENTRE)
        painter.restore()


class _Names(QHeaderView):
    """The occupations at the left, in the size of the figures."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as the longest name."""
        names = [str(self.model().headerData(row, self.orientation())) for row in range(self.count())]
        return QSize(max((width(face(tokens().body), name) for name in names), default=0) + 20, super().sizeHint().height())

    def paintSection(self, painter: QPainter, rect: QRect, row: int) -> None:
        """The name alone."""
        name = str(self.model().headerData(row, self.orientation()))
        ink = tokens().muted if row == BEFORE else tokens().ink
        write(painter, QRectF(rect).adjusted(4, 0, 0, 0), name, face(tokens().body), ink, LEFT)


class SheetGrid(QTableView):
    """The cells of a paper sheet; ``finished`` after Enter in the last one, ``refused`` when a number would be too large."""

    finished = Signal()
    refused = Signal()

    def __init__(self, model: SheetModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet = model
        self._fresh = True
        self.setModel(model)
        self.setItemDelegate(_Cells(self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(t("shift_page.grid"))
        self.setVerticalHeader(_Names(self))
        self.setStyleSheet("QTableCornerButton::section { background: transparent; border: none; }")
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        model.modelReset.connect(self._begin)
        self._fit()
        self._begin()

    def _begin(self) -> None:
        self.setCurrentIndex(self._sheet.index(0, 0))

    def _fit(self) -> None:
        worn = tokens()
        self.horizontalHeader().setMinimumSectionSize(worn.px(40))
        self.verticalHeader().setDefaultSectionSize(worn.px(40))

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_sheet"):
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """It scrolls where there is less room."""
        return QSize(200, tokens().px(160))

    def currentChanged(self, current: Index, previous: Index) -> None:
        """The next digit begins a new number."""
        super().currentChanged(current, previous)
        self._fresh = True

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab goes from cell to cell, and out of the grid at its ends."""
        here = self.currentIndex()
        place = here.row() * len(self._sheet.hours) + here.column() + (1 if forward else -1)
        if here.isValid() and 0 <= place < TOTAL * len(self._sheet.hours):
            self._go(*divmod(place, len(self._sheet.hours)))
            return True
        return super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits fill, Backspace and Delete empty, Enter goes down; the rest as in any table."""
        control = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        text = normalize("NFKC", event.text())
        if control:
            event.ignore()
        elif len(text) == 1 and text in "0123456789":
            self._type(int(text))
        elif event.key() == Qt.Key.Key_Backspace:
            self._set(self._now() // 10)
        elif event.key() == Qt.Key.Key_Delete:
            self._set(0)
        elif event.key() in ENTER:
            self._down()
        elif text and text.isprintable():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _now(self) -> int:
        here = self.currentIndex()
        return self._sheet.count(here.row(), here.column())

    def _type(self, digit: int) -> None:
        count = digit if self._fresh else self._now() * 10 + digit
        if count > MOST_AT_ONCE:
            self.refused.emit()
            return
        self._set(count)
        self._fresh = False

    def _set(self, count: int) -> None:
        here = self.currentIndex()
        self._sheet.set_count(here.row(), here.column(), count)
        self._fresh = False

    def _down(self) -> None:
        here = self.currentIndex()
        if here.row() + 1 < TOTAL:
            self._go(here.row() + 1, here.column())
        elif here.column() + 1 < len(self._sheet.hours):
            self._go(0, here.column() + 1)
        else:
            self.finished.emit()

    def _go(self, row: int, column: int) -> None:
        self.setCurrentIndex(self._sheet.index(row, column))
