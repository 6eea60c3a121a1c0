"""The outbox: what no batch holds yet, batches as immutable bytes, receipts, and the one visible state of every row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from ..db import Database, Row, Tx, image
from ..model import Exchange
from ..schema import LEDGERS

CHUNK = 400
"""Ids asked for at once; SQLite takes a bounded number of parameters."""


@dataclass(frozen=True, slots=True)
class Status:
    """Rows by their state; ``since`` is when the oldest local change was made, times are ISO 8601 or ""."""

    local: int
    packed: int
    receipted: int
    refused: int
    by_table: Mapping[str, int]
    since: str
    last_closed: str
    last_receipt: str


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch in the history: "packed" until a receipt lists its hash."""

    no: int
    closed: str
    row_count: int
    size: int
    hash: str
    carried_to: str
    state: Exchange
    receipted: str


# Every row's newest change decides its state (DECISIONS.md 3). Grouped in the order of the index ``change_row``, which alone
# answers it: no image is read.
NEWEST = "SELECT table_name, row_id, max(sequence) AS sequence FROM change GROUP BY row_id, table_name"


def last_packed(db: Database) -> int:
    """The sequence of the last change that some batch holds."""
    return int(db.scalar("SELECT coalesce(max(last_sequence), 0) FROM batch"))


def status(db: Database) -> Status:
    """How many rows are local, packed, receipted and refused."""
    edge = last_packed(db)
    rows = db.rows(
        f"SELECT n.table_name, CASE WHEN f.row_id IS NOT NULL AND n.sequence <= :edge THEN 'refused'"
        " WHEN n.sequence > :edge THEN 'local'"
        " WHEN (SELECT receipted FROM batch WHERE last_sequence >= n.sequence ORDER BY last_sequence, no LIMIT 1) IS NULL THEN 'packed'"
        f" ELSE 'receipted' END AS state, count(*) AS n FROM ({NEWEST}) n"
        " LEFT JOIN refused_row f ON f.table_name = n.table_name AND f.row_id = n.row_id"
        " AND f.version = (SELECT version FROM change WHERE sequence = n.sequence) GROUP BY 1, 2",
        {"edge": edge},
    )
    total = dict.fromkeys(Exchange, 0)
    by_table: dict[str, int] = {}
    for row in rows:
        total[Exchange(row["state"])] += row["n"]
        if row["state"] == Exchange.LOCAL:
            by_table[row["table_name"]] = row["n"]
    since = db.scalar(
        "SELECT o.recorded FROM change c JOIN operation o ON o.sequence = c.operation WHERE c.sequence > ? ORDER BY c.sequence LIMIT 1",
        (edge,),
    )
    return Status(
        local=total[Exchange.LOCAL], packed=total[Exchange.PACKED], receipted=total[Exchange.RECEIPTED], refused=total[Exchange.REFUSED],
        by_table=by_table, since=since or "", last_closed=db.scalar("SELECT max(closed) FROM batch") or "",
        last_receipt=db.scalar("SELECT max(receipted) FROM batch") or "",
    )  # fmt: skip


def waiting(db: Database) -> int:
    """How many rows no batch holds yet; cheap, for the top of the window, which asks after every operation.

    Every change since the last batch is a row, but for the repeated ones: sequences have no gaps, and ``change_again`` finds
    those few, so a station that never exported pays no more than one that did yesterday.
    """
    return int(
        db.scalar(
            "SELECT coalesce((SELECT max(sequence) FROM change), 0) - :edge - count(*) FROM change c WHERE c.version > 1"
            " AND c.sequence > :edge AND EXISTS(SELECT 1 FROM change e WHERE e.row_id = c.row_id"
            " AND e.table_name = c.table_name AND e.sequence > :edge AND e.sequence < c.sequence)",
            {"edge": last_packed(db)},
        )
    )


def states(db: Database, table: str, ids: Sequence[str]) -> dict[str, Exchange]:
    """The state of each of these rows."""
    found: dict[str, Exchange] = {}
    edge = last_packed(db)
    for start in range(0, len(ids), CHUNK):
        part = list(ids[start : start + CHUNK])
        rows = db.rows(
            "SELECT n.row_id, n.sequence,"
            " (SELECT 1 FROM refused_row f WHERE f.table_name = ? AND f.row_id = n.row_id AND f.version = n.version) AS refused,"
            " (SELECT receipted FROM batch WHERE last_sequence >= n.sequence ORDER BY last_sequence, no LIMIT 1) AS receipted"
            " FROM (SELECT row_id, version, max(sequence) AS sequence FROM change WHERE table_name = ?"
            f" AND row_id IN ({', '.join('?' * len(part))}) GROUP BY row_id) n",
            [table, table, *part],
        )
        for row in rows:
            if row["sequence"] > edge:
                found[row["row_id"]] = Exchange.LOCAL
            elif row["refused"]:
                found[row["row_id"]] = Exchange.REFUSED
            else:
                found[row["row_id"]] = Exchange.RECEIPTED if row["receipted"] else Exchange.PACKED
    return found


