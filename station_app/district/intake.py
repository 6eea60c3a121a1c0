"""Stations' files in: opened in the worker, applied on arrival, repeats harmless, gaps and forks noted and never held back."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..db import Database, Row, Tx
from ..errors import Refused
from ..model import Changes, Op
from ..services import attachments, exchange
from ..sync import carrier, envelope, identity, opening, wire
from ..sync.manifest import Manifest
from ..sync.opening import Opened, Opener
from ..vault import KEY_BYTES
from . import books, guard, keys, pictures, regulars, store

MOST_STORES = 200
"""Stores of one station that are believed to be its own by their rows alone: a receipt speaks of each."""
Changed = dict[tuple[str, str], tuple[int, int]]
"""By (store, table): rows more, and what they add to the digest."""


@dataclass(frozen=True, slots=True)
class Received:
    """What one file brought: batches new and known, rows taken and turned down.

    ``quarantined`` are batches of a revoked key, kept aside for an officer; nothing of them was taken. ``pictures`` are those
    whose files were not here before.
    """

    station: str
    fresh: int
    known: int
    rows: int
    turned_down: int
    quarantined: int = 0
    pictures: int = 0


def open_file(db: Database, path: Path, opener: Opener) -> Opened:
    """Open a station's file in the worker; Refused with the first reason found, nothing changed."""
    return opener.open_carrier(path, store.openers(db), store.verify_keys(db))


def receive(db: Database, opened: Opened) -> tuple[Received, Changes]:
    """Take an opened file in, in one operation. The same file again changes nothing."""
    sender = _sender(db, opened)
    fresh = [batch for batch in opened.batches if not store.is_known(db, batch.hash)]
    with db.transact(Op.TAKE_IN, station=sender.code) as tx:
        for batch in opened.batches:
            _check(db, batch, sender, opened)
        if _revoked(sender, opened, fresh):
            rows = sum(table.rows for batch in fresh for table in batch.manifest.tables)
            if fresh:
                keys.quarantine(tx, sender.station_id, opened.key_id.hex(), opened.data, len(fresh), rows)
            done = Received(sender.code, 0, len(opened.batches) - len(fresh), 0, 0, len(fresh))
        else:
            keys.renew(tx, sender, opened.renewed)
            done = _take(tx, opened, sender)
    attachments.sweep(db)
    return done, tx.changes


def release(db: Database, held_id: str, reason: str) -> tuple[Received, Changes]:
    """Take in what a revoked key sent, because an officer found it good. UserMistake for an unknown file or without a reason."""
    opened = opening.read_batches(keys.content(db, held_id), store.verify_keys(db))
    sender = _sender(db, opened)
    with db.transact(Op.TAKE_IN, station=sender.code, released=held_id) as tx:
        keys.decide(tx, held_id, "released", reason)
        for batch in opened.batches:
            _check(db, batch, sender, opened)
        done = _take(tx, opened, sender)
    return done, tx.changes


def _sender(db: Database, opened: Opened) -> store.Enrolled:
    """The station whose key signed the file, or one of whose known keys vouches for the one that did."""
    signed = {opened.key_id.hex(), *_introduced(opened)}
    for station in store.every_station(db):
        if signed.intersection(key.key_id for key in station.keys):
            return station
    raise Refused("sync_files.unknown_station")


def _introduced(opened: Opened) -> set[str]:
    """The keys (ids, hex) that introductions ahead of a file bind to the one that signed it."""
    return _spelled(opened.renewed)


def _spelled(told: Iterable[identity.Enrolment]) -> set[str]:
    return {key.hex() for one in told for key in one.binds}


def _revoked(sender: store.Enrolled, opened: Opened, fresh: Sequence[envelope.OpenBatch]) -> bool:
    """Whether a revoked key, or one for which only a revoked key vouches, signed the file, something new in it, or is new in it."""
    revoked = {key.key_id for key in sender.keys if key.revoked}
    stand = {key.key_id for key in sender.keys} - revoked
    told = [one for one in opened.renewed if not revoked & _spelled([one])]
    stand |= _spelled(identity.bound(told, map(bytes.fromhex, stand)))
    used = {opened.key_id.hex(), *(batch.key_id.hex() for batch in fresh), *(_introduced(opened) - revoked)}
    return not used <= stand


def _check(db: Database, batch: envelope.OpenBatch, sender: store.Enrolled, opened: Opened) -> None:
    head = batch.manifest
    if head.district != db.meta("district_code"):
        raise Refused("sync_page.other_district", theirs=head.district, ours=db.meta("district_code"))
    owner = store.owner_of(db, head.store_id)
    signers = {key.key_id for key in sender.keys} | _introduced(opened)
    if batch.key_id.hex() not in signers or head.station != sender.code or owner not in (None, sender.station_id):
        raise Refused("district.wrong_sender", station=head.station)


