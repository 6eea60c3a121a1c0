"""Campaigns of the district: what each station has and gave; beside them who had more than a share, by card, and the result sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from ...db import Database
from ...district import store
from ...model import Changes, ItemKind, Occupation, Op
from ...services.supplies import plans
from ...services.supplies.plans import Outcome, Plan, Recipient, Share, Twice
from ...words import label, t
from .. import printing, when
from ..entry import Entry
from ..forms import ChoiceField, DateField, LineField, NumberField, TextField
from ..jobs import Otherwise
from ..kit import (
    Button,
    Card,
    Column,
    EmptyState,
    FlowLayout,
    LogRow,
    Notice,
    Pill,
    Row,
    Scroll,
    Text,
    clear,
    page_layout,
)
from ..list_page import ListPage, Search
from ..page import Shell
from ..printing import Show, open_file
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .supplies import quantities

CARD = 430
SHOWN = 40
"""Recipients the card lists; the command lists more."""
AT = {
    "campaigns.bad_name": "name", "campaigns.bad_days": "last", "campaigns.no_items": "item", "supplies.bad_quantity": "allot",
    "district.bad_line": "allot", "district.unknown_station": "allot",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fair:
    """What the page shows: ``names`` of stations by code, campaigns, who had more than a share by the campaign's code."""

    today: date
    names: Mapping[str, str]
    plans: tuple[Plan, ...]
    twice: Mapping[str, tuple[Twice, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """One campaign in full."""

    plan: Plan
    outcome: Outcome
    recipients: tuple[Recipient, ...]


def read_fair(db: Database) -> Fair:
    """All campaigns now."""
    twice: dict[str, tuple[Twice, ...]] = {}
    for one in plans.twice(db):
        twice[one.code] = (*twice.get(one.code, ()), one)
    return Fair(
        date.fromisoformat(db.stamp().business_date), {one.code: one.name for one in store.stations(db)}, tuple(plans.listing(db)), twice
    )


def state(plan: Plan, today: date) -> tuple[str, str]:
    """Before, under way, over, withdrawn."""
    if plan.withdrawn:
        return t("district_campaigns.withdrawn"), "neutral"
    if plan.ends_on < today.isoformat():
        return t("district_campaigns.over"), "neutral"
    if plan.starts_on > today.isoformat():
        return t("district_campaigns.soon"), "attention"
    return t("district_campaigns.now"), "good"


class CampaignsPage(ListPage):
    """The campaigns as a table; one of them in full beside it. ``show`` opens the PDF that was written."""

    name: ClassVar[str] = "campaigns"
    tables: ClassVar[frozenset[str]] = frozenset({"campaign_plan", "campaign", "handout", "refusal", "badge", "person_merge", "enrolled"})

    def __init__(self, shell: Shell, *, show: Show = open_file) -> None:
        super().__init__(shell)
        self._show_file = show
        self.fair: Fair | None = None
        self.told: Told | None = None
        self._wanted = ""
        self._deeds: list[Callable[[], None]] = []
        self.search = Search(t("district_campaigns.search"))
        self.new_button = Button(t("district_campaigns.new"), "primary", icon="plus", key="Ctrl+N")
        self.new_button.setVisible(self.may(Op.SET_CAMPAIGN))
        self._rows = RowsModel(self._columns())
        self.list = Table(self._rows, rows=56, name=t("district_desk.page_campaigns"))
        empty = EmptyState("flag", t("district_campaigns.none"), t("district_campaigns.new"), key="Ctrl+N")
        empty.acted.connect(self.new)
        self.list.set_empty(empty)
        self.export = ExportButton(shell, self.list, "campaigns", note=lambda: self.shell.station.name)
        QShortcut(QKeySequence("Ctrl+E"), self, self.export.ask)
        self._inner = Column(gap=8)
        inside = QWidget()
        inside.setLayout(self._inner)
        self.card = Card(Scroll(inside))
        self.card.setFixedWidth(CARD)
        head = Row(gap=8)
        head.addWidget(self.search, 1)
        head.addWidget(self.new_button)
        left = Column(head, Card(self.list, Row(None, self.export), gap=4), gap=8)
        page_layout(self, Row(left, self.card, gap=16))
        self.new_button.clicked.connect(self.new)
        self.search.textChanged.connect(lambda _text: self._filter())
        self.list.current_record.connect(self._chosen)

    def _columns(self) -> list[TableColumn]:
        def share(plan: Plan) -> str:
            return t("district_campaigns.share_line", item=plan.item, n=plan.quantity, unit=plan.unit, each=plan.each)

        def allotted(plan: Plan) -> str:
            return f"{sum(plan.allotted.values()):,}" if plan.allotted else t("district_campaigns.unlimited")

        def mark(plan: Plan) -> tuple[str, str] | None:
            if self.fair is None:
                return None
            n = len(self.fair.twice.get(plan.code, ()))
            return (t("district_campaigns.twice_n", n=n), "attention") if n else state(plan, self.fair.today)

        return [
            TableColumn(t("district_campaigns.campaign"), lambda plan: plan.name, bold=True, sub=share),
            TableColumn(t("district_campaigns.days"), self._days, 160, muted=True),
            TableColumn(t("district_campaigns.allotted"), allotted, 84, "right"),
            TableColumn(t("district_campaigns.given"), lambda plan: f"{sum(plan.given.values()):,}", 76, "right", bold=True),
            TableColumn("", lambda _plan: "", 104, "right", pill=mark),
        ]

    def _days(self, plan: Plan) -> str:
        if self.fair is None:
            return ""
        first, last = (when.date_only(day, self.fair.today) for day in (plan.starts_on, plan.ends_on))
        return first if first == last else t("district_campaigns.from_to", first=first, last=last)

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the campaigns."""
        self.jobs.read(read_fair, self._show, key="district-campaigns")

    def new(self) -> None:
        """Ctrl+N: plan a campaign."""
        fair = self.fair
        if fair is not None and self.may(Op.SET_CAMPAIGN):
            self.shell.open_sheet(
                t("district_campaigns.new"), PlanForm(self.shell, fair, self._made), submit=t("district_campaigns.save")
            )

    def act_on(self, number: int) -> bool:
        """Do what stands on the card's button with this number."""
        if number > len(self._deeds):
            return False
        self._deeds[number - 1]()
        return True

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show(self, fair: Fair) -> None:
        self.fair = fair
        self._filter()
        wanted, self._wanted = self._wanted, ""
        if wanted:
            self.list.choose(wanted)
        elif self.list.current() is None and self._rows.rowCount():
            self.list.selectRow(0)
        current = self.list.current()
        self._chosen(current if isinstance(current, Plan) else None)

    def _filter(self) -> None:
        fair = self.fair
        if fair is None:
            return
        text = self.search.wanted()
        found = [
            plan for plan in fair.plans
            if text in " ".join((plan.name, plan.item, *(fair.names.get(code, code) for code in plan.allotted))).casefold()
        ]  # fmt: skip
        self._rows.set_rows(found)

    def _chosen(self, plan: Plan | None) -> None:
        if plan is None:
            self._show_plan(None)
            return

        def read(db: Database) -> Told:
            return Told(plan, plans.outcome(db, plan.code), tuple(plans.recipients(db, plan.code, SHOWN + 1)))

        self.jobs.read(read, self._show_plan, key="district-campaign")

    def _show_plan(self, told: Told | None) -> None:
        fair, self.told = self.fair, told
        clear(self._inner)
        self._deeds = []
        if told is None or fair is None:
            self._inner.addWidget(EmptyState("flag", t("district_campaigns.choose")))
            return
        plan, found = told.plan, told.outcome
        head = FlowLayout(10, row_gap=6)
        head.addWidget(Text(plan.name, "title", wrap=True))
        head.addWidget(Pill(*state(plan, fair.today)))
        self._inner.addLayout(head)
        share = t("district_campaigns.share_line", item=plan.item, n=plan.quantity, unit=plan.unit, each=plan.each)
        whom = t("district_campaigns.badge_only" if plan.badge_only else "district_campaigns.anybody")
        self._inner.addWidget(Text(t("terms.dot").join((share, self._days(plan), whom)), "muted", wrap=True))
        if plan.note:
            self._inner.addWidget(Text(plan.note, wrap=True))
        figures = t("district_campaigns.figures", people=f"{found.people:,}", anonymous=f"{found.anonymous:,}",
                    refused=f"{found.refused:,}", overridden=f"{found.overridden:,}")  # fmt: skip
        self._inner.addWidget(Text(figures, wrap=True))
        deeds: list[tuple[str, str, Callable[[], None]]] = [
            (t("district_campaigns.sheet"), "secondary", self.print), (t("district_campaigns.table"), "secondary", self.save_table),
        ]  # fmt: skip
        if not plan.withdrawn and plan.ends_on >= fair.today.isoformat() and self.may(Op.SET_CAMPAIGN):
            deeds.append((t("district_campaigns.withdraw"), "danger", self.ask_withdraw))
        flow = FlowLayout(8, row_gap=8)
        for number, (text, kind, act) in enumerate(deeds, 1):
            button = Button(text, kind, key=str(number))
            button.clicked.connect(act)
            self._deeds.append(act)
            flow.addWidget(button)
        self._inner.addLayout(flow)
        self._say_twice(fair, fair.twice.get(plan.code, ()))
        self._say_stations(fair, plan)
        self._say_recipients(fair, told.recipients)
        self._inner.addStretch(1)

    def _say_twice(self, fair: Fair, twice: tuple[Twice, ...]) -> None:
        """Who had more than a share, and what is to be done about it."""
        if not twice:
            self._inner.addWidget(Text(t("district_campaigns.nobody_twice"), "small", wrap=True))
            return
        self._inner.addWidget(Notice(t("district_campaigns.twice_title", n=len(twice)), "attention", icon="warning"))
        for one in twice:
            card = t("district_campaigns.card", number=one.card_number) if one.card_number else t("district_campaigns.no_card")
            self._inner.addWidget(Text(card, "strong", wrap=True))
            for share in one.shares:
                self._inner.addWidget(Text(self._had(share, fair.today), wrap=True))
        self._inner.addWidget(Text(t("district_campaigns.twice_help"), "muted", wrap=True))

    def _had(self, share: Share, today: date) -> str:
        day = when.date_only(share.day, today)
        word = "district_campaigns.had_reason" if share.reason else "district_campaigns.had"
        return t(word, day=day, station=share.station, n=share.quantity, reason=share.reason)

    def _say_stations(self, fair: Fair, plan: Plan) -> None:
        codes = sorted(set(plan.allotted) | set(plan.given) if plan.allotted else fair.names)
        rows = RowsModel(
            [
                TableColumn(t("district_campaigns.station"), lambda code: fair.names.get(code, code)),
                TableColumn(
                    t("district_campaigns.allotted"),
                    lambda code: f"{plan.allotted[code]:,}" if code in plan.allotted else t("district_campaigns.unlimited"), 84, "right",
                ),
                TableColumn(t("district_campaigns.given"), lambda code: f"{plan.given.get(code, 0):,}", 76, "right", bold=True),
            ],
            key=lambda code: code,
        )  # fmt: skip
        rows.set_rows(codes)
        table = Table(rows, rows=36, name=t("district_campaigns.stations"))
        table.setMinimumHeight(min(36 * (len(codes) + 1) + 8, 300))
        self._inner.addWidget(table)

    def _say_recipients(self, fair: Fair, found: tuple[Recipient, ...]) -> None:
        self._inner.addWidget(Text(t("district_campaigns.recipients"), "small"))
        for one in found[:SHOWN]:
            who = t("district_campaigns.card", number=one.card_number) if one.card_number else t("district_campaigns.recipient_anonymous")
            what = [label(Occupation(one.occupation))] if one.occupation else []
            parts = [(f"{who} ", True), (t("terms.dot").join((*what, one.station, f"×{one.quantity}")), False)]
            self._inner.addWidget(LogRow(when.short(one.time, fair.today), parts, ""))
        if not found:
            self._inner.addWidget(Text(t("district_campaigns.nobody_yet"), "muted", wrap=True))
        elif len(found) > SHOWN:
            self._inner.addWidget(Text(t("district_campaigns.more"), "muted", wrap=True))

    # --- doing -------------------------------------------------------------------------------------------------------

    def _made(self, code: str, name: str) -> None:
        self.shell.close_sheet()
        self._wanted = code
        self.shell.tell(t("district_campaigns.made", name=name), t("window.undo"), lambda: self.withdraw(code, name))

    def ask_withdraw(self) -> None:
        """What withdrawing means, and the button that does it."""
        told = self.told
        if told is None:
            return
        code, name = told.plan.code, told.plan.name
        button = Button(t("district_campaigns.withdraw_now"), "danger")
        button.clicked.connect(lambda: self.withdraw(code, name))
        content = QWidget()
        content.setLayout(Column(Text(t("district_campaigns.withdraw_means"), wrap=True), Row(button, None), None, gap=14))
        content.setFocusProxy(button)
        self.shell.open_sheet(t("district_campaigns.ask_withdraw", name=name), content)

    def withdraw(self, code: str, name: str) -> None:
        """End a campaign at every station with its next pack."""

        def done(_outcome: object) -> None:
            self.shell.close_sheet()
            self._wanted = code
            self.shell.tell(t("district_campaigns.gone", name=name), t("window.undo"), lambda: self.resume(code, name))

        self.jobs.run(lambda db: (code, plans.withdraw(db, code)), done)

    def resume(self, code: str, name: str) -> None:
        """A campaign withdrawn by mistake goes on as before."""

        def done(_outcome: object) -> None:
            self._wanted = code
            self.shell.tell(t("district_campaigns.back", name=name))

        self.jobs.run(lambda db: (code, plans.resume(db, code)), done)

    def print(self) -> None:
        """The result sheet as a PDF."""
        told, fair = self.told, self.fair
        if told is None or fair is None:
            return

        def draw(path: Path) -> int:
            from ...paper.order_slip import plan_sheet

            return plan_sheet(told.plan, told.outcome, fair.names, path, district=self.shell.station, printed_on=fair.today)

        printing.save_and_open(self.shell, f"campaign-{told.plan.starts_on}", draw, show=self._show_file)

    def save_table(self) -> None:
        """The result as a table for a spreadsheet."""
        told, fair = self.told, self.fair
        if told is None or fair is None:
            return

        def work(_progress: object) -> Path:
            from ...paper.order_slip import plan_csv

            target = printing.place_for(self.shell, f"campaign-{told.plan.starts_on}").with_suffix(".csv")
            plan_csv(told.plan, told.outcome, fair.names, target)
            return target

        self.jobs.aside(work, lambda _done, _total: None, lambda path: printing.tell_shown(self.shell, path, self._show_file))


class PlanForm(Entry):
    """A campaign: what, from when to when, how many for each, for whom, and the share of each station."""

    def __init__(self, shell: Shell, fair: Fair, done: Callable[[str, str], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            def plan(db: Database) -> tuple[str, Changes]:
                told = quantities(values["allot"], fair.names)
                first, last = values["first"], values["last"] or values["first"]
                return plans.make(
                    db, values["name"], first.isoformat(), last.isoformat(), values["item"], values["unit"], ItemKind(values["kind"]),
                    quantity=values["quantity"], each=values["each"], badge_only=values["whom"] == "badge", note=values["note"],
                    allotted={store.by_code(db, code).station_id: n for code, n in told.items()},
                )  # fmt: skip

            shell.jobs.run(plan, lambda code: done(code, values["name"].strip()), otherwise)

        whom = [("badge", t("district_campaigns.badge_only")), ("anybody", t("district_campaigns.anybody"))]
        super().__init__(
            shell, save, LineField("name", t("district_campaigns.name"), required=True, hint=t("district_campaigns.name_hint")),
            LineField("item", t("district_campaigns.item"), required=True), LineField("unit", t("district_campaigns.unit"), required=True),
            ChoiceField("kind", t("district_campaigns.kind"), [(kind.value, label(kind)) for kind in ItemKind], value=ItemKind.GIFT,
                        chips=False),
            NumberField("quantity", t("district_campaigns.quantity"), low=1, high=1000, value=1),
            DateField("first", t("district_campaigns.first_day"), value=fair.today, required=True),
            DateField("last", t("district_campaigns.last_day")),
            NumberField("each", t("district_campaigns.each"), low=1, high=100, value=1),
            ChoiceField("whom", t("district_campaigns.whom"), whom, value="badge", keys=True),
            TextField("allot", t("district_campaigns.allot"), hint=t("district_campaigns.allot_hint"), lines=4),
            LineField("note", t("district_campaigns.note")), at=AT,
        )  # fmt: skip
