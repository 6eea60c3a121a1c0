"""Regulars: registered with or without a name, found, changed, imported from rosters, forgotten on request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ..db import Database, Row, Tx
from ..errors import UserMistake
from ..model import Changes, Consent, Occupation, Op, Person, uuid7
from ..vault import digest
from . import aliases, badges, requests, search, subjects

if TYPE_CHECKING:
    from .rosters import Known, RosterPlan, RosterRow

CHUNK = 500
"""Ids asked for at once; SQLite takes a bounded number of parameters."""

NOTICE_VERSION = 1
"""The version of the privacy notice people agree to (catalogue ``notice``): it rises with every change of what it says."""

Progress = Callable[[int, int], None]
"""Told (done, total) now and then; raises Cancelled when the person stopped."""


def no_progress(done: int, total: int) -> None:
    """For those who need not be told."""


# --- registering -------------------------------------------------------------------------------------------------------


def register(
    db: Database,
    occupation: Occupation,
    platform: str = "",
    name: str = "",
    phone: str = "",
    consent: Consent = Consent.NONE,
    at: datetime | None = None,
) -> tuple[Person, Changes]:
    """A new regular with a badge; nameless unless they agreed to be known.

    Raises UserMistake for a name or phone without consent, and for a phone that is none.
    """
    name, phone = _checked(name, phone, consent)
    if name or phone:
        db.require_sight("named")
    with db.transact(Op.REGISTER, at) as tx:
        person_id = write(tx, occupation, platform, name, phone, consent)
        tx.details["person"] = person_id
    return get(db, person_id), tx.changes


def write(tx: Tx, occupation: Occupation, platform: str, name: str, phone: str, consent: Consent) -> str:
    """The rows of a new regular inside an operation; returns the person's id."""
    person_id = uuid7()
    tx.put(
        "person",
        {
            "id": person_id, "occupation": occupation.value, "platform": platform.strip() or None, "consent": consent.value,
            "notice_version": _version(consent), "registered_on": tx.stamp.business_date,
        },
    )  # fmt: skip
    if name or phone:
        _write_identity(tx, person_id, name, phone)
    badges.issue_in(tx, person_id)
    search.refresh(tx, person_id)
    return person_id


def _write_identity(tx: Tx, person_id: str, name: str, phone: str) -> None:
    key = subjects.key_of(tx.db, person_id) or subjects.new_key(tx, person_id)
    tx.put(
        "identity",
        {
            "id": person_id,
            "name_sealed": subjects.seal(key, "identity.name_sealed", person_id, name),
            "phone_sealed": subjects.seal(key, "identity.phone_sealed", person_id, phone),
            "void_reason": None,
        },
    )


def _checked(name: str, phone: str, consent: Consent) -> tuple[str, str]:
    from .rosters import normal_name, normal_phone

    if consent is Consent.NONE and (name.strip() or phone.strip()):
        raise UserMistake("people.needs_consent")
    tidy = normal_phone(phone)
    if phone.strip() and not tidy:
        raise UserMistake("people.bad_phone", phone=phone.strip())
    name = normal_name(name)
    if len(name) > 60:
        raise UserMistake("people.long_name")
    return name, tidy


def change(
    db: Database,
    person_id: str,
    *,
    occupation: Occupation | None = None,
    platform: str | None = None,
    name: str | None = None,
    phone: str | None = None,
    consent: Consent | None = None,
    at: datetime | None = None,
) -> tuple[Person, Changes]:
    """Change what is kept of a regular; what is None stays; UserMistake for one who was forgotten.

    A nameless badge becomes a named one here, nothing is recounted. The version of the notice stays what they agreed to,
    unless they agree to something else now.
    """
    old = _standing(db, person_id)
    person_id = old.id
    agreed = old.consent if consent is None else consent
    new_name, new_phone = _checked(old.name if name is None else name, old.phone if phone is None else phone, agreed)
    version = old.notice_version if agreed is old.consent else _version(agreed)
    with db.transact(Op.CHANGE_PERSON, at, person=person_id) as tx:
        tx.put(
            "person",
            {
                "id": person_id,
                "occupation": (occupation or old.occupation).value,
                "platform": (old.platform if platform is None else platform.strip()) or None,
                "consent": agreed.value,
                "notice_version": version,
            },
        )
        if (new_name, new_phone) != (old.name, old.phone):
            _write_identity(tx, person_id, new_name, new_phone)
        search.refresh(tx, person_id)
    return get(db, person_id), tx.changes


