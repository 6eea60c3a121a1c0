"""Keys of people and requests: whose content is readable, and forgetting it for good (DECISIONS.md 1)."""

from __future__ import annotations

from ..db import Database, Tx
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
    """Delete a subject's key: what was sealed under it can never be read again."""
    tx.run("DELETE FROM subject_key WHERE subject_id = ?", (subject_id,))


def secret(db: Database, name: str) -> bytes:
    """A random secret of this store ("digest", "badge_1"), made at set-up."""
    found: bytes | None = db.scalar("SELECT content FROM secret WHERE name = ?", (name,))
    if found is None:
        raise LookupError(name)
    return found
