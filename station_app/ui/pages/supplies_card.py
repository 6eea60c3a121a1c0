"""The card at the right of the supplies page: one item, its lots, its last 30 days, its ledger."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...model import Item
from ...services.supplies import Lot
from ...words import t
from .. import when
from ..charts import StockDay, StockLine
from ..kit import Button, Card, Column, EmptyState, FlowLayout, LogRow, Notice, Pill, Row, Scroll, Text, clear
from ..theme import tokens
from .supplies_photo import PhotoLine
from .supplies_reads import Detail
from .supplies_text import SHORT, amount, expiry_pill, happened, is_low, rules


class LotRow(QWidget):
    """One lot: its number, what is left of it, how near its expiry is."""

    def __init__(self, lot: Lot, item: Item, today: date) -> None:
        super().__init__()
        name = lot.lot or t("supplies_page.no_lot")
        if lot.balance < 0:
            name = t("supplies_page.beyond_book")
        left = Text(amount(lot.balance, item), "body")
        row = Row(Text(name, "body" if lot.lot else "muted"), None, left, gap=10)
        row.setContentsMargins(6, 0, 6, 0)
        near = expiry_pill(lot.expiry, today) if lot.expiry else None
        if lot.balance < 0:
            row.addWidget(Pill(t("supplies_page.count_please"), "attention"))
        elif near is not None:
            row.addWidget(Pill(*near))
        elif lot.expiry:
            row.addWidget(Text(when.date_only(lot.expiry, today), "muted"))
        self.setLayout(row)
        self.setFixedHeight(tokens().px(38))
        self.setAccessibleName(" ".join((name, left.text(), near[0] if near else lot.expiry)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The line below."""
        QPainter(self).fillRect(0, self.height() - 1, self.width(), 1, tokens().line)


