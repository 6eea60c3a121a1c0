"""Our icons: SVG on a 24 px grid, painted in any colour, sharp at any scale.

::

    icon(name, colour, size=20) -> QIcon
    pixmap(name, colour, size=20, ratio=1.0) -> QPixmap      at the device pixel ratio, cached
    paint(painter, name, colour, rect)                       for controls that paint themselves
    names() -> tuple[str, ...]

Names are the files in assets/icons.
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from ..paths import asset


def names() -> tuple[str, ...]:
    """Every icon there is, in order."""
    return tuple(sorted(file.stem for file in asset("icons").glob("*.svg")))


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    source = asset("icons", f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(source.replace("currentColor", colour).encode())


def paint(painter: QPainter, name: str, colour: str, rect: QRectF) -> None:
    """Paint the icon into ``rect`` (logical px); FileNotFoundError for a name that is not there."""
    _renderer(name, colour).render(painter, rect)


@lru_cache(maxsize=256)
def pixmap(name: str, colour: str, size: int = 20, ratio: float = 1.0) -> QPixmap:
    """The icon as a transparent picture of ``size`` logical px at the device pixel ratio ``ratio``."""
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    paint(painter, name, colour, QRectF(0, 0, size, size))
    painter.end()
    return picture


def icon(name: str, colour: str, size: int = 20) -> QIcon:
    """The icon for a plain Qt button or action, at the ratio of the sharpest screen."""
    app = QApplication.instance()
    ratio = app.devicePixelRatio() if isinstance(app, QApplication) else 1.0
    return QIcon(pixmap(name, colour, size, ratio))
