"""What the district promised or told: supplies on their way to stations, notices. Each travels in packs until it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ..db import Database
from ..errors import Refused, UserMistake
from ..model import Changes, ItemKind, Op, uuid7
from ..sync import manifest
from . import books, store

SHOWN = 2000
"""Allocations and notices a list holds, the newest first."""
MOST = 1_000_000
LONGEST_NOTE = 500
LONGEST_TITLE = 60
LONGEST_TEXT = 1000


# --- supplies across stations ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shelf:
    """One item across stations: its name, unit and kind; what is on the shelf by station code, what is on its way there.

    ``lacks`` are those with less than they want, and how much less, what is on its way counted.
    """

    name: str
    unit: str
    kind: ItemKind
    balances: Mapping[str, int]
    low: frozenset[str]
    lacks: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Name and unit: items of stations are rows of their own, alike by these."""
        return f"{self.name}/{self.unit}"

    @property
    def total(self) -> int:
        """What all stations have together."""
        return sum(self.balances.values())


def shelves(db: Database) -> list[Shelf]:
    """Every item any station has, by name; items alike in name and unit are one."""
    codes = {station.station_id: station.code for station in store.stations(db)}
    kinds: dict[tuple[str, str], ItemKind] = {}
    found: dict[tuple[str, str], dict[str, int]] = {}
    low: dict[tuple[str, str], set[str]] = {}
    lacks: dict[tuple[str, str], dict[str, int]] = {}
    coming = {(row["station_id"], row["item_name"], row["unit"]): row["n"] for row in books.on_their_way(db)}
    for row in books.balances(db):
        code = codes.get(row["station_id"])
        if code is None:
            continue
        item = (row["name"], row["unit"])
        kinds.setdefault(item, ItemKind(row["kind"]))
        found.setdefault(item, {})[code] = found.get(item, {}).get(code, 0) + row["n"]
        if row["n"] < row["low_level"]:
            low.setdefault(item, set()).add(code)
            short = row["low_level"] - row["n"] - coming.get((row["station_id"], *item), 0)
            if short > 0:
                lacks.setdefault(item, {})[code] = short
    return [
        Shelf(*item, kinds[item], balances, frozenset(low.get(item, ())), lacks.get(item, {}))
        for item, balances in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class Allocation:
    """Supplies promised to a station; ``received`` and ``withdrawn`` are ISO 8601 or ""."""

    id: str
    code: str
    station: str
    time: str
    item: str
    unit: str
    kind: ItemKind
    quantity: int
    note: str
    received: str
    withdrawn: str


def allocations(db: Database) -> list[Allocation]:
    """What was promised, the newest first."""
    return [
        Allocation(
            row["id"], row["code"], row["name"], row["time"], row["item_name"], row["unit"], ItemKind(row["kind"]), row["quantity"],
            row["note"] or "", row["received"] or "", row["withdrawn"] or "",
        )
        for row in books.allocations(db, SHOWN)
    ]  # fmt: skip


def allocate(
    db: Database, item: str, unit: str, kind: ItemKind, quantities: Mapping[str, int], note: str = ""
) -> tuple[list[str], Changes]:
    """Promise stations (by code) so many of an item; returns the ids. It goes in their next packs until they receive it.

    UserMistake for a name, unit or quantity that cannot be, an unknown station, or nobody to give to.
    """
    item, unit, note = item.strip(), unit.strip(), note.strip()
    if not item or len(item) > 40:
        raise UserMistake("supplies.bad_name")
    if not unit or len(unit) > 10:
        raise UserMistake("supplies.bad_unit")
    if len(note) > LONGEST_NOTE:
        raise UserMistake("district.long_note", most=LONGEST_NOTE)
    wanted = {store.by_code(db, code): number for code, number in quantities.items() if number}
    if not wanted:
        raise UserMistake("district.nobody_to_give")
    if any(not 1 <= number <= MOST for number in wanted.values()):
        raise UserMistake("supplies.bad_quantity")
    made = []
    with db.transact(Op.ALLOCATE, item=item, stations=[station.code for station in wanted]) as tx:
        for station, number in wanted.items():
            made.append(uuid7())
            books.keep_allocation(tx, made[-1], station.station_id, (item, unit, kind.value), number, note)
    return made, Changes(tx.operation, Op.ALLOCATE, {"allocation": tuple(made)})


def withdraw_allocations(db: Database, ids: list[str]) -> Changes:
    """Take promises back; Refused when one was received (or taken back) already, and then none is."""
    with db.transact(Op.ALLOCATE, withdrawn=len(ids)) as tx:
        for allocation_id in ids:
            if not books.withdraw_allocation(tx, allocation_id):
                raise Refused("district.received_already")
    return Changes(tx.operation, Op.ALLOCATE, {"allocation": tuple(ids)})


# --- notices --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Notice:
    """A word to stations: ``station`` is the name of the only one it goes to, "" for all; ``until`` the last day it is shown."""

    id: str
    time: str
    title: str
    text: str
    until: str
    station: str
    withdrawn: str


def notices(db: Database) -> list[Notice]:
    """What was said, the newest first."""
    return [
        Notice(
            row["id"], row["time"], row["title"], row["text"], row["until"], row["name"] or "", row["withdrawn"] or ""
        )
        for row in books.notices(db, SHOWN)
    ]


def post_notice(db: Database, title: str, text: str, until: str, code: str = "") -> tuple[str, Changes]:
    """Say something to all stations, or to the one with ``code``; returns its id.

    UserMistake for an empty or long text, or a last day that is none or past.
    """
    title, text = title.strip(), text.strip()
    if not title or len(title) > LONGEST_TITLE:
        raise UserMistake("district.bad_title", most=LONGEST_TITLE)
    if len(text) > LONGEST_TEXT:
        raise UserMistake("district.long_note", most=LONGEST_TEXT)
    try:
        last = date.fromisoformat(until)
    except ValueError:
        raise UserMistake("district.bad_until", text=until) from None
    if last.isoformat() < db.stamp().business_date:
        raise UserMistake("district.bad_until", text=until)
    station = store.by_code(db, code) if code else None
    notice_id = uuid7()
    with db.transact(Op.POST_NOTICE, station=station.code if station else "") as tx:
        books.keep_notice(tx, notice_id, title, text, last.isoformat(), station.station_id if station else None)
    return notice_id, Changes(tx.operation, Op.POST_NOTICE, {"notice": (notice_id,)})


def withdraw_notice(db: Database, notice_id: str) -> Changes:
    """Say it no more: it is missing from the next packs, and so goes from the stations' screens."""
    with db.transact(Op.POST_NOTICE, withdrawn=notice_id) as tx:
        if not books.withdraw_notice(tx, notice_id):
            raise UserMistake("district.unknown_notice")
    return Changes(tx.operation, Op.POST_NOTICE, {"notice": (notice_id,)})


# --- for a pack -------------------------------------------------------------------------------------------------------------


def for_pack(db: Database, station_id: str) -> tuple[list[manifest.Notice], list[manifest.Allocation]]:
    """All that a station is still to be told and to receive."""
    told = [
        manifest.Notice(id=row["id"], time=row["time"], title=row["title"], text=row["text"], until=row["until"])
        for row in books.notices_for(db, station_id, db.stamp().business_date)
    ]
    promised = [
        manifest.Allocation(
            id=row["id"], time=row["time"], item_name=row["item_name"], unit=row["unit"], kind=row["kind"], quantity=row["quantity"],
            note=row["note"] or "",
        )
        for row in books.open_allocations(db, station_id)
    ]  # fmt: skip
    return told, promised