BATCH = "SELECT no, closed, row_count, length(body) AS size, hash, carried_to, receipted FROM batch"


REMIND_AFTER = 14
"""Days without a receipt after which a station is reminded (SYNC.md section 4, rule 9: a warning, never a stop)."""


def silence(db: Database) -> int:
    """Days since the district's last receipt, or since the first batch was closed where none came yet; 0 before that."""
    last = db.scalar("SELECT coalesce((SELECT max(applied) FROM receipt), (SELECT min(closed) FROM batch))")
    return (db.now().date() - date.fromisoformat(last[:10])).days if last else 0


def batches(db: Database, limit: int = 100) -> list[BatchLine]:
    """The batches closed so far, the newest first."""
    return [_batch_line(row) for row in db.rows(f"{BATCH} ORDER BY no DESC LIMIT ?", (limit,))]


def carried_in(db: Database, table: str, row_id: str) -> BatchLine | None:
    """The batch in which a row first left, None while it is local."""
    first = "(SELECT min(sequence) FROM change WHERE table_name = ? AND row_id = ?)"
    row = db.one(f"{BATCH} WHERE last_sequence >= {first} ORDER BY no LIMIT 1", (table, row_id))
    return None if row is None else _batch_line(row)


def _batch_line(row: Row) -> BatchLine:
    return BatchLine(
        row["no"], row["closed"], row["row_count"], row["size"], row["hash"], row["carried_to"] or "",
        Exchange.RECEIPTED if row["receipted"] else Exchange.PACKED, row["receipted"] or "",
    )  # fmt: skip


# --- for sync.outbox and sync.inbox -------------------------------------------------------------------------------------


def newest_sequence(db: Database) -> int:
    """The sequence of the newest change."""
    return int(db.scalar("SELECT coalesce(max(sequence), 0) FROM change"))


def changed_rows(db: Database, after: int, until: int) -> dict[str, list[Row]]:
    """The newest image of every row changed in (after, until], by table, in the order of first change.

    Selected by sequence, never by clock (SYNC.md section 4, rule 3).
    """
    rows = db.rows(
        "SELECT c.table_name, c.after FROM change c JOIN (SELECT table_name, row_id, max(sequence) AS newest FROM change"
        " WHERE sequence > ? AND sequence <= ? GROUP BY table_name, row_id) n"
        " ON n.newest = c.sequence ORDER BY c.sequence",
        (after, until),
    )
    found: dict[str, list[Row]] = {table: [] for table in LEDGERS}
    for row in rows:
        found[row["table_name"]].append(json.loads(row["after"]))
    return {table: images for table, images in found.items() if images}


def span_end(db: Database, after: int, rows: int, size: int) -> int:
    """The sequence up to which a batch goes that begins after ``after``: at most so many changes and bytes of images.

    At least one change, where there is any; ``after`` itself where there is none.
    """
    total, end = 0, after
    sql = "SELECT sequence, length(CAST(after AS BLOB)) AS size FROM change WHERE sequence > ? ORDER BY sequence LIMIT ?"
    for row in db.rows(sql, (after, rows)):
        total += row["size"]
        if total > size and end > after:
            break
        end = row["sequence"]
    return end


def packed_before(db: Database, table: str, row_id: str, edge: int) -> Row | None:
    """The image of a row as of the change ``edge``, None when it came later."""
    sql = "SELECT after FROM change WHERE row_id = ? AND table_name = ? AND sequence <= ? ORDER BY sequence DESC LIMIT 1"
    found = db.scalar(sql, (row_id, table, edge))
    return None if found is None else json.loads(found)


def last_batch(db: Database) -> Row | None:
    """Number, hash and last sequence of the newest batch."""
    return db.one("SELECT no, hash, last_sequence FROM batch ORDER BY no DESC LIMIT 1")


def hash_of(db: Database, no: int) -> str:
    """The hash of the batch with a number, "" without one."""
    return db.scalar("SELECT hash FROM batch WHERE no = ?", (no,)) or ""


def body_of(db: Database, batch_hash: str) -> bytes | None:
    """The bytes of a batch of ours, None for a hash that is not."""
    found: bytes | None = db.scalar("SELECT body FROM batch WHERE hash = ?", (batch_hash,))
    return found


