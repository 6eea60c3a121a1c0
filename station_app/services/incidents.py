"""What nobody planned: emergencies, whose time is stamped first and told later, and things that were found in the house."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..db import Database, Row
from ..errors import UserMistake
from ..model import Changes, EmergencyKind, LostState, Op

NUMBERS = ("119", "120", "110", "122")
"""Who is called: fire, ambulance, police, traffic police."""
LONGEST = 4000


@dataclass(frozen=True, slots=True)
class Emergency:
    """Something happened at ``time``; ``called`` are numbers joined by blanks, ``ended`` ISO 8601 or ""."""

    id: str
    time: str
    business_date: str
    kind: EmergencyKind
    called: str
    place: str
    note: str
    ended: str
    keeper: str

    @property
    def open(self) -> bool:
        """Whether what happened is still to be told."""
        return self.kind is EmergencyKind.UNKNOWN or not self.note


@dataclass(frozen=True, slots=True)
class LostItem:
    """Something that was found; ``number`` is written on its label, ``ended`` ISO 8601 or ""."""

    id: str
    number: int
    time: str
    business_date: str
    thing: str
    place: str
    kept_in: str
    state: LostState
    person_id: str | None
    ended: str
    ended_by: str
    note: str
    keeper: str


# --- emergencies ---------------------------------------------------------------------------------------------------------


def stamp(db: Database, kind: EmergencyKind = EmergencyKind.UNKNOWN, at: datetime | None = None) -> tuple[Emergency, Changes]:
    """Something happens now: its time is kept, the rest can wait."""
    with db.transact(Op.EMERGENCY, at, kind=kind.value) as tx:
        row = {"time": tx.stamp.time, "business_date": tx.stamp.business_date, "kind": kind.value, "keeper_id": db.acting}
        tx.details["emergency"] = emergency_id = tx.put("emergency", row)
    return emergency(db, emergency_id), tx.changes


def tell(
    db: Database,
    emergency_id: str,
    *,
    kind: EmergencyKind | None = None,
    called: Sequence[str] | None = None,
    place: str | None = None,
    note: str | None = None,
    over: bool = False,
    at: datetime | None = None,
) -> tuple[Emergency, Changes]:
    """What happened, told later; what is None stays. ``over`` stamps its end, once. Raises UserMistake."""
    old = emergency(db, emergency_id)
    for text, most in ((place or "", 200), (note or "", LONGEST)):
        if len(text) > most:
            raise UserMistake("incidents.long_text", most=most)
    if called is not None and any(not (number.isascii() and number.isdigit() and 3 <= len(number) <= 12) for number in called):
        raise UserMistake("incidents.bad_number")
    with db.transact(Op.EMERGENCY, at, emergency=emergency_id, kind=(kind or old.kind).value) as tx:
        row: dict[str, str | None] = {"id": emergency_id, "kind": (kind or old.kind).value}
        if called is not None:
            row["called"] = " ".join(called) or None
        if place is not None:
            row["place"] = place.strip() or None
        if note is not None:
            row["note"] = note.strip() or None
        if over and not old.ended:
            row["ended"] = tx.stamp.time
        tx.put("emergency", row)
    return emergency(db, emergency_id), tx.changes


HAPPENED = (
    "SELECT e.*, k.name AS keeper FROM emergency e LEFT JOIN keeper k ON k.id = e.keeper_id WHERE e.void_reason IS NULL"
)


def emergency(db: Database, emergency_id: str) -> Emergency:
    """One record; UserMistake for an id nobody has."""
    row = db.one(f"{HAPPENED} AND e.id = ?", (emergency_id,))
    if row is None:
        raise UserMistake("incidents.unknown")
    return _emergency(row)


def emergencies(db: Database, first: str, last: str) -> list[Emergency]:
    """What happened in a span of days, the newest first."""
    rows = db.rows(f"{HAPPENED} AND e.business_date BETWEEN ? AND ? ORDER BY e.time DESC, e.id DESC", (first, last))
    return [_emergency(row) for row in rows]


def untold(db: Database) -> list[Emergency]:
    """Records of which only the time is known, the newest first."""
    rows = db.rows(f"{HAPPENED} AND (e.kind = 'unknown' OR e.note IS NULL) ORDER BY e.time DESC, e.id DESC")
    return [_emergency(row) for row in rows]


def _emergency(row: Row) -> Emergency:
    return Emergency(
        row["id"], row["time"], row["business_date"], EmergencyKind(row["kind"]), row["called"] or "", row["place"] or "",
        row["note"] or "", row["ended"] or "", row["keeper"] or "",
    )  # fmt: skip


# --- things that were found ------------------------------------------------------------------------------------------------


def found(
    db: Database, thing: str, place: str = "", kept_in: str = "", note: str = "", at: datetime | None = None
) -> tuple[LostItem, Changes]:
    """Something was found in the house; it gets the next number. Raises UserMistake."""
    if not thing.strip():
        raise UserMistake("incidents.no_thing")
    _check_texts(thing, place, kept_in, note)
    with db.transact(Op.LOST_PROPERTY, at, item_name=thing.strip()) as tx:
        number = int(db.scalar("SELECT coalesce(max(number), 0) + 1 FROM lost_item"))
        row = {
            "time": tx.stamp.time, "business_date": tx.stamp.business_date, "number": number, "thing": thing.strip(),
            "state": LostState.KEPT.value, "place": place.strip() or None, "kept_in": kept_in.strip() or None,
            "note": note.strip() or None, "keeper_id": db.acting,
        }  # fmt: skip
        tx.details["lost_item"] = lost_id = tx.put("lost_item", row)
    return lost_item(db, lost_id), tx.changes


def settle(
    db: Database, lost_id: str, state: LostState, *, person_id: str | None = None, note: str = "", at: datetime | None = None
) -> tuple[LostItem, Changes]:
    """It was claimed (by a regular, if known), handed over or disposed of, by the keeper at work. UserMistake for what is gone."""
    old = lost_item(db, lost_id)
    if old.state is not LostState.KEPT or state is LostState.KEPT:
        raise UserMistake("incidents.settled_already", number=old.number)
    _check_texts(note)
    with db.transact(Op.LOST_PROPERTY, at, lost_item=lost_id, item_name=old.thing, person=person_id, lost_state=state.value) as tx:
        acting = db.scalar("SELECT name FROM keeper WHERE id = ?", (db.acting,))
        row = {"id": lost_id, "state": state.value, "ended": tx.stamp.time, "ended_by": acting, "person_id": person_id}
        tx.put("lost_item", row | ({"note": note.strip()} if note.strip() else {}))
    return lost_item(db, lost_id), tx.changes


def _check_texts(*texts: str) -> None:
    if any(len(text) > 200 for text in texts):
        raise UserMistake("incidents.long_text", most=200)


FOUND = "SELECT l.*, k.name AS keeper FROM lost_item l LEFT JOIN keeper k ON k.id = l.keeper_id WHERE l.void_reason IS NULL"


def lost_item(db: Database, lost_id: str) -> LostItem:
    """One thing that was found; UserMistake for an id nobody has."""
    row = db.one(f"{FOUND} AND l.id = ?", (lost_id,))
    if row is None:
        raise UserMistake("incidents.unknown")
    return _lost(row)


def by_number(db: Database, number: int) -> LostItem:
    """One thing by the number on its label; UserMistake without one."""
    row = db.one(f"{FOUND} AND l.number = ?", (number,))
    if row is None:
        raise UserMistake("incidents.unknown")
    return _lost(row)


def lost_items(db: Database, *, only_kept: bool = False) -> list[LostItem]:
    """What was found, the newest first."""
    rows = db.rows(f"{FOUND} AND (l.state = 'kept' OR ?) ORDER BY l.time DESC, l.id DESC", (not only_kept,))
    return [_lost(row) for row in rows]


def _lost(row: Row) -> LostItem:
    return LostItem(
        row["id"], row["number"], row["time"], row["business_date"], row["thing"], row["place"] or "", row["kept_in"] or "",
        LostState(row["state"]), row["person_id"], row["ended"] or "", row["ended_by"] or "", row["note"] or "", row["keeper"] or "",
    )  # fmt: skip
