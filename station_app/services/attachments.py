"""Pictures of requests: a ledger row each, its file sealed under the request's key and written before the row commits.

A file whose row never came (power was cut between the two), or whose row does not count any more, goes with ``sweep``: a
picture that was removed stays 30 days, for so long its removal can be taken back; one whose recording was undone goes at once, like
one whose request was forgotten. Pictures are personal: they are there only for those who are shown what people said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from .. import blobs
from ..blobs import Blobs
from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Op, Picture, may, uuid7
from ..vault import open_bytes, seal_bytes
from . import pictures, subjects

MOST = 6
"""Pictures of one request."""
KEPT = timedelta(days=30)
"""So long the file of a removed picture stays."""
REMOVED = "removed"
JPEG = "jpeg"


# --- looking -----------------------------------------------------------------------------------------------------------


def listing(db: Database, request_id: str) -> list[Picture]:
    """The pictures of a request in their order; none for whoever may not see them, or once the request was forgotten."""
    request = _request(db, request_id)
    if not subjects.shown(db, request) or subjects.key_of(db, request_id) is None:
        return []
    return [_record(row) for row in standing(db, request_id)]


def may_add(db: Database, request_id: str) -> bool:
    """Whether whoever is at work may add pictures to a request now, six at most apart."""
    request = _request(db, request_id)
    allowed = may(db.role, Op.ADD_PICTURES) and subjects.shown(db, request)
    return allowed and request["void_reason"] is None and subjects.key_of(db, request_id) is not None


def content(db: Database, picture_id: str) -> bytes:
    """A picture as JPEG.

    Raises UserMistake for an id nobody has, Refused for whoever may not see it (logged), when its file is missing or altered
    ("blobs.missing", "blobs.damaged"), when it was forgotten or is not as ``pictures.prepare`` makes them.
    """
    row = db.one("SELECT * FROM attachment WHERE id = ? AND void_reason IS NULL", (picture_id,))
    if row is None:
        raise UserMistake("pictures.unknown")
    if not subjects.shown(db, _request(db, row["subject_id"])):
        db.deny("picture")
    jpeg = unsealed(db, row)
    pictures.check(jpeg)
    return jpeg


def counts(db: Database) -> dict[str, int]:
    """How many pictures each request has that has some, by the request's id; nothing for whoever is not shown people's data."""
    if not db.sees_people:
        return {}
    rows = db.rows(
        "SELECT a.subject_id, count(*) AS n FROM attachment a JOIN subject_key k ON k.subject_id = a.subject_id"
        " WHERE a.void_reason IS NULL GROUP BY 1"
    )
    return {row["subject_id"]: row["n"] for row in rows}


def missing(db: Database, held: Blobs | None = None) -> Iterator[tuple[Row, str]]:
    """The rows whose file is not whole, with the word that says so; ``held`` is another folder to look in than the store's."""
    held = held or blobs.of(db)
    for row in db.rows(f"SELECT a.*, r.number FROM ({WHOLE}) a JOIN request r ON r.id = a.subject_id ORDER BY a.id"):
        try:
            held.read(row["sha256"])
        except Refused as refusal:
            yield row, refusal.word


WHOLE = "SELECT a.* FROM attachment a JOIN subject_key k ON k.subject_id = a.subject_id WHERE a.void_reason IS NULL"
"""The pictures that stand and whose request is not forgotten: each of them has a file."""


def _request(db: Database, request_id: str) -> Row:
    row = db.one("SELECT id, number, keeper_id, business_date, void_reason FROM request WHERE id = ?", (request_id,))
    if row is None:
        raise UserMistake("requests.unknown")
    return row


def _record(row: Row) -> Picture:
    return Picture(row["id"], row["subject_id"], row["time"], row["rank"], row["bytes"], row["sha256"], row["shows"] or "")


# --- adding and removing -----------------------------------------------------------------------------------------------


def add(
    db: Database, request_id: str, jpegs: Sequence[bytes], at: datetime | None = None, shows: str = ""
) -> tuple[list[Picture], Changes]:
    """Add pictures, as ``pictures.prepare`` made them, to a request; returns all it has now. ``shows`` as in ``Picture``.

    Raises UserMistake for none or more than six in all, Refused when the request was forgotten or is another's to see,
    EnvironmentFault when the disk says no; nothing was added then.
    """
    request = _request(db, request_id)
    if request["void_reason"]:
        raise UserMistake("requests.unknown")
    if not jpegs:
        raise UserMistake("pictures.none_given")
    if not subjects.shown(db, request):
        db.deny(Op.ADD_PICTURES.value)
    with db.transact(Op.ADD_PICTURES, at, request=request_id, number=request["number"], count=len(jpegs)) as tx:
        write(tx, request_id, jpegs, shows)
    return listing(db, request_id), tx.changes


def remove(db: Database, picture_id: str) -> Changes:
    """Take a picture away; its file stays 30 days, so that this can be taken back."""
    row = db.one("SELECT * FROM attachment WHERE id = ? AND void_reason IS NULL", (picture_id,))
    if row is None:
        raise UserMistake("pictures.unknown")
    number = _request(db, row["subject_id"])["number"]
    with db.transact(Op.REMOVE_PICTURE, request=row["subject_id"], number=number) as tx:
        tx.void("attachment", picture_id, REMOVED)
    return tx.changes


