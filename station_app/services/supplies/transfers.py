"""Supplies that go to another station or come from one: each side writes its own line, by the number of the slip both hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ...db import Database, Row, Tx
from ...errors import Refused, UserMistake
from ...model import Changes, MovementKind, Op
from .articles import by_name, get
from .shelf import Lot, draw, move

OUT, IN = "out", "in"


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line: ``direction`` "out" or "in", the other station's name, what and how much, by which slip."""

    id: str
    time: str
    business_date: str
    number: str
    direction: str
    partner: str
    item_id: str
    item: str
    unit: str
    quantity: int
    note: str
    void_reason: str | None


def next_number(db: Database, letter: str, day: str) -> str:
    """The next number of a kind of slip at this store: ``YQ-A-D-2026-0003``; of a number nobody else gives."""
    station = db.one("SELECT code, letter FROM station WHERE id = ?", (db.meta("station_id"),))
    code, store = (station["code"], station["letter"]) if station is not None else ("X", "A")
    head = f"{code}-{store}-{letter}-{day[:4]}-"
    table = "transfer" if letter == "D" else "supply_order"
    last = db.scalar(f"SELECT max(number) FROM {table} WHERE number LIKE ?", (head + "%",))
    return f"{head}{int(last[len(head) :]) + 1 if last else 1:04d}"


def send(
    db: Database, item_id: str, quantity: int, partner: str, note: str = "", at: datetime | None = None
) -> tuple[Transfer, Changes]:
    """Supplies go to another station, by its name; the first to expire first. UserMistake for more than there is."""
    item = get(db, item_id)
    partner = partner.strip()
    if not partner:
        raise UserMistake("transfers.no_partner")
    if not 1 <= quantity <= max(item.balance, 0):
        raise UserMistake("supplies.more_than_there", name=item.name, n=item.balance)
    with db.transact(Op.TRANSFER, at, item=item_id, quantity=quantity, to=partner) as tx:
        number = next_number(tx.db, "D", tx.stamp.business_date)
        transfer_id = _write(tx, number, OUT, partner, item.id, item.name, item.unit, quantity, note)
        draw(tx, item_id, quantity, MovementKind.TRANSFER, transfer_id=transfer_id)
        tx.details["number"] = number
    return transfer(db, transfer_id), tx.changes


def take(
    db: Database, number: str, item_name: str, quantity: int, partner: str, *, unit: str = "", lot: str = "", expiry: str = "",
    note: str = "", at: datetime | None = None,
) -> tuple[Transfer, Changes]:  # fmt: skip
    """Supplies came from another station, by the number on their slip; both lines meet at the district.

    UserMistake for an item this station does not have; Refused for a slip of that item that was taken in already.
    """
    number, partner = number.strip().upper(), partner.strip()
    item = by_name(db, item_name)
    if item is None:
        raise UserMistake("supplies.unknown")
    if not partner:
        raise UserMistake("transfers.no_partner")
    if not number:
        raise UserMistake("transfers.no_number")
    if not 1 <= quantity <= 1_000_000:
        raise UserMistake("supplies.bad_quantity")
    known = "SELECT 1 FROM transfer WHERE number = ? AND direction = 'in' AND item_id = ? AND void_reason IS NULL"
    if db.one(known, (number, item.id)):
        raise Refused("transfers.taken_already", number=number)
    with db.transact(Op.TRANSFER, at, item=item.id, quantity=quantity, of=partner, number=number) as tx:
        transfer_id = _write(tx, number, IN, partner, item.id, item.name, unit or item.unit, quantity, note)
        move(
            tx, item.id, quantity, MovementKind.TRANSFER, lot=lot.strip() or None, expiry=expiry or None, source=partner,
            transfer_id=transfer_id,
        )  # fmt: skip
    return transfer(db, transfer_id), tx.changes


def transfer(db: Database, transfer_id: str) -> Transfer:
    """One line; UserMistake for an id nobody has."""
    row = db.one("SELECT * FROM transfer WHERE id = ?", (transfer_id,))
    if row is None:
        raise UserMistake("transfers.unknown")
    return _record(row)


def listing(db: Database, limit: int = 200) -> list[Transfer]:
    """The newest lines."""
    return [_record(row) for row in db.rows("SELECT * FROM transfer ORDER BY time DESC, id DESC LIMIT ?", (limit,))]


def lots_of(db: Database, transfer_id: str) -> list[Lot]:
    """Which lots went, for the slip."""
    rows = db.rows(
        "SELECT lot, expiry, abs(delta) AS n FROM movement WHERE transfer_id = ? AND void_reason IS NULL ORDER BY expiry, lot",
        (transfer_id,),
    )
    return [Lot(row["lot"] or "", row["expiry"] or "", row["n"]) for row in rows]


def _write(
    tx: Tx, number: str, direction: str, partner: str, item_id: str, name: str, unit: str, quantity: int, note: str
) -> str:
    stamp = tx.stamp
    return tx.put(
        "transfer",
        {
            "time": stamp.time, "business_date": stamp.business_date, "number": number, "direction": direction, "partner": partner[:60],
            "item_id": item_id, "item_name": name, "unit": unit, "quantity": quantity, "note": note.strip() or None,
            "keeper_id": tx.db.acting,
        },
    )  # fmt: skip


def _record(row: Row) -> Transfer:
    return Transfer(
        row["id"], row["time"], row["business_date"], row["number"], row["direction"], row["partner"], row["item_id"],
        row["item_name"], row["unit"], row["quantity"], row["note"] or "", row["void_reason"],
    )  # fmt: skip
