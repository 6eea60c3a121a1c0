"""A picture that is not kept yet, large: a part of it is covered by dragging a frame over it, or by keys.

::

    Covering().show_jpeg(jpeg)    .covered(Box) .undone .left_out .left: what is wanted; who shows it does it
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ..words import t
from .kit import Button, Column, FlowLayout, Text
from .painting import box, brush, focus_ring
from .pictures import drawn
from .theme import RADIUS_SMALL, tokens

DOWN = 260
"""Pixels of the picture's room from top to bottom."""
STEPS = 24
"""A key moves the frame by so many parts of the picture's longer side."""
LEAST = 4
"""Pixels of a frame that was dragged on purpose."""
_MOVES = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class Frame(QWidget):
    """The picture with the frame on it; arrows move the frame, with Shift they make it larger or smaller, Enter covers."""

    covered = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self.frame = QRect()
        self._from: QPoint | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(t("requests_page.cover_picture"))
        self.setAccessibleDescription(t("requests_page.cover_hint"))

    def show_image(self, image: QImage) -> None:
        """Show this; the frame stays where it was on a picture of the same size, and is in the middle of another."""
        if image.size() != self._image.size():
            side = max(min(image.width(), image.height()) // 4, 1)
            self.frame = QRect((image.width() - side) // 2, (image.height() - side) // 2, side, side)
        self._image = image
        self.update()

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(tokens().px(DOWN), tokens().px(DOWN))

    def spot(self) -> QRectF:
        """Where the picture stands in the widget."""
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        return QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows and Enter; everything else is for whoever shows this."""
        move = _MOVES.get(Qt.Key(event.key()))
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if event.key() in _ENTER and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._tell()
        elif move is not None:
            step = max(max(self._image.width(), self._image.height()) // STEPS, 1)
            self._change(move[0] * step, move[1] * step, grow=bool(shift))
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A frame begins here."""
        self._from = self._in_picture(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The frame reaches to here."""
        if self._from is not None:
            self._reach(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """What is in the frame is covered; a click alone covers nothing."""
        if self._from is None:
            return
        self._reach(event)
        self._from = None
        if min(self.frame.width(), self.frame.height()) >= LEAST:
            self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture on its ground, the frame in white with a dark line, to be seen on any picture."""
        painter = QPainter(self)
        brush(painter)
        box(painter, QRectF(self.rect()), tokens().neutral_soft, radius=RADIUS_SMALL)
        if not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            spot = self.spot()
            painter.drawImage(spot, self._image)
            scale = spot.width() / self._image.width()
            framed = QRectF(
                spot.x() + self.frame.x() * scale, spot.y() + self.frame.y() * scale,
                self.frame.width() * scale, self.frame.height() * scale,
            )  # fmt: skip
            painter.setBrush(Qt.BrushStyle.NoBrush)
            for colour, wide in ((QColor(0, 0, 0), 4), (QColor(255, 255, 255), 2)):
                painter.setPen(QPen(colour, wide))
                painter.drawRect(framed)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()), RADIUS_SMALL)

    def _tell(self) -> None:
        if not self._image.isNull():
            self.covered.emit((self.frame.x(), self.frame.y(), self.frame.width(), self.frame.height()))

    def _change(self, across: int, down: int, *, grow: bool) -> None:
        """Move the frame, or its lower right corner; it stays on the picture and never gets narrower than a step."""
        whole, step = self._image.rect(), max(abs(across), abs(down))
        if grow:
            width = min(max(self.frame.width() + across, step), whole.width() - self.frame.x())
            height = min(max(self.frame.height() + down, step), whole.height() - self.frame.y())
            self.frame.setSize(QSize(width, height))
        else:
            x = min(max(self.frame.x() + across, 0), whole.width() - self.frame.width())
            y = min(max(self.frame.y() + down, 0), whole.height() - self.frame.height())
            self.frame.moveTo(x, y)
        self.update()

    def _in_picture(self, point: QPoint) -> QPoint:
        """A point of the widget in pixels of the picture, at its edge at most."""
        spot = self.spot()
        if spot.isEmpty():
            return QPoint()
        x = (point.x() - spot.x()) * self._image.width() / spot.width()
        y = (point.y() - spot.y()) * self._image.height() / spot.height()
        return QPoint(round(min(max(x, 0), self._image.width())), round(min(max(y, 0), self._image.height())))

    def _reach(self, event: QMouseEvent) -> None:
        start, end = self._from, self._in_picture(event.position().toPoint())
        if start is not None:
            left, top = min(start.x(), end.x()), min(start.y(), end.y())
            self.frame = QRect(left, top, abs(end.x() - start.x()), abs(end.y() - start.y()))
            self.update()


class Covering(QWidget):
    """The large view of a picture before it is kept, with what can be done with it; every button has its key."""

    covered = Signal(object)
    undone = Signal()
    left_out = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.frame = Frame()
        self.frame.covered.connect(self.covered)
        self.said = Text("", "small", wrap=True)
        self.undo_button = Button(t("requests_page.uncover"), icon="undo", key="⌫")
        leave_out = Button(t("requests_page.leave_out"), "danger", icon="bin", key="Del")
        done = Button(t("requests_page.cover_done"), key="Esc")
        self.undo_button.clicked.connect(self.undone)
        leave_out.clicked.connect(self.left_out)
        done.clicked.connect(self.left)
        row = FlowLayout(8)
        for button in (self.undo_button, leave_out, done):
            row.addWidget(button)
        column = Column(self.frame, self.said, Text(t("requests_page.cover_hint"), "small", wrap=True), gap=6)
        column.addLayout(row)
        self.setLayout(column)
        self.setFocusProxy(self.frame)

    def show_jpeg(self, jpeg: bytes, covered: int) -> None:
        """Show this, of which so many parts are covered."""
        self.frame.show_image(drawn(jpeg))
        self.said.set(t("requests_page.covered", n=covered) if covered else "")
        self.said.setVisible(bool(covered))
        self.undo_button.setEnabled(bool(covered))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Backspace takes the last cover off, Delete leaves the picture out, Esc goes back to the form."""
        deeds = {Qt.Key.Key_Backspace: self.undone, Qt.Key.Key_Delete: self.left_out, Qt.Key.Key_Escape: self.left}
        deed = deeds.get(Qt.Key(event.key()))
        if deed is None:
            super().keyPressEvent(event)
        else:
            deed.emit()
