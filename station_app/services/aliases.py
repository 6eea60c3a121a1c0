"""Whom an id means: one person may stand under several after a merge, and a badge of elsewhere has an id of its own here.

The table ``alias`` is derived and can be rebuilt: from the merges that stand (the station's own and the district's), and from the
codes of badges. Facts are never edited: a visit keeps the id it was written with, and whoever counts people looks here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from ..db import Database, Tx

MEMBERS = "(SELECT :person UNION ALL SELECT person_id FROM alias WHERE kept_id = :person)"
"""All ids that mean the person ``:person``, for ``person_id IN ...``; ``members_of`` for another column."""
MERGE, BADGE = "merge", "badge"


def members_of(column: str) -> str:
    """All ids that mean the person of a column, for ``person_id IN ...``."""
    return f"(SELECT {column} UNION ALL SELECT person_id FROM alias WHERE kept_id = {column})"


def meant(column: str) -> str:
    """The person whom a column's id means."""
    return f"coalesce((SELECT kept_id FROM alias WHERE person_id = {column}), {column})"


def stranger(code: str) -> str:
    """The id that visits of a badge of elsewhere name: a UUIDv8 that follows from its 22 digits, the same at every station.

    The district knows all badges, so it knows whom it means; nobody else can tell.
    """
    found = bytearray(hashlib.blake2b(code.encode(), digest_size=16, person=b"station-roamer").digest())
    found[6] = found[6] & 0x0F | 0x80
    found[8] = found[8] & 0x3F | 0x80
    return str(UUID(bytes=bytes(found)))


def is_stranger(person_id: str) -> bool:
    """Whether an id was made by ``stranger``."""
    return len(person_id) == 36 and person_id[14] == "8"


def final(db: Database, person_id: str) -> str:
    """The person an id means: the kept one for one that was merged, otherwise itself."""
    found: str | None = db.scalar("SELECT kept_id FROM alias WHERE person_id = ?", (person_id,))
    return found or person_id


def finals(db: Database, ids: Sequence[str]) -> dict[str, str]:
    """The same for several, those only that mean somebody else."""
    found: dict[str, str] = {}
    for first in range(0, len(ids), 500):
        part = list(ids[first : first + 500])
        marks = ", ".join("?" * len(part))
        found |= {
            row["person_id"]: row["kept_id"]
            for row in db.rows(f"SELECT person_id, kept_id FROM alias WHERE person_id IN ({marks})", part)
        }
    return found


def members(db: Database, person_id: str) -> list[str]:
    """All ids that mean a person, the kept one first."""
    rows = db.rows("SELECT person_id FROM alias WHERE kept_id = ? ORDER BY person_id", (person_id,))
    return [person_id, *(row["person_id"] for row in rows)]


# --- keeping it true ---------------------------------------------------------------------------------------------------


def know_badges(tx: Tx, badges: Iterable[tuple[str, str]]) -> None:
    """At the district: visits anywhere with these badges, (code, person id), are visits of these people."""
    tx.run_many(
        "INSERT INTO alias(person_id, base_id, kept_id, kind) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(person_id) DO UPDATE SET base_id = excluded.base_id, kept_id = excluded.kept_id",
        [(stranger(code), person_id, final(tx.db, person_id), BADGE) for code, person_id in badges],
    )


def rebuild(tx: Tx) -> None:
    """Bring the table true after a merge was made, taken back or told by the district."""
    leads = grouped(_pairs(tx.db), _own(tx.db))
    tx.run("DELETE FROM alias WHERE kind = ?", (MERGE,))
    tx.run("UPDATE alias SET kept_id = base_id WHERE kept_id <> base_id")
    tx.run_many(
        "INSERT INTO alias(person_id, base_id, kept_id, kind) VALUES(?, ?, ?, ?) ON CONFLICT(person_id) DO UPDATE SET"
        " kept_id = excluded.kept_id",
        [(one, kept, kept, MERGE) for one, kept in leads.items()],
    )
    tx.run_many("UPDATE alias SET kept_id = ? WHERE base_id = ? AND kind = 'badge'", [(kept, one) for one, kept in leads.items()])


def grouped(pairs: Sequence[tuple[str, str]], own: Mapping[str, bool]) -> dict[str, str]:
    """Whom each id means, for those that mean somebody else: ``pairs`` are (kept, merged).

    Of those that are one the kept one stands for all, at a station the one it holds itself (``own``) before one it does not.
    """
    above: dict[str, str] = {}

    def top(one: str) -> str:
        while one in above:
            one = above[one]
        return one

    for kept, merged in pairs:
        high, low = top(kept), top(merged)
        if high != low:
            above[low] = high
    classes: dict[str, list[str]] = {}
    for one in dict.fromkeys(part for pair in pairs for part in pair):
        classes.setdefault(top(one), []).append(one)
    found: dict[str, str] = {}
    for highest, those in classes.items():
        held = [one for one in sorted(those) if own.get(one)]
        chosen = highest if own.get(highest) or not held else held[0]
        found |= dict.fromkeys((one for one in those if one != chosen), chosen)
    return found


def expected(db: Database) -> dict[str, str]:
    """What the merges that stand say, for ``check``."""
    return grouped(_pairs(db), _own(db))


def _pairs(db: Database) -> list[tuple[str, str]]:
    """The merges that stand as (kept, merged), in the order in which they were made; at a station the district's after its own.

    A badge of elsewhere is one with whoever the district says carries it.
    """
    rows = db.rows("SELECT kept_id, merged_id FROM person_merge WHERE void_reason IS NULL ORDER BY time, id")
    found = [(row["kept_id"], row["merged_id"]) for row in rows]
    if not _is_station(db):
        return found
    found += [(row["kept_id"], row["merged_id"]) for row in db.rows("SELECT kept_id, merged_id FROM district_merge ORDER BY merged_id")]
    if not found:
        return found
    named = {part for pair in found for part in pair}
    roaming = db.rows("SELECT stranger_id, person_id FROM roaming WHERE person_id IN (SELECT kept_id FROM district_merge"
                      " UNION ALL SELECT merged_id FROM district_merge) ORDER BY stranger_id")  # fmt: skip
    return found + [(row["person_id"], row["stranger_id"]) for row in roaming if row["person_id"] in named]


def _own(db: Database) -> dict[str, bool]:
    """Which of the people in merges this store holds itself; at the district all are held."""
    if not _is_station(db):
        return {}
    rows = db.rows(
        "SELECT id FROM person WHERE void_reason IS NULL AND id IN (SELECT kept_id FROM person_merge UNION ALL SELECT merged_id FROM"
        " person_merge UNION ALL SELECT kept_id FROM district_merge UNION ALL SELECT merged_id FROM district_merge)"
    )
    return {row["id"]: True for row in rows}


def _is_station(db: Database) -> bool:
    return bool(db.meta("station_id"))
