"""The keys a store signs and opens with, and the other side it trusts, kept in the encrypted database."""

from __future__ import annotations

from collections.abc import Mapping

from ..db import Database, Tx

NAMES = ("signing_seed", "age_identity")


def stored(db: Database) -> dict[str, bytes]:
    """The secrets of this store's identity; {} before it has one."""
    rows = db.rows("SELECT name, content FROM secret WHERE name IN (?, ?)", NAMES)
    return {row["name"]: row["content"] for row in rows}


def keep(tx: Tx, secrets: Mapping[str, bytes]) -> None:
    """Keep the secrets of a new identity inside an operation."""
    tx.run_many("INSERT INTO secret(name, content) VALUES(?, ?)", list(secrets.items()))
