"""Rules on handing out, as versioned data: which things, at most how many, for whom, over what time, under which conditions.

Rules that limit the same things for the same people over the same time are versions of one another by their conditions: of
those that hold, the one with the worse weather level, then with more conditions, then the newer counts (每人每日 1 份，高温橙色
以上 2 份). Rules that differ in what they limit all count. The district's rules count beside the station's: a station may be
stricter than its district, never more generous (decision 020).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from ...db import Database, Row, Tx
from ...errors import UserMistake
from ...model import Changes, Item, ItemKind, Measure, Occupation, Op, QuotaSpan, QuotaWho, Role, WeatherLevel

MOST_AT_ONCE = 1000
LONGEST_HOURS = 10_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. It speaks of ``items`` (ids), else of a ``kind``, else of everything; a condition that is None or empty always holds, and
    a rule without a first day holds at once (also when the clock is set back before the day it was made).

    ``most`` counts units, or with ``Measure.CHOICE`` how many different things.

    ``district`` where it came in a pack; such a rule may speak of items and ``kinds`` together, hold under any of ``levels`` or for
    any of ``roles``, look at one handout alone (``at_once``), give nothing to who had a thing of ``excluded_by``, and name who may
    set it aside.
    """

    id: str = ""
    version: int = 0
    items: frozenset[str] = frozenset()
    kind: ItemKind | None = None
    measure: Measure = Measure.QUANTITY
    who: QuotaWho = QuotaWho.PERSON
    span: QuotaSpan = QuotaSpan.DAY
    hours: int | None = None
    most: int = 1
    occupations: frozenset[Occupation] = frozenset()
    first_month: int | None = None
    last_month: int | None = None
    level: WeatherLevel | None = None
    role: Role | None = None
    campaign_id: str | None = None
    starts_on: str = ""
    ends_on: str = ""
    name: str = ""
    active: bool = True
    district: bool = False
    levels: frozenset[WeatherLevel] = frozenset()
    roles: frozenset[Role] = frozenset()
    kinds: frozenset[ItemKind] = frozenset()
    excluded_by: frozenset[str] = frozenset()
    at_once: bool = False
    overridden_by: frozenset[Role] = frozenset()
    void_reason: str | None = field(default=None, compare=False)

    @property
    def code(self) -> str:
        """What refusals call it: ``person_day``, ``household_hours``, ``choice_day`` ..."""
        if self.excluded_by:
            return f"excluded_{self.span.value}"
        return f"choice_{self.span.value}" if self.measure is Measure.CHOICE else f"{self.who.value}_{self.span.value}"

    @property
    def limits(self) -> tuple[Any, ...]:
        """What it limits; of the rules that hold and limit the same, one counts."""
        of_district = (self.kinds, self.excluded_by, self.at_once) if self.district else ()
        return (self.items, self.kind, self.measure, self.who, self.span, self.hours, self.campaign_id, of_district)

    @property
    def plain(self) -> bool:
        """Whether it is the plain quota of one item: per person and day, under no condition."""
        return (
            len(self.items) == 1 and not self.conditions and (self.measure, self.who, self.span) == PLAIN and not self.ends_on
        )

    @property
    def conditions(self) -> int:
        """How many conditions it has."""
        told = (self.occupations, self.first_month, self.level or self.levels, self.role or self.roles)
        return sum(1 for one in told if one)

    def covers(self, item: Item) -> bool:
        """Whether it speaks of an item."""
        if self.items or self.kinds:
            return item.id in self.items or item.kind in self.kinds
        return self.kind is None or item.kind is self.kind

    def holds(self, now: Situation) -> bool:
        """Whether its conditions hold."""
        if self.starts_on > now.business_date or (self.ends_on and self.ends_on < now.business_date):
            return False
        if self.occupations and now.occupation not in self.occupations:
            return False
        if self.first_month and self.last_month and not within(self.first_month, self.last_month, now.month):
            return False
        if self.level is not None and (now.level is None or not now.level.reaches(self.level)):
            return False
        if self.levels and now.level not in self.levels:
            return False
        if self.roles and now.role not in self.roles:
            return False
        return self.role is None or now.role is self.role


PLAIN = (Measure.QUANTITY, QuotaWho.PERSON, QuotaSpan.DAY)


@dataclass(frozen=True, slots=True)
class Situation:
    """When and where something is handed out: the local day, who stands here, the weather, who is at the desk."""

    moment: datetime
    business_date: str
    occupation: Occupation | None = None
    level: WeatherLevel | None = None
    role: Role | None = None

    @property
    def month(self) -> int:
        """The month of the local day."""
        return date.fromisoformat(self.business_date).month


def within(first: int, last: int, month: int) -> bool:
    """Whether a month lies in a season, which may span the turn of the year."""
    return first <= month <= last if first <= last else month >= first or month <= last


