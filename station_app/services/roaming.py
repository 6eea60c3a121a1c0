"""Regulars of other stations: what the district told of their badges, and the keys that prove a badge genuine.

A badge of elsewhere is one of the district if its MAC holds, offline and without any list. What is known of whoever carries it
came in packs, for those alone who agreed to be known in the district. Their visits name an id that follows from the badge
(``aliases.stranger``), so that the district, which knows all badges, counts people once wherever they went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import vault
from ..db import Database, Row, Tx
from ..errors import Refused
from ..model import Consent, Occupation, Person
from . import aliases, people, subjects

ACTIVE, REVOKED, GONE = "active", "revoked", "gone"
NUMBER = "regulars_number"
"""The small fact how far the roster is known here, as "epoch/number"."""


@dataclass(frozen=True, slots=True)
class Known:
    """How much of the district's roster is here: the epoch and number of its newest change, badges known, badges revoked."""

    epoch: int
    number: int
    active: int
    revoked: int


def known(db: Database) -> Known:
    """How much of the roster is here; all zero before the first pack."""
    epoch, number = at_number(db)
    counts = {row["state"]: row["n"] for row in db.rows("SELECT state, count(*) AS n FROM roaming GROUP BY state")}
    return Known(epoch, number, counts.get(ACTIVE, 0), counts.get(REVOKED, 0))


def at_number(db: Database) -> tuple[int, int]:
    """The epoch of the district and the number of the newest change of its roster that is applied here."""
    epoch, _, number = (db.meta(NUMBER) or "0/0").partition("/")
    return int(epoch), int(number)


def until(db: Database, code: str) -> str:
    """The last day a badge of another station is good for, as the district told; "" where it did not."""
    return str(db.scalar("SELECT until FROM roaming WHERE code = ?", (code,)) or "")


def resolve(db: Database, code: vault.BadgeCode) -> str:
    """The id that visits of a badge of elsewhere name; Refused, with what to do next, for one that opens nothing.

    "badges.other_district": of another district; "badges.revoked_elsewhere": lost or withdrawn; "badges.expired_elsewhere": not
    seen for too long; "badges.unknown": neither told by the district nor proved by its key; "badges.forged": made with no key of
    the district though its digits say so.
    """
    row = db.one("SELECT * FROM roaming WHERE code = ?", (code.digits,))
    if row is not None and row["state"] == REVOKED:
        raise Refused("badges.revoked_elsewhere")
    if row is not None and row["state"] == ACTIVE:
        if row["until"] and row["until"] < db.stamp().business_date:
            raise Refused("badges.expired_elsewhere", day=row["until"])
        return str(row["stranger_id"])
    if code.district != db.scalar("SELECT district_code FROM station WHERE id = ?", (db.meta("station_id"),)):
        raise Refused("badges.other_district", district=code.district)
    if not code.genuine(keys(db)):
        raise Refused("badges.forged" if code.version != "0" and code.version in keys(db) else "badges.unknown")
    return aliases.stranger(code.digits)


def keys(db: Database) -> dict[str, bytes]:
    """The keys badges are made with, by version digit; 0 is the station's own, the others the district's."""
    rows = db.rows("SELECT name, content FROM secret WHERE name LIKE 'badge!_%' ESCAPE '!'")
    return {row["name"].removeprefix("badge_"): row["content"] for row in rows}


def several(db: Database, ids: Sequence[str]) -> list[Person]:
    """Who carries these badges of elsewhere, as far as it is known here, in the order asked.

    Whoever the district did not tell of has the occupation they had the last time here.
    """
    found = []
    for one in ids:
        row = db.one(
            "SELECT r.*, k.secret FROM roaming r LEFT JOIN subject_key k ON k.subject_id = r.person_id"
            " WHERE r.stranger_id = ? AND r.state = 'active'",
            (one,),
        )
        came = db.one(
            "SELECT count(*) AS n, max(time) AS last FROM visit WHERE person_id = ? AND void_reason IS NULL", (one,)
        )
        found.append(_person(db, one, row, came["n"] if came else 0, (came["last"] if came else "") or ""))
    return found


def _person(db: Database, stranger_id: str, row: Row | None, visits: int, last: str) -> Person:
    if row is None:
        before = db.scalar(
            "SELECT occupation FROM visit WHERE person_id = ? AND void_reason IS NULL ORDER BY business_date DESC, time DESC LIMIT 1",
            (stranger_id,),
        )
        return Person(
            stranger_id, Occupation(before or "other"), "", Consent.NONE, last[:10], visits=visits, last_visit=last, away="?"
        )
    name = subjects.unseal(row["secret"], "identity.name_sealed", row["person_id"], row["name_sealed"])
    return Person(
        stranger_id, Occupation(row["occupation"]), row["platform"] or "", Consent.DISTRICT, last[:10], name=name,
        badge_code=row["code"], visits=visits, last_visit=last, away=row["station"] or "?",
    )  # fmt: skip


