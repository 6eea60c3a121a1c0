"""Putting back what a damaged store still held behind its last good backup, and saying beforehand what that is.

In the restored store it is one operation. What this station wrote gets a version above the one that was lost, so it is logged
and crosses again: the district may have it already, in part or not at all, and takes the higher version each time, once. What
came from the district is taken as it was. Erasures are left to the restore, which applies them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...backup import Backup
from ...db import Database, Row, Tx
from ...model import Op
from ...schema import LEDGERS
from .. import aliases, search, slots
from .reading import EXCHANGED, Salvage

PAGE = 500
"""Rows compared at once."""
FACTS = frozenset({"district", "roster", "renewals", "renewals_heard", "zone", "badge_version"})
"""The small facts that are of the station; the others are of one file or one incarnation of its store."""
NEWER = frozenset({"setting", "pin", "secret"})
"""Local tables of which the newer row counts; in the others only what is missing is added."""
MEASURED = frozenset({"digest", "alias", "stock_sum", "loan_left"})
"""Local tables that are reckoned from the rows of their own store, or made anew from them."""


@dataclass(slots=True)
class Mending:
    """What goes back into the store restored from ``backup``; ``written`` counts the rows once it was done."""

    salvage: Salvage
    backup: Backup
    written: int = 0

    @property
    def erasures(self) -> Sequence[Row]:
        """Every erasure that could be read."""
        return self.salvage.db.rows("SELECT * FROM erasure WHERE void_reason IS NULL ORDER BY time")

    @property
    def gone(self) -> frozenset[str]:
        """The slots that were taken away, as far as that could be read."""
        return slots.gone(self.salvage.db)

    def put_back(self, restored: Database) -> None:
        """Write what the restored store lacks, in one operation."""
        people: set[str] = set()
        with restored.transact(Op.PUT_BACK, by_itself=True, backup=self.backup.time.isoformat()) as tx:
            for table in _tables(self.salvage.db):
                _local(tx, self.salvage.db, table)
            for table, row in newer(self.salvage, restored):
                if row["id"] in self.salvage.from_district.get(table, ()):
                    tx.take(table, [row])
                else:
                    _above(tx, table, row)
                people |= _people(table, row)
                self.written += 1
            _forget(tx, self.erasures)
            aliases.rebuild(tx)
            for person_id in sorted(people):
                search.refresh(tx, person_id)
            tx.details["rows"] = self.written


def newer(salvage: Salvage, held: Database) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows that a backup does not have, or has in an older version, parents first; erasures are not among them."""
    for table in LEDGERS:
        if table == "erasure":
            continue
        after = ""
        while rows := salvage.db.rows(f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)):
            after = rows[-1]["id"]
            ids = [row["id"] for row in rows]
            marks = ", ".join("?" * len(ids))
            there = {row["id"]: row for row in held.rows(f"SELECT * FROM {table} WHERE id IN ({marks})", ids)}
            for row in rows:
                if _is_newer(row, there.get(row["id"])):
                    yield table, dict(row)


def count_newer(salvage: Salvage, held: Database) -> dict[str, int]:
    """How many rows would be put back, by table."""
    found: dict[str, int] = {}
    for table, _ in newer(salvage, held):
        found[table] = found.get(table, 0) + 1
    return found


def _is_newer(row: Row, there: Row | None) -> bool:
    if there is None:
        return True
    return bool(row["version"] > there["version"]) and _content(row) != _content(there)


def _content(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in row.keys() if name not in ("version", "store_id")}  # noqa: SIM118  no dict


def _above(tx: Tx, table: str, row: Mapping[str, Any]) -> None:
    """Write a row until its version is above the one that was lost; the log holds every version from the first."""
    if table == "station_day":
        # one line a day and store: two of the same day, once written under two ids of the store, become one
        same = tx.db.one(
            "SELECT 1 FROM station_day WHERE business_date = ? AND id <> ?", (row["business_date"], row["id"])
        )
        if same is not None:
            return
    version = 0
    while version <= row["version"]:
        tx.put(table, row)
        version = tx.db.scalar(f"SELECT version FROM {table} WHERE id = ?", (row["id"],))


def _people(table: str, row: Mapping[str, Any]) -> set[str]:
    """Whom the search has to be made true for."""
    if table in ("person", "identity"):
        return {row["id"]}
    if table == "person_merge":
        return {row["kept_id"], row["merged_id"]}
    return {row["person_id"]} - {None} if table in ("badge", "visit") else set()


# --- what never crosses ------------------------------------------------------------------------------------------------------


def _tables(db: Database) -> list[str]:
    """The local tables that are put back, by name."""
    left_out = {*LEDGERS, *EXCHANGED, *MEASURED, "operation", "change", "person_entry"}
    rows = db.rows(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'person_search%'"
        " ORDER BY name"
    )
    return [row["name"] for row in rows if row["name"] not in left_out]


def _local(tx: Tx, salvaged: Database, table: str) -> None:
    """Settings, keys and the like, as they were last."""
    rows = salvaged.rows(f"SELECT * FROM {table}")
    if table == "meta":
        rows = [row for row in rows if row["name"] in FACTS]
    if not rows:
        return
    names = list(rows[0].keys())
    insert = "INSERT OR REPLACE" if table in NEWER or table == "meta" else "INSERT OR IGNORE"
    marks = ", ".join("?" * len(names))
    tx.run_many(f"{insert} INTO {table}({', '.join(names)}) VALUES({marks})", [tuple(row) for row in rows])


def _forget(tx: Tx, erasures: Sequence[Row]) -> None:
    """No key of whoever was forgotten comes back."""
    forgotten = [(row["subject_id"],) for row in erasures]
    tx.run_many("DELETE FROM subject_key WHERE subject_id = ?", forgotten)
    tx.run("DELETE FROM subject_key WHERE subject_id IN (SELECT subject_id FROM erasure WHERE void_reason IS NULL)")
