"""Charts by QPainter: bars by hour and day, a heat map, shares, stock as a line. Empty data shows a quiet sentence.

::

    HourBars()    .show_bars([HourBar(name, amount, label="")], *, current=-1, name="")
    DayBars()     .show_days([DayBar(name, registered, tally, label="")], *, current=-1, name="", parts=("", ""))
    HeatMap()     .show_grid(rows of numbers, row_names, column_names, *, name="")
    ShareBars()   .show_shares([Share(label, share 0..1, text, tone="brand")], *, name="")
    StockLine()   .show_stock([StockDay(name, balance, given, label="")], *, name="", parts=("", ""))

    Legend([(text, colour_token)])    for a card's ``aside``: brand and bar_soft (days), brand and cooling_line (stock)

``name`` is what is read aloud, together with every value. All have .clicked(int): the place of the bar, cell (row by
row) or line that was pressed; the value under the mouse is shown as a tip. After .pickable() a chart is reached by Tab, its
values by the arrows, Home and End, and pressed by Enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from ..words import t
from .painting import CENTRE, LEFT, RIGHT, box, brush, focus_ring, width, write
from .theme import face, tokens, tone


class HourBar(NamedTuple):
    """An hour: its name (8时), how many, and the label written below, if any."""

    name: str
    amount: float
    label: str = ""


class DayBar(NamedTuple):
    """A day: registered below, tally above."""

    name: str
    registered: float
    tally: float
    label: str = ""


class Share(NamedTuple):
    """A part of a whole: 0..1 of the longest bar, and what stands at the right."""

    label: str
    share: float
    text: str
    tone: str = "brand"


class StockDay(NamedTuple):
    """A day of a supply: balance at its end and how many were given."""

    name: str
    balance: float
    given: float
    label: str = ""


class Chart(QWidget):
    """What all charts share: an empty state, tips, clicks, a description."""

    clicked = Signal(int)

    def __init__(self, height: int = 110, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._height = height
        self._spots: list[tuple[QRectF, str]] = []
        self._empty = True
        self._picked = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.describe("", [])

    def sizeHint(self) -> QSize:
        """Wide, and as high as asked for."""
        return QSize(240, tokens().px(self._height))

    def minimumSizeHint(self) -> QSize:
        """Readable still."""
        return QSize(120, tokens().px(min(self._height, 80)))

    def describe(self, name: str, lines: Sequence[tuple[str, str]]) -> None:
        """Take (label, amount) of every value: for reading aloud and for tips; nothing makes the chart empty."""
        self._tips = [t("kit.chart_value", label=label, amount=amount) for label, amount in lines]
        self._empty = not lines
        self.setAccessibleName(name)
        self.setAccessibleDescription("; ".join(self._tips) or t("kit.chart_empty"))
        self.updateGeometry()
        self.update()

    def pickable(self) -> None:
        """Let its values be reached and pressed by keys."""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _step(self, key: Qt.Key) -> int:
        """How many values an arrow goes on; as many as stand in a row for Up and Down."""
        across = sum(1 for spot, _tip in self._spots if abs(spot.top() - self._spots[0][0].top()) < 1) if self._spots else 1
        return {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -across, Qt.Key.Key_Down: across}.get(key, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Home and End choose a value, Enter presses it."""
        key, last = Qt.Key(event.key()), len(self._spots) - 1
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and 0 <= self._picked <= last:
            self.clicked.emit(self._picked)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and last >= 0:
            self._pick(0 if key == Qt.Key.Key_Home else last)
        elif (step := self._step(key)) and last >= 0:
            self._pick(min(max(self._picked + step, 0), last))
        else:
            super().keyPressEvent(event)

    def _pick(self, number: int) -> None:
        self._picked = number
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The first value is chosen when it is reached."""
        super().focusInEvent(event)
        self._pick(max(self._picked, 0))

    def value_at(self, place: QPointF) -> int:
        """Which value stands there, -1 for none."""
        return next((number for number, (spot, _tip) in enumerate(self._spots) if spot.contains(place)), -1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The values, or the sentence that there are none."""
        painter = QPainter(self)
        brush(painter)
        self._spots = []
        if self._empty:
            write(painter, QRectF(self.rect()), t("kit.chart_empty"), face(tokens().body), tokens().muted, CENTRE)
        else:
            spots = self.paint_values(painter, QRectF(self.rect()))
            self._spots = list(zip(spots, self._tips, strict=True))
            if self.hasFocus() and 0 <= self._picked < len(spots):
                focus_ring(painter, spots[self._picked].adjusted(-1, -1, 1, 1), 4)
        if self.hasFocus() and not 0 <= self._picked < len(self._spots):
            focus_ring(painter, QRectF(self.rect()).adjusted(2, 2, -2, -2), 6)

    def paint_values(self, painter: QPainter, area: QRectF) -> list[QRectF]:
        """Paint the chart; return where each value stands, in the order of ``describe``."""
        raise NotImplementedError

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Say which value was pressed."""
        number = self.value_at(event.position())
        if number >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(number)

    def event(self, event: QEvent) -> bool:
        """Show the value under the mouse."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            number = self.value_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self._spots[number][1] if number >= 0 else "", self)
            return True
        return super().event(event)


