"""How a station was kept over a span: hours against those posted, shelves that stood empty, how long requests took; honestly.

The same questions for a station and for any set of stores of a district. Nothing here is about a person. What is estimated is
counted as such; a series of numbers that looks made up is said to, for somebody to ask about it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from ..db import Database
from . import figures, opening_hours, reports
from .figures import Wanted
from .opening_hours import Minutes
from .requests import NEWEST_STEP
from .supplies import kept

SPAN = "t.business_date BETWEEN ? AND ? AND t.void_reason IS NULL"
LONGEST_RUN = 0.01
"""How seldom (once in a hundred such spans) honest counting gives a run of equal days as long as one that is told."""


@dataclass(frozen=True, slots=True)
class Streak:
    """Days in a row with the very same number of person-times: the first and last of them, how many, and the number."""

    first: str
    last: str
    days: int
    n: int


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A span in figures. Minutes as ``opening_hours`` counts them; ``estimated`` days have no closing, so its posted hour was taken.

    ``times_while_open`` are person-times of the days whose opening was recorded, without one that still runs. ``closed_in`` is the
    median (nearest rank) of the minutes from a request's recording to its closing, None without one; ``stock_out`` days by item
    that it was used up. ``lent`` are things lent in the span, ``still_out`` and ``repairs_open`` what was lent or told up to its
    end and is not back or not accepted by now.
    """

    first: str
    last: str
    posted_minutes: int
    open_minutes: int
    recorded_days: int
    estimated: int
    times_while_open: int
    requests: int
    requests_closed: int
    closed_in: int | None
    stock_out: Mapping[str, int] = field(default_factory=dict)
    streak: Streak | None = None
    lent: int = 0
    still_out: int = 0
    repairs_open: int = 0

    @property
    def kept(self) -> float | None:
        """The share of the posted hours that were kept, None when none were recorded."""
        return self.open_minutes / self.posted_minutes if self.posted_minutes else None

    @property
    def house(self) -> dict[str, int]:
        """The figures of loans and repairs by their codes."""
        return {"lent": self.lent, "still_out": self.still_out, "repairs_open": self.repairs_open}

    @property
    def per_hour(self) -> float | None:
        """Person-times per open hour, None without an open hour."""
        return self.times_while_open * 60 / self.open_minutes if self.open_minutes else None


def upkeep(db: Database, first: str, last: str, stores: Sequence[str] | None = None) -> Upkeep:
    """How the station (or those with these stores) was kept from ``first`` to ``last``. UserMistake for dates that are none."""
    reports.check_span(first, last)
    chosen = "" if stores is None else f" AND t.store_id IN ({', '.join('?' * len(stores))})"
    more = list(stores or ())
    where = f"{SPAN}{chosen}"
    found = _opened(db, where, [first, last, *more])
    times = {
        (row["business_date"], row["store_id"]): row["n"]
        for row in db.rows(
            f"SELECT t.business_date, t.store_id, sum(t.person_times) AS n FROM visit t WHERE {where} GROUP BY 1, 2", [first, last, *more]
        )
    }
    took = list(_closing_minutes(db, where, [first, last, *more]).values())
    asked = int(db.scalar(f"SELECT count(*) FROM request t WHERE {where}", [first, last, *more]))
    single = stores is None or len(stores) == 1
    return Upkeep(
        first, last, sum(one.posted for one in found.values()), sum(one.kept for one in found.values()), len(found),
        sum(one.guessed for one in found.values()), sum(times.get(day, 0) for day in found), asked, len(took),
        sorted(took)[math.ceil(len(took) / 2) - 1] if took else None, _stock_out(db, first, last, chosen, more),
        made_up({day: n for (day, _store), n in times.items()}) if single else None,
        *(figures.count(db, Wanted(name, first, last), stores) for name in ("lent", "still_out", "repairs_open")),
    )  # fmt: skip


# --- hours ----------------------------------------------------------------------------------------------------------------


def hours(db: Database, first: str, last: str) -> dict[str, Minutes]:
    """The minutes of each day of a span that was opened and does not run any more, by its date. UserMistake as ``upkeep``."""
    reports.check_span(first, last)
    return {day: one for (day, _store), one in _opened(db, SPAN, [first, last]).items()}


def _opened(db: Database, where: str, parameters: list[str]) -> dict[tuple[str, str], Minutes]:
    """The minutes by day and store; the posted hours are those of the newest record of a store's station."""
    rows = db.rows("SELECT store_id, opens, closes FROM station WHERE void_reason IS NULL ORDER BY version")
    posted, today = {row["store_id"]: (row["opens"] or "", row["closes"] or "") for row in rows}, db.stamp().business_date
    found = {}
    for row in db.rows(f"SELECT t.* FROM station_day t WHERE {where} AND t.opened IS NOT NULL", parameters):
        day, closed = row["business_date"], row["closed"] or ""
        if closed or day != today:
            found[day, row["store_id"]] = opening_hours.kept(day, row["opened"], closed, posted.get(row["store_id"], ("", "")))
    return found


