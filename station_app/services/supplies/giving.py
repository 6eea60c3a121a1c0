"""Handing out: what is offered to whoever is on the card, what was given, and why not (yet)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ... import settings
from ...db import Database, Row, Tx
from ...errors import RuleRefused, UserMistake
from ...model import Changes, Handout, Item, MovementKind, Occupation, Op, QuotaSpan, QuotaWho, Role
from .. import aliases, companions, people, preferences, weather
from . import campaigns, kits, quotas
from .articles import get, items
from .evaluate import Past, Room, past, rooms, season, strictest
from .quotas import MOST_AT_ONCE, Rule, Situation
from .shelf import draw

OVERRIDERS: Mapping[str, frozenset[Role]] = {
    "evening": frozenset({Role.EVENING, Role.KEEPER, Role.SUPERVISOR}),
    "keeper": frozenset({Role.KEEPER, Role.SUPERVISOR}),
    "supervisor": frozenset({Role.SUPERVISOR}),
}
"""Who may set a rule aside with a reason, by the setting."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An item as the desk shows it for the person on the card. ``barrier`` says why not now, None when it may be given.

    ``most`` and ``left`` are those of the tightest rule on one person's day, None without one; ``taken_today`` by them today.
    ``makes`` is how many kits the parts on the shelf would make, beyond those that are made.
    """

    item: Item
    taken_today: int
    barrier: RuleRefused | None
    most: int | None = None
    left: int | None = None
    makes: int = 0
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class _Bench:
    """What one look at the desk rests on."""

    now: Situation
    rules: Sequence[Rule]
    before: Past
    among: Mapping[str, Item]
    running: Mapping[str, campaigns.Campaign]
    elsewhere: Mapping[str, campaigns.Elsewhere]


def _bench(db: Database, person_id: str | None, occupation: Occupation | None, at: datetime | None) -> _Bench:
    moment = db.now() if at is None else at.astimezone(db.zone)
    stamp = db.stamp(moment)
    now = Situation(moment, stamp.business_date, occupation, weather.of_day(db, stamp.business_date).level, db.role)
    rules = quotas.in_force(db)
    running = campaigns.running(db, stamp.business_date)
    members = aliases.members(db, aliases.final(db, person_id)) if person_id else ()
    before = past(db, _asked(rules), now, members, companions.circle_of(db, person_id))
    among = {item.id: item for item in items(db, with_retired=True)}
    return _Bench(now, rules, before, among, running, campaigns.taken_elsewhere(db, person_id, running.values()))


def _asked(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, and whoever's day it is: what they had today is told even where no rule asks."""
    return [*rules, Rule()]


def offers(db: Database, person_id: str | None, at: datetime | None = None, occupation: Occupation | None = None) -> list[Offer]:
    """Every item in the order of the digit keys, with what stands against handing it out now."""
    if person_id is not None:
        told = db.scalar("SELECT occupation FROM person WHERE id = ?", (person_id,))
        occupation = Occupation(told) if told else occupation
    bench = _bench(db, person_id, occupation, at)
    parts = kits.parts_of_all(db)
    return [_offer(bench, item, person_id, parts) for item in bench.among.values() if item.active]


def _offer(bench: _Bench, item: Item, person_id: str | None, parts: Mapping[str, Mapping[str, int]]) -> Offer:
    found = rooms(bench.rules, item, bench.now, bench.before, bench.among)
    mine = [room for room in found if (room.rule.who, room.rule.span) == (QuotaWho.PERSON, QuotaSpan.DAY)]
    today = [
        one
        for one in bench.before.of.get(QuotaWho.PERSON, ())
        if one.item_id == item.id and one.business_date == bench.now.business_date
    ]
    tight = min(mine, key=lambda room: room.left, default=None)
    most = tight.rule.most if tight is not None else None
    if most is None:  # nobody in particular: what one person may have is said all the same
        plain = [rule.most for rule in quotas.that_count(bench.rules, item, bench.now) if rule.code == "person_day"]
        most = min(plain, default=None)
    refusal, _rule = _stands(bench, item, 1, person_id, found)
    if refusal is not None and refusal.rule == "season" and today:
        refusal = season(item, bench.now, today[-1].time)
    campaign = bench.running.get(item.id)
    return Offer(
        item, sum(one.quantity for one in today), refusal, most, tight.left if tight is not None else most,
        kits.makes(parts.get(item.id, {}), bench.among), campaign.name if campaign is not None else "",
    )  # fmt: skip


