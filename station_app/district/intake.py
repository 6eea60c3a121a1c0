"""Stations' files in: opened in the worker, applied on arrival, repeats harmless, gaps and forks noted and never held back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..db import Database, Row, Tx
from ..errors import Refused
from ..model import Changes, Op
from ..sync import envelope, outbox, wire
from ..sync.opening import Opened, Opener
from . import guard, store


@dataclass(frozen=True, slots=True)
class Received:
    """What one file brought: batches new and known, rows taken and turned down."""

    station: str
    fresh: int
    known: int
    rows: int
    turned_down: int


def open_file(db: Database, path: Path, opener: Opener) -> Opened:
    """Open a station's file in the worker; Refused with the first reason found, nothing changed."""
    return opener.open_carrier(path, [store.own_identity(db).opener], store.verify_keys(db))


def receive(db: Database, opened: Opened) -> tuple[Received, Changes]:
    """Take an opened file in, in one operation. The same file again changes nothing."""
    sender = next((s for s in store.stations(db) if s.key_id == opened.key_id.hex()), None)
    if sender is None:
        raise Refused("sync_files.unknown_station")
    fresh = known = rows = down = 0
    with db.transact(Op.TAKE_IN, station=sender.code) as tx:
        for batch in opened.batches:
            _check(db, batch, sender)
            if store.is_known(db, batch.hash):
                known += 1
                continue
            fresh += 1
            taken, refused = _apply(tx, batch, sender)
            rows, down = rows + taken, down + refused
        _keep_keys(tx, opened, sender)
        store.forget_erased(tx)
        store.forget_withdrawn(tx)
        for batch in opened.batches:
            _compare(tx, batch, sender)
    return Received(sender.code, fresh, known, rows, down), tx.changes


def _check(db: Database, batch: envelope.OpenBatch, sender: store.Enrolled) -> None:
    head = batch.manifest
    if head.district != db.meta("district_code"):
        raise Refused("sync_page.other_district", theirs=head.district, ours=db.meta("district_code"))
    owner = store.owner_of(db, head.store_id)
    if batch.key_id.hex() != sender.key_id or head.station != sender.code or owner not in (None, sender.station_id):
        raise Refused("district.wrong_sender", station=head.station)


def _apply(tx: Tx, batch: envelope.OpenBatch, sender: store.Enrolled) -> tuple[int, int]:
    """One batch's rows; returns how many were new or newer, and how many were turned down."""
    head = batch.manifest
    store.add_store(tx, head.store_id, sender.station_id)
    speaker = guard.Sender(sender.code, frozenset(store.stores_of(tx.db, sender.station_id)))
    rows = down = 0
    for table, images in batch.rows():
        refused: dict[str, list[Row]] = {}
        allowed = _allowed(tx, table, images, speaker, refused)
        taken, lost, foreign = tx.take(table, allowed, speaker.stores)
        refused.setdefault("other_store", []).extend(foreign)
        store.keep_losers(tx, table, lost)
        for reason, found in refused.items():
            store.turn_down(tx, table, found, sender.station_id, reason, batch.hash)
        rows, down = rows + taken, down + sum(map(len, refused.values()))
    store.keep_intake(
        tx, hash=batch.hash, station_id=sender.station_id, store_id=head.store_id, no=head.no, previous=head.prev,
        rows=sum(table.rows for table in head.tables), closed=head.closed, manifest=msgspec.json.encode(head).decode(),
    )  # fmt: skip
    return rows, down


def _allowed(
    tx: Tx, table: str, images: Iterable[wire.Row], speaker: guard.Sender, refused: dict[str, list[Row]]
) -> Iterator[Row]:
    """The rows a station may say, looked at one by one as they are taken; the others by reason in ``refused``."""
    for image in images:
        row = wire.plain(image)
        reason = guard.objection(tx.db, table, row, speaker)
        if reason:
            refused.setdefault(reason, []).append(row)
        else:
            yield row


def _keep_keys(tx: Tx, opened: Opened, sender: store.Enrolled) -> None:
    """Keys of the sender's own people and requests; a station cannot replace another's."""
    stores: Sequence[str] = store.stores_of(tx.db, sender.station_id)
    for subject_id, secret in opened.keys.items():
        if store.may_know(tx.db, subject_id, stores):
            store.keep_key(tx, subject_id, secret)


def _compare(tx: Tx, batch: envelope.OpenBatch, sender: store.Enrolled) -> None:
    """Our totals against the manifest's, where this is the newest batch of its store and none is missing before it."""
    head = batch.manifest
    have = store.held(tx.db, sender.station_id)
    gaps = any(store_id == head.store_id for store_id, _ in have.missing)
    if head.no == store.newest_no(tx.db, head.store_id):
        store.set_agreement(tx, batch.hash, None if gaps else outbox.totals(tx.db, head.store_id) == head.totals)
