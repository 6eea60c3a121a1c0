"""Keys of people and requests: whose content is readable, and forgetting it for good (DECISIONS.md 1)."""

from __future__ import annotations

from .. import blobs
from ..db import Database, Row, Tx
from ..model import Role
from ..vault import new_subject_key, open_text, seal_text


def key_of(db: Database, subject_id: str) -> bytes | None:
    """The key of a person or request, None when it was erased or never came."""
    found: bytes | None = db.scalar("SELECT secret FROM subject_key WHERE subject_id = ?", (subject_id,))
    return found


def new_key(tx: Tx, subject_id: str) -> bytes:
    """Make a subject's key inside the operation that makes the subject."""
    secret = new_subject_key()
    tx.run("INSERT INTO subject_key(subject_id, secret) VALUES(?, ?)", (subject_id, secret))
    return secret


def seal(key: bytes, column: str, row_id: str, text: str) -> str | None:
    """Ciphertext for ``column`` ("identity.name_sealed") of a row, None for no text."""
    return seal_text(key, f"{column}/{row_id}", text) or None


def unseal(key: bytes | None, column: str, row_id: str, sealed: str | None) -> str:
    """The text again; "" without a key."""
    return open_text(key, f"{column}/{row_id}", sealed)


def forget(tx: Tx, subject_id: str) -> None:
    """Delete a subject's key: what was sealed under it can never be read again. Its files go once that is committed.

    What a power cut keeps from going then, the next ``attachments.sweep`` takes.
    """
    tx.run("DELETE FROM subject_key WHERE subject_id = ?", (subject_id,))
    files = [row["sha256"] for row in tx.db.rows("SELECT sha256 FROM attachment WHERE subject_id = ?", (subject_id,))]
    if files:
        tx.afterwards.append(lambda: blobs.of(tx.db).delete(files))
    tx.forgets = True  # its old pages leave the write-ahead log too


def erase(tx: Tx, subject_id: str, reason: str, fact: str | None = None) -> None:
    """Forget a subject's key and say so in the ledger, which tells the district and whoever restores an older backup.

    ``reason`` is a code ("withdrawn", "expired", "undo"); ``fact`` the id of an erasure that happened already.
    """
    tx.put(
        "erasure",
        {
            "id": fact, "time": tx.stamp.time, "business_date": tx.stamp.business_date, "subject_id": subject_id,
            "reason": reason, "keeper_id": tx.db.acting,
        },
    )  # fmt: skip
    forget(tx, subject_id)


def secret(db: Database, name: str) -> bytes:
    """A random secret of this store ("digest", "badge_1"), made at set-up."""
    found: bytes | None = db.scalar("SELECT content FROM secret WHERE name = ?", (name,))
    if found is None:
        raise LookupError(name)
    return found


def shown(db: Database, row: Row) -> bool:
    """Whether whoever is at work may see what a row's subject said: who sees people, and an evening keeper what they took down today.

    ``row`` has ``keeper_id`` and ``business_date``.
    """
    mine = bool(db.acting) and row["keeper_id"] == db.acting and row["business_date"] == db.stamp().business_date
    return db.sees_people or (mine and db.role is Role.EVENING)
