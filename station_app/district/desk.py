"""What the district's desk looks at: its stations at a glance and one by one, whom to call, and Ctrl+Z."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .. import settings
from ..db import Database
from ..errors import UserMistake
from ..model import NOT_UNDOABLE, Changes, LogLine, Op, Report, Station, uuid7
from ..services import history, preferences, reports, upkeep
from ..services.upkeep import Upkeep
from . import books, holding, store

LONGEST_NOTE = 500
SHOWN_INTAKES = 200
"""Batches of one station that its card lists, the newest first."""
USED_DAYS = 30
"""Days over which a station's card tells how it was used."""
NOTHING = holding.Held(0, 0, "", "", (), (), None, ())
"""What is held of a station that sent nothing yet."""


def place(db: Database) -> Station:
    """Whose desk this is, as a window shows it: the district under its own name, with no code of a station."""
    return Station(
        id="", code="", letter="", name=db.meta("district_name"), district_code=db.meta("district_code"),
        district_name=db.meta("district_name"), opens="", closes="", zone=db.meta("zone"), sample=db.meta("sample") == "1",
    )  # fmt: skip


# --- stations at a glance -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StationLine:
    """One station in the district's table."""

    station: store.Enrolled
    held: holding.Held


def status(db: Database) -> list[StationLine]:
    """Every station with its last batch, gaps, forks, and whether totals agree."""
    held = store.held_of_all(db)
    return [StationLine(station, held.get(station.station_id, NOTHING)) for station in store.stations(db)]


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a station: when (ISO 8601), by whom, what was said."""

    time: str
    officer: str
    note: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A station as the desk's table shows it.

    ``silent`` is how many days nothing came, counted from its enrolment before the first file; ``overdue`` whether that is
    more than the setting allows. ``person_times`` are those of the current month, ``unanswered`` requests that wait for us.
    """

    station: store.Enrolled
    held: holding.Held
    silent: int
    overdue: bool
    person_times: int
    unanswered: int
    turned_down: int
    called: Call | None

    @property
    def id(self) -> str:
        """The station's id."""
        return self.station.station_id

    @property
    def troubled(self) -> bool:
        """Whether somebody has to look: a batch is missing or forked, totals differ, rows were not taken."""
        return bool(self.held.missing or self.held.forks or self.held.rewritten or self.held.agrees is False or self.turned_down)


@dataclass(frozen=True, slots=True)
class Overview:
    """All stations at a moment. ``days`` is the setting that makes a station overdue, ``late`` requests past their time, ``open_days``
    those of the current month, one of each station (``services/reports``)."""

    now: datetime
    days: int
    lines: tuple[Standing, ...]
    late: int
    open_days: int = 0

    @property
    def person_times(self) -> int:
        """Person-times of the current month over all stations."""
        return sum(line.person_times for line in self.lines)

    @property
    def unanswered(self) -> int:
        """Requests that wait for the district."""
        return sum(line.unanswered for line in self.lines)

    @property
    def overdue(self) -> tuple[Standing, ...]:
        """The stations not heard from, the longest silent first."""
        return tuple(sorted((line for line in self.lines if line.overdue), key=lambda line: (-line.silent, line.station.code)))


def overview(db: Database) -> Overview:
    """Every station with what it sent, how long it has been silent, and what waits for us."""
    now, days = db.now(), preferences.number(db, settings.OVERDUE_DAYS)
    today = now.date()
    times = books.person_times(db, today.replace(day=1).isoformat(), today.isoformat())
    waiting, late = books.unanswered(db, now.isoformat(timespec="seconds"))
    refused, calls = books.turned_down_counts(db), books.last_calls(db)
    found = []
    for line in status(db):
        station_id = line.station.station_id
        heard = line.held.last_taken_in or line.station.enrolled
        silent = max((today - date.fromisoformat(heard[:10])).days, 0)
        call = calls.get(station_id)
        found.append(
            Standing(
                line.station, line.held, silent, silent > days, times.get(station_id, 0), waiting.get(station_id, 0),
                refused.get(station_id, 0), Call(call["time"], call["officer"] or "", call["note"] or "") if call else None,
            )
        )  # fmt: skip
    _stations, _times, open_days = books.month_sums(db, today.replace(day=1).isoformat(), today.isoformat())
    return Overview(now, days, tuple(found), late, open_days)


