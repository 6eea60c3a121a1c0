"""What stands against handing an item out: rules held against what was given before. Reads in a handful of queries, then adds up.

A day is the station's local day (a known system counts UTC days, and gives twice between midnight and eight o'clock in China);
hours are counted between moments, whatever the clock on the wall did in between. After a clock was set back, what lies further
ahead than the hours a rule looks back is no longer taken for recent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from ...db import Database, Row
from ...errors import RuleRefused
from ...model import Item, Measure, QuotaSpan, QuotaWho
from .quotas import MOST_AT_ONCE, Rule, Situation, that_count, within


class Given(NamedTuple):
    """A handout that counts: of what, how many, when (ISO 8601 and the local day), for which campaign."""

    item_id: str
    quantity: int
    time: str
    business_date: str
    campaign_id: str | None


@dataclass(frozen=True, slots=True)
class Past:
    """What was given before, by whose handouts they are."""

    of: Mapping[QuotaWho, Sequence[Given]]


@dataclass(frozen=True, slots=True)
class Room:
    """What a rule leaves: ``left`` units or things, and what counted against it, the oldest first."""

    rule: Rule
    left: int
    counted: tuple[Given, ...]


COLUMNS = "item_id, quantity, time, business_date, campaign_id"


def past(db: Database, rules: Iterable[Rule], now: Situation, members: Sequence[str], household_id: str | None) -> Past:
    """Everything the rules may ask about, as far back as they look; ``members`` are all ids that mean the person, none for nobody."""
    wanted: dict[QuotaWho, list[Rule]] = {}
    for rule in rules:
        wanted.setdefault(rule.who, []).append(rule)
    of: dict[QuotaWho, Sequence[Given]] = {}
    for who, asked in wanted.items():
        where, whose = _whose(who, members, household_id)
        if where:
            since = min(_since(rule, now) for rule in asked)
            campaigns = sorted({rule.campaign_id for rule in asked if rule.campaign_id})
            of[who] = _given(db, where, whose, since, campaigns if who in (QuotaWho.STATION, QuotaWho.ANONYMOUS) else [])
    return Past(of)


def _whose(who: QuotaWho, members: Sequence[str], household_id: str | None) -> tuple[str, tuple[str, ...]]:
    """The condition on handouts that a rule adds up, "" where it does not speak of whoever stands here."""
    if who is QuotaWho.STATION:
        return "1 = 1", ()
    if who is QuotaWho.ANONYMOUS:
        return ("person_id IS NULL", ()) if not members else ("", ())
    if not members:
        return "", ()
    if who is QuotaWho.HOUSEHOLD and household_id is not None:
        return "household_id = ?", (household_id,)
    return f"person_id IN ({', '.join('?' * len(members))})", tuple(members)


def _since(rule: Rule, now: Situation) -> str:
    """The local day from which on a rule may count something; campaigns of a whole station are asked for by themselves."""
    if rule.span is QuotaSpan.DAY:
        return now.business_date
    if rule.span is QuotaSpan.HOURS:
        back = timedelta(days=(rule.hours or 0) // 24 + 2)  # a day more than needed: the offset may have changed
        return (date.fromisoformat(now.business_date) - back).isoformat()
    if rule.span is QuotaSpan.CAMPAIGN and rule.who in (QuotaWho.STATION, QuotaWho.ANONYMOUS):
        return now.business_date
    return ""


def _given(
    db: Database, where: str, whose: tuple[str, ...], since: str, campaigns: Sequence[str]
) -> Sequence[Given]:
    sql = f"SELECT {COLUMNS} FROM handout WHERE {where} AND void_reason IS NULL AND business_date >= ?"
    found = [_line(row) for row in db.rows(sql, (*whose, since))]
    for campaign in campaigns:
        earlier = (
            f"SELECT {COLUMNS} FROM handout WHERE campaign_id = ? AND {where} AND void_reason IS NULL AND business_date < ?"
        )
        found += [_line(row) for row in db.rows(earlier, (campaign, *whose, since))]
    return sorted(found, key=lambda one: (one.business_date, one.time))


def _line(row: Row) -> Given:
    return Given(row["item_id"], row["quantity"], row["time"], row["business_date"], row["campaign_id"])


# --- adding up -----------------------------------------------------------------------------------------------------------


def rooms(rules: Iterable[Rule], item: Item, now: Situation, before: Past, among: Mapping[str, Item]) -> list[Room]:
    """What each rule that counts leaves of an item; ``among`` are all items, by id."""
    found = []
    for rule in that_count(rules, item, now):
        given = () if rule.at_once and rule.who in before.of else before.of.get(rule.who)
        if given is not None:
            counted = tuple(one for one in given if _counts(rule, one, now, among))
            if rule.excluded_by:
                left = 0 if counted else MOST_AT_ONCE
            elif rule.measure is Measure.CHOICE:
                others = {one.item_id for one in counted} - {item.id}
                left = rule.most - len(others)
            else:
                left = rule.most - sum(one.quantity for one in counted)
            found.append(Room(rule, left, counted))
    return found


def _counts(rule: Rule, one: Given, now: Situation, among: Mapping[str, Item]) -> bool:
    item = among.get(one.item_id)
    if rule.excluded_by:
        if one.item_id not in rule.excluded_by:
            return False
    elif item is None or not rule.covers(item):
        return False
    if rule.span is QuotaSpan.DAY:
        return one.business_date == now.business_date
    if rule.span is QuotaSpan.HOURS:
        return abs(now.moment - datetime.fromisoformat(one.time)) < timedelta(hours=rule.hours or 0)
    return rule.span is QuotaSpan.ALWAYS or one.campaign_id == rule.campaign_id


def barrier(item: Item, quantity: int, room: Room, now: Situation, among: Mapping[str, Item]) -> RuleRefused | None:
    """Why a rule stands against ``quantity`` of an item, None where it leaves room."""
    rule = room.rule
    if rule.measure is Measure.CHOICE:
        if room.left >= 1:
            return None
    elif quantity <= room.left:
        return None
    last = room.counted[-1].time if room.counted else None
    fits = bool(rule.excluded_by) or rule.measure is Measure.CHOICE or (quantity <= rule.most and not rule.at_once)
    following = _next(rule, room, quantity, now) if fits else None
    others = sorted({among[one.item_id].name for one in room.counted if one.item_id != item.id and one.item_id in among})
    fields = {
        "name": item.name, "unit": item.unit, "most": rule.most, "hours": rule.hours or 0, "time": _clock(last, now),
        "again": _clock(following, now), "others": " / ".join(others), "rule_name": rule.name, "rule_id": rule.id,
        "rule_version": rule.version,
    }  # fmt: skip
    return RuleRefused(_word(rule, room, quantity), rule=rule.code, last=last, next=following, **fields)


def _word(rule: Rule, room: Room, quantity: int) -> str:
    if rule.excluded_by or rule.measure is Measure.CHOICE:
        return "supplies.one_or_other"
    if not rule.most:
        return "supplies.badge_only" if rule.who is QuotaWho.ANONYMOUS else "supplies.not_given"
    if not room.counted:
        return "supplies.more_than_quota" if rule.code == "person_day" else "supplies.more_than_rule"
    if rule.code == "person_day":
        return "supplies.taken_today"
    if rule.span is QuotaSpan.HOURS:
        return "supplies.taken_within_household" if rule.who is QuotaWho.HOUSEHOLD else "supplies.taken_within"
    return WORDS.get((rule.who, rule.span), "supplies.more_than_rule")


WORDS = {
    (QuotaWho.HOUSEHOLD, QuotaSpan.DAY): "supplies.household_today",
    (QuotaWho.ANONYMOUS, QuotaSpan.DAY): "supplies.anonymous_today",
    (QuotaWho.STATION, QuotaSpan.DAY): "supplies.station_today",
    (QuotaWho.PERSON, QuotaSpan.CAMPAIGN): "supplies.campaign_taken",
    (QuotaWho.HOUSEHOLD, QuotaSpan.CAMPAIGN): "supplies.campaign_taken_household",
    (QuotaWho.ANONYMOUS, QuotaSpan.CAMPAIGN): "supplies.campaign_full",
    (QuotaWho.STATION, QuotaSpan.CAMPAIGN): "supplies.campaign_full",
    (QuotaWho.PERSON, QuotaSpan.ALWAYS): "supplies.taken_for_good",
    (QuotaWho.HOUSEHOLD, QuotaSpan.ALWAYS): "supplies.taken_for_good",
}


def _next(rule: Rule, room: Room, quantity: int, now: Situation) -> str | None:
    """The first time it is possible again by this rule: a local day, a moment, or never (None)."""
    if rule.span is QuotaSpan.DAY:
        return (date.fromisoformat(now.business_date) + timedelta(days=1)).isoformat()
    if rule.span is not QuotaSpan.HOURS:
        return None
    span = timedelta(hours=rule.hours or 0)
    if rule.excluded_by or rule.measure is Measure.CHOICE:
        ends = max(datetime.fromisoformat(one.time) for one in room.counted) + span
        return ends.isoformat(timespec="seconds")
    left = room.left
    for one in room.counted:
        left += one.quantity
        if left >= quantity:
            ends = datetime.fromisoformat(one.time) + span
            return ends.astimezone(now.moment.tzinfo).isoformat(timespec="seconds")
    return None


def _clock(time: str | None, now: Situation) -> str:
    """A moment in few characters: the clock today, else the day with it; "" for none."""
    if not time:
        return ""
    if len(time) == 10:
        return time
    return time[11:16] if time[:10] == now.business_date else f"{time[5:10]} {time[11:16]}"


def season(item: Item, now: Situation, last: str | None = None) -> RuleRefused | None:
    """The season of an item, which stands before every rule."""
    if within(item.first_month, item.last_month, now.month):
        return None
    today = date.fromisoformat(now.business_date)
    year = today.year + (item.first_month <= today.month)
    return RuleRefused(
        "supplies.out_of_season", rule="season", last=last, next=date(year, item.first_month, 1).isoformat(), name=item.name,
        month=item.first_month,
    )  # fmt: skip


def strictest(
    item: Item, quantity: int, found: Sequence[Room], now: Situation, among: Mapping[str, Item]
) -> tuple[RuleRefused | None, Rule | None]:
    """The barrier that lasts longest among those that stand, with its rule: what the person has to be told."""
    standing = [
        (refusal, room.rule) for room in found if (refusal := barrier(item, quantity, room, now, among)) is not None
    ]
    if not standing:
        return None, None
    return max(standing, key=lambda one: (one[0].next is None, one[0].next or "", one[1].id))
