"""Campaigns on the supplies page: what is given out when, how far it is, who had a share; the result sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from ...db import Database
from ...model import Changes, Item
from ...services import supplies
from ...services.supplies import campaigns
from ...services.supplies.campaigns import Campaign, Recipient, Result
from ...words import t
from .. import printing, supply_actions, when
from ..entry import Entry
from ..forms import ChoiceField, DateField, LineField, NumberField
from ..jobs import Otherwise
from ..kit import Button, LogRow, Notice, Row, Text
from ..page import Shell
from ..tables import Column as TableColumn
from .supplies_listed import Listed, ListedCard

SHOWN = 60
AT = {
    "campaigns.bad_name": "name",
    "campaigns.bad_days": "last",
    "campaigns.no_items": "item",
    "supplies.bad_quantity": "most",
}


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """A campaign as a row: its figures so far, the local day."""

    campaign: Campaign
    result: Result
    items: str
    today: date

    @property
    def id(self) -> str:
        """The campaign's id."""
        return self.campaign.id


def read_campaigns(db: Database) -> tuple[list[CampaignLine], tuple[Item, ...]]:
    """All campaigns, the newest first, and the items a new one may give out."""
    items = supplies.items(db, with_retired=True)
    names = {item.id: item.name for item in items}
    today = date.fromisoformat(db.stamp().business_date)
    lines = [
        CampaignLine(
            one,
            campaigns.result(db, one.id),
            " / ".join(f"{names.get(i, '')} ×{n}" for i, n in one.items.items()),
            today,
        )
        for one in campaigns.listing(db)
    ]
    return lines, tuple(item for item in items if item.active)


def days(line: CampaignLine) -> str:
    """From when to when."""
    first, last = (when.date_only(day, line.today) for day in (line.campaign.starts_on, line.campaign.ends_on))
    return first if first == last else t("supplies_page.days", first=first, last=last)


def state(line: CampaignLine) -> tuple[str, str]:
    """Before, under way, over."""
    one, today = line.campaign, line.today.isoformat()
    if not one.active or one.ends_on < today:
        return t("supplies_page.campaign_over"), "neutral"
    return (
        (t("supplies_page.campaign_soon"), "attention")
        if one.starts_on > today
        else (t("supplies_page.campaign_now"), "good")
    )


class CampaignsView(Listed):
    """The campaigns as a table; ``card`` is one of them (to be placed beside it)."""

    card: CampaignCard

    def __init__(self, shell: Shell, *, keeps: bool) -> None:
        self._items: tuple[Item, ...] = ()
        columns = [
            TableColumn(t("supplies_page.campaign"), lambda line: line.campaign.name, bold=True, sub=lambda line: line.items),
            TableColumn(t("supplies_page.campaign_days"), days, 170, muted=True),
            TableColumn(t("supplies_page.given"), lambda line: f"{sum(line.result.given.values()):,}", 80, "right"),
            TableColumn("", lambda _line: "", 96, pill=state),
        ]
        super().__init__(
            shell, columns, CampaignCard(keeps=keeps), keeps=keeps, rows=56, name=t("supplies_page.campaigns_tab"),
            empty=t("supplies_page.no_campaigns"), new=t("supplies_page.new_campaign"),
        )  # fmt: skip
        self.card.printed.connect(self._print)
        self.card.saved.connect(self._save_table)
        self.card.switched.connect(self._switch)

    def refresh(self) -> None:
        """Read the campaigns."""
        self._shell.jobs.read(read_campaigns, self._show, key="supplies-campaigns")

    def _show(self, found: tuple[list[CampaignLine], tuple[Item, ...]]) -> None:
        lines, self._items = found
        self.show_lines(lines)

    def _chosen(self, line: CampaignLine | None) -> None:
        if line is not None:
            self._shell.jobs.read(
                lambda db: campaigns.recipients(db, line.id),
                lambda had: self.card.show_campaign(line, had),
                key="supplies-campaign",
            )

    def add(self) -> None:
        """A new campaign."""
        self.ask(t("supplies_page.new_campaign"), CampaignForm(self._shell, self._items, self.saved))

    def _switch(self, one: Campaign) -> None:
        self._wanted = one.id
        supply_actions.switch_campaign(
            self._shell.jobs, one.id, not one.active,
            lambda outcome: self._shell.tell_undoable(t("supplies_page.changed", name=outcome[0].name), outcome[1]),
        )  # fmt: skip

    def _print(self, line: CampaignLine) -> None:
        def slip(path: Path) -> int:
            from ...paper.order_slip import result_sheet

            return result_sheet(line.result, path, station=self._shell.station, printed_on=line.today)

        printing.save_and_open(self._shell, f"campaign-{line.campaign.starts_on}", slip)

    def _save_table(self, line: CampaignLine) -> None:
        def work(_progress: object) -> Path:
            from ...paper.order_slip import result_csv

            target = printing.place_for(self._shell, f"campaign-{line.campaign.starts_on}").with_suffix(".csv")
            result_csv(line.result, target)
            return target

        self._shell.jobs.aside(
            work, lambda _done, _total: None, lambda path: printing.tell_shown(self._shell, path, printing.open_file)
        )