def that_count(rules: Iterable[Rule], item: Item, now: Situation) -> list[Rule]:
    """The rules on an item that count in a situation: of those that limit the same, the most particular one."""
    chosen: dict[tuple[Any, ...], Rule] = {}
    for rule in rules:
        if rule.active and rule.covers(item) and rule.holds(now):
            other = chosen.get(rule.limits)
            if other is None or _particular(rule) > _particular(other):
                chosen[rule.limits] = rule
    return list(chosen.values())


def _particular(rule: Rule) -> tuple[int, int, str, str, int]:
    """Of rules that are alike in everything, as a district's may be, the one that gives less counts."""
    levels = [rule.level] if rule.level else rule.levels
    return (min((one.severity for one in levels), default=0), rule.conditions, rule.starts_on, rule.id, -rule.most)


# --- kept ----------------------------------------------------------------------------------------------------------------


def listing(db: Database, *, with_off: bool = True) -> list[Rule]:
    """The station's own rules, those that are switched off too, in the order they were made."""
    off = "" if with_off else " AND active = 1"
    return [rule_of(row) for row in db.rows(f"SELECT * FROM quota WHERE void_reason IS NULL{off} ORDER BY id")]


def in_force(db: Database) -> list[Rule]:
    """Every rule that may count now: the station's that are on, the district's, those of campaigns under way."""
    from . import campaigns, from_district

    return [*listing(db, with_off=False), *from_district.rules(db), *campaigns.rules(db)]


def rule(db: Database, rule_id: str) -> Rule:
    """One rule of the station; UserMistake for an id nobody has."""
    row = db.one("SELECT * FROM quota WHERE id = ? AND void_reason IS NULL", (rule_id,))
    if row is None:
        raise UserMistake("quotas.unknown")
    return rule_of(row)


def rule_of(row: Row) -> Rule:
    """A row as a rule."""
    items = (row["items"] or "").split() or ([row["item_id"]] if row["item_id"] else [])
    return Rule(
        id=row["id"], version=row["version"], items=frozenset(items), kind=ItemKind(row["item_kind"]) if row["item_kind"] else None,
        measure=Measure(row["measure"]), who=QuotaWho(row["who"]), span=QuotaSpan(row["span"]), hours=row["hours"], most=row["most"],
        occupations=frozenset(Occupation(code) for code in (row["occupations"] or "").split()), first_month=row["first_month"],
        last_month=row["last_month"], level=WeatherLevel(row["level"]) if row["level"] else None,
        role=Role(row["role"]) if row["role"] else None, campaign_id=row["campaign_id"], starts_on=row["starts_on"] or "",
        ends_on=row["ends_on"] or "", name=row["name"] or "", active=bool(row["active"]), void_reason=row["void_reason"],
    )  # fmt: skip


def columns_of(rule: Rule) -> dict[str, Any]:
    """A rule as the columns of its row, without its id."""
    one = next(iter(rule.items)) if len(rule.items) == 1 else None
    return {
        "item_id": one, "items": " ".join(sorted(rule.items)) if len(rule.items) > 1 else None,
        "item_kind": rule.kind.value if rule.kind else None, "measure": rule.measure.value, "who": rule.who.value,
        "span": rule.span.value, "hours": rule.hours, "most": rule.most,
        "occupations": " ".join(sorted(one.value for one in rule.occupations)) or None, "first_month": rule.first_month,
        "last_month": rule.last_month, "level": rule.level.value if rule.level else None,
        "role": rule.role.value if rule.role else None, "campaign_id": rule.campaign_id, "starts_on": rule.starts_on or None,
        "ends_on": rule.ends_on or None, "name": rule.name.strip() or None, "active": int(rule.active),
    }  # fmt: skip


def check(db: Database, rule: Rule) -> None:
    """Raise UserMistake for a rule that cannot be."""
    if not 0 <= rule.most <= MOST_AT_ONCE * 1000 or (rule.most == 0 and rule.who is not QuotaWho.ANONYMOUS):
        raise UserMistake("quotas.bad_most", most=MOST_AT_ONCE * 1000)
    if (rule.span is QuotaSpan.HOURS) != (rule.hours is not None) or not 1 <= (rule.hours or 1) <= LONGEST_HOURS:
        raise UserMistake("quotas.bad_hours")
    if (rule.span is QuotaSpan.CAMPAIGN) != (rule.campaign_id is not None):
        raise UserMistake("quotas.needs_campaign")
    if rule.who in (QuotaWho.ANONYMOUS, QuotaWho.STATION) and rule.span is QuotaSpan.ALWAYS:
        raise UserMistake("quotas.always_needs_somebody")
    if rule.measure is Measure.CHOICE and (len(rule.items) == 1 or rule.who not in (QuotaWho.PERSON, QuotaWho.HOUSEHOLD)):
        raise UserMistake("quotas.choice_needs_several")
    if (rule.first_month is None) != (rule.last_month is None) or not all(
        1 <= month <= 12 for month in (rule.first_month, rule.last_month) if month is not None
    ):
        raise UserMistake("supplies.bad_months")
    if len(rule.name) > 60:
        raise UserMistake("quotas.bad_name")
    try:
        days = [date.fromisoformat(day) for day in (rule.starts_on, rule.ends_on) if day]
    except ValueError:
        raise UserMistake("quotas.bad_days") from None
    if days != sorted(days):
        raise UserMistake("quotas.bad_days")
    known = {row["id"] for row in db.rows("SELECT id FROM item WHERE void_reason IS NULL")}
    if rule.items - known:
        raise UserMistake("supplies.unknown")


