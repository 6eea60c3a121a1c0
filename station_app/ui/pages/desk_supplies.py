"""The shelf on the desk: one card an item, the digit that hands it out, and why not when a rule stands against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from PySide6.QtCore import QRectF, QSize, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...model import ItemKind
from ...services.supplies import Offer
from ...words import t
from .. import icons
from ..entry import Entry
from ..forms import LineField
from ..jobs import Otherwise
from ..kit import Press, Text
from ..page import Shell as Shell_
from ..painting import box, brush, cap_size, focus_ring, paint_cap, plain_tip, width, write
from ..theme import RADIUS, face, tokens, tone
from .desk_tiles import Tiles

KEYS = 9
STRIPS = {
    ItemKind.COOLING: "cooling", ItemKind.DRINK: "cooling", ItemKind.WARMING: "warming", ItemKind.FIRST_AID: "good",
    ItemKind.STUDY: "brand", ItemKind.GIFT: "attention", ItemKind.OTHER: "neutral",
}  # fmt: skip


class OverrideForm(Entry):
    """Why something is given although a rule stands against it; the rule is said above."""

    def __init__(self, shell: Shell_, why_not: str, save: Callable[[str, Otherwise], None]) -> None:
        self._give = save
        super().__init__(shell, self._send_reason, LineField("reason", t("desk.reason"), required=True, hint=t("desk.reason_hint")))
        self.layout().insertWidget(0, Text(why_not, "attention", wrap=True))  # type: ignore[union-attr]

    def _send_reason(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        self._give(values["reason"], otherwise)


class Shelf(Tiles):
    """Up to nine items in the order of their digits; cards are changed in place while the items stay the same."""

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(narrowest=150, height=80, gap=8)
        self._ids: list[str] = []
        self._cards: list[OfferCard] = []
        self.after: QWidget | None = None

    def show_offers(self, offers: Sequence[Offer], for_person: bool, today: date) -> None:
        """Show these, for somebody on the card or for anybody; Tab comes to them from ``after``."""
        shown = list(offers[:KEYS])
        if [offer.item.id for offer in shown] != self._ids:
            self._ids = [offer.item.id for offer in shown]
            self._cards = [OfferCard(str(number)) for number in range(1, len(shown) + 1)]
            for number, card in enumerate(self._cards):
                card.clicked.connect(lambda _checked=False, number=number: self.chosen.emit(number))
            self.set_tiles(self._cards)
            for before, card in zip([self.after, *self._cards], self._cards, strict=False):
                if before is not None:
                    QWidget.setTabOrder(before, card)
        for card, offer in zip(self._cards, shown, strict=True):
            card.show_offer(offer, for_person, today)

    def card(self, number: int) -> OfferCard:
        """The card of the digit ``number + 1``."""
        return self._cards[number]


class OfferCard(Press):
    """Colour strip, name, key cap; what is left or why not; 含酒精 勿驾车. It can be pressed also when a rule says no."""

    def __init__(self, key: str) -> None:
        self._key, self._tone = key, "cooling"
        self._lines: tuple[str, ...] = ()
        self._warning = ""
        self._off = self._bad = False
        super().__init__("")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_offer(self, offer: Offer, for_person: bool, today: date) -> None:
        """Show an offer; nothing is painted anew when nothing changed."""
        item = offer.item
        lines, bad = offer_lines(offer, for_person, today)
        state = (
            item.name,
            lines,
            bad,
            offer.barrier is not None,
            STRIPS[item.kind],
            t("desk.alcohol") if item.alcohol else t("desk.medicine") if item.medicine else "",
        )
        if state == (self.words(), self._lines, self._bad, self._off, self._tone, self._warning):
            return
        _name, self._lines, self._bad, self._off, self._tone, self._warning = state
        self.set_text(item.name)
        self.setAccessibleDescription(" ".join(part for part in (lines[0], self._warning, self._key) if part))
        self.setToolTip(plain_tip(lines[0]))
        self.update()

    def line(self) -> str:
        """What is left, or why not."""
        return self._lines[0] if self._lines else ""

    def off(self) -> bool:
        """Whether a rule stands against handing it out now."""
        return self._off

    def sizeHint(self) -> QSize:
        """Three lines."""
        t_ = tokens()
        return QSize(t_.px(150), t_.px(80))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Strip, name, line, warning, key cap."""
        t_ = tokens()
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect())
        box(
            painter,
            rect,
            t_.off if self._off else t_.card,
            t_.brand if self.underMouse() or self.isDown() else t_.line,
            radius=RADIUS,
        )
        painter.save()
        painter.setClipRect(QRectF(0, 0, 5, rect.height()))
        box(painter, rect, tone(self._tone).ink, radius=RADIUS)
        painter.restore()
        cap = cap_size(self._key)
        paint_cap(painter, QRectF(rect.width() - cap.width() - 8, t_.px(8), cap.width(), cap.height()), self._key)
        pad = t_.px(14)
        name = QRectF(pad, t_.px(7), rect.width() - pad - cap.width() - 14, t_.px(25))
        write(painter, name, self.words(), face(t_.strong, bold=True), t_.muted if self._off else t_.ink)
        room = QRectF(pad, t_.px(31), rect.width() - pad - 6, t_.px(22))
        font = face(t_.body)
        line = next((text for text in self._lines if width(font, text) <= room.width()), self.line())
        write(painter, room, line, font, t_.bad if self._bad else t_.muted)
        if self._warning:
            below, size = room.translated(0, t_.px(22)), t_.px(16)
            icons.paint(painter, "warning", t_.attention, QRectF(pad, below.center().y() - size / 2, size, size))
            write(painter, below.adjusted(size + 4, 0, 0, 0), self._warning, font, t_.attention)
        if self.hasFocus():
            focus_ring(painter, rect, RADIUS)


def offer_lines(offer: Offer, for_person: bool, today: date) -> tuple[tuple[str, ...], bool]:
    """What a card says, the longest way of saying it first, and whether it is bad news."""
    item, barrier = offer.item, offer.barrier
    ready = max(item.balance, 0) + offer.makes if item.kit else item.balance
    if barrier is not None and barrier.rule == "season":
        return (t("desk.from_month", month=t(f"terms.Month.{item.first_month}")),), False
    if barrier is not None:
        if barrier.rule == "campaign_elsewhere":
            return (t("desk.taken_elsewhere", station=barrier.fields["station"]), t("desk.taken")), False
        if barrier.last and barrier.last[:10] == today.isoformat():
            return (t("desk.taken_at", time=barrier.last[11:16]), barrier.last[11:16]), False
        if barrier.last:
            return (t("desk.taken_on", day=f"{int(barrier.last[5:7])}/{int(barrier.last[8:10])}"), t("desk.taken")), False
        if barrier.rule == "person_day":
            return (t("desk.most_a_day", n=offer.most or 0),), False
        return (t(f"desk.barrier_{barrier.rule.split('_')[0]}"),), False
    if item.next_expiry and item.next_expiry < today.isoformat():
        return (t("desk.expired_lot"), t("desk.expired_short")), True
    if ready <= item.low_level:
        return (t("desk.only_left", n=ready, unit=item.unit), t("desk.left", n=ready)), True
    left = t("desk.left", n=ready)
    if offer.most is None:
        return (left,), False
    may = offer.left if offer.left is not None else offer.most
    first = t("desk.may_today", n=may) if for_person else t("desk.most_each", n=offer.most)
    dot = t("terms.dot")
    return (first + dot + left, t("desk.may_short", n=may) + dot + left, left), False
