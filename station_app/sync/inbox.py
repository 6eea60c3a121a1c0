"""The district's answer on its way in: opened in the worker, planned, applied in one operation."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from ..db import Database, Tx
from ..errors import Refused
from ..model import Changes, Op
from ..rulebook import RuleSet
from ..services import (
    answers,
    arrivals,
    attachments,
    averages,
    exchange,
    incarnation,
    kept_forms,
    roaming,
    rules,
    stations,
)
from ..services.supplies import campaigns
from . import closing, envelope, merge, outbox, regulars, wire
from .opening import Opener


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pack brought: its number, batches now receipted, rows refused, answers to requests, batches the district misses.

    ``began`` is why this store took a new id (a code, "" when it did not); ``differs`` are tables in which the district's copy
    of it is another than ours was when its newest batch was closed (None: that cannot be told yet). ``rules`` are the versions that
    were new here, ``regulars`` is how many changes of the district's regulars were taken.
    """

    no: int
    receipted: int
    refused: int
    steps: int
    missing: tuple[int, ...]
    began: str = ""
    differs: tuple[str, ...] | None = None
    rules: tuple[RuleSet, ...] = ()
    regulars: int = 0


def look(db: Database, path: Path, opener: Opener) -> tuple[envelope.OpenPack, merge.Plan]:
    """Open a pack and say what it would do; nothing changes. Raises Refused with the first reason found."""
    trusted = outbox.district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    openers = [one.opener for one in outbox.identities(db)]
    opened = opener.open_pack(path, openers, {envelope.key_id(trusted.verify_key): trusted.verify_key})
    pack = replace(opened.pack, keys=opened.keys)
    return pack, merge.plan(_local(db, trusted), pack)


def apply(db: Database, pack: envelope.OpenPack) -> tuple[Applied, Changes]:
    """Apply a pack that was looked at; planned again inside, so that two windows of time cannot differ. Not undoable."""
    trusted = outbox.district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    with db.transact(Op.APPLY_PACK, no=pack.manifest.no) as tx:
        plan = merge.plan(_local(db, trusted), pack)
        turned = exchange.apply_receipt(
            tx, epoch=plan.epoch, no=plan.no, body=msgspec.json.encode(pack.pack).decode(), have=plan.confirm,
            refused=[msgspec.structs.asdict(row) for row in plan.refused],
        )  # fmt: skip
        attachments.receipted(tx, plan.attachments)
        taken, _, _ = tx.take("request_step", [wire.plain(step) for step in plan.steps])
        arrivals.replace(tx, map(msgspec.structs.asdict, plan.notices), map(msgspec.structs.asdict, plan.allocations))
        fresh = rules.keep(tx, plan.rules)
        planned = campaigns.apply(tx, msgspec.to_builtins(plan.campaigns)) if plan.campaigns is not None else ()
        known = roaming.apply(tx, _told(plan.regulars), plan.epoch, pack.keys)
        answers.replace(tx, plan.waiting.key if plan.waiting else "", _waiting(plan))
        averages.replace(tx, map(msgspec.structs.astuple, plan.averages))
        given = kept_forms.replace(tx, [(one.id, one.name, one.time, one.binding, b64decode(one.content)) for one in plan.forms])
        _keep_trust(tx, plan, pack)
        began = _begin_anew(tx, plan)
        unlike = _differs(db, plan)
        tx.set_meta("differs", json.dumps(unlike))
        tx.set_meta("snapshot_asked", "1" if plan.snapshot else "")
    if began:
        incarnation.write_anchor(db)
    changes = tx.changes
    rows = dict(changes.rows) | {"batch": plan.confirm, "receipt": (str(plan.no),)}
    rows |= {"notice": tuple(one.id for one in plan.notices), "allocation": tuple(one.id for one in plan.allocations)}
    rows |= {"rule_set": fresh} if fresh else {}
    rows |= {"campaign": planned} if planned else {}
    rows |= {"roaming": (str(known),)} if known else {}
    rows |= {"form": given}
    rows |= {"average": tuple(one.month for one in plan.averages)}
    applied = Applied(plan.no, turned, len(plan.refused), taken, plan.missing, began, unlike,
                      tuple(one for one in plan.rules if one.id in fresh), known)  # fmt: skip
    return applied, Changes(changes.operation, Op.APPLY_PACK, rows)


def _told(roster: regulars.Roster) -> dict[str, Any]:
    """The roster as plain values, every field of an entry named."""
    told = msgspec.structs.asdict(roster)
    return {name: [msgspec.structs.asdict(one) if isinstance(one, msgspec.Struct) else one for one in part] if isinstance(part, list)
            else part for name, part in told.items()}  # fmt: skip


def _waiting(plan: merge.Plan) -> list[tuple[str, str]]:
    """(mark, sealed) of every answer that waits for somebody who shows a badge or a slip."""
    return [(one.mark, one.sealed) for one in plan.waiting.answers] if plan.waiting else []


def differs(db: Database) -> tuple[str, ...] | None:
    """The tables in which the district's copy was another than ours at the newest receipt, None where it could not be told."""
    told = json.loads(db.meta("differs") or "null")
    return None if told is None else tuple(told)


def _keep_trust(tx: Tx, plan: merge.Plan, pack: envelope.OpenPack) -> None:
    """What the district's root key says of its keys now; our own new keys are known once a pack names them.

    Not while anything that a key before them signed has no receipt: after a computer was introduced anew the district may know the
    newest of its keys and none between.
    """
    if plan.trust is not None:
        outbox.believe(tx, plan.trust)
    tx.set_meta("roster", str(max(pack.manifest.roster, int(tx.db.meta("roster") or 0))))
    own = outbox.own_identity(tx.db).public
    known = own.fingerprint in pack.manifest.recipients and outbox.renewals(tx.db)
    if known and all(envelope.cut_frame("batch", body).key_id == own.key_id for _, body in exchange.unconfirmed(tx.db)):
        outbox.heard(tx)


def _begin_anew(tx: Tx, plan: merge.Plan) -> str:
    """Somebody else goes on under this store's id (it was copied, or put back whole): take another, and stamp what is open."""
    why = "foreign" if plan.foreign else "forked" if plan.forked else ""
    if why:
        incarnation.begin(tx, why)
        exchange.restamp(tx)
    return why


def _differs(db: Database, plan: merge.Plan) -> tuple[str, ...] | None:
    """The tables in which the district's copy of this store is another than ours as of the newest batch it has of us.

    None while it lacks a batch before that one, or has none of this store.
    """
    if plan.holding is None or plan.foreign or plan.forked or plan.holding.missing:
        return None
    body = exchange.newest_body(db, plan.holding.have)
    if body is None:
        return None
    ours, theirs = closing.head_of(body).digests, plan.holding.digests
    return tuple(sorted(table for table in ours.keys() | theirs.keys() if ours.get(table) != theirs.get(table)))


def _local(db: Database, trusted: outbox.District) -> merge.Local:
    station = stations.current(db)
    return merge.Local(
        district=station.district_code, station=station.code, root=trusted.verify_key, serial=trusted.serial,
        fingerprints=frozenset(one.public.fingerprint for one in outbox.identities(db)), epoch=trusted.epoch,
        newest=exchange.newest_receipt(db), own_hashes=exchange.own_hashes(db), own_requests=exchange.own_requests(db),
        store_id=db.store_id, own_steps=exchange.own_steps(db),
    )  # fmt: skip
