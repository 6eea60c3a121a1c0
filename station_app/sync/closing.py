"""Closing batches: what changed since the last one, or every row as it is; bounded, signed, kept for good.

Called by ``outbox``, which knows who we are and whom we trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ..db import Database, Row, Tx
from ..model import Op
from ..schema import LEDGERS
from ..services import exchange, incarnation, roaming, rules, stations
from . import envelope, identity, regulars
from .manifest import BatchFields, Link, Manifest, Part, Seen, Totals

MOST_ROWS = 5_000
MOST_BYTES = 8 * 1024 * 1024
"""Changes in one batch and bytes of their images: far below what a reader takes, and closed in well under a second."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who closes: the store's identity, the district's fingerprint, what it saw of it, the roster it told, the version it reads."""

    identity: identity.Identity
    recipient: str
    seen: Seen
    roster: int
    version: int


def changes(db: Database, signer: Signer) -> list[int]:
    """Close everything that no batch holds yet, in as many batches as it takes; returns their numbers."""
    numbers: list[int] = []
    until = exchange.newest_sequence(db)
    while exchange.last_packed(db) < until:
        with db.transact(Op.CLOSE_BATCH) as tx:
            edge = exchange.last_packed(db)
            end = exchange.span_end(db, edge, MOST_ROWS, MOST_BYTES)
            rows = exchange.changed_rows(db, edge, end)
            _count(tx, rows, edge)
            told = totals(db, db.store_id) if end == exchange.newest_sequence(db) else None
            fields = _fields(tx, signer, first=edge + 1, last=end, told=told)
            _keep(tx, signer, fields, rows, edge + 1)
            tx.details["no"] = fields.no
        numbers.append(fields.no)
    return numbers


def snapshot(db: Database, signer: Signer) -> list[int]:
    """Close every row as it is, the last resort for a district that misses batches; returns the numbers of the parts.

    Each part is an operation of its own. One that was stopped in the middle is begun anew, and only a whole one counts.
    """
    numbers: list[int] = []
    parts = _parts(db)
    for number, spans in enumerate(parts, 1):
        with db.transact(Op.CLOSE_BATCH, snapshot=number) as tx:
            edge = exchange.last_packed(db)
            rows: dict[str, list[Row]] = {}
            for table, first, last in spans:
                rows.setdefault(table, []).extend(exchange.rows_between(db, table, first, last))
            fields = _fields(tx, signer, first=1, last=edge, told=None, part=Part(part=number, parts=len(parts)))
            _keep(tx, signer, fields, rows, edge + 1)
            tx.details["no"] = fields.no
        numbers.append(fields.no)
    return numbers


def totals(db: Database, store_id: str) -> Totals:
    """Control totals of everything a store has recorded and not voided, for the other side to compare."""
    return msgspec.convert(exchange.control_totals(db, store_id), Totals)


def head_of(body: bytes) -> Manifest:
    """The manifest of a batch of our own."""
    return envelope.read_manifest(envelope.cut_frame("batch", body).manifest, Manifest, "batch")


def _fields(tx: Tx, signer: Signer, *, first: int, last: int, told: Totals | None, part: Part | None = None) -> BatchFields:
    """What this store says about the batch it is about to close."""
    db, station = tx.db, stations.current(tx.db)
    before = exchange.last_batch(db)
    body = exchange.body_of(db, before["hash"]) if before else None
    seen = head_of(body).chain.operation if body else 0
    operation, link = incarnation.newest_link(db)
    return BatchFields(
        district=station.district_code, recipient=signer.recipient, station=station.code, store_id=db.store_id,
        no=(before["no"] if before else 0) + 1, prev=before["hash"] if before else "", parent=db.meta("parent"), first=first, last=last,
        roster=signer.roster, receipt=signer.seen, regulars=_regulars(db), closed=tx.stamp.time, totals=told,
        digests={table: total for table, (_, total) in sorted(exchange.digests(db, db.store_id).items())},
        chain=Link(operation=operation, hash=link),
        witnessed=Link(operation=seen, hash=incarnation.link_at(db, seen)), snapshot=part,
        rules=rules.held(db),
    )  # fmt: skip


def _regulars(db: Database) -> regulars.Seen:
    epoch, number = roaming.at_number(db)
    return regulars.Seen(epoch=epoch, number=number)


def _keep(tx: Tx, signer: Signer, fields: BatchFields, rows: Mapping[str, Sequence[Row]], first: int) -> None:
    own = signer.identity
    batch = envelope.write_batch(fields, rows, own.sign, own.public.verify_key, signer.version)
    exchange.keep_batch(
        tx, no=fields.no, closed=fields.closed, first=first, last=fields.last, row_count=sum(map(len, rows.values())),
        hash=batch.hash, body=batch.data, snapshot=fields.snapshot is not None, operation=fields.chain.operation, chain=fields.chain.hash,
    )  # fmt: skip


def _count(tx: Tx, rows: Mapping[str, Sequence[Row]], edge: int) -> None:
    """Bring the digests of our tables up to this batch: each row's new image in, the one packed before out."""
    changed: dict[tuple[str, str], tuple[int, int]] = {}

    def add(table: str, row: Row, sign: int) -> None:
        count, total = changed.get((row["store_id"], table), (0, 0))
        changed[row["store_id"], table] = count + sign, total + sign * exchange.digest_of(row)

    for table, images in rows.items():
        for row in images:
            before = exchange.packed_before(tx.db, table, row["id"], edge) if row["version"] > 1 else None
            if before is not None:
                add(table, before, -1)
            add(table, row, 1)
    exchange.add_digests(tx, changed)


def _parts(db: Database) -> list[list[tuple[str, str, str]]]:
    """Spans of ids (table, first, last) by part, each part bounded like a batch."""
    parts: list[list[tuple[str, str, str]]] = [[]]
    rows = size = 0
    for table, row_id, bytes_ in _sizes(db):
        if rows == MOST_ROWS or (rows and size + bytes_ > MOST_BYTES):
            parts.append([])
            rows = size = 0
        rows, size = rows + 1, size + bytes_
        if parts[-1] and parts[-1][-1][0] == table:
            parts[-1][-1] = (table, parts[-1][-1][1], row_id)
        else:
            parts[-1].append((table, row_id, row_id))
    return parts


def _sizes(db: Database) -> Iterator[tuple[str, str, int]]:
    for table in LEDGERS:
        for row_id, size in exchange.row_sizes(db, table):
            yield table, row_id, size


