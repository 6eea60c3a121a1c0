"""Regulars across stations: the roster that packs bring, and records of several stations that are one person.

What a station sends is learned as it comes: each badge of somebody who agreed to be known in the district, and each that was
revoked, has an entry with a number that rises with every change, so that a pack brings what its station does not have. Whoever
withdraws or is forgotten is gone from the entries, and with the next pack from every station.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from .. import settings
from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Consent, Occupation, Op
from ..services import aliases, preferences, search, subjects
from ..services.duplicates import APART, LONGEST_REASON
from ..services.retention import later
from ..sync.regulars import MOST_ENTRIES, BadgeKey, Entry, Merge, Roster
from ..vault import digest
from . import store

NUMBER = "regulars_number"
RENEWED_AT = 6
"""Months before its end in which the last day of a badge is told anew: a visit alone changes no entry."""
HEARD = 60
"""Batches of a station, the last ones, among which a store must have one for its word to count."""
SHOWN = 200
"""Pairs a list holds; the next come when these are decided."""
MOST_MERGES = 5000


# --- learning from what came ----------------------------------------------------------------------------------------------


def learn(tx: Tx, key_subjects: Iterable[str]) -> None:
    """What an intake changed of regulars, inside its operation, once its keys are kept and what was erased is forgotten."""
    rows = tx.changes.rows
    badges = _of("badge", tx, rows, "SELECT code, person_id FROM badge WHERE id IN ")
    aliases.know_badges(tx, [(row["code"], row["person_id"]) for row in badges])
    if "person_merge" in rows:
        aliases.rebuild(tx)
    touched = {*rows.get("person", ()), *rows.get("identity", ()), *key_subjects, *(row["person_id"] for row in badges)}
    touched |= {row["subject_id"] for row in _of("erasure", tx, rows, "SELECT subject_id FROM erasure WHERE id IN ")}
    came = _of(
        "visit", tx, rows, f"SELECT DISTINCT {aliases.meant('visit.person_id')} AS one FROM visit WHERE person_id IS NOT NULL AND id IN "
    )
    refresh(tx, touched | {row["one"] for row in came})


def _of(table: str, tx: Tx, rows: Mapping[str, Sequence[str]], sql: str) -> list[Row]:
    ids = rows.get(table)
    return tx.db.rows(f"{sql} (SELECT value FROM json_each(?))", (json.dumps(ids),)) if ids else []


def refresh(tx: Tx, people: Iterable[str]) -> None:
    """Bring entries and digests of these people true; ids that are no people's are passed over."""
    months, today = preferences.number(tx.db, settings.KEEP_PEOPLE_MONTHS), date.fromisoformat(tx.stamp.business_date)
    number = before = int(tx.db.meta(NUMBER) or 0)
    found = tx.db.rows(
        "SELECT p.*, i.name_sealed, i.phone_sealed, k.secret, e.name AS station_name FROM person p"
        " LEFT JOIN identity i ON i.id = p.id AND i.void_reason IS NULL LEFT JOIN subject_key k ON k.subject_id = p.id"
        " LEFT JOIN store s ON s.store_id = p.store_id LEFT JOIN enrolled e ON e.station_id = s.station_id"
        " WHERE p.id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(people)),),
    )
    for person in found:
        _keep_digests(tx, person)
        for badge in tx.db.rows("SELECT * FROM badge WHERE person_id = ? ORDER BY id", (person["id"],)):
            number = _keep_entry(tx, badge, person, number, months, today)
    if number != before:
        tx.set_meta(NUMBER, str(number))


def _known(person: Row) -> bool:
    """Whether somebody agreed to be known in the district, and still is."""
    return person["consent"] == Consent.DISTRICT and person["void_reason"] is None and person["secret"] is not None


def _keep_digests(tx: Tx, person: Row) -> None:
    """What finds the same person at another station: keyed digests, of those alone who agreed."""
    if not _known(person):
        tx.run("DELETE FROM person_key WHERE person_id = ?", (person["id"],))
        return
    key, name, phone = subjects.secret(tx.db, "digest"), *_identity(person)
    tx.run(
        "INSERT INTO person_key(person_id, phone_digest, name_digest) VALUES(?, ?, ?) ON CONFLICT(person_id) DO UPDATE SET"
        " phone_digest = excluded.phone_digest, name_digest = excluded.name_digest",
        (
            person["id"], digest(key, "phone", phone) if phone else None, digest(key, "name", search.plain(name)) if name else None,
        ),
    )  # fmt: skip


