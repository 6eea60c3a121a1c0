"""Supplies across stations: what is on all their shelves, what was promised to whom, and whether it arrived."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar
from unicodedata import normalize

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from ...db import Database
from ...district import desk, promises
from ...district.promises import Allocation, Shelf
from ...errors import UserMistake
from ...model import Changes, ItemKind
from ...services.supplies import plans
from ...services.supplies.plans import Crossing, Wanted
from ...words import label, t
from .. import when
from ..entry import Entry
from ..forms import ChoiceField, LineField, NumberField, TextField
from ..jobs import Otherwise
from ..kit import Button, Card, Column, EmptyState, FilterTabs, Row, Scroll, Text, clear, page_layout
from ..list_page import Search
from ..page import Page, Shell
from ..printing import Show, open_file, save_and_open
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .supplies_asked import crossings_table, wanted_table

CARD = 400
TABS = ("shelves", "promised", "wanted", "crossings")
AT = {
    "supplies.bad_name": "item", "supplies.bad_unit": "unit", "supplies.bad_quantity": "lines", "district.bad_line": "lines",
    "district.nobody_to_give": "lines", "district.unknown_station": "lines", "district.long_note": "note",
}  # fmt: skip
"""Under which field of the form an error stands."""
LINE = re.compile(r"\s*(?P<who>.+?)[\s,，:：=]+(?P<n>[0-9][0-9,]*)\s*")
"""A line of what each gets: a station's code or name, and a number."""
Balance = tuple[str, int, bool]


@dataclass(frozen=True, slots=True)
class Depot:
    """What the page shows. ``names`` are stations by code, ``visits`` their person-times of the month."""

    today: date
    names: Mapping[str, str]
    visits: Mapping[str, int]
    shelves: tuple[Shelf, ...]
    allocations: tuple[Allocation, ...]
    wanted: tuple[Wanted, ...] = ()
    crossings: tuple[Crossing, ...] = ()


def read_depot(db: Database) -> Depot:
    """Shelves and promises now."""
    overview = desk.overview(db)
    return Depot(
        overview.now.date(), {line.station.code: line.station.name for line in overview.lines},
        {line.station.code: line.person_times for line in overview.lines}, tuple(promises.shelves(db)), tuple(promises.allocations(db)),
        tuple(plans.wanted(db)), tuple(plans.crossings(db)),
    )  # fmt: skip


def _found(text: str, *within: str) -> bool:
    return not text or any(text in one.casefold() for one in within)


