"""A district's form on the screen: its cells as they stand, those that are bound in the brand's colour with their figure."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from ...paper import figure_words as words
from ...paper.forms import Grid
from ...services.bindings import Binding, Bound
from ...words import t
from ..painting import CENTRE, box, brush, write
from ..theme import face, tokens

Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()
LETTERS = 26


def cell_name(row: int, column: int) -> str:
    """A cell as a spreadsheet calls it: B5; row and column from 1."""
    letters, number = "", column
    while number:
        number, rest = divmod(number - 1, LETTERS)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


class GridModel(QAbstractTableModel):
    """A sheet of a form beside its binding."""

    def __init__(self) -> None:
        super().__init__()
        self.grid: Grid | None = None
        self.binding = Binding("", "", ())
        self._bound: dict[str, Bound] = {}

    def show(self, grid: Grid | None, binding: Binding) -> None:
        """Show another sheet, or another binding of the same."""
        self.beginResetModel()
        self.grid, self.binding = grid, binding
        self._bound = {one.cell: one for one in binding.cells if grid is not None and one.sheet == grid.name}
        self.endResetModel()

    def bound(self, row: int, column: int) -> Bound | None:
        """What a cell (from 1) is bound to."""
        return self._bound.get(cell_name(row, column))

    def rowCount(self, parent: Index = TOP) -> int:
        """The rows that are shown."""
        return 0 if parent.isValid() or self.grid is None else self.grid.rows

    def columnCount(self, parent: Index = TOP) -> int:
        """The columns that are shown."""
        return 0 if parent.isValid() or self.grid is None else self.grid.columns

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What stands there; read aloud with what it is bound to."""
        if self.grid is None or not index.isValid():
            return None
        row, column = index.row() + 1, index.column() + 1
        text, bound = self.grid.text(row, column), self.bound(row, column)
        if role == Qt.ItemDataRole.DisplayRole:
            return text if bound is None else f"{bound.after}{_short(bound)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return text if bound is None else words.described(bound)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            told = words.described(bound) if bound is not None else text
            return f"{cell_name(row, column)} {told}"
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Letters across, numbers down."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return cell_name(1, section + 1)[:-1] if orientation == Qt.Orientation.Horizontal else str(section + 1)


def _short(bound: Bound) -> str:
    """A figure without what the label of its row says already."""
    parts = {part: values for part, values in bound.parts.items() if part not in ("occupation", "day") or len(values) > 1}
    return words.described(Bound(bound.sheet, bound.cell, bound.figure, parts))


class _CellPainter(QStyledItemDelegate):
    """Paints a cell: framed, bound ones tinted, formulas muted, the chosen one in a ring."""

    def __init__(self, model: GridModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """The height of a row."""
        return QSize(0, tokens().px(30))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """The cell."""
        worn, rect, grid = tokens(), QRectF(option.rect), self._model.grid
        row, column = index.row() + 1, index.column() + 1
        bound = self._model.bound(row, column)
        cell = grid.cells.get((row, column)) if grid is not None else None
        painter.save()
        brush(painter)
        painter.fillRect(rect, worn.brand_soft if bound is not None else worn.card)
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), worn.line)
        painter.fillRect(QRectF(rect.right() - 1, rect.top(), 1, rect.height()), worn.line)
        text = str(index.data() or "")
        ink = worn.brand if bound is not None else worn.muted if cell is not None and cell.formula else worn.ink
        write(painter, rect.adjusted(5, 0, -5, 0), text, face(worn.small), ink, CENTRE)
        if index.row() == self._current().row() and index.column() == self._current().column():
            box(painter, rect.adjusted(1, 1, -2, -2), None, worn.brand, radius=2, width=2)
        painter.restore()

    def _current(self) -> QModelIndex:
        view = self.parent()
        assert isinstance(view, GridView)
        return view.currentIndex()


class GridView(QTableView):
    """Points at cells: ``picked(row, column)`` from 1; Delete asks to leave the cell alone."""

    picked = Signal(int, int)
    cleared = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.cells = GridModel()
        self.setModel(self.cells)
        self.setItemDelegate(_CellPainter(self.cells, self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setAccessibleName(t("forms_page.sheet"))
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.selectionModel().currentChanged.connect(self._moved)

    def show_sheet(self, grid: Grid | None, binding: Binding) -> None:
        """Show a sheet; the cell that was chosen stays so."""
        row, column = self.currentIndex().row(), self.currentIndex().column()
        same = grid is not None and grid is self.cells.grid
        self.cells.show(grid, binding)
        if grid is None:
            return
        if not same:
            self.clearSpans()
            for top, left, bottom, right in grid.merged:
                if top <= grid.rows and left <= grid.columns and (bottom > top or right > left):
                    self.setSpan(top - 1, left - 1, min(bottom, grid.rows) - top + 1, min(right, grid.columns) - left + 1)
            self._measure(grid)
        elif row >= 0:
            self.blockSignals(True)
            self.setCurrentIndex(self.cells.index(row, column))
            self.blockSignals(False)

    def _measure(self, grid: Grid) -> None:
        """Columns as wide as in the file, but readable."""
        scale = tokens().px
        for column in range(grid.columns):
            wide = min(max(int(grid.widths.get(column + 1, 12) * 8), 72), 220)
            self.setColumnWidth(column, scale(wide))
        self.verticalHeader().setDefaultSectionSize(scale(30))
        self.verticalHeader().setFixedWidth(scale(40))
        self.horizontalHeader().setFixedHeight(scale(26))

    def choose(self, row: int, column: int) -> None:
        """Point at a cell."""
        self.setCurrentIndex(self.cells.index(row - 1, column - 1))

    def _moved(self, now: QModelIndex, _before: QModelIndex) -> None:
        self.viewport().update()
        if now.isValid():
            self.picked.emit(now.row() + 1, now.column() + 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete leaves the cell alone; letters are nobody's."""
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.currentIndex().isValid():
            self.cleared.emit(self.currentIndex().row() + 1, self.currentIndex().column() + 1)
        elif event.text().isprintable() and event.text():
            event.ignore()
        else:
            super().keyPressEvent(event)
