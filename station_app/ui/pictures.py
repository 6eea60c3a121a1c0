"""Pictures in the window: small ones to press, a large one to read, files chosen or dropped and made ready off the GUI thread.

::

    Thumb(number)                     .show_image(QImage or None);  Enter or a click presses it
    Large()                           .show_image(QImage);  Enter shows it as it is and back, arrows move over it
    Bringing(prepare).bring(paths)    each made ready in turn; .ready(jpeg, QImage) .refused(StationError) .done
    choose_pictures(parent, then)     the system's file window;  files_of(mime) -> paths that were dropped
    drawn(jpeg, across, down)         a QImage that covers so many pixels; any thread
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QKeyEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from ..errors import StationError
from ..words import t
from . import icons
from .buttons import Press
from .painting import box, brush, focus_ring
from .theme import RADIUS_SMALL, tokens

ACROSS, DOWN = 112, 78
"""Pixels of a small picture (design of the requests page)."""
ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})
STEP = 80.0
"""Pixels that an arrow key moves a picture by."""

Then = Callable[[bytes], None]
Otherwise = Callable[[StationError], None]
Prepare = Callable[[Path, Then, Otherwise], None]
"""Makes one file ready off the GUI thread and tells the JPEG or why not on it."""


def drawn(jpeg: bytes, across: int = 0, down: int = 0) -> QImage:
    """A picture, as it is or so that it covers ``across`` times ``down`` pixels; null for what cannot be drawn."""
    held = QByteArray(jpeg)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, b"jpeg")
    size = reader.size()
    if across and down and size.isValid():
        reader.setScaledSize(size.scaled(across, down, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    return reader.read()


def files_of(mime: QMimeData) -> list[Path]:
    """The files of this machine among what is dropped."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def picture_of(mime: QMimeData) -> Path | None:
    """The one picture among what is dropped, by its ending; None when it is anything else."""
    files = files_of(mime)
    return files[0] if len(files) == 1 and files[0].suffix.lower() in ENDINGS else None


def choose_pictures(parent: QWidget, then: Callable[[Sequence[Path]], None]) -> None:
    """The system's own file window; the desk goes on behind it."""
    dialog = QFileDialog(parent, t("requests_page.choose_pictures"))
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setNameFilters([t("requests_page.picture_files") + " (*.jpg *.jpeg *.png *.webp)", t("import_wizard.all_files") + " (*)"])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(lambda names: then([Path(name) for name in names]))
    dialog.setModal(False)
    dialog.show()


class Bringing(QObject):
    """Files on their way to be pictures: told one by one, in their order."""

    ready = Signal(object)
    refused = Signal(object)
    done = Signal()

    def __init__(self, prepare: Prepare, parent: QObject) -> None:
        super().__init__(parent)
        self._prepare = prepare
        self._under_way = 0

    @property
    def idle(self) -> bool:
        """Whether every file was told."""
        return self._under_way == 0

    def bring(self, paths: Sequence[Path]) -> None:
        """Make these ready too."""
        for path in paths:
            self._under_way += 1
            self._prepare(path, self._ready, self._refused)

    def _ready(self, jpeg: bytes) -> None:
        if shiboken6.isValid(self):
            self.ready.emit(jpeg)
            self._end()

    def _refused(self, error: StationError) -> None:
        if shiboken6.isValid(self):
            self.refused.emit(error)
            self._end()

    def _end(self) -> None:
        self._under_way -= 1
        if self.idle:
            self.done.emit()


class Thumb(Press):
    """A small picture, cut to its frame; an icon until it is read, a warning where it cannot be."""

    def __init__(self, number: int, parent: QWidget | None = None) -> None:
        super().__init__(t("requests_page.picture_no", n=number), parent)
        self._image: QImage | None = None
        self._lost = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_image(self, image: QImage | None) -> None:
        """Show this; None for one whose file cannot be read."""
        self._image, self._lost = image, image is None
        self.setAccessibleDescription(t("requests_page.picture_lost") if self._lost else "")
        self.setToolTip(self.accessibleDescription())
        self.update()

    @property
    def seen(self) -> bool:
        """Whether the picture itself is shown."""
        return self._image is not None

    def sizeHint(self) -> QSize:
        """As in the design, larger in large type."""
        return QSize(tokens().px(ACROSS), tokens().px(DOWN))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture in round corners, or what stands for it."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        box(painter, rect, worn.neutral_soft, radius=RADIUS_SMALL)
        if self._image is not None and not self._image.isNull():
            frame = QPainterPath()
            frame.addRoundedRect(rect, RADIUS_SMALL, RADIUS_SMALL)
            painter.setClipPath(frame)
            size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatioByExpanding)
            spot = QRectF((self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height())
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(spot, self._image)
            painter.setClipping(False)
        else:
            side = worn.px(24)
            spot = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
            icons.paint(painter, "warning" if self._lost else "picture", worn.attention if self._lost else worn.muted, spot)
        if self.hasFocus():
            focus_ring(painter, rect, RADIUS_SMALL)


class Large(QWidget):
    """One picture as large as there is room; Enter or a click shows its own pixels, arrows move over them."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._shift = QPointF()
        self.close_up = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 220)

    def show_image(self, image: QImage) -> None:
        """Show another one, whole."""
        self._image, self.close_up, self._shift = image, False, QPointF()
        self.update()

    def turn(self) -> None:
        """From the whole picture to its own pixels and back."""
        self.close_up, self._shift = not self.close_up, QPointF()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter turns; arrows move while it is close."""
        moves = {Qt.Key.Key_Left: (1, 0), Qt.Key.Key_Right: (-1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
        move = moves.get(Qt.Key(event.key()))
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.turn()
        elif move is not None and self.close_up:
            self._shift += QPointF(move[0] * STEP, move[1] * STEP)
            self.update()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: object) -> None:
        """A click turns."""
        self.turn()

    def _spot(self) -> QRectF:
        """Where the picture stands; moved no further than its edge."""
        room = QSize(self.size())
        size = self._image.size()
        if not self.close_up:
            size = size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        spare_x, spare_y = (room.width() - size.width()) / 2, (room.height() - size.height()) / 2
        most_x, most_y = max(-spare_x, 0.0), max(-spare_y, 0.0)
        self._shift = QPointF(min(max(self._shift.x(), -most_x), most_x), min(max(self._shift.y(), -most_y), most_y))
        return QRectF(spare_x + self._shift.x(), spare_y + self._shift.y(), size.width(), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture on its ground."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        box(painter, QRectF(self.rect()), worn.neutral_soft, radius=RADIUS_SMALL)
        if self._image.isNull():
            side = worn.px(32)
            icons.paint(painter, "picture", worn.muted, QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side))
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.setClipRect(self.rect())
            painter.drawImage(self._spot(), self._image)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()), RADIUS_SMALL)
