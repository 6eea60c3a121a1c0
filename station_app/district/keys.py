"""Keys that change: a station's that it renewed or lost, the district's own; and what revoked keys still send.

A revoked key's files go to **quarantine**: kept whole as they came, listed, until an officer releases them (their rows are taken
in as if the key stood) or drops them, each with a reason (SYNC.md section 4, rule 8).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Op
from ..services import credentials
from ..sync import identity
from . import store


def revoke(db: Database, code: str, reason: str, letter: str = "") -> tuple[store.Enrolled, Changes]:
    """Revoke the keys of a station's computers, or of the one with ``letter``: a lost PC, a station that was closed.

    What they signed and was taken in stays. UserMistake for an unknown station or letter, or without a reason.
    """
    station = store.by_code(db, code)
    if not reason.strip():
        raise UserMistake("district.no_reason")
    chosen = [key for key in station.keys if not key.revoked and letter in ("", key.letter)]
    if not chosen:
        raise UserMistake("district.no_such_key", station=station.name)
    with db.transact(Op.ENROL, station=station.code, revoked=len(chosen)) as tx:
        tx.run_many(
            "UPDATE station_key SET revoked = ?, reason = ? WHERE key_id = ?",
            [(tx.stamp.time, reason.strip(), key.key_id) for key in chosen],
        )
        tx.run(
            "UPDATE enrolled SET revoked = :time WHERE station_id = :id AND NOT EXISTS(SELECT 1 FROM station_key"
            " WHERE station_id = :id AND revoked IS NULL AND replaced_by IS NULL)",
            {"id": station.station_id, "time": tx.stamp.time},
        )
        tx.set_meta("roster", str(int(db.meta("roster") or 0) + 1))
    return store.by_code(db, station.code), Changes(tx.operation, Op.ENROL, {"enrolled": (station.station_id,)})


def renew(tx: Tx, station: store.Enrolled, renewed: Iterable[identity.Enrolment]) -> None:
    """Keep the keys that introductions ahead of a station's batches bind to one that is known; most often none is new."""
    for told in renewed:
        if told.code != station.code or told.district != tx.db.meta("district_code"):
            raise Refused("district.wrong_sender", station=told.code)
        known, before = store.key_of(tx.db, told.public.key_id.hex()), store.key_of(tx.db, told.previous_id.hex())
        if any(key is not None and key.station_id != station.station_id for key in (known, before)):
            raise Refused("district.taken", station=station.name)
        if known is None:
            store.keep_key_of(tx, station.station_id, told)
        if before is None:
            store.keep_former(tx, station.station_id, told)
        elif not before.replaced_by:  # it came later, with what it signed
            store.replace_key(tx, station.station_id, told)


def rotate(db: Database) -> tuple[identity.Identity, Changes]:
    """New keys for signing packs and opening batches; the root key, which stays, tells the stations with the next pack."""
    fresh = identity.generate()
    with db.transact(Op.ENROL, made="identity") as tx:
        credentials.retire(tx)
        credentials.keep(tx, fresh.to_bytes())
        recovery = json.loads(db.meta("recipients"))[1:]
        tx.set_meta("recipients", json.dumps([fresh.public.recipient, *recovery]))
        tx.set_meta("serial", str(int(db.meta("serial")) + 1))
    return fresh, Changes(tx.operation, Op.ENROL, {"meta": ("recipients",)})


def ask_snapshot(db: Database, code: str) -> tuple[store.Enrolled, Changes]:
    """Ask a station for every row as it is, with its next pack: the last resort for a gap that nothing fills."""
    station = store.by_code(db, code)
    with db.transact(Op.ENROL, station=station.code, snapshot=True) as tx:
        store.ask_snapshot(tx, station.station_id, True)
    return station, Changes(tx.operation, Op.ENROL, {"enrolled": (station.station_id,)})


# --- quarantine ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """A file of a revoked key: when it came, what it holds; ``decision`` is "" until an officer "released" or "dropped" it."""

    id: str
    station: str
    code: str
    key_id: str
    arrived: str
    batches: int
    rows: int
    decision: str
    decided: str
    reason: str


def quarantine(tx: Tx, station_id: str, key_id: str, content: bytes | memoryview, batches: int, rows: int) -> None:
    """Keep a file of a revoked key whole, once however often it comes."""
    data = bytes(content)
    tx.run(
        "INSERT INTO quarantine(id, station_id, key_id, arrived, batches, row_count, content) VALUES(?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(id) DO NOTHING",
        (hashlib.sha256(data).hexdigest()[:16], station_id, key_id, tx.stamp.time, batches, rows, data),
    )


QUARANTINE = (
    "SELECT q.id, q.key_id, q.arrived, q.batches, q.row_count, q.decision, q.decided, q.reason, e.name, e.code FROM quarantine q"
    " JOIN enrolled e ON e.station_id = q.station_id"
)


def held(db: Database, *, decided: bool = False) -> list[Held]:
    """What lies in quarantine, the newest first; with ``decided`` also what was decided about before."""
    where = "" if decided else " WHERE q.decision IS NULL"
    return [_held(row) for row in db.rows(f"{QUARANTINE}{where} ORDER BY q.arrived DESC, q.id")]


def content(db: Database, held_id: str) -> bytes:
    """A file in quarantine as it came; UserMistake when there is none of this id that waits."""
    found: bytes | None = db.scalar("SELECT content FROM quarantine WHERE id = ? AND decision IS NULL", (held_id,))
    if found is None:
        raise UserMistake("district.not_held", id=held_id)
    return found


def decide(tx: Tx, held_id: str, decision: str, reason: str) -> None:
    """Note what an officer decided and why; the file itself goes, what was taken in of it stands in the ledgers."""
    if not reason.strip():
        raise UserMistake("district.no_reason")
    tx.run(
        "UPDATE quarantine SET decision = ?, decided = ?, reason = ?, keeper_id = ?, content = NULL WHERE id = ?",
        (decision, tx.stamp.time, reason.strip(), tx.db.acting, held_id),
    )


def drop(db: Database, held_id: str, reason: str) -> Changes:
    """Throw away what a revoked key sent; that it came and why it was dropped stays."""
    content(db, held_id)
    with db.transact(Op.TAKE_IN, dropped=held_id) as tx:
        decide(tx, held_id, "dropped", reason)
    return Changes(tx.operation, Op.TAKE_IN, {"quarantine": (held_id,)})


def _held(row: Row) -> Held:
    return Held(
        row["id"], row["name"], row["code"], row["key_id"], row["arrived"], row["batches"], row["row_count"], row["decision"] or "",
        row["decided"] or "", row["reason"] or "",
    )  # fmt: skip