class SuppliesPage(Page):
    """A tab of items with the balance of each station at the right, a tab of what was promised."""

    name: ClassVar[str] = "supplies"
    tables: ClassVar[frozenset[str]] = frozenset({"item", "movement", "allocation", "enrolled", "visit", "supply_order", "transfer"})

    def __init__(self, shell: Shell, *, show: Show = open_file) -> None:
        super().__init__(shell)
        self._show_file = show
        self.depot: Depot | None = None
        self._allocate_for = ""
        self.tabs = FilterTabs([(tab, t(f"district_desk.{tab}")) for tab in TABS])
        self.search = Search(t("district_desk.search_items"))
        self.allocate_button = Button(t("district_desk.allocate"), "primary", icon="plus", key="Ctrl+N")
        self.allocate_button.clicked.connect(self.new)
        self._shelf_rows, self._promise_rows = RowsModel(self._shelf_columns()), RowsModel(self._promise_columns())
        self.shelves = Table(self._shelf_rows, rows=44, name=t("district_desk.shelves"))
        self.promised = Table(self._promise_rows, rows=52, name=t("district_desk.promised"))
        self.shelves.set_empty(EmptyState("supplies", t("district_desk.no_shelves")))
        self.promised.set_empty(
            EmptyState("supplies", t("district_desk.no_promises"), t("district_desk.allocate"), key="Ctrl+N")
        )
        self._wanted_rows, self.wanted = wanted_table(self._today)
        self._crossing_rows, self.crossings = crossings_table(self._today)
        self._views = QStackedWidget()
        for view in (self.shelves, self.promised, self.wanted, self.crossings):
            self._views.addWidget(view)
        tables = (self.shelves, self.promised, self.wanted, self.crossings)
        self.exports = {
            tab: ExportButton(shell, table, f"supplies-{tab}", note=self._told) for tab, table in zip(TABS, tables, strict=True)
        }
        self._inner = Column(gap=8)
        inside = QWidget()
        inside.setLayout(self._inner)
        self.card = Card(Scroll(inside))
        self.card.setFixedWidth(CARD)
        head = Row(gap=8)
        head.addWidget(self.tabs, 1)
        head.addWidget(self.search)
        self.slip_button = Button(t("district_desk.allocation_slip"), icon="print", tip="Ctrl+P")
        self.slip_button.clicked.connect(self.print)
        self.slip_button.hide()
        foot = Row(None, self.slip_button, *self.exports.values())
        for button in list(self.exports.values())[1:]:
            button.hide()
        head.addWidget(self.allocate_button)
        QShortcut(QKeySequence("Ctrl+P"), self, self.print)
        QShortcut(QKeySequence("Ctrl+E"), self, lambda: self.exports[self.tabs.code()].ask())
        left = Column(head, Card(self._views, foot, gap=4), gap=8)
        page_layout(self, Row(left, self.card, gap=16))
        self.tabs.chosen.connect(self._tab)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.shelves.current_record.connect(self._show_shelf)
        self.promised.current_record.connect(self._show_promise)

    def _shelf_columns(self) -> list[TableColumn]:
        def low(shelf: Shelf) -> tuple[str, str] | None:
            return (t("district_desk.low", n=len(shelf.low)), "attention") if shelf.low else None

        def lack(shelf: Shelf) -> str:
            return f"{sum(shelf.lacks.values()):,}" if shelf.lacks else ""

        return [
            TableColumn(
                t("district_desk.item"), lambda shelf: shelf.name, bold=True, sub=lambda shelf: label(shelf.kind)
            ),
            TableColumn(
                t("district_desk.total"), lambda shelf: f"{shelf.total:,} {shelf.unit}", 130, "right", bold=True
            ),
            TableColumn(
                t("district_desk.at_stations"),
                lambda shelf: t("district_desk.n_stations", n=len(shelf.balances)),
                110,
                "right",
            ),
            TableColumn(t("district_desk.lacks"), lack, 90, "right"),
            TableColumn("", lambda _shelf: "", 110, "right", pill=low),
        ]

    def _promise_columns(self) -> list[TableColumn]:
        def day(one: Allocation) -> str:
            return when.moment(one.time, self.depot.today) if self.depot is not None else ""

        return [
            TableColumn(t("district_desk.station"), lambda one: one.station, bold=True, sub=lambda one: one.note),
            TableColumn(t("district_desk.item"), lambda one: one.item, 150),
            TableColumn(t("district_desk.quantity"), lambda one: f"{one.quantity:,} {one.unit}", 110, "right"),
            TableColumn(t("district_desk.promised_on"), day, 130, muted=True),
            TableColumn("", lambda _one: "", 110, "right", pill=promise_pill),
        ]

    def _today(self) -> date:
        return self.depot.today if self.depot is not None else date.min

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read shelves and promises."""
        self.jobs.read(read_depot, self._show, key="district-supplies")

    def show_subject(self, subject: str) -> None:
        """Allocate to a station by its code."""
        self._allocate_for = subject
        if self.depot is not None:
            self._open_form()

    def new(self) -> None:
        """Ctrl+N: promise supplies to stations."""
        self._open_form()

    def look_up(self) -> None:
        """``/``: into the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def settle(self) -> None:
        """Into the list."""
        (self.shelves, self.promised, self.wanted, self.crossings)[TABS.index(self.tabs.code())].setFocus(Qt.FocusReason.OtherFocusReason)

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show(self, depot: Depot) -> None:
        self.depot = depot
        waiting = sum(not (one.received or one.withdrawn) for one in depot.allocations)
        self.tabs.set_texts({"promised": t("district_desk.tab_promised", n=waiting)})
        self._filter()
        if self._allocate_for:
            self._open_form()

    def _filter(self) -> None:
        if self.depot is None:
            return
        text = self.search.wanted()
        shelves = [shelf for shelf in self.depot.shelves if not text or text in shelf.name.casefold()]
        self._shelf_rows.set_rows(shelves)
        self._promise_rows.set_rows(
            [
                one
                for one in self.depot.allocations
                if not text or text in one.item.casefold() or text in one.station.casefold()
            ]
        )
        self._wanted_rows.set_rows([one for one in self.depot.wanted if _found(text, one.item, one.station, one.number)])
        self._crossing_rows.set_rows(
            [one for one in self.depot.crossings if _found(text, one.item, one.sender, one.receiver, one.number)]
        )
        if self.shelves.current() is None and shelves:
            self.shelves.choose(shelves[0].id)
        self._tab(self.tabs.code())

    def _told(self) -> str:
        """The district and what was looked for, above the rows of a file."""
        return "  ".join(part for part in (self.shell.station.name, self.search.text().strip()) if part)

    def _tab(self, code: str) -> None:
        self._views.setCurrentIndex(TABS.index(code))
        for name, button in self.exports.items():
            button.setVisible(name == code)
        self.slip_button.setVisible(code == "promised")
        self.card.setVisible(code in ("shelves", "promised"))
        if code == "promised":
            self._show_promise(self.promised.current())
        elif code == "shelves":
            self._show_shelf(self.shelves.current())

    def _show_shelf(self, shelf: Shelf | None) -> None:
        if self.tabs.code() != "shelves" or self.depot is None:
            return
        clear(self._inner)
        if shelf is None:
            self._inner.addWidget(EmptyState("supplies", t("district_desk.choose_item")))
            return
        names = self.depot.names
        self._inner.addWidget(Text(shelf.name, "strong", wrap=True))
        self._inner.addWidget(Text(t("district_desk.shelf_total", n=shelf.total, unit=shelf.unit), "muted"))
        balances: list[Balance] = [(names.get(code, code), n, code in shelf.low) for code, n in shelf.balances.items()]
        rows = RowsModel(
            [
                TableColumn(t("district_desk.station"), lambda one: one[0]),
                TableColumn(t("district_desk.balance"), lambda one: f"{one[1]:,}", 90, "right", bold=True),
                TableColumn(
                    "",
                    lambda _one: "",
                    70,
                    "right",
                    pill=lambda one: (t("district_desk.is_low"), "attention") if one[2] else None,
                ),
            ],
            key=lambda one: one[0],
        )
        rows.set_rows(sorted(balances, key=lambda one: (not one[2], one[1])))
        table = Table(rows, rows=36, name=shelf.name)
        table.setMinimumHeight(min(36 * (len(balances) + 1) + 8, 460))
        self._inner.addWidget(table)
        self._inner.addStretch(1)

    def _show_promise(self, one: Allocation | None) -> None:
        if self.tabs.code() != "promised" or self.depot is None:
            return
        clear(self._inner)
        if one is None:
            self._inner.addWidget(EmptyState("supplies", t("district_desk.no_promises")))
            return
        today = self.depot.today
        self._inner.addWidget(Text(f"{one.item} {one.quantity:,} {one.unit}", "strong", wrap=True))
        self._inner.addWidget(Text(t("terms.dot").join((one.station, one.code)), "muted"))
        told = [t("district_desk.was_promised", when=when.moment(one.time, today))]
        if one.received:
            told.append(t("district_desk.was_received", when=when.moment(one.received, today)))
        elif one.withdrawn:
            told.append(t("district_desk.was_withdrawn", when=when.moment(one.withdrawn, today)))
        else:
            told.append(t("district_desk.not_received_yet"))
        for text in (*told, one.note):
            if text:
                self._inner.addWidget(Text(text, wrap=True))
        if not (one.received or one.withdrawn):
            button = Button(t("district_desk.take_back"), "danger")
            button.clicked.connect(lambda: self.take_back([one.id]))
            self._inner.addLayout(Row(button, None))
        self._inner.addStretch(1)

    # --- doing -------------------------------------------------------------------------------------------------------

    def _open_form(self) -> None:
        if self.depot is None:
            return
        station, self._allocate_for = self._allocate_for, ""
        chosen = self.shelves.current() if self.tabs.code() == "shelves" else None
        form = AllocateForm(self.shell, self.depot, chosen, station, self._allocated)
        self.shell.open_sheet(t("district_desk.allocate"), form, submit=t("district_desk.promise"))

    def _allocated(self, ids: list[str], text: str) -> None:
        self.shell.close_sheet()
        self.shell.tell(text, t("window.undo"), lambda: self.take_back(ids))

    def print(self) -> None:
        """Ctrl+P: what each station gets, of the promises that are listed and stand, as a PDF."""
        depot = self.depot
        listed: list[Allocation | None] = [self._promise_rows.record(row) for row in range(self._promise_rows.rowCount())]
        rows = [one for one in listed if one is not None and not one.withdrawn]
        if depot is None or self.tabs.code() != "promised" or not rows:
            return

        def draw(target: Path) -> int:
            from ...paper.order_slip import Allotted, allocation_slip

            told = [Allotted(one.station, one.item, one.quantity, one.unit, one.time, one.received, one.note) for one in rows]
            return allocation_slip(told, target, station=self.shell.station, printed_on=depot.today)

        save_and_open(self.shell, f"allocated-{self.shell.station.district_code}-{depot.today.isoformat()}", draw, show=self._show_file)

    def take_back(self, ids: list[str]) -> None:
        """Take promises back that nobody received yet."""
        self.jobs.run(
            lambda db: promises.withdraw_allocations(db, ids),
            lambda _changes: self.shell.tell(t("district_desk.taken_back", n=len(ids))),
        )


