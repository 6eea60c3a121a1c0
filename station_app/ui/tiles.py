"""A large thing to choose: icon, name, and a line that says what it is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from . import icons
from .buttons import Press
from .painting import box, brush, focus_ring, plain_tip, width, write
from .theme import RADIUS_SMALL, face, tokens


class Tile(Press):
    """Chosen while it is checked; the arrow keys go to the tiles beside it, Enter and Space press it."""

    def __init__(self, icon: str, title: str, line: str = "", *, parent: QWidget | None = None) -> None:
        self._icon, self._line = icon, line
        super().__init__(title, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(line)
        self.setToolTip(plain_tip(line))

    def show_state(self, title: str, line: str) -> None:
        """Say something else."""
        self._line = line
        self.setAccessibleDescription(line)
        self.setToolTip(plain_tip(line))
        self.set_text(title)
        self.update()

    def line(self) -> str:
        """The second line."""
        return self._line

    def sizeHint(self) -> QSize:
        """Two lines and air."""
        t = tokens()
        words = max(width(face(t.strong), self._words), width(face(t.small), self._line))
        return QSize(words + t.px(58), t.px(66))

    def minimumSizeHint(self) -> QSize:
        """Long words are cut before the page grows."""
        return QSize(tokens().px(140), self.sizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The arrow keys move among the tiles of the same parent."""
        step = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1
        }.get(Qt.Key(event.key()))  # fmt: skip
        parent = self.parentWidget()
        if step is None or parent is None:
            super().keyPressEvent(event)
            return
        beside = [tile for tile in parent.findChildren(Tile) if tile.isVisible() and tile.isEnabled()]
        beside[(beside.index(self) + step) % len(beside)].setFocus(Qt.FocusReason.TabFocusReason)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, icon, two lines."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        on, lit = self.isChecked(), self.isEnabled() and (self.underMouse() or self.isDown())
        fill = t.brand_soft if on else t.card if self.isEnabled() else t.off
        box(painter, rect, fill, t.brand if on or lit else t.line, radius=RADIUS_SMALL, width=2 if on else 1)
        pad, size = t.px(14), t.px(20)
        ink = t.ink if self.isEnabled() else t.muted
        top = t.px(10) if self._line else (rect.height() - t.px(26)) / 2
        icons.paint(
            painter, self._icon, t.brand if self.isEnabled() else t.muted, QRectF(pad, top + t.px(3), size, size)
        )
        left = pad + size + t.px(9)
        room = rect.width() - left - pad
        write(painter, QRectF(left, top, room, t.px(26)), self._words, face(t.body, bold=on), ink)
        write(painter, QRectF(left, top + t.px(26), room, t.px(20)), self._line, face(t.small), t.muted)
        if self.hasFocus():
            focus_ring(painter, rect)
