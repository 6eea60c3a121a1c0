"""The district's own encrypted store: set up, opened; its stations by the keys they enrolled with; what it holds of each."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .. import db as database
from .. import vault
from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Keeper, Op, Role, uuid7
from ..paths import DataFolder
from ..schema import DISTRICT
from ..services import credentials, founding, keepers
from ..services.requests import REQUEST
from ..sync import carry, identity

# --- the store ---------------------------------------------------------------------------------------------------------


def set_up(
    folder: Path,
    code: str,
    name: str,
    officer: str,
    password: str,
    *,
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
    opened, _ = founding.found(
        place, DISTRICT, uuid7(), password, lambda db: _found(db, code, name.strip(), officer.strip() or name.strip(), recovery),
        taken="district.exists", clock=clock, holder=holder, cost=cost,
    )  # fmt: skip
    return opened


def _found(db: Database, code: str, name: str, officer: str, recovery: str) -> None:
    fresh = identity.generate()
    with db.transact(Op.SET_UP) as tx:
        tx.set_meta("store_id", uuid7())
        tx.set_meta("zone", database.DEFAULT_ZONE)
        tx.set_meta("district_code", code)
        tx.set_meta("district_name", name)
        tx.set_meta("epoch", "1")
        tx.set_meta("recipients", json.dumps([fresh.public.recipient, *([recovery] if recovery else [])]))
        credentials.keep(tx, {**fresh.to_bytes(), "digest": os.urandom(32)})
        keepers.write(tx, Keeper(db.acting, officer, Role.SUPERVISOR))


def open_district(
    folder: Path, password: str, *, clock: Callable[[], datetime] = database.wall_clock, holder: str = "command"
) -> Database:
    """Open a district's folder. Refused for a wrong password, UserMistake where no district is."""
    place = DataFolder(folder, "district")
    if not place.exists:
        raise UserMistake("district.none_here", name=str(folder))
    root, officer_id = vault.unlock(place.slots, password)
    db = database.open(place.database, root.database_key(), DISTRICT, clock=clock, holder=holder)
    db.acting = officer_id
    return db


def own_identity(db: Database) -> identity.Identity:
    """The district's key pairs."""
    return identity.from_bytes(credentials.stored(db))


def introduce(db: Database, folder: Path) -> carry.Written:
    """Write ``trust-<district>.json`` for the stations; its fingerprint is compared on both screens."""
    own = own_identity(db)
    told = identity.Trust(
        verify_key=own.public.verify_key.hex(), made=db.stamp().time, district=db.meta("district_code"),
        name=db.meta("district_name"), recipients=json.loads(db.meta("recipients")), epoch=int(db.meta("epoch")),
    )  # fmt: skip
    return carry.write_file(folder, identity.trust_name(told.district), identity.write_introduction(told, own))


# --- stations ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A station that may send: who it is and its public keys; ``key_id`` in hex."""

    station_id: str
    code: str
    name: str
    verify_key: bytes
    recipient: str
    key_id: str
    phone: str
    enrolled: str
    last_pack_no: int

    @property
    def fingerprint(self) -> str:
        """Six groups of five digits, for comparing with the station's screen."""
        return identity.fingerprint(self.verify_key)


def enrol(db: Database, path: Path) -> tuple[Enrolled, Changes]:
    """Take a station's introduction; once more with the same key is harmless.

    Refused for another district's station, for another key under a known station (that needs the district's decision), and for a
    key or store that is another station's.
    """
    told = identity.read_enrolment(carry.read_file(path, identity.LARGEST_INTRODUCTION))
    if told.district != db.meta("district_code"):
        raise Refused("sync_page.other_district", theirs=told.district, ours=db.meta("district_code"))
    for known in stations(db):
        if known.station_id == told.station_id or known.code == told.code:
            if known.verify_key != told.public.verify_key:
                raise Refused("district.other_key", station=known.name)
            return known, Changes("", Op.ENROL, {})
        if known.verify_key == told.public.verify_key or owner_of(db, told.store_id) == known.station_id:
            raise Refused("district.taken", station=known.name)
    with db.transact(Op.ENROL, station=told.code) as tx:
        tx.run(
            "INSERT INTO enrolled(station_id, code, name, verify_key, recipient, key_id, phone, enrolled, last_pack_no)"
            " VALUES(?, ?, ?, ?, ?, ?, ?, ?, 0)",
            (
                told.station_id, told.code, told.name, told.verify_key, told.recipient, told.public.key_id.hex(), told.phone, tx.stamp.time,
            ),
        )  # fmt: skip
        add_store(tx, told.store_id, told.station_id)
    return by_code(db, told.code), Changes(tx.operation, Op.ENROL, {"enrolled": (told.station_id,)})


