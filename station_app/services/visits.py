"""Visits: registered ones by badge or name, anonymous ones by count; the services used; yesterday's paper sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .. import settings
from ..db import Database, Row, Tx
from ..errors import UserMistake
from ..model import Amenity, Changes, Occupation, Op, Recorded, Visit
from . import aliases, badges, people, preferences, search

MOST_AT_ONCE = 500
"""More people than this in one count is a slip of the finger."""


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a scan led to. ``repeated``: here already some minutes ago, so nothing was counted again."""

    visit: Visit
    person_id: str
    repeated: bool


def check_in(db: Database, badge: str, at: datetime | None = None) -> tuple[CheckIn, Changes | None]:
    """A scanned badge or typed card number: one visit, or the card again within the double-scan minutes (no Changes then).

    Raises Refused for a code that opens no card, which is noted among the refusals.
    """
    db.require(Op.CHECK_IN)
    return check_in_person(db, badges.open_card(db, badge, at).person_id, at, Recorded.SCAN)


def check_in_person(
    db: Database, person_id: str, at: datetime | None = None, recorded: Recorded = Recorded.TYPED
) -> tuple[CheckIn, Changes | None]:
    """A regular found by name came in."""
    moment, person_id = at or db.now(), aliases.final(db, person_id)
    if (earlier := _just_now(db, person_id, moment)) is not None:
        return CheckIn(earlier, person_id, True), None
    person = people.get(db, person_id)
    with db.transact(Op.CHECK_IN, moment, person=person_id, occupation=person.occupation.value) as tx:
        tx.details["visit"] = visit_id = _write(tx, person.occupation, 1, recorded, person_id)
        search.seen(tx, person_id)
    return CheckIn(get(db, visit_id), person_id, False), tx.changes


def _just_now(db: Database, person_id: str, moment: datetime) -> Visit | None:
    minutes = preferences.number(db, settings.DOUBLE_SCAN_MINUTES)
    last = db.one(
        f"SELECT * FROM visit WHERE person_id IN {aliases.MEMBERS} AND void_reason IS NULL ORDER BY business_date DESC, time DESC LIMIT 1",
        {"person": person_id},
    )
    if last is None:
        return None
    passed = moment - datetime.fromisoformat(last["time"])
    return _visit(last) if abs(passed) < timedelta(minutes=minutes) else None


def tally(db: Database, occupation: Occupation, count: int = 1, at: datetime | None = None) -> tuple[Visit, Changes]:
    """People who came in without a badge: counted, nothing asked."""
    _check_count(count)
    with db.transact(Op.TALLY, at, occupation=occupation.value, count=count) as tx:
        tx.details["visit"] = visit_id = _write(tx, occupation, count, Recorded.TALLY, None)
    return get(db, visit_id), tx.changes


def set_count(db: Database, visit_id: str, count: int, at: datetime | None = None) -> tuple[Visit, Changes]:
    """Correct how many a tally stands for; UserMistake for a visit that is no tally."""
    _check_count(count)
    visit = get(db, visit_id)
    if visit.person_id is not None or visit.void_reason:
        raise UserMistake("visits.no_tally")
    with db.transact(Op.SET_COUNT, at, visit=visit_id, occupation=visit.occupation.value, count=count) as tx:
        tx.put("visit", {"id": visit_id, "person_times": count})
    return get(db, visit_id), tx.changes


def set_occupation(
    db: Database, visit_id: str, occupation: Occupation, at: datetime | None = None
) -> tuple[Visit, Changes | None]:
    """Say what somebody does whose badge does not tell (one of another station); None when it is so already.

    UserMistake for the visit of a regular of this station, whose record says it, for a tally, and for one taken back.
    """
    visit = get(db, visit_id)
    if visit.void_reason or visit.person_id is None or not aliases.is_stranger(visit.person_id):
        raise UserMistake("visits.occupation_known")
    if visit.occupation is occupation:
        return visit, None
    with db.transact(Op.CHANGE_VISIT, at, visit=visit_id, person=visit.person_id, occupation=occupation.value) as tx:
        tx.put("visit", {"id": visit_id, "occupation": occupation.value})
    return get(db, visit_id), tx.changes


def use_amenity(
    db: Database, visit_id: str, amenity: Amenity, used: bool = True, at: datetime | None = None
) -> Changes | None:
    """Note a service used during a visit, or take the note back; None when nothing changes."""
    visit = get(db, visit_id)
    if used and visit.void_reason:
        raise UserMistake("visits.unknown")
    found = db.one(
        "SELECT * FROM amenity_use WHERE visit_id = ? AND amenity = ? AND void_reason IS NULL",
        (visit_id, amenity.value),
    )
    if used == (found is not None):
        return None
    with db.transact(
        Op.USE_AMENITY, at, visit=visit_id, amenity=amenity.value, used=used, person=visit.person_id
    ) as tx:
        if found is not None:
            tx.void("amenity_use", found["id"], "unmarked")
        else:
            tx.put(
                "amenity_use",
                {
                    "time": tx.stamp.time, "business_date": tx.stamp.business_date, "amenity": amenity.value,
                    "visit_id": visit_id, "person_id": visit.person_id, "keeper_id": db.acting,
                },
            )  # fmt: skip
    return tx.changes


