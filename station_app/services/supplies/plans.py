"""Campaigns as the district plans them: what each gets, from when to when, how many each station has; who took two shares.

The district's own books (local tables), and what stations sent of their handouts. What a pack tells follows from both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ...db import Database, Row
from ...errors import UserMistake
from ...model import Changes, ItemKind, Op, uuid7
from .. import aliases
from .campaigns import DISTRICT, share


@dataclass(frozen=True, slots=True)
class Plan:
    """A campaign of the district: ``allotted`` by station code (all stations have it where it is empty), ``given`` by station code."""

    code: str
    name: str
    starts_on: str
    ends_on: str
    item: str
    unit: str
    kind: ItemKind
    quantity: int
    each: int
    badge_only: bool
    note: str
    withdrawn: str
    allotted: Mapping[str, int]
    given: Mapping[str, int]

    @property
    def id(self) -> str:
        """The campaign's code."""
        return self.code


@dataclass(frozen=True, slots=True)
class Share:
    """What somebody had at a station on a day; ``reason`` is why it was given although a rule stood against it."""

    day: str
    station: str
    quantity: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Twice:
    """A person who had more than a share, at one station or several: campaign, card number, what they had in order. No name."""

    campaign: str
    card_number: str
    shares: tuple[Share, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One handout of a campaign at a station; ``card_number`` is "" for the nameless. No name."""

    time: str
    station: str
    card_number: str
    occupation: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """A campaign's figures over all stations: units given, people with a badge (each once, wherever they had it), units to nobody in
    particular, by occupation code ("" unknown) and day; refused, and given against a rule."""

    given: int
    people: int
    anonymous: int
    by_occupation: Mapping[str, int]
    by_day: Mapping[str, int]
    refused: int
    overridden: int


def make(
    db: Database, name: str, first: str, last: str, item: str, unit: str, kind: ItemKind, *, quantity: int = 1, each: int = 1,
    badge_only: bool = True, allotted: Mapping[str, int] | None = None, note: str = "",
) -> tuple[str, Changes]:  # fmt: skip
    """Plan a campaign; ``allotted`` is how many each station (by id) has, all have it without a limit where it is empty.

    It goes in the next packs. UserMistake for a name, days, an item or numbers that cannot be.
    """
    if not name.strip() or len(name) > 60:
        raise UserMistake("campaigns.bad_name")
    try:
        days = [date.fromisoformat(first), date.fromisoformat(last)]
    except ValueError:
        raise UserMistake("campaigns.bad_days") from None
    if days != sorted(days):
        raise UserMistake("campaigns.bad_days")
    if not item.strip() or len(item) > 40 or not unit.strip() or len(unit) > 10:
        raise UserMistake("campaigns.no_items")
    numbers = (quantity, each, *(allotted or {}).values())
    if any(not 1 <= number <= 1_000_000 for number in numbers):
        raise UserMistake("supplies.bad_quantity")
    code = uuid7()
    with db.transact(Op.SET_CAMPAIGN, name=name.strip(), campaign=code) as tx:
        tx.run(
            "INSERT INTO campaign_plan(code, name, starts_on, ends_on, item_name, unit, kind, quantity, each, badge_only, note, made)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (code, name.strip(), first, last, item.strip(), unit.strip(), kind.value, quantity, each, int(badge_only),
             note.strip() or None, tx.stamp.time),
        )  # fmt: skip
        tx.run_many(
            "INSERT INTO campaign_allot(code, station_id, most) VALUES(?, ?, ?)",
            [(code, station_id, most) for station_id, most in (allotted or {}).items()],
        )
    return code, Changes(tx.operation, Op.SET_CAMPAIGN, {"campaign_plan": (code,)})


def withdraw(db: Database, code: str) -> Changes:
    """Tell it no more: it ends at every station with its next pack."""
    with db.transact(Op.SET_CAMPAIGN, campaign=code, withdrawn=True) as tx:
        if not tx.run("UPDATE campaign_plan SET withdrawn = ? WHERE code = ? AND withdrawn IS NULL", (tx.stamp.time, code)):
            raise UserMistake("campaigns.unknown")
    return Changes(tx.operation, Op.SET_CAMPAIGN, {"campaign_plan": (code,)})


def resume(db: Database, code: str) -> Changes:
    """Tell one that was withdrawn again, as it was: it goes on at every station with its next pack. UserMistake for any other."""
    with db.transact(Op.SET_CAMPAIGN, campaign=code, withdrawn=False) as tx:
        if not tx.run("UPDATE campaign_plan SET withdrawn = NULL WHERE code = ? AND withdrawn IS NOT NULL", (code,)):
            raise UserMistake("campaigns.unknown")
    return Changes(tx.operation, Op.SET_CAMPAIGN, {"campaign_plan": (code,)})


def listing(db: Database) -> list[Plan]:
    """All campaigns of the district, the newest first."""
    names = {row["station_id"]: row["code"] for row in db.rows("SELECT station_id, code FROM enrolled")}
    allotted: dict[str, dict[str, int]] = {}
    for row in db.rows("SELECT code, station_id, most FROM campaign_allot"):
        allotted.setdefault(row["code"], {})[names.get(row["station_id"], "")] = row["most"]
    given: dict[str, dict[str, int]] = {}
    for row in db.rows(
        "SELECT c.code, s.station_id, sum(h.quantity) AS n FROM handout h JOIN campaign c ON c.id = h.campaign_id"
        " JOIN store s ON s.store_id = h.store_id WHERE h.void_reason IS NULL GROUP BY 1, 2"
    ):
        given.setdefault(row["code"], {})[names.get(row["station_id"], "")] = row["n"]
    return [
        Plan(
            row["code"], row["name"], row["starts_on"], row["ends_on"], row["item_name"], row["unit"], ItemKind(row["kind"]),
            row["quantity"], row["each"], bool(row["badge_only"]), row["note"] or "", row["withdrawn"] or "",
            allotted.get(row["code"], {}), given.get(row["code"], {}),
        )
        for row in db.rows("SELECT * FROM campaign_plan ORDER BY starts_on DESC, code DESC")
    ]  # fmt: skip


def named(db: Database, text: str) -> Plan:
    """The newest campaign of the district with this name or code; UserMistake without one."""
    found = next((one for one in listing(db) if text.strip() in (one.name, one.code)), None)
    if found is None:
        raise UserMistake("campaigns.unknown")
    return found


def twice(db: Database, code: str = "") -> list[Twice]:
    """Who had more shares of a campaign of the district ("" for any) than it gives each, over all stations; by card number."""
    plans = db.rows("SELECT code, name, each, quantity FROM campaign_plan")
    each = {row["code"]: (row["name"], row["each"] * row["quantity"]) for row in plans}
    had: dict[tuple[str, str], list[Share]] = {}
    for row in _shares(db):
        if code in ("", row["code"]):
            share_of = Share(row["business_date"], row["station"], row["quantity"], row["reason"] or "")
            had.setdefault((row["code"], _one(db, row["person_id"])), []).append(share_of)
    found = []
    for (of, person), shares in had.items():
        name, most = each.get(of, ("", 0))
        if most and sum(one.quantity for one in shares) > most:
            found.append(Twice(name, _card(db, person), tuple(shares), of))
    return found


def _card(db: Database, person_id: str) -> str:
    """The number of a person's newest card, whichever station made it."""
    members = aliases.members(db, person_id)
    marks = ", ".join("?" * len(members))
    return db.scalar(f"SELECT card_number FROM badge WHERE person_id IN ({marks}) ORDER BY issued DESC, id DESC LIMIT 1", members) or ""


_OF = (
    "FROM handout h JOIN campaign c ON c.id = h.campaign_id JOIN store s ON s.store_id = h.store_id"
    " JOIN enrolled e ON e.station_id = s.station_id WHERE c.code = ? AND h.void_reason IS NULL"
)


def outcome(db: Database, code: str) -> Outcome:
    """The figures of a campaign over all stations, as far as they sent them."""
    rows = db.rows(f"SELECT h.quantity, h.occupation, h.business_date, {aliases.meant('h.person_id')} AS person {_OF}", (code,))
    told = db.one(
        "SELECT coalesce(sum(1 - r.overridden), 0) AS refused, coalesce(sum(r.overridden), 0) AS over FROM refusal r"
        " JOIN campaign c ON c.id = r.campaign_id WHERE c.code = ? AND r.void_reason IS NULL",
        (code,),
    )
    by_occupation: dict[str, int] = {}
    by_day: dict[str, int] = {}
    for row in rows:
        by_occupation[row["occupation"] or ""] = by_occupation.get(row["occupation"] or "", 0) + row["quantity"]
        by_day[row["business_date"]] = by_day.get(row["business_date"], 0) + row["quantity"]
    return Outcome(
        sum(row["quantity"] for row in rows), len({row["person"] for row in rows if row["person"]}),
        sum(row["quantity"] for row in rows if not row["person"]), by_occupation, dict(sorted(by_day.items())),
        told["refused"] if told else 0, told["over"] if told else 0,
    )  # fmt: skip


def recipients(db: Database, code: str, limit: int = 500) -> list[Recipient]:
    """Who had something of a campaign at any station, the newest first; by card number, never by name."""
    rows = db.rows(
        f"SELECT h.time, e.name AS station, {aliases.meant('h.person_id')} AS person, h.occupation, h.quantity {_OF}"
        " ORDER BY h.business_date DESC, h.time DESC, h.id DESC LIMIT ?",
        (code, limit),
    )
    cards = {one: _card(db, one) for one in {row["person"] for row in rows if row["person"]}}
    return [
        Recipient(row["time"], row["station"], cards.get(row["person"], ""), row["occupation"] or "", row["quantity"]) for row in rows
    ]


def for_pack(db: Database, station_id: str, version: str) -> dict[str, object]:
    """What a station is to be told, as plain values of ``sync.campaigns.Told``: its campaigns, the shares taken elsewhere.

    ``version`` names the badge key the digests are made with; without one no shares are told.
    """
    today = db.stamp().business_date
    plans = []
    for row in db.rows("SELECT * FROM campaign_plan WHERE withdrawn IS NULL AND ends_on >= ? ORDER BY code", (today,)):
        most = db.scalar("SELECT most FROM campaign_allot WHERE code = ? AND station_id = ?", (row["code"], station_id))
        if most is None and db.one("SELECT 1 FROM campaign_allot WHERE code = ?", (row["code"],)) is not None:
            continue  # others have it, this station has no share
        plans.append(
            {
                "code": row["code"], "name": row["name"], "starts_on": row["starts_on"], "ends_on": row["ends_on"], "each": row["each"],
                "badge_only": row["badge_only"], "most": most, "note": row["note"],
                "items": [{"name": row["item_name"], "unit": row["unit"], "kind": row["kind"], "quantity": row["quantity"]}],
            }
        )  # fmt: skip
    key = db.scalar("SELECT content FROM secret WHERE name = ?", (f"badge_{version}",)) if version else None
    told = {one["code"] for one in plans}
    taken = []
    for row in _shares(db) if key is not None else ():
        if row["station_id"] != station_id and row["code"] in told:
            for mark in _marks(db, row["person_id"]):
                taken.append(
                    {
                        "code": row["code"], "digest": share(bytes(key or b""), row["code"], mark), "station": row["station"],
                        "business_date": row["business_date"],
                    }
                )  # fmt: skip
    return {"key_version": version if key is not None else "", "campaigns": plans, "taken": taken}


def _shares(db: Database) -> list[Row]:
    """Every share of the district's campaigns that somebody with a badge took, as stations sent them."""
    return db.rows(
        "SELECT c.code, h.person_id, h.business_date, h.quantity, s.station_id, e.name AS station, (SELECT max(coalesce(r.reason, ''))"
        " FROM refusal r WHERE r.handout_id = h.id AND r.overridden = 1 AND r.void_reason IS NULL) AS reason FROM handout h"
        " JOIN campaign c ON c.id = h.campaign_id AND c.origin = ? JOIN store s ON s.store_id = h.store_id"
        " JOIN enrolled e ON e.station_id = s.station_id WHERE h.void_reason IS NULL AND h.person_id IS NOT NULL"
        " ORDER BY h.business_date, h.time, h.id",
        (DISTRICT,),
    )


def _one(db: Database, person_id: str) -> str:
    """The person an id means: a guest's id follows from the badge, whose person the district knows."""
    return aliases.final(db, person_id)


def _marks(db: Database, person_id: str) -> list[str]:
    """How any station knows this person's badges (``aliases.stranger``)."""
    members = aliases.members(db, aliases.final(db, person_id))
    found = {one for one in members if aliases.is_stranger(one)}
    for one in members:
        found |= {aliases.stranger(row["code"]) for row in db.rows("SELECT code FROM badge WHERE person_id = ?", (one,))}
    return sorted(found)


# --- orders and transfers over all stations ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of a station's order slip, as it came."""

    id: str
    time: str
    code: str
    station: str
    number: str
    item: str
    unit: str
    kind: ItemKind
    quantity: int
    balance: int
    runs_out: str
    wanted_by: str
    note: str
    void_reason: str | None


def wanted(db: Database, limit: int = 500) -> list[Wanted]:
    """What stations asked for, the newest first."""
    rows = db.rows(
        "SELECT o.*, i.name AS item, i.unit, i.kind, e.code, e.name AS station FROM supply_order o JOIN item i ON i.id = o.item_id"
        " JOIN store s ON s.store_id = o.store_id JOIN enrolled e ON e.station_id = s.station_id ORDER BY o.time DESC, o.id LIMIT ?",
        (limit,),
    )
    return [
        Wanted(
            row["id"], row["time"], row["code"], row["station"], row["number"], row["item"], row["unit"], ItemKind(row["kind"]),
            row["quantity"], row["balance"], row["runs_out"] or "", row["wanted_by"] or "", row["note"] or "", row["void_reason"],
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Crossing:
    """What went from one station to another under a number: ``sent`` and ``taken`` of an item; they agree when alike."""

    number: str
    item: str
    unit: str
    time: str
    sender: str
    receiver: str
    sent: int
    taken: int

    @property
    def state(self) -> str:
        """What became of it: "agrees", "under_way" (nobody took it in yet), "differs", "unsent" (taken in, but no sender told of it)."""
        if not self.sent:
            return "unsent"
        return "agrees" if self.sent == self.taken else "differs" if self.taken else "under_way"


def crossings(db: Database) -> list[Crossing]:
    """Transfers between stations, both sides side by side by the number of their slip, the newest first."""
    rows = db.rows(
        "SELECT t.number, t.item_name, t.unit, min(t.time) AS time,"
        " coalesce(sum(CASE WHEN t.direction = 'out' THEN t.quantity END), 0) AS sent,"
        " coalesce(sum(CASE WHEN t.direction = 'in' THEN t.quantity END), 0) AS taken,"
        " max(CASE WHEN t.direction = 'out' THEN e.name ELSE '' END) AS sender,"
        " max(CASE WHEN t.direction = 'in' THEN e.name ELSE '' END) AS receiver,"
        " max(CASE WHEN t.direction = 'out' THEN t.partner ELSE '' END) AS told"
        " FROM transfer t JOIN store s ON s.store_id = t.store_id JOIN enrolled e ON e.station_id = s.station_id"
        " WHERE t.void_reason IS NULL GROUP BY t.number, t.item_name, t.unit ORDER BY 4 DESC"
    )
    return [
        Crossing(
            row["number"], row["item_name"], row["unit"], row["time"], row["sender"], row["receiver"] or row["told"], row["sent"],
            row["taken"],
        )
        for row in rows
    ]  # fmt: skip
