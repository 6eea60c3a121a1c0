"""Stock comes in, is counted, spoils: every change a movement, none of them ever changed again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from ...db import Database, Tx
from ...errors import UserMistake
from ...model import Changes, Item, MovementKind, Op
from .articles import get
from .shelf import Lot, draw, lots, move

RECEIVED = (MovementKind.OPENING, MovementKind.BOUGHT, MovementKind.ALLOCATED, MovementKind.DONATED)


def receive(
    db: Database,
    item_id: str,
    quantity: int,
    kind: MovementKind = MovementKind.ALLOCATED,
    *,
    lot: str = "",
    expiry: str = "",
    source: str = "",
    at: datetime | None = None,
) -> Changes:
    """Stock comes in; UserMistake for a quantity or an expiry date that cannot be."""
    get(db, item_id)
    if kind not in RECEIVED:
        raise UserMistake("supplies.bad_source")
    with db.transact(Op.RECEIVE, at, item=item_id, quantity=quantity) as tx:
        write_receipt(tx, item_id, quantity, kind, lot, expiry, source)
    return tx.changes


def write_receipt(
    tx: Tx, item_id: str, quantity: int, kind: MovementKind, lot: str = "", expiry: str = "", source: str = ""
) -> str:
    """The movement of stock that came in, inside an operation; returns its id."""
    if not 1 <= quantity <= 1_000_000:
        raise UserMistake("supplies.bad_quantity")
    if expiry:
        try:
            date.fromisoformat(expiry)
        except ValueError:
            raise UserMistake("supplies.bad_expiry", text=expiry) from None
    return move(
        tx, item_id, quantity, kind, lot=lot.strip() or None, expiry=expiry or None, source=source.strip() or None
    )


def count_stock(
    db: Database, item_id: str, counted: int, reason: str = "", second_name: str = "", at: datetime | None = None
) -> tuple[int, Changes]:
    """A count is an observation at a time; the difference to the book becomes a movement of its own. Returns the difference."""
    item = get(db, item_id)
    with db.transact(Op.COUNT_STOCK, at, item=item_id, counted=counted, difference=counted - item.balance) as tx:
        off = _count(tx, item, counted, reason, second_name)
    return off, tx.changes


def count_several(
    db: Database, counted: Mapping[str, int], reason: str = "", second_name: str = "", at: datetime | None = None
) -> tuple[dict[str, int], Changes]:
    """Several items counted on one round, each an observation of its own, all of them one operation; returns each difference.

    UserMistake for a number that cannot be, or for none: nothing of the round is kept then.
    """
    if not counted:
        raise UserMistake("supplies.nothing_counted")
    round_of = [(get(db, item_id), number) for item_id, number in counted.items()]
    with db.transact(Op.COUNT_STOCK, at, item_name=" / ".join(item.name for item, _number in round_of)) as tx:
        found = {item.id: _count(tx, item, number, reason, second_name) for item, number in round_of}
        tx.details["differences"] = {item_id: off for item_id, off in found.items() if off}
    return found, tx.changes


def _count(tx: Tx, item: Item, counted: int, reason: str, second_name: str) -> int:
    if not 0 <= counted <= 1_000_000:
        raise UserMistake("supplies.bad_quantity")
    book = item.balance
    stocktake_id = tx.put(
        "stocktake",
        {
            "time": tx.stamp.time, "business_date": tx.stamp.business_date, "item_id": item.id, "book": book, "counted": counted,
            "reason": reason.strip() or None, "keeper_id": tx.db.acting, "second_name": second_name.strip() or None,
        },
    )  # fmt: skip
    if counted > book:
        move(tx, item.id, counted - book, MovementKind.COUNT, stocktake_id=stocktake_id)
    elif counted < book:
        draw(tx, item.id, book - counted, MovementKind.COUNT, stocktake_id=stocktake_id)
    return counted - book


def waste(
    db: Database,
    item_id: str,
    quantity: int,
    reason: str,
    at: datetime | None = None,
    *,
    lot: str = "",
    expiry: str = "",
) -> Changes:
    """Stock that is broken leaves the shelf: of a lot when one is named, else of the first to expire."""
    item = get(db, item_id)
    there = sum(one.balance for one in _of(lots(db, item_id), lot, expiry)) if lot or expiry else item.balance
    if not 1 <= quantity <= max(there, 0):
        raise UserMistake("supplies.more_than_there", name=item.name, n=max(there, 0))
    with db.transact(Op.COUNT_STOCK, at, item=item_id, wasted=quantity) as tx:
        if lot or expiry:
            _take(tx, item_id, _of(lots(tx.db, item_id), lot, expiry), quantity, MovementKind.WASTE, reason.strip())
        else:
            draw(tx, item_id, quantity, MovementKind.WASTE, source=reason.strip() or None)
    return tx.changes


def expire(db: Database, item_id: str, reason: str = "", at: datetime | None = None) -> tuple[int, Changes]:
    """Everything of an item that is past its date leaves the shelf; returns how many. UserMistake when nothing is."""
    item = get(db, item_id)
    today = db.stamp(at).business_date
    past = [lot for lot in lots(db, item_id) if lot.balance > 0 and lot.expiry and lot.expiry < today]
    quantity = sum(lot.balance for lot in past)
    if not quantity:
        raise UserMistake("supplies.nothing_expired", name=item.name)
    with db.transact(Op.COUNT_STOCK, at, item=item_id, expired=quantity) as tx:
        _take(tx, item_id, past, quantity, MovementKind.EXPIRED, reason.strip())
    return quantity, tx.changes


def give_back(
    db: Database, item_id: str, quantity: int = 1, *, person_id: str | None = None, reason: str = "", at: datetime | None = None
) -> Changes:
    """Something handed out came back unused: onto the shelf, into the lot it was drawn from where that is known.

    Of a person who had it today the newest handout is told; what they may have again is not counted anew: who brings something
    back had it. Take a handout back (undo, void) where it never happened.
    """
    get(db, item_id)
    if not 1 <= quantity <= 1_000_000:
        raise UserMistake("supplies.bad_quantity")
    row = db.one(
        "SELECT m.lot, m.expiry, m.handout_id FROM movement m JOIN handout h ON h.id = m.handout_id"
        " WHERE m.item_id = ? AND m.kind = 'handout' AND m.void_reason IS NULL AND (? IS NULL OR h.person_id = ?)"
        " ORDER BY m.business_date DESC, m.time DESC, m.id DESC LIMIT 1",
        (item_id, person_id, person_id),
    )
    lot, expiry = (row["lot"], row["expiry"]) if row is not None else (None, None)
    with db.transact(Op.RETURN_STOCK, at, item=item_id, quantity=quantity, person=person_id) as tx:
        move(tx, item_id, quantity, MovementKind.RETURNED, lot=lot, expiry=expiry, source=reason.strip() or None)
    return tx.changes


def _of(stock: list[Lot], lot: str, expiry: str) -> list[Lot]:
    return [one for one in stock if one.balance > 0 and one.lot == lot and (not expiry or one.expiry == expiry)]


def _take(tx: Tx, item_id: str, stock: list[Lot], quantity: int, kind: MovementKind, reason: str) -> None:
    """Take from these lots, in their order."""
    left = quantity
    for one in stock:
        part = min(left, one.balance)
        if part:
            move(tx, item_id, -part, kind, lot=one.lot or None, expiry=one.expiry or None, source=reason or None)
            left -= part
