"""The station's way up: who it is, whom it trusts, closing a batch, writing every unconfirmed batch to a folder.

Closing a batch is one operation; the bytes it makes are kept for good and carried again with every export until a receipt
lists their hash (SYNC.md section 4, rule 1).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .. import blobs
from ..db import Database, Row, Tx
from ..errors import Refused
from ..model import Changes, Op
from ..services import attachments, credentials, exchange, incarnation, rules, stations
from . import carrier, carry, closing, envelope, identity, wire
from .manifest import Format, Seen, Totals, common

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


def identities(db: Database) -> list[identity.Identity]:
    """This store's key pairs, the present one first: what was sealed to the ones before it still comes."""
    return [own_identity(db), *map(identity.from_bytes, credentials.retired(db))]


def enrol(db: Database, folder: Path) -> carry.Written:
    """Write ``enrol-<station>.json`` for the district; the fingerprint on it is compared on both screens.

    After a change of keys the one before signs too: a district that knows only that needs nobody to compare.
    """
    own, *before = identities(db)
    previous = before[0] if before and introductions(db) else None
    told = _introduction(db, own, previous.public.verify_key.hex() if previous else "")
    return carry.write_file(
        folder, identity.enrolment_name(stations.current(db).code), identity.write_introduction(told, own, previous)
    )


def rotate(db: Database) -> tuple[identity.Identity, Changes]:
    """Take new keys. The district learns them from the next export, signed by the old and the new (SYNC.md section 4, rule 8).

    Batches that are closed already stay as they are, signed by the old ones.
    """
    old, fresh = own_identity(db), identity.generate()
    told = identity.write_introduction(_introduction(db, fresh, old.public.verify_key.hex()), fresh, old)
    waiting = [*renewals(db), told]
    if len(waiting) > carrier.MOST_INTRODUCTIONS:
        raise Refused("sync_page.too_many_keys")
    with db.transact(Op.ENROL, made="identity") as tx:
        credentials.retire(tx)
        credentials.keep(tx, fresh.to_bytes())
        if district(db) is not None:
            _keep(tx, "renewals", waiting)
    return fresh, Changes(tx.operation, Op.ENROL, {"meta": ("renewals",)})


def renewals(db: Database) -> list[bytes]:
    """The introductions of keys that the district has not answered yet, the oldest first."""
    return _kept(db, "renewals")


def introductions(db: Database) -> list[bytes]:
    """What goes ahead of every export: all that the district has not answered, and as many before them as there is room for.

    Those it has answered too: put back to before it heard of a key, it would else refuse whatever that key signed.
    """
    return [*_kept(db, "renewals_heard"), *renewals(db)][-carrier.MOST_INTRODUCTIONS :]


def heard(tx: Tx) -> None:
    """The district answered to the newest of our keys, inside an operation."""
    told = introductions(tx.db)
    _keep(tx, "renewals_heard", told)
    _keep(tx, "renewals", [])


def _kept(db: Database, name: str) -> list[bytes]:
    return [told.encode() for told in json.loads(db.meta(name) or "[]")]


def _keep(tx: Tx, name: str, told: Sequence[bytes]) -> None:
    tx.set_meta(name, json.dumps([one.decode() for one in told]))


def _introduction(db: Database, own: identity.Identity, previous: str = "") -> identity.Enrolment:
    station = stations.current(db)
    return identity.Enrolment(
        verify_key=own.public.verify_key.hex(), made=db.stamp().time, district=station.district_code, station_id=station.id,
        code=station.code, letter=station.letter, name=station.name, phone=station.phone, store_id=db.store_id,
        recipient=own.public.recipient, previous=previous,
        seen=_seen(db),
    )  # fmt: skip


def _seen(db: Database) -> Seen:
    """The newest word of the district that came: a pack, or an introduction of a later epoch."""
    trusted = district(db)
    epoch, no = max(exchange.newest_receipt(db), (trusted.epoch if trusted else 0, 0))
    return Seen(epoch=epoch, no=no)


@dataclass(frozen=True, slots=True)
class District:
    """The district this station trusts: its root key, whom to seal to, how often its keys changed and it was restored.

    ``oldest`` and ``newest`` are the versions of the format it reads.
    """

    code: str
    name: str
    verify_key: bytes
    recipients: tuple[str, ...]
    epoch: int
    serial: int
    oldest: int
    newest: int

    @property
    def fingerprint(self) -> str:
        """Six groups of five digits, for comparing with the district's screen or card."""
        return identity.fingerprint(self.verify_key)


def read_trust(path: Path) -> identity.Trust:
    """What a ``trust-<district>.json`` says, before anybody believes it."""
    return identity.read_trust(carry.read_file(path, identity.LARGEST_INTRODUCTION))