class AllocateForm(Entry):
    """An item, and how many each station gets: a line each, filled in for all, for those that run low, or by visitors."""

    def __init__(
        self, shell: Shell, depot: Depot, chosen: Shelf | None, station: str, done: Callable[[list[str], str], None]
    ) -> None:
        self._depot = depot

        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            def promise(db: Database) -> tuple[list[str], Changes]:
                return promises.allocate(
                    db,
                    values["item"],
                    values["unit"],
                    ItemKind(values["kind"]),
                    quantities(values["lines"], depot.names),
                    values["note"],
                )

            def told(ids: list[str]) -> None:
                done(ids, t("district_desk.allocated", n=len(ids), item=values["item"]))

            shell.jobs.run(promise, told, otherwise)

        shares = [
            ("each", t("district_desk.share_each")),
            ("low", t("district_desk.share_low")),
            ("lack", t("district_desk.share_lack")),
            ("visits", t("district_desk.share_visits")),
        ]
        kinds = [(kind.value, label(kind)) for kind in ItemKind]
        super().__init__(
            shell, save, LineField("item", t("district_desk.item"), required=True),
            LineField("unit", t("district_desk.unit"), required=True),
            ChoiceField("kind", t("district_desk.kind"), kinds, value=ItemKind.COOLING, chips=False),
            ChoiceField("share", t("district_desk.share"), shares, value="each", keys=True),
            NumberField("number", t("district_desk.share_number"), low=1, high=promises.MOST, required=False),
            TextField("lines", t("district_desk.lines"), required=True, hint=t("district_desk.lines_hint"), lines=6),
            LineField("note", t("district_desk.note")), at=AT,
        )  # fmt: skip
        if chosen is not None:
            self.set_values({"item": chosen.name, "unit": chosen.unit, "kind": chosen.kind})
        if station:
            self.set_values({"lines": f"{station} "})
        self.field("number").changed.connect(self._fill)
        self.field("share").changed.connect(self._fill)

    def _fill(self) -> None:
        """Write a line for each station by the share chosen; what is typed there by hand is replaced."""
        values = self.values()
        number = values["number"]
        if number is None and values["share"] != "lack":
            return
        shelf = next(
            (one for one in self._depot.shelves if (one.name, one.unit) == (values["item"], values["unit"])), None
        )
        lines = shared(values["share"], number or 0, self._depot, shelf)
        self.set_values({"lines": "\n".join(f"{code} {n}" for code, n in lines)})


