"""How parts stand: side by side, below each other, flowing. Import them from ``ui.kit``, which lists them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QMargins, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QStackedLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            clear(inner)


def lift(*widgets: QWidget) -> None:
    """Take widgets out of where they lie, to be laid and shown anew.

    Hidden first: a layout shows what it is given at the next turn of the loop, and what has no parent by then would be shown as
    a window of its own, which takes the keys.
    """
    for widget in widgets:
        widget.hide()
        widget.setParent(None)


class Row(QHBoxLayout):
    """Widgets side by side; None is a stretch."""

    def __init__(self, *parts: QWidget | QLayout | None, gap: int = 10, margins: int = 0) -> None:
        super().__init__()
        _lay(self, parts, gap, margins)


class Column(QVBoxLayout):
    """Widgets below each other; None is a stretch."""

    def __init__(self, *parts: QWidget | QLayout | None, gap: int = 10, margins: int = 0) -> None:
        super().__init__()
        _lay(self, parts, gap, margins)


def _lay(layout: QBoxLayout, parts: Iterable[QWidget | QLayout | None], gap: int, margins: int) -> None:
    layout.setSpacing(gap)
    layout.setContentsMargins(margins, margins, margins, margins)
    for part in parts:
        if part is None:
            layout.addStretch(1)
        elif isinstance(part, QLayout):
            layout.addLayout(part)
        else:
            layout.addWidget(part)


def beside(*parts: QWidget, gap: int = 8) -> QWidget:
    """Widgets side by side as one."""
    whole = QWidget()
    whole.setLayout(Row(*parts, gap=gap))
    return whole


class Headline(QWidget):
    """A part that always stands, and one beside it at the right that is left out where there is no room for both."""

    def __init__(self, stands: QWidget, aside: QWidget, *, gap: int = 8) -> None:
        super().__init__()
        self._stands, self._aside, self._gap = stands, aside, gap
        self.setLayout(Row(stands, None, aside, gap=gap))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Room for what stands."""
        least, aside = self._stands.minimumSizeHint(), self._aside.sizeHint()
        return QSize(least.width(), max(least.height(), aside.height()))

    def sizeHint(self) -> QSize:
        """Room for both."""
        stands, aside = self._stands.sizeHint(), self._aside.sizeHint()
        return QSize(stands.width() + self._gap + aside.width(), max(stands.height(), aside.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._give_way()

    def event(self, event: QEvent) -> bool:
        """The parts may want more room than before."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._give_way()
        return done

    def _give_way(self) -> None:
        fits = self.sizeHint().width() <= self.width()
        if self._aside.isHidden() == fits:
            self._aside.setVisible(fits)


class Stack(QStackedWidget):
    """One part of several, as large as that one needs; those behind it ask for nothing."""

    def minimumSizeHint(self) -> QSize:
        """Room for what is shown."""
        shown = self.currentWidget()
        return shown.minimumSizeHint() if shown is not None else QSize()

    def sizeHint(self) -> QSize:
        """As what is shown."""
        shown = self.currentWidget()
        return shown.sizeHint() if shown is not None else QSize()

    def heightForWidth(self, width: int) -> int:
        """What it needs, not what it would like: a part of it that scrolls takes what is left, and around it nothing has to."""
        shown = self.currentWidget()
        layout = shown.layout() if shown is not None else None
        while isinstance(layout, QStackedLayout) and (within := layout.currentWidget()) is not None:
            layout = within.layout()
        if layout is None or not layout.hasHeightForWidth():
            return super().heightForWidth(width)
        return layout.totalMinimumHeightForWidth(width)


class Turning(QWidget):
    """Parts side by side, each with its stretch; below each other where there is no room for that.

    ``whole``: they turn as soon as one would be narrower than it likes to be, not only when it could not be.
    """

    def __init__(self, *parts: tuple[QWidget, int], gap: int = 16, whole: bool = False) -> None:
        super().__init__()
        self._whole = whole
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(gap)
        for part, stretch in parts:
            self._box.addWidget(part, stretch)

    @property
    def turned(self) -> bool:
        """Whether they stand below each other."""
        return self._box.direction() == QBoxLayout.Direction.TopToBottom

    def _sizes(self, *, least: bool) -> list[int]:
        items = (self._box.itemAt(place) for place in range(self._box.count()))
        shown = [item for item in items if item is not None and not item.isEmpty()]
        return [(item.minimumSize() if least else item.sizeHint()).width() for item in shown]

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest."""
        return QSize(max(self._sizes(least=True), default=0), self._box.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._turn()

    def event(self, event: QEvent) -> bool:
        """The parts may want more room than before."""
        done = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self._turn()
        return done

    def _turn(self) -> None:
        widths = self._sizes(least=not self._whole)
        fits = sum(widths) + self._box.spacing() * (len(widths) - 1) <= self.width()
        wanted = QBoxLayout.Direction.LeftToRight if fits else QBoxLayout.Direction.TopToBottom
        if wanted != self._box.direction():
            self._box.setDirection(wanted)
            self.updateGeometry()
        if self._whole:  # a row of buttons and words: around it, writing that wraps would have it take less than it needs
            self.setMinimumHeight(self._box.totalMinimumSize().height())


class FlowLayout(QLayout):
    """Widgets from left to right, wrapped into as many rows as they need.

    Buttons and chips bring their own air above and below; other things want a ``row_gap``.
    """

    def __init__(self, gap: int = 8, *, row_gap: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row_gap = row_gap
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(gap)

    def addItem(self, item: QLayoutItem) -> None:
        """Qt's way to add."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The item at ``index`` or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Take the item at ``index`` out."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It does not grow by itself."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height all rows need at ``width``."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place everything."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one row."""
        sizes = [item.sizeHint() for item in self._items if not item.isEmpty()]
        wide = sum(size.width() for size in sizes) + self.spacing() * max(0, len(sizes) - 1)
        return self._framed(QSize(wide, max((size.height() for size in sizes), default=0)))

    def minimumSize(self) -> QSize:
        """The widest one."""
        sizes = [item.minimumSize() for item in self._items if not item.isEmpty()]
        wide, high = max((s.width() for s in sizes), default=0), max((s.height() for s in sizes), default=0)
        return self._framed(QSize(wide, high))

    def _framed(self, size: QSize) -> QSize:
        margins: QMargins = self.contentsMargins()
        return size + QSize(margins.left() + margins.right(), margins.top() + margins.bottom())

    def _place(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inner = rect.marginsRemoved(margins)
        x, y, row = inner.left(), inner.top(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint().boundedTo(QSize(max(inner.width(), 1), 100_000))
            if x > inner.left() and x + size.width() > inner.right() + 1:
                x, y, row = inner.left(), y + row + self._row_gap, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x, row = x + size.width() + self.spacing(), max(row, size.height())
        return y + row - rect.top() + margins.bottom()


class Abreast(FlowLayout):
    """What flows (tabs) with its buttons at the right; below it at the right where that takes less room, as in large type."""

    def __init__(self, flowing: QWidget, *buttons: QWidget, gap: int = 8) -> None:
        super().__init__(gap)
        self._deeds = QWidget()
        self._deeds.setLayout(Row(*buttons, gap=gap))
        self.addWidget(flowing)
        self.addWidget(self._deeds)

    def sizeHint(self) -> QSize:
        """Both beside each other, in one row."""
        flowing, deeds = (item.sizeHint() for item in self._items)
        wide = 0 if self._items[1].isEmpty() else deeds.width() + self.spacing()
        return self._framed(QSize(flowing.width() + wide, max(flowing.height(), deeds.height() if wide else 0)))

    def _place(self, rect: QRect, *, move: bool) -> int:
        margins = self.contentsMargins()
        inner = rect.marginsRemoved(margins)
        flowing, deeds = self._items
        size = QSize(0, 0) if deeds.isEmpty() else deeds.sizeHint().boundedTo(QSize(max(inner.width(), 1), 100_000))
        left = inner.width() - size.width() - (self.spacing() if size.width() else 0)
        alone = flowing.heightForWidth(inner.width())
        beside = max(flowing.heightForWidth(left), size.height()) if left >= flowing.minimumSize().width() else 100_000
        if beside <= alone + size.height():
            if move:
                high = flowing.heightForWidth(left)
                flowing.setGeometry(QRect(inner.left(), inner.top() + (beside - high) // 2, left, high))
                deeds.setGeometry(QRect(QPoint(inner.right() + 1 - size.width(), inner.top() + (beside - size.height()) // 2), size))
            return beside + margins.top() + margins.bottom()
        if move:
            flowing.setGeometry(QRect(inner.left(), inner.top(), inner.width(), alone))
            deeds.setGeometry(QRect(QPoint(inner.right() + 1 - size.width(), inner.top() + alone), size))
        return alone + size.height() + margins.top() + margins.bottom()
