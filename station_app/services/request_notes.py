"""The desk's own notes on a request: whom one called, what to ask next time. They stay at this station and cross in no batch.

A note is sealed under the request's key: whoever may not see what people said does not see it, and forgetting the request forgets
it. It moves the request nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..db import Database
from ..errors import Refused, UserMistake
from ..model import Changes, Op, uuid7
from . import requests, subjects

COLUMN = "request_note.note_sealed"
MOST = 50
"""Notes on one request."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note: when (ISO 8601), by which keeper (a name), its words ("" for who is not shown what people said)."""

    id: str
    time: str
    keeper: str
    text: str = field(default="", repr=False)


def listing(db: Database, request_id: str) -> list[Note]:
    """The notes on a request, the oldest first."""
    key = subjects.key_of(db, request_id)
    rows = db.rows(
        "SELECT n.*, k.name AS keeper FROM request_note n LEFT JOIN keeper k ON k.id = n.keeper_id WHERE n.request_id = ?"
        " ORDER BY n.time, n.id",
        (request_id,),
    )
    return [
        Note(
            row["id"], row["time"], row["keeper"] or "",
            subjects.unseal(key, COLUMN, row["id"], row["note_sealed"]) if db.sees_people else "",
        )
        for row in rows
    ]  # fmt: skip


def add(db: Database, request_id: str, text: str) -> tuple[Note, Changes]:
    """Write a note down. UserMistake for no words, too many, or a request nobody knows; Refused once it was forgotten."""
    request, text = requests.get(db, request_id), text.strip()
    if not text:
        raise UserMistake("request_notes.empty")
    if len(text) > requests.LONGEST_TEXT:
        raise UserMistake("requests.long_text", most=requests.LONGEST_TEXT)
    if db.scalar("SELECT count(*) FROM request_note WHERE request_id = ?", (request_id,)) >= MOST:
        raise UserMistake("request_notes.too_many", n=MOST)
    key = subjects.key_of(db, request_id)
    if key is None:
        raise Refused("requests.no_key")
    note_id = uuid7()
    with db.transact(Op.NOTE_REQUEST, request=request_id, number=request.number) as tx:
        sealed = subjects.seal(key, COLUMN, note_id, text)
        tx.run(
            "INSERT INTO request_note(id, request_id, time, keeper_id, note_sealed) VALUES(?, ?, ?, ?, ?)",
            (note_id, request_id, tx.stamp.time, db.acting, sealed),
        )
    note = next(one for one in listing(db, request_id) if one.id == note_id)
    return note, Changes(tx.operation, Op.NOTE_REQUEST, {"request_note": (note_id,)})


def remove(db: Database, note_id: str) -> Changes:
    """Take a note away; UserMistake for one nobody has."""
    row = db.one("SELECT n.request_id, r.number FROM request_note n JOIN request r ON r.id = n.request_id WHERE n.id = ?", (note_id,))
    if row is None:
        raise UserMistake("request_notes.unknown")
    with db.transact(Op.NOTE_REQUEST, request=row["request_id"], number=row["number"], removed=True) as tx:
        tx.run("DELETE FROM request_note WHERE id = ?", (note_id,))
    return Changes(tx.operation, Op.NOTE_REQUEST, {"request_note": (note_id,)})