def stations(db: Database) -> list[Enrolled]:
    """Every station that may send, by code."""
    return [_enrolled(row) for row in db.rows("SELECT * FROM enrolled WHERE revoked IS NULL ORDER BY code")]


def by_code(db: Database, code: str) -> Enrolled:
    """The station with this code; UserMistake without one."""
    row = db.one("SELECT * FROM enrolled WHERE code = ? AND revoked IS NULL", (code.strip().upper(),))
    if row is None:
        raise UserMistake("district.unknown_station", code=code)
    return _enrolled(row)


def verify_keys(db: Database) -> dict[bytes, bytes]:
    """Public keys of all stations by key id, for opening what they send."""
    return {bytes.fromhex(station.key_id): station.verify_key for station in stations(db)}


def stores_of(db: Database, station_id: str) -> list[str]:
    """The ids of every store a station has written from."""
    return [
        row["store_id"]
        for row in db.rows("SELECT store_id FROM store WHERE station_id = ? ORDER BY first_seen", (station_id,))
    ]


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


def _enrolled(row: Row) -> Enrolled:
    return Enrolled(
        row["station_id"], row["code"], row["name"], bytes.fromhex(row["verify_key"]), row["recipient"], row["key_id"],
        row["phone"] or "", row["enrolled"], row["last_pack_no"],
    )  # fmt: skip


# --- what came in ------------------------------------------------------------------------------------------------------

MOST_GAPS = 500
MOST_TURNED_DOWN = 5000
"""How many of each a receipt tells: a pack has a bound, and who sends more has other worries."""


def is_known(db: Database, batch_hash: str) -> bool:
    """Whether a batch with this hash was taken in."""
    return db.scalar("SELECT 1 FROM intake WHERE hash = ?", (batch_hash,)) is not None


def keep_intake(
    tx: Tx, *, hash: str, station_id: str, store_id: str, no: int, previous: str, rows: int, closed: str, manifest: str
) -> None:
    """Note a batch that was taken in."""
    tx.run(
        "INSERT INTO intake(hash, station_id, store_id, no, previous, row_count, taken_in, closed, manifest)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (hash, station_id, store_id, no, previous, rows, tx.stamp.time, closed, manifest),
    )


