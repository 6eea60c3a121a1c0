"""When an item runs out: from what this station handed out, by weekday, season and weather level, with a range.

The rate of a day is the mean of open days of the last eight weeks, times the weekday's share, the month's (against the months
looked at, where a year ago is known) and the weather level's (where days of that level are known). Days without a visit or
handout are closed days and are left out. The range runs the same from the 10th and the 90th percentile of ``DRAWS`` sums: days
drawn from the history by a seed that is the item's own, so that the same history gives the same dates everywhere. Below
``ENOUGH`` days of history it says so and gives no date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from ...db import Database
from ...model import Item, WeatherLevel
from .. import weather
from .quotas import within

WEEKS = 8
ENOUGH = 7
"""Open days of history below which no date is given."""
HORIZON = 180
"""Days ahead that are looked at."""
DRAWS = 100


@dataclass(frozen=True, slots=True)
class Usage:
    """One open day: its date, what was handed out, the level of its weather."""

    day: date
    given: int
    level: WeatherLevel | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When an item runs out. ``state``: "date" (``likely`` between ``early`` and ``late``), "beyond" (not within HORIZON days), "enough"
    (for this season),
    "short_history" (too few days to say), "unused", "out" (nothing left), "season" (not handed out now).

    ``a_day`` is what one day takes now; ``days`` how many open days it rests on. A ``late`` of None lies beyond the horizon.
    """

    item_id: str
    state: str
    days: int
    a_day: float = 0.0
    early: date | None = None
    likely: date | None = None
    late: date | None = None


def forecast(db: Database, item: Item) -> Forecast:
    """The forecast of one item."""
    return forecasts(db, [item])[item.id]


def forecasts(db: Database, items: Sequence[Item]) -> dict[str, Forecast]:
    """The forecasts of items, by id; the history of all is read at once."""
    today = date.fromisoformat(db.stamp().business_date)
    first = today - timedelta(weeks=WEEKS)
    histories = _histories(db, first, today)
    lasts = _last_years(db, today)
    now = weather.of_day(db, today.isoformat()).level
    return {
        item.id: predict(item, histories.get(item.id, []) or [Usage(one.day, 0, one.level) for one in histories[""]], today, now,
                         lasts.get(item.id, {}))
        for item in items
    }  # fmt: skip


SPAN = "FROM item i CROSS JOIN movement m WHERE m.item_id = i.id AND m.business_date BETWEEN ? AND ? AND m.void_reason IS NULL"
"""The movements of a span, item by item: the index leads to them, whatever was before."""


def _histories(db: Database, first: date, today: date) -> dict[str, list[Usage]]:
    """What each open day before today took of each item; under "" the open days."""
    span = (first.isoformat(), (today - timedelta(days=1)).isoformat())
    rows = db.rows(
        f"SELECT m.item_id, m.business_date, -sum(m.delta) AS n {SPAN} AND m.kind IN ('handout', 'returned') GROUP BY 1, 2",
        span,
    )
    parts = db.rows(  # what goes into kits that are handed out is used, too
        f"SELECT m.item_id, m.business_date, -sum(m.delta) AS n {SPAN} AND m.kind = 'assembly' AND m.delta < 0 GROUP BY 1, 2",
        span,
    )
    given: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in [*rows, *parts]:
        given[row["item_id"]][row["business_date"]] += row["n"]
    came = db.rows("SELECT DISTINCT business_date FROM visit WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL", span)
    opened = sorted({row["business_date"] for row in came} | {day for days in given.values() for day in days})
    levels = weather.of_days(db, *span)
    began = {item_id: min(days) for item_id, days in given.items()}
    found: dict[str, list[Usage]] = {"": [Usage(date.fromisoformat(day), 0, levels[day].level) for day in opened]}
    for item_id, days in given.items():
        found[item_id] = [
            Usage(date.fromisoformat(day), max(days.get(day, 0), 0), levels[day].level) for day in opened if day >= began[item_id]
        ]
    return found


def _last_years(db: Database, today: date) -> dict[str, dict[int, float]]:
    """What a day of each month took of each item in the year before the weeks looked at, by month."""
    until = today - timedelta(weeks=WEEKS)
    rows = db.rows(
        "SELECT m.item_id, CAST(substr(m.business_date, 6, 2) AS INTEGER) AS month, -sum(m.delta) AS n,"
        f" count(DISTINCT m.business_date) AS days {SPAN} AND m.kind IN ('handout', 'returned') GROUP BY 1, 2",
        ((until - timedelta(days=365)).isoformat(), until.isoformat()),
    )
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row["days"] >= 5:
            found[row["item_id"]][row["month"]] = max(row["n"], 0) / row["days"]
    return found


