"""The right side of the stations page: the place to drop files on, the card of one station, a station that asks to join."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...district import store
from ...district.desk import Dossier
from ...district.many import Outcome
from ...sync.identity import Enrolment
from ...words import t
from .. import when
from ..buttons import Press
from ..code_view import CodeView
from ..feedback import ErrorStrip, ProgressStrip, announce
from ..kit import Button, Card, Column, EmptyState, Fact, FlowLayout, Notice, Pill, Row, Scroll, Text, Timeline, clear
from ..painting import CENTRE, brush, cap_size, focus_ring, paint_cap, write
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import RADIUS, face, tokens
from . import stations_text as say


class DropPlace(Press):
    """The dashed field that files are dropped on; pressed, it asks for files."""

    def __init__(self, text: str, line: str, key: str) -> None:
        self._line, self._key = line, key
        super().__init__(text)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleDescription(f"{line} {key}")

    def sizeHint(self) -> QSize:
        """Two lines and air."""
        return QSize(200, tokens().px(100))

    def minimumSizeHint(self) -> QSize:
        """Long words are cut before the page grows."""
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dashes around a soft ground, two lines, the key."""
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        pen = QPen(QColor(t.brand if self.underMouse() else t.brand_line), 2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(QColor(t.brand_soft))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        high = QRectF(rect.left(), rect.top() + t.px(22), rect.width(), t.px(28))
        write(painter, high, self._words, face(t.strong), t.brand, CENTRE)
        low = QRectF(rect.left(), rect.top() + t.px(54), rect.width(), t.px(24))
        write(painter, low, self._line, face(t.small), t.muted, CENTRE)
        size = cap_size(self._key)
        paint_cap(
            painter, QRectF(rect.right() - size.width() - 10, rect.top() + 10, size.width(), size.height()), self._key
        )
        if self.hasFocus():
            focus_ring(painter, rect, RADIUS)


class TakeCard(QWidget):
    """Where files come in: the place to drop them, what a stick holds, how far it is, what they brought."""

    wanted = Signal()
    folder_wanted = Signal()
    offered = Signal()
    cancelled = Signal()
    details = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.place = DropPlace(t("district_desk.drop"), t("district_desk.drop_line"), "Ctrl+I")
        self.place.clicked.connect(self.wanted)
        self.folder = Button(t("district_desk.choose_folder"), "link", icon="folder")
        self.folder.clicked.connect(self.folder_wanted)
        self.progress, self.errors = ProgressStrip(), ErrorStrip()
        self.progress.cancelled.connect(self.cancelled)
        self.done = Text("", "good", wrap=True)
        self.each = Button(t("district_desk.each_file"), "link", icon="file")
        self.each.clicked.connect(self.details)
        self._after = QWidget()
        self._after.setLayout(Column(self.done, Row(self.each, None), gap=0))
        self._after.hide()
        self._offers = Column(gap=8)
        self.notice: Notice | None = None
        column = Column(self.place, gap=8)
        column.addLayout(self._offers)
        for part in (self.progress, self.errors, self._after):
            column.addWidget(part)
        column.addLayout(Row(self.folder, None))
        self.setLayout(column)

    def offer(self, text: str) -> None:
        """A stick holds files that were not looked at yet; an empty text when there are none."""
        clear(self._offers)
        self.notice = None
        if text:
            self.notice = Notice(text, "attention", icon="usb", action=t("district_desk.take"), key="Ctrl+I")
            self.notice.acted.connect(self.offered)
            self._offers.addWidget(self.notice)

    def begin(self, n: int) -> None:
        """Files are being taken in."""
        self.errors.clear()
        self._after.hide()
        self.offer("")
        self.progress.start(t("district_desk.taking", n=n))

    def end(self, text: str, *, bad: bool) -> None:
        """All are looked at."""
        self.progress.finish()
        self.done.set(text, "attention" if bad else "good")
        self._after.show()
        announce(self.done, text)


class OutcomeList(QWidget):
    """Each file and what became of it, those that were refused first."""

    def __init__(self, outcomes: Sequence[Outcome]) -> None:
        super().__init__()
        order = sorted(outcomes, key=lambda one: (one.error is None, one.file.name))
        self.rows = RowsModel(
            [
                TableColumn(t("district_desk.file"), lambda one: one.file.name, bold=True, sub=say.brought),
                TableColumn("", lambda _one: "", 110, "right", pill=say.outcome),
            ],
            key=lambda one: str(one.file),
        )
        self.rows.set_rows(order)
        self.table = Table(self.rows, rows=56, name=t("district_desk.each_file"))
        self.table.setMinimumHeight(tokens().px(420))
        self.told: Text = Text("", wrap=True, selectable=True)
        self.table.current_record.connect(lambda one: self.told.set(say.brought(one) if one is not None else ""))
        self.setLayout(Column(self.table, self.told, gap=8))
        self.setFocusProxy(self.table)
        if order:
            self.table.choose(str(order[0].file))


class StationCard(Card):
    """One station: what stands against it, its newest batches, phone and keys; what may be done, also by digits."""

    wanted = Signal(str)

    def __init__(self) -> None:
        inner = QWidget()
        self._parts = Column(gap=10)
        inner.setLayout(self._parts)
        super().__init__(Scroll(inner))
        self.dossier: Dossier | None = None
        self.deeds: list[tuple[str, str]] = []
        self.show_nothing()

    def show_nothing(self) -> None:
        """No station is chosen."""
        self.dossier, self.deeds = None, []
        clear(self._parts)
        self._parts.addWidget(EmptyState("home", t("district_desk.choose_station")))

    def show_station(self, dossier: Dossier, today: date, stations: int) -> None:
        """Show this station; ``stations`` is how many packs the button for all writes."""
        self.dossier = dossier
        line = dossier.standing
        clear(self._parts)
        self.setAccessibleName(line.station.name)
        head = Row(gap=10)
        head.addWidget(Text(line.station.name, "strong", wrap=True), 1)
        head.addWidget(Pill(*say.state(line)), 0, Qt.AlignmentFlag.AlignTop)
        self._parts.addLayout(head)
        contact = [line.station.code, line.station.phone or t("district_desk.no_phone")]
        self._parts.addWidget(Text(t("terms.dot").join(contact), "muted", selectable=True))
        for told in say.explained(line):
            self._parts.addWidget(Text(told, "muted", wrap=True))
        if dossier.intakes:
            self._parts.addWidget(Timeline(say.timeline(dossier, today)))
        for told in say.refusals(dossier):
            self._parts.addWidget(Text(told, "attention", wrap=True))
        if line.called is not None:
            self._parts.addWidget(Fact(t("district_desk.called_last"), say.called(line, today), wrap=True))
        self._add_buttons(stations)
        for told in say.used(dossier):
            self._parts.addWidget(Text(told, "muted", wrap=True))
        facts = FlowLayout(24, row_gap=6)
        facts.addWidget(Fact(t("district_desk.enrolled"), when.date_only(line.station.enrolled, today)))
        facts.addWidget(Fact(t("district_desk.last_pack"), str(line.station.last_pack_no or "—")))
        self._parts.addLayout(facts)
        for key in line.station.active:
            name = t("district_desk.fingerprint_of", letter=key.letter)
            self._parts.addWidget(Fact(name, key.fingerprint.replace("-", "-\u200b"), wrap=True))
        self._parts.addStretch(1)

    def _add_buttons(self, stations: int) -> None:
        self.deeds = [
            ("packs", t("district_desk.write_all", n=stations)), ("pack", t("district_desk.write_one")),
            ("call", t("district_desk.note_call")), ("allocate", t("district_desk.allocate")), ("revoke", t("district_desk.revoke")),
        ]  # fmt: skip
        flow = FlowLayout(8)
        for number, (code, text) in enumerate(self.deeds, start=1):
            kind = {"packs": "primary", "revoke": "danger"}.get(code, "plain")
            button = Button(text, kind, key=str(number))
            button.clicked.connect(lambda _checked=False, code=code: self.wanted.emit(code))
            flow.addWidget(button)
        self._parts.addLayout(flow)


class EnrolCard(QWidget):
    """Who asks to join; the officer compares the fingerprint with the station's screen before believing it."""

    same = Signal()
    different = Signal()

    def __init__(self, told: Enrolment, file: str, known: store.Enrolled | None) -> None:
        super().__init__()
        self.told = told
        self.yes, self.no = Button(t("district_desk.same"), "primary"), Button(t("district_desk.different"), "danger")
        self.yes.clicked.connect(self.same)
        self.no.clicked.connect(self.different)
        self.fingerprint = Text(told.fingerprint.replace("-", "-\u200b"), "title", wrap=True, selectable=True)
        who = FlowLayout(24, row_gap=6)
        for name, text in (
            (t("district_desk.station"), told.name), (t("district_desk.code"), f"{told.code}-{told.letter}"),
            (t("district_desk.phone"), told.phone or t("district_desk.no_phone")), (t("district_desk.file"), file),
        ):  # fmt: skip
            who.addWidget(Fact(name, text))
        column = Column(gap=12)
        column.addLayout(who)
        if known is not None:  # a computer more, or one in the place of another
            replaced = any(key.letter == told.letter for key in known.active)
            word = (
                t("district_desk.replaces", letter=told.letter)
                if replaced
                else t("district_desk.one_more", letter=told.letter)
            )
            column.addWidget(Text(word, "attention", wrap=True))
        column.addWidget(Text(t("district_desk.compare"), wrap=True))
        column.addWidget(self.fingerprint)
        column.addWidget(CodeView(told.fingerprint), 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(Row(self.yes, self.no, None))
        column.addStretch(1)
        self.setLayout(column)
        self.setFocusProxy(self.no)  # a slip of Enter believes nobody
