"""Equal tiles in as many rows as they need, every row full width: the shelf and the tally of the desk."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..theme import tokens


class Tiles(QWidget):
    """Tiles at least ``narrowest`` px wide and ``height`` px high (in normal type), ``gap`` px apart."""

    def __init__(self, *, narrowest: int, height: int, gap: int) -> None:
        super().__init__()
        self._narrowest, self._tile_height, self._gap = narrowest, height, gap
        self._tiles: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_tiles(self, tiles: Sequence[QWidget]) -> None:
        """Show these instead; the old ones go."""
        for old in self._tiles:
            old.hide()
            old.deleteLater()
        self._tiles = list(tiles)
        for tile in self._tiles:
            tile.setParent(self)
            tile.show()
        self._place()

    def sizeHint(self) -> QSize:
        """Its rows."""
        return QSize(4 * self._narrowest, self._rows() * (self._high() + self._gap) - self._gap)

    def minimumSizeHint(self) -> QSize:
        """One column is enough."""
        return QSize(self._narrowest, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self._place()

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_tiles"):
            self._place()

    def _high(self) -> int:
        return tokens().px(self._tile_height)

    def _rows(self) -> int:
        most = max(1, (self.width() + self._gap) // (tokens().px(self._narrowest) + self._gap))
        return max(1, -(-len(self._tiles) // most))

    def _place(self) -> None:
        rows = self._rows()
        columns = max(1, -(-len(self._tiles) // rows))
        wide = (self.width() - self._gap * (columns - 1)) / columns
        high = self._high()
        for number, tile in enumerate(self._tiles):
            row, column = divmod(number, columns)
            left = round(column * (wide + self._gap))
            right = round(column * (wide + self._gap) + wide)
            tile.setGeometry(left, row * (high + self._gap), right - left, high)
        self.setFixedHeight(self.sizeHint().height())
