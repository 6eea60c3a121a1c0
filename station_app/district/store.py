"""The district's own encrypted store: set up, opened; its stations by the keys they enrolled with; what it holds of each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from .. import backup, vault
from .. import db as database
from ..db import Database, Row, Tx
from ..errors import EnvironmentFault, Refused, UserMistake
from ..model import Changes, Keeper, Op, Role, uuid7
from ..paths import DataFolder
from ..rulebook import RuleSet
from ..schema import DISTRICT
from ..services import credentials, founding, incarnation, keepers, slots
from ..services.requests import REQUEST
from ..sync import carry, identity
from ..sync.manifest import Format, Link, Manifest, Seen
from . import holding, rules

FARTHEST = 1000
"""How many epochs ahead of ours a station's word is believed: an enrolled station is still somebody else's machine."""

# --- the store ---------------------------------------------------------------------------------------------------------


def set_up(
    folder: Path,
    code: str,
    name: str,
    officer: str,
    password: str,
    *,
    pin: str = "",
    recovery: str = "",
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "command",
    cost: vault.Cost = vault.DESK,
) -> Database:
    """A new district in an empty folder, open and ready. ``recovery`` is the age recipient of an offline key, if there is one.

    Raises UserMistake for what cannot be, EnvironmentFault when the folder is taken or unwritable.
    """
    place = DataFolder(folder, "district")
    if not (len(code) == 6 and code.isascii() and code.isdigit()):
        raise UserMistake("stations.bad_district_code", code=code)
    if not name.strip():
        raise UserMistake("district.no_name")
    if pin:
        vault.check_pin(pin)
    who = officer.strip() or name.strip()
    opened, _ = founding.found(
        place, DISTRICT, uuid7(), password, lambda db: _found(db, code, name.strip(), who, recovery, pin),
        taken="district.exists", clock=clock, holder=holder, cost=cost,
    )  # fmt: skip
    return opened


def _found(db: Database, code: str, name: str, officer: str, recovery: str, pin: str) -> None:
    fresh = identity.generate()
    with db.transact(Op.SET_UP) as tx:
        tx.set_meta("store_id", uuid7())
        tx.set_meta("zone", database.DEFAULT_ZONE)
        tx.set_meta("district_code", code)
        tx.set_meta("district_name", name)
        tx.set_meta("epoch", "1")
        tx.set_meta("recipients", json.dumps([fresh.public.recipient, *([recovery] if recovery else [])]))
        tx.set_meta("serial", "1")
        credentials.keep(tx, {**fresh.to_bytes(), "root_seed": fresh.seed, "digest": os.urandom(32)})
        keepers.write(tx, Keeper(db.acting, officer, Role.SUPERVISOR))
        if pin:
            keepers.write_pin(tx, db.acting, pin)


def open_district(
    folder: Path, password: str, *, clock: Callable[[], datetime] = database.wall_clock, holder: str = "command"
) -> Database:
    """Open a district's folder. Refused for a wrong password, UserMistake where no district is."""
    place = _there(folder)
    opened = vault.open_with_password(place.slots, password)
    db = _opened(place, opened, clock, holder)
    db.acting = opened.keeper_id
    return db


def open_with_recovery(
    folder: Path,
    groups: Sequence[str],
    *,
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "command",
) -> tuple[Database, vault.Root]:
    """Open a district's folder with its recovery sheet, to give an officer a new password (``keepers.reset_password``).

    Raises UserMistake naming a wrong group or where no district is, Refused for another's or an older sheet.
    """
    place = _there(folder)
    opened = vault.unlock_with_recovery(place.slots, groups)
    return _opened(place, opened, clock, holder), opened.root


def _there(folder: Path) -> DataFolder:
    """The files of the district in a folder, UserMistake where none is. A slot file that is lost comes back from the backups."""
    place = DataFolder(folder, "district")
    slots.put_back(place)
    if not place.exists:
        raise UserMistake("district.none_here", name=str(folder))
    return place