def _identity(person: Row) -> tuple[str, str]:
    """Name and phone, "" where they are not known."""
    name, phone = (
        subjects.unseal(person["secret"], f"identity.{column}", person["id"], person[column])
        for column in ("name_sealed", "phone_sealed")
    )
    return name, phone


def _keep_entry(tx: Tx, badge: Row, person: Row, number: int, months: int, today: date) -> int:
    """The entry of one badge, if it changed; returns the newest number."""
    old = tx.db.one("SELECT state, entry FROM roster_entry WHERE code = ?", (badge["code"],))
    before = msgspec.json.decode(old["entry"], type=Entry) if old else None
    if badge["void_reason"] is None and badge["state"] == "revoked":
        entry = Entry(code=badge["code"], state="revoked")
    elif badge["void_reason"] is None and _known(person):
        entry = Entry(
            code=badge["code"], state="active", person_id=person["id"], occupation=person["occupation"],
            platform=person["platform"] or None, name_sealed=person["name_sealed"] or None,
            until=_until(tx.db, person, before, months, today), station=person["station_name"] or None,
        )  # fmt: skip
    elif before is None:
        return number
    else:
        entry = Entry(code=badge["code"], state="gone")
    if entry == before:
        return number
    tx.run(
        "INSERT INTO roster_entry(code, number, state, entry) VALUES(?, ?, ?, ?) ON CONFLICT(code) DO UPDATE SET"
        " number = excluded.number, state = excluded.state, entry = excluded.entry",
        (entry.code, number + 1, entry.state, msgspec.json.encode(entry).decode()),
    )
    return number + 1


def _until(db: Database, person: Row, before: Entry | None, months: int, today: date) -> str:
    """The last day a badge opens a card: so many months after they came last, anywhere; told anew only near its end."""
    if before is not None and before.until and before.until > later(today, RENEWED_AT).isoformat():
        return before.until
    last = db.scalar(
        f"SELECT max(business_date) FROM visit WHERE person_id IN {aliases.MEMBERS} AND void_reason IS NULL AND business_date <= :today",
        {"person": aliases.final(db, person["id"]), "today": today.isoformat()},
    )
    return later(date.fromisoformat(max(last or "", person["registered_on"])), months).isoformat()


# --- for a pack -------------------------------------------------------------------------------------------------------------


def for_pack(tx: Tx, station_id: str) -> tuple[Roster, dict[str, bytes]]:
    """What a station does not know yet, inside the operation that writes its pack; the keys of the names in it by person."""
    db = tx.db
    since = known_at(db, station_id)
    rows = db.rows("SELECT number, entry FROM roster_entry WHERE number > ? ORDER BY number LIMIT ?", (since, MOST_ENTRIES))
    entries = [msgspec.json.decode(row["entry"], type=Entry) for row in rows]
    if not since:
        entries = [entry for entry in entries if entry.state != "gone"]
    whole = len(rows) < MOST_ENTRIES
    number = int(db.meta(NUMBER) or 0) if whole else int(rows[-1]["number"])
    named = [entry.person_id for entry in entries if entry.person_id]
    secrets = {
        row["subject_id"]: row["secret"]
        for row in db.rows("SELECT * FROM subject_key WHERE subject_id IN (SELECT value FROM json_each(?))", (json.dumps(named),))
    }
    roster = Roster(
        since=since, number=max(number, since), keys=_badge_keys(tx), entries=entries, merges=_merges(db),
        forgotten=[*_forgotten(db, station_id), *_forgotten_before(db, station_id)][:MOST_MERGES],
    )  # fmt: skip
    return roster, secrets