def trust(db: Database, told: identity.Trust) -> tuple[District, Changes]:
    """Believe a district's introduction, after its fingerprint was compared.

    Refused for another district than the station's own, for another root key than the one trusted already, or for an
    older word of it than we know.
    """
    station, known = stations.current(db), district(db)
    if told.district != station.district_code:
        raise Refused("sync_page.other_district", theirs=told.district, ours=station.district_code)
    if known is not None and known.verify_key.hex() != told.verify_key:
        raise Refused("sync_page.other_key", name=known.name)
    if known is not None and (told.epoch, told.serial) < (known.epoch, known.serial):
        raise Refused("sync_page.old_trust", name=known.name)
    with db.transact(Op.ENROL, district=told.district) as tx:
        believe(tx, told)
        rules.keep(tx, told.rules)
    found = district(db)
    if found is None:
        raise LookupError("district")
    return found, Changes(tx.operation, Op.ENROL, {"meta": ("district",)})


def believe(tx: Tx, told: identity.Trust) -> None:
    """Keep what the trusted root key says of its district, inside an operation."""
    tx.set_meta("district", json.dumps({
        "code": told.district, "name": told.name, "verify_key": told.verify_key, "recipients": told.recipients,
        "epoch": told.epoch, "serial": told.serial, "oldest": told.format.min, "newest": told.format.max,
    }))  # fmt: skip


def district(db: Database) -> District | None:
    """The district this station trusts, None before it enrolled."""
    kept = db.meta("district")
    if not kept:
        return None
    told: dict[str, Any] = json.loads(kept)
    return District(
        told["code"], told["name"], bytes.fromhex(told["verify_key"]), tuple(told["recipients"]), told["epoch"],
        told["serial"], told["oldest"], told["newest"],
    )  # fmt: skip


def lock(db: Database) -> Callable[[bytes], str]:
    """What seals the key of a request to the district, as base64: nobody here reads such a slip. Refused before enrolment."""
    trusted = district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    return lambda key: base64.b64encode(carrier.seal(key, trusted.recipients)).decode()


# --- closing and writing -----------------------------------------------------------------------------------------------


def close_batch(db: Database) -> tuple[int | None, Changes | None]:
    """Close what no batch holds yet; returns the newest batch's number, (None, None) when nothing waits.

    A store that may be somebody else's copy begins anew first. Refused before enrolment.
    """
    signer = _signer(db)
    incarnation.settle(db)
    numbers = closing.changes(db, signer)
    if not numbers:
        return None, None
    incarnation.write_anchor(db)
    return numbers[-1], _closed(numbers)


def close_snapshot(db: Database) -> tuple[tuple[int, ...], Changes]:
    """Close every row as it is now, for a district that misses batches which cannot come any more; returns the numbers."""
    signer = _signer(db)
    close_batch(db)
    numbers = closing.snapshot(db, signer)
    incarnation.write_anchor(db)
    with db.transact(Op.CLOSE_BATCH, snapshots=len(numbers)) as tx:
        tx.set_meta("snapshot_asked", "")
    return tuple(numbers), _closed(numbers)


def _closed(numbers: Sequence[int]) -> Changes:
    return Changes("", Op.CLOSE_BATCH, {"batch": tuple(map(str, numbers))})


def _signer(db: Database) -> closing.Signer:
    trusted = district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    version = common(Format(min=trusted.oldest, max=trusted.newest))
    return closing.Signer(own_identity(db), trusted.fingerprint, _seen(db), int(db.meta("roster") or 0), version)


def totals(db: Database, store_id: str) -> Totals:
    """Control totals of everything a store has recorded and not voided, for the other side to compare."""
    return closing.totals(db, store_id)


@dataclass(frozen=True, slots=True)
class Exported:
    """A carrier that was read back: where it lies, its bytes, the batches, rows and pictures in it.

    What is too much for one file lies in several, ``paths``, each of use alone and in any order; ``path`` is the first.
    """

    path: Path
    bytes: int
    batches: tuple[int, ...]
    rows: int
    paths: tuple[Path, ...]
    pictures: int = 0


MOST_IN_FILE = 20 * 1024 * 1024
"""Bytes of batches in one file: with keys and attachments it stays under what a reader takes."""
MOST_WITH_PICTURES = 28 * 1024 * 1024
"""Bytes of batches and pictures in one file; batches go first, what does not fit goes in a further file."""
MOST_BATCHES = carrier.MOST_FRAMES - carrier.MOST_INTRODUCTIONS