def keep_losers(tx: Tx, table: str, images: Sequence[Row]) -> None:
    """Keep images that lost against another of the same version, so that they stay visible."""
    tx.run_many(
        "INSERT INTO superseded(table_name, row_id, version, store_id, image, noticed) VALUES(?, ?, ?, ?, ?, ?)",
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


def other_day(db: Database, business_date: str, store_id: str, row_id: str) -> bool:
    """Whether a store told of this day under another id: there is one row a day and store."""
    sql = "SELECT 1 FROM station_day WHERE business_date = ? AND store_id = ? AND id <> ?"
    return db.one(sql, (business_date, store_id, row_id)) is not None


def forget_erased(tx: Tx) -> int:
    """Apply every erasure: the keys of erased subjects go, whatever came in before or after.

    A station can make us forget its own people and requests only. Taking an erasure back does not bring a key back.
    """
    return tx.run(
        "DELETE FROM subject_key WHERE subject_id IN (SELECT e.subject_id FROM erasure e JOIN store teller ON teller.store_id = e.store_id"
        " JOIN store owner ON owner.store_id = coalesce((SELECT store_id FROM person WHERE id = e.subject_id),"
        " (SELECT store_id FROM request WHERE id = e.subject_id)) WHERE owner.station_id = teller.station_id)"
    )


def forget_withdrawn(tx: Tx) -> None:
    """Forget the keys of those who, by what this operation took in, do not agree any more to be known in the district."""
    tx.run_many(
        "DELETE FROM subject_key WHERE subject_id = (SELECT id FROM person WHERE id = ? AND consent <> 'district')",
        [(person_id,) for person_id in tx.changes.rows.get("person", ())],
    )


def newest_no(db: Database, store_id: str) -> int:
    """The highest batch number that came from a store."""
    return int(db.scalar("SELECT coalesce(max(no), 0) FROM intake WHERE store_id = ?", (store_id,)))


def set_agreement(tx: Tx, batch_hash: str, agrees: bool | None) -> None:
    """Note whether our totals equal those the station's manifest told."""
    tx.run("UPDATE intake SET agrees = ? WHERE hash = ?", (None if agrees is None else int(agrees), batch_hash))


@dataclass(frozen=True, slots=True)
class Held:
    """What the district holds of one station: batches, gaps, forks, the newest, whether totals agree (None: cannot tell)."""

    batches: int
    newest_no: int
    newest_closed: str
    last_taken_in: str
    missing: tuple[tuple[str, int], ...]
    forks: tuple[tuple[str, int, tuple[str, ...]], ...]
    agrees: bool | None
    hashes: tuple[str, ...]


def held(db: Database, station_id: str) -> Held:
    """What the district holds of a station."""
    rows = db.rows("SELECT * FROM intake WHERE station_id = ? ORDER BY store_id, no, taken_in", (station_id,))
    by_store: dict[str, dict[int, list[str]]] = {}
    for row in rows:
        by_store.setdefault(row["store_id"], {}).setdefault(row["no"], []).append(row["hash"])
    missing = tuple((store, no) for store, numbers in by_store.items() for no in _gaps(numbers, _begins(rows, store)))
    forks = tuple(
        (store, no, tuple(hashes))
        for store, numbers in by_store.items()
        for no, hashes in numbers.items()
        if len(hashes) > 1 or _broken(rows, store, numbers, no)
    )
    newest = max(rows, key=lambda row: (row["closed"], row["no"]), default=None)
    agrees = None if newest is None or newest["agrees"] is None else bool(newest["agrees"])
    return Held(
        batches=len(rows), newest_no=newest["no"] if newest else 0, newest_closed=newest["closed"] if newest else "",
        last_taken_in=max((row["taken_in"] for row in rows), default=""), missing=missing, forks=forks, agrees=agrees,
        hashes=tuple(row["hash"] for row in rows),
    )  # fmt: skip


def _broken(rows: Sequence[Row], store_id: str, numbers: Mapping[int, Sequence[str]], no: int) -> bool:
    """Whether a batch names another before it than the one we hold: its station's past was written anew."""
    before = numbers.get(no - 1, ("",) if no == 1 else ())
    told = {row["previous"] or "" for row in rows if row["store_id"] == store_id and row["no"] == no}
    return bool(before) and not told <= set(before)


def _begins(rows: Sequence[Row], store_id: str) -> int:
    """The number a store's batches begin with: a restored one goes on counting after the batch it names as its parent."""
    first = min((row for row in rows if row["store_id"] == store_id), key=lambda row: row["no"])
    parent = str(json.loads(first["manifest"]).get("parent") or "").partition("/")[2]
    if not parent:
        return 1
    return next((row["no"] + 1 for row in rows if row["hash"] == parent), int(first["no"]))


def _gaps(numbers: Iterable[int], first: int) -> Iterator[int]:
    """The numbers missing from ``first`` to the highest, ``MOST_GAPS`` at most: a station may number its batches as it likes."""
    left, expected = MOST_GAPS, first
    for no in sorted(numbers):
        for gap in range(expected, min(no, expected + left)):
            left -= 1
            yield gap
        expected = no + 1


def turned_down(db: Database, station_id: str) -> list[Row]:
    """The rows of a station that were not taken, the newest ``MOST_TURNED_DOWN``."""
    return db.rows(
        "SELECT table_name, row_id, version, reason FROM turned_down WHERE station_id = ? ORDER BY rowid DESC LIMIT ?",
        (station_id, MOST_TURNED_DOWN),
    )


def next_pack_no(tx: Tx, station_id: str) -> int:
    """The number of the next pack for a station: numbers only rise."""
    tx.run("UPDATE enrolled SET last_pack_no = last_pack_no + 1 WHERE station_id = ?", (station_id,))
    return int(tx.db.scalar("SELECT last_pack_no FROM enrolled WHERE station_id = ?", (station_id,)))


def answers_for(db: Database, stores: Sequence[str]) -> list[Row]:
    """Every step the district took on requests of these stores."""
    marks = ", ".join("?" * len(stores))
    return db.rows(
        "SELECT s.* FROM request_step s JOIN request r ON r.id = s.request_id"
        f" WHERE s.side = 'district' AND r.store_id IN ({marks}) ORDER BY s.request_id, s.round, s.id",
        list(stores),
    )


def request_row(db: Database, number: str) -> Row | None:
    """The request of this number, as ``requests.record`` reads it."""
    return db.one(f"{REQUEST} WHERE r.number = ? AND r.void_reason IS NULL", (number,))


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