# --- one station --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Intake:
    """A batch of a station: its number, when it was closed there and taken in here, rows, whether totals agreed (None: open)."""

    no: int
    closed: str
    taken_in: str
    rows: int
    agrees: bool | None
    forked: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """One station in full: its intakes, the newest first, what was not taken, by (table, reason), how it was used of late."""

    standing: Standing
    intakes: tuple[Intake, ...]
    refused: Mapping[tuple[str, str], int]
    used: Upkeep | None = None


def dossier(db: Database, standing: Standing) -> Dossier:
    """What the district knows of one station's files."""
    forked = {(no, store_id) for store_id, no, _ in standing.held.forks}
    intakes = [
        Intake(
            row["no"], row["closed"] or "", row["taken_in"], row["row_count"] or 0,
            None if row["agrees"] is None else bool(row["agrees"]), (row["no"], row["store_id"]) in forked,
        )
        for row in books.intakes(db, standing.id, SHOWN_INTAKES)
    ]  # fmt: skip
    refused = {(row["table_name"], row["reason"]): row["n"] for row in books.turned_down_reasons(db, standing.id)}
    return Dossier(standing, tuple(intakes), refused, used(db, standing.id))


def used(db: Database, station_id: str, days: int = USED_DAYS) -> Upkeep | None:
    """How a station was used over its newest ``days`` days, as far as it sent them; None before it sent any."""
    stores = store.stores_of(db, station_id)
    last = books.newest_day(db, stores)
    if not last:
        return None
    first = (date.fromisoformat(last) - timedelta(days=days - 1)).isoformat()
    return upkeep.upkeep(db, first, last, stores)


# --- calls --------------------------------------------------------------------------------------------------------------


def note_call(db: Database, code: str, note: str = "") -> tuple[str, Changes]:
    """Note that a station was called, and what was said; returns the note's id. UserMistake for an unknown station."""
    station = store.by_code(db, code)
    if len(note) > LONGEST_NOTE:
        raise UserMistake("district.long_note", most=LONGEST_NOTE)
    call_id = uuid7()
    with db.transact(Op.NOTE_CALL, station=station.code) as tx:
        books.keep_call(tx, call_id, station.station_id, note.strip())
    return call_id, Changes(tx.operation, Op.NOTE_CALL, {"called": (call_id,)})


def forget_call(db: Database, call_id: str) -> Changes:
    """Take the note of a call back."""
    with db.transact(Op.NOTE_CALL, taken_back=call_id) as tx:
        books.drop_call(tx, call_id)
    return Changes(tx.operation, Op.NOTE_CALL, {"called": (call_id,)})


# --- Ctrl+Z -------------------------------------------------------------------------------------------------------------


def undo_last(db: Database) -> tuple[LogLine, Changes] | None:
    """Take back the newest thing of today that can be; None when there is nothing."""
    operation = books.last_undoable(db, sorted(op.value for op in NOT_UNDOABLE))
    if operation is None:
        return None
    row = books.operation(db, operation)
    line = LogLine(operation, Op(row["op"]), row["time"], row["business_date"], "", {})
    return line, history.undo(db, operation)


# --- figures ------------------------------------------------------------------------------------------------------------


def report(
    db: Database, first: str, last: str, codes: Sequence[str] = ()
) -> tuple[Report, list[tuple[store.Enrolled, Report]]]:
    """The report of a span over all stations (or those with ``codes``), and each station's own."""
    chosen = [store.by_code(db, code) for code in codes] or store.stations(db)
    of = store.stores_by_station(db)
    parts = {station.station_id: of.get(station.station_id, []) for station in chosen}
    whole, own = reports.across(db, first, last, parts)
    return whole, [(station, own[station.station_id]) for station in chosen]


def person_times(db: Database, first: str, last: str) -> dict[str, int]:
    """Person-times of a span by station code."""
    counted = books.person_times(db, first, last)
    return {station.code: counted.get(station.station_id, 0) for station in store.stations(db)}
