"""What the screen for visitors is made of: writing, tiles, faces and digits that grow with the screen.

Sizes are those of a screen of 1366 x 768 px (design/kiosk.png); ``grow`` gives every part the same factor.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from ..words import t
from . import icons
from .buttons import Press
from .painting import CENTRE, LEFT, box, brush, focus_ring, whole, width, write, write_whole
from .theme import face, tokens


class Growing(QWidget):
    """Something whose sizes are multiples of ``factor``."""

    factor = 1.0

    def grow(self, factor: float) -> None:
        """Take another factor."""
        self.factor = factor
        self.updateGeometry()
        self.update()

    def px(self, length: float) -> int:
        """A length of the design on this screen."""
        return round(length * self.factor)


class Words(Growing):
    """Writing of any size, wrapped; it is read aloud as it stands."""

    def __init__(self, text: str = "", size: int = 22, *, bold: bool = False, colour: str = "ink", middle: bool = False) -> None:
        super().__init__()
        self._size, self._bold, self._colour, self._middle = size, bold, colour, middle
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set(text)

    def set(self, text: str, colour: str = "") -> None:
        """Say something else."""
        self._text, self._colour = text, colour or self._colour
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """What is said."""
        return self._text

    def hasHeightForWidth(self) -> bool:
        """Lines wrap."""
        return True

    def heightForWidth(self, wide: int) -> int:
        """What the lines need."""
        metrics = QFontMetrics(face(self.px(self._size), bold=self._bold))
        rect = metrics.boundingRect(0, 0, max(wide, 1), 10_000, Qt.TextFlag.TextWordWrap, self._text or " ")
        return rect.height() + self.px(2)

    def sizeHint(self) -> QSize:
        """One line."""
        font = face(self.px(self._size), bold=self._bold)
        return QSize(min(width(font, self._text) + 4, self.px(1200)), QFontMetrics(font).height() + self.px(2))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The lines."""
        painter = QPainter(self)
        brush(painter)
        painter.setFont(face(self.px(self._size), bold=self._bold))
        painter.setPen(getattr(tokens(), self._colour))
        across = Qt.AlignmentFlag.AlignHCenter if self._middle else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(self.rect()), across | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextWordWrap, self._text)


