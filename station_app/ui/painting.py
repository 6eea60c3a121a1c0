"""Strokes that several controls share: round boxes, key caps, the focus ring, writing cut to its width.

::

    box(painter, rect, fill, line=None, *, radius=9, width=1)
    focus_ring(painter, rect, radius)
    write(painter, rect, text, font, colour, flags=left+centre)      elided at the right when too long
    width(font, text) -> int
    cap_size(text) -> QSize;  paint_cap(painter, rect, text, *, on_brand=False)
    paint_code(painter, spot, code)                                  a QR code in whole pixels
    plain_tip(text) -> str                                           for setToolTip: never taken as markup
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen

from ..paper import qr
from .theme import face, tokens

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
WRAPPED = Qt.TextFlag.TextWordWrap
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def brush(widget: QPainter) -> None:
    """Ask for smooth edges."""
    widget.setRenderHint(QPainter.RenderHint.Antialiasing)


def box(
    painter: QPainter, rect: QRectF, fill: str | None, line: str | None = None, *, radius: float = 9, width: float = 1
) -> None:
    """A round box; its edge lies wholly inside ``rect``."""
    painter.setPen(QPen(QColor(line), width) if line else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    inset = width / 2 if line else 0
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


def focus_ring(painter: QPainter, rect: QRectF, radius: float = 9) -> None:
    """The visible focus: a line in ink inside a gap of card, readable on any ground."""
    t = tokens()
    box(painter, rect, None, t.card, radius=radius, width=4)
    box(painter, rect, None, t.brand if not t.dark else t.ink, radius=radius, width=2)


def write(painter: QPainter, rect: QRectF, text: str, font: QFont, colour: str, flags: Qt.AlignmentFlag = LEFT) -> None:
    """One line of writing, cut with an ellipsis where it does not fit."""
    painter.setFont(font)
    painter.setPen(QColor(colour))
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, int(rect.width()) + 1)
    painter.drawText(rect, flags | Qt.TextFlag.TextSingleLine, shown)


def width(font: QFont, text: str) -> int:
    """How wide a line of writing is, in px."""
    return QFontMetrics(font).horizontalAdvance(text)


def whole(text: str, font: QFont, room: QSizeF) -> tuple[QFont, QSizeF]:
    """The type in which words stand whole in ``room`` (px), and what of it they take.

    A little smaller in one line rather than in two; in several lines rather than much smaller; never below a half.
    """
    asked, tried = font.pixelSize(), QFont(font)
    sizes = [(size, False) for size in range(asked, round(asked * 0.85) - 1, -1)]
    sizes += [(size, True) for size in range(asked, max(asked // 2, 9) - 1, -1)]
    took = QSizeF()
    for size, lines in sizes:
        tried.setPixelSize(size)
        metrics = QFontMetrics(tried)
        if not lines:
            took = QSizeF(metrics.horizontalAdvance(text) + 1, metrics.height())
        else:
            took = QSizeF(metrics.boundingRect(QRect(0, 0, int(room.width()), 10_000), WRAPPED, text).size())
        if took.width() <= room.width() and took.height() <= max(room.height(), metrics.height()):
            break
    return tried, took


def write_whole(painter: QPainter, rect: QRectF, text: str, font: QFont, colour: str, flags: Qt.AlignmentFlag = LEFT) -> None:
    """Words that must not be cut: smaller or in several lines where ``rect`` asks for that."""
    fits, took = whole(text, font, rect.size())
    if took.width() > rect.width():
        write(painter, rect, text, fits, colour, flags)
        return
    painter.setFont(fits)
    painter.setPen(QColor(colour))
    painter.drawText(rect, flags | Qt.TextFlag.TextWordWrap, text)


def cap_size(text: str) -> QSize:
    """The size of a key cap with this label."""
    t = tokens()
    height = t.px(22)
    return QSize(max(width(face(t.small), text) + t.px(14), height), height)


def paint_cap(painter: QPainter, rect: QRectF, text: str, *, on_brand: bool = False) -> None:
    """A key cap: a small box with a heavier foot, drawn next to what the key does."""
    t = tokens()
    if on_brand:
        box(painter, rect, t.key_on_brand if not t.dark else t.rail, radius=5)
        write(painter, rect, text, face(t.small), t.on_brand if not t.dark else t.ink, CENTRE)
        return
    box(painter, rect, t.line, radius=5)
    box(painter, rect.adjusted(0, 0, 0, -1), t.key, t.line, radius=5)
    write(painter, rect.adjusted(0, 0, 0, -1), text, face(t.small), t.muted, CENTRE)


def paint_code(painter: QPainter, spot: QRectF, code: qr.Code) -> None:
    """Modules in whole pixels on white in every theme: a reader at the screen has to see it too."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.fillRect(spot, QColor("#FFFFFF"))
    module = max(1, int(spot.width() / code.side))
    inset = (spot.width() - module * code.side) / 2 + module * qr.QUIET_ZONE
    for row, column, length in qr.runs(code):
        rect = QRectF(spot.left() + inset + column * module, spot.top() + inset + row * module, length * module, module)
        painter.fillRect(rect, QColor("#1F2523"))
    painter.restore()


def plain_tip(text: str) -> str:
    """A tool tip that says just this: Qt takes what looks like markup for markup, and a name may be typed to look like it."""
    if "<" not in text:
        return text
    from html import escape

    return f"<span>{escape(text)}</span>"