def _stands(
    bench: _Bench, item: Item, quantity: int, person_id: str | None, found: Sequence[Room]
) -> tuple[RuleRefused | None, Rule | None]:
    """What stands against giving, the season first, then what was taken at another station, then the rule that lasts longest."""
    closed = season(item, bench.now)
    if closed is not None:
        return closed, None
    other = campaigns.barrier(item, bench.running.get(item.id), bench.elsewhere)
    if other is not None:
        return other, None
    return strictest(item, quantity, found, bench.now, bench.among)


class _Stopped(Exception):
    """A rule said no inside the operation: nothing of it is kept."""

    def __init__(self, refusal: RuleRefused, rule: Rule | None, campaign_id: str | None, *, denied: bool) -> None:
        self.refusal, self.rule, self.campaign_id, self.denied = refusal, rule, campaign_id, denied


def _may_override(db: Database, rule: Rule | None) -> bool:
    """Whether whoever is at work may set a rule aside: of the district's those it names, else by the setting."""
    if rule is not None and rule.district:
        return db.role in rule.overridden_by
    return db.role in OVERRIDERS[preferences.get(db, settings.OVERRIDE_ROLE)]


def hand_out(
    db: Database,
    item_id: str,
    quantity: int = 1,
    *,
    person_id: str | None = None,
    visit_id: str | None = None,
    occupation: Occupation | None = None,
    given: bool = False,
    override: str = "",
    collected_by: str | None = None,
    at: datetime | None = None,
) -> tuple[Handout, Changes]:
    """Hand out an item: the handout, its stock movements and the quota check are one transaction.

    Before giving, a rule may refuse (RuleRefused: rule, last, next; the refusal is logged); an ``override`` with its reason sets
    the rule aside, where the role of whoever is at work may (setting ``override_role``; Refused otherwise). What was ``given``
    already is recorded and flagged, never refused; an empty shelf flags, never refuses (DECISIONS.md 7). An item of a campaign
    under way is handed out for it; ``collected_by`` is who takes it along for the person it counts against. A kit is drawn from
    those that are made, then put together from its parts.
    """
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise UserMistake("supplies.bad_quantity")
    get(db, item_id)
    if person_id is not None:
        occupation = people.get(db, person_id).occupation
    try:
        with db.transact(Op.HANDOUT, at, item=item_id, quantity=quantity, person=person_id) as tx:
            handout_id = _give(tx, item_id, quantity, person_id, visit_id, occupation, given, override.strip(), collected_by)
    except _Stopped as stopped:
        if stopped.denied:
            db.deny("override")
        with db.transact(Op.REFUSE, at, item=item_id, person=person_id, rule=stopped.refusal.rule) as tx:
            _note(tx, item_id, quantity, person_id, stopped.refusal, stopped.rule, stopped.campaign_id)
        raise stopped.refusal from None
    return handout(db, handout_id), tx.changes