def save(db: Database, rule: Rule, at: datetime | None = None) -> tuple[Rule, Changes]:
    """A new rule (no id), or a new version of one; ``active`` False keeps it to be rehearsed first. UserMistake if it cannot be."""
    check(db, rule)
    if rule.id:
        _known(db, rule.id)
    with db.transact(Op.SET_QUOTA, at, **_about(rule)) as tx:
        rule_id = tx.put("quota", columns_of(rule) | ({"id": rule.id} if rule.id else {}))
        tx.details["rule"] = rule_id
    return _known(db, rule_id), tx.changes


def switch(db: Database, rule_id: str, *, on: bool, at: datetime | None = None) -> tuple[Rule, Changes]:
    """Switch a rule on or off."""
    known = _known(db, rule_id)
    with db.transact(Op.SET_QUOTA, at, rule=rule_id, on=on, **_about(known)) as tx:
        tx.put("quota", {"id": rule_id, "active": int(on)})
    return _known(db, rule_id), tx.changes


def remove(db: Database, rule_id: str, at: datetime | None = None) -> Changes:
    """Lift a rule for good; what it refused stays recorded."""
    known = _known(db, rule_id)
    with db.transact(Op.SET_QUOTA, at, rule=rule_id, lifted=True, **_about(known)) as tx:
        tx.void("quota", rule_id, "lifted")
    return tx.changes


def _known(db: Database, rule_id: str) -> Rule:
    return rule(db, rule_id)


def _about(rule: Rule) -> dict[str, Any]:
    """The item a rule is about, for the log, when it is one."""
    return {"item": next(iter(rule.items))} if len(rule.items) == 1 else {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rule said no, or was set aside (``overridden``, with the ``reason``): which rule in which version, last event, next time."""

    id: str
    time: str
    item_id: str | None
    rule: str
    last: str | None
    next: str | None
    overridden: bool
    reason: str
    quota_id: str | None
    quota_version: int | None
    quantity: int | None


def refusals(db: Database, first: str, last: str) -> list[Refusal]:
    """What was refused, or given all the same, in a span of business dates; the newest first."""
    rows = db.rows(
        "SELECT * FROM refusal WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL ORDER BY time DESC, id DESC", (first, last)
    )
    return [
        Refusal(
            row["id"], row["time"], row["item_id"], row["rule"], row["last"], row["next"], bool(row["overridden"]), row["reason"] or "",
            row["quota_id"], row["quota_version"], row["quantity"],
        )
        for row in rows
    ]  # fmt: skip


# --- the plain quota of an item ------------------------------------------------------------------------------------------


def write_simple(tx: Tx, item_id: str, most: int | None) -> None:
    """The plain quota of an item inside an operation: so many for one person a local day; None lifts it."""
    found = simple_rule(tx.db, item_id)
    if most is None:
        if found is not None:
            tx.void("quota", found.id, "lifted")
        return
    wanted = Rule(items=frozenset({item_id}), most=most)
    tx.put("quota", columns_of(wanted) | ({"id": found.id} if found is not None else {}))


def simple_rule(db: Database, item_id: str) -> Rule | None:
    """The plain quota of an item that is on."""
    rows = db.rows("SELECT * FROM quota WHERE active = 1 AND item_id = ? AND void_reason IS NULL ORDER BY id", (item_id,))
    return next((rule for row in rows if (rule := rule_of(row)).plain), None)


def simple_rules(db: Database) -> dict[str, Rule]:
    """The plain quotas of all items that are on, by the item's id, in one query."""
    found: dict[str, Rule] = {}
    for row in db.rows("SELECT * FROM quota WHERE active = 1 AND item_id IS NOT NULL AND void_reason IS NULL ORDER BY id"):
        rule = rule_of(row)
        if rule.plain:
            found.setdefault(row["item_id"], rule)
    return found


def plain_of(rules: Sequence[Rule]) -> dict[str, int]:
    """The plain quotas among rules, by item."""
    return {next(iter(rule.items)): rule.most for rule in rules if rule.plain and rule.active}