def known_at(db: Database, station_id: str) -> int:
    """Up to which number every computer of a station said that it knows the roster; 0 where one did not say, or of an older epoch.

    A store that sent none of the station's last batches (``HEARD``) says nothing any more: it notices by itself that it is behind.
    Counted by what came, not by days: beside a computer whose clock stands years ahead the other is heard all the same.
    """
    rows = db.rows(
        "SELECT s.store_id, (SELECT manifest FROM intake WHERE store_id = s.store_id ORDER BY no DESC, taken_in DESC LIMIT 1) AS manifest"
        " FROM store s WHERE s.store_id IN (SELECT store_id FROM (SELECT store_id FROM intake WHERE station_id = ?"
        " ORDER BY rowid DESC LIMIT ?))",
        (station_id, HEARD),
    )
    seen = [json.loads(row["manifest"]).get("regulars") or {} for row in rows if row["manifest"]]
    if not seen:
        return 0
    epoch, number = int(db.meta("epoch")), int(db.meta(NUMBER) or 0)
    return min(one.get("number", 0) if one.get("epoch") == epoch and one.get("number", 0) <= number else 0 for one in seen)


def _badge_keys(tx: Tx) -> list[BadgeKey]:
    """The keys that badges of the district are made with, the newest last; the first is made with the first pack."""
    newest = tx.db.meta("badge_version")
    if not newest:
        newest = new_badge_key(tx)
    rows = tx.db.rows("SELECT name, content FROM secret WHERE name LIKE 'badge!_%' ESCAPE '!'")
    found = {row["name"].removeprefix("badge_"): row["content"].hex() for row in rows}
    return [BadgeKey(version=version, key=key) for version, key in sorted(found.items(), key=lambda one: (one[0] == newest, one[0]))]


def new_badge_key(tx: Tx) -> str:
    """A new key for badges, inside an operation; returns its version digit. Cards made with the others stay genuine.

    After nine the digits begin anew: what was made with the oldest of them is then known by the roster alone.
    """
    version = str(int(tx.db.meta("badge_version") or 0) % 9 + 1)
    tx.run(
        "INSERT INTO secret(name, content) VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET content = excluded.content",
        (f"badge_{version}", os.urandom(32)),
    )
    tx.set_meta("badge_version", version)
    return version


def renew_badge_key(db: Database) -> tuple[str, Changes]:
    """The key for badges may have leaked: stations make new cards with another from their next pack on; returns its version."""
    with db.transact(Op.ENROL, made="badge_key") as tx:
        version = new_badge_key(tx)
    return version, Changes(tx.operation, Op.ENROL, {"meta": ("badge_version",)})


OWN_MERGES = "SELECT * FROM person_merge m WHERE m.void_reason IS NULL AND m.store_id NOT IN (SELECT store_id FROM store)"
"""The merges that the district made itself; those of stations stay in their house."""


def _merges(db: Database) -> list[Merge]:
    rows = db.rows(
        f"{OWN_MERGES} AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id IN (m.kept_id, m.merged_id)) ORDER BY m.id DESC LIMIT ?",
        (MOST_MERGES,),
    )
    return [Merge(kept_id=row["kept_id"], merged_id=row["merged_id"]) for row in rows]


def _forgotten(db: Database, station_id: str) -> list[str]:
    """People of a station whose other record, at another station, was forgotten because they withdrew: they are one person."""
    pairs = [(row["kept_id"], row["merged_id"]) for row in db.rows(f"{OWN_MERGES} ORDER BY m.time, m.id")]
    if not pairs:
        return []
    leads = aliases.grouped(pairs, {})
    ids = sorted({one for pair in pairs for one in pair})
    rows = db.rows(
        "SELECT p.id, s.station_id, (SELECT min(reason) FROM erasure WHERE subject_id = p.id AND reason <> 'expired') AS reason,"
        " EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id) AS erased FROM person p JOIN store s ON s.store_id = p.store_id"
        " WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.id",
        (json.dumps(ids),),
    )
    withdrew = {leads.get(row["id"], row["id"]) for row in rows if row["reason"]}
    return [row["id"] for row in rows if row["station_id"] == station_id and not row["erased"]
            and leads.get(row["id"], row["id"]) in withdrew][:MOST_MERGES]  # fmt: skip