class _Key(QWidget):
    """What line and bars of the chart stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setLayout(Row(_Mark(3, "brand"), Text(t("supplies_page.balance"), "small"), _Mark(12, "bar"),
                           Text(t("supplies_page.given"), "small"), gap=6))  # fmt: skip


class _Mark(QWidget):
    """A stroke or a bar in the chart's colour."""

    def __init__(self, high: int, colour: str) -> None:
        super().__init__()
        self._high, self._colour = high, colour
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """As long as a stroke, as wide as a bar."""
        return QSize(16 if self._colour == "brand" else 7, 16)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The mark in the middle."""
        worn = tokens()
        colour = worn.brand if self._colour == "brand" else worn.cooling_line
        QPainter(self).fillRect(0, (self.height() - self._high) // 2, self.width(), self._high, colour)


class ItemCard(Card):
    """One item; its buttons say what is wanted, the page does it. ``keeps`` is False for who only looks: no buttons then."""

    edit = Signal()
    receive = Signal()
    waste = Signal()
    whole_ledger = Signal()
    undo = Signal(str)
    void = Signal(str)
    order = Signal()
    kit = Signal()
    photo_wanted = Signal()
    photo_dropped = Signal(object)
    photo_removed = Signal()

    def __init__(self, *, keeps: bool = True) -> None:
        inner = QWidget()
        self._parts = Column(gap=6)
        inner.setLayout(self._parts)
        super().__init__(Scroll(inner))
        self._keeps = keeps
        self.photo: PhotoLine | None = None
        self.detail: Detail | None = None
        self.show_nothing()

    def show_nothing(self) -> None:
        """No item is chosen."""
        self.detail = None
        clear(self._parts)
        self._parts.addWidget(EmptyState("supplies", t("supplies_page.choose_one")))

    def show_item(self, detail: Detail) -> None:
        """Show this item."""
        self.detail = detail
        clear(self._parts)
        item = detail.shelf.item
        self.setAccessibleName(item.name)
        self._parts.addLayout(self._head(detail))
        self._parts.addLayout(self._rules(detail))
        self._add_photo(detail)
        warning = self._warning(detail)
        if warning is not None:
            self._parts.addWidget(warning)
        if detail.parts or item.kit:
            self._add_parts(detail)
        self._add_lots(detail)
        self._add_chart(detail)
        self._add_lines(detail)
        self._parts.addStretch(1)

    def _head(self, detail: Detail) -> FlowLayout:
        item = detail.shelf.item
        head = FlowLayout(10, row_gap=6)
        head.addWidget(Text(item.name, "title", wrap=False))
        if item.alcohol:
            head.addWidget(Pill(t("supplies_page.alcohol"), "bad", icon="warning"))
        if item.medicine:
            head.addWidget(Pill(t("supplies_page.medicine"), "attention", icon="warning"))
        if detail.shelf.campaign:
            head.addWidget(Pill(detail.shelf.campaign, "brand"))
        if detail.shelf.from_month is not None and item.active:
            head.addWidget(Pill(t("supplies_page.from_month", month=t(f"terms.Month.{detail.shelf.from_month}")), "neutral"))
        if not item.active:
            head.addWidget(Pill(t("supplies_page.retired"), "neutral"))
        return head

    def _rules(self, detail: Detail) -> Row:
        edit = Button(t("supplies_page.edit"), "link")
        edit.setAccessibleDescription(detail.shelf.item.name)
        edit.clicked.connect(self.edit)
        row = Row(gap=10)
        if tokens().large:
            row.setDirection(Row.Direction.TopToBottom)
        row.addWidget(Text(rules(detail.shelf), "muted", wrap=True), 1)
        if self._keeps:
            row.addWidget(edit, 0, Qt.AlignmentFlag.AlignLeft)
        return row

    def _add_photo(self, detail: Detail) -> None:
        if not self._keeps and detail.photo is None:
            return
        self.photo = PhotoLine(detail.shelf.item, detail.photo, keeps=self._keeps)
        self.photo.wanted.connect(self.photo_wanted)
        self.photo.dropped.connect(self.photo_dropped)
        self.photo.removed.connect(self.photo_removed)
        self._parts.addWidget(self.photo)

    def _warning(self, detail: Detail) -> Notice | None:
        item = detail.shelf.item
        past = [lot for lot in detail.lots if lot.balance > 0 and lot.expiry and lot.expiry < detail.today.isoformat()]
        if past:
            left = sum(lot.balance for lot in past)
            action = t("supplies_page.waste") if self._keeps else ""
            notice = Notice(t("supplies_page.expired_notice", amount=amount(left, item)), "bad", action=action)
            notice.acted.connect(self.waste)
            return notice
        told = detail.shelf.forecast
        near = told is not None and told.likely is not None and (told.likely - detail.today).days < SHORT
        if not item.active or not (near or is_low(item)):
            return None
        if told is not None and told.likely is not None and item.balance > 0:
            text = t("supplies_page.runs_out_notice", day=when.date_only(told.likely.isoformat(), detail.today))
        else:
            text = t("supplies_page.low_notice", amount=amount(item.balance, item))
        notice = Notice(text, "bad", action=t("supplies_page.make_order") if self._keeps else "")
        notice.acted.connect(self.order)
        return notice

    def _add_parts(self, detail: Detail) -> None:
        """What a kit is made of, and putting it together."""
        make = Button(t("supplies_page.put_together"), "link")
        make.clicked.connect(self.kit)
        self._parts.addLayout(Row(Text(t("supplies_page.kit_parts"), "small"), None, *([make] if self._keeps else [])))
        for item, number in detail.parts:
            left = t("supplies_page.left_over", amount=amount(item.balance, item))
            self._parts.addLayout(Row(Text(f"{item.name} ×{number}", "body"), None, Text(left, "muted"), gap=10))

    def _add_lots(self, detail: Detail) -> None:
        item = detail.shelf.item
        waste = Button(t("supplies_page.waste"), "link")
        waste.setEnabled(item.balance > 0)
        waste.clicked.connect(self.waste)
        self._parts.addLayout(Row(Text(t("supplies_page.lots"), "small"), None, *([waste] if self._keeps else [])))
        rows = Column(gap=0)
        standing = [lot for lot in detail.lots if lot.balance != 0]
        for lot in standing:
            rows.addWidget(LotRow(lot, item, detail.today))
        if not standing:
            rows.addWidget(Text(t("supplies_page.no_lots"), "muted", wrap=True))
        self._parts.addLayout(rows)

    def _add_chart(self, detail: Detail) -> None:
        self._parts.addLayout(Row(Text(t("supplies_page.last_days"), "small"), None, _Key()))
        chart = StockLine(110)
        last = len(detail.days) - 1
        days = []
        for number, (text, given, balance) in enumerate(detail.days):
            name = when.date_only(text, detail.today)
            days.append(StockDay(name, balance, given, name if number in (0, last // 2, last) else ""))
        parts = (t("supplies_page.balance"), t("supplies_page.given"))
        chart.show_stock(days, name=t("supplies_page.last_days"), parts=parts)
        chart.setFixedHeight(chart.sizeHint().height())
        self._parts.addWidget(chart)

    def _add_lines(self, detail: Detail) -> None:
        whole = Button(t("supplies_page.whole_ledger"), "link")
        whole.clicked.connect(self.whole_ledger)
        self._parts.addLayout(Row(Text(t("supplies_page.records"), "small"), None, whole))
        rows = Column(gap=0)
        for line in detail.lines:
            standing = line.movement.void_reason is None and self._keeps
            action = t("supplies_page.undo") if line.operation else t("supplies_page.void") if standing else ""
            row = LogRow(when.short(line.movement.time, detail.today), happened(line), action)
            if line.operation is not None:
                row.acted.connect(lambda operation=line.operation.operation: self.undo.emit(operation))
            elif standing:
                row.acted.connect(lambda movement=line.movement.id: self.void.emit(movement))
            rows.addWidget(row)
        if not detail.lines:
            rows.addWidget(Text(t("supplies_page.no_lines"), "muted", wrap=True))
        self._parts.addLayout(rows)