def newest_body(db: Database, hashes: Sequence[str]) -> bytes | None:
    """The bytes of the newest batch of ours among these hashes, None for none."""
    sql = "SELECT body FROM batch WHERE no = (SELECT max(no) FROM batch WHERE hash IN (SELECT value FROM json_each(?)))"
    found: bytes | None = db.scalar(sql, (json.dumps(list(hashes)),))
    return found


def keep_batch(
    tx: Tx, *, no: int, closed: str, first: int, last: int, row_count: int, hash: str, body: bytes, snapshot: bool = False,
    operation: int = 0, chain: str = "",
) -> None:  # fmt: skip
    """Keep a closed batch for good, with the end of the log's chain that it witnesses.

    A snapshot holds rows as they are, so it spans no change: ``first`` is after ``last``.
    """
    tx.run(
        "INSERT INTO batch(no, closed, first_sequence, last_sequence, row_count, hash, snapshot, operation, chain, body)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (no, closed, first, last, row_count, hash, int(snapshot) or None, operation, chain, body),
    )


# what the district wrote has no change here
_OURS = "EXISTS(SELECT 1 FROM change WHERE row_id = t.id AND table_name = ?)"


def row_sizes(db: Database, table: str) -> list[tuple[str, int]]:
    """(id, bytes at most) of every row of a ledger table that was recorded here, in the order of ids."""
    size = " + ".join(f"coalesce(length(CAST({name} AS BLOB)), 0) + {len(name) + 8}" for name in db.columns(table))
    rows = db.rows(f"SELECT id, {size} AS size FROM {table} t WHERE {_OURS} ORDER BY id", (table,))
    return [(row["id"], row["size"]) for row in rows]


def rows_between(db: Database, table: str, first: str, last: str) -> list[Row]:
    """The rows of a ledger table recorded here whose ids lie in [first, last], as they stand."""
    db.columns(table)
    sql = f"SELECT * FROM {table} t WHERE id BETWEEN ? AND ? AND {_OURS} ORDER BY id"
    return [dict(row) for row in db.rows(sql, (first, last, table))]


def digests(db: Database, store_id: str) -> dict[str, tuple[int, str]]:
    """(rows, digest) by table of all rows of a store: at a station as of its last batch, at the district as they stand."""
    rows = db.rows("SELECT table_name, row_count, total FROM digest WHERE store_id = ? AND row_count > 0", (store_id,))
    return {row["table_name"]: (row["row_count"], row["total"]) for row in rows}


def digest_of(row: Row) -> int:
    """What one row adds to the digest of its table: the SHA-256 of its line as it crosses, which is spelled like an image."""
    return int.from_bytes(sha256(image(row).encode()).digest(), "big")


def add_digests(tx: Tx, changed: Mapping[tuple[str, str], tuple[int, int]]) -> None:
    """Add (rows, sum of hashes) to the digests by (store, table); either may be negative."""
    for (store_id, table), (rows, total) in changed.items():
        sql = "SELECT row_count, total FROM digest WHERE store_id = ? AND table_name = ?"
        known = tx.db.one(sql, (store_id, table))
        count, before = (known["row_count"], int(known["total"], 16)) if known else (0, 0)
        tx.run(
            "INSERT INTO digest(store_id, table_name, row_count, total) VALUES(?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET row_count = excluded.row_count, total = excluded.total",
            (store_id, table, count + rows, f"{(before + total) % 2**256:064x}"),
        )


def restamp(tx: Tx) -> int:
    """Give every row of several versions that no receipt confirmed a further one, in the name of the store as it is now.

    Where a store went on from an older state, the district may hold another content under the version that this one reached.
    Returns how many rows.
    """
    rows = tx.db.rows(
        "SELECT DISTINCT table_name, row_id FROM change WHERE version > 1 AND sequence >="
        " coalesce((SELECT min(first_sequence) FROM batch WHERE receipted IS NULL AND snapshot IS NULL),"
        " (SELECT coalesce(max(last_sequence), 0) + 1 FROM batch))"
    )
    for row in rows:
        tx.put(row["table_name"], {"id": row["row_id"]})
    return len(rows)


def unconfirmed(db: Database) -> list[tuple[int, bytes]]:
    """(no, bytes) of every batch that no receipt has listed, oldest first: an export carries them all."""
    return [
        (row["no"], row["body"]) for row in db.rows("SELECT no, body FROM batch WHERE receipted IS NULL ORDER BY no")
    ]


def carried(tx: Tx, numbers: Iterable[int], where: str) -> None:
    """Note where and when batches were written."""
    tx.run_many(
        "UPDATE batch SET carried_to = ?, carried = ? WHERE no = ?", [(where, tx.stamp.time, no) for no in numbers]
    )


