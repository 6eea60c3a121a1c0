"""What the district promised and told, at the station: supplies on their way, received with one key; notices in force.

Both tables are the content of the last pack: each pack brings all that holds, so applying one replaces them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, ItemKind, MovementKind, Op
from . import reports, supplies

ALLOCATION = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """Supplies that the district sent; ``time`` is when it promised them (ISO 8601)."""

    id: str
    time: str
    item: str
    unit: str
    kind: ItemKind
    quantity: int
    note: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A word of the district, shown up to and with the day ``until``."""

    id: str
    time: str
    title: str
    text: str
    until: str


# received is what a movement that counts says: an undone receipt is on its way again
DUE = "SELECT * FROM allocation a WHERE NOT EXISTS(SELECT 1 FROM movement WHERE source = a.id AND void_reason IS NULL)"


def due(db: Database) -> list[Arrival]:
    """Supplies on their way, the oldest first."""
    return [_arrival(row) for row in db.rows(f"{DUE} ORDER BY time, id")]


def receive(db: Database, allocation_id: str, at: datetime | None = None) -> tuple[Arrival, Changes]:
    """Supplies of the district are here: a movement whose source is the allocation, by which the district learns of it.

    A supply the station does not know yet is added with it. UserMistake for an unknown allocation, Refused when it was
    received already.
    """
    row = db.one("SELECT * FROM allocation WHERE id = ?", (allocation_id,))
    if row is None:
        raise UserMistake("supplies.unknown_allocation")
    if db.one(f"{DUE} AND id = ?", (allocation_id,)) is None:
        raise Refused("supplies.received_already")
    found = _arrival(row)
    item = supplies.by_name(db, found.item)
    with db.transact(
        Op.RECEIVE, at, item=item.id if item else None, quantity=found.quantity, allocation=found.id
    ) as tx:
        item_id = item.id if item else supplies.write_item(tx, found.item, found.unit, found.kind)
        supplies.write_receipt(tx, item_id, found.quantity, MovementKind.ALLOCATED, source=found.id)
        tx.details["item"] = item_id
    return found, tx.changes


@dataclass(frozen=True, slots=True)
class Received:
    """Supplies of the district that came: when (ISO 8601), what, how many, by whom they were received."""

    time: str
    item: str
    unit: str
    quantity: int
    keeper: str
    note: str = ""


def received(db: Database, first: str, last: str) -> list[Received]:
    """What the district allotted and was received on the days ``first`` to ``last``, in order; UserMistake for days that are none."""
    reports.check_span(first, last)
    rows = db.rows(
        "SELECT m.time, m.delta, m.source, i.name, i.unit, k.name AS keeper FROM movement m JOIN item i ON i.id = m.item_id"
        " LEFT JOIN keeper k ON k.id = m.keeper_id WHERE m.kind = ? AND m.business_date BETWEEN ? AND ? AND m.void_reason IS NULL"
        " ORDER BY m.time, m.id",
        (MovementKind.ALLOCATED.value, first, last),
    )
    return [
        Received(
            row["time"], row["name"], row["unit"], row["delta"], row["keeper"] or "",
            "" if is_allocation(row["source"] or "") else row["source"] or "",
        )
        for row in rows
    ]  # fmt: skip


def is_allocation(source: str) -> bool:
    """Whether a movement's source is an allocation of the district, and so no words for people."""
    return bool(ALLOCATION.fullmatch(source))


def notices(db: Database) -> list[Notice]:
    """What the district wants its keepers to know today, the newest first."""
    rows = db.rows("SELECT * FROM notice WHERE until >= ? ORDER BY time DESC, id DESC", (db.stamp().business_date,))
    return [Notice(row["id"], row["time"], row["title"], row["text"], row["until"]) for row in rows]


def replace(tx: Tx, told: Iterable[Mapping[str, Any]], promised: Iterable[Mapping[str, Any]]) -> None:
    """Put what a pack brought in the place of what the one before did; rows as the wire has them."""
    tx.run("DELETE FROM notice")
    tx.run("DELETE FROM allocation")
    tx.run_many(
        "INSERT INTO notice(id, time, title, text, until) VALUES(:id, :time, :title, :text, :until) ON CONFLICT DO NOTHING",
        [dict(row) for row in told],  # type: ignore[misc]
    )
    tx.run_many(
        "INSERT INTO allocation(id, time, item_name, unit, kind, quantity, note)"
        " VALUES(:id, :time, :item_name, :unit, :kind, :quantity, :note) ON CONFLICT DO NOTHING",
        [dict(row) for row in promised],  # type: ignore[misc]
    )


def _arrival(row: Row) -> Arrival:
    return Arrival(
        row["id"], row["time"], row["item_name"], row["unit"], ItemKind(row["kind"]), row["quantity"], row["note"] or ""
    )