def _opened(place: DataFolder, opened: vault.Opened, clock: Callable[[], datetime], holder: str) -> Database:
    """The store, if this slot still opens it, backed up before a newer program changes it; what was interrupted is ended."""
    db = database.open(
        place.database, opened.root.database_key(), DISTRICT, clock=clock, holder=holder, before_migration=_back_up
    )
    slots.admit(db, opened)
    incarnation.settle(db)
    with suppress(EnvironmentFault):  # tried again before the next change of keys; the desk opens all the same
        slots.settle(db)
    return db


def _back_up(db: Database) -> None:
    backup.make(db, backup.Reason.BEFORE_MIGRATION)


def own_identity(db: Database) -> identity.Identity:
    """The key pairs the district signs packs and opens batches with at present."""
    return identity.from_bytes(credentials.stored(db))


def root(db: Database) -> identity.Identity:
    """The root key, which stations compare by fingerprint and which says what the district's other keys are."""
    return identity.from_bytes({**credentials.stored(db), "signing_seed": credentials.root_seed(db)})


def openers(db: Database) -> list[str]:
    """What opens stations' files, those sealed to a key before the present one too."""
    return [own_identity(db).opener, *(identity.from_bytes(kept).opener for kept in credentials.retired(db))]


def introduction(db: Database, rules: Sequence[RuleSet] = ()) -> bytes:
    """What the root key says of the district now; it goes ahead of every pack, and with the ``rules`` as ``trust-<district>.json``."""
    signer, own = root(db), own_identity(db)
    told = identity.Trust(
        verify_key=signer.public.verify_key.hex(), made=db.stamp().time, district=db.meta("district_code"),
        name=db.meta("district_name"), recipients=json.loads(db.meta("recipients")), signers=[own.public.verify_key.hex()],
        serial=int(db.meta("serial")), epoch=int(db.meta("epoch")), roster=int(db.meta("roster") or 0), rules=list(rules),
    )  # fmt: skip
    return identity.write_introduction(told, signer)


def introduce(db: Database, folder: Path) -> carry.Written:
    """Write ``trust-<district>.json`` for the stations; its fingerprint is compared on both screens.

    The rules go along, so that a station keeps them from its first day; where they are more than the file holds, the first pack
    brings them.
    """
    told = introduction(db, rules.for_pack(db))
    if len(told) > identity.LARGEST_INTRODUCTION:
        told = introduction(db)
    return carry.write_file(folder, identity.trust_name(db.meta("district_code")), told)


# --- stations ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Key:
    """The public keys of one computer of a station; ``key_id`` in hex, ``letter`` that of its store.

    ``replaced_by`` names the key that took its place: what it signed before stays good. ``revoked`` is when it was revoked
    (ISO 8601), ``reason`` why: what comes from it then goes to quarantine.
    """

    key_id: str
    station_id: str
    letter: str
    verify_key: bytes
    recipient: str
    enrolled: str
    replaced_by: str
    revoked: str
    reason: str

    @property
    def active(self) -> bool:
        """Whether packs are sealed to it."""
        return not self.revoked and not self.replaced_by

    @property
    def fingerprint(self) -> str:
        """Six groups of five digits, for comparing with the station's screen."""
        return identity.fingerprint(self.verify_key)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A station and the keys of its computers, those in use first; ``revoked`` is when the last of them was."""

    station_id: str
    code: str
    name: str
    phone: str
    enrolled: str
    revoked: str
    last_pack_no: int
    keys: tuple[Key, ...]

    @property
    def fingerprint(self) -> str:
        """That of its first computer in use: six groups of five digits, for comparing with the station's screen."""
        return self.keys[0].fingerprint

    @property
    def active(self) -> tuple[Key, ...]:
        """The keys that packs are sealed to."""
        return tuple(key for key in self.keys if key.active)