def _forgotten_before(db: Database, station_id: str) -> list[str]:
    """People and requests that a station forgot as a store that another has taken the place of: put back from a backup on a new
    computer, nothing else may tell it who withdrew since (DECISIONS.md 1)."""
    rows = db.rows(
        "SELECT s.store_id, coalesce((SELECT json_extract(manifest, '$.parent') FROM intake WHERE store_id = s.store_id"
        " ORDER BY no DESC LIMIT 1), '') AS parent FROM store s WHERE s.station_id = ?",
        (station_id,),
    )
    known = {row["store_id"] for row in rows}
    parents = {row["parent"].partition("/")[0] for row in rows} - {""}
    heirs = {row["store_id"] for row in rows if row["parent"]}
    # of a store between two that are known nothing ever came: then it may have been any of the others
    gone = (parents & known) | (known - heirs if parents - known else set())
    if not gone:
        return []
    found = db.rows(
        "SELECT DISTINCT e.subject_id FROM erasure e WHERE e.store_id IN (SELECT value FROM json_each(:gone)) AND e.void_reason IS NULL"
        " AND e.reason NOT IN ('expired', 'undo') AND NOT EXISTS(SELECT 1 FROM erasure f WHERE f.subject_id = e.subject_id"
        " AND f.store_id IN (SELECT value FROM json_each(:left))) ORDER BY e.subject_id",
        {"gone": json.dumps(sorted(gone)), "left": json.dumps(sorted(known - gone))},
    )
    return [row["subject_id"] for row in found]


