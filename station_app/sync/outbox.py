"""The station's way up: who it is, whom it trusts, closing a batch, writing every unconfirmed batch to a folder.

Closing a batch is one operation; the bytes it makes are kept for good and carried again with every export until a receipt
lists their hash (SYNC.md section 4, rule 1).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from ..db import Database
from ..errors import EnvironmentFault, Refused
from ..model import Changes, Op
from ..paths import DataFolder
from ..services import credentials, exchange, stations
from ..vault import write_whole
from . import carrier, carry, envelope, identity, wire
from .manifest import BatchFields, Seen, Totals

Progress = Callable[[int, int], None]


# --- who we are, whom we trust ------------------------------------------------------------------------------------------


def own_identity(db: Database) -> identity.Identity:
    """This store's key pairs, made the first time they are asked for."""
    secrets = credentials.stored(db)
    if not secrets:
        fresh = identity.generate()
        with db.transact(Op.ENROL, made="identity") as tx:
            credentials.keep(tx, fresh.to_bytes())
        return fresh
    return identity.from_bytes(secrets)


def enrol(db: Database, folder: Path) -> carry.Written:
    """Write ``enrol-<station>.json`` for the district; the fingerprint on it is compared on both screens."""
    own, station = own_identity(db), stations.current(db)
    told = identity.Enrolment(
        verify_key=own.public.verify_key.hex(), made=db.stamp().time, district=station.district_code, station_id=station.id,
        code=station.code, letter=station.letter, name=station.name, phone=station.phone, store_id=db.store_id,
        recipient=own.public.recipient,
    )  # fmt: skip
    return carry.write_file(folder, identity.enrolment_name(station.code), identity.write_introduction(told, own))


@dataclass(frozen=True, slots=True)
class District:
    """The district this station trusts; ``recipients`` are whom to seal to."""

    code: str
    name: str
    verify_key: bytes
    recipients: tuple[str, ...]
    epoch: int

    @property
    def fingerprint(self) -> str:
        """Six groups of five digits, for comparing with the district's screen or card."""
        return identity.fingerprint(self.verify_key)


def read_trust(path: Path) -> identity.Trust:
    """What a ``trust-<district>.json`` says, before anybody believes it."""
    return identity.read_trust(carry.read_file(path, identity.LARGEST_INTRODUCTION))


def trust(db: Database, told: identity.Trust) -> tuple[District, Changes]:
    """Believe a district's introduction, after its fingerprint was compared.

    Refused for another district than the station's own, or for another key than the one trusted already.
    """
    station, known = stations.current(db), district(db)
    if told.district != station.district_code:
        raise Refused("sync_page.other_district", theirs=told.district, ours=station.district_code)
    if known is not None and known.verify_key.hex() != told.verify_key:
        raise Refused("sync_page.other_key", name=known.name)
    with db.transact(Op.ENROL, district=told.district) as tx:
        tx.set_meta("district", json.dumps({
            "code": told.district, "name": told.name, "verify_key": told.verify_key, "recipients": told.recipients,
            "epoch": max(told.epoch, known.epoch if known else 0),
        }))  # fmt: skip
    found = district(db)
    if found is None:
        raise LookupError("district")
    return found, Changes(tx.operation, Op.ENROL, {"meta": ("district",)})


def district(db: Database) -> District | None:
    """The district this station trusts, None before it enrolled."""
    kept = db.meta("district")
    if not kept:
        return None
    told: dict[str, Any] = json.loads(kept)
    return District(
        told["code"], told["name"], bytes.fromhex(told["verify_key"]), tuple(told["recipients"]), told["epoch"]
    )


# --- closing and writing -----------------------------------------------------------------------------------------------