def enrol(db: Database, path: Path, *, accept: bool = False) -> tuple[Enrolled, Changes]:
    """Take a station's introduction; once more with the same key is harmless, a new key signed by a known one is taken.

    ``accept`` is an officer's word that the fingerprint was compared: another computer of a known station (another letter), or
    one that takes the place of a lost one (the same letter: the key before is revoked). Refused without it for another key under
    a known station, and always for another district's station, a key that was revoked, and a key or store of another station.
    """
    told = identity.read_enrolment(carry.read_file(path, identity.LARGEST_INTRODUCTION))
    if told.district != db.meta("district_code"):
        raise Refused("sync_page.other_district", theirs=told.district, ours=db.meta("district_code"))
    every = every_station(db)
    known = next((one for one in every if one.code == told.code or one.station_id == told.station_id), None)
    mine = known.station_id if known else told.station_id
    for other in every:
        here = next((key for key in other.keys if key.verify_key == told.public.verify_key), None)
        if other.station_id != mine and (here is not None or owner_of(db, told.store_id) == other.station_id):
            raise Refused("district.taken", station=other.name)
        if here is not None and here.revoked:
            raise Refused("district.revoked_key", station=other.name)
        if here is not None:
            return other, _heard_of_us(db, told, other)
    before = key_of(db, told.previous_id.hex())
    renewal = before is not None and before.station_id == mine and not before.revoked
    if known is not None and not renewal and not accept:
        raise Refused("district.other_key", station=known.name)
    with db.transact(Op.ENROL, station=told.code) as tx:
        if known is None:
            tx.run(
                "INSERT INTO enrolled(station_id, code, name, phone, enrolled, last_pack_no) VALUES(?, ?, ?, ?, ?, 0)",
                (mine, told.code, told.name, told.phone, tx.stamp.time),
            )
        if not renewal:
            tx.run(
                "UPDATE station_key SET revoked = ?, reason = 'replaced' WHERE station_id = ? AND letter = ? AND revoked IS NULL"
                " AND replaced_by IS NULL",
                (tx.stamp.time, mine, told.letter),
            )
        keep_key_of(tx, mine, told)
        add_store(tx, told.store_id, mine)
        hear(tx, told.seen, mine)
    return by_code(db, told.code), Changes(tx.operation, Op.ENROL, {"enrolled": (mine,)})


def _heard_of_us(db: Database, told: identity.Enrolment, station: Enrolled) -> Changes:
    """A station that is known introduces itself once more: nothing new, but for what it has seen of us."""
    if not _ahead(db, told.seen, station.station_id):
        return Changes("", Op.ENROL, {})
    with db.transact(Op.ENROL, station=station.code) as tx:
        hear(tx, told.seen, station.station_id)
    return Changes(tx.operation, Op.ENROL, {"meta": ("epoch",)})


def hear(tx: Tx, seen: Seen, station_id: str) -> None:
    """A station that had a word of us which we did not write yet: we were put back to an older state, and nothing here can tell but this.

    The epoch rises over what the station saw, so that everybody offers everything again (SYNC.md section 4, rule 6).
    """
    if _ahead(tx.db, seen, station_id):
        tx.set_meta("epoch", str(max(seen.epoch, int(tx.db.meta("epoch"))) + 1))


def _ahead(db: Database, seen: Seen, station_id: str) -> bool:
    epoch = int(db.meta("epoch"))
    return (seen.epoch, seen.no) > (epoch, last_pack_no(db, station_id)) and seen.epoch <= epoch + FARTHEST


def keep_key_of(tx: Tx, station_id: str, told: identity.Enrolment) -> None:
    """Keep a station's key, in the place of the one that it names before it, and count the roster up."""
    key_id = told.public.key_id.hex()
    tx.run(
        "INSERT INTO station_key(key_id, station_id, letter, verify_key, recipient, enrolled) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(key_id) DO NOTHING",
        (key_id, station_id, told.letter, told.verify_key, told.recipient, tx.stamp.time),
    )
    if told.previous:
        replace_key(tx, station_id, told)
    tx.run("UPDATE enrolled SET revoked = NULL WHERE station_id = ?", (station_id,))
    tx.set_meta("roster", str(int(tx.db.meta("roster") or 0) + 1))


def replace_key(tx: Tx, station_id: str, told: identity.Enrolment) -> None:
    """The key that a station's introduction names before its own counts no more for what is new."""
    tx.run(
        "UPDATE station_key SET replaced_by = ? WHERE key_id = ? AND station_id = ?",
        (told.public.key_id.hex(), told.previous_id.hex(), station_id),
    )