def amenities(db: Database, visit_id: str) -> set[Amenity]:
    """The services noted for a visit."""
    rows = db.rows("SELECT amenity FROM amenity_use WHERE visit_id = ? AND void_reason IS NULL", (visit_id,))
    return {Amenity(row["amenity"]) for row in rows}


def paper_sheet(db: Database, day: date, counts: Mapping[tuple[Occupation, int], int]) -> tuple[int, Changes]:
    """补登: a paper sheet of a past day, (occupation, hour) -> people; returns the person-times added.

    Raises UserMistake for a day to come, an hour outside the day or an empty sheet.
    """
    entered = {place: count for place, count in counts.items() if count}
    if not entered:
        raise UserMistake("visits.empty_sheet")
    if day > db.now().date():
        raise UserMistake("visits.day_to_come", date=day.isoformat())
    for (_, hour), count in entered.items():
        if not 0 <= hour <= 23:
            raise UserMistake("visits.bad_hour", hour=hour)
        _check_count(count)
    total = sum(entered.values())
    with db.transact(Op.PAPER_SHEET, None, date=day.isoformat(), count=total) as tx:
        for (occupation, hour), count in sorted(entered.items()):
            moment = db.stamp(datetime(day.year, day.month, day.day, hour, tzinfo=db.zone))
            tx.put("visit", _row(db, moment, occupation, count, Recorded.PAPER, None))
    return total, tx.changes


def _write(tx: Tx, occupation: Occupation, count: int, recorded: Recorded, person_id: str | None) -> str:
    return tx.put("visit", _row(tx.db, tx.stamp, occupation, count, recorded, person_id))


def _row(
    db: Database,
    stamp: tuple[str, str, int],
    occupation: Occupation,
    count: int,
    recorded: Recorded,
    person_id: str | None,
) -> dict[str, object]:
    time, business_date, hour = stamp
    return {
        "time": time, "business_date": business_date, "hour": hour, "occupation": occupation.value, "person_times": count,
        "recorded": recorded.value, "person_id": person_id, "keeper_id": db.acting,
    }  # fmt: skip


def _check_count(count: int) -> None:
    if not 1 <= count <= MOST_AT_ONCE:
        raise UserMistake("visits.bad_count", count=count, most=MOST_AT_ONCE)


# --- looking up --------------------------------------------------------------------------------------------------------


def get(db: Database, visit_id: str) -> Visit:
    """One visit; UserMistake for an id nobody has."""
    row = db.one("SELECT * FROM visit WHERE id = ?", (visit_id,))
    if row is None:
        raise UserMistake("visits.unknown")
    return _visit(row)


def listing(db: Database, first: str, last: str, limit: int = 1000) -> list[Visit]:
    """The visits of a span of business dates, voided ones too, the newest first."""
    rows = db.rows(
        "SELECT * FROM visit WHERE business_date BETWEEN ? AND ? ORDER BY business_date DESC, time DESC, id DESC LIMIT ?",
        (first, last, limit),
    )
    return [_visit(row) for row in rows]


def of_person(db: Database, person_id: str, limit: int = 20) -> list[Visit]:
    """A regular's visits, the newest first."""
    rows = db.rows(
        f"SELECT * FROM visit WHERE person_id IN {aliases.MEMBERS} AND void_reason IS NULL ORDER BY business_date DESC, time DESC"
        " LIMIT :most",
        {"person": aliases.final(db, person_id), "most": limit},
    )
    return [_visit(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Today:
    """The desk's figures of one business date; ``anonymous`` are the person-times by occupation without a badge."""

    business_date: str
    person_times: int
    handed_out: int
    new_requests: int
    by_hour: Mapping[int, int]
    anonymous: Mapping[Occupation, int]


def today(db: Database, business_date: str) -> Today:
    """The desk's figures of a day."""
    rows = db.rows(
        "SELECT hour, occupation, person_id IS NULL AS nameless, sum(person_times) AS n FROM visit"
        " WHERE business_date = ? AND void_reason IS NULL GROUP BY hour, occupation, nameless",
        (business_date,),
    )
    by_hour: dict[int, int] = {}
    anonymous = dict.fromkeys(Occupation, 0)
    for row in rows:
        by_hour[row["hour"]] = by_hour.get(row["hour"], 0) + row["n"]
        if row["nameless"]:
            anonymous[Occupation(row["occupation"])] += row["n"]
    given = db.scalar(
        "SELECT coalesce(sum(quantity), 0) FROM handout WHERE business_date = ? AND void_reason IS NULL",
        (business_date,),
    )
    asked = db.scalar("SELECT count(*) FROM request WHERE business_date = ? AND void_reason IS NULL", (business_date,))
    return Today(business_date, sum(by_hour.values()), given, asked, by_hour, anonymous)


def _visit(row: Row) -> Visit:
    return Visit(
        id=row["id"], time=row["time"], business_date=row["business_date"], occupation=Occupation(row["occupation"]),
        person_times=row["person_times"], recorded=Recorded(row["recorded"]), person_id=row["person_id"], void_reason=row["void_reason"],
    )  # fmt: skip