def agree(db: Database, person_id: str, at: datetime | None = None) -> tuple[Person, Changes]:
    """They read the notice as it is now and agree to it; UserMistake for one who was forgotten or agreed to nothing before."""
    old = _standing(db, person_id)
    if old.consent is Consent.NONE:
        raise UserMistake("people.agreed_to_nothing")
    with db.transact(Op.CHANGE_PERSON, at, person=old.id, notice=NOTICE_VERSION) as tx:
        tx.put("person", {"id": old.id, "notice_version": NOTICE_VERSION})
    return get(db, old.id), tx.changes


def _standing(db: Database, person_id: str) -> Person:
    """A regular who was not forgotten: whoever wants to be known again is somebody new."""
    found = get(db, person_id)
    if found.erased or found.away:
        raise UserMistake("people.unknown")
    return found


def _version(consent: Consent) -> int | None:
    """The notice that somebody who agrees now agrees to."""
    return NOTICE_VERSION if consent is not Consent.NONE else None


def erase(
    db: Database, person_id: str, reason: str = "withdrawn", at: datetime | None = None, *, fact: str | None = None
) -> Changes:
    """Forget who a person is and what they asked for (decision 011); their counts stay. Not undoable; once is enough.

    ``fact`` is the id of an erasure that happened already and is applied again after a restore: those of their requests
    are facts of their own.
    """
    if fact is None:
        found = get(db, person_id)
        if found.erased or found.away:
            raise UserMistake("people.unknown")
        person_id = found.id
    with db.transact(Op.ERASE_PERSON, at, by_itself=fact is not None, person=person_id) as tx:
        if fact is None:
            for one in aliases.members(db, person_id):
                requests.forget_of(tx, one, reason)
        forget(tx, person_id, reason, fact)
        search.merge(tx)
    return tx.changes


def forget(tx: Tx, person_id: str, reason: str, fact: str | None = None) -> None:
    """Key, name, phone, employer, badges and search entry of a person go (DECISIONS.md 1), inside an operation, which then
    merges the index once (``search.merge``). Whoever was merged into them is the same person and goes too."""
    from . import companions

    companions.leave_in(tx, person_id)
    _forget_one(tx, person_id, reason, fact)
    for other in aliases.members(tx.db, person_id)[1:] if fact is None else ():
        stands = "SELECT 1 FROM person p WHERE id = ? AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id)"
        if tx.db.one(stands, (other,)):
            _forget_one(tx, other, reason, None)


def _forget_one(tx: Tx, person_id: str, reason: str, fact: str | None) -> None:
    tx.put("person", {"id": person_id, "consent": Consent.NONE.value, "notice_version": None, "platform": None})
    if tx.db.one("SELECT 1 FROM identity WHERE id = ?", (person_id,)):
        tx.put("identity", {"id": person_id, "name_sealed": None, "phone_sealed": None, "void_reason": "erased"})
    badges.revoke_all_in(tx, person_id)
    subjects.erase(tx, person_id, reason, fact)
    search.leave(tx, person_id)


# --- looking up --------------------------------------------------------------------------------------------------------

SAME = aliases.members_of("p.id")
NEWEST_BADGE = (
    f"FROM badge WHERE person_id IN {SAME} AND state = 'active' AND void_reason IS NULL ORDER BY person_id = p.id DESC, id DESC LIMIT 1"
)
PERSON = (
    "SELECT p.*, i.name_sealed, i.phone_sealed, k.secret,"
    f" (SELECT card_number {NEWEST_BADGE}) AS card, (SELECT code {NEWEST_BADGE}) AS code,"
    f" (SELECT count(*) FROM visit WHERE person_id IN {SAME} AND void_reason IS NULL) AS visits,"
    f" (SELECT max(time) FROM visit WHERE person_id IN {SAME} AND void_reason IS NULL) AS last_visit,"
    " EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id) AS erased"
    " FROM person p LEFT JOIN identity i ON i.id = p.id AND i.void_reason IS NULL"
    " LEFT JOIN subject_key k ON k.subject_id = p.id"
)


def get(db: Database, person_id: str) -> Person:
    """One regular; UserMistake for an id nobody has."""
    found = several(db, [person_id])
    if not found:
        raise UserMistake("people.unknown")
    return found[0]


def several(db: Database, ids: Sequence[str]) -> list[Person]:
    """Regulars by id, in the order asked; unknown and voided ones are left out, one who was merged is who was kept.

    Whoever has a badge of another station is told as far as the district said (``away``).
    """
    leads = aliases.finals(db, ids)
    wanted = list(dict.fromkeys(leads.get(one, one) for one in ids))
    found: dict[str, Person] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        marks = ", ".join("?" * len(part))
        rows = db.rows(f"{PERSON} WHERE p.void_reason IS NULL AND p.id IN ({marks})", part)
        found |= {row["id"]: _person(row) for row in rows}
    if strangers := [one for one in wanted if one not in found and aliases.is_stranger(one)]:
        from . import roaming

        found |= {person.id: person for person in roaming.several(db, strangers)}
    if found and not db.sees_people:
        found = {person_id: masked(person) for person_id, person in found.items()}
    return [found[leads.get(one, one)] for one in ids if leads.get(one, one) in found]


