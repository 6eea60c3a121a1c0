"""The station's side of what crosses by light: the code on its day sheet, and an export as codes on the screen."""

from __future__ import annotations

import msgspec

from ..db import Database
from ..errors import Refused
from ..model import Changes, Op, Report
from ..services import credentials, exchange, incarnation, stations
from . import carrier, identity, light, outbox

BY_LIGHT = "light"
"""What stands for the place a batch was carried to, when that was a telephone."""


def day_code(db: Database, report: Report) -> str:
    """The text of the code with a day's signed totals; "" for a longer span and before the district is known.

    ``report`` are the figures printed beside it. Writes nothing.
    """
    secrets = credentials.stored(db)
    if report.first != report.last or not secrets or outbox.district(db) is None:
        return ""
    own, station = identity.from_bytes(secrets), stations.current(db)
    sequence, chain = incarnation.newest_link(db)
    told = {
        "district": station.district_code, "station": station.code, "store_id": db.store_id, "business_date": report.first,
        "made": db.stamp().time, "sequence": sequence, "chain": chain, "person_times": report.person_times,
        "people": report.unique_people, "registered": report.registered, "occupations": report.by_occupation,
        "handouts": light.most_given(report.handouts), "requests": report.requests,
    }  # fmt: skip
    return light.write_day(msgspec.convert(told, light.DaySheet), own.sign, own.public.verify_key)


def codes(db: Database) -> tuple[list[str], Changes]:
    """Close a batch if something waits; everything unconfirmed as the texts of codes, sealed like a file for a stick.

    Refused before enrolment, when nothing waits, and ("sync_files.too_much_light") when it would take too many codes.
    """
    trusted = outbox.district(db)
    if trusted is None:
        raise Refused("sync_page.not_enrolled")
    outbox.close_batch(db)
    waiting = exchange.unconfirmed(db)
    if not waiting:
        raise Refused("sync_page.nothing_waits")
    numbers, bodies = zip(*waiting, strict=True)
    data, _ = outbox.carrier_of(db, bodies)
    texts = light.split(carrier.seal(data, trusted.recipients))
    with db.transact(Op.CLOSE_BATCH, carried=len(numbers)) as tx:
        exchange.carried(tx, numbers, BY_LIGHT)
    return texts, Changes(tx.operation, Op.CLOSE_BATCH, {"batch": tuple(map(str, numbers))})