def _labels(painter: QPainter, labels: Sequence[str], spots: Sequence[QRectF], area: QRectF) -> None:
    """Write the labels below their bars, kept inside the chart."""
    font = face(tokens().small)
    for label, spot in zip(labels, spots, strict=True):
        if label:
            wide = width(font, label) + 2.0
            left = min(max(spot.center().x() - wide / 2, area.left()), area.right() - wide)
            write(
                painter, QRectF(left, area.bottom() - tokens().px(20), wide, tokens().px(20)), label, font, tokens().ink
            )


def _slots(area: QRectF, count: int, gap: float) -> list[QRectF]:
    """``count`` equal columns of an area."""
    wide = (area.width() + gap) / count
    return [
        QRectF(area.left() + number * wide, area.top(), max(wide - gap, 1), area.height()) for number in range(count)
    ]


def _above_labels(area: QRectF, labels: Sequence[str]) -> QRectF:
    return area.adjusted(0, 0, 0, -tokens().px(24) if any(labels) else 0)


def _bar(painter: QPainter, slot: QRectF, share: float, colour: str, lift: float = 0) -> float:
    """A bar standing in its slot, at least 2 px; returns how high it became."""
    high = max(2.0, slot.height() * share)
    spot = QRectF(slot.left(), slot.bottom() - lift - high, slot.width(), high)
    box(painter, spot, colour, radius=min(3, high / 2))
    return high


