"""The district's answer on its way in: opened in the worker, planned, applied in one operation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..db import Database
from ..errors import Refused
from ..model import Changes, Op
from ..services import exchange, stations
from . import envelope, merge, outbox, wire
from .opening import Opener


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pack brought: its number, batches now receipted, rows refused, answers to requests, batches the district misses."""

    no: int
    receipted: int
    refused: int
    steps: int
    missing: tuple[int, ...]


def look(db: Database, path: Path, opener: Opener) -> tuple[envelope.OpenPack, merge.Plan]:
    """Open a pack and say what it would do; nothing changes. Raises Refused with the first reason found."""
    trusted = outbox.district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    own = outbox.own_identity(db)
    opened = opener.open_pack(path, [own.opener], {envelope.key_id(trusted.verify_key): trusted.verify_key})
    return opened.pack, merge.plan(_local(db, trusted.epoch), opened.pack)


def apply(db: Database, pack: envelope.OpenPack) -> tuple[Applied, Changes]:
    """Apply a pack that was looked at; planned again inside, so that two windows of time cannot differ. Not undoable."""
    trusted = outbox.district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    with db.transact(Op.APPLY_PACK, no=pack.manifest.no) as tx:
        plan = merge.plan(_local(db, trusted.epoch), pack)
        turned = exchange.apply_receipt(
            tx, epoch=plan.epoch, no=plan.no, body=msgspec.json.encode(pack.pack).decode(), have=plan.confirm,
            refused=[msgspec.structs.asdict(row) for row in plan.refused],
        )  # fmt: skip
        taken, _, _ = tx.take("request_step", [wire.plain(step) for step in plan.steps])
    changes = tx.changes
    rows = dict(changes.rows) | {"batch": plan.confirm, "receipt": (str(plan.no),)}
    return Applied(plan.no, turned, len(plan.refused), taken, plan.missing), Changes(
        changes.operation, Op.APPLY_PACK, rows
    )


def _local(db: Database, epoch: int) -> merge.Local:
    station = stations.current(db)
    own = outbox.own_identity(db)
    return merge.Local(
        district=station.district_code, station=station.code, fingerprint=own.public.fingerprint, epoch=epoch,
        newest=exchange.newest_receipt(db), own_hashes=exchange.own_hashes(db), own_requests=exchange.own_requests(db),
        store_id=db.store_id, own_steps=exchange.own_steps(db),
    )  # fmt: skip