class CampaignCard(ListedCard):
    """One campaign: figures, recipients, its sheet."""

    printed = Signal(object)
    saved = Signal(object)
    switched = Signal(object)

    def __init__(self, *, keeps: bool) -> None:
        super().__init__(t("supplies_page.choose_campaign"), keeps=keeps, gap=8)

    def show_campaign(self, line: CampaignLine, had: Sequence[Recipient]) -> None:
        """Show a campaign and who had a share; names masked for who may not see them."""
        one, figures = line.campaign, line.result
        district = [(t("supplies_page.rule_district"), "brand")] if one.origin == campaigns.DISTRICT else []
        self.begin(line, one.name, state(line), *district)
        told = [line.items, t("supplies_page.each_line", n=one.each), days(line)]
        told += [t("supplies_page.share_line", n=f"{one.most:,}")] if one.most is not None else []
        told += [t("supplies_page.badge_only_line")] if one.badge_only else []
        self._parts.addWidget(Text(t("terms.dot").join(told), "muted", wrap=True))
        twice = sum(one.twice for one in had)
        if twice:
            self._parts.addWidget(Notice(t("supplies_page.twice_notice", n=twice), "attention"))
        left = t("supplies_page.left_line", n=f"{figures.left:,}") if figures.left is not None else ""
        text = t(
            "supplies_page.campaign_figures",
            people=figures.people,
            anonymous=figures.anonymous,
            refused=figures.refused,
        )
        self._parts.addWidget(Text(text + left, "body", wrap=True))
        sheet, table = (
            Button(t("supplies_page.result_sheet"), "plain"),
            Button(t("supplies_page.result_table"), "plain"),
        )
        sheet.clicked.connect(lambda: self.printed.emit(line))
        table.clicked.connect(lambda: self.saved.emit(line))
        buttons = Row(sheet, table, gap=8)
        if self._keeps and one.origin == campaigns.STATION:
            end = Button(t("supplies_page.end_campaign") if one.active else t("supplies_page.go_on"), "plain")
            end.clicked.connect(lambda: self.switched.emit(one))
            buttons.addWidget(end)
        buttons.addStretch(1)
        self._parts.addLayout(buttons)
        self._parts.addWidget(Text(t("supplies_page.recipients"), "small"))
        for had_one in list(reversed(had))[:SHOWN]:
            who = (
                had_one.name
                or (had_one.card_number and t("supplies_page.card_no", number=had_one.card_number))
                or t("supplies_page.anonymous")
            )
            parts = [(f"{who} ", True), (f"{had_one.item} ×{had_one.quantity}", False)]
            parts += [(t("terms.dot") + t("supplies_page.twice"), False)] if had_one.twice else []
            self._parts.addWidget(LogRow(when.short(had_one.time, line.today), parts, ""))
        if not had:
            self._parts.addWidget(Text(t("supplies_page.nobody_yet"), "muted", wrap=True))
        self._parts.addStretch(1)


class CampaignForm(Entry):
    """A campaign of this station: what, from when to when, how many for each and in all."""

    def __init__(self, shell: Shell, items: Sequence[Item], done: Any) -> None:
        self._jobs, self._done = shell.jobs, done
        options = [(item.id, item.name) for item in items]
        yes_no = [("no", t("supplies_page.no")), ("yes", t("supplies_page.yes"))]
        super().__init__(
            shell, self.save, LineField("name", t("supplies_page.campaign_name"), required=True, hint=t("supplies_page.campaign_hint")),
            ChoiceField("item", t("supplies_page.item"), options, chips=False),
            NumberField("quantity", t("supplies_page.per_share"), low=1, high=1000, value=1),
            ChoiceField("second", t("supplies_page.second_item"), [("", t("supplies_page.none")), *options], chips=False, required=False),
            DateField("first", t("supplies_page.first_day")), DateField("last", t("supplies_page.last_day")),
            NumberField("each", t("supplies_page.each"), low=1, high=100, value=1),
            NumberField("most", t("supplies_page.most_in_all"), low=1, high=1_000_000, required=False),
            ChoiceField("badge_only", t("supplies_page.badge_only"), yes_no, value="no", keys=True), at=AT,
        )  # fmt: skip

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The campaign."""
        first, last = values["first"] or date.fromisoformat(self._today()), values["last"] or values["first"]
        items = {values["item"]: values["quantity"]}
        if values["second"]:
            items[values["second"]] = 1
        wanted = Campaign(
            "", "", values["name"], first.isoformat(), (last or first).isoformat(), items, values["most"], values["each"],
            values["badge_only"] == "yes",
        )  # fmt: skip

        def done(outcome: tuple[Campaign, Changes]) -> None:
            made, changes = outcome
            self._done(t("supplies_page.campaign_saved", name=made.name), changes, made.id)

        supply_actions.save_campaign(self._jobs, wanted, done, otherwise)

    def _today(self) -> str:
        return self._jobs.db.stamp().business_date