class Legend(QWidget):
    """What the colours of a chart mean: [(text, name of a colour token), ...]."""

    def __init__(self, parts: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = tuple(parts)
        self.setAccessibleName(", ".join(text for text, _colour in parts))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Every part with its square."""
        worn = tokens()
        font = face(worn.small)
        wide = sum(width(font, text) + worn.px(30) for text, _colour in self._parts)
        return QSize(wide, worn.px(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A square and its words, one after the other."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        font, left, side = face(worn.small), 0.0, worn.px(11)
        for text, colour in self._parts:
            box(painter, QRectF(left, (self.height() - side) / 2, side, side), getattr(worn, colour), radius=3)
            write(painter, QRectF(left + side + 5, 0, width(font, text) + 2, self.height()), text, font, worn.muted)
            left += width(font, text) + worn.px(30)


class HourBars(Chart):
    """Soft bars by hour; the current one strong."""

    def __init__(self, height: int = 100, parent: QWidget | None = None) -> None:
        super().__init__(height, parent)
        self._bars: tuple[HourBar, ...] = ()
        self._current = -1

    def show_bars(self, bars: Sequence[HourBar], *, current: int = -1, name: str = "") -> None:
        """Show these hours; ``current`` is the place of the strong one."""
        self._bars, self._current = tuple(bars), current
        self.describe(name, [(bar.name, f"{bar.amount:,g}") for bar in bars])

    def paint_values(self, painter: QPainter, area: QRectF) -> list[QRectF]:
        """The bars and the labels given."""
        worn = tokens()
        labels = [bar.label for bar in self._bars]
        slots = _slots(_above_labels(area, labels), len(self._bars), 5 if len(self._bars) < 40 else 1)
        top = max((bar.amount for bar in self._bars), default=0) or 1
        for number, (bar, slot) in enumerate(zip(self._bars, slots, strict=True)):
            _bar(painter, slot, bar.amount / top, worn.brand if number == self._current else worn.bar_soft)
        _labels(painter, labels, slots, area)
        return slots


class DayBars(Chart):
    """Two-part bars: registered strong, tally soft above it."""

    def __init__(self, height: int = 180, parent: QWidget | None = None) -> None:
        super().__init__(height, parent)
        self._days: tuple[DayBar, ...] = ()
        self._current = -1

    def show_days(
        self, days: Sequence[DayBar], *, current: int = -1, name: str = "", parts: tuple[str, str] = ("", "")
    ) -> None:
        """Show these days; ``parts`` names registered and tally in tips."""
        self._days, self._current = tuple(days), current
        self.describe(name, [(day.name, _pair(parts, day.registered, day.tally)) for day in days])

    def paint_values(self, painter: QPainter, area: QRectF) -> list[QRectF]:
        """The bars and the labels given."""
        worn = tokens()
        labels = [day.label for day in self._days]
        slots = _slots(_above_labels(area, labels), len(self._days), 5 if len(self._days) < 40 else 1)
        top = max((day.registered + day.tally for day in self._days), default=0) or 1
        for number, (day, slot) in enumerate(zip(self._days, slots, strict=True)):
            soft = worn.brand_line if number == self._current else worn.bar_soft
            lift = _bar(painter, slot, day.registered / top, worn.brand) if day.registered else 0
            if day.tally or not day.registered:
                _bar(painter, slot, day.tally / top, soft if day.tally else worn.track, lift)
        _labels(painter, labels, slots, area)
        return slots


def _pair(parts: tuple[str, str], one: float, other: float) -> str:
    """Two amounts with their names."""
    return f"{parts[0]} {one:,g} · {parts[1]} {other:,g}".replace("  ", " ").strip()


class HeatMap(Chart):
    """Weekday by hour: the fuller the cell, the more visits."""

    def __init__(self, height: int = 170, parent: QWidget | None = None) -> None:
        super().__init__(height, parent)
        self._grid: list[list[float]] = []
        self._rows: tuple[str, ...] = ()
        self._columns: tuple[str, ...] = ()

    def show_grid(
        self, grid: Sequence[Sequence[float]], rows: Sequence[str], columns: Sequence[str], *, name: str = ""
    ) -> None:
        """Show a grid of len(rows) x len(columns) numbers; ValueError when its shape differs."""
        if len(grid) != len(rows) or any(len(line) != len(columns) for line in grid):
            raise ValueError("the grid does not have the shape of its names")
        self._grid, self._rows, self._columns = [list(line) for line in grid], tuple(rows), tuple(columns)
        cells = [
            (f"{row} {column}", f"{amount:,g}")
            for row, line in zip(rows, grid, strict=True)
            for column, amount in zip(columns, line, strict=True)
        ]
        self.describe(name, cells if any(any(line) for line in grid) else [])

    def paint_values(self, painter: QPainter, area: QRectF) -> list[QRectF]:
        """Cells between row names and column names."""
        worn = tokens()
        font = face(worn.small)
        left = max(width(font, row) for row in self._rows) + 8.0
        inner = area.adjusted(left, 0, 0, -worn.px(22))
        top = max(max(line) for line in self._grid) or 1
        high = inner.height() / len(self._rows)
        spots: list[QRectF] = []
        for number, (row, line) in enumerate(zip(self._rows, self._grid, strict=True)):
            y = inner.top() + number * high
            write(painter, QRectF(area.left(), y, left, high - 3), row, font, worn.muted, LEFT)
            for slot, amount in zip(
                _slots(QRectF(inner.left(), y, inner.width(), high - 3), len(line), 3), line, strict=True
            ):
                box(painter, slot, _mix(worn.track, worn.brand, amount / top), radius=3)
                spots.append(slot)
        step = 1 if spots and spots[0].width() > width(font, self._columns[0]) + 2 else 3
        names = [column if place % step == 0 else "" for place, column in enumerate(self._columns)]
        _labels(painter, names, spots[: len(self._columns)], area)
        return spots


def _mix(one: str, other: str, share: float) -> str:
    """The colour between two, 0..1."""
    pairs = zip(QColor(one).getRgb()[:3], QColor(other).getRgb()[:3], strict=True)  # type: ignore[index]
    return QColor(*(round(a + (b - a) * share) for a, b in pairs)).name()


class ShareBars(Chart):
    """Label, bar, number; one line each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(60, parent)
        self._shares: tuple[Share, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A line for each."""
        return QSize(260, tokens().px(27) * max(len(self._shares), 2))

    def minimumSizeHint(self) -> QSize:
        """All of them."""
        return QSize(160, self.sizeHint().height())

    def show_shares(self, shares: Sequence[Share], *, name: str = "") -> None:
        """Show these, in this order."""
        self._shares = tuple(shares)
        self.describe(name, [(share.label, share.text) for share in shares])

    def paint_values(self, painter: QPainter, area: QRectF) -> list[QRectF]:
        """The lines."""
        worn = tokens()
        font = face(worn.body)
        left = min(max(width(font, share.label) for share in self._shares) + 16.0, area.width() * 0.45)
        right = max(width(font, share.text) for share in self._shares) + 12.0
        high = worn.px(27)
        room = max(area.width() - left - right, 10)
        longest = max(share.share for share in self._shares) or 1
        spots = []
        for number, share in enumerate(self._shares):
            line = QRectF(area.left(), area.top() + number * high, area.width(), high)
            write(painter, QRectF(line.left(), line.top(), left - 8, high), share.label, font, worn.ink)
            write(painter, line, share.text, font, worn.muted, RIGHT)
            if share.share > 0:
                long = max(12.0, room * min(share.share / longest, 1))
                box(painter, QRectF(left, line.center().y() - 6, long, 12), tone(share.tone).ink, radius=6)
            spots.append(line)
        return spots


class StockLine(Chart):
    """The balance as a line over bars of what was given."""

    def __init__(self, height: int = 110, parent: QWidget | None = None) -> None:
        super().__init__(height, parent)
        self._days: tuple[StockDay, ...] = ()

    def show_stock(self, days: Sequence[StockDay], *, name: str = "", parts: tuple[str, str] = ("", "")) -> None:
        """Show these days; ``parts`` names balance and given in tips."""
        self._days = tuple(days)
        self.describe(name, [(day.name, _pair(parts, day.balance, day.given)) for day in days])

    def paint_values(self, painter: QPainter, area: QRectF) -> list[QRectF]:
        """Bars a third as high as the line may climb."""
        worn = tokens()
        labels = [day.label for day in self._days]
        inner = _above_labels(area, labels)
        slots = _slots(inner, len(self._days), 4)
        most = max(day.given for day in self._days) or 1
        top = max(max(day.balance for day in self._days), 1)
        line = QPolygonF()
        for day, slot in zip(self._days, slots, strict=True):
            if day.given > 0:
                thin = slot.adjusted(slot.width() * 0.2, slot.height() * 0.65, -slot.width() * 0.2, 0)
                _bar(painter, thin, day.given / most, worn.cooling_line)
            line.append(
                QPointF(slot.center().x(), inner.bottom() - 2 - (inner.height() - 4) * max(day.balance, 0) / top)
            )
        painter.setPen(QPen(QColor(worn.brand), 2.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        _labels(painter, labels, slots, area)
        return slots