def _take(tx: Tx, opened: Opened, sender: store.Enrolled) -> Received:
    fresh = known = rows = down = 0
    changed: Changed = {}
    for batch in opened.batches:
        if store.is_known(tx.db, batch.hash):
            known += 1
            continue
        fresh += 1
        taken, refused = _apply(tx, batch, sender, changed)
        rows, down = rows + taken, down + refused
    exchange.add_digests(tx, changed)
    store.taken_after_all(tx, sender.station_id)
    _keep_keys(tx, opened, sender)
    store.forget_erased(tx)
    store.forget_withdrawn(tx)
    regulars.learn(tx, opened.keys)
    _compare(tx, opened, sender)
    brought = pictures.take(tx.db, opened.attachments, store.stores_of(tx.db, sender.station_id))
    return Received(sender.code, fresh, known, rows, down, pictures=brought)


def _apply(tx: Tx, batch: envelope.OpenBatch, sender: store.Enrolled, changed: Changed) -> tuple[int, int]:
    """One batch's rows; returns how many were new or newer, and how many were turned down. Digests go to ``changed``."""
    head = batch.manifest
    store.add_store(tx, head.store_id, sender.station_id)
    store.keep_intake(tx, sender.station_id, batch.hash, head)
    store.hear(tx, head.receipt, sender.station_id)
    _hear_rules(tx, head)
    stores, forked = set(store.stores_of(tx.db, sender.station_id)), store.forked(tx.db, head.store_id)
    speaker = guard.Sender(sender.code, stores)
    rows = down = 0
    for table, images in batch.rows():
        refused: dict[str, list[Row]] = {}
        count = _Digests(table, changed)
        heard = _heard(tx, images, sender, stores)
        allowed = _allowed(tx, table, heard, speaker, refused)
        taken, lost, foreign = tx.take(table, allowed, stores, count.written, guard.at_once(table), forked)
        refused.setdefault("other_store", []).extend(foreign)
        store.keep_losers(tx, table, lost)
        for reason, found in refused.items():
            store.turn_down(tx, table, found, sender.station_id, reason, batch.hash)
        rows, down = rows + taken, down + sum(map(len, refused.values()))
    return rows, down


class _Digests:
    """What the rows of a table add to the digests by store, and what those they replace take away."""

    def __init__(self, table: str, changed: Changed) -> None:
        self._table = table
        self._changed = changed

    def written(self, here: Row | None, there: Row) -> None:
        """A row was written in the place of another or of none."""
        if here is not None:
            self._add(here, -1)
        self._add(there, 1)

    def _add(self, row: Row, sign: int) -> None:
        place = row["store_id"], self._table
        rows, total = self._changed.get(place, (0, 0))
        self._changed[place] = rows + sign, total + sign * exchange.digest_of(row)


def _hear_rules(tx: Tx, head: Manifest) -> None:
    """Which versions of our rules a station goes by."""
    held = [(one.kind, one.epoch, one.no, one.id) for one in head.rules]
    books.keep_rules_held(tx, head.store_id, head.closed, held)


def _heard(tx: Tx, images: Iterable[wire.Row], sender: store.Enrolled, stores: set[str]) -> Iterator[wire.Row]:
    """The rows as they come; ``stores`` grows by what the station wrote from and we never heard of.

    Restored, worked and restored once more, all before a stick went up: the store between closed no batch, its rows come in one
    of the next. Ids are random, so nobody names another station's store before that itself was heard of.
    """
    for image in images:
        of = image.store_id
        if of not in stores and len(stores) < MOST_STORES and of != tx.db.store_id and store.owner_of(tx.db, of) is None:
            store.add_store(tx, of, sender.station_id)
            stores.add(of)
        yield image


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
    for request_id, locked in store.locked_keys(tx):
        if store.may_know(tx.db, request_id, stores) and (key := _unlocked(tx.db, locked)) is not None:
            store.keep_key(tx, request_id, key)


def _unlocked(db: Database, locked: str) -> bytes | None:
    """The key of a slip that nobody at its station reads, None where it was not sealed to us."""
    with suppress(Refused, ValueError):
        key = carrier.unseal(base64.b64decode(locked, validate=True), store.openers(db))
        return key if len(key) == KEY_BYTES else None
    return None


def _compare(tx: Tx, opened: Opened, sender: store.Enrolled) -> None:
    """Our digests against those in the newest manifest of each store that the file speaks of, where none is missing before it."""
    have = store.held(tx.db, sender.station_id)
    for store_id in sorted({batch.manifest.store_id for batch in opened.batches}):
        unsure = any(of == store_id for of, _ in have.missing)
        ours = {table: total for table, (_, total) in exchange.digests(tx.db, store_id).items()}
        for batch_hash, head in store.newest_manifests(tx.db, store_id):
            store.set_agreement(tx, batch_hash, None if unsure else ours == dict(head.digests))
            if head.snapshot and head.snapshot.part == head.snapshot.parts and not unsure:
                store.ask_snapshot(tx, sender.station_id, False)
