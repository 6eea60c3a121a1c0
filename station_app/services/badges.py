"""Badges: 22 digits that open a card, and the 6-digit card number for when the scanner fails (DECISIONS.md "Badges")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from unicodedata import normalize

from .. import vault
from ..db import Database, Tx
from ..errors import Refused, UserMistake
from ..model import BadgeState, Changes, Op
from . import search, subjects


@dataclass(frozen=True, slots=True)
class Badge:
    """One card in somebody's pocket."""

    id: str
    person_id: str
    code: str
    card_number: str
    state: BadgeState
    issued: str


def issue(db: Database, person_id: str, at: datetime | None = None) -> tuple[Badge, Changes]:
    """A new badge for a person; the one they had is revoked. UserMistake for nobody, or for one who was forgotten."""
    stands = "SELECT 1 FROM person p WHERE id = ? AND void_reason IS NULL AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id)"
    if db.one(stands, (person_id,)) is None:
        raise UserMistake("people.unknown")
    with db.transact(Op.ISSUE_BADGE, at, person=person_id) as tx:
        revoke_all_in(tx, person_id)
        badge = issue_in(tx, person_id)
        search.refresh(tx, person_id)  # the new card number finds them, the old one no longer
    return badge, tx.changes


def revoke_all_in(tx: Tx, person_id: str) -> None:
    """A person's badges open nothing any more, inside an operation."""
    for badge in of_person(tx.db, person_id):
        if badge.state is BadgeState.ACTIVE:
            tx.put("badge", {"id": badge.id, "state": BadgeState.REVOKED.value})


def issue_in(tx: Tx, person_id: str) -> Badge:
    """A new badge inside an operation that makes or changes its person."""
    db = tx.db
    version = db.meta("badge_version") or "0"
    key = subjects.secret(db, f"badge_{version}")
    district = str(db.scalar("SELECT district_code FROM station WHERE id = ?", (db.meta("station_id"),)))
    code = vault.new_badge(key, version, district).digits
    while db.one("SELECT 1 FROM badge WHERE code = ?", (code,)):
        code = vault.new_badge(key, version, district).digits
    number = vault.new_card_number()
    while db.one("SELECT 1 FROM badge WHERE card_number = ?", (number,)):
        number = vault.new_card_number()
    row = {
        "person_id": person_id,
        "code": code,
        "card_number": number,
        "state": BadgeState.ACTIVE.value,
        "issued": tx.stamp.business_date,
    }
    return Badge(tx.put("badge", row), person_id, code, number, BadgeState.ACTIVE, tx.stamp.business_date)


def revoke(db: Database, badge_id: str, at: datetime | None = None) -> Changes:
    """A lost badge opens nothing any more."""
    row = db.one("SELECT * FROM badge WHERE id = ? AND void_reason IS NULL", (badge_id,))
    if row is None:
        raise UserMistake("badges.unknown_id")
    with db.transact(Op.REVOKE_BADGE, at, person=row["person_id"]) as tx:
        tx.put("badge", {"id": badge_id, "state": BadgeState.REVOKED.value})
    return tx.changes


def of_person(db: Database, person_id: str) -> list[Badge]:
    """A person's badges, the newest first."""
    rows = db.rows(
        "SELECT * FROM badge WHERE person_id = ? AND void_reason IS NULL ORDER BY issued DESC, id DESC", (person_id,)
    )
    return [
        Badge(row["id"], row["person_id"], row["code"], row["card_number"], BadgeState(row["state"]), row["issued"])
        for row in rows
    ]


def resolve(db: Database, text: str) -> Badge:
    """The active badge that a scan or a typed card number names; width of the digits and spaces do not matter.

    Raises Refused: not a badge, genuine but unknown here, made elsewhere, or revoked - each with what to do next.
    """
    digits = normalize("NFKC", text).replace(" ", "").strip()
    if vault.is_card_number(digits):
        row = db.one("SELECT * FROM badge WHERE card_number = ? AND void_reason IS NULL", (digits,))
    elif (code := vault.read_badge(digits)) is not None:
        row = db.one("SELECT * FROM badge WHERE code = ? AND void_reason IS NULL", (digits,))
        if row is None:
            raise Refused("badges.genuine_elsewhere" if code.genuine(_keys(db)) else "badges.unknown")
    else:
        raise Refused("badges.not_a_badge")
    if row is None:
        raise Refused("badges.unknown")
    if row["state"] != BadgeState.ACTIVE:
        raise Refused("badges.revoked", number=row["card_number"])
    return Badge(row["id"], row["person_id"], row["code"], row["card_number"], BadgeState.ACTIVE, row["issued"])


def _keys(db: Database) -> dict[str, bytes]:
    rows = db.rows("SELECT name, content FROM secret WHERE name LIKE 'badge!_%' ESCAPE '!'")
    return {row["name"].removeprefix("badge_"): row["content"] for row in rows}