class Tile(Press):
    """A big white button with one word, an icon and a line below if wished."""

    def __init__(self, text: str, *, icon: str = "", line: str = "", size: int = 30, key: str = "", tone: str = "ink") -> None:
        self._icon, self._line, self._size, self._key, self._tone = icon, line, size, key, tone
        self.factor = 1.0
        super().__init__(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleDescription(line)

    def grow(self, factor: float) -> None:
        """Take another factor."""
        self.factor = factor
        self.updateGeometry()

    def show_line(self, line: str) -> None:
        """Another line below."""
        self._line = line
        self.setAccessibleDescription(line)
        self.update()

    def sizeHint(self) -> QSize:
        """Room for a thumb in a glove."""
        return QSize(round(120 * self.factor), round(64 * self.factor))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, icon, word, line."""
        worn, unit = tokens(), self.factor
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        radius = min(22 * unit, rect.height() / 3)
        around = worn.brand if self.underMouse() or self.isDown() else worn.line
        box(painter, rect, worn.brand_soft if self.isDown() else worn.card, around, radius=radius)
        ink = worn.muted if not self.isEnabled() else getattr(worn, self._tone)
        icon = round(self._size * 1.35 * unit) if self._icon else 0
        gap = round(14 * unit) if self._icon and self.words() else 0
        edge = round(12 * unit)
        below, room = round(30 * unit) if self._line else 0, QSizeF(rect.width() - 2 * edge - icon - gap, rect.height() - edge)
        font, took = whole(self.words(), face(round(self._size * unit), bold=True), room - QSizeF(0, below))
        high = max(took.height(), round(self._size * 1.35 * unit))
        x = max(edge, (rect.width() - icon - gap - took.width()) / 2)
        row = QRectF(x, (rect.height() - high - below) / 2, rect.width() - x - edge, high)
        if icon:
            icons.paint(painter, self._icon, ink, QRectF(x, row.center().y() - icon / 2, icon, icon))
            row.setLeft(x + icon + gap)
        else:
            row.setLeft(edge)
        write_whole(painter, row, self.words(), font, ink, LEFT if icon else CENTRE)
        if self._line:
            write_whole(painter, QRectF(10, row.bottom(), rect.width() - 20, below), self._line, face(round(19 * unit)), worn.muted, CENTRE)
        if self._key:
            spot = QRectF(rect.width() - 34 * unit, 10 * unit, 24 * unit, 22 * unit)
            write(painter, spot, self._key, face(round(15 * unit)), worn.muted, CENTRE)
        if self.hasFocus():
            focus_ring(painter, rect, radius)


class Banner(Growing):
    """The dark band that says what to do with a card."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._lines = ("", "")

    def set(self, first: str, second: str) -> None:
        """Its two lines."""
        self._lines = (first, second)
        self.setAccessibleName(f"{first} {second}")
        self.update()

    def sizeHint(self) -> QSize:
        """As in the design."""
        return QSize(self.px(900), self.px(132))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, sign, lines."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        box(painter, rect, worn.rail, radius=self.px(24))
        side = self.px(54)
        icons.paint(painter, "scan", worn.toast_link, QRectF(self.px(44), (rect.height() - side) / 2, side, side))
        left, middle = self.px(138), rect.height() / 2
        write_whole(painter, QRectF(left, middle - self.px(44), rect.width() - left - 20, self.px(46)), self._lines[0],
                    face(self.px(32), bold=True), worn.rail_ink)  # fmt: skip
        write_whole(painter, QRectF(left, middle + self.px(4), rect.width() - left - 20, self.px(32)), self._lines[1],
                    face(self.px(20)), worn.rail_muted)  # fmt: skip


class Pad(Growing):
    """Digits to tap: 1-9, back, 0, done. ``typed`` tells every digit, ``back`` and ``done`` the two others."""

    typed = Signal(str)
    back = Signal()
    done = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.keys: dict[str, Tile] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(10)
        for place, digit in enumerate("123456789"):
            self._put(grid, Tile(digit), *divmod(place, 3), digit)
        self._put(grid, Tile("", icon="undo"), 3, 0, "back")
        self._put(grid, Tile("0"), 3, 1, "0")
        self._put(grid, Tile("", icon="check", tone="brand"), 3, 2, "done")
        self.speak()

    def speak(self) -> None:
        """The two without a digit are read aloud."""
        self.keys["back"].setAccessibleName(t("kiosk.pad_back"))
        self.keys["done"].setAccessibleName(t("kiosk.pad_done"))

    def _put(self, grid: QGridLayout, tile: Tile, row: int, column: int, name: str) -> None:
        self.keys[name] = tile
        tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid.addWidget(tile, row, column)
        if name.isdigit():
            tile.clicked.connect(lambda: self.typed.emit(name))
        else:
            tile.clicked.connect(self.back if name == "back" else self.done)

    def grow(self, factor: float) -> None:
        """All keys with it."""
        super().grow(factor)
        for tile in self.keys.values():
            tile.grow(factor)

    def sizeHint(self) -> QSize:
        """Four rows."""
        return QSize(self.px(380), self.px(330))


class Dots(Growing):
    """What was typed of a secret, as dots; of a card number, as digits."""

    def __init__(self, places: int, *, secret: bool) -> None:
        super().__init__()
        self._places, self._secret, self._text = places, secret, ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set(self, text: str) -> None:
        """So much was typed."""
        self._text = text
        self.setAccessibleName(str(len(text)) if self._secret else text)
        self.update()

    def sizeHint(self) -> QSize:
        """A row of places."""
        return QSize(self.px(56) * self._places, self.px(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A box for each place."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        side, gap = self.px(50), self.px(8)
        wide = self._places * (side + gap) - gap
        left = (self.width() - wide) / 2
        for place in range(self._places):
            spot = QRectF(left + place * (side + gap), self.px(6), side, self.px(58))
            box(painter, spot, worn.card, worn.brand if place == len(self._text) else worn.line, radius=self.px(10))
            if place < len(self._text):
                shown = "•" if self._secret else self._text[place]
                write(painter, spot, shown, face(self.px(30), bold=True), worn.ink, CENTRE)


class Time(Growing):
    """The strip that runs out before the screen is the next visitor's."""

    def __init__(self) -> None:
        super().__init__()
        self._share = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_share(self, share: float) -> None:
        """So much of the time is left."""
        self._share = min(max(share, 0.0), 1.0)
        self.update()

    def sizeHint(self) -> QSize:
        """Thin."""
        return QSize(self.px(100), self.px(6))

    def paintEvent(self, event: QPaintEvent) -> None:
        """What is left of it."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        box(painter, rect, worn.track, radius=rect.height() / 2)
        rect.setWidth(rect.width() * self._share)
        box(painter, rect, worn.brand, radius=rect.height() / 2)


def grow_all(inside: QWidget, factor: float) -> None:
    """Give every part of a screen its factor."""
    for part in inside.findChildren(QWidget):
        if isinstance(part, Growing | Tile):
            part.grow(factor)


def across(parts: Sequence[QWidget], columns: int, gap: int) -> QGridLayout:
    """Parts in rows of ``columns``, all as wide."""
    grid = QGridLayout()
    grid.setSpacing(gap)
    for place, part in enumerate(parts):
        grid.addWidget(part, *divmod(place, columns))
    for column in range(columns):
        grid.setColumnStretch(column, 1)
    return grid
