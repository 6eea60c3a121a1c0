"""Things to press: buttons, chips, tabs, and the large cards of the desk. All are 44 px high or more, for a finger.

::

    Button(text, kind="plain", *, icon="", key="", tip="")       kind: primary plain danger link attention bad
        .set_text(str) .set_icon(str)                           .clicked
    IconButton(icon, name, *, tip="")                            a square with an icon; ``name`` is read aloud
    Chip(text, *, key="", checked=False)                         checkable round toggle; .toggled(bool)
    FilterTabs([(code, text), ...])                              .chosen(str) .set_texts({code: text}) .choose(code)
                                                                 .code()
    TallyCard(label, count=0, *, key="")                         .set_count(int)

Keys are only *shown* here; the page handles them. Enter and Space press what has the focus. Nothing takes the focus by
a click, so it stays in the scan field; Tab reaches everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from . import icons
from .layouts import FlowLayout
from .painting import CENTRE, LEFT, box, brush, cap_size, focus_ring, paint_cap, plain_tip, width, write
from .theme import RADIUS_SMALL, face, tokens


class Press(QPushButton):
    """A push button that paints itself, is pressed by Enter too, and never takes the focus by a click."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._words = ""
        self.set_text(text)

    def setVisible(self, visible: bool) -> None:
        """Show or hide it. Without a parent yet it would be shown as a window, which takes the keys: it comes with its parent."""
        if self.parentWidget() is None and visible:
            return
        super().setVisible(visible)

    def set_text(self, text: str) -> None:
        """Change the writing; it is the accessible name as well."""
        self._words = text
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.updateGeometry()

    def words(self) -> str:
        """The writing as given."""
        return self._words

    def minimumSizeHint(self) -> QSize:
        """No smaller than it asks for."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses like Space does."""
        if (
            event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            self.click()
        else:
            super().keyPressEvent(event)


class Button(Press):
    """A button of 36 px drawn in a target of 44; with an icon before and a key cap after the words if wished."""

    def __init__(
        self,
        text: str,
        kind: str = "plain",
        *,
        icon: str = "",
        key: str = "",
        tip: str = "",
        parent: QWidget | None = None,
    ) -> None:
        self._kind, self._icon, self._key = kind, icon, key
        super().__init__(text, parent)
        self.setToolTip(plain_tip(tip))
        self.setAccessibleDescription(" ".join(part for part in (tip, key) if part))
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)

    def set_icon(self, icon: str) -> None:
        """Show another icon, or none for an empty name."""
        self._icon = icon
        self.updateGeometry()
        self.update()

    def _parts(self) -> tuple[int, int, int, int]:
        """Widths of icon, words and cap with their gaps, and the padding at each side."""
        t = tokens()
        icon = t.px(18) + (t.px(6) if self._words else 0) if self._icon else 0
        cap = cap_size(self._key).width() + t.px(8) if self._key else 0
        pad = 4 if self._kind == "link" else t.px(16) if self._words else t.px(10)
        return icon, width(face(t.body, bold=self._kind == "strong"), self._words), cap, pad

    def sizeHint(self) -> QSize:
        """As wide as its parts, 44 px high (more in large type)."""
        icon, words, cap, pad = self._parts()
        least = tokens().px(44)
        return QSize(max(icon + words + cap + 2 * pad + 1, least), least)

    def _colours(self) -> tuple[str, str | None, str | None]:
        """Ink, fill and edge for its kind and state."""
        t = tokens()
        if not self.isEnabled():
            return t.muted, None if self._kind == "link" else t.off, None if self._kind == "link" else t.line
        hover = self.underMouse()
        if self._kind == "primary":
            return t.on_brand, t.brand_hover if hover or self.isDown() else t.brand, None
        if self._kind == "link":
            return t.brand, t.brand_soft if hover else None, None
        ink = {"danger": t.bad, "bad": t.bad, "attention": t.attention}.get(self._kind, t.ink)
        edge = {"bad": t.bad_line, "attention": t.attention_line}.get(self._kind, t.line)
        return ink, t.key if hover or self.isDown() else t.card, t.brand if hover else edge

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, icon, words, key cap, focus ring."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        margin = max(0, (self.height() - t.px(36)) / 2)
        rect = QRectF(self.rect()).adjusted(0, margin, 0, -margin)
        ink, fill, edge = self._colours()
        if fill:
            box(painter, rect, fill, edge, radius=RADIUS_SMALL)
        icon, words, cap, _pad = self._parts()
        x = (self.width() - icon - words - cap) / 2
        if self._icon:
            size = t.px(18)
            icons.paint(painter, self._icon, ink, QRectF(x, (self.height() - size) / 2, size, size))
        room = min(words + 2, self.width() - x - icon - cap)
        write(painter, QRectF(x + icon, 0, room, self.height()), self._words, face(t.body), ink, LEFT)
        if self._key:
            size_ = cap_size(self._key)
            left = x + icon + words + t.px(8)
            spot = QRectF(left, (self.height() - size_.height()) / 2, size_.width(), size_.height())
            paint_cap(painter, spot, self._key, on_brand=self._kind == "primary" and self.isEnabled())
        if self.hasFocus():
            focus_ring(painter, rect)