def close_batch(db: Database) -> tuple[int | None, Changes | None]:
    """Close what no batch holds yet; returns the batch's number, (None, None) when nothing waits. Refused before enrolment."""
    trusted = district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    own, station = own_identity(db), stations.current(db)
    with db.transact(Op.CLOSE_BATCH) as tx:
        first, last = exchange.last_packed(db) + 1, exchange.newest_sequence(db)
        if last < first:
            return None, None
        before = exchange.last_batch(db)
        no = (before["no"] if before else 0) + 1
        epoch, receipt_no = exchange.newest_receipt(db)
        fields = BatchFields(
            district=station.district_code, recipient=trusted.fingerprint, station=station.code, store_id=db.store_id, no=no,
            prev=before["hash"] if before else "", parent=db.meta("parent"), first=first,
            last=last, receipt=Seen(epoch=epoch, no=receipt_no),
            closed=tx.stamp.time, totals=totals(db, db.store_id),
        )  # fmt: skip
        rows = exchange.changed_rows(db, first - 1, last)
        batch = envelope.write_batch(fields, rows, own.sign, own.public.verify_key)
        exchange.keep_batch(
            tx,
            no=no,
            closed=tx.stamp.time,
            first=first,
            last=last,
            row_count=sum(map(len, rows.values())),
            hash=batch.hash,
            body=batch.data,
        )
        tx.details["no"] = no
    _write_anchor(db, no, batch.hash)
    return no, Changes(tx.operation, Op.CLOSE_BATCH, {"batch": (str(no),)})


def totals(db: Database, store_id: str) -> Totals:
    """Control totals of everything a store has recorded and not voided, for the other side to compare."""
    return msgspec.convert(exchange.control_totals(db, store_id), Totals)


def _write_anchor(db: Database, no: int, batch_hash: str) -> None:
    """Note the last batch outside the database (DECISIONS.md 8): a restored or cloned store is known by it."""
    anchor = DataFolder(db.path.parent).anchor
    try:
        write_whole(anchor, json.dumps({"store_id": db.store_id, "no": no, "hash": batch_hash}).encode())
    except OSError as error:
        raise EnvironmentFault("db.unwritable_folder", folder=anchor.parent.name, reason=error.strerror) from error


@dataclass(frozen=True, slots=True)
class Exported:
    """A carrier that was read back: where it lies, its bytes, the batches and rows in it."""

    path: Path
    bytes: int
    batches: tuple[int, ...]
    rows: int


def export(db: Database, folder: Path, progress: Progress | None = None) -> tuple[Exported, Changes]:
    """Close a batch if something waits, then write every unconfirmed batch, sealed to the district, and read it back.

    Safe at any moment: stopped or failed, the batch stays closed here and goes with the next export. Refused before
    enrolment or when nothing waits; EnvironmentFault as ``carry.write_file``.
    """
    trusted = district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    close_batch(db)
    waiting = exchange.unconfirmed(db)
    if not waiting:
        raise Refused("sync_page.nothing_waits")
    station = stations.current(db)
    numbers, bodies = zip(*waiting, strict=True)
    data, rows = carrier_of(db, bodies)
    sealed = carrier.seal(data, trusted.recipients)
    today = date.fromisoformat(db.stamp().business_date)
    written = carry.write_file(folder, identity.batch_name(station.code + station.letter, today, numbers[-1]), sealed, progress)
    with db.transact(Op.CLOSE_BATCH, carried=len(numbers)) as tx:
        exchange.carried(tx, numbers, str(folder))
    return Exported(written.path, written.bytes, numbers, rows), Changes(
        tx.operation, Op.CLOSE_BATCH, {"batch": tuple(map(str, numbers))}
    )


def carrier_of(db: Database, bodies: Sequence[bytes]) -> tuple[bytes, int]:
    """Closed batches with the keys of those they speak of as a carrier, still to be sealed; and their rows."""
    own = own_identity(db)
    subjects, rows = _contents(own, bodies)
    keys = exchange.keys_for(db, sorted(subjects))
    return carrier.write_carrier(bodies, keys, {}, own.sign, own.public.verify_key), rows


def _contents(own: identity.Identity, bodies: Sequence[bytes]) -> tuple[set[str], int]:
    """The people and requests that these batches speak of, whose keys go along unless they were erased since; their rows."""
    subjects: set[str] = set()
    count = 0
    for body in bodies:
        batch = envelope.read_batch(body, {own.public.key_id: own.public.verify_key})
        for table, rows in batch.rows():
            for row in rows:
                count += 1
                if table in ("person", "identity", "request"):  # a consent that reaches further brings the key
                    subjects.add(row.id)
                elif isinstance(row, wire.RequestStep):
                    subjects.add(row.request_id)
    return subjects, count
