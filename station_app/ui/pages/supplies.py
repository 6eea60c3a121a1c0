"""Supplies: what is on the shelf, how long it keeps, what came in and went out; receiving, counting, writing off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedLayout, QStackedWidget, QWidget
from shiboken6 import isValid

from ...model import Changes, Item, Op
from ...services import supplies
from ...services.arrivals import Arrival
from ...services.loans import is_code
from ...services.supplies import barcodes, orders
from ...sync.opening import Opener
from ...words import label, t
from .. import when
from ..arrived import DueSupplies, receive
from ..entry import Entry
from ..import_wizard import Choose, ImportWizard, choose_file
from ..kit import Abreast, Button, Card, Chip, Column, EmptyState, FilterTabs, FlowLayout, Row, page_layout
from ..page import Page, Shell
from ..pictures import choose_pictures
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from . import supplies_reads as reads
from .equipment_part import BoxPart, EquipmentPart
from .house_parts import Part
from .ledgers_part import LedgersPart
from .loans_part import LoansPart
from .supplies_campaigns import CampaignsView
from .supplies_card import ItemCard
from .supplies_forms import CountForm, Done, ItemForm, ReceiveForm, WasteForm
from .supplies_import import item_list
from .supplies_orders import KitForm, OrderForm, SendForm, TakeForm, VoidForm, print_order, print_received
from .supplies_photo import Choose as ChoosePictures
from .supplies_photo import Photos
from .supplies_reads import Detail, Line, Overview, Shelf
from .supplies_rules import RulesView
from .supplies_text import amount, bar, change, expiry_pill, expiry_text, happened, state_pill

TABLES = LoansPart.tables | EquipmentPart.tables | BoxPart.tables
CARD = 430
CARD_LARGE = 480


class SuppliesPage(Page):
    """The shelf as a table, one item in full at the right, the ledger of all on a tab of its own."""

    name = "supplies"
    tables = frozenset({"item", "quota", "movement", "handout", "stocktake", "person", "identity", "allocation",
        "item_photo", "kit_part", "campaign", "campaign_item", "transfer", "assembly", "station_day", "refusal", "rule_set", *TABLES})

    def __init__(
        self, shell: Shell, *, choose: Choose = choose_file, opener: Opener | None = None, pictures: ChoosePictures = choose_pictures
    ) -> None:
        super().__init__(shell)
        self.photos = Photos(self, shell, opener=opener, choose=pictures)
        self._choose = choose
        self._today = date.min
        self._items: tuple[Item, ...] = ()
        self._wanted = ""
        self.parts: dict[str, Part] = {
            "loans": LoansPart(shell, self), "equipment": EquipmentPart(shell, self), "box": BoxPart(shell, self),
            "ledgers": LedgersPart(shell, self),
        }  # fmt: skip
        self.tabs = FilterTabs(
            [
                ("stock", t("supplies_page.stock_tab")), ("loans", t("house_page.loans_tab")),
                ("campaigns", t("supplies_page.campaigns_tab")),
                ("equipment", t("house_page.equipment_tab")), ("box", t("house_page.box_tab")), ("rules", t("supplies_page.rules_tab")),
                ("ledger", t("supplies_page.ledger_tab")), ("ledgers", t("ledgers_page.tab")),
            ]
        )  # fmt: skip
        self.only = Chip("")
        self.count_button = Button(t("supplies_page.count"), key="Enter")
        self.receive_button = Button(t("supplies_page.receive"), "primary", icon="plus", key="Ctrl+N")
        self.new_button = Button(t("supplies_page.new_item"), "link", icon="plus")
        self.import_button = Button(t("supplies_page.import_items"), "link", icon="import")
        self.send_button = Button(t("supplies_page.send"), "link")
        self.take_button = Button(t("supplies_page.take"), "link")
        self.slip_button = Button(t("supplies_page.received_slip"), "link", icon="print")
        self.wizard: ImportWizard | None = None
        self._item_form: ItemForm | None = None
        self._stock_rows, self._ledger_rows = RowsModel(self._stock_columns()), RowsModel(self._ledger_columns())
        self.stock = Table(self._stock_rows, rows=52, name=t("supplies_page.stock_tab"))
        self.ledger = Table(self._ledger_rows, rows=56, name=t("supplies_page.ledger_tab"))
        self._keeps = self.may(Op.RECEIVE)
        self.card = ItemCard(keeps=self._keeps)
        self.due = DueSupplies(receives=self.may(Op.RECEIVE))
        self.rules = RulesView(shell, keeps=self.may(Op.SET_QUOTA))
        self.campaigns = CampaignsView(shell, keeps=self.may(Op.SET_CAMPAIGN))
        stock = [column for column in self._stock_rows.columns if column.title]  # a bar is no cell
        self.exports = {
            "stock": ExportButton(shell, self.stock, "supplies", note=lambda: shell.station.name, columns=stock),
            "ledger": ExportButton(shell, self.ledger, "supplies-ledger", note=self._told),
            "rules": ExportButton(shell, self.rules.table, "supplies-rules", note=lambda: shell.station.name),
            "campaigns": ExportButton(shell, self.campaigns.table, "supplies-campaigns", note=lambda: shell.station.name),
            **{
                code: ExportButton(
                    shell, self.parts[code].table, f"supplies-{code}", note=lambda: shell.station.name,
                    leave_out=(t("house_page.borrower"),),
                )
                for code in ("loans", "equipment", "box")
            },
        }
        self._views, self._side = QStackedWidget(), QStackedWidget()
        self._build()
        self._connect()

    # --- layout ----------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        first = t("supplies_page.new_item") if self._keeps else ""
        empty = EmptyState("supplies", t("supplies_page.no_items"), first, key="Ctrl+N")
        empty.acted.connect(self._add_item)
        self.stock.set_empty(empty)
        self.ledger.set_empty(EmptyState("supplies", t("supplies_page.no_lines")))
        self.only.hide()
        for button in () if self._keeps else (
            self.count_button, self.receive_button, self.new_button, self.import_button, self.send_button, self.take_button,
            self.slip_button,
        ):  # fmt: skip
            button.hide()
        for view in (self.stock, self.rules, self.campaigns, self.ledger):
            self._views.addWidget(view)
        for card in (self.card, self.rules.card, self.campaigns.card):
            self._side.addWidget(card)
        for part in self.parts.values():
            self._views.addWidget(part.table)
            self._side.addWidget(part.card)
        of_parts = [button for part in self.parts.values() for button in part.buttons]
        for button in of_parts:
            button.hide()
        head = Abreast(self.tabs, self.count_button, self.receive_button, *of_parts)
        foot = FlowLayout(16)  # two rows where large type leaves no room for one
        for piece in (self.new_button, self.import_button, self.send_button, self.take_button, self.slip_button, self.only,
                      *self.exports.values()):
            foot.addWidget(piece)
        for code, button in self.exports.items():
            button.setHidden(code != "stock")
        QShortcut(QKeySequence("Ctrl+E"), self, self._export)
        left = Column(head, self.due, Card(self._views, foot, gap=4), gap=8)
        self._content = QWidget()
        page_layout(self._content, Row(left, self._side, gap=16))
        self._whole = QStackedLayout(self)
        self._whole.addWidget(self._content)
        self._fit()

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._show_tab)
        self.only.toggled.connect(lambda _on: self._read_ledger())
        self.count_button.clicked.connect(self._count)
        self.receive_button.clicked.connect(self._receive)
        self.new_button.clicked.connect(self._add_item)
        self.import_button.clicked.connect(self.import_list)
        self.stock.current_record.connect(self._chosen)
        if self._keeps:
            self.stock.activated_record.connect(lambda _shelf: self._count())
        self.ledger.current_record.connect(lambda line: self.stock.choose(line.item.id) if line is not None else None)
        self.due.wanted.connect(lambda allocation_id: receive(self.jobs, allocation_id, self._arrived))
        self.send_button.clicked.connect(lambda: self._open(t("supplies_page.send_title"), SendForm))
        self.slip_button.clicked.connect(lambda: print_received(self.shell))
        self.take_button.clicked.connect(lambda: self._open(t("supplies_page.take_title"), TakeForm))
        self.card.edit.connect(self._edit_item)
        self.card.order.connect(self._order)
        self.card.void.connect(self._void)
        self.card.kit.connect(self._put_together)
        self.card.photo_wanted.connect(lambda: self.photos.choose(self._shown()))
        self.card.photo_dropped.connect(lambda path: self.photos.bring(self._shown(), path))
        self.card.photo_removed.connect(lambda: self.photos.remove(self._shown()))
        self.card.receive.connect(self._receive)
        self.card.waste.connect(self._waste)
        self.card.undo.connect(self._undo)
        self.card.whole_ledger.connect(self._show_own_ledger)

    def _stock_columns(self) -> list[TableColumn]:
        def near(shelf: Shelf) -> tuple[str, str] | None:
            return expiry_pill(shelf.item.next_expiry, self._today) if shelf.item.next_expiry else None

        def expiry(shelf: Shelf) -> str:
            return expiry_text(shelf.item.next_expiry, self._today)

        def state(shelf: Shelf) -> tuple[str, str] | None:
            return state_pill(shelf, self._today)

        return [
            TableColumn(t("supplies_page.item"), lambda s: s.item.name, 190, bold=True, sub=lambda s: label(s.item.kind)),
            TableColumn("", lambda _s: "", bar=bar),
            TableColumn(
                t("supplies_page.balance"), lambda s: amount(s.item.balance, s.item), 104, "right", bold=True,
                export=lambda s: s.item.balance,
            ),
            TableColumn(t("supplies_page.next_expiry"), expiry, 126, pill=near),
            TableColumn(t("supplies_page.runs_out"), lambda _s: "", 160, pill=state),
        ]

    def _ledger_columns(self) -> list[TableColumn]:
        def what(line: Line) -> str:
            return "".join(part for part, _bold in happened(line))

        return [
            TableColumn(t("supplies_page.time"), lambda line: when.moment(line.movement.time, self._today), 128, muted=True),
            TableColumn(t("supplies_page.item"), lambda line: line.item.name, bold=True, sub=what),
            TableColumn(t("supplies_page.change"), change, 70, "right"),
            TableColumn(t("supplies_page.balance"), lambda line: amount(line.movement.balance, line.item), 104, "right", muted=True),
        ]

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "card"):
            self._fit()
            if self.card.detail is not None:
                self.card.show_item(self.card.detail)

    def _fit(self) -> None:
        large = tokens().large
        self._side.setFixedWidth(CARD_LARGE if large else CARD)
        self.stock.show_columns((0, 2, 3, 4) if large else range(len(self._stock_rows.columns)))  # the number says it too

    @property
    def idle(self) -> bool:
        """Whether no picture is being made ready."""
        return self.photos.idle

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody brings pictures: no process is kept."""
        super().hideEvent(event)
        self.photos.close()

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the shelf, and the ledger while it is shown."""
        self.jobs.read(reads.overview, self._show_overview, key="supplies")
        self._refresh_tab(self.tabs.code())

    def _refresh_tab(self, code: str) -> None:
        if code == "ledger":
            self._read_ledger()
        elif code == "rules":
            self.rules.refresh()
        elif code == "campaigns":
            self.campaigns.refresh()
        elif (part := self.parts.get(code)) is not None:
            part.refresh()

    def scanned(self, text: str) -> bool:
        """A barcode of goods: its item is shown and its receipt begun, with the lot and expiry a GS1 code tells."""
        found = None if is_code(text) else barcodes.read(text)  # a thing that is lent is the desk's
        if found is None or self.wizard is not None:
            return False
        form = self._item_form
        into = form if form is not None and isValid(form) and form.isVisible() else None
        self.jobs.read(
            lambda db: supplies.by_barcode(db, found.code),
            lambda item: self._into_kit(into, item, found) if into is not None else self._scanned_item(item, found), key="supplies-scan",
        )  # fmt: skip
        return True

    def _into_kit(self, form: ItemForm, item: Item | None, found: barcodes.Scanned) -> None:
        """While an item's form is open a scan puts one of what was scanned into the kit."""
        if isValid(form):
            self.shell.tell(form.scanned(item, found.code))

    def _scanned_item(self, item: Item | None, found: barcodes.Scanned) -> None:
        if item is None:
            self.shell.tell(t("supplies_page.unknown_barcode", code=found.code), bad=True)
            return
        self.show_subject(item.id)
        if self._keeps:
            self._open(t("supplies_page.receive_title"), partial(ReceiveForm, lot=found.lot, expiry=found.expiry), item.id)

    def show_subject(self, subject: str) -> None:
        """Show one item by its id; a list that was being looked at is put away."""
        if self.wizard is not None:
            self.wizard.leave()
        tab, _, one = subject.partition("/")
        if tab in self.parts:
            self.parts[tab].choose(one)
            self.tabs.choose(tab)
            return
        self._wanted = subject
        self.tabs.choose("stock")
        self.refresh()

    def new(self) -> None:
        """Ctrl+N: stock came in; the first item when there is none yet. Not over a list that is being imported."""
        if self.wizard is not None or not self._keeps:
            return
        if (part := self.parts.get(self.tabs.code())) is not None:
            part.new()
        elif self.tabs.code() in ("rules", "campaigns"):
            (self.rules if self.tabs.code() == "rules" else self.campaigns).add()
        elif self._items:
            self._receive()
        else:
            self._add_item()

    def look_up(self) -> None:
        """``/``: into the list."""
        if (part := self.parts.get(self.tabs.code())) is not None:
            part.settle()
            return
        tables = {"ledger": self.ledger, "rules": self.rules.table, "campaigns": self.campaigns.table}
        tables.get(self.tabs.code(), self.stock).setFocus(Qt.FocusReason.OtherFocusReason)

    def settle(self) -> None:
        """Into the list, or the wizard while it is open."""
        if self.wizard is not None:
            self.wizard.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.look_up()

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show_overview(self, overview: Overview) -> None:
        self._today = overview.today
        self.due.show_due(list(overview.due), overview.today)
        self._items = tuple(shelf.item for shelf in overview.shelves if shelf.item.active)
        self.count_button.setEnabled(bool(self._items))
        self._stock_rows.set_rows(overview.shelves)
        wanted, self._wanted = self._wanted, ""
        if not (wanted and self.stock.choose(wanted)) and self.stock.current() is None and overview.shelves:
            self.stock.choose(overview.shelves[0].id)
        if not overview.shelves:
            self.card.show_nothing()

    def _chosen(self, shelf: Shelf | None) -> None:
        if shelf is None:
            return
        item_id = shelf.id
        self.jobs.read(lambda db: reads.detail(db, item_id), self._show_detail, key="supplies-item")

    def _show_detail(self, detail: Detail) -> None:
        inside = self.card.isAncestorOf(focus) if (focus := self.focusWidget()) is not None and focus.hasFocus() else False
        self.card.show_item(detail)
        self.only.set_text(t("supplies_page.only", name=detail.shelf.item.name))
        if inside:
            self.settle()

    def _show_tab(self, code: str) -> None:
        part = self.parts.get(code)
        of_stock = (
            self.new_button, self.import_button, self.send_button, self.take_button, self.count_button, self.receive_button,
            self.slip_button,
        )  # fmt: skip
        seen: dict[QWidget, bool] = {
            **{button: other is part for other in self.parts.values() for button in other.buttons},
            **dict.fromkeys(of_stock, self._keeps and code in ("stock", "ledger")),
            self.only: code == "ledger" and self.card.detail is not None,
            **{button: name == code for name, button in self.exports.items()},
        }
        for widget, there in sorted(seen.items(), key=lambda pair: pair[1]):  # first what goes: both at once would widen the window
            widget.setVisible(there)
        views = {"ledger": self.ledger, "rules": self.rules, "campaigns": self.campaigns}
        self._views.setCurrentWidget(part.table if part else views.get(code, self.stock))
        cards = {"rules": self.rules.card, "campaigns": self.campaigns.card}
        self._side.setCurrentWidget(part.card if part else cards.get(code, self.card))
        self._refresh_tab(code)

    def _told(self) -> str:
        """The station, and the one supply whose lines are shown, above the rows of a file."""
        detail = self.card.detail if self.only.isChecked() else None
        return "  ".join((self.shell.station.name, *((detail.shelf.item.name,) if detail is not None else ())))

    def _export(self) -> None:
        button = self.exports.get(self.tabs.code())
        if button is not None:
            button.ask()

    def _show_own_ledger(self) -> None:
        self.only.setChecked(True)
        self.tabs.choose("ledger")
        self.settle()

    def _read_ledger(self) -> None:
        item_id = self._current_id() if self.only.isChecked() else ""
        self.jobs.read(lambda db: reads.ledger(db, item_id), self._show_ledger, key="supplies-ledger")

    def _show_ledger(self, lines: list[Line]) -> None:
        self._ledger_rows.set_rows(lines)

    # --- doing -------------------------------------------------------------------------------------------------------

    def _current_id(self) -> str:
        return self.card.detail.shelf.id if self.card.detail is not None else ""

    def _receive(self) -> None:
        self._open(t("supplies_page.receive_title"), ReceiveForm)

    def _count(self) -> None:
        self._open(t("supplies_page.count_title"), CountForm)

    def _waste(self) -> None:
        self._open(t("supplies_page.waste_title"), WasteForm)

    def _open(self, title: str, form: Callable[[Shell, tuple[Item, ...], str, Done], Entry], chosen: str = "") -> None:
        """Open a form about an item; with the balances of now, for a count is compared with them."""

        def show(overview: Overview) -> None:
            items = tuple(shelf.item for shelf in overview.shelves if shelf.item.active)
            if items:
                content = form(self.shell, items, chosen or self._current_id(), self._saved)
                self.shell.open_sheet(title, content, submit=t("supplies_page.save"))

        self.jobs.read(reads.overview, show, key="supplies-form")

    def _order(self) -> None:
        """申领: a slip for the item shown, with what it needs filled in."""
        item_id = self._current_id()

        def ordered(text: str, changes: Changes, number: str) -> None:
            self._saved(text, changes, item_id)
            print_order(self.shell, number)

        def show(wish: orders.Wish) -> None:
            title = t("supplies_page.order_title", name=wish.item.name)
            self.shell.open_sheet(title, OrderForm(self.shell, wish, ordered), submit=t("supplies_page.make_order"))

        self.jobs.read(lambda db: orders.wish_for(db, item_id), show, key="supplies-wish")

    def _void(self, movement_id: str) -> None:
        form = VoidForm(self.shell, movement_id, self._current_id(), self._saved)
        self.shell.open_sheet(t("supplies_page.void"), form, submit=t("supplies_page.void"))

    def _put_together(self) -> None:
        if self.card.detail is not None:
            form = KitForm(self.shell, self.card.detail.shelf.item, self.card.detail.parts, self._saved)
            self.shell.open_sheet(t("supplies_page.put_together"), form, submit=t("supplies_page.save"))

    def _shown(self) -> Item:
        assert self.card.detail is not None  # the line that asks is part of the card
        return self.card.detail.shelf.item

    def _add_item(self) -> None:
        form = self._item_form = ItemForm(self.shell, None, self._saved, items=self._items)
        self.shell.open_sheet(t("supplies_page.new_item"), form, submit=t("supplies_page.save"))

    def _edit_item(self) -> None:
        if self.card.detail is not None:
            item = self.card.detail.shelf.item
            form = self._item_form = ItemForm(self.shell, item, self._saved, items=self._items, parts=self.card.detail.parts)
            self.shell.open_sheet(item.name, form, submit=t("supplies_page.save"))

    def _arrived(self, outcome: tuple[Arrival, Changes]) -> None:
        one, changes = outcome
        self._wanted = str(next(iter(changes.rows.get("item", ())), self._wanted))
        self.shell.tell_undoable(t("arrivals.received", item=one.item, quantity=f"{one.quantity:,}", unit=one.unit), changes)

    def _saved(self, text: str, changes: Changes, item_id: str) -> None:
        self.shell.close_sheet()
        self._wanted = item_id
        self.shell.tell_undoable(text, changes)

    def import_list(self) -> None:
        """The import wizard, in place of the page until it is closed."""
        self._close_wizard()
        self.wizard = ImportWizard(self.shell, item_list(), choose=self._choose)
        self.wizard.closed.connect(self._close_wizard)
        self._whole.addWidget(self.wizard)
        self._whole.setCurrentWidget(self.wizard)
        self.settle()

    def open_list(self, file: Path) -> None:
        """A list of supplies was dropped on the window."""
        self.import_list()
        if self.wizard is not None:
            self.wizard.open_file(file)

    def _close_wizard(self) -> None:
        if self.wizard is not None:
            self._whole.removeWidget(self.wizard)
            self.wizard.deleteLater()
            self.wizard = None
            self.settle()

    def _undo(self, operation: str) -> None:
        self.shell.undo(operation)