# --- one person at several stations -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Regular:
    """Somebody who agreed to be known in the district, at their station. ``visits`` are those with their badge, anywhere."""

    id: str
    station: str
    occupation: Occupation
    platform: str
    name: str
    phone: str
    registered_on: str
    visits: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that may be, or were found to be, one person; ``kept`` stands for both.

    ``why`` is "phone" or "name" for one that is suggested; ``operation`` the one that merged them, with its ``reason`` and time.
    """

    kept: Regular
    merged: Regular
    why: str = ""
    operation: str = ""
    reason: str = ""
    time: str = ""

    @property
    def id(self) -> str:
        """Both ids: a pair is shown once."""
        return f"{self.kept.id}/{self.merged.id}"


def suggestions(db: Database, limit: int = SHOWN) -> list[Pair]:
    """Records that may be one person, the same phone before the same name and occupation; an officer decides."""
    db.require_sight("named")
    pairs: dict[tuple[str, str], str] = {}
    for why, column, more in (("phone", "phone_digest", ""), ("name", "name_digest", "AND q.occupation = p.occupation")):
        rows = db.rows(
            f"SELECT a.person_id AS one, b.person_id AS other FROM person_key a JOIN person_key b ON b.{column} = a.{column}"
            f" AND b.person_id > a.person_id JOIN person p ON p.id = a.person_id JOIN person q ON q.id = b.person_id {more}"
            f" WHERE a.{column} IS NOT NULL AND {APART} AND {aliases.meant('a.person_id')} <> {aliases.meant('b.person_id')}"
            " ORDER BY a.person_id, b.person_id LIMIT ?",
            (limit,),
        )
        for row in rows:
            pairs.setdefault((row["one"], row["other"]), why)
    found = _regulars(db, {one for pair in pairs for one in pair})
    chosen = [(found[one], found[other], why) for (one, other), why in pairs.items() if one in found and other in found]
    return [_suggested(*both) for both in chosen][:limit]


def _suggested(one: Regular, other: Regular, why: str) -> Pair:
    kept, merged = sorted((one, other), key=lambda who: (-who.visits, who.registered_on, who.id))
    return Pair(kept, merged, why)


def merges(db: Database, limit: int = SHOWN) -> list[Pair]:
    """The records that were found to be one person, the newest first."""
    db.require_sight("named")
    rows = db.rows(
        f"SELECT m.*, (SELECT o.id FROM change c JOIN operation o ON o.sequence = c.operation WHERE c.table_name = 'person_merge'"
        f" AND c.row_id = m.id ORDER BY c.sequence LIMIT 1) AS operation FROM ({OWN_MERGES}) m ORDER BY m.time DESC, m.id DESC LIMIT ?",
        (limit,),
    )
    found = _regulars(db, {row[name] for row in rows for name in ("kept_id", "merged_id")})
    return [
        Pair(found[row["kept_id"]], found[row["merged_id"]], "", row["operation"] or "", row["reason"] or "", row["time"])
        for row in rows
        if row["kept_id"] in found and row["merged_id"] in found
    ]


def merge(db: Database, kept_id: str, merged_id: str, reason: str = "") -> tuple[Pair, Changes]:
    """Two records of two stations are one person: figures count them once, and every station learns it with its next pack.

    Undone like everything else. UserMistake for the same record, a long reason, or somebody unknown; Refused unless both agreed to
    be known in the district.
    """
    db.require_sight("named")
    if kept_id == merged_id or aliases.final(db, kept_id) == aliases.final(db, merged_id):
        raise UserMistake("people.merge_same")
    if len(reason) > LONGEST_REASON:
        raise UserMistake("people.long_reason", most=LONGEST_REASON)
    found = _regulars(db, {kept_id, merged_id})
    if len(found) < 2:
        raise Refused("people.merge_consent")
    with db.transact(Op.MERGE_PEOPLE, person=kept_id, merged=merged_id) as tx:
        tx.put(
            "person_merge",
            {
                "time": tx.stamp.time, "business_date": tx.stamp.business_date, "kept_id": kept_id, "merged_id": merged_id,
                "reason": reason.strip() or None, "keeper_id": db.acting,
            },
        )  # fmt: skip
        aliases.rebuild(tx)
    return Pair(found[kept_id], found[merged_id], "", tx.operation, reason.strip(), tx.stamp.time), tx.changes


def tell_apart(db: Database, first_id: str, second_id: str) -> Changes:
    """An officer looked and they are two people: they are not suggested again."""
    first, second = sorted((first_id, second_id))
    with db.transact(Op.MERGE_PEOPLE, person=first, apart=second) as tx:
        tx.run("INSERT INTO told_apart(first_id, second_id) VALUES(?, ?) ON CONFLICT DO NOTHING", (first, second))
    return Changes(tx.operation, Op.MERGE_PEOPLE, {"told_apart": (first,)})


def _regulars(db: Database, ids: Iterable[str]) -> dict[str, Regular]:
    """Those of these people who agreed to be known here, by id."""
    rows = db.rows(
        "SELECT p.*, i.name_sealed, i.phone_sealed, k.secret, e.name AS station_name, (SELECT count(*) FROM visit"
        f" WHERE person_id IN {aliases.members_of('p.id')} AND void_reason IS NULL) AS visits FROM person p"
        " JOIN subject_key k ON k.subject_id = p.id JOIN store s ON s.store_id = p.store_id JOIN enrolled e ON e.station_id = s.station_id"
        " LEFT JOIN identity i ON i.id = p.id AND i.void_reason IS NULL"
        " WHERE p.void_reason IS NULL AND p.consent = 'district' AND p.id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(ids)),),
    )
    return {
        row["id"]: Regular(
            row["id"], row["station_name"], Occupation(row["occupation"]), row["platform"] or "", *_identity(row), row["registered_on"],
            row["visits"],
        )
        for row in rows
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How the roster stands: badges known everywhere, badges revoked, pairs that wait for an officer, merges that stand."""

    active: int
    revoked: int
    waiting: int
    merged: int


def standing(db: Database) -> Standing:
    """How the roster stands."""
    counts = {row["state"]: row["n"] for row in db.rows("SELECT state, count(*) AS n FROM roster_entry GROUP BY state")}
    merged = int(db.scalar(f"SELECT count(*) FROM ({OWN_MERGES})"))
    return Standing(counts.get("active", 0), counts.get("revoked", 0), len(suggestions(db)), merged)


def stations_behind(db: Database) -> dict[str, int]:
    """By code of a station how many changes of the roster it has not said that it knows; those that know all are left out."""
    number = int(db.meta(NUMBER) or 0)
    behind = {one.code: number - known_at(db, one.station_id) for one in store.stations(db)}
    return {code: n for code, n in behind.items() if n > 0}
