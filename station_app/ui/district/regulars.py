"""Regulars across stations: records that may be one person, decided by an officer, taken back; how far stations know the roster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QStackedWidget, QWidget

from ...db import Database
from ...district import regulars
from ...district.regulars import Pair, Regular, Standing
from ...model import Changes
from ...words import label, t
from .. import when
from ..forms import LineField
from ..kit import (
    Avatar,
    Button,
    Card,
    Column,
    EmptyState,
    Fact,
    FilterTabs,
    FlowLayout,
    Row,
    Scroll,
    Text,
    clear,
    lift,
    page_layout,
    rule,
)
from ..page import Page, Shell
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table

CARD = 430


@dataclass(frozen=True, slots=True)
class Roster:
    """What the page shows; ``behind`` is by code of a station how many changes it has not heard of."""

    today: date
    standing: Standing
    waiting: tuple[Pair, ...]
    merged: tuple[Pair, ...]
    behind: Mapping[str, int]


def read_roster(db: Database) -> Roster:
    """Pairs and the roster now."""
    return Roster(
        db.now().date(), regulars.standing(db), tuple(regulars.suggestions(db)), tuple(regulars.merges(db)), regulars.stations_behind(db)
    )


class RegularsPage(Page):
    """A tab of pairs that wait, one of those merged; at the right both records side by side and what can be done."""

    name: ClassVar[str] = "regulars"
    tables: ClassVar[frozenset[str]] = frozenset(
        {"person", "identity", "badge", "visit", "erasure", "person_merge", "told_apart", "enrolled", "store"}
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.roster: Roster | None = None
        self.tabs = FilterTabs([("waiting", t("district_regulars.waiting")), ("merged", t("district_regulars.merged"))])
        self.head = Text("", "muted")
        self._rows = {"waiting": RowsModel(self._columns(merged=False)), "merged": RowsModel(self._columns(merged=True))}
        self.lists = {
            "waiting": Table(self._rows["waiting"], rows=52, name=t("district_regulars.waiting")),
            "merged": Table(self._rows["merged"], rows=52, name=t("district_regulars.merged")),
        }
        self.lists["waiting"].set_empty(EmptyState("people", t("district_regulars.nobody_waits")))
        self.lists["merged"].set_empty(EmptyState("people", t("district_regulars.nobody_merged")))
        self._views = QStackedWidget()
        for table in self.lists.values():
            self._views.addWidget(table)
            table.current_record.connect(self._show_pair)
        self._inner = Column(gap=10)
        inside = QWidget()
        inside.setLayout(self._inner)
        self.card = Card(Scroll(inside))
        self.card.setFixedWidth(CARD)
        self.behind = Text("", "muted", wrap=True)
        self.reason = LineField("reason", t("district_regulars.reason"), hint=t("district_regulars.reason_hint"))
        self.merge_button = Button(t("district_regulars.merge"), "primary", key="Enter")
        self.swap_button = Button(t("district_regulars.swap"))
        self.apart_button = Button(t("district_regulars.apart"))
        self.split_button = Button(t("district_regulars.split"))
        self._pair: Pair | None = None
        self.exports = {
            code: ExportButton(shell, table, f"regulars-{code}", note=lambda: self.shell.station.name, columns=self._file_columns(code))
            for code, table in self.lists.items()
        }
        self.exports["merged"].hide()
        self.tabs.chosen.connect(self._show_export)
        foot = Row(None, *self.exports.values())
        left = Column(Row(self.tabs, None, self.head, gap=8), Card(self._views, foot, gap=4), self.behind, gap=8)
        page_layout(self, Row(left, self.card, gap=16))
        self.tabs.chosen.connect(self._tab)
        self.merge_button.clicked.connect(self.merge)
        self.swap_button.clicked.connect(self.swap)
        self.apart_button.clicked.connect(self.tell_apart)
        self.split_button.clicked.connect(self.split)
        self.reason.entered.connect(self.merge)
        self.lists["waiting"].activated_record.connect(lambda _pair: self.reason.take_focus())
        self._show_pair(None)

    def _show_export(self, code: str) -> None:
        for name, button in self.exports.items():
            button.setVisible(name == code)

    def _file_columns(self, code: str) -> list[TableColumn]:
        """What a file of the list has: card numbers and stations, and nothing of who they are."""
        return [
            TableColumn(t("district_regulars.kept"), lambda pair: pair.kept.card_number),
            TableColumn(t("district_desk.station"), lambda pair: pair.kept.station),
            TableColumn(t("district_regulars.other"), lambda pair: pair.merged.card_number),
            TableColumn(t("district_desk.station"), lambda pair: pair.merged.station),
            *self._rows[code].columns[-1:],
        ]

    def _columns(self, *, merged: bool) -> list[TableColumn]:
        def why(pair: Pair) -> tuple[str, str]:
            return (t("district_regulars.why_phone"), "good") if pair.why == "phone" else (t("district_regulars.why_name"), "attention")

        def day(pair: Pair) -> str:
            return when.moment(pair.time, self.roster.today) if self.roster is not None else ""

        suggested = TableColumn("", lambda _pair: "", 130, pill=why)
        last = TableColumn(t("district_regulars.on"), day, 130, "right", muted=True) if merged else suggested
        return [
            TableColumn(t("district_regulars.kept"), lambda pair: _named(pair.kept), bold=True, sub=lambda pair: pair.kept.station),
            TableColumn(t("district_regulars.other"), lambda pair: _named(pair.merged), 220, sub=lambda pair: pair.merged.station),
            TableColumn(t("district_regulars.occupation"), lambda pair: label(pair.kept.occupation), 120),
            last,
        ]

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read pairs and roster."""
        self.jobs.read(read_roster, self._show, key="district-regulars")

    def settle(self) -> None:
        """Into the list."""
        if not self.isVisible():
            return
        self.lists[self.tabs.code()].setFocus(Qt.FocusReason.OtherFocusReason)

    def _tab(self, code: str) -> None:
        self._views.setCurrentWidget(self.lists[code])
        record = self.lists[code].current()
        self._show_pair(record if isinstance(record, Pair) else None)

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show(self, roster: Roster) -> None:
        self.roster = roster
        self.tabs.set_texts(
            {
                "waiting": t("district_regulars.waiting_n", n=len(roster.waiting)),
                "merged": t("district_regulars.merged_n", n=len(roster.merged)),
            }
        )  # fmt: skip
        self.head.set(t("district_regulars.known", active=f"{roster.standing.active:,}", revoked=f"{roster.standing.revoked:,}"))
        codes = t("terms.list").join(f"{code} ({n:,})" for code, n in sorted(roster.behind.items())[:12])
        self.behind.set(t("district_regulars.behind", codes=codes) if codes else t("district_regulars.all_know"))
        for code, pairs in (("waiting", roster.waiting), ("merged", roster.merged)):
            self._rows[code].set_rows(list(pairs))
            if self.lists[code].current() is None and pairs:
                self.lists[code].choose(pairs[0].id)
        self._tab(self.tabs.code())
        focus = QApplication.focusWidget()
        if focus is None or not self.isAncestorOf(focus) or not focus.isVisible():  # an empty list takes no focus
            self.settle()

    def _show_pair(self, pair: Pair | None) -> None:
        self._pair = pair
        lift(self.reason, self.merge_button, self.swap_button, self.apart_button, self.split_button)
        clear(self._inner)
        if pair is None:
            self._inner.addWidget(EmptyState("people", t("district_regulars.choose")))
            return
        for regular, role in ((pair.kept, t("district_regulars.stays")), (pair.merged, t("district_regulars.goes"))):
            self._inner.addLayout(_side(regular, role))
            self._inner.addWidget(rule())
        if pair.operation:
            self._inner.addWidget(Fact(t("district_regulars.reason"), pair.reason or "—", wrap=True))
            self._inner.addLayout(Row(self.split_button, None))
            self.split_button.show()
        else:
            self._inner.addWidget(Text(t("district_regulars.means"), "muted", wrap=True))
            self._inner.addWidget(self.reason)
            flow = FlowLayout(8)
            self._inner.addLayout(flow)
            for button in (self.merge_button, self.swap_button, self.apart_button):
                flow.addWidget(button)
            for widget in (self.reason, self.merge_button, self.swap_button, self.apart_button):
                widget.show()  # once they lie in the card
        self._inner.addStretch(1)

    # --- doing -------------------------------------------------------------------------------------------------------

    def swap(self) -> None:
        """The other record stays instead."""
        if self._pair is not None:
            self._show_pair(Pair(self._pair.merged, self._pair.kept, self._pair.why))

    def merge(self) -> None:
        """Both are one person; every station learns it with its next pack."""
        pair, reason = self._pair, self.reason.value()
        if pair is None or pair.operation:
            return

        def done(outcome: tuple[Pair, Changes]) -> None:
            self.reason.set_value("")
            self.shell.tell_undoable(t("district_regulars.merged_now", name=_named(outcome[0].kept)), outcome[1])

        def work(db: Database) -> tuple[tuple[Pair, Changes], Changes]:
            found = regulars.merge(db, pair.kept.id, pair.merged.id, reason)
            return found, found[1]

        self.jobs.run(work, done)

    def tell_apart(self) -> None:
        """They are two people."""
        pair = self._pair
        if pair is not None:
            self.jobs.run(
                lambda db: regulars.tell_apart(db, pair.kept.id, pair.merged.id),
                lambda _changes: self.shell.tell(t("district_regulars.told_apart")),
            )

    def split(self) -> None:
        """Take a merge back."""
        if self._pair is not None and self._pair.operation:
            self.shell.undo(self._pair.operation)


def _named(regular: Regular) -> str:
    return regular.name or t("district_regulars.nameless")


def _side(regular: Regular, role: str) -> Column:
    """One of the two records."""
    avatar = Avatar(size=48)
    avatar.set_name(regular.name)
    who = t("terms.dot").join(part for part in (label(regular.occupation), regular.platform) if part)
    head = Row(avatar, gap=12)
    head.addLayout(Column(Text(role, "small"), Text(_named(regular), "strong"), Text(who, "muted"), gap=2), 1)
    facts = FlowLayout(16, row_gap=6)  # two rows in large type
    for fact in (
        Fact(t("district_regulars.station"), regular.station),
        Fact(t("district_regulars.phone"), regular.phone[-4:] or "—"),
        Fact(t("district_regulars.visits"), f"{regular.visits:,}"),
        Fact(t("district_regulars.registered"), regular.registered_on),
    ):
        facts.addWidget(fact)
    return Column(head, facts, gap=8)
