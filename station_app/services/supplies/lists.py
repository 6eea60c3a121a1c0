"""Lists of items with their opening stock, taken in whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ...db import Database
from ...model import Changes, MovementKind, Op
from ...vault import digest
from .. import people, subjects
from .articles import by_name, write_item
from .stock import write_receipt

if TYPE_CHECKING:
    from ..rosters import ItemPlan, KnownItems


@dataclass(frozen=True, slots=True)
class ItemImportResult:
    """What became of a list: ``rows = taken + merged + refused``; ``units`` were booked as opening stock."""

    rows: int
    taken: int
    merged: int
    refused: int
    units: int
    results: tuple[people.RowResult, ...]


def known_items(db: Database) -> KnownItems:
    """Which items are known already, as the planning of an import asks."""
    from ..rosters import KnownItems

    key = subjects.secret(db, "digest")

    def seen(material: bytes) -> bool:
        sql = "SELECT 1 FROM imported_row r JOIN movement m ON m.id = r.row_id AND m.void_reason IS NULL WHERE r.digest = ?"
        return db.one(sql, (digest(key, "items", material.hex()),)) is not None

    def named_so(name: str) -> str | None:
        item = by_name(db, name)
        return None if item is None else item.id

    return KnownItems(by_name=named_so, seen=seen)


def import_items(
    db: Database, plan: ItemPlan, progress: people.Progress = people.no_progress, at: datetime | None = None
) -> tuple[ItemImportResult, Changes]:
    """Take a planned list of items and opening stock in, in one operation: all of it or nothing; twice adds nothing."""
    from ..rosters import Fate, find_known_items

    key = subjects.secret(db, "digest")
    with db.transact(Op.IMPORT_ITEMS, at) as tx:
        plan = find_known_items(plan, known_items(db))
        became: dict[int, str] = {}
        results: list[people.RowResult] = []
        for number, row in enumerate(plan.rows):
            progress(number, len(plan.rows))
            why = row.reason.word if row.reason else ""
            if row.fate is Fate.REFUSE:
                results.append(people.RowResult(row.line, "refused", None, why))
                continue
            item_id = row.into_item or became.get(row.into_line, "")
            if row.fate is Fate.TAKE:
                item_id = write_item(
                    tx, row.name, row.unit, row.kind, low_level=row.low_level, alcohol=row.alcohol,
                    months=(row.first_month, row.last_month), most_per_day=row.most_per_day,
                )  # fmt: skip
            became[row.line] = item_id
            results.append(people.RowResult(row.line, "taken" if row.fate is Fate.TAKE else "merged", item_id, why))
            if row.adds_stock and row.quantity:
                movement_id = write_receipt(tx, item_id, row.quantity, MovementKind.OPENING, row.lot, row.expiry)
                tx.run(
                    "INSERT INTO imported_row(digest, row_id) VALUES(?, ?) ON CONFLICT(digest) DO UPDATE SET row_id = excluded.row_id",
                    (digest(key, "items", row.material.hex()), movement_id),
                )
        progress(len(plan.rows), len(plan.rows))
        tx.details["count"] = plan.taken
    return ItemImportResult(
        len(plan.rows), plan.taken, plan.merged, plan.refused, plan.units, tuple(results)
    ), tx.changes
