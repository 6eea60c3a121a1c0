"""Badges: 22 digits that open a card, and the 6-digit card number for when the scanner fails (DECISIONS.md "Badges")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from unicodedata import normalize

from .. import vault
from ..db import Database, Tx
from ..errors import Refused, UserMistake
from ..model import BadgeState, Changes, Op
from . import aliases, prints, roaming, search, subjects


@dataclass(frozen=True, slots=True)
class Badge:
    """One card in somebody's pocket; without ``id`` one that another station made."""

    id: str
    person_id: str
    code: str
    card_number: str
    state: BadgeState
    issued: str


def issue(db: Database, person_id: str, at: datetime | None = None) -> tuple[Badge, Changes]:
    """A new badge for a person; the one they had is revoked. UserMistake for nobody, or for one who was forgotten."""
    person_id = aliases.final(db, person_id)
    stands = "SELECT 1 FROM person p WHERE id = ? AND void_reason IS NULL AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id)"
    if db.one(stands, (person_id,)) is None:
        raise UserMistake("people.unknown")
    with db.transact(Op.ISSUE_BADGE, at, person=person_id) as tx:
        for one in aliases.members(db, person_id):
            revoke_all_in(tx, one)
        badge = issue_in(tx, person_id)
        search.refresh(tx, person_id)  # the new card number finds them, the old one no longer
    return badge, tx.changes


def revoke_all_in(tx: Tx, person_id: str) -> None:
    """A person's badges open nothing any more, inside an operation."""
    for badge in of_person(tx.db, person_id, merged=False):
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
    badge_id = tx.put("badge", row)
    prints.wait_in(tx, badge_id)
    return Badge(badge_id, person_id, code, number, BadgeState.ACTIVE, tx.stamp.business_date)


def revoke(db: Database, badge_id: str, at: datetime | None = None) -> Changes:
    """A lost badge opens nothing any more."""
    row = db.one("SELECT * FROM badge WHERE id = ? AND void_reason IS NULL", (badge_id,))
    if row is None:
        raise UserMistake("badges.unknown_id")
    with db.transact(Op.REVOKE_BADGE, at, person=row["person_id"]) as tx:
        tx.put("badge", {"id": badge_id, "state": BadgeState.REVOKED.value})
        search.refresh(tx, row["person_id"])  # its card number finds nobody any more
    return tx.changes


def of_person(db: Database, person_id: str, *, merged: bool = True) -> list[Badge]:
    """A person's badges, the newest first; those of whoever was ``merged`` into them, too."""
    ids = aliases.MEMBERS if merged else "(:person)"
    rows = db.rows(
        f"SELECT * FROM badge WHERE person_id IN {ids} AND void_reason IS NULL ORDER BY issued DESC, id DESC", {"person": person_id}
    )
    return [
        Badge(row["id"], row["person_id"], row["code"], row["card_number"], BadgeState(row["state"]), row["issued"])
        for row in rows
    ]


def resolve(db: Database, text: str) -> Badge:
    """The active badge that a scan or a typed card number names; width of the digits and spaces do not matter.

    One of a person who was merged opens the record that was kept; one of another station has no ``id`` and names whoever
    carries it by ``aliases.stranger``. Raises Refused, each with what to do next: not a badge, unknown, forged, of another
    district, revoked, expired, or of somebody who was forgotten.
    """
    digits = normalize("NFKC", text).replace(" ", "").strip()
    if vault.is_card_number(digits):
        row = db.one("SELECT * FROM badge WHERE card_number = ? AND void_reason IS NULL", (digits,))
    elif (code := vault.read_badge(digits)) is not None:
        row = db.one("SELECT * FROM badge WHERE code = ?", (digits,))
        if row is not None and row["void_reason"]:
            raise Refused("badges.unknown")  # one of ours that was taken back
        if row is None:
            return Badge("", aliases.final(db, roaming.resolve(db, code)), digits, "", BadgeState.ACTIVE, "")
    else:
        raise Refused("badges.not_a_badge")
    if row is None:
        raise Refused("badges.unknown")
    if row["state"] != BadgeState.ACTIVE:
        raise Refused(_WHY_NOT.get(_forgotten(db, row["person_id"]), "badges.revoked"), number=row["card_number"])
    return Badge(row["id"], aliases.final(db, row["person_id"]), row["code"], row["card_number"], BadgeState.ACTIVE, row["issued"])


_WHY_NOT = {"expired": "badges.expired", "withdrawn": "badges.forgotten"}
"""Why a badge of somebody who was forgotten opens nothing, by the reason of the erasure."""
RULES = {
    "badges.not_a_badge": "badge_unreadable", "badges.unknown": "badge_unknown", "badges.forged": "badge_forged",
    "badges.other_district": "badge_other_district", "badges.revoked": "badge_revoked", "badges.revoked_elsewhere": "badge_revoked",
    "badges.expired": "badge_expired", "badges.expired_elsewhere": "badge_expired", "badges.forgotten": "badge_forgotten",
}  # fmt: skip
"""The rule by which a badge was refused, as the refusal ledger names it, by the sentence that says so."""


def open_card(db: Database, text: str, at: datetime | None = None) -> Badge:
    """``resolve`` for somebody who stands at the desk: a refusal goes into the ledger of refusals before it is raised."""
    try:
        return resolve(db, text)
    except Refused as refusal:
        rule = RULES.get(refusal.word)
        if rule is not None:
            _note_refusal(db, rule, _owner(db, text), at)
        raise


def _note_refusal(db: Database, rule: str, person_id: str | None, at: datetime | None) -> None:
    with db.transact(Op.REFUSE, at, person=person_id, rule=rule) as tx:
        tx.put(
            "refusal",
            {
                "time": tx.stamp.time, "business_date": tx.stamp.business_date, "person_id": person_id, "rule": rule, "overridden": 0,
                "keeper_id": db.acting,
            },
        )  # fmt: skip


def _owner(db: Database, text: str) -> str | None:
    """Whose badge it was, where it is one of ours."""
    digits = normalize("NFKC", text).replace(" ", "").strip()
    column = "card_number" if vault.is_card_number(digits) else "code"
    found: str | None = db.scalar(f"SELECT person_id FROM badge WHERE {column} = ? AND void_reason IS NULL", (digits,))
    return found


def _forgotten(db: Database, person_id: str) -> str:
    """Why somebody was forgotten (a code), "" for who was not."""
    return db.scalar("SELECT reason FROM erasure WHERE subject_id = ? ORDER BY time LIMIT 1", (person_id,)) or ""