def export(db: Database, folder: Path, progress: Progress | None = None) -> tuple[Exported, Changes]:
    """Close what waits, then write every unconfirmed batch, sealed to the district, and read it back.

    Safe at any moment: stopped or failed, batches stay closed here and go with the next export. Refused before enrolment or
    when nothing waits; EnvironmentFault as ``carry.write_file``.
    """
    trusted = district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    close_batch(db)
    if db.meta("snapshot_asked"):
        close_snapshot(db)
    waiting, pictures = exchange.unconfirmed(db), _pictures(db)
    if not waiting and not pictures:
        raise Refused("sync_page.nothing_waits")
    station = stations.current(db)
    today = date.fromisoformat(db.stamp().business_date)
    last = exchange.last_batch(db)
    files = list(_with_pictures(list(_files(waiting)) if waiting else [], pictures))
    written, rows = [], 0
    for number, (part, along) in enumerate(files, 1):
        data, count = carrier_of(db, [body for _, body in part], _read(db, along))
        name = identity.batch_name(station.code + station.letter, today, last["no"] if last else 0, number, len(files))
        written.append(carry.write_file(folder, name, carrier.seal(data, trusted.recipients), progress))
        rows += count
        with db.transact(Op.CLOSE_BATCH, carried=len(part)) as tx:
            exchange.carried(tx, [no for no, _ in part], str(folder))
    numbers = tuple(no for no, _ in waiting)
    done = Exported(
        written[0].path, sum(one.bytes for one in written), numbers, rows, tuple(one.path for one in written), len(pictures)
    )
    return done, Changes(tx.operation, Op.CLOSE_BATCH, {"batch": tuple(map(str, numbers))})


def _files(waiting: Sequence[tuple[int, bytes]]) -> Iterator[list[tuple[int, bytes]]]:
    """Batches by file, in their order; one that is large alone has a file of its own."""
    part: list[tuple[int, bytes]] = []
    size = 0
    for no, body in waiting:
        if part and (len(part) == MOST_BATCHES or size + len(body) > MOST_IN_FILE):
            yield part
            part, size = [], 0
        part.append((no, body))
        size += len(body)
    yield part


def _pictures(db: Database) -> list[Row]:
    """The pictures that go along: not receipted, whole here, of a request whose key crosses."""
    found = attachments.waiting(db)
    keys = exchange.keys_for(db, sorted({row["subject_id"] for row in found}))
    held = blobs.of(db)
    return [row for row in found if row["subject_id"] in keys and held.holds(row["sha256"])]


def _with_pictures(
    files: Sequence[list[tuple[int, bytes]]], pictures: Sequence[Row]
) -> Iterator[tuple[list[tuple[int, bytes]], list[Row]]]:
    """Each file's batches with as many pictures as there is room for, then files of pictures alone."""
    left = list(pictures)
    for part in [*files, *([] for _ in pictures)]:
        if not part and not left:
            return
        size, along = sum(len(body) for _, body in part), list[Row]()
        while left and len(along) < carrier.MOST_ATTACHMENTS and size + left[0]["bytes"] <= MOST_WITH_PICTURES:
            size += left[0]["bytes"]
            along.append(left.pop(0))
        yield part, along


def _read(db: Database, pictures: Sequence[Row]) -> dict[str, bytes]:
    """What crosses of these pictures by the ids of their rows; one that is damaged here stays (``check`` names it)."""
    held, found = blobs.of(db), dict[str, bytes]()
    for row in pictures:
        with suppress(Refused):
            found[row["id"]] = held.read(row["sha256"])
    return found


def carrier_of(db: Database, bodies: Sequence[bytes], pictures: Mapping[str, bytes] | None = None) -> tuple[bytes, int]:
    """Closed batches with the keys of those they speak of as a carrier, pictures by the ids of their rows, still to be sealed;
    and the rows in it."""
    own = own_identity(db)
    subjects, rows = _contents(identities(db), bodies)
    keys = exchange.keys_for(db, sorted(subjects))
    return carrier.write_carrier([*introductions(db), *bodies], keys, pictures or {}, own.sign, own.public.verify_key), rows


def _contents(own: Sequence[identity.Identity], bodies: Sequence[bytes]) -> tuple[set[str], int]:
    """The people and requests that these batches speak of, whose keys go along unless they were erased since; their rows."""
    subjects: set[str] = set()
    count = 0
    keys = {one.public.key_id: one.public.verify_key for one in own}
    for body in bodies:
        batch = envelope.read_batch(body, keys)
        for table, rows in batch.rows():
            for row in rows:
                count += 1
                if table in ("person", "identity", "request"):  # a consent that reaches further brings the key
                    subjects.add(row.id)
                elif isinstance(row, wire.RequestStep):
                    subjects.add(row.request_id)
                elif isinstance(row, wire.Attachment):
                    subjects.add(row.subject_id)
    return subjects, count