def shared(share: str, number: int, depot: Depot, shelf: Shelf | None) -> list[tuple[str, int]]:
    """How many each station gets: ``number`` for each or each that runs low, what each lacks, all of it by the month's person-times."""
    if share == "lack":
        return [(code, shelf.lacks[code]) for code in depot.names if shelf is not None and code in shelf.lacks]
    if share == "low":
        return [(code, number) for code in depot.names if shelf is not None and code in shelf.low]
    if share == "each":
        return [(code, number) for code in depot.names]
    total = sum(depot.visits.values())
    if not total:
        return []
    # the largest remainders get what rounding leaves, so that all of it is given
    parts = {code: divmod(number * depot.visits[code], total) for code in depot.names}
    left = number - sum(whole for whole, _rest in parts.values())
    more = set(sorted(parts, key=lambda code: (-parts[code][1], code))[:left])
    return [(code, whole + (code in more)) for code, (whole, _rest) in parts.items() if whole + (code in more)]


def quantities(text: str, names: Mapping[str, str]) -> dict[str, int]:
    """Lines of a station (code or name) and a number; UserMistake naming the first that is none, or a station twice."""
    codes = {name: code for code, name in names.items()}
    found: dict[str, int] = {}
    for line in text.splitlines():
        if not line.strip():
            continue
        match = LINE.fullmatch(normalize("NFKC", line))
        code = match["who"].upper() if match else ""
        if match is not None and code not in names:
            code = codes.get(match["who"], "")
        if match is None or not code or code in found:
            raise UserMistake("district.bad_line", text=line.strip())
        found[code] = int(match["n"].replace(",", ""))
    return found


def promise_pill(one: Allocation) -> tuple[str, str]:
    """Where a promise stands."""
    if one.received:
        return t("district_desk.received"), "good"
    return (t("district_desk.withdrawn"), "neutral") if one.withdrawn else (t("district_desk.on_its_way"), "attention")