# --- pure ----------------------------------------------------------------------------------------------------------------


def predict(
    item: Item, history: Sequence[Usage], today: date, level: WeatherLevel | None, last_year: Mapping[int, float] | None = None
) -> Forecast:
    """The forecast from a history of open days, the oldest first, none of them today."""
    if item.balance <= 0:
        return Forecast(item.id, "out", len(history))
    used = [one for one in history if within(item.first_month, item.last_month, one.day.month)]
    if not within(item.first_month, item.last_month, today.month):
        return Forecast(item.id, "season", len(used))
    if len(used) < ENOUGH:
        return Forecast(item.id, "short_history", len(used))
    if not any(one.given for one in used):
        return Forecast(item.id, "unused", len(used))
    mean = sum(one.given for one in used) / len(used)
    factors = [_factor(item, used, today + timedelta(days=ahead), today, level, last_year or {}) for ahead in range(HORIZON)]
    open_days = _open_days(used)
    likely = _runs_out(item.balance, [mean * factor * open_days[ahead % 7] for ahead, factor in _by_weekday(factors, today)], today)
    draw = Random(f"{item.id} {today.isoformat()} {item.balance}")
    usual = [one.given for one in used]
    ends = []
    for _ in range(DRAWS):
        spent = [draw.choice(usual) * factor * (draw.random() < open_days[ahead % 7]) for ahead, factor in _by_weekday(factors, today)]
        end = _runs_out(item.balance, spent, today)
        ends.append(HORIZON if end is None else (end - today).days)
    ends.sort()
    early, late = ends[DRAWS // 10], ends[DRAWS - 1 - DRAWS // 10]
    if likely is not None:
        early, late = min(early, (likely - today).days), max(late, (likely - today).days)
    ahead = (today + timedelta(days=number) for number in range(HORIZON))
    over = not all(within(item.first_month, item.last_month, day.month) for day in ahead)
    state = "date" if likely is not None else "enough" if over else "beyond"
    return Forecast(item.id, state, len(used), mean * factors[0], _day(today, early), likely, _day(today, late))


def _by_weekday(factors: Sequence[float], today: date) -> list[tuple[int, float]]:
    return [(today.weekday() + ahead, factor) for ahead, factor in enumerate(factors)]


def _open_days(used: Sequence[Usage]) -> list[float]:
    """How often the station was open on each weekday, of those between the first and the last day."""
    first, last = used[0].day, used[-1].day
    span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    opened = {one.day for one in used}
    share = []
    for weekday in range(7):
        days = [day for day in span if day.weekday() == weekday]
        share.append(sum(day in opened for day in days) / len(days) if days else 1.0)
    return share


def _factor(
    item: Item, used: Sequence[Usage], day: date, today: date, level: WeatherLevel | None, last_year: Mapping[int, float]
) -> float:
    """How a day differs from the mean one: by its weekday, its month a year ago, today's weather level for the days told."""
    if not within(item.first_month, item.last_month, day.month):
        return 0.0
    mean = sum(one.given for one in used) / len(used)
    same = [one.given for one in used if one.day.weekday() == day.weekday()]
    factor = (sum(same) / len(same) / mean) if len(same) >= 3 else 1.0
    here = [last_year[month] for month in {one.day.month for one in used} if month in last_year]
    if day.month in last_year and here and sum(here):
        factor *= min(max(last_year[day.month] / (sum(here) / len(here)), 0.25), 4.0)
    if level is not None and day <= today + timedelta(days=1):  # a warning is for today and tomorrow
        alike = [one.given for one in used if one.level is level]
        if len(alike) >= 3:
            factor *= min(max(sum(alike) / len(alike) / mean, 0.25), 4.0)
    return factor


def _runs_out(balance: int, spent: Sequence[float], today: date) -> date | None:
    left = float(balance)
    for ahead, part in enumerate(spent):
        left -= part
        if left <= 0:
            return today + timedelta(days=ahead)
    return None


def _day(today: date, ahead: int) -> date | None:
    return None if ahead >= HORIZON else today + timedelta(days=ahead)