def keep_former(tx: Tx, station_id: str, told: identity.Enrolment) -> None:
    """Keep the key that a station's introduction names before its own, for what it signed; nothing is ever sealed to it."""
    tx.run(
        "INSERT INTO station_key(key_id, station_id, letter, verify_key, recipient, enrolled, replaced_by) VALUES(?, ?, ?, ?, '', ?, ?)",
        (told.previous_id.hex(), station_id, told.letter, told.previous, tx.stamp.time, told.public.key_id.hex()),
    )


def stations(db: Database) -> list[Enrolled]:
    """Every station that may send, by code."""
    return [station for station in every_station(db) if not station.revoked]


def every_station(db: Database) -> list[Enrolled]:
    """Every station that ever enrolled, those revoked too."""
    keys: dict[str, list[Key]] = {}
    for row in db.rows("SELECT * FROM station_key ORDER BY revoked IS NOT NULL, replaced_by IS NOT NULL, letter, enrolled DESC"):
        keys.setdefault(row["station_id"], []).append(_key(row))
    return [
        _enrolled(row, keys.get(row["station_id"], ()))
        for row in db.rows("SELECT * FROM enrolled ORDER BY code, enrolled")
    ]


def by_code(db: Database, code: str) -> Enrolled:
    """The station with this code; UserMistake without one."""
    found = next((station for station in every_station(db) if station.code == code.strip().upper()), None)
    if found is None:
        raise UserMistake("district.unknown_station", code=code)
    return found


def key_of(db: Database, key_id: str) -> Key | None:
    """The key with this id (hex), None for one nobody enrolled with."""
    row = db.one("SELECT * FROM station_key WHERE key_id = ?", (key_id,))
    return None if row is None else _key(row)


def verify_keys(db: Database) -> dict[bytes, bytes]:
    """Public keys of all stations by key id, for opening what they send; revoked ones too, whose files go to quarantine."""
    rows = db.rows("SELECT key_id, verify_key FROM station_key")
    return {bytes.fromhex(row["key_id"]): bytes.fromhex(row["verify_key"]) for row in rows}


def reads(db: Database, station_id: str) -> Format:
    """The versions of the format a station reads, by the newest of its batches; those of today before it sent one."""
    sql = "SELECT json_extract(manifest, '$.format') FROM intake WHERE station_id = ? ORDER BY closed DESC LIMIT 1"
    told = db.scalar(sql, (station_id,))
    return msgspec.json.decode(told, type=Format) if told else Format()


def stores_of(db: Database, station_id: str) -> list[str]:
    """The ids of every store a station has written from."""
    return [
        row["store_id"]
        for row in db.rows("SELECT store_id FROM store WHERE station_id = ? ORDER BY first_seen", (station_id,))
    ]


def stores_by_station(db: Database) -> dict[str, list[str]]:
    """The same for every station, by its id."""
    found: dict[str, list[str]] = {}
    for row in db.rows("SELECT station_id, store_id FROM store ORDER BY first_seen"):
        found.setdefault(row["station_id"], []).append(row["store_id"])
    return found


def owner_of(db: Database, store_id: str) -> str | None:
    """The station a store belongs to."""
    found: str | None = db.scalar("SELECT station_id FROM store WHERE store_id = ?", (store_id,))
    return found


def add_store(tx: Tx, store_id: str, station_id: str) -> None:
    """Remember which station writes from a store."""
    tx.run(
        "INSERT INTO store(store_id, station_id, first_seen) VALUES(?, ?, ?) ON CONFLICT(store_id) DO NOTHING",
        (store_id, station_id, tx.stamp.time),
    )


def _key(row: Row) -> Key:
    return Key(
        row["key_id"], row["station_id"], row["letter"], bytes.fromhex(row["verify_key"]), row["recipient"], row["enrolled"],
        row["replaced_by"] or "", row["revoked"] or "", row["reason"] or "",
    )  # fmt: skip


def _enrolled(row: Row, keys: Iterable[Key]) -> Enrolled:
    return Enrolled(
        row["station_id"], row["code"], row["name"], row["phone"] or "", row["enrolled"], row["revoked"] or "", row["last_pack_no"],
        tuple(keys),
    )  # fmt: skip


# --- what came in ------------------------------------------------------------------------------------------------------

