"""Campaigns: things given out on certain days, each recipient once, at one station or at several of a district.

A station makes its own; those of the district come in packs with this station's share, and cannot be changed here. An item of a
campaign under way is handed out for it. Whose share was taken at another station is known by digests that a pack brings: of the
badge, under the district's key, one for each campaign, so that they say nothing to anybody else and name nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ...db import Database, Row, Tx
from ...errors import Refused, RuleRefused, UserMistake
from ...model import Changes, Item, ItemKind, Measure, Op, QuotaSpan, QuotaWho, uuid7
from ...vault import digest
from .. import aliases, people
from .articles import by_name, write_item
from .quotas import Rule

STATION, DISTRICT = "station", "district"
VERSION = "campaign_key"
"""The small fact which of the district's badge keys the digests here were made with."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign: ``items`` by id with what one recipient gets of each; ``each`` times one recipient, ``most`` handouts here.

    ``code`` is alike at all its stations; ``badge_only``: nobody without a badge; ``origin`` "station" or "district".
    """

    id: str
    code: str
    name: str
    starts_on: str
    ends_on: str
    items: Mapping[str, int]
    most: int | None = None
    each: int = 1
    badge_only: bool = False
    origin: str = STATION
    active: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A share that was taken at another station of the district, on a day."""

    station: str
    day: str


@dataclass(frozen=True, slots=True)
class Recipient:
    """One handout of a campaign: ``name`` is "" for the nameless, masked for who may not see people; ``twice`` over the share."""

    time: str
    name: str
    card_number: str
    occupation: str
    item: str
    quantity: int
    twice: bool
    overridden: bool


# --- kept ----------------------------------------------------------------------------------------------------------------


def listing(db: Database) -> list[Campaign]:
    """All campaigns, the newest first."""
    rows = db.rows("SELECT * FROM campaign WHERE void_reason IS NULL ORDER BY starts_on DESC, id DESC")
    return _records(db, rows)


def campaign(db: Database, campaign_id: str) -> Campaign:
    """One campaign; UserMistake for an id nobody has."""
    rows = db.rows("SELECT * FROM campaign WHERE id = ? AND void_reason IS NULL", (campaign_id,))
    if not rows:
        raise UserMistake("campaigns.unknown")
    return _records(db, rows)[0]


def named(db: Database, text: str) -> Campaign:
    """The newest campaign with this name, code or id; UserMistake without one."""
    found = next((one for one in listing(db) if text.strip() in (one.name, one.code, one.id)), None)
    if found is None:
        raise UserMistake("campaigns.unknown")
    return found


def running(db: Database, business_date: str) -> dict[str, Campaign]:
    """The campaigns of a local day by the items they give out; of several with one item the one that ends first."""
    rows = db.rows(
        "SELECT * FROM campaign WHERE active = 1 AND starts_on <= ? AND ends_on >= ? AND void_reason IS NULL ORDER BY ends_on DESC, id",
        (business_date, business_date),
    )
    return {item_id: one for one in _records(db, rows) for item_id in one.items}


def _records(db: Database, rows: Sequence[Row]) -> list[Campaign]:
    if not rows:
        return []
    parts: dict[str, dict[str, int]] = {}
    for row in db.rows("SELECT campaign_id, item_id, quantity FROM campaign_item WHERE void_reason IS NULL ORDER BY id"):
        parts.setdefault(row["campaign_id"], {})[row["item_id"]] = row["quantity"]
    return [
        Campaign(
            row["id"], row["code"], row["name"], row["starts_on"], row["ends_on"], parts.get(row["id"], {}), row["most"], row["each"],
            bool(row["badge_only"]), row["origin"], bool(row["active"]), row["note"] or "",
        )
        for row in rows
    ]  # fmt: skip


def save(db: Database, wanted: Campaign, at: datetime | None = None) -> tuple[Campaign, Changes]:
    """A new campaign of this station (id ""), or a new version of one; UserMistake if it cannot be, Refused for the district's."""
    _check(wanted)
    if wanted.id and campaign(db, wanted.id).origin != STATION:
        raise Refused("campaigns.of_district")
    with db.transact(Op.SET_CAMPAIGN, at, name=wanted.name.strip()) as tx:
        campaign_id = _write(tx, wanted, STATION)
        tx.details["campaign"] = campaign_id
    return campaign(db, campaign_id), tx.changes


def switch(db: Database, campaign_id: str, *, on: bool, at: datetime | None = None) -> tuple[Campaign, Changes]:
    """End a campaign early, or go on with it; Refused for the district's."""
    known = campaign(db, campaign_id)
    if known.origin != STATION:
        raise Refused("campaigns.of_district")
    with db.transact(Op.SET_CAMPAIGN, at, name=known.name, campaign=campaign_id, on=on) as tx:
        tx.put("campaign", {"id": campaign_id, "active": int(on)})
    return campaign(db, campaign_id), tx.changes


