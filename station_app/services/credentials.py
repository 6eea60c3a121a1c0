"""The keys a store signs and opens with, and the other side it trusts, kept in the encrypted database."""

from __future__ import annotations

from collections.abc import Mapping

from ..db import Database, Tx

NAMES = ("signing_seed", "age_identity")


def stored(db: Database) -> dict[str, bytes]:
    """The secrets of this store's identity; {} before it has one."""
    rows = db.rows("SELECT name, content FROM secret WHERE name IN (?, ?)", NAMES)
    return {row["name"]: row["content"] for row in rows}


def retired(db: Database) -> list[dict[str, bytes]]:
    """The secrets of the identities before this store's present one, the newest first: what was sealed to them still comes."""
    rows = db.rows("SELECT name, content FROM secret WHERE name LIKE 'signing_seed/%' OR name LIKE 'age_identity/%'")
    by_turn: dict[int, dict[str, bytes]] = {}
    for row in rows:
        name, _, turn = row["name"].partition("/")
        by_turn.setdefault(int(turn), {})[name] = row["content"]
    return [by_turn[turn] for turn in sorted(by_turn, reverse=True)]


def retire(tx: Tx) -> None:
    """Put this store's identity with those before it, inside an operation that keeps a new one."""
    turn = len(retired(tx.db)) + 1
    tx.run_many("UPDATE secret SET name = ? WHERE name = ?", [(f"{name}/{turn}", name) for name in NAMES])


def root_seed(db: Database) -> bytes:
    """The seed of a district's root key, which signs what its other keys are; b"" at a station."""
    return db.scalar("SELECT content FROM secret WHERE name = 'root_seed'") or b""


def keep(tx: Tx, secrets: Mapping[str, bytes]) -> None:
    """Keep the secrets of a new identity inside an operation."""
    tx.run_many("INSERT INTO secret(name, content) VALUES(?, ?)", list(secrets.items()))