def _person(row: Row) -> Person:
    key, person_id = row["secret"], row["id"]
    return Person(
        id=person_id, occupation=Occupation(row["occupation"]), platform=row["platform"] or "", consent=Consent(row["consent"]),
        registered_on=row["registered_on"],
        name=subjects.unseal(key, "identity.name_sealed", person_id, row["name_sealed"]),
        phone=subjects.unseal(key, "identity.phone_sealed", person_id, row["phone_sealed"]),
        card_number=row["card"] or "", badge_code=row["code"] or "", visits=row["visits"], last_visit=row["last_visit"] or "",
        erased=bool(row["erased"]), notice_version=row["notice_version"],
    )  # fmt: skip


def masked(person: Person) -> Person:
    """A regular as an evening keeper, an auditor or a passer-by may see them: the first character of the name, no phone."""
    if not (person.name or person.phone):
        return person
    return replace(person, name=f"{person.name[:1]}**", phone="", badge_code="")


def find(db: Database, text: str, limit: int = 20) -> list[Person]:
    """The regulars ``text`` may mean (name, pinyin, initials, phone tail, card number), those seen last first."""
    return several(db, search.find(db, text, limit))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which regulars a list shows: an occupation (or one of several), only nameless ones, only those not seen since a time.

    ``not_since`` is ISO 8601; somebody who was registered after it and has not come yet is not missed. ``older_notice``:
    those who agreed to an older notice than today's only.
    """

    occupation: Occupation | None = None
    nameless: bool = False
    not_since: str = ""
    occupations: tuple[Occupation, ...] = ()
    older_notice: bool = False

    def wanted(self) -> tuple[str, list[str]]:
        """The condition over ``person_entry e`` and its parameters."""
        conditions, parameters = ["1 = 1"], []
        among = (self.occupation,) if self.occupation is not None else self.occupations
        if among:
            conditions.append(f"e.occupation IN ({', '.join('?' * len(among))})")
            parameters += [occupation.value for occupation in among]
        if self.nameless:
            conditions.append("e.name_digest IS NULL")
        if self.not_since:
            conditions.append("e.last_seen < ? AND (SELECT registered_on FROM person WHERE id = e.person_id) < ?")
            parameters += [self.not_since, self.not_since[:10]]
        if self.older_notice:
            conditions.append(f"e.person_id IN (SELECT id FROM person WHERE notice_version < {NOTICE_VERSION})")
        return " AND ".join(conditions), parameters


ORDERS = {
    "seen": "e.last_seen DESC, e.sort_key",
    "name": "e.sort_key, e.person_id",
    "occupation": "e.occupation, e.sort_key",
    "platform": "e.platform, e.sort_key",
    "visits": "e.visits DESC, e.sort_key",
    "card": "e.card, e.sort_key",
    "consent": "e.consent, e.sort_key",
}


def ids(db: Database, which: Filter | None = None, order_by: str = "seen") -> list[str]:
    """The ids of all regulars that fit, in an order of ORDERS; erased ones are not listed."""
    condition, parameters = (which or Filter()).wanted()
    rows = db.rows(f"SELECT e.person_id FROM person_entry e WHERE {condition} ORDER BY {ORDERS[order_by]}", parameters)
    return [row["person_id"] for row in rows]


def count(db: Database, which: Filter | None = None) -> int:
    """How many regulars fit."""
    condition, parameters = (which or Filter()).wanted()
    return int(db.scalar(f"SELECT count(*) FROM person_entry e WHERE {condition}", parameters))


def counts(db: Database) -> dict[Occupation, int]:
    """How many regulars of each occupation."""
    rows = db.rows("SELECT occupation, count(*) AS n FROM person_entry GROUP BY occupation")
    return {Occupation(row["occupation"]): row["n"] for row in rows}


# --- rosters -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of a roster: its line in the file, "taken", "merged" or "refused", and why (a sentence id)."""

    line: int
    fate: str
    person_id: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a roster: ``rows = taken + merged + refused``; ``nameless`` is a part of taken.

    Rows that were here already from an earlier import of the same list count as merged.
    """

    rows: int
    taken: int
    nameless: int
    merged: int
    refused: int
    results: tuple[RowResult, ...]


def known_by_phone(db: Database, phone: str, name: str) -> str | None:
    """The regular with this phone and this name, for merging (both equal, DECISIONS.md "Roster import")."""
    db.require_sight("roster")
    key = subjects.secret(db, "digest")
    found: str | None = db.scalar(
        "SELECT person_id FROM person_entry WHERE phone_digest = ? AND name_digest = ?",
        (digest(key, "phone", phone), digest(key, "name", search.plain(name))),
    )
    return found


def known_by_name(db: Database, name: str, occupation: Occupation, platform: str) -> list[str]:
    """Regulars of the same name, occupation and platform: perhaps the same, a person decides."""
    db.require_sight("roster")
    key = subjects.secret(db, "digest")
    rows = db.rows(
        "SELECT e.person_id FROM person_entry e JOIN person p ON p.id = e.person_id"
        " WHERE e.name_digest = ? AND p.occupation = ? AND coalesce(p.platform, '') = ?",
        (digest(key, "name", search.plain(name)), occupation.value, platform),
    )
    return [row["person_id"] for row in rows]


def known(db: Database) -> Known:
    """Who is known already, as the planning of an import asks."""
    from .rosters import Known

    db.require_sight("roster")
    key = subjects.secret(db, "digest")

    def seen(material: bytes) -> str | None:
        row = db.one(
            "SELECT p.id, EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id) AS erased FROM imported_row r"
            " JOIN person p ON p.id = r.row_id AND p.void_reason IS NULL WHERE r.digest = ?",
            (digest(key, "roster", material.hex()),),
        )
        return None if row is None else "" if row["erased"] else str(row["id"])

    return Known(
        by_phone=lambda phone, name: known_by_phone(db, phone, name),
        by_name=lambda name, occupation, platform: known_by_name(db, name, occupation, platform),
        seen=seen,
    )


def import_roster(
    db: Database, plan: RosterPlan, progress: Progress = no_progress, at: datetime | None = None
) -> tuple[ImportResult, Changes]:
    """Take a planned roster in, in one operation: all of it or nothing.

    ``progress`` is told row by row and may raise Cancelled, which leaves nothing behind. The same list again adds nothing.
    """
    from .rosters import Fate, find_duplicates

    key = subjects.secret(db, "digest")
    with db.transact(Op.IMPORT_PEOPLE, at) as tx:
        plan = find_duplicates(
            plan, known(db)
        )  # settled again here: somebody may have been registered since the preview
        became: dict[int, str] = {}
        results: list[RowResult] = []
        for number, row in enumerate(plan.rows):
            progress(number, len(plan.rows))
            why = row.reason.word if row.reason else ""
            if row.fate is Fate.REFUSE:
                results.append(RowResult(row.line, "refused", None, why))
                continue
            if row.fate is Fate.TAKE:
                consent = Consent.STATION if row.consent and row.kept_name else Consent.NONE  # a list says no more
                person_id = write(tx, row.occupation, row.platform, row.kept_name if consent is not Consent.NONE else "",
                                  row.kept_phone if consent is not Consent.NONE else "", consent)  # fmt: skip
                results.append(RowResult(row.line, "taken", person_id, why))
            else:
                person_id = row.into_person or became.get(row.into_line, "")
                _complete(tx, person_id, row)
                results.append(RowResult(row.line, "merged", person_id or None, why))
            became[row.line] = person_id
            if row.material and person_id:
                tx.run(
                    "INSERT INTO imported_row(digest, row_id) VALUES(?, ?) ON CONFLICT(digest) DO UPDATE SET row_id = excluded.row_id",
                    (digest(key, "roster", row.material.hex()), person_id),
                )
        progress(len(plan.rows), len(plan.rows))
        tx.details["count"] = plan.taken
        if plan.consent_on_paper is not None:  # the day they agreed, for whoever asks what is held on them
            tx.details["consent_on_paper"] = plan.consent_on_paper.isoformat()
    counted = ImportResult(len(plan.rows), plan.taken, plan.nameless, plan.merged, plan.refused, tuple(results))
    return counted, tx.changes


def _complete(tx: Tx, person_id: str, row: RosterRow) -> None:
    """A merged row fills in the employer where none is kept; it never overwrites."""
    kept = tx.db.one("SELECT platform FROM person WHERE id = ? AND void_reason IS NULL", (person_id,))
    if kept is not None and not kept["platform"] and row.platform:
        tx.put("person", {"id": person_id, "platform": row.platform})


def added_by(db: Database, operation: str) -> list[str]:
    """The ids of the regulars an operation added, in the order it added them (that of an imported list)."""
    rows = db.rows(
        "SELECT c.row_id FROM change c JOIN operation o ON o.sequence = c.operation"
        " WHERE o.id = ? AND c.table_name = 'person' AND c.before IS NULL ORDER BY c.sequence",
        (operation,),
    )
    return [row["row_id"] for row in rows]
