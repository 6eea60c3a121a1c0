"""The frame around every page: rail at the left, top bar, foot bar. Import them from ``ui.kit``.

::

    RailEntry(code, label, icon)
    Rail(brand, entries, *, foot=())            .chosen(str) .language_chosen(str "zh"|"en")
        .choose(code) marks a page without a signal  .set_badge(code, int)
    TopBar(station, *, lock="", lock_key="Ctrl+L")   .locked
        .show_station(str) .show_date(str) .show_weather(text, tone="warming", icon="sun")    .weather_clicked when it is pressed
        .show_trouble(text, tone="attention")    .trouble_clicked when it is pressed
        .show_pills([(text, tone), ...])
        .pill_clicked(int)                       a right pill was pressed (its place in the list)
    FootBar()                                    .put_toast(feedback.Toast) .show_states([str, ...])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from .. import words
from . import icons
from .buttons import Press
from .marks import Pill, Text
from .painting import CENTRE, LEFT, box, brush, cap_size, focus_ring, paint_cap, width, write
from .theme import RADIUS_SMALL, face, tokens


@dataclass(frozen=True)
class RailEntry:
    """A page on the rail."""

    code: str
    label: str
    icon: str


class _RailButton(Press):
    """Icon over label; a round badge counts what waits there."""

    def __init__(self, entry: RailEntry, parent: QWidget) -> None:
        super().__init__(entry.label, parent)
        self._icon = entry.icon
        self._badge = 0
        self.setCheckable(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def set_badge(self, number: int) -> None:
        """Show how many wait; 0 shows nothing."""
        self._badge = number
        self.setAccessibleDescription(str(number) if number else "")
        self.update()

    def sizeHint(self) -> QSize:
        """A target of 64 px."""
        return QSize(76, 68 if tokens().large else 64)

    def minimumSizeHint(self) -> QSize:
        """Less where nine pages have to stand on the smallest screen; the least is a target of 44 px."""
        return QSize(76, 60 if tokens().large else 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The active page has a lighter ground."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        on = self.isChecked()
        if on or self.underMouse():
            box(painter, rect, t.rail_active, radius=RADIUS_SMALL)
        ink = t.rail_ink if on or self.underMouse() else t.rail_muted
        size, middle = 22.0, rect.width() / 2
        top = 5.0 if t.large else max(0.0, min(11.0, (rect.height() - 44) / 2))
        icons.paint(painter, self._icon, ink, QRectF(middle - size / 2, top, size, size))
        low = QRectF(1, top + size, rect.width() - 2, rect.height() - top - size - (2 if top < 8 else 4))
        write(painter, low, self._words, face(t.body), ink, CENTRE)
        if self._badge:
            text = str(self._badge) if self._badge < 100 else "99+"
            font = face(13, bold=True)
            wide = max(18.0, width(font, text) + 9.0)
            spot = QRectF(middle + 7, 4, wide, 18)
            box(painter, spot, t.badge, radius=9)
            write(painter, spot, text, font, t.on_badge, CENTRE)
        if self.hasFocus():
            box(painter, rect, None, t.rail_ink, radius=RADIUS_SMALL, width=2)


class _Language(Press):
    """中 / EN: the language spoken now is the bright one; a press speaks the other."""

    def sizeHint(self) -> QSize:
        """A target of 44 px."""
        return QSize(76, tokens().px(44))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Both names, one bright."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        half = self.width() / 2
        for number, (code, name) in enumerate((("zh", words.t("kit.chinese")), ("en", words.t("kit.english")))):
            on = words.language() == code
            spot = QRectF(number * half, 0, half, self.height())
            if on:
                box(painter, spot.adjusted(3, 8, -3, -8), t.rail_active, radius=RADIUS_SMALL)
            write(painter, spot, name, face(t.body, bold=on), t.rail_ink if on else t.rail_muted, CENTRE)
        if self.hasFocus():
            box(painter, QRectF(self.rect()), None, t.rail_ink, radius=RADIUS_SMALL, width=2)


LOW = 560
"""Pixels of height below which the rail shows nothing but the pages."""


class Rail(QFrame):
    """The pages, 92 px wide: brand on top, settings and the language switch at the foot."""

    chosen = Signal(str)
    language_chosen = Signal(str)

    def __init__(
        self, brand: str, entries: Sequence[RailEntry], *, foot: Sequence[RailEntry] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("ground", "rail")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self._brand = Text(brand, "rail")
        self._brand.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._buttons: dict[str, _RailButton] = {}
        self._language = _Language("")
        self._language.clicked.connect(lambda: self.language_chosen.emit("en" if words.language() == "zh" else "zh"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        self._brand.setMinimumHeight(46)
        column.addWidget(self._brand)
        for entry in entries:
            column.addWidget(self._add(entry))
        column.addStretch(1)
        column.addWidget(self._language)
        for entry in foot:
            column.addWidget(self._add(entry))
        self._language.setAccessibleName(words.t("kit.language"))

    def _add(self, entry: RailEntry) -> _RailButton:
        button = self._buttons[entry.code] = _RailButton(entry, self)
        button.clicked.connect(lambda _checked=False, code=entry.code: self._press(code))
        return button

    def _press(self, code: str) -> None:
        self.choose(code)
        self.chosen.emit(code)

    def sizeHint(self) -> QSize:
        """92 px; wider in large type, so that the labels stay whole."""
        return QSize(132 if tokens().large else 92, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Never narrower."""
        brand = 0 if self._brand.isHidden() else self._brand.minimumHeight() + 4
        return QSize(self.sizeHint().width(), super().minimumSizeHint().height() - brand)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a low screen the pages need the brand's room."""
        super().resizeEvent(event)
        self._brand.setVisible(self.height() >= LOW)

    def choose(self, code: str) -> None:
        """Mark the page shown; says nothing."""
        for name, button in self._buttons.items():
            button.setChecked(name == code)

    def set_badge(self, code: str, number: int) -> None:
        """How many things wait on a page; 0 for none."""
        self._buttons[code].set_badge(number)


