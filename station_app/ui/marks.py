"""Marks that only show: writing in a role, pills, key caps, icons. Import them from ``ui.kit``, which lists them."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from . import icons
from .painting import LEFT, box, brush, cap_size, paint_cap, plain_tip, width, write
from .theme import face, tokens, tone


class Text(QLabel):
    """Writing in one of the roles of theme.py; what people typed is never taken as markup."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        *,
        wrap: bool = False,
        selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setText(text)

    def set(self, text: str, role: str | None = None) -> None:
        """Say something else, in another role if given."""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(text)
        if role is not None and role != self.property("role"):
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)


class Pill(QWidget):
    """A small rounded mark of a state: text in a tone, perhaps after an icon."""

    def __init__(
        self, text: str, tone: str = "plain", *, icon: str = "", bold: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon, self._bold = icon, bold
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._text = self._tone = ""
        self.show_state(text, tone)

    def show_state(self, text: str, tone: str | None = None) -> None:
        """Say something else, in another tone if given."""
        self._text, self._tone = text, tone or self._tone
        self.setAccessibleName(text)
        self.setToolTip(plain_tip(text))
        self.updateGeometry()
        self.update()

    def set_icon(self, icon: str) -> None:
        """Show another icon, or none for an empty name."""
        self._icon = icon
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        """The writing."""
        return self._text

    def sizeHint(self) -> QSize:
        """The writing and round ends."""
        t = tokens()
        icon = t.px(14) + t.px(4) if self._icon else 0
        return QSize(width(face(t.small, bold=self._bold), self._text) + icon + t.px(24), t.px(26))

    def minimumSizeHint(self) -> QSize:
        """Long words are cut before the page grows."""
        return QSize(min(self.sizeHint().width(), tokens().px(72)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, icon, writing."""
        t = tokens()
        colours = tone(self._tone)
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        box(painter, rect, colours.fill, colours.line, radius=rect.height() / 2)
        inner = rect.adjusted(t.px(12), 0, -t.px(12) + 2, 0)
        if self._icon:
            size = t.px(14)
            icons.paint(painter, self._icon, colours.ink, QRectF(inner.left(), (rect.height() - size) / 2, size, size))
            inner.setLeft(inner.left() + size + t.px(4))
        write(painter, inner, self._text, face(t.small, bold=self._bold), colours.ink, LEFT)


class KeyCap(QWidget):
    """The label of a key, shown next to what it does."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = text
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The label and a little air."""
        return cap_size(self._text)

    def minimumSizeHint(self) -> QSize:
        """No smaller than it asks for."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The cap."""
        painter = QPainter(self)
        brush(painter)
        paint_cap(painter, QRectF(self.rect()), self._text)


class Icon(QWidget):
    """An icon that only shows; ``colour`` is the name of a token. It is not read aloud: the words beside it are."""

    def __init__(self, name: str, colour: str = "ink", size: int = 20, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._colour, self._size = name, colour, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A square, larger in large type."""
        side = tokens().px(self._size)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        """No smaller than it asks for."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The drawing."""
        icons.paint(QPainter(self), self._name, getattr(tokens(), self._colour), QRectF(self.rect()))