LONG_ID = 36
"""Characters of an id; no number of a request is as long."""
MOST_TURNED_DOWN = 5000
"""How many a receipt tells: a pack has a bound, and who sends more has other worries."""


def is_known(db: Database, batch_hash: str) -> bool:
    """Whether a batch with this hash was taken in."""
    return db.scalar("SELECT 1 FROM intake WHERE hash = ?", (batch_hash,)) is not None


def keep_intake(tx: Tx, station_id: str, batch_hash: str, head: Manifest) -> None:
    """Note a batch that was taken in, with what its manifest told."""
    part = head.snapshot
    tx.run(
        "INSERT INTO intake(hash, station_id, store_id, no, previous, row_count, taken_in, closed, chain, witnessed, part, parts, manifest)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            batch_hash, station_id, head.store_id, head.no, head.prev, sum(table.rows for table in head.tables), tx.stamp.time,
            head.closed, _link(head.chain), _link(head.witnessed), part.part if part else None, part.parts if part else None,
            msgspec.json.encode(head).decode(),
        ),
    )  # fmt: skip


def forked(db: Database, store_id: str) -> bool:
    """Whether two go on under one store id unseen (a whole image put to use twice): an older version may be of the other's making."""
    return any(
        db.scalar(f"SELECT 1 FROM intake a JOIN intake b ON b.store_id = a.store_id AND {apart} WHERE a.store_id = ? LIMIT 1", (store_id,))
        for apart in ("b.no = a.no AND b.hash <> a.hash", "b.no = a.no + 1 AND b.previous <> a.hash")
    )


def _link(told: Link) -> str:
    return f"{told.operation}:{told.hash}" if told.operation else ""


def keep_losers(tx: Tx, table: str, images: Sequence[Row]) -> None:
    """Keep images that another took the place of though it was not made of them, or may not be: they stay visible."""
    tx.run_many(
        "INSERT OR IGNORE INTO superseded(table_name, row_id, version, store_id, image, noticed) VALUES(?, ?, ?, ?, ?, ?)",
        [(table, row["id"], row["version"], row["store_id"], database.image(row), tx.stamp.time) for row in images],
    )


def turn_down(tx: Tx, table: str, rows: Sequence[Row], station_id: str, reason: str, batch_hash: str) -> None:
    """Keep which rows were not taken and why, for the station's receipt."""
    tx.run_many(
        "INSERT INTO turned_down(table_name, row_id, version, station_id, reason, batch_hash) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET reason = excluded.reason, batch_hash = excluded.batch_hash",
        [(table, row["id"], row["version"], station_id, reason, batch_hash) for row in rows],
    )


def keep_key(tx: Tx, subject_id: str, secret: bytes) -> None:
    """Keep a subject's key."""
    tx.run(
        "INSERT INTO subject_key(subject_id, secret) VALUES(?, ?) ON CONFLICT(subject_id) DO UPDATE SET secret = excluded.secret",
        (subject_id, secret),
    )


def locked_keys(tx: Tx) -> list[tuple[str, str]]:
    """(id, key sealed to us) of the requests taken in by this operation whose words only we may read."""
    rows = tx.db.rows(
        "SELECT id, locked_key FROM request WHERE locked_key IS NOT NULL AND id IN (SELECT value FROM json_each(?))",
        (json.dumps(tx.changes.rows.get("request", ())),),
    )
    return [(row["id"], row["locked_key"]) for row in rows]


def may_know(db: Database, subject_id: str, stores: Sequence[str]) -> bool:
    """Whether a key for this subject may be kept: a request of the sender's, or one of its people who agreed to be known in
    the district; and not erased by it."""
    marks = ", ".join("?" * len(stores))
    return (
        db.scalar(
            f"SELECT 1 WHERE EXISTS(SELECT 1 FROM person WHERE id = ? AND consent = 'district' AND store_id IN ({marks})"
            f" UNION ALL SELECT 1 FROM request WHERE id = ? AND store_id IN ({marks}))"
            f" AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id = ? AND store_id IN ({marks}))",
            [subject_id, *stores, subject_id, *stores, subject_id, *stores],
        )
        is not None
    )


