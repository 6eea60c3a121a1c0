"""Rules on handing out and the weather they hang on: made, rehearsed, switched; what was refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeVar

import click

from ..errors import UserMistake
from ..model import ItemKind, Measure, Occupation, QuotaSpan, QuotaWho, Role, WeatherLevel
from ..services import supplies, weather
from ..services.supplies import campaigns, from_district, quotas, rehearsal
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, MONTHS, WHOLE, Code
from .outputs import moment, number, table

rules_group = Group("rules")
weather_group = Group("weather")


@rules_group.command("list")
@click.pass_obj
def listing(desk: Desk) -> None:
    """The station's rules, the district's and those of campaigns."""
    with desk.station() as db:
        own, others = quotas.listing(db), [*from_district.rules(db), *campaigns.rules(db)]
        names = {item.id: item.name for item in supplies.items(db, with_retired=True)}
    rows = [
        (rule.id, _about(rule, names), label(rule.who), _span(rule), rule.most, _conditions(rule),
         t("cli.rule_district") if rule.district else t("cli.rule_on") if rule.active else t("cli.rule_off"))
        for rule in (*own, *others)
    ]  # fmt: skip
    headings = [t("cli.id"), t("cli.item"), t("cli.rule_who"), t("cli.rule_span"), t("cli.rule_most"), t("cli.rule_when"), ""]
    desk.tell({"rules": own, "others": others}, lambda: table(headings, rows, right=(4,)))


def _about(rule: quotas.Rule, names: dict[str, str]) -> str:
    told = [names.get(one, one) for one in sorted(rule.items)] + [label(kind) for kind in sorted(rule.kinds)]
    return " / ".join(told) or (label(rule.kind) if rule.kind else t("cli.rule_everything"))


def _span(rule: quotas.Rule) -> str:
    return t("cli.rule_hours", n=rule.hours) if rule.hours else label(rule.span)


def _conditions(rule: quotas.Rule) -> str:
    parts = [label(one) for one in sorted(rule.occupations)]
    parts += [f"{rule.first_month}-{rule.last_month}"] if rule.first_month else []
    parts += [label(one) for one in (rule.level, *sorted(rule.levels)) if one]
    parts += [label(rule.role)] if rule.role else []
    return " ".join(parts)


def _rule(desk: Desk, told: dict[str, Any]) -> quotas.Rule:
    """The rule that the options say."""
    with desk.station() as db:
        ids = frozenset(supplies.named(db, one).id for one in told["items"])
        campaign_id = campaigns.named(db, told["campaign"]).id if told.get("campaign") else None
    span, months = told["span"], told["months"]
    if told["hours"]:
        span = QuotaSpan.HOURS
    elif campaign_id:
        span = QuotaSpan.CAMPAIGN
    return quotas.Rule(
        items=ids, kind=told["kind"], measure=told["measure"], who=told["who"], span=span, hours=told["hours"], most=told["most"],
        occupations=frozenset(told["occupation"]), first_month=months[0] if months else None,
        last_month=months[1] if months else None, level=told["level"], role=told["role"], campaign_id=campaign_id,
        starts_on=told["starts"].isoformat() if told.get("starts") else "",
        ends_on=told["ends"].isoformat() if told.get("ends") else "", name=told.get("name", ""),
    )  # fmt: skip


F = TypeVar("F", bound=Callable[..., Any])


def _says_a_rule(function: F) -> F:
    """The options of a rule."""
    for one in reversed(
        (
            option("--item", "items", multiple=True),
            option("--kind", type=Code(ItemKind)),
            option("--measure", type=Code(Measure), default=Measure.QUANTITY),
            option("--who", type=Code(QuotaWho), default=QuotaWho.PERSON),
            option("--span", type=Code(QuotaSpan), default=QuotaSpan.DAY),
            option("--hours", type=WHOLE),
            option("--most", type=WHOLE, default=1),
            option("--occupation", type=Code(Occupation), multiple=True),
            option("--months", type=MONTHS),
            option("--level", type=Code(WeatherLevel)),
            option("--role", type=Code(Role)),
        )
    ):
        function = one(function)
    return function


@rules_group.command("add")
@_says_a_rule
@option("--campaign", default="")
@option("--starts", type=DAY)
@option("--ends", type=DAY)
@option("--name", default="")
@option("--off", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def add(desk: Desk, /, off: bool, at: datetime | None, **told: Any) -> None:
    """A new rule; off, it waits to be rehearsed."""
    rule = replace(_rule(desk, told), active=not off)
    with desk.station() as db:
        made, changes = quotas.save(db, rule, at)
    desk.done(changes, t("cli.rule_saved", id=made.id), id=made.id, rule=made)


@rules_group.command("switch")
@click.argument("rule")
@option("--on/--off", "on", default=True)
@option("--at", type=MOMENT)
@click.pass_obj
def switch(desk: Desk, rule: str, on: bool, at: datetime | None) -> None:
    """Switch a rule on or off."""
    with desk.station() as db:
        made, changes = quotas.switch(db, rule, on=on, at=at)
    desk.done(changes, t("cli.rule_saved", id=made.id), id=made.id, rule=made)


@rules_group.command("remove")
@click.argument("rule")
@option("--at", type=MOMENT)
@click.pass_obj
def remove(desk: Desk, rule: str, at: datetime | None) -> None:
    """Lift a rule for good."""
    with desk.station() as db:
        changes = quotas.remove(db, rule, at)
    desk.done(changes, t("cli.rule_removed"), id=rule)


@rules_group.command("rehearse")
@click.argument("rule", required=False)
@_says_a_rule
@option("--days", type=WHOLE, default=rehearsal.DAYS)
@click.pass_obj
def rehearse(desk: Desk, /, rule: str | None, days: int, **told: Any) -> None:
    """Who would have been refused, had a rule been on: nothing changes, nobody is named."""
    if not 1 <= days <= 730:
        raise UserMistake("quotas.bad_days")
    wanted = None if rule else _rule(desk, told)
    with desk.station() as db:
        found = rehearsal.rehearse(db, wanted or quotas.rule(db, rule or ""), days)
    said = t("cli.rehearsed", days=days, handouts=number(found.handouts), refused=number(found.refused), people=number(found.people),
             anonymous=number(found.anonymous))  # fmt: skip
    rows = [(moment(one.time), one.item, one.quantity, label(one.occupation) if one.occupation else "") for one in found.examples]
    headings = [t("cli.time"), t("cli.item"), t("cli.quantity"), t("cli.occupation")]
    desk.tell({"rehearsal": found}, lambda: "\n".join([said, *([table(headings, rows, right=(2,))] if rows else [])]))


@rules_group.command("refusals")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def refusals(desk: Desk, first: date | None, last: date | None) -> None:
    """What was refused and what was given all the same, with the reason."""
    with desk.station() as db:
        today = db.stamp().business_date
        found = quotas.refusals(db, first.isoformat() if first else today, last.isoformat() if last else today)
        names = {item.id: item.name for item in supplies.items(db, with_retired=True)}
    rows = [
        (moment(one.time), names.get(one.item_id or "", ""), one.rule, one.last or "", one.next or "",
         t("cli.overridden") if one.overridden else t("cli.refused"), one.reason)
        for one in found
    ]  # fmt: skip
    headings = [t("cli.time"), t("cli.item"), t("cli.rule"), t("cli.rule_last"), t("cli.rule_next"), "", t("cli.reason")]
    desk.tell({"refusals": found}, lambda: table(headings, rows))


# --- the weather ---------------------------------------------------------------------------------------------------------


@weather_group.command("show")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@click.pass_obj
def show(desk: Desk, first: date | None, last: date | None) -> None:
    """The forecast, the warning and the level of a day or a span."""
    with desk.station() as db:
        today = db.stamp().business_date
        days = weather.of_days(db, first.isoformat() if first else today, last.isoformat() if last else today)
        at = weather.thresholds(db)
    rows = [(one.business_date, one.high, one.low, label(one.level) if one.level else "") for one in days.values()]
    headings = [t("cli.date"), t("cli.high"), t("cli.low"), t("cli.weather_level")]
    desk.tell({"days": list(days.values()), "thresholds": at}, lambda: table(headings, rows, right=(1, 2)))


@weather_group.command("set")
@option("--high", type=WHOLE)
@option("--low", type=WHOLE)
@option("--warning", type=Code(WeatherLevel))
@option("--at", type=MOMENT)
@click.pass_obj
def tell(desk: Desk, high: int | None, low: int | None, warning: WeatherLevel | None, at: datetime | None) -> None:
    """Today's forecast high and low, or the warning in force; what is left out is untold."""
    with desk.station() as db:
        found, changes = weather.tell(db, high=high, low=low, warning=warning, at=at)
    level = label(found.level) if found.level else t("cli.no_warning")
    desk.done(changes, t("cli.weather_told", level=level), weather=found)
