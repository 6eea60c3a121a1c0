"""Order slips: what is asked of the district, with what is left and when it runs out; one row a line, in the next batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from ...db import Database, Row
from ...errors import UserMistake
from ...model import Changes, Item, Op
from .articles import get, items
from .forecast import forecasts
from .transfers import next_number

AHEAD = 14
"""Days within which what runs out is suggested."""
COVERS = 30
"""Days an order is to last."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One line to be ordered: how much of an item, with what is left of it and when it runs out (ISO 8601 or "")."""

    item: Item
    quantity: int
    runs_out: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a slip as it was written."""

    id: str
    time: str
    number: str
    item_id: str
    item: str
    unit: str
    quantity: int
    balance: int
    runs_out: str
    wanted_by: str
    note: str
    void_reason: str | None


def suggested(db: Database) -> list[Wish]:
    """What to order now: what runs out within two weeks, or lies at its level; enough for a month, less what is left."""
    stock = items(db)
    today = date.fromisoformat(db.stamp().business_date)
    found = forecasts(db, stock)
    wishes = []
    for item in stock:
        told = found[item.id]
        soon = told.likely is not None and told.likely <= today + timedelta(days=AHEAD)
        low = item.low_level > 0 and item.balance <= item.low_level and told.state != "season"
        if soon or low or (told.state == "out" and item.low_level > 0):
            need = round(told.a_day * COVERS) if told.a_day else 2 * item.low_level
            wishes.append(Wish(item, max(need, item.low_level, 1) - max(item.balance, 0) if need > item.balance else max(item.low_level, 1),
                               told.likely.isoformat() if told.likely else ""))  # fmt: skip
    return wishes


def wish_for(db: Database, item_id: str) -> Wish:
    """What to order of one item."""
    item = get(db, item_id)
    known = next((wish for wish in suggested(db) if wish.item.id == item_id), None)
    if known is not None:
        return known
    told = forecasts(db, [item])[item.id]
    need = round(told.a_day * COVERS) - max(item.balance, 0)
    return Wish(item, max(need, item.low_level, 1), told.likely.isoformat() if told.likely else "")


def place(
    db: Database, lines: Sequence[tuple[str, int]], *, wanted_by: str = "", note: str = "", at: datetime | None = None
) -> tuple[str, Changes]:
    """Write an order of (item id, quantity); returns its number. UserMistake for none, a quantity or a day that cannot be."""
    if not lines:
        raise UserMistake("orders.nothing")
    if any(not 1 <= quantity <= 1_000_000 for _, quantity in lines):
        raise UserMistake("supplies.bad_quantity")
    if wanted_by:
        try:
            date.fromisoformat(wanted_by)
        except ValueError:
            raise UserMistake("orders.bad_day", text=wanted_by) from None
    stock = [get(db, item_id) for item_id, _ in lines]
    told = forecasts(db, stock)
    with db.transact(Op.ORDER_SUPPLIES, at, count=len(lines)) as tx:
        number = next_number(tx.db, "S", tx.stamp.business_date)
        for item, (_, quantity) in zip(stock, lines, strict=True):
            likely = told[item.id].likely
            tx.put(
                "supply_order",
                {
                    "time": tx.stamp.time, "business_date": tx.stamp.business_date, "number": number, "item_id": item.id,
                    "quantity": quantity, "balance": item.balance, "runs_out": likely.isoformat() if likely else None,
                    "wanted_by": wanted_by or None, "note": note.strip() or None, "keeper_id": db.acting,
                },
            )  # fmt: skip
        tx.details["number"] = number
        if len(lines) == 1:
            tx.details |= {"item": stock[0].id, "quantity": lines[0][1]}
    return number, tx.changes


def lines(db: Database, number: str = "", limit: int = 200) -> list[Line]:
    """The lines of a slip, or the newest of all."""
    rows = db.rows(
        "SELECT o.*, i.name, i.unit FROM supply_order o JOIN item i ON i.id = o.item_id WHERE ? IN ('', o.number)"
        " ORDER BY o.time DESC, o.id LIMIT ?",
        (number, limit),
    )
    return [_line(row) for row in rows]


def _line(row: Row) -> Line:
    return Line(
        row["id"], row["time"], row["number"], row["item_id"], row["name"], row["unit"], row["quantity"], row["balance"],
        row["runs_out"] or "", row["wanted_by"] or "", row["note"] or "", row["void_reason"],
    )  # fmt: skip