def _check(wanted: Campaign) -> None:
    if not wanted.name.strip() or len(wanted.name) > 60:
        raise UserMistake("campaigns.bad_name")
    try:
        first, last = date.fromisoformat(wanted.starts_on), date.fromisoformat(wanted.ends_on)
    except ValueError:
        raise UserMistake("campaigns.bad_days") from None
    if last < first:
        raise UserMistake("campaigns.bad_days")
    if not wanted.items or any(not 1 <= number <= 1000 for number in wanted.items.values()):
        raise UserMistake("campaigns.no_items")
    if not 1 <= wanted.each <= 100 or (wanted.most is not None and not 1 <= wanted.most <= 1_000_000):
        raise UserMistake("supplies.bad_quantity")


def _write(tx: Tx, wanted: Campaign, origin: str) -> str:
    campaign_id = tx.put(
        "campaign",
        {
            "code": wanted.code or uuid7(), "name": wanted.name.strip(), "starts_on": wanted.starts_on, "ends_on": wanted.ends_on,
            "most": wanted.most, "each": wanted.each, "badge_only": int(wanted.badge_only), "origin": origin,
            "active": int(wanted.active), "note": wanted.note.strip() or None,
        }
        | ({"id": wanted.id} if wanted.id else {}),
    )  # fmt: skip
    rows = tx.db.rows("SELECT id, item_id, quantity FROM campaign_item WHERE campaign_id = ? AND void_reason IS NULL", (campaign_id,))
    there = {row["item_id"]: row for row in rows}
    for item_id, row in there.items():
        if item_id not in wanted.items:
            tx.void("campaign_item", row["id"], "changed")
    for item_id, number in wanted.items.items():
        if item_id not in there:
            tx.put("campaign_item", {"campaign_id": campaign_id, "item_id": item_id, "quantity": number})
        elif there[item_id]["quantity"] != number:
            tx.put("campaign_item", {"id": there[item_id]["id"], "quantity": number})
    return campaign_id


# --- what stands against a second share ----------------------------------------------------------------------------------


def rules(db: Database) -> list[Rule]:
    """The rules that campaigns bring with them: a share for each, all that this station has, nobody without a badge."""
    found: list[Rule] = []
    today = db.stamp().business_date
    for one in {one.id: one for one in running(db, today).values()}.values():
        found += rules_of(one)
    return found


def rules_of(one: Campaign) -> list[Rule]:
    """The rules of one campaign, item by item."""
    found = []
    for item_id, number in one.items.items():
        about = {"id": one.id, "items": frozenset({item_id}), "span": QuotaSpan.CAMPAIGN, "campaign_id": one.id, "name": one.name}
        found.append(Rule(**about, most=one.each * number, measure=Measure.QUANTITY))  # type: ignore[arg-type]
        if one.most is not None:
            found.append(Rule(**about, most=one.most * number, who=QuotaWho.STATION))  # type: ignore[arg-type]
        if one.badge_only:
            found.append(Rule(**about, most=0, who=QuotaWho.ANONYMOUS))  # type: ignore[arg-type]
    return found


def marks(db: Database, person_id: str) -> list[str]:
    """The ids by which a person's badges are known all over the district (``aliases.stranger``), also those revoked."""
    members = aliases.members(db, aliases.final(db, person_id))
    codes = db.rows("SELECT code FROM badge WHERE person_id IN (SELECT value FROM json_each(?))", (_json(members),))
    return sorted({one for one in members if aliases.is_stranger(one)} | {aliases.stranger(row["code"]) for row in codes})


def share(key: bytes, code: str, mark: str) -> str:
    """The digest of a share: whoever lacks the district's key learns nothing from it, and it is another for each campaign."""
    return digest(key, "campaign share", code, mark)


def taken_elsewhere(db: Database, person_id: str | None, running: Iterable[Campaign]) -> dict[str, Elsewhere]:
    """The shares a person took at other stations, by campaign id."""
    asked = {one.id: one for one in running}
    version = db.meta(VERSION)
    if person_id is None or not asked or not version:
        return {}
    key = db.scalar("SELECT content FROM secret WHERE name = ?", (f"badge_{version}",))
    if key is None:
        return {}
    people_marks = marks(db, person_id)
    found = {}
    for one in asked.values():
        for mark in people_marks:
            wanted = (one.code, share(key, one.code, mark))
            row = db.one("SELECT station_name, business_date FROM campaign_taken WHERE code = ? AND digest = ?", wanted)
            if row is not None:
                found[one.id] = Elsewhere(row["station_name"], row["business_date"])
    return found


def barrier(item: Item, one: Campaign | None, elsewhere: Mapping[str, Elsewhere]) -> RuleRefused | None:
    """A share taken at another station."""
    taken = elsewhere.get(one.id) if one is not None else None
    if one is None or taken is None:
        return None
    return RuleRefused(
        "campaigns.taken_elsewhere", rule="campaign_elsewhere", last=taken.day, next=None, name=item.name, campaign=one.name,
        station=taken.station, day=taken.day, most=one.each,
    )  # fmt: skip


# --- who had a share -----------------------------------------------------------------------------------------------------


