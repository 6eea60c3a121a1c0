"""What the shift page reads: today at the desk, the last days, and what a day already holds before 补登. Reader thread only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from ...db import Database
from ...model import CheckPart, Item, LogLine, Op, Recorded, Station, WeatherLevel
from ...services import arrivals, history, keepers, loans, preferences, shifts, supplies, visits, weather
from ...services.arrivals import Notice
from ...services.keepers import Shift, StationDay
from ...services.loans import Loan
from ...settings import WEATHER_HEAT_YELLOW
from .shift_house import own_points

DAYS = 7
FAST = 5
"""Items counted at closing."""
MOST_VISITS = 100_000
"""More rows than any day has; a day is read whole."""


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day as the table of the last days shows it."""

    day: StationDay
    person_times: int

    @property
    def id(self) -> str:
        """The business date."""
        return self.day.business_date


@dataclass(frozen=True, slots=True)
class Desk:
    """Today: who is at work (the acting keeper) and who on duty, its shifts, opening and closing, figures, the last days.

    ``undoable`` has the newest operation of each kind that can be taken back; ``usual_high`` the last forecast recorded;
    ``points`` the opening check's, ``out`` what is lent, ``fast`` what was handed out most lately, ``logged`` whether the duty log
    of today is confirmed, ``level`` that of
    the warning and the forecast told so far, ``hot_from`` the high in degrees Celsius from which a day is hot, by the setting.
    """

    today: date
    keeper: str
    on_duty: Shift | None
    shifts: tuple[Shift, ...]
    day: StationDay
    figures: visits.Today
    days: tuple[DayLine, ...]
    undoable: Mapping[Op, str]
    usual_high: int | None
    level: WeatherLevel | None = None
    notices: tuple[Notice, ...] = ()
    points: tuple[str, ...] = ()
    out: tuple[Loan, ...] = ()
    fast: tuple[Item, ...] = ()
    logged: bool = False
    hot_from: int = int(WEATHER_HEAT_YELLOW.default)


@dataclass(frozen=True, slots=True)
class Present:
    """What a day holds already: person-times by hour, how many of them from paper, and the hours a sheet of it needs."""

    day: date
    today: date
    person_times: int
    from_paper: int
    by_hour: Mapping[int, int]
    hours: range


def desk(db: Database) -> Desk:
    """Today at the desk."""
    now = db.stamp().business_date
    today = date.fromisoformat(now)
    acting = keepers.keeper(db, db.acting) if db.acting else None
    on_duty = keepers.on_duty(db)
    had = keepers.shifts_of(db, now)
    if on_duty is not None and on_duty.id not in {shift.id for shift in had}:  # since yesterday
        had.insert(0, on_duty)
    dates = [(today - timedelta(days=back)).isoformat() for back in range(DAYS)]
    days = tuple(DayLine(keepers.day(db, text), visits.today(db, text).person_times) for text in dates)
    return Desk(
        today=today, keeper=acting.name if acting else "", on_duty=on_duty, shifts=tuple(had), day=days[0].day,
        figures=visits.today(db, now), days=days, undoable=_undoable(db, now),
        usual_high=next((line.day.high for line in days if line.day.high is not None), None), notices=tuple(arrivals.notices(db)),
        points=own_points(db, CheckPart.OPENING), out=tuple(loans.open_loans(db)), fast=_fast(db, dates),
        logged=shifts.duty_log(db, now) is not None, hot_from=preferences.number(db, WEATHER_HEAT_YELLOW),
        level=weather.of_day(db, now).level,
    )  # fmt: skip


def _fast(db: Database, dates: list[str]) -> tuple[Item, ...]:
    """The items that went most in the last days, the fastest first."""
    given: dict[str, int] = {}
    for one in supplies.handouts(db, dates[-1], dates[0]):
        if one.void_reason is None:
            given[one.item_id] = given.get(one.item_id, 0) + one.quantity
    return tuple(supplies.get(db, item_id) for item_id in sorted(given, key=lambda item_id: -given[item_id])[:FAST])


def _undoable(db: Database, today: str) -> dict[Op, str]:
    """The newest operations about shift and day that still stand, of those in today's log."""
    lines: dict[Op, LogLine] = {}
    for line in history.log(db, today):
        if line.undoable and line.op not in lines:
            lines[line.op] = line
    return {op: line.operation for op, line in lines.items()}


def present(db: Database, station: Station, day: date | None) -> Present:
    """What a day holds already; yesterday when None."""
    from ...paper.sheets import hours  # the columns of the sheet on paper

    today = date.fromisoformat(db.stamp().business_date)
    wanted = day or today - timedelta(days=1)
    text = wanted.isoformat()
    figures = visits.today(db, text)
    paper = [
        visit.person_times
        for visit in visits.listing(db, text, text, MOST_VISITS)
        if visit.recorded is Recorded.PAPER and visit.void_reason is None
    ]
    printed = hours(station)
    return Present(
        day=wanted, today=today, person_times=figures.person_times, from_paper=sum(paper), by_hour=dict(figures.by_hour),
        hours=widened(printed, figures.by_hour),
    )  # fmt: skip


def widened(hours: range, holding: Mapping[int, int]) -> range:
    """The hours of a sheet, widened by those that hold figures."""
    return range(min([hours.start, *holding]), max([hours.stop, *(hour + 1 for hour in holding)]))