def owners_of_subject(db: Database, subject_id: str) -> set[str]:
    """The stores that wrote a person or a request with this id; none before it came."""
    sql = "SELECT store_id FROM person WHERE id = ? UNION ALL SELECT store_id FROM request WHERE id = ?"
    return {row["store_id"] for row in db.rows(sql, (subject_id, subject_id))}


def owner(db: Database, table: str, row_id: str) -> set[str]:
    """The store that wrote this row of a ledger; none before it came."""
    return {row["store_id"] for row in db.rows(f"SELECT store_id FROM {table} WHERE id = ?", (row_id,))}


def other_day(db: Database, business_date: str, store_id: str, row_id: str) -> bool:
    """Whether a store told of this day under another id: there is one row a day and store."""
    sql = "SELECT 1 FROM station_day WHERE business_date = ? AND store_id = ? AND id <> ?"
    return db.one(sql, (business_date, store_id, row_id)) is not None


def forget_erased(tx: Tx) -> int:
    """Apply every erasure: the keys of erased subjects go, whatever came in before or after.

    A station can make us forget its own people and requests only. Taking an erasure back does not bring a key back.
    """
    gone = tx.run(
        "DELETE FROM subject_key WHERE subject_id IN (SELECT e.subject_id FROM erasure e JOIN store teller ON teller.store_id = e.store_id"
        " JOIN store owner ON owner.store_id = coalesce((SELECT store_id FROM person WHERE id = e.subject_id),"
        " (SELECT store_id FROM request WHERE id = e.subject_id)) WHERE owner.station_id = teller.station_id)"
    )
    tx.forgets |= gone > 0  # their old pages leave the write-ahead log too
    return gone


def forget_withdrawn(tx: Tx) -> None:
    """Forget the keys of those who, by what this operation took in, do not agree any more to be known in the district."""
    tx.run_many(
        "DELETE FROM subject_key WHERE subject_id = (SELECT id FROM person WHERE id = ? AND consent <> 'district')",
        [(person_id,) for person_id in tx.changes.rows.get("person", ())],
    )
    tx.forgets |= "person" in tx.changes.rows


def newest_manifests(db: Database, store_id: str) -> list[tuple[str, Manifest]]:
    """(hash, manifest) of the batch with the highest number of a store; of several where it is forked."""
    sql = "SELECT hash, manifest FROM intake WHERE store_id = :id AND no = (SELECT max(no) FROM intake WHERE store_id = :id)"
    return [(row["hash"], msgspec.json.decode(row["manifest"], type=Manifest)) for row in db.rows(sql, {"id": store_id})]


def set_agreement(tx: Tx, batch_hash: str, agrees: bool | None) -> None:
    """Note whether our totals equal those the station's manifest told."""
    tx.run("UPDATE intake SET agrees = ? WHERE hash = ?", (None if agrees is None else int(agrees), batch_hash))


# the parent is asked for where it counts only: a manifest is the longest part of its row
INTAKE = (
    "SELECT hash, station_id, store_id, no, previous, row_count, taken_in, closed, agrees, chain, witnessed, part, parts,"
    " CASE WHEN no = min(no) OVER (PARTITION BY store_id) THEN json_extract(manifest, '$.parent') END AS parent FROM intake"
)


def held(db: Database, station_id: str) -> holding.Held:
    """What the district holds of a station."""
    return holding.gathered(db.rows(f"{INTAKE} WHERE station_id = ? ORDER BY store_id, no, taken_in", (station_id,)))


def held_of_all(db: Database) -> dict[str, holding.Held]:
    """The same for every station that sent something, by its id, in one look."""
    by_station: dict[str, list[Row]] = {}
    for row in db.rows(f"{INTAKE} ORDER BY store_id, no, taken_in"):
        by_station.setdefault(row["station_id"], []).append(row)
    return {station_id: holding.gathered(rows) for station_id, rows in by_station.items()}