def recipients(db: Database, campaign_id: str) -> list[Recipient]:
    """Who had something of a campaign, in order; names and card numbers only for those who may see people, and never in a batch."""
    one = campaign(db, campaign_id)
    rows = db.rows(
        "SELECT h.*, i.name AS item, EXISTS(SELECT 1 FROM refusal r WHERE r.handout_id = h.id AND r.overridden = 1) AS overridden"
        " FROM handout h JOIN item i ON i.id = h.item_id WHERE h.campaign_id = ? AND h.void_reason IS NULL ORDER BY h.time, h.id",
        (campaign_id,),
    )
    ids = sorted({aliases.final(db, row["person_id"]) for row in rows if row["person_id"]})
    known = {person.id: person for person in people.several(db, ids)}
    had: dict[tuple[str, str], int] = {}
    found = []
    for row in rows:
        who = aliases.final(db, row["person_id"]) if row["person_id"] else ""
        had[who, row["item_id"]] = had.get((who, row["item_id"]), 0) + row["quantity"]
        over = bool(who) and had[who, row["item_id"]] > one.each * one.items.get(row["item_id"], 1)
        person = known.get(who)
        found.append(
            Recipient(
                row["time"], person.name if person else "", person.card_number if person else "", row["occupation"] or "", row["item"],
                row["quantity"], over, bool(row["overridden"]),
            )
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class Result:
    """A campaign's result sheet: what was given by item, to how many people and nameless ones, by occupation and day; refused."""

    campaign: Campaign
    given: Mapping[str, int]
    people: int
    anonymous: int
    by_occupation: Mapping[str, int]
    by_day: Mapping[str, int]
    refused: int
    overridden: int
    left: int | None


def result(db: Database, campaign_id: str) -> Result:
    """The figures of a campaign."""
    one = campaign(db, campaign_id)
    rows = db.rows(
        "SELECT h.item_id, i.name, h.quantity, h.person_id, h.occupation, h.business_date FROM handout h JOIN item i ON i.id = h.item_id"
        " WHERE h.campaign_id = ? AND h.void_reason IS NULL",
        (campaign_id,),
    )
    given: dict[str, int] = {}
    by_occupation: dict[str, int] = {}
    by_day: dict[str, int] = {}
    for row in rows:
        given[row["name"]] = given.get(row["name"], 0) + row["quantity"]
        by_occupation[row["occupation"] or ""] = by_occupation.get(row["occupation"] or "", 0) + row["quantity"]
        by_day[row["business_date"]] = by_day.get(row["business_date"], 0) + row["quantity"]
    told = db.one(
        "SELECT coalesce(sum(1 - overridden), 0) AS refused, coalesce(sum(overridden), 0) AS over FROM refusal"
        " WHERE campaign_id = ? AND void_reason IS NULL",
        (campaign_id,),
    )
    people_had = {aliases.final(db, row["person_id"]) for row in rows if row["person_id"]}
    main = next(iter(one.items), "")
    spent = sum(row["quantity"] for row in rows if row["item_id"] == main)
    left = one.most * one.items.get(main, 1) - spent if one.most is not None else None
    return Result(
        one, given, len(people_had), sum(row["quantity"] for row in rows if not row["person_id"]), by_occupation,
        dict(sorted(by_day.items())), told["refused"] if told else 0, told["over"] if told else 0, left,
    )  # fmt: skip


# --- what a pack brings --------------------------------------------------------------------------------------------------


def apply(tx: Tx, told: Mapping[str, Any]) -> tuple[str, ...]:
    """Take the district's campaigns and the shares taken elsewhere, inside a pack's operation; returns the ids that changed.

    ``told`` is ``sync.campaigns.Told`` as plain values. A campaign that is told no more ends; an unknown item is added with it.
    """
    changed: list[str] = []
    codes = set()
    for one in told.get("campaigns", ()):
        codes.add(one["code"])
        row = tx.db.one("SELECT id FROM campaign WHERE code = ? AND void_reason IS NULL", (one["code"],))
        items: dict[str, int] = {}
        for part in one["items"]:
            item = by_name(tx.db, part["name"])
            item_id = item.id if item is not None else write_item(tx, part["name"], part["unit"], ItemKind(part["kind"]))
            items[item_id] = part["quantity"]
        wanted = Campaign(
            row["id"] if row else "", one["code"], one["name"], one["starts_on"], one["ends_on"], items, one.get("most"), one["each"],
            bool(one.get("badge_only", 0)), DISTRICT, True, one.get("note") or "",
        )  # fmt: skip
        if row is None or campaign(tx.db, row["id"]) != wanted:
            changed.append(_write(tx, wanted, DISTRICT))
    for row in tx.db.rows("SELECT id, code FROM campaign WHERE origin = ? AND active = 1 AND void_reason IS NULL", (DISTRICT,)):
        if row["code"] not in codes:
            tx.put("campaign", {"id": row["id"], "active": 0})
            changed.append(row["id"])
    tx.run("DELETE FROM campaign_taken")
    tx.run_many(
        "INSERT INTO campaign_taken(code, digest, station_name, business_date) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(one["code"], one["digest"], one["station"], one["business_date"]) for one in told.get("taken", ())],
    )
    tx.set_meta(VERSION, told.get("key_version", ""))
    return tuple(changed)


def _json(ids: Sequence[str]) -> str:
    return json.dumps(list(ids))
