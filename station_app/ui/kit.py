"""The small parts pages are built from; everything here and in buttons.py, chrome.py is imported from ``ui.kit``.

Words are given by the caller; nothing here speaks. Show: Text, Pill, KeyCap, Avatar, BigFigure, Fact, Icon, EmptyState.
Hold: page_layout, Card, Row, Column, Notice, LogRow, Timeline, FlowLayout, Scroll, rule(). Press: see buttons.py.
Frame: see chrome.py.

::

    Text(text, role="body", *, wrap=False, selectable=False)   roles: theme.py; .set(str)
    Pill(text, tone="plain", *, icon="", bold=False)           .show_state(text, tone=None); tones: theme.tone
    KeyCap("Ctrl+L")  Icon(name, colour_token="ink", size=20)
    Avatar(name, size=76)                                      shows the last character; .set_name(str)
    BigFigure(number, label, *, note="")                       .show_state(number, label=None, note=None)
    Fact(label, text, *, wrap=False)                           label above value; .set(str)
    Row(*widgets, gap=10, margins=0)  Column(*widgets, ...)    layouts; None among them is a stretch
    Turning((widget, stretch), ...)     side by side, below each other where there is no room for that
    Headline(stands, aside)             the aside is left out where there is no room for both
    page_layout(page, *parts, gap=14) -> Column                ground and margins (20/16 px) of a page
    Card(*widgets, gap=10, title="", aside=None)               white card; .body QVBoxLayout, .head Row
    Notice(text, tone="attention", *, icon="", action="", key="")   .acted
    LogRow(time, parts, action="", *, rule=True)               .acted;  parts [(text, bold), ...]; .text()
    EmptyState(icon, sentence, action="", *, key="")           .acted
    Timeline().show_steps([Step(when, text, tone="brand"), ...])
    FlowLayout(gap=8, *, row_gap=0)  Scroll(widget, *, sideways=False, rest=False)  rule() -> QFrame  clear(layout)
    from buttons: Button IconButton Chip FilterTabs TallyCard;  from chrome: Rail RailEntry TopBar FootBar
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QLabel, QLayout, QScrollArea, QSizePolicy, QWidget

from ..words import t
from . import icons
from .buttons import Button, Chip, FilterTabs, IconButton, Press, TallyCard
from .chrome import FootBar, Rail, RailEntry, TopBar
from .layouts import Abreast, Column, FlowLayout, Headline, Row, Turning, beside, clear, lift
from .marks import Icon, KeyCap, Pill, Text
from .painting import CENTRE, box, brush, plain_tip, width, write
from .theme import face, tokens, tone

__all__ = [
    "Abreast",
    "Avatar",
    "BigFigure",
    "Button",
    "Card",
    "Chip",
    "Column",
    "EmptyState",
    "Fact",
    "FilterTabs",
    "FlowLayout",
    "FootBar",
    "Headline",
    "Icon",
    "IconButton",
    "KeyCap",
    "LogRow",
    "Notice",
    "Pill",
    "Press",
    "Rail",
    "RailEntry",
    "Row",
    "Scroll",
    "Step",
    "TallyCard",
    "Text",
    "Timeline",
    "TopBar",
    "Turning",
    "beside",
    "clear",
    "lift",
    "page_layout",
    "rule",
]


def rule() -> QFrame:
    """A thin line between two parts of a card."""
    line = QFrame()
    line.setProperty("ground", "rule")
    line.setFixedHeight(1)
    return line


def page_layout(page: QWidget, *parts: QWidget | QLayout | None, gap: int = 14) -> Column:
    """Give a page its ground and margins, and return the column its parts stand in."""
    page.setProperty("ground", "page")
    page.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = Column(*parts, gap=gap)
    column.setContentsMargins(20, 16, 20, 16)
    page.setLayout(column)
    return column


class Card(QFrame):
    """A white card with round corners; ``head`` holds its title and what stands beside it, ``body`` the rest."""

    def __init__(
        self, *parts: QWidget | QLayout | None, gap: int = 10, title: str = "", aside: QWidget | None = None
    ) -> None:
        super().__init__()
        self.setProperty("ground", "card")
        self.body = Column(*parts, gap=gap, margins=16)
        self.setLayout(self.body)
        self.head = Row(gap=10)
        if title or aside:
            self.setAccessibleName(title)
            self.head.addWidget(Text(title, "heading"))
            self.head.addStretch(1)
            if aside is not None:
                self.head.addWidget(aside)
            self.body.insertLayout(0, self.head)


class Scroll(QScrollArea):
    """Lets a part be scrolled where it does not fit, above all in large type; invisible until it is needed.

    The part keeps at least the height its wrapped writing needs at the width it gets. ``rest``: it asks for no height of its own
    and takes what the parts around it leave, so that nothing around it has to be scrolled for its sake.
    """

    def __init__(self, widget: QWidget, *, sideways: bool = False, rest: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        if rest:
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        bars = Qt.ScrollBarPolicy
        self.setHorizontalScrollBarPolicy(bars.ScrollBarAsNeeded if sideways else bars.ScrollBarAlwaysOff)
        if not widget.property("ground"):
            widget.setProperty("ground", "clear")
        self.setWidget(widget)
        self.viewport().setAutoFillBackground(False)
        self.setAccessibleName(t("kit.scrolled"))
        self.verticalScrollBar().rangeChanged.connect(self._reachable)
        self._reachable(0, 0)

    def _reachable(self, _least: int, most: int) -> None:
        """Tab stops here only while there is something to scroll; a press beside a field never takes the focus from it."""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if most > 0 else Qt.FocusPolicy.NoFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The bar shows that the arrows scroll now."""
        super().focusInEvent(event)
        self._mark(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """As before."""
        super().focusOutEvent(event)
        self._mark(False)

    def _mark(self, on: bool) -> None:
        bar = self.verticalScrollBar()
        bar.setProperty("focused", on)
        bar.style().unpolish(bar)
        bar.style().polish(bar)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The width decides the height."""
        super().resizeEvent(event)
        self._grow()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Something inside changed its size (Qt installs this filter on the widget)."""
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self._grow()
        return super().eventFilter(watched, event)

    def _grow(self) -> None:
        inside = self.widget()
        layout = inside.layout() if inside is not None else None
        if inside is not None and layout is not None and layout.hasHeightForWidth():
            wide = max(self.viewport().width(), layout.totalMinimumSize().width())
            inside.setMinimumHeight(layout.totalMinimumHeightForWidth(wide))


class Avatar(QWidget):
    """A soft circle with the last character of the given name."""

    def __init__(self, name: str = "", size: int = 76, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        """Show another person."""
        self._name = name.strip()
        self.setAccessibleName(self._name)
        self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The circle, and a figure of a person when there is no name."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        box(painter, rect, t.brand_soft, radius=self._size / 2)
        if self._name:
            write(painter, rect, self._name[-1], face(round(self._size * 0.4), bold=True), t.brand, CENTRE)
        else:
            inset = self._size * 0.27
            icons.paint(painter, "user", t.brand, rect.adjusted(inset, inset, -inset, -inset))


class BigFigure(QWidget):
    """A number with its label below and perhaps a note beside the label."""

    def __init__(self, number: str, label: str, *, note: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number, self._label, self._note = Text(number, "figure"), Text(label, "small"), Text(note, "small")
        self.setLayout(Column(self._number, Row(self._label, self._note, None, gap=14), gap=0))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.show_state(number, label, note)

    def show_state(self, number: str, label: str | None = None, note: str | None = None) -> None:
        """Show another number; label and note stay when None."""
        self._number.set(number)
        if label is not None:
            self._label.set(label)
        if note is not None:
            self._note.set(note)
            self._note.setVisible(bool(note))
        self.setAccessibleName(f"{self._label.text()} {number}")


class Fact(QWidget):
    """A small label above what it says, as in a person's card."""

    def __init__(self, label: str, text: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> None:
        super().__init__(parent)
        self._label, self._text = Text(label, "small"), Text(text, "body", wrap=wrap)
        self.setLayout(Column(self._label, self._text, gap=2))
        self.set(text)

    def set(self, text: str) -> None:
        """Say something else."""
        self._text.set(text)
        self.setAccessibleName(f"{self._label.text()} {text}")


class Notice(QFrame):
    """A row that asks for something to be done: icon, sentence, button.

    ``turns``: the button goes below where the sentence would take more than two lines beside it; for places of a fixed width.
    """

    acted = Signal()

    def __init__(
        self,
        text: str,
        tone: str = "attention",
        *,
        icon: str = "",
        action: str = "",
        key: str = "",
        turns: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tone = tone
        self.text = Text(text, tone if tone in ("attention", "bad", "good") else "body", wrap=True)
        row = Row(gap=8)
        if icon:
            row.addWidget(Icon(icon, tone if tone != "plain" else "ink"))
        words = Column(self.text)
        words.setContentsMargins(0, 8, 0, 8)  # several lines do not touch the edge
        row.addLayout(words, 1)
        self._row = Row(gap=8)
        self._row.setContentsMargins(12, 0, 12, 0)
        self._row.addLayout(row, 1)
        self._button = Button(action, tone if tone in ("attention", "bad") else "plain", key=key) if action else None
        if self._button is not None:
            self._button.clicked.connect(self.acted)
            self._row.addWidget(self._button)
        self._turns = turns
        self.setLayout(self._row)
        self.setMinimumHeight(46)
        self.setAccessibleName(text)

    def say(self, text: str) -> None:
        """Another sentence in the same place."""
        self.text.set(text)
        self.setAccessibleName(text)

    def show_text(self, text: str, tone: str) -> None:
        """Say something else, in another tone."""
        self._tone = tone
        self.text.set(text, tone if tone in ("attention", "bad", "good") else "body")
        self.setAccessibleName(text)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More room for the sentence, or less."""
        super().resizeEvent(event)
        if not self._turns or self._button is None:
            return
        beside = self.width() - 24 - 28 - self._button.sizeHint().width() - 8
        turned = self.text.heightForWidth(max(beside, 1)) > 2 * self.text.fontMetrics().height() + 2
        direction = QBoxLayout.Direction.TopToBottom if turned else QBoxLayout.Direction.LeftToRight
        if direction != self._row.direction():
            self._row.setDirection(direction)
            self._row.setSpacing(0 if turned else 8)
            self._row.setContentsMargins(12, 0, 12, 8 if turned else 0)
            self._row.setAlignment(self._button, Qt.AlignmentFlag.AlignLeft if turned else Qt.AlignmentFlag(0))
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground in its tone."""
        colours = tone(self._tone)
        painter = QPainter(self)
        brush(painter)
        box(painter, QRectF(self.rect()), colours.fill, colours.line, radius=9)


class LogRow(QWidget):
    """One line of today's log: time, what happened (names in bold), a link such as 撤销."""

    acted = Signal()

    def __init__(
        self,
        time: str,
        parts: Sequence[tuple[str, bool]],
        action: str = "",
        *,
        rule: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._time, self._parts, self._rule = time, tuple(parts), rule
        self._button = Button(action, "link", parent=self)  # shown before it had one, it would flash as a window
        self._button.setVisible(bool(action))
        self._button.setAccessibleDescription(self.text())
        self._button.clicked.connect(self.acted)
        self.setLayout(Row(None, self._button))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(f"{time} {self.text()}")
        self.setToolTip(plain_tip(self.text()))

    def text(self) -> str:
        """What happened, without the time."""
        return "".join(text for text, _bold in self._parts)

    def sizeHint(self) -> QSize:
        """A row of 36 px."""
        return QSize(200, tokens().px(36))

    def minimumSizeHint(self) -> QSize:
        """Keeps its height; the writing is cut instead."""
        return QSize(120, tokens().px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Time, the parts one after the other, the line below."""
        t = tokens()
        painter = QPainter(self)
        font = face(t.body)
        left = 4 + max(width(font, self._time), t.px(38)) + 12.0
        write(painter, QRectF(4, 0, left, self.height()), self._time, font, t.muted)
        end = self._button.x() - 4 if self._button.isVisible() else self.width()
        for text, bold in self._parts:
            font = face(t.body, bold=bold)
            write(painter, QRectF(left, 0, max(end - left, 0), self.height()), text, font, t.ink)
            left += width(font, text)
            if left >= end:
                break
        if self._rule:
            painter.fillRect(0, self.height() - 1, self.width(), 1, QColor(t.line))


class EmptyState(QWidget):
    """What a list shows when there is nothing in it: an icon, a sentence, perhaps the first thing to do."""

    acted = Signal()

    def __init__(
        self, icon: str, sentence: str, action: str = "", *, key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.sentence = Text(sentence, "muted", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = Column(None, gap=10, margins=16)
        column.addWidget(Icon(icon, "muted", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.sentence)
        if action:
            button = Button(action, key=key)
            button.clicked.connect(self.acted)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.setLayout(column)
        self.setAccessibleName(sentence)


@dataclass(frozen=True)
class Step:
    """A step of a timeline; ``tone`` is brand for done, attention for what waits."""

    when: str
    text: str
    tone: str = "brand"


class Timeline(QWidget):
    """Steps along a line, oldest first, each with a dot."""

    def __init__(self, steps: Sequence[Step] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Step, ...] = ()
        self._rows = Column(gap=0)
        self.setLayout(self._rows)
        self._texts: list[QLabel] = []
        self.show_steps(steps)

    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show these steps instead."""
        clear(self._rows)
        self._steps, self._texts = tuple(steps), []
        widest = max((width(face(tokens().body), step.when) for step in steps), default=0)
        for step in steps:
            when = Text(step.when, "muted")
            when.setFixedWidth(min(widest, width(face(tokens().body), step.when)) + 1)
            text = Text(step.text, "attention" if step.tone == "attention" else "body", wrap=True)
            row = Row(when, gap=9)
            row.setContentsMargins(18, 5, 0, 5)
            row.setAlignment(when, Qt.AlignmentFlag.AlignTop)
            row.addWidget(text, 1)
            self._rows.addLayout(row)
            self._texts.append(when)
        self.setAccessibleName("; ".join(f"{step.when} {step.text}" for step in steps))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line and its dots."""
        if not self._texts:
            return
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        spots = [label.geometry().top() + label.sizeHint().height() / 2 for label in self._texts]
        painter.setPen(QPen(QColor(t.line), 2))
        painter.drawLine(6, int(spots[0] - 8), 6, int(spots[-1] + 8))
        for step, y in zip(self._steps, spots, strict=True):
            colour = t.badge if step.tone == "attention" else t.bad if step.tone == "bad" else t.brand_line
            box(painter, QRectF(1, y - 5, 10, 10), colour, radius=5)