# --- requests and shelves -----------------------------------------------------------------------------------------------


def closing_minutes(db: Database, first: str, last: str) -> dict[str, int]:
    """Minutes from recording to closing of the requests of a span that are closed now, by their ids. UserMistake as ``upkeep``."""
    reports.check_span(first, last)
    return _closing_minutes(db, SPAN, [first, last])


def _closing_minutes(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        "SELECT t.id, t.time AS asked, s.time AS closed FROM request t JOIN request_step s ON s.id ="
        f" {NEWEST_STEP.replace('r.id', 't.id')} WHERE {where} AND s.state = 'closed'",
        parameters,
    )
    spans = {row["id"]: datetime.fromisoformat(row["closed"]) - datetime.fromisoformat(row["asked"]) for row in rows}
    return {request: max(int(span.total_seconds() // 60), 0) for request, span in spans.items()}


def _stock_out(db: Database, first: str, last: str, chosen: str, more: Sequence[str]) -> dict[str, int]:
    """Days of a span at whose end nothing was left of a supply that there had been, up to today."""
    shelf, parameters = kept.before(first)
    of_items = f"JOIN item i ON i.id = t.item_id WHERE i.active = 1{chosen} GROUP BY 1"
    before = {row["id"]: row["n"] for row in db.rows(f"SELECT i.id, sum(t.n) AS n FROM {shelf} t {of_items}", [*parameters, *more])}
    for row in db.rows(  # what was used up by then
        "SELECT id FROM item i WHERE active = 1 AND EXISTS(SELECT 1 FROM movement t WHERE t.item_id = i.id AND t.business_date < ?"
        f" AND t.void_reason IS NULL{chosen})",
        [first, *more],
    ):
        before.setdefault(row["id"], 0)
    moves: dict[str, list[tuple[str, int]]] = {item_id: [("", n)] for item_id, n in before.items()}
    for row in db.rows(
        "SELECT i.id, t.business_date, sum(t.delta) AS n FROM item i CROSS JOIN movement t ON t.item_id = i.id"
        f" WHERE t.business_date BETWEEN ? AND ? AND t.void_reason IS NULL AND i.active = 1{chosen} GROUP BY 1, 2 ORDER BY 1, 2",
        [first, last, *more],
    ):
        moves.setdefault(row["id"], []).append((row["business_date"], row["n"]))
    names = {row["id"]: row["name"] for row in db.rows("SELECT id, name FROM item")}
    newest = min(last, db.stamp().business_date)
    out: dict[str, int] = {}
    for item_id, days in sorted(moves.items()):
        name, balance = names[item_id], 0
        for place, (day, n) in enumerate(days):
            balance += n
            until = days[place + 1][0] if place + 1 < len(days) else (date.fromisoformat(newest) + timedelta(1)).isoformat()
            if balance <= 0:
                begin = max(day, first)
                out[name] = out.get(name, 0) + max((date.fromisoformat(until) - date.fromisoformat(begin)).days, 0)
    return {name: n for name, n in out.items() if n}


# --- numbers that look made up --------------------------------------------------------------------------------------------


def made_up(by_day: Mapping[str, int]) -> Streak | None:
    """The longest run of open days with one and the same number, when honest counting hardly ever gives one so long.

    Days are counted as independent and Poisson with the mean of the span: two equal in a row have the probability p, a run of k
    anywhere among n days at most n * p ** (k - 1). None when there is none below one in a hundred.
    """
    days = sorted(day for day, n in by_day.items() if n)
    if len(days) < 3:
        return None
    runs: list[list[str]] = [[days[0]]]
    for day in days[1:]:
        if by_day[day] == by_day[runs[-1][-1]]:
            runs[-1].append(day)
        else:
            runs.append([day])
    longest = max(runs, key=len)
    alike = _alike(sum(by_day[day] for day in days) / len(days))
    if len(longest) < 3 or len(days) * alike ** (len(longest) - 1) >= LONGEST_RUN:
        return None
    return Streak(longest[0], longest[-1], len(longest), by_day[longest[0]])


def _alike(mean: float) -> float:
    """How likely two days of this mean have the same number."""
    chance, total = math.exp(-mean), 0.0
    if mean > 500:  # the sum below would start from nothing; the normal curve is close
        return 1 / (2 * math.sqrt(math.pi * mean))
    for n in range(int(mean + 12 * math.sqrt(mean) + 20)):
        total += chance * chance
        chance *= mean / (n + 1)
    return total
