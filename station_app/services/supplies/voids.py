"""A fact taken out of every count, with the reason: a handout, a receipt, a count, a transfer, each with all that belongs to it."""

from __future__ import annotations

from datetime import datetime

from ...db import Database, Row
from ...errors import Refused, UserMistake
from ...model import Changes, Op

LINKS = ("handout_id", "assembly_id", "transfer_id", "stocktake_id")
"""By which column a movement says to what it belongs, the widest first: a handout may hold an assembly."""


def void(db: Database, movement_id: str, reason: str, at: datetime | None = None) -> Changes:
    """Void what a line of the ledger belongs to: the handout with its movements and its assembly, or the receipt alone.

    UserMistake without a reason or for a line nobody has, Refused when it was voided already.
    """
    reason = reason.strip()
    if not reason or len(reason) > 100:
        raise UserMistake("voids.no_reason")
    row = db.one("SELECT * FROM movement WHERE id = ?", (movement_id,))
    if row is None:
        raise UserMistake("voids.unknown")
    if row["void_reason"] is not None:
        raise Refused("voids.already")
    with db.transact(Op.VOID_SUPPLY, at, item=row["item_id"], reason=reason) as tx:
        for table, row_id in _belongs(db, row):
            tx.void(table, row_id, reason)
    return tx.changes


def _belongs(db: Database, row: Row) -> list[tuple[str, str]]:
    link = next((name for name in LINKS if row[name]), "")
    if not link:
        return [("movement", row["id"])]
    moved = db.rows(f"SELECT id, assembly_id FROM movement WHERE {link} = ? AND void_reason IS NULL ORDER BY id", (row[link],))
    found = [("movement", one["id"]) for one in moved]
    assemblies = sorted({one["assembly_id"] for one in moved if one["assembly_id"]})
    found += [("assembly", assembly_id) for assembly_id in assemblies]
    table = link.removesuffix("_id")
    return found + ([(table, row[link])] if table != "assembly" else [])