# --- what a pack brings ------------------------------------------------------------------------------------------------


def apply(tx: Tx, told: Mapping[str, Any], epoch: int, subject_keys: Mapping[str, bytes]) -> int:
    """Take what a pack told of the district's regulars, inside its operation; returns how many of its entries were taken.

    ``told`` is ``sync.regulars.Roster`` as a dict. A change that builds on more than is known here waits: the next batch tells the
    district how far we are, and it begins there again. Nothing of ``subject_keys`` is kept but the names' that stand now.
    """
    _keep_keys(tx, told["keys"])
    _keep_merges(tx, told["merges"])
    _forget(tx, told["forgotten"])
    at_epoch, number = at_number(tx.db)
    here = number if at_epoch == epoch else 0
    taken = 0
    if told["since"] <= here and told["number"] >= here:
        if not told["since"]:
            tx.run("DELETE FROM roaming")
        taken = _keep_entries(tx, told["entries"], subject_keys)
        tx.set_meta(NUMBER, f"{epoch}/{told['number']}")
    _drop_keys(tx)
    aliases.rebuild(tx)
    return taken


def _keep_keys(tx: Tx, told: Iterable[Mapping[str, Any]]) -> None:
    """The keys that badges of the district are made with; new badges take the newest of them."""
    newest = ""
    for key in told:
        tx.run(
            "INSERT INTO secret(name, content) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET content = excluded.content",
            (f"badge_{key['version']}", bytes.fromhex(key["key"])),
        )
        newest = key["version"]
    if newest:
        tx.set_meta("badge_version", newest)


def _keep_merges(tx: Tx, told: Iterable[Mapping[str, Any]]) -> None:
    """Whom the district found to be one person: all that holds now."""
    tx.run("DELETE FROM district_merge")
    tx.run_many(
        "INSERT INTO district_merge(merged_id, kept_id) VALUES(?, ?) ON CONFLICT DO NOTHING",
        [(one["merged_id"], one["kept_id"]) for one in told],
    )


def _keep_entries(tx: Tx, told: Iterable[Mapping[str, Any]], subject_keys: Mapping[str, bytes]) -> int:
    """Entries in the place of those they change; those gone are deleted. Own badges need no entry."""
    count = 0
    for one in told:
        count += 1
        if one["state"] == GONE:
            tx.run("DELETE FROM roaming WHERE code = ?", (one["code"],))
            continue
        if one["state"] == ACTIVE and tx.db.one("SELECT 1 FROM badge WHERE code = ?", (one["code"],)):
            continue
        tx.run(
            "INSERT INTO roaming(stranger_id, code, state, person_id, occupation, platform, name_sealed, until, station)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(stranger_id) DO UPDATE SET state = excluded.state,"
            " person_id = excluded.person_id, occupation = excluded.occupation, platform = excluded.platform,"
            " name_sealed = excluded.name_sealed, until = excluded.until, station = excluded.station",
            (
                aliases.stranger(one["code"]), one["code"], one["state"], one["person_id"], one["occupation"], one["platform"],
                one["name_sealed"], one["until"], one["station"],
            ),
        )  # fmt: skip
        if one["state"] == ACTIVE and (secret := subject_keys.get(one["person_id"])) is not None:
            tx.run(
                "INSERT INTO subject_key(subject_id, secret) VALUES(?, ?) ON CONFLICT(subject_id) DO NOTHING", (one["person_id"], secret)
            )
    return count


def _drop_keys(tx: Tx) -> None:
    """Keys of people of elsewhere whom no entry names any more: their names can never be read again here."""
    gone = tx.run(
        "DELETE FROM subject_key WHERE NOT EXISTS(SELECT 1 FROM person WHERE id = subject_key.subject_id)"
        " AND NOT EXISTS(SELECT 1 FROM request WHERE id = subject_key.subject_id)"
        " AND NOT EXISTS(SELECT 1 FROM roaming WHERE person_id = subject_key.subject_id AND state = 'active')"
    )
    tx.forgets |= gone > 0


def _forget(tx: Tx, told: Iterable[str]) -> None:
    """Our own record of somebody who withdrew at another station, where the district found both to be one person; and what we
    forgot ourselves, as the store whose backup this one goes on from: people, and the words of requests."""
    for person_id in told:  # or a request's
        stands = "SELECT 1 FROM person p WHERE id = ? AND void_reason IS NULL AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id)"
        if tx.db.one(stands, (person_id,)):
            people.forget(tx, person_id, "withdrawn")
        elif tx.db.one("SELECT 1 FROM request r JOIN subject_key k ON k.subject_id = r.id WHERE r.id = ?", (person_id,)):
            subjects.erase(tx, person_id, "withdrawn")
