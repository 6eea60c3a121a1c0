"""A rule rehearsed on what was handed out before it is switched on: who would have been refused, counted, never named."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from ...db import Database
from ...model import Occupation, QuotaSpan, QuotaWho, Role
from .. import weather
from .articles import items
from .evaluate import Given, Past, barrier, rooms
from .quotas import Rule, Situation, check

DAYS = 90
"""How far back a rehearsal looks."""
SHOWN = 20


@dataclass(frozen=True, slots=True)
class WouldRefuse:
    """A handout that the rule would have refused: when, of what, to which occupation; ``next`` is when it had been possible."""

    time: str
    item: str
    quantity: int
    occupation: Occupation | None
    anonymous: bool
    last: str | None
    next: str | None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rule would have done from ``first`` to ``last``: handouts it speaks of, how many it would have refused, to how many
    people (the nameless apart), by item and by occupation, and the newest of them as examples without names."""

    first: str
    last: str
    handouts: int
    refused: int
    people: int
    anonymous: int
    units: int
    by_item: Mapping[str, int]
    by_occupation: Mapping[str, int]
    examples: tuple[WouldRefuse, ...]


def rehearse(db: Database, rule: Rule, days: int = DAYS) -> Rehearsal:
    """The rule on the handouts of the last ``days`` days, each held against those before it that the rule would have let pass.

    As if it had been the only one, from the first of those days on; weather levels are those of each day. UserMistake for a rule
    that cannot be.
    """
    check(db, rule)
    last = date.fromisoformat(db.stamp().business_date)
    first = last - timedelta(days=days - 1)
    among = {item.id: item for item in items(db, with_retired=True)}
    levels = weather.of_days(db, first.isoformat(), last.isoformat())
    roles = {row["id"]: Role(row["role"]) for row in db.rows("SELECT id, role FROM keeper")}
    passed: dict[str, list[Given]] = defaultdict(list)
    seen, found, people = 0, [], set()
    rows = db.rows(
        "SELECT * FROM handout WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL ORDER BY business_date, time, id",
        (first.isoformat(), last.isoformat()),
    )
    tried = _as_if_on(rule)
    for row in rows:
        item = among.get(row["item_id"])
        whose = _whose(tried, row["person_id"], row["household_id"])
        given = Given(row["item_id"], row["quantity"], row["time"], row["business_date"], row["campaign_id"])
        if item is None or whose is None:
            continue
        moment = datetime.fromisoformat(row["time"])
        occupation = Occupation(row["occupation"]) if row["occupation"] else None
        day = levels.get(row["business_date"])
        now = Situation(moment, row["business_date"], occupation, day.level if day else None, roles.get(row["keeper_id"] or ""))
        rooms_here = rooms([tried], item, now, Past({tried.who: _recent(tried, passed[whose], row["business_date"])}), among)
        refusal = next((said for room in rooms_here if (said := barrier(item, row["quantity"], room, now, among))), None)
        seen += bool(rooms_here)
        if refusal is None:
            passed[whose].append(given)
            continue
        if row["person_id"]:
            people.add(row["person_id"])
        found.append(
            WouldRefuse(row["time"], item.name, row["quantity"], occupation, row["person_id"] is None, refusal.last, refusal.next)
        )
    return Rehearsal(
        first.isoformat(), last.isoformat(), seen, len(found), len(people), sum(one.anonymous for one in found),
        sum(one.quantity for one in found), Counter(one.item for one in found),
        Counter(one.occupation.value for one in found if one.occupation), tuple(reversed(found[-SHOWN:])),
    )  # fmt: skip


def _as_if_on(rule: Rule) -> Rule:
    return replace(rule, active=True, starts_on="", ends_on="")


def _recent(rule: Rule, given: list[Given], day: str) -> list[Given]:
    """What may still count, so that long rehearsals stay linear."""
    if rule.span is QuotaSpan.DAY:
        while given and given[0].business_date < day:
            given.pop(0)
    elif rule.span is QuotaSpan.HOURS:
        since = (date.fromisoformat(day) - timedelta(days=(rule.hours or 0) // 24 + 2)).isoformat()
        while given and given[0].business_date < since:
            given.pop(0)
    return given


def _whose(rule: Rule, person_id: str | None, household_id: str | None) -> str | None:
    """Among whose handouts one is added up; None where the rule does not speak of them."""
    if rule.who is QuotaWho.STATION:
        return "station"
    if rule.who is QuotaWho.ANONYMOUS:
        return "anonymous" if person_id is None else None
    if rule.who is QuotaWho.HOUSEHOLD and household_id is not None:
        return f"household {household_id}"
    return person_id
