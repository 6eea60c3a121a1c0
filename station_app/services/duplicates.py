"""Two records of one person: suggested, merged by somebody who knows, with a reason; taken back like everything else.

A merge is a fact of its own that leads from one record to the other. No row of the merged one is edited: its visits, handouts and
badges stay under its id, and whoever counts or looks follows ``aliases``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..db import Database
from ..errors import UserMistake
from ..model import Changes, Op, Person
from . import aliases, people, search

LONGEST_REASON = 200
SHOWN = 200
"""Suggestions a list holds; the next come when these are decided."""


APART = (
    "NOT EXISTS(SELECT 1 FROM told_apart WHERE first_id = min(a.person_id, b.person_id) AND second_id = max(a.person_id, b.person_id))"
)
"""The condition that nobody found ``a`` and ``b`` to be two people."""
ALIKE = (("phone", "phone_digest", ""), ("name", "name_digest", "AND {0}.occupation = {1}.occupation"))
"""What makes two records look alike: why (a code), the column that is equal, and what else has to be."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two regulars who may be one: ``why`` is "phone" (the same number) or "name" (the same name and occupation)."""

    first: Person
    second: Person
    why: str


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge that stands: which record went into which, when (ISO 8601), why, and the operation that can be taken back."""

    id: str
    kept_id: str
    merged_id: str
    time: str
    reason: str
    operation: str


def merge(db: Database, kept_id: str, merged_id: str, reason: str = "", at: datetime | None = None) -> tuple[Person, Changes]:
    """From now on ``merged_id`` means ``kept_id``; one operation, taken back by undo. Returns the person kept.

    Of a named record and a nameless one the named one is kept, whichever was asked.

    UserMistake for the same record, somebody unknown or forgotten, or a long reason.
    """
    db.require_sight("named")
    kept, merged = people.get(db, kept_id), people.get(db, merged_id)
    if kept.erased or merged.erased or kept.away or merged.away:
        raise UserMistake("people.unknown")
    if kept.id == merged.id:
        raise UserMistake("people.merge_same")
    if len(reason) > LONGEST_REASON:
        raise UserMistake("people.long_reason", most=LONGEST_REASON)
    if merged.name and not kept.name:  # what the one agreed to would be lost with the other
        kept, merged = merged, kept
    with db.transact(Op.MERGE_PEOPLE, at, person=kept.id, merged=merged.id) as tx:
        tx.put(
            "person_merge",
            {
                "time": tx.stamp.time, "business_date": tx.stamp.business_date, "kept_id": kept.id, "merged_id": merged.id,
                "reason": reason.strip() or None, "keeper_id": db.acting,
            },
        )  # fmt: skip
        aliases.rebuild(tx)
        search.refresh(tx, merged.id)
        search.refresh(tx, kept.id)
    return people.get(db, kept.id), tx.changes


def merged_into(db: Database, person_id: str) -> list[Merged]:
    """The merges that stand of a person, the newest first."""
    rows = db.rows(
        "SELECT m.*, (SELECT o.id FROM change c JOIN operation o ON o.sequence = c.operation WHERE c.table_name = 'person_merge'"
        " AND c.row_id = m.id ORDER BY c.sequence LIMIT 1) AS operation FROM person_merge m WHERE m.void_reason IS NULL"
        f" AND m.kept_id IN {aliases.MEMBERS} ORDER BY m.time DESC, m.id DESC",
        {"person": aliases.final(db, person_id)},
    )
    return [
        Merged(row["id"], row["kept_id"], row["merged_id"], row["time"], row["reason"] or "", row["operation"] or "") for row in rows
    ]


def suggestions(db: Database, limit: int = SHOWN) -> list[Suggestion]:
    """Regulars who may be one person, the same phone before the same name; a person decides.

    Refused to whoever is not shown people's data.
    """
    chosen = pairs(db, limit)
    found = {one.id: one for one in people.several(db, sorted({part for one, other, _ in chosen for part in (one, other)}))}
    return [_suggested(found[one], found[other], why) for one, other, why in chosen if one in found and other in found]


def pairs(db: Database, limit: int = SHOWN) -> list[tuple[str, str, str]]:
    """The same by their ids, with why: read from the indexes alone, for whoever only counts them.

    Refused to whoever is not shown people's data.
    """
    db.require_sight("named")
    found: dict[tuple[str, str], str] = {}
    for why, column, more in ALIKE:
        alike = f"{column}, occupation" if more else column
        rows = db.rows(
            f"SELECT a.person_id AS one, b.person_id AS other FROM (SELECT {alike} FROM person_entry WHERE {column} IS NOT NULL"
            f" GROUP BY {alike} HAVING count(*) > 1 LIMIT :most) g"
            f" CROSS JOIN person_entry a ON a.{column} = g.{column} {more.format('a', 'g')}"
            f" CROSS JOIN person_entry b ON b.{column} = g.{column} {more.format('b', 'g')} AND b.rowid > a.rowid"
            f" WHERE {APART} LIMIT :most",
            {"most": limit},
        )
        for row in rows:
            found.setdefault((row["one"], row["other"]), why)
    return [(*pair, why) for pair, why in found.items()][:limit]


def of_person(db: Database, person_id: str) -> list[Suggestion]:
    """The suggestions that speak of one regular. Refused to whoever is not shown people's data."""
    db.require_sight("named")
    pairs: dict[str, str] = {}
    for why, column, more in ALIKE:
        rows = db.rows(
            f"SELECT b.person_id AS other FROM person_entry a JOIN person_entry b ON b.{column} = a.{column} AND b.rowid <> a.rowid"
            f" {more.format('b', 'a')}"
            f" WHERE a.person_id = ? AND a.{column} IS NOT NULL AND {APART} ORDER BY b.rowid LIMIT 20",
            (person_id,),
        )
        for row in rows:
            pairs.setdefault(row["other"], why)
    found = {one.id: one for one in people.several(db, [person_id, *pairs])}
    return [_suggested(found[person_id], found[other], why) for other, why in pairs.items() if other in found and person_id in found]


def tell_apart(db: Database, first_id: str, second_id: str, at: datetime | None = None) -> Changes:
    """Somebody looked and they are two people: they are not suggested again."""
    first, second = sorted((first_id, second_id))
    with db.transact(Op.MERGE_PEOPLE, at, person=first, apart=second) as tx:
        tx.run("INSERT INTO told_apart(first_id, second_id) VALUES(?, ?) ON CONFLICT DO NOTHING", (first, second))
    return Changes(tx.operation, Op.MERGE_PEOPLE, {"told_apart": (first,)})


def count(db: Database) -> int:
    """How many suggestions wait for a person, at most ``SHOWN``."""
    return len(pairs(db))


def _suggested(one: Person, other: Person, why: str) -> Suggestion:
    """The one who came more often first: that record is kept unless the person who decides says otherwise."""
    first, second = sorted((one, other), key=lambda person: (not person.name, -person.visits, person.registered_on, person.id))
    return Suggestion(first, second, why)