def keys_for(db: Database, subjects: Iterable[str]) -> dict[str, bytes]:
    """The keys of these subjects, for the sealed carrier; an erased subject has none.

    Nor has a regular who agreed to be known at this station only: theirs never leaves the house.
    """
    wanted = list(subjects)
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        rows = db.rows(
            "SELECT k.subject_id, k.secret FROM subject_key k LEFT JOIN person p ON p.id = k.subject_id"
            f" WHERE k.subject_id IN ({', '.join('?' * len(part))}) AND coalesce(p.consent, 'district') = 'district'",
            part,
        )
        found |= {row["subject_id"]: row["secret"] for row in rows}
    return found


def newest_receipt(db: Database) -> tuple[int, int]:
    """(epoch, number) of the newest receipt applied, (0, 0) before the first."""
    row = db.one("SELECT epoch, no FROM receipt ORDER BY epoch DESC, no DESC LIMIT 1")
    return (row["epoch"], row["no"]) if row else (0, 0)


def apply_receipt(
    tx: Tx, *, epoch: int, no: int, body: str, have: Iterable[str], refused: Iterable[Mapping[str, Any]]
) -> int:
    """Mark what the district has; returns how many batches turned to receipted.

    A receipt lists everything the district has: what it does not list (any more: a district that was restored, SYNC.md section
    4, rule 6) is not received and is offered again.
    """
    listed = list(have)
    tx.run("UPDATE batch SET receipt_no = NULL, receipted = NULL WHERE hash NOT IN (SELECT value FROM json_each(?))", (json.dumps(listed),))
    tx.run(
        "INSERT INTO receipt(no, epoch, time, applied, body) VALUES(?, ?, ?, ?, ?) ON CONFLICT(no) DO UPDATE"
        " SET epoch = excluded.epoch, time = excluded.time, applied = excluded.applied, body = excluded.body",
        (no, epoch, tx.stamp.time, tx.stamp.time, body),
    )
    turned = 0
    for batch_hash in listed:
        turned += tx.run(
            "UPDATE batch SET receipt_no = ?, receipted = ? WHERE hash = ? AND receipted IS NULL",
            (no, tx.stamp.time, batch_hash),
        )
    tx.run("DELETE FROM refused_row")
    for row in refused:
        tx.run(
            "INSERT INTO refused_row(table_name, row_id, version, reason, receipt_no) VALUES(?, ?, ?, ?, ?)"
            " ON CONFLICT(table_name, row_id) DO UPDATE"
            " SET version = excluded.version, reason = excluded.reason, receipt_no = excluded.receipt_no",
            (row["table"], row["id"], row["version"], row["reason"], no),
        )
    return turned


def refused_rows(db: Database) -> list[Row]:
    """What the district refused, with its reason."""
    return db.rows("SELECT table_name, row_id, version, reason FROM refused_row ORDER BY receipt_no DESC")


def own_hashes(db: Database) -> frozenset[str]:
    """The hashes of every batch this store closed."""
    return frozenset(row["hash"] for row in db.rows("SELECT hash FROM batch"))


def own_requests(db: Database) -> frozenset[str]:
    """The ids of every request recorded here."""
    return frozenset(row["id"] for row in db.rows("SELECT id FROM request"))


def own_steps(db: Database) -> frozenset[str]:
    """The ids of every step that was taken on a request here; what other stations took came with a pack and has no change."""
    rows = db.rows(
        "SELECT id FROM request_step s WHERE side = 'station'"
        " OR (side = 'elsewhere' AND EXISTS(SELECT 1 FROM change WHERE row_id = s.id AND table_name = 'request_step'))"
    )
    return frozenset(row["id"] for row in rows)


def last_closed(db: Database) -> str:
    """When the newest batch was closed (ISO 8601), "" before the first."""
    return db.scalar("SELECT closed FROM batch ORDER BY no DESC LIMIT 1") or ""


def control_totals(db: Database, store_id: str) -> dict[str, Any]:
    """What a store recorded and did not void: person-times, handouts by item id, request steps by state."""

    def split(sql: str) -> dict[str, int]:
        return {row["part"]: row["n"] for row in db.rows(sql, (store_id,))}

    stands = "WHERE store_id = ? AND void_reason IS NULL"
    return {
        "person_times": db.scalar(f"SELECT coalesce(sum(person_times), 0) FROM visit {stands}", (store_id,)),
        "handouts": split(f"SELECT item_id AS part, sum(quantity) AS n FROM handout {stands} GROUP BY 1"),
        "requests": split(f"SELECT state AS part, count(*) AS n FROM request_step {stands} GROUP BY 1"),
    }
