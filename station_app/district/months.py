"""Months that are closed: their figures stay as they were, later changes stand beside them.

A file may come weeks late, an undo may reach into a month that was reported already. What was reported is frozen at closing
and printed as it was; whatever the ledgers say differently now is shown as a correction, by station and figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ..db import Database
from ..errors import Refused, UserMistake
from ..model import Changes, Op, Report, RequestState
from ..services import reports
from . import books, desk, store

WHOLE = ""
"""The key of the whole district among a closed month's figures."""


# --- months -------------------------------------------------------------------------------------------------------------


def span(month: str) -> tuple[str, str]:
    """First and last day of a month written YYYY-MM; UserMistake for what is none."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UserMistake("district.bad_month", text=month) from None
    return first.isoformat(), ((first + timedelta(days=31)).replace(day=1) - timedelta(days=1)).isoformat()


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure that changed after its month was closed. ``station`` is "" for the whole district; ``figure`` a code."""

    station: str
    figure: str
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month: as it was closed, or as it stands while it is open; ``corrections`` are what changed since."""

    month: str
    closed: str
    officer: str
    whole: Report
    each: tuple[tuple[str, str, Report], ...]
    corrections: tuple[Correction, ...]


def month(db: Database, text: str) -> Month:
    """A month's figures by station (code, name, figures), frozen ones when it is closed."""
    whole, each = desk.report(db, *span(text))
    frozen = books.closing(db, text)
    if frozen is None:
        return Month(text, "", "", whole, tuple((one.code, one.name, own) for one, own in each), ())
    known = {one.station_id: one for one in store.every_station(db)}
    then = {
        known[station_id]: reports.thawed(figures)
        for station_id, figures in frozen.figures.items()
        if station_id != WHOLE and station_id in known
    }
    before = reports.thawed(frozen.figures[WHOLE])
    now = {one.code: own for one, own in each}
    was = {one.code: own for one, own in then.items()}
    changes = list(_differences("", before, whole))
    for code in sorted({*now, *was}):
        changes += _differences(code, was.get(code), now.get(code))
    kept = tuple((one.code, one.name, own) for one, own in sorted(then.items(), key=lambda pair: pair[0].code))
    return Month(text, frozen.time, frozen.officer, before, kept, tuple(changes))


def close(db: Database, text: str) -> tuple[Month, Changes]:
    """Close a month: its figures are frozen as they stand. Refused before it is over, or when it was closed already."""
    _first, last = span(text)
    if last >= db.stamp().business_date:
        raise Refused("district.month_runs", month=text)
    if books.closing(db, text) is not None:
        raise Refused("district.month_closed", month=text)
    whole, each = desk.report(db, *span(text))
    figures = {WHOLE: reports.frozen(whole)} | {station.station_id: reports.frozen(own) for station, own in each}
    with db.transact(Op.CLOSE_MONTH, month=text) as tx:
        books.keep_closing(tx, text, figures)
    return month(db, text), Changes(tx.operation, Op.CLOSE_MONTH, {"closing": (text,)})


def listing(db: Database) -> list[tuple[str, bool]]:
    """The months in which anybody came, the newest first, each with whether it is closed."""
    closed = set(books.closed_months(db))
    return [(text, text in closed) for text in sorted({*books.months(db), *closed}, reverse=True)]


# --- figures --------------------------------------------------------------------------------------------------------------


def figures(report: Report) -> dict[str, int]:
    """The figures of the summary table by their codes, in its order."""
    return {
        "person_times": report.person_times, "registered": report.registered, "anonymous": report.anonymous,
        "unique_people": report.unique_people, "open_days": report.open_days, "handed_out": sum(report.handouts.values()),
        "requests": sum(report.requests.values()), "requests_closed": report.requests.get(RequestState.CLOSED.value, 0),
    }  # fmt: skip


def _differences(station: str, then: Report | None, now: Report | None) -> list[Correction]:
    before = figures(then) if then else {}
    after = figures(now) if now else {}
    return [
        Correction(station, name, before.get(name, 0), after.get(name, 0))
        for name in (after or before)
        if before.get(name, 0) != after.get(name, 0)
    ]