class _PressPill(Pill):
    """A pill that can be pressed, inside a target of the bar's height."""

    pressed = Signal()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A press counts when it ends inside."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.pressed.emit()


class _TroublePill(_PressPill):
    """The one pill that is never cut: it says that something threatens the records."""

    def minimumSizeHint(self) -> QSize:
        """The whole sentence; the others give way."""
        return self.sizeHint()


class _Lock(Press):
    """锁定 with its key, an outlined pill in a target of 44 px."""

    def __init__(self, text: str, key: str, parent: QWidget) -> None:
        self._key = key
        super().__init__(text, parent)
        self.setAccessibleDescription(key)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Words and cap."""
        t = tokens()
        return QSize(width(face(t.small), self._words) + cap_size(self._key).width() + t.px(32), t.px(44))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Outline, words, cap."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        height = t.px(30)
        rect = QRectF(0, (self.height() - height) / 2, self.width(), height)
        box(painter, rect, t.card, t.brand if self.underMouse() else t.line, radius=height / 2)
        write(painter, rect.adjusted(t.px(12), 0, 0, 0), self._words, face(t.small), t.muted, LEFT)
        size = cap_size(self._key)
        left = rect.right() - t.px(12) - size.width()
        paint_cap(painter, QRectF(left, rect.center().y() - size.height() / 2, size.width(), size.height()), self._key)
        if self.hasFocus():
            focus_ring(painter, rect, height / 2)


class TopBar(QFrame):
    """56 px: station, date, weather; at the right what waits, who is on duty, and the lock."""

    locked = Signal()
    pill_clicked = Signal(int)
    trouble_clicked = Signal()
    weather_clicked = Signal()

    def __init__(
        self, station: str, *, lock: str = "", lock_key: str = "Ctrl+L", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("ground", "bar")
        self.setProperty("edge", "bottom")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._station = Text(station, "strong")
        self._date, self._weather = Pill("", "plain"), _PressPill("", "warming", icon="sun")
        self._weather.pressed.connect(self.weather_clicked)
        self._date.hide()
        self._weather.hide()
        self._weather_told, self._weather_waits = False, False
        self._trouble = _TroublePill("", "attention", icon="warning")
        self._trouble.hide()
        self._trouble.pressed.connect(self.trouble_clicked)
        self._right = QHBoxLayout()
        self._right.setSpacing(14)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 20, 0)
        row.setSpacing(14)
        for part in (self._station, self._date, self._trouble, self._weather):
            row.addWidget(part)
        row.addStretch(1)
        row.addLayout(self._right)
        self._lock = _Lock(lock, lock_key, self)
        self._lock.setVisible(bool(lock))
        self._lock.clicked.connect(self.locked)
        row.addWidget(self._lock)

    def sizeHint(self) -> QSize:
        """56 px high, more in large type."""
        return QSize(800, 72 if tokens().large else 56)

    def minimumSizeHint(self) -> QSize:
        """Keeps its height."""
        return QSize(super().minimumSizeHint().width(), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room, or less."""
        super().resizeEvent(event)
        self._give_way()

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_lock"):
            self._give_way()

    def _give_way(self) -> None:
        """Nothing is cut: where there is no room the date goes (the system shows it), then the place to tell the weather, if none is."""
        items = (self._right.itemAt(place) for place in range(self._right.count()))
        waits = [item.widget() for item in items if item is not None]
        trouble = [] if self._trouble.isHidden() else [self._trouble]
        stands = [self._station, self._lock, *trouble, *(part for part in waits if part is not None)]
        need = sum(part.sizeHint().width() + 14 for part in stands) + 40
        for pill, wanted, may_go in ((self._weather, self._weather_told, self._weather_waits), (self._date, True, True)):
            wide = pill.sizeHint().width() + 14
            shown = bool(pill.text()) and wanted and (not may_go or need + wide <= self.width())
            need += wide if shown else 0
            pill.setVisible(shown)

    def show_station(self, name: str) -> None:
        """Another name at the left."""
        self._station.set(name)
        self._give_way()

    def show_date(self, text: str) -> None:
        """Day and time."""
        self._date.show_state(text)
        self._give_way()

    def show_weather(self, text: str, tone: str = "warming", icon: str = "sun") -> None:
        """The warning in force, or an empty text for none."""
        self._weather.set_icon(icon)
        self._weather.show_state(text, tone)
        self._weather_told, self._weather_waits = bool(text), tone == "plain"
        self._give_way()

    def show_trouble(self, text: str, tone: str = "attention") -> None:
        """What threatens the records, or an empty text for nothing."""
        self._trouble.show_state(text, tone)
        self._trouble.setVisible(bool(text))
        self._give_way()

    def trouble(self) -> str:
        """The trouble shown; empty when all is well."""
        return self._trouble.text() if not self._trouble.isHidden() else ""

    def show_pills(self, pills: Sequence[tuple[str, str]]) -> None:
        """What stands at the right: (text, tone), in order."""
        while (item := self._right.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for number, (text, tone) in enumerate(pills):
            pill = _PressPill(text, tone)
            pill.pressed.connect(lambda number=number: self.pill_clicked.emit(number))
            self._right.addWidget(pill)
        self._give_way()


class FootBar(QFrame):
    """34 px: the toast at the left, states such as the last backup at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("ground", "bar")
        self.setProperty("edge", "top")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._left, self._right = QHBoxLayout(), QHBoxLayout()
        self._right.setSpacing(16)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 0, 20, 0)
        row.addLayout(self._left)
        row.addStretch(1)
        row.addLayout(self._right)

    def sizeHint(self) -> QSize:
        """34 px high, more in large type."""
        return QSize(800, 48 if tokens().large else 34)

    def minimumSizeHint(self) -> QSize:
        """Keeps its height whatever stands in it."""
        return QSize(200, self.sizeHint().height())

    def put_toast(self, toast: QWidget) -> None:
        """Give the toast its place at the left."""
        self._left.addWidget(toast)

    def show_states(self, states: Sequence[str]) -> None:
        """Short states at the right, in order."""
        while (item := self._right.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for state in states:
            text = Text(state, "small")
            self._right.addWidget(text)