class IconButton(Button):
    """A square button with an icon alone; ``name`` is what it is called aloud and in the tip."""

    def __init__(
        self, icon: str, name: str, *, kind: str = "plain", tip: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__("", kind, icon=icon, tip=tip or name, parent=parent)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        """A square target."""
        side = tokens().px(44)
        return QSize(side, side)


class Chip(Press):
    """A round toggle, 32 px drawn in a target of 44; ``snug`` with less air beside its words, where many are to stand in one row."""

    def __init__(self, text: str, *, key: str = "", checked: bool = False, snug: bool = False, parent: QWidget | None = None) -> None:
        self._key, self._air = key, 10 if snug else 14
        super().__init__(text, parent)
        self.setCheckable(True)
        self.setChecked(checked)
        self.setAccessibleDescription(key)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As wide as the words."""
        t = tokens()
        cap = cap_size(self._key).width() + t.px(6) if self._key else 0
        return QSize(max(width(face(t.body), self._words) + cap + t.px(2 * self._air), t.px(44)), t.px(44))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A pill outline; filled softly while it is on."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        height = t.px(32)
        rect = QRectF(0, (self.height() - height) / 2, self.width(), height)
        on = self.isChecked()
        edge = t.brand_line if on else t.brand if self.underMouse() and self.isEnabled() else t.line
        box(painter, rect, t.brand_soft if on else t.card if self.isEnabled() else t.off, edge, radius=height / 2)
        ink = t.brand if on else t.ink if self.isEnabled() else t.muted
        spot = rect.adjusted(t.px(self._air), 0, -t.px(self._air), 0)
        if self._key:
            size = cap_size(self._key)
            cap = QRectF(
                spot.right() - size.width(), rect.center().y() - size.height() / 2, size.width(), size.height()
            )
            paint_cap(painter, cap, self._key)
        write(painter, spot, self._words, face(t.body), ink, LEFT if self._key else CENTRE)
        if self.hasFocus():
            focus_ring(painter, rect, height / 2)


class _Tab(Press):
    """One tab of FilterTabs."""

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for the words in bold."""
        t = tokens()
        return QSize(width(face(t.body, bold=True), self._words) + t.px(28), t.px(44))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Soft ground and bold words when it is the chosen one."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        height = t.px(32)
        rect = QRectF(0, (self.height() - height) / 2, self.width(), height)
        on = self.isChecked()
        if on:
            box(painter, rect, t.brand_soft, radius=RADIUS_SMALL)
        ink = t.brand if on else t.ink if self.underMouse() else t.muted
        write(painter, rect, self._words, face(t.body, bold=on), ink, CENTRE)
        if self.hasFocus():
            focus_ring(painter, rect)


class FilterTabs(QWidget):
    """A row of tabs of which one is chosen, for example 全部 312 | 骑手 131; Left and Right move along."""

    chosen = Signal(str)

    def __init__(self, tabs: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = FlowLayout(6)
        self.setLayout(row)
        self._tabs: dict[str, _Tab] = {}
        for code, text in tabs:
            tab = self._tabs[code] = _Tab(text, self)
            tab.clicked.connect(lambda _checked=False, code=code: self.chosen.emit(code))
            tab.setHidden(not text)
            row.addWidget(tab)
        if tabs:
            self._tabs[tabs[0][0]].setChecked(True)

    def set_texts(self, texts: Mapping[str, str]) -> None:
        """New words (with new counts) for some of the tabs; one without words is not there."""
        for code, text in texts.items():
            self._tabs[code].set_text(text)
            self._tabs[code].setVisible(bool(text))

    def choose(self, code: str) -> None:
        """Choose a tab and say so."""
        self._tabs[code].setChecked(True)
        self.chosen.emit(code)

    def code(self) -> str:
        """The chosen tab; an empty text when there are none."""
        return next((code for code, tab in self._tabs.items() if tab.isChecked()), "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right choose the neighbour."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._tabs:
            super().keyPressEvent(event)
            return
        codes = [code for code, tab in self._tabs.items() if tab.isVisibleTo(self)]
        code = codes[(codes.index(self.code()) + step) % len(codes)]
        self._tabs[code].setFocus(Qt.FocusReason.TabFocusReason)
        self.choose(code)


class TallyCard(Press):
    """One press counts one anonymous visit: a big number, who, and the key."""

    def __init__(self, label: str, count: int = 0, *, key: str = "", parent: QWidget | None = None) -> None:
        self._key, self._count = key, count
        super().__init__(label, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_count(count)

    def set_count(self, count: int) -> None:
        """Show another number."""
        self._count = count
        self.setAccessibleDescription(" ".join(part for part in (str(count), self._key) if part))
        self.update()

    def count(self) -> int:
        """The number shown."""
        return self._count

    def sizeHint(self) -> QSize:
        """Two lines."""
        t = tokens()
        return QSize(t.px(96), t.px(68))

    def minimumSizeHint(self) -> QSize:
        """Long words are cut before the page grows."""
        return QSize(86, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Number and key cap above, label below."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        lit = self.isEnabled() and (self.underMouse() or self.isDown())
        box(painter, rect, t.card if self.isEnabled() else t.off, t.brand if lit else t.line, radius=RADIUS_SMALL)
        pad = 10
        inner = rect.adjusted(pad, 0, -pad, 0)
        high = QRectF(inner.left(), t.px(7), inner.width(), t.px(32))
        write(painter, high, f"{self._count:,}", face(t.title - 2, bold=True), t.ink)
        write(painter, QRectF(inner.left(), t.px(37), inner.width(), t.px(26)), self._words, face(t.body), t.muted)
        if self._key:
            size = cap_size(self._key)
            paint_cap(painter, QRectF(inner.right() - size.width(), t.px(11), size.width(), size.height()), self._key)
        if self.hasFocus():
            focus_ring(painter, rect)
