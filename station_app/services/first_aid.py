"""The first-aid box: what has to be in it, what was found there, and what is running out or past its date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ..db import Database, Row, Tx
from ..errors import UserMistake
from ..model import BoxAction, Changes, Op
from .equipment import day_or_none

SOON = 30
"""Days before its expiry that a medicine is spoken of."""
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Medicine:
    """A place in the box as it was found last; ``expiry`` a day or "", ``checked`` ISO 8601 or "" before the first check."""

    id: str
    name: str
    unit: str
    least: int
    rank: int
    active: bool
    quantity: int
    lot: str
    expiry: str
    checked: str
    checked_by: str

    def expired(self, today: str) -> bool:
        """Whether what is in it is past its date."""
        return self.quantity > 0 and bool(self.expiry) and self.expiry < today

    def expiring(self, today: str, ahead: int = SOON) -> bool:
        """Whether what is in it passes its date within ``ahead`` days, or did."""
        edge = (date.fromisoformat(today) + timedelta(days=ahead)).isoformat()
        return self.quantity > 0 and bool(self.expiry) and self.expiry <= edge

    @property
    def short(self) -> bool:
        """Whether less is there than has to be."""
        return self.quantity < self.least


@dataclass(frozen=True, slots=True)
class BoxCheck:
    """One look at one place in the box."""

    id: str
    time: str
    medicine: str
    quantity: int
    action: BoxAction
    lot: str
    expiry: str
    note: str
    keeper: str


def add(
    db: Database, name: str, unit: str, least: int = 1, *, quantity: int = 0, lot: str = "", expiry: str = "", at: datetime | None = None
) -> tuple[Medicine, Changes]:
    """A new place in the box, with what is in it now. Raises UserMistake."""
    name, unit = name.strip(), unit.strip()
    _check_place(db, name, unit, least, None)
    day_or_none(expiry)
    _check_quantity(quantity)
    with db.transact(Op.CHANGE_MEDICINE, at, item_name=name) as tx:
        rank = int(db.scalar("SELECT coalesce(max(rank), 0) + 1 FROM medicine"))
        medicine_id = tx.put("medicine", {"name": name, "unit": unit, "least": least, "rank": rank, "active": 1})
        tx.details["medicine"] = medicine_id
        if quantity:
            _note(tx, medicine_id, quantity, BoxAction.REFILLED, lot, expiry, "")
    return get(db, medicine_id), tx.changes


def change(
    db: Database,
    medicine_id: str,
    *,
    name: str | None = None,
    unit: str | None = None,
    least: int | None = None,
    active: bool | None = None,
    at: datetime | None = None,
) -> tuple[Medicine, Changes]:
    """Change a place in the box; what is None stays."""
    old = get(db, medicine_id)
    row: dict[str, Any] = {
        "name": old.name if name is None else name.strip(), "unit": old.unit if unit is None else unit.strip(),
        "least": old.least if least is None else least, "active": int(old.active if active is None else active),
    }  # fmt: skip
    _check_place(db, row["name"], row["unit"], row["least"], medicine_id)
    with db.transact(Op.CHANGE_MEDICINE, at, medicine=medicine_id, item_name=row["name"]) as tx:
        tx.put("medicine", {"id": medicine_id, **row})
    return get(db, medicine_id), tx.changes


def look(
    db: Database,
    medicine_id: str,
    quantity: int,
    action: BoxAction = BoxAction.FINE,
    *,
    lot: str | None = None,
    expiry: str | None = None,
    note: str = "",
    at: datetime | None = None,
) -> tuple[Medicine, Changes]:
    """Somebody looked at a place: how many are in it now and what was done; lot and expiry stay unless told. Raises UserMistake."""
    old = get(db, medicine_id)
    _check_quantity(quantity)
    day_or_none(expiry or "")
    if len(note) > 200:
        raise UserMistake("first_aid.long_note")
    with db.transact(Op.CHECK_MEDICINE, at, medicine=medicine_id, item_name=old.name, quantity=quantity) as tx:
        there = (old.lot if lot is None else lot, old.expiry if expiry is None else expiry)
        _note(tx, medicine_id, quantity, action, *there, note)
    return get(db, medicine_id), tx.changes


def all_fine(db: Database, at: datetime | None = None) -> tuple[int, Changes]:
    """Everything in the box is as the book says: one check of every place in one go; how many places. UserMistake for an empty list."""
    known = listing(db)
    if not known:
        raise UserMistake("first_aid.empty")
    with db.transact(Op.CHECK_MEDICINE, at, count=len(known)) as tx:
        for one in known:
            _note(tx, one.id, one.quantity, BoxAction.FINE, one.lot, one.expiry, "")
    return len(known), tx.changes


def _note(tx: Tx, medicine_id: str, quantity: int, action: BoxAction, lot: str, expiry: str, note: str) -> None:
    row = {
        "time": tx.stamp.time, "business_date": tx.stamp.business_date, "medicine_id": medicine_id, "quantity": quantity,
        "action": action.value, "lot": lot.strip() or None, "expiry": expiry or None, "note": note.strip() or None,
        "keeper_id": tx.db.acting,
    }  # fmt: skip
    tx.put("medicine_check", row)


def _check_place(db: Database, name: str, unit: str, least: int, own: str | None) -> None:
    if not name or len(name) > 40:
        raise UserMistake("first_aid.bad_name")
    if not unit or len(unit) > 10:
        raise UserMistake("first_aid.bad_unit")
    _check_quantity(least)
    found = db.one("SELECT id FROM medicine WHERE name = ? AND active = 1 AND void_reason IS NULL", (name,))
    if found is not None and found["id"] != own:
        raise UserMistake("first_aid.name_taken", name=name)


def _check_quantity(quantity: int) -> None:
    if not 0 <= quantity <= MOST:
        raise UserMistake("first_aid.bad_quantity", most=MOST)


# --- looking up ----------------------------------------------------------------------------------------------------------------

PLACE = (
    "SELECT m.*, c.quantity, c.lot, c.expiry, c.time AS checked, k.name AS keeper FROM medicine m"
    " LEFT JOIN medicine_check c ON c.id = (SELECT id FROM medicine_check WHERE medicine_id = m.id AND void_reason IS NULL"
    " ORDER BY time DESC, id DESC LIMIT 1) LEFT JOIN keeper k ON k.id = c.keeper_id WHERE m.void_reason IS NULL"
)


def listing(db: Database, *, with_retired: bool = False) -> list[Medicine]:
    """The box as it was found last, in its order."""
    return [_medicine(row) for row in db.rows(f"{PLACE} AND (m.active = 1 OR ?) ORDER BY m.rank, m.id", (with_retired,))]


def get(db: Database, medicine_id: str) -> Medicine:
    """One place; UserMistake for an id nobody has."""
    row = db.one(f"{PLACE} AND m.id = ?", (medicine_id,))
    if row is None:
        raise UserMistake("first_aid.unknown", text=medicine_id[:40])
    return _medicine(row)


def named(db: Database, text: str) -> Medicine:
    """One place by id or name; UserMistake when there is none."""
    for one in listing(db, with_retired=True):
        if text.strip() in (one.id, one.name):
            return one
    raise UserMistake("first_aid.unknown", text=text[:40])


def warnings(db: Database, ahead: int = SOON) -> list[Medicine]:
    """What is past its date, soon will be, or is too little; what expires first at the top."""
    today = db.stamp().business_date
    found = [one for one in listing(db) if one.expiring(today, ahead) or one.short]
    return sorted(found, key=lambda one: (one.expiry or "9999", one.rank))


def checks(db: Database, medicine_id: str, limit: int = 50) -> list[BoxCheck]:
    """The looks at a place, the newest first."""
    rows = db.rows(
        "SELECT c.*, m.name, k.name AS keeper FROM medicine_check c JOIN medicine m ON m.id = c.medicine_id"
        " LEFT JOIN keeper k ON k.id = c.keeper_id WHERE c.medicine_id = ? AND c.void_reason IS NULL"
        " ORDER BY c.time DESC, c.id DESC LIMIT ?",
        (medicine_id, limit),
    )
    return [
        BoxCheck(row["id"], row["time"], row["name"], row["quantity"], BoxAction(row["action"]), row["lot"] or "", row["expiry"] or "",
                 row["note"] or "", row["keeper"] or "")
        for row in rows
    ]  # fmt: skip


def _medicine(row: Row) -> Medicine:
    return Medicine(
        id=row["id"], name=row["name"], unit=row["unit"], least=row["least"], rank=row["rank"], active=bool(row["active"]),
        quantity=row["quantity"] or 0, lot=row["lot"] or "", expiry=row["expiry"] or "", checked=row["checked"] or "",
        checked_by=row["keeper"] or "",
    )  # fmt: skip