def taken_after_all(tx: Tx, station_id: str) -> None:
    """Rows that this operation took are not turned down any more: a later version, or the same after an officer's decision."""
    if tx.db.one("SELECT 1 FROM turned_down WHERE station_id = ? LIMIT 1", (station_id,)) is None:
        return
    for table, ids in tx.changes.rows.items():
        tx.run(
            "DELETE FROM turned_down WHERE station_id = ? AND table_name = ? AND row_id IN (SELECT value FROM json_each(?))",
            (station_id, table, json.dumps(ids)),
        )


def turned_down(db: Database, station_id: str) -> list[Row]:
    """The rows of a station that were not taken, the newest ``MOST_TURNED_DOWN``."""
    return db.rows(
        "SELECT table_name, row_id, version, reason FROM turned_down WHERE station_id = ? ORDER BY rowid DESC LIMIT ?",
        (station_id, MOST_TURNED_DOWN),
    )


def ask_snapshot(tx: Tx, station_id: str, asked: bool) -> None:
    """Ask a station for every row as it is, or not any more."""
    tx.run("UPDATE store SET snapshot_asked = ? WHERE station_id = ?", (tx.stamp.time if asked else None, station_id))


def snapshot_asked(db: Database, store_id: str) -> bool:
    """Whether a store is asked for every row as it is."""
    return db.scalar("SELECT snapshot_asked FROM store WHERE store_id = ?", (store_id,)) is not None


def next_pack_no(tx: Tx, station_id: str) -> int:
    """The number of the next pack for a station: numbers only rise. All packs are counted for the anchor."""
    tx.set_meta("packs", str(int(tx.db.meta("packs") or 0) + 1))
    tx.run("UPDATE enrolled SET last_pack_no = last_pack_no + 1 WHERE station_id = ?", (station_id,))
    return int(tx.db.scalar("SELECT last_pack_no FROM enrolled WHERE station_id = ?", (station_id,)))


def last_pack_no(db: Database, station_id: str) -> int:
    """The number of the last pack written for a station."""
    return int(db.scalar("SELECT last_pack_no FROM enrolled WHERE station_id = ?", (station_id,)))


def answers_for(db: Database, stores: Sequence[str]) -> list[Row]:
    """Every step on requests of these stores that was taken at the district or at another station."""
    marks = ", ".join("?" * len(stores))
    return db.rows(
        "SELECT s.* FROM request_step s JOIN request r ON r.id = s.request_id"
        f" WHERE s.side IN ('district', 'elsewhere') AND r.store_id IN ({marks}) ORDER BY s.request_id, s.round, s.id",
        list(stores),
    )


def requests_named(db: Database, text: str) -> list[Row]:
    """The requests of this number, or the one with this id, as ``requests.record`` reads them: two of one number where a
    computer was copied and neither knew yet."""
    column, wanted = ("id", text.lower()) if len(text) == LONG_ID else ("number", text.upper())
    return db.rows(f"{REQUEST} WHERE r.{column} = ? AND r.void_reason IS NULL ORDER BY r.time, r.id", (wanted,))


def request_rows(db: Database, limit: int) -> list[Row]:
    """Requests of all stations, the newest first."""
    return db.rows(f"{REQUEST} WHERE r.void_reason IS NULL ORDER BY r.time DESC LIMIT ?", (limit,))


# --- everything, for other engines -------------------------------------------------------------------------------------


def page(db: Database, table: str, after: str, most: int) -> list[Row]:
    """The next rows of a ledger table by id, those after ``after``."""
    columns = ", ".join(db.columns(table))
    return db.rows(f"SELECT {columns} FROM {table} WHERE id > ? ORDER BY id LIMIT ?", (after, most))


def count_rows(db: Database, tables: Iterable[str]) -> int:
    """The rows of these ledger tables."""
    return sum(int(db.scalar(f"SELECT count(*) FROM {table}")) for table in tables if db.columns(table))


def all_stores(db: Database) -> list[Row]:
    """Every database whose rows stand here, with its station; the district's own has no station code."""
    return db.rows(
        "SELECT '' AS station_code, ? AS station_name, ? AS store_id, NULL AS first_seen UNION ALL"
        " SELECT e.code, e.name, s.store_id, s.first_seen FROM store s JOIN enrolled e ON e.station_id = s.station_id"
        " ORDER BY station_code, first_seen",
        (db.meta("district_name"), db.store_id),
    )
