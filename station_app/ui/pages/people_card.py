"""The card at the right of the people page: one regular, their badge as it will be printed, and what can be done."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from ...model import Person, Station
from ...paper import qr
from ...services.privacy import Held
from ...words import t
from ..kit import Avatar, Button, Card, Column, EmptyState, Fact, FlowLayout, Notice, Row, Scroll, Text
from ..names import person_name
from ..painting import box, brush, paint_code, plain_tip, width, write
from ..theme import RADIUS, face, tokens
from ..when import date_only
from .people_text import consent_line, erase_text, grouped, has_older_notice, kept_line, requests_line, visits_line, who

QR_BOX = 116
"""Four pixels a module with the quiet zone: 29 modules."""


class BadgePreview(QWidget):
    """The badge as it is printed: the code that a scanner reads, station, name, card number."""

    def __init__(self, station: Station) -> None:
        super().__init__()
        self._station = station
        self._person: Person | None = None
        self.code: qr.Code | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_badge(self, person: Person, code: qr.Code | None) -> None:
        """Draw this person's badge; ``code`` is None when they have none that opens."""
        self._person, self.code = person, code
        self.setAccessibleName(t("people_page.badge_of", name=person_name(person), number=person.card_number or "—"))
        self.update()

    def sizeHint(self) -> QSize:
        """As high as the code with its air."""
        return QSize(tokens().px(300), max(QR_BOX, tokens().px(QR_BOX)) + 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, code, four lines of writing."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        box(painter, QRectF(self.rect()), worn.key, worn.line, radius=RADIUS)
        if self._person is None:
            return
        side = self.height() - 28.0
        left = 14.0
        if self.code is not None:
            paint_code(painter, QRectF(left, 14, side, side), self.code)
            left += side + 14
        room = self.width() - left - 12
        lines = (
            (self._station.name, face(worn.body, bold=True), worn.ink, 24),
            (person_name(self._person), face(worn.strong + 1, bold=True), worn.ink, 30),
            (self._person.card_number or t("people_page.no_card"), face(worn.title, bold=True), worn.brand, 34),
            (t("people_page.promise"), face(worn.small), worn.muted, 24),
        )
        top = (self.height() - sum(worn.px(high) for *_, high in lines)) / 2
        for text, font, ink, high in lines:
            while width(font, text) > room and font.pixelSize() > 11:  # a card is whole, however small it is shown
                font.setPixelSize(font.pixelSize() - 1)
            write(painter, QRectF(left, top, room, worn.px(high)), text, font, ink)
            top += worn.px(high)
        self.setToolTip(grouped(self._person.badge_code))


class EraseStrip(QWidget):
    """Asks once more before a person is forgotten, inside the card; Esc leaves it."""

    confirmed = Signal()
    dropped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sentence = Text("", "bad", wrap=True)
        self.yes = Button(t("people_page.erase_yes"), "bad", icon="bin")
        self.no = Button(t("people_page.erase_no"), key="Esc")
        self.yes.clicked.connect(self.confirmed)
        self.no.clicked.connect(self.dropped)
        self.setLayout(Column(self.sentence, Row(self.yes, self.no, None, gap=8), gap=4))
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc: nothing happens."""
        if event.key() == Qt.Key.Key_Escape:
            self.dropped.emit()
        else:
            super().keyPressEvent(event)


class PersonCard(Card):
    """One regular. Emits what the keeper wants; the page does it."""

    print_asked = Signal()
    reissue_asked = Signal()
    edit_asked = Signal()
    held_asked = Signal()
    agree_asked = Signal()
    merge_asked = Signal()
    circle_asked = Signal()
    split_asked = Signal(str)
    erase_asked = Signal()

    def __init__(self, station: Station) -> None:
        super().__init__(gap=0)
        self.held: Held | None = None
        self._today = date.min
        self.avatar, self.name, self.line = Avatar(size=56), Text("", "strong"), Text("", "muted")
        for text in (self.name, self.line):
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.preview = BadgePreview(station)
        self.facts = {
            name: Fact(text, wrap=True)
            for name, text in (
                ("visits", t("people_page.visits")),
                ("phone", t("people_page.phone_tail")),
                ("handouts", t("people_page.handouts")),
                ("requests", t("people_page.requests")),
                ("consent", t("people_page.consent")),
                ("kept", t("people_page.kept")),
                ("circle", t("people_page.circle")),
            )
        }
        self.print_button = Button(t("people_page.print"), "primary", key="Ctrl+P")
        self.reissue_button = Button(t("people_page.reissue"))
        self.edit_button = Button(t("people_page.edit"), icon="edit")
        self.held_button = Button(t("people_page.held_button"))
        self.merge_button = Button(t("people_page.merge"))
        self.circle_button = Button(t("people_page.circle_button"))
        self.merged = Notice("", "plain", icon="people", action=t("people_page.split"))
        self.agree_button = Button(t("people_page.agree"), icon="check")
        self.erase_button = Button(t("people_page.erase"), "danger")
        self.erase_strip = EraseStrip()
        self._connect()
        self._person = Scroll(self._build(), rest=True)
        self.nobody = EmptyState("user", t("people_page.choose_someone"))
        holder = QWidget()
        self._stack = QStackedLayout(holder)
        self._stack.addWidget(self.nobody)
        self._stack.addWidget(self._person)
        self.body.addWidget(holder)

    def _connect(self) -> None:
        for button, signal in (
            (self.print_button, self.print_asked),
            (self.reissue_button, self.reissue_asked),
            (self.edit_button, self.edit_asked),
            (self.held_button, self.held_asked),
            (self.agree_button, self.agree_asked),
            (self.merge_button, self.merge_asked),
            (self.circle_button, self.circle_asked),
        ):
            button.clicked.connect(signal)
        self.merged.acted.connect(self._split)
        self.erase_button.clicked.connect(self._ask)
        self.erase_strip.confirmed.connect(self.erase_asked)
        self.erase_strip.dropped.connect(lambda: self._drop_question(refocus=True))

    def _build(self) -> QWidget:
        head = Row(self.avatar, gap=14)
        head.addLayout(Column(self.name, self.line, gap=2), 1)
        facts = QGridLayout()
        facts.setContentsMargins(0, 0, 0, 0)
        facts.setHorizontalSpacing(10)
        facts.setVerticalSpacing(12)
        for place, name in enumerate(("visits", "phone", "handouts", "requests")):
            facts.addWidget(self.facts[name], place // 2, place % 2)
        facts.addWidget(self.facts["consent"], 2, 0, 1, 2)
        facts.addWidget(self.facts["kept"], 3, 0, 1, 2)
        facts.addWidget(self.facts["circle"], 4, 0, 1, 2)
        facts.setColumnStretch(0, 1)
        facts.setColumnStretch(1, 1)
        buttons = FlowLayout(8)
        for button in (
            self.agree_button, self.print_button, self.edit_button, self.reissue_button, self.merge_button, self.circle_button,
            self.held_button, self.erase_button,
        ):  # fmt: skip
            buttons.addWidget(button)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        for part in (head, facts, buttons):
            column.addLayout(part)
        column.insertWidget(1, self.preview)
        column.addWidget(self.merged)
        column.addWidget(self.erase_strip)
        column.addStretch(1)
        inner = QWidget()
        inner.setLayout(column)
        return inner

    def show_nobody(self) -> None:
        """Nobody is chosen."""
        self.held = None
        self._drop_question()
        self._stack.setCurrentWidget(self.nobody)

    def show_held(self, held: Held, code: qr.Code | None, today: date) -> None:
        """Show a person and what is held on them; ``code`` is their badge's."""
        if self.held is None or self.held.person.id != held.person.id:
            self._drop_question()
        self.held, self._today = held, today
        person = held.person
        self.avatar.set_name(person.name)
        self.name.set(person_name(person))
        self.line.set(who(person))
        self.line.setToolTip(plain_tip(who(person)))
        self.preview.show_badge(person, code)
        self.facts["visits"].set(visits_line(held, today))
        self.facts["phone"].set(person.phone[-4:] or t("people_page.not_kept"))
        self.facts["handouts"].set(t("people_page.handout_count", n=held.handouts))
        self.facts["requests"].set(requests_line(held))
        self.facts["consent"].set(consent_line(held, today))
        self.facts["kept"].set(kept_line(held, today))
        names = t("terms.list").join(person_name(one) for one in held.companions)
        self.facts["circle"].set(names)
        self.facts["circle"].setVisible(bool(names))
        self.merged.setVisible(bool(held.merged))
        if held.merged:
            self.merged.text.set(t("people_page.merged_records", n=len(held.merged), day=date_only(held.merged[0].time, today)))
        self.agree_button.setVisible(has_older_notice(person))
        self.print_button.setEnabled(bool(person.badge_code))
        for button in (self.edit_button, self.reissue_button, self.merge_button, self.circle_button, self.erase_button):
            button.setEnabled(not person.erased)
        self.edit_button.set_text(t("people_page.edit") if person.name else t("people_page.promote"))
        self.setAccessibleName(person_name(person))
        self._stack.setCurrentWidget(self._person)

    def _split(self) -> None:
        if self.held is not None and self.held.merged:
            self.split_asked.emit(self.held.merged[0].operation)

    def _ask(self) -> None:
        if self.held is None:
            return
        self.erase_strip.sentence.set(erase_text(self.held, person_name(self.held.person), self._today))
        self.erase_button.hide()
        self.erase_strip.show()
        self.erase_strip.no.setFocus(Qt.FocusReason.TabFocusReason)
        QTimer.singleShot(0, self, lambda: self._person.ensureWidgetVisible(self.erase_strip.yes))  # once it has its place

    def _drop_question(self, *, refocus: bool = False) -> None:
        self.erase_strip.hide()
        self.erase_button.show()
        if refocus:
            self.erase_button.setFocus(Qt.FocusReason.TabFocusReason)
