"""The district's way back: replies to requests, and a pack with receipt and answers for one station."""

from __future__ import annotations

from pathlib import Path

from ..db import Database
from ..errors import UserMistake
from ..model import Changes, Exchange, Op, Request, RequestState
from ..services import requests
from ..sync import carrier, carry, envelope, identity, outbox, wire
from ..sync.manifest import Fork, Missing, Pack, PackFields, Receipt, TurnedDown
from . import store


def reply(db: Database, number: str, state: RequestState, note: str = "", unit: str = "") -> tuple[Request, Changes]:
    """The district's step on a request: accepted, transferred to a unit, replied. It travels in the next pack.

    UserMistake for a number nobody has; RuleRefused for a state that cannot follow.
    """
    request = by_number(db, number)
    requests.check_follows(request, state)
    with db.transact(Op.REQUEST_STEP, None, request=request.id, number=request.number, state=state.value) as tx:
        requests.write_step(tx, request.id, state, note, unit, side="district")
    return by_number(db, number), tx.changes


def by_number(db: Database, number: str) -> Request:
    """A request of any station by its full number."""
    row = store.request_row(db, number.strip().upper())
    if row is None:
        raise UserMistake("requests.unknown_number", number=number)
    return requests.record(row, requests.steps(db, row), Exchange.RECEIPTED)


def inbox(db: Database, limit: int = 500) -> list[Request]:
    """Requests of all stations, the newest first."""
    return [requests.record(row, (), Exchange.RECEIPTED) for row in store.request_rows(db, limit)]


def pack(db: Database, code: str, folder: Path) -> tuple[carry.Written, Changes]:
    """Write the next pack for a station: receipts by hash, what was refused, the district's steps; sealed to the station."""
    station = store.by_code(db, code)
    own = store.own_identity(db)
    have = store.held(db, station.station_id)
    stores = store.stores_of(db, station.station_id)
    with db.transact(Op.APPLY_PACK, station=station.code) as tx:
        no = store.next_pack_no(tx, station.station_id)
        fields = PackFields(
            district=db.meta("district_code"), station=station.code, recipient=station.fingerprint, epoch=int(db.meta("epoch")),
            no=no, made=tx.stamp.time,
        )  # fmt: skip
        receipt = Receipt(
            have=list(have.hashes),
            missing=[Missing(store_id=store_id, no=gap) for store_id, gap in have.missing],
            forks=[Fork(store_id=store_id, no=fork, hashes=list(hashes)) for store_id, fork, hashes in have.forks],
            refused=[
                TurnedDown(table=row["table_name"], id=row["row_id"], version=row["version"], reason=row["reason"])
                for row in store.turned_down(db, station.station_id)
            ],
            totals=outbox.totals(db, stores[-1]),
        )
        steps = [wire.typed("request_step", dict(row)) for row in store.answers_for(db, stores)]
        written = envelope.write_pack(
            fields,
            Pack(receipt=receipt, steps=[step for step in steps if isinstance(step, wire.RequestStep)]),
            own.sign,
            own.public.verify_key,
        )
        sealed = carrier.seal(
            carrier.write_carrier([written.data], {}, {}, own.sign, own.public.verify_key), [station.recipient]
        )
        # written inside the operation: a number is spent only on a pack that was read back
        file = carry.write_file(folder, identity.pack_name(fields.district, station.code, no), sealed)
    return file, Changes(tx.operation, Op.APPLY_PACK, {"enrolled": (station.station_id,)})