def cover(db: Database, picture_id: str, boxes: Sequence[pictures.Box], at: datetime | None = None) -> tuple[Picture, Changes]:
    """Cover parts of a picture that is kept: the covered one takes its place, what was there is void and its file goes in 30 days.

    UserMistake for a picture nobody has or no part of it, Refused when the request was forgotten or is another's to see,
    EnvironmentFault when the disk says no; then it is as it was.
    """
    row = db.one("SELECT * FROM attachment WHERE id = ? AND void_reason IS NULL", (picture_id,))
    if row is None or not boxes:
        raise UserMistake("pictures.unknown" if row is None else "pictures.none_given")
    request = _request(db, row["subject_id"])
    if not subjects.shown(db, request):
        db.deny(Op.COVER_PICTURE.value)
    jpeg = pictures.cover(unsealed(db, row), boxes)
    pictures.check(jpeg)
    with db.transact(Op.COVER_PICTURE, at, request=row["subject_id"], number=request["number"], count=len(boxes)) as tx:
        tx.void("attachment", picture_id, REMOVED)
        covered_id = _put(tx, row["subject_id"], jpeg, row["rank"], row["shows"] or "")
    return next(one for one in listing(db, row["subject_id"]) if one.id == covered_id), tx.changes


def write(tx: Tx, request_id: str, jpegs: Sequence[bytes], shows: str = "") -> None:
    """Write pictures inside an operation: every file is safe on the disk before the operation commits."""
    if not jpegs:
        return
    if subjects.key_of(tx.db, request_id) is None:
        raise Refused("pictures.forgotten")
    there = [row["rank"] for row in standing(tx.db, request_id)]
    if len(there) + len(jpegs) > MOST:
        raise UserMistake("pictures.too_many", most=MOST, n=len(there))
    for jpeg in jpegs:
        pictures.check(jpeg)
    for rank, jpeg in enumerate(jpegs, start=max(there, default=0) + 1):
        _put(tx, request_id, jpeg, rank, shows)


def _put(tx: Tx, request_id: str, jpeg: bytes, rank: int, shows: str) -> str:
    """One picture's file and then its row; returns the row's id."""
    key = subjects.key_of(tx.db, request_id)
    if key is None:
        raise Refused("pictures.forgotten")
    row_id = uuid7()
    sealed = seal_bytes(key, _place(row_id), jpeg)
    return tx.put(
        "attachment",
        {
            "id": row_id, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "subject_id": request_id, "kind": JPEG,
            "rank": rank, "bytes": len(sealed), "sha256": blobs.of(tx.db).put(sealed), "shows": shows or None,
            "keeper_id": tx.db.acting,
        },
    )  # fmt: skip


def standing(db: Database, request_id: str) -> list[Row]:
    """The rows of a request's pictures that count, in their order."""
    return db.rows(
        "SELECT * FROM attachment WHERE subject_id = ? AND void_reason IS NULL ORDER BY rank, id", (request_id,)
    )


def unsealed(db: Database, row: Row) -> bytes:
    """What a row's file holds; Refused when the file is missing, altered or not the row's, or the request was forgotten."""
    key = subjects.key_of(db, row["subject_id"])
    if key is None:
        raise Refused("pictures.forgotten")
    try:
        return open_bytes(key, _place(row["id"]), blobs.of(db).read(row["sha256"]))
    except Refused as refusal:
        if refusal.word == "vault.altered":
            raise Refused("blobs.damaged") from None
        raise


def _place(row_id: str) -> str:
    """What the ciphertext is bound to, as sealed columns are (docs/pack-format.md section 6)."""
    return f"attachment.content/{row_id}"


def check_there(db: Database, sha256: str) -> None:
    """Raise Refused when the file of a picture is gone, so that its removal cannot be taken back any more."""
    if not blobs.of(db).holds(sha256):
        raise Refused("pictures.gone")


# --- for the exchange --------------------------------------------------------------------------------------------------


def waiting(db: Database) -> list[Row]:
    """The pictures that no receipt lists (``id``, ``subject_id``, ``bytes``, ``sha256``), the oldest first; refused ones never go."""
    return db.rows(
        f"SELECT a.id, a.subject_id, a.bytes, a.sha256 FROM ({WHOLE}) a"
        " WHERE NOT EXISTS(SELECT 1 FROM attachment_receipt r WHERE r.sha256 = a.sha256)"
        " AND NOT EXISTS(SELECT 1 FROM refused_row f WHERE f.table_name = 'attachment' AND f.row_id = a.id AND f.version = a.version)"
        " ORDER BY a.id"
    )


def receipted(tx: Tx, hashes: Sequence[str]) -> None:
    """What the district has by its newest receipt; what that does not list (any more) goes along again."""
    tx.run("DELETE FROM attachment_receipt")
    tx.run_many("INSERT OR IGNORE INTO attachment_receipt(sha256) VALUES(?)", ((one,) for one in hashes))


def of_stores(db: Database, stores: Sequence[str]) -> dict[str, str]:
    """The SHA-256 of every picture that stands of these stores, by its row's id: what belongs into the district's folder."""
    rows = db.rows(f"SELECT id, sha256 FROM ({WHOLE}) WHERE store_id IN (SELECT value FROM json_each(?))", (json.dumps(list(stores)),))
    return {row["id"]: row["sha256"] for row in rows}


def sweep(db: Database) -> int:
    """Remove the files that no row needs (any more); returns how many. For the start of the day and after a take-in."""
    since = (db.now() - KEPT).isoformat(timespec="seconds")
    with db.standstill():
        rows = db.rows(
            f"SELECT sha256 FROM ({WHOLE}) UNION ALL SELECT a.sha256 FROM attachment a"
            " JOIN subject_key k ON k.subject_id = a.subject_id WHERE a.void_reason = ? AND EXISTS("
            " SELECT 1 FROM change c JOIN operation o ON o.sequence = c.operation"
            " WHERE c.table_name = 'attachment' AND c.row_id = a.id AND o.recorded >= ?)",
            (REMOVED, since),
        )
        return blobs.of(db).sweep(row["sha256"] for row in rows)
