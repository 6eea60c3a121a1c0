"""What could be read, ledger by ledger, as whoever unlocked the store may see it: for taking it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...db import Database
from ...schema import LEDGERS
from .. import subjects
from .case import Case

PAGE = 1000
HIDDEN = frozenset({"version", "store_id", "code", "sha256"})
"""What a reader has no use for; a badge's code would let a card be copied."""
SUBJECT = {"identity": "id", "request": "id", "request_step": "request_id", "request_voice": "request_id"}
"""Under whose key the sealed columns of a table are."""
KEEPERS = "SELECT id, name FROM keeper"
NAMED = {
    "keeper_id": KEEPERS, "opened_by": KEEPERS, "closed_by": KEEPERS, "item_id": "SELECT id, name FROM item",
    "person_id": "SELECT person_id AS id, card_number AS name FROM badge", "request_id": "SELECT id, number AS name FROM request",
}  # fmt: skip
"""What is told in place of an id, where it can be read: names of keepers and supplies, numbers of cards and requests."""


def tables(case: Case) -> list[str]:
    """The ledgers that may be shown."""
    return [table for table in LEDGERS if case.sees_people or table != "identity"]


def columns(case: Case, table: str) -> list[str]:
    """The columns of a ledger that may be shown."""
    wanted = [
        name for name in case.salvage.db.columns(table) if name not in HIDDEN or (table, name) == ("station", "code")
    ]
    return [name for name in wanted if case.sees_people or not name.endswith("_sealed")]


def count(case: Case) -> int:
    """How many rows there are in all tables that may be shown."""
    return sum(int(case.salvage.db.scalar(f"SELECT count(*) FROM {table}")) for table in tables(case))


def names(case: Case) -> dict[str, dict[str, str]]:
    """By column what stands for each id."""
    return {column: {row["id"]: row["name"] for row in case.salvage.db.rows(sql)} for column, sql in NAMED.items()}


def rows(case: Case, table: str, named: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, str]]:
    """Every row of a ledger, its sealed columns opened, its ids as ``names`` told; "" where there is nothing."""
    found, wanted, after = case.salvage.db, columns(case, table), ""
    while page := found.rows(f"SELECT * FROM {table} WHERE id > ? ORDER BY id LIMIT ?", (after, PAGE)):
        for row in page:
            yield {name: _cell(found, table, name, dict(row), named) for name in wanted}
        after = page[-1]["id"]


def station_name(case: Case) -> str:
    """The name of the station, "" where it cannot be read."""
    return case.salvage.db.scalar("SELECT name FROM station LIMIT 1") or ""


def _cell(
    found: Database, table: str, name: str, row: Mapping[str, str | int | None], named: Mapping[str, Mapping[str, str]]
) -> str:
    content = row[name]
    if content is None:
        return ""
    if name.endswith("_sealed"):
        key = subjects.key_of(found, str(row[SUBJECT[table]]))
        return subjects.unseal(key, f"{table}.{name}", str(row["id"]), str(content))
    return named.get(name, {}).get(str(content)) or str(content)
