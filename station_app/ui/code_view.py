"""A QR code on the screen, painted as the badge's is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from .painting import paint_code
from .theme import tokens

SIDE = 132
"""Pixels of a code with its quiet zone."""


class CodeView(QWidget):
    """The QR code of a short text; it is read aloud as that text."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show the code of another text; nothing for an empty one."""
        from ..paper import qr

        self._code = qr.matrix(text) if text else None
        self.setAccessibleName(text)
        self.update()

    def sizeHint(self) -> QSize:
        """A square, larger in large type."""
        side = tokens().px(SIDE)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """A code that is cut cannot be read."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The code, as large as there is room."""
        if self._code is not None:
            side = min(self.width(), self.height())
            paint_code(QPainter(self), QRectF(0, 0, side, side), self._code)
