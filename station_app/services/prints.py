"""What waits to be printed, and the pictures that are printed with it: local, nothing of it leaves the house."""

from __future__ import annotations

from collections.abc import Sequence

from ..db import Database, Tx
from ..errors import Refused
from ..model import BadgeState, Changes, Op
from . import pictures

LOGO = "logo"
LARGEST = pictures.LARGEST
STANDS = (
    "FROM badge_waiting w JOIN badge b ON b.id = w.badge_id JOIN person p ON p.id = b.person_id"
    f" WHERE b.state = '{BadgeState.ACTIVE.value}' AND b.void_reason IS NULL AND p.void_reason IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM erasure e WHERE e.subject_id = p.id)"
)
"""The waiting badges that open a card: what was revoked, taken back or forgotten meanwhile is not printed."""


def wait_in(tx: Tx, badge_id: str) -> None:
    """A new badge waits to be printed, inside the operation that makes it."""
    tx.run("INSERT OR IGNORE INTO badge_waiting(badge_id, since) VALUES(?, ?)", (badge_id, tx.stamp.time))


def waiting(db: Database, limit: int = 1000) -> list[str]:
    """The people whose badges wait to be printed, by id, the longest waiting first."""
    rows = db.rows(f"SELECT p.id {STANDS} ORDER BY w.since, w.badge_id LIMIT ?", (limit,))
    return [row["id"] for row in rows]


def waiting_count(db: Database) -> int:
    """How many badges wait."""
    return int(db.scalar(f"SELECT count(*) {STANDS}") or 0)


def printed(db: Database, people: Sequence[str]) -> Changes:
    """The badges of these people (by id) came out of the printer and wait no longer."""
    with db.transact(Op.PRINT_BADGES, count=len(people)) as tx:
        tx.run_many(
            "DELETE FROM badge_waiting WHERE badge_id IN (SELECT id FROM badge WHERE person_id = ?)", [(one,) for one in people]
        )
    return Changes(tx.operation, Op.PRINT_BADGES, {"badge_waiting": tuple(people)})


def print_again(db: Database, people: Sequence[str]) -> Changes:
    """The print went wrong, or a card wore out: their badges, with the codes they have, wait again."""
    with db.transact(Op.PRINT_BADGES, count=len(people), again=True) as tx:
        tx.run_many(
            "INSERT OR IGNORE INTO badge_waiting(badge_id, since) SELECT id, ? FROM badge"
            f" WHERE person_id = ? AND state = '{BadgeState.ACTIVE.value}' AND void_reason IS NULL",
            [(tx.stamp.time, one) for one in people],
        )
    return Changes(tx.operation, Op.PRINT_BADGES, {"badge_waiting": tuple(people)})


# --- the station's own mark ----------------------------------------------------------------------------------------------


def set_logo(db: Database, jpeg: bytes) -> Changes:
    """The station's mark, as ``pictures.prepare`` drew it anew; Refused for anything else."""
    pictures.check(jpeg)
    with db.transact(Op.SETTING, name="logo") as tx:
        tx.run("INSERT INTO emblem(name, picture) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET picture = excluded.picture", (LOGO, jpeg))
    return Changes(tx.operation, Op.SETTING, {"emblem": (LOGO,)})


def remove_logo(db: Database) -> Changes:
    """Print without a mark again; Refused where there is none."""
    if logo(db) is None:
        raise Refused("prints.no_logo")
    with db.transact(Op.SETTING, name="logo") as tx:
        tx.run("DELETE FROM emblem WHERE name = ?", (LOGO,))
    return Changes(tx.operation, Op.SETTING, {"emblem": (LOGO,)})


def logo(db: Database) -> bytes | None:
    """The station's mark as a JPEG, None without one."""
    found = db.scalar("SELECT picture FROM emblem WHERE name = ?", (LOGO,))
    return bytes(found) if found is not None else None
