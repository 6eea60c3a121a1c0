"""The shelf: what is left of each lot, an item's ledger, its days. Stock is the sum of movements and nothing else (``kept``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ...db import Database, Row, Tx
from ...model import MovementKind
from . import kept


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of one delivery; ``expiry`` is an ISO date or ""."""

    lot: str
    expiry: str
    balance: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of an item's ledger; ``balance`` is what was left after it."""

    id: str
    time: str
    kind: MovementKind
    delta: int
    lot: str
    expiry: str
    source: str
    person_id: str | None
    balance: int
    void_reason: str | None


def lots(db: Database, item_id: str) -> list[Lot]:
    """The lots of an item of which something is left, or lacks, the first to expire first (without a date last)."""
    return _lots(db, kept.now(), item_id)


def lots_of_all(db: Database) -> dict[str, list[Lot]]:
    """The lots of every item in one query, as ``lots`` has those of one, by the item's id."""
    shelf, parameters = kept.now()
    rows = db.rows(
        f"SELECT item_id, {LOTS} FROM {shelf} s GROUP BY item_id, expiry, lot HAVING sum(n) <> 0 ORDER BY item_id, {FIRST}", parameters
    )
    found: dict[str, list[Lot]] = {}
    for row in rows:
        found.setdefault(row["item_id"], []).append(_lot(row))
    return found


LOTS = "expiry, lot, sum(n) AS n"
FIRST = "expiry = '', expiry, lot"
"""The first to expire first, what does not expire last."""


def _lots(db: Database, source: kept.Source, item_id: str) -> list[Lot]:
    shelf, parameters = source
    rows = db.rows(
        f"SELECT {LOTS} FROM {shelf} s WHERE item_id = ? GROUP BY expiry, lot HAVING sum(n) <> 0 ORDER BY {FIRST}", (*parameters, item_id)
    )
    return [_lot(row) for row in rows]


def _lot(row: Row) -> Lot:
    return Lot(row["lot"], row["expiry"], row["n"])


def movements(db: Database, item_id: str, limit: int = 200) -> list[Movement]:
    """An item's ledger, the newest first; voided lines are shown and do not count."""
    rows = db.rows(
        "SELECT m.*, h.person_id FROM movement m LEFT JOIN handout h ON h.id = m.handout_id WHERE m.item_id = ?"
        " ORDER BY m.business_date DESC, m.time DESC, m.id DESC LIMIT ?",
        (item_id, limit),
    )
    balance = sum(lot.balance for lot in lots(db, item_id))  # after the newest line; from there backwards, line by line
    found = []
    for row in rows:
        found.append(
            Movement(
                row["id"], row["time"], MovementKind(row["kind"]), row["delta"], row["lot"] or "", row["expiry"] or "",
                row["source"] or "", row["person_id"], balance, row["void_reason"],
            )
        )  # fmt: skip
        balance -= 0 if row["void_reason"] else row["delta"]
    return found


def daily(db: Database, item_id: str, first: str, last: str) -> list[tuple[str, int, int]]:
    """(day, handed out, balance at the day's end) for each business date of a span, both ends included."""
    start, finish = date.fromisoformat(first), date.fromisoformat(last)
    balance = sum(lot.balance for lot in _lots(db, kept.before(first), item_id))
    rows = db.rows(
        "SELECT business_date, sum(delta) AS net, -sum(CASE WHEN kind = 'handout' THEN delta ELSE 0 END) AS given FROM movement"
        " WHERE item_id = ? AND void_reason IS NULL AND business_date BETWEEN ? AND ? GROUP BY business_date",
        (item_id, first, last),
    )
    by_day = {row["business_date"]: (row["net"], row["given"]) for row in rows}
    found = []
    for offset in range((finish - start).days + 1):
        day = (start + timedelta(days=offset)).isoformat()
        net, given = by_day.get(day, (0, 0))
        balance += net
        found.append((day, given, balance))
    return found


def balance_on(db: Database, item_id: str, day: str) -> list[Lot]:
    """What was left of each lot at the end of a past business date, by what is known today; lots without anything left out.

    ValueError for a day that is none.
    """
    return _lots(db, kept.at_end_of(day), item_id)


def move(tx: Tx, item_id: str, delta: int, kind: MovementKind, **more: str | None) -> str:
    """One movement inside an operation; ``more`` are columns of its row. Returns its id."""
    return tx.put(
        "movement",
        {
            "time": tx.stamp.time, "business_date": tx.stamp.business_date, "item_id": item_id, "delta": delta,
            "kind": kind.value, "keeper_id": tx.db.acting, **more,
        },
    )  # fmt: skip


def draw(tx: Tx, item_id: str, quantity: int, kind: MovementKind, **more: str | None) -> list[Lot]:
    """Take from the lots, the first to expire first; what the book does not hold is drawn from no lot. Returns what was taken."""
    left, taken = quantity, []
    for lot in lots(tx.db, item_id):
        part = min(left, max(lot.balance, 0))
        if part:
            move(tx, item_id, -part, kind, lot=lot.lot or None, expiry=lot.expiry or None, **more)
            taken.append(Lot(lot.lot, lot.expiry, part))
            left -= part
    if left:
        move(tx, item_id, -left, kind, **more)
        taken.append(Lot("", "", left))
    return taken
