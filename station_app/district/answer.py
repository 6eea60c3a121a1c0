"""The district's way back: replies to requests, and a pack with receipt and answers for one station."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ..db import Database, Tx
from ..errors import Refused, UserMistake
from ..model import Changes, Exchange, Op, Request, RequestState
from ..services import exchange, incarnation, kept_forms, requests
from ..services.supplies import plans
from ..sync import carrier, carry, envelope, identity, outbox, wire
from ..sync.campaigns import Told
from ..sync.manifest import Fork, Form, Holding, Pack, PackFields, Receipt, TurnedDown, common
from . import averages, books, holding, pictures, promises, regulars, rules, store, waiting


def reply(db: Database, number: str, state: RequestState, note: str = "", unit: str = "") -> tuple[Request, Changes]:
    """The district's step on a request: accepted, transferred to a unit, replied. It travels in the next pack.

    UserMistake for a number nobody has, Refused for one that two have; RuleRefused for a state that cannot follow.
    """
    request = by_number(db, number)
    requests.check_follows(request, state)
    with db.transact(Op.REQUEST_STEP, None, request=request.id, number=request.number, state=state.value) as tx:
        write(tx, request, state, note, unit)
    return by_number(db, request.id), tx.changes


def write(tx: Tx, request: Request, state: RequestState, note: str = "", unit: str = "") -> None:
    """The district's step inside an operation, on the request and on those that are dealt with under it, where it can follow."""
    requests.write_step(tx, request.id, state, note, unit, side="district")
    for other_id in books.under(tx.db, request.id):
        other = by_number(tx.db, other_id)
        if state in requests.AFTER[other.state]:
            requests.write_step(tx, other_id, state, note, unit, side="district")


def by_number(db: Database, number: str) -> Request:
    """A request of any station by its full number, or by its id.

    UserMistake for a number nobody has; Refused for one that two have (a computer that was copied), naming their ids.
    """
    found = store.requests_named(db, number.strip())
    if not found:
        raise UserMistake("requests.unknown_number", number=number)
    if len(found) > 1:
        raise Refused("district.number_twice", number=number, ids=", ".join(row["id"] for row in found))
    row = found[0]
    return requests.labelled(db, requests.record(row, requests.steps(db, row), Exchange.RECEIPTED))


def inbox(db: Database, limit: int = 500) -> list[Request]:
    """Requests of all stations, the newest first."""
    return [requests.labelled(db, requests.record(row, (), Exchange.RECEIPTED)) for row in store.request_rows(db, limit)]


@dataclass(frozen=True, slots=True)
class Sent:
    """A pack that was read back, and what it carries: hashes of batches held, numbers missing, rows refused, steps of requests,
    notices, promised supplies, versions of rules, answers of all stations that wait for whoever shows a badge or slip."""

    station: store.Enrolled
    file: carry.Written
    have: int
    missing: int
    refused: int
    steps: int
    notices: int
    allocations: int
    rules: int
    waiting: int = 0


def pack(db: Database, code: str, folder: Path) -> tuple[carry.Written, Changes]:
    """Write the next pack for a station, as ``send``."""
    sent, changes = send(db, code, folder)
    return sent.file, changes


def send(db: Database, code: str, folder: Path) -> tuple[Sent, Changes]:
    """Write the next pack for a station: receipts by hash, what was refused, the district's steps, what it is to be told and
    promised; sealed to the station. Raises what ``carry.write_file`` raises."""
    station = store.by_code(db, code)
    active = station.active
    if not active:
        raise Refused("district.all_revoked", station=station.name)
    own = store.own_identity(db)
    have = store.held(db, station.station_id)
    stores = store.stores_of(db, station.station_id)
    version = common(store.reads(db, station.station_id))
    with db.transact(Op.APPLY_PACK, station=station.code) as tx:
        no = store.next_pack_no(tx, station.station_id)
        fields = PackFields(
            district=db.meta("district_code"), station=station.code, recipients=[key.fingerprint for key in active],
            epoch=int(db.meta("epoch")), no=no, roster=int(db.meta("roster") or 0), made=tx.stamp.time,
        )  # fmt: skip
        receipt = Receipt(
            stores=[_holding(db, have, store_id) for store_id in stores],
            refused=[
                TurnedDown(table=row["table_name"], id=row["row_id"], version=row["version"], reason=row["reason"])
                for row in store.turned_down(db, station.station_id)
            ],
            attachments=pictures.held(db, stores),
        )
        steps = [wire.typed("request_step", dict(row)) for row in store.answers_for(db, stores)]
        told, promised = promises.for_pack(db, station.station_id)
        ruled = rules.for_pack(db)
        roster, keys = regulars.for_pack(tx, station.station_id)
        body = Pack(
            receipt=receipt, steps=[step for step in steps if isinstance(step, wire.RequestStep)], notices=told,
            allocations=promised, rules=ruled, regulars=roster,
            campaigns=msgspec.convert(plans.for_pack(db, station.station_id, db.meta("badge_version")), Told),
            waiting=(asleep := waiting.for_pack(db)),
            averages=averages.for_pack(tx),
            forms=[
                Form(id=form_id, name=name, time=kept, binding=binding, content=b64encode(data).decode())
                for form_id, name, kept, binding, data in kept_forms.for_pack(db)
            ],
        )  # fmt: skip
        written = envelope.write_pack(fields, body, own.sign, own.public.verify_key, version)
        parts: list[bytes | memoryview] = [store.introduction(db), written.data]
        sealed = carrier.seal(
            carrier.write_carrier(parts, keys, {}, own.sign, own.public.verify_key), [key.recipient for key in active]
        )
        # written inside the operation: a number is spent only on a pack that was read back
        file = carry.write_file(folder, identity.pack_name(fields.district, station.code, no), sealed)
    incarnation.write_anchor(db)
    sent = Sent(
        station, file, len(have.hashes), len(have.missing), len(receipt.refused), len(steps), len(told), len(promised),
        len(ruled),
        len(asleep.answers),
    )  # fmt: skip
    return sent, Changes(tx.operation, Op.APPLY_PACK, {"enrolled": (station.station_id,)})


def _holding(db: Database, have: holding.Held, store_id: str) -> Holding:
    """What the district has of one store."""
    return Holding(
        store_id=store_id, have=list(have.by_store.get(store_id, ())), missing=[no for of, no in have.missing if of == store_id],
        forks=[Fork(no=no, hashes=list(hashes)) for of, no, hashes in have.forks if of == store_id],
        snapshot=store.snapshot_asked(db, store_id),
        digests={table: total for table, (_, total) in exchange.digests(db, store_id).items()},
        totals=outbox.totals(db, store_id),
    )  # fmt: skip