def _give(
    tx: Tx, item_id: str, quantity: int, person_id: str | None, visit_id: str | None, occupation: Occupation | None, given: bool,
    override: str, collected_by: str | None,
) -> str:  # fmt: skip
    db, stamp = tx.db, tx.stamp
    bench = _bench(db, person_id, occupation, datetime.fromisoformat(stamp.time))
    item = bench.among[item_id]
    found = rooms(bench.rules, item, bench.now, bench.before, bench.among)
    refusal, rule = _stands(bench, item, quantity, person_id, found)
    apart = companions.barrier(db, person_id, collected_by, item=item.name, allowed=item.collect)
    refusal, rule = (apart, None) if apart is not None else (refusal, rule)
    campaign = bench.running.get(item_id)
    campaign_id = campaign.id if campaign is not None else None
    if refusal is not None and not given and not (override and _may_override(db, rule)):
        raise _Stopped(refusal, rule, campaign_id, denied=bool(override))
    parts = kits.parts_of(db, item_id)
    missing = kits.shortage(item, quantity, parts, bench.among)
    if missing or given:
        tx.details |= {"short": bool(missing), "already_given": given}
    if missing:
        tx.details["missing"] = missing
    if override and refusal is not None:
        tx.details["overridden"] = refusal.rule
    handout_id = tx.put(
        "handout",
        {
            "time": stamp.time, "business_date": stamp.business_date, "item_id": item_id, "quantity": quantity,
            "person_id": person_id, "visit_id": visit_id, "occupation": occupation.value if occupation else None,
            "short": int(bool(missing)), "already_given": int(given), "keeper_id": db.acting,
            "household_id": companions.circle_of(db, person_id), "campaign_id": campaign_id,
            "collected_by": collected_by,
        },
    )  # fmt: skip
    kits.fill(tx, item, quantity, parts, handout_id)
    draw(tx, item_id, quantity, MovementKind.HANDOUT, handout_id=handout_id)
    if refusal is not None:
        _note(tx, item_id, quantity, person_id, refusal, rule, campaign_id, handout_id=handout_id, reason=override)
    return handout_id


def _note(
    tx: Tx, item_id: str, quantity: int, person_id: str | None, refusal: RuleRefused, rule: Rule | None, campaign_id: str | None,
    *, handout_id: str | None = None, reason: str = "",
) -> None:  # fmt: skip
    """A refusal, or with a handout an override, as a row of its own: rule and version, last event, next time, reason."""
    own = rule if rule is not None and rule.version else None
    tx.put(
        "refusal",
        {
            "time": tx.stamp.time, "business_date": tx.stamp.business_date, "item_id": item_id, "person_id": person_id,
            "rule": refusal.rule, "last": refusal.last, "next": refusal.next, "overridden": int(handout_id is not None),
            "keeper_id": tx.db.acting, "quota_id": own.id if own else None,
            "quota_version": own.version if own else None,
            "quantity": quantity, "reason": reason or None, "campaign_id": campaign_id, "handout_id": handout_id,
        },
    )  # fmt: skip


# --- looking back --------------------------------------------------------------------------------------------------------


def handout(db: Database, handout_id: str) -> Handout:
    """One handout; UserMistake for an id nobody has."""
    row = db.one("SELECT * FROM handout WHERE id = ?", (handout_id,))
    if row is None:
        raise UserMistake("supplies.unknown_handout")
    return _handout(row)


def handouts(db: Database, first: str, last: str, person_id: str | None = None) -> Sequence[Handout]:
    """The handouts of a span of business dates, the newest first; of one person when asked."""
    rows = db.rows(
        "SELECT * FROM handout WHERE business_date BETWEEN ? AND ? AND (? IS NULL OR person_id = ?) ORDER BY time DESC, id DESC",
        (first, last, person_id, person_id),
    )
    return [_handout(row) for row in rows]


def _handout(row: Row) -> Handout:
    return Handout(
        id=row["id"], time=row["time"], business_date=row["business_date"], item_id=row["item_id"], quantity=row["quantity"],
        person_id=row["person_id"], occupation=Occupation(row["occupation"]) if row["occupation"] else None, short=bool(row["short"]),
        already_given=bool(row["already_given"]),
        void_reason=row["void_reason"], campaign_id=row["campaign_id"], collected_by=row["collected_by"],
    )  # fmt: skip
