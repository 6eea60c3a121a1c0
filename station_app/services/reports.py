"""The figures of a span of days; the same queries at the station and, over any set of stores, at the district.

Definitions: **person-times** count every visit, a tally as many as it counted; **people** are distinct badges seen, those of one
person counted once;
**registered** are person-times with a badge, **anonymous** without. An **open day** is a day on which a station was opened or
anybody came; of several stations together it is one of each, so that what stands below a column is its sum and an average is that
of a station's day, on screen, on paper, in a closed month and in the averages that packs bring. Voided rows count nowhere.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from ..db import Database, Row
from ..errors import UserMistake
from ..model import Report
from .aliases import meant
from .requests import NEWEST_STEP
from .supplies import kept


def period(db: Database, first: str, last: str, stores: Sequence[str] | None = None) -> Report:
    """The report of business dates ``first`` to ``last`` (ISO, both included); only rows of ``stores`` when given.

    UserMistake for dates that are none or stand the wrong way round.
    """
    check_span(first, last)
    where = "business_date BETWEEN ? AND ? AND void_reason IS NULL"
    parameters: list[str] = [first, last]
    if stores is not None:
        where += f" AND store_id IN ({', '.join('?' * len(stores))})"
        parameters += stores

    def total(expression: str, table: str, more: str = "1 = 1") -> int:
        return int(db.scalar(f"SELECT coalesce({expression}, 0) FROM {table} WHERE {where} AND {more}", parameters))

    def split(expression: str, figure: str, table: str) -> dict[str, int]:
        rows = db.rows(
            f"SELECT {expression} AS part, {figure} AS n FROM {table} WHERE {where} GROUP BY 1 ORDER BY 1", parameters
        )
        return {row["part"]: row["n"] for row in rows}

    times = "sum(person_times)"
    weekday_hour = db.rows(
        f"SELECT business_date, hour, {times} AS n FROM visit WHERE {where} GROUP BY 1, 2", parameters
    )
    grid: dict[tuple[int, int], int] = {}
    for row in weekday_hour:
        place = (date.fromisoformat(row["business_date"]).weekday(), row["hour"])
        grid[place] = grid.get(place, 0) + row["n"]
    by_day = split("business_date", times, "visit")
    return Report(
        first=first, last=last,
        person_times=sum(by_day.values()),
        unique_people=total(f"count(DISTINCT {meant('visit.person_id')})", "visit"),
        registered=total(times, "visit", "person_id IS NOT NULL"),
        anonymous=total(times, "visit", "person_id IS NULL"),
        open_days=_open_days(db, where, parameters),
        by_day=by_day,
        by_hour={int(hour): n for hour, n in split("hour", times, "visit").items()},
        by_occupation=split("occupation", times, "visit"),
        by_platform=_by_platform(db, where, parameters),
        by_amenity=split("amenity", "count(*)", "amenity_use"),
        handouts=_handouts(db, where, parameters),
        balances=_balances(db, last, stores),
        requests=_requests(db, where, parameters),
        by_weekday_hour=grid,
        by_mood=split("mood", "count(*)", "feedback"),
        registered_by_day={
            row["business_date"]: row["n"]
            for row in db.rows(
                f"SELECT business_date, {times} AS n FROM visit WHERE {where} AND person_id IS NOT NULL GROUP BY 1", parameters
            )
        },
    )  # fmt: skip


@dataclass(slots=True)
class _Sums:
    """What is counted for one part of a district, by the names of ``Report``; who came, and the days it was open."""

    counts: dict[str, Counter[Any]] = field(default_factory=lambda: defaultdict(Counter))
    people: set[str] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)

    def visit(self, day: str, weekday: int, row: Row) -> None:
        """Count one row of the visits ledger."""
        times, counts = row["person_times"], self.counts
        counts["by_day"][day] += times
        counts["by_weekday_hour"][weekday, row["hour"]] += times
        counts["by_hour"][row["hour"]] += times
        counts["by_occupation"][row["occupation"]] += times
        if row["person_id"] is not None:
            counts["registered_by_day"][day] += times
            self.people.add(row["person_id"])

    def add(self, other: _Sums) -> None:
        """Count what another part counted too."""
        for name, counted in other.counts.items():
            self.counts[name].update(counted)
        self.people |= other.people
        self.opened |= other.opened

    def report(self, first: str, last: str) -> Report:
        """What was counted, as a report."""
        names = ("by_day", "by_hour", "by_occupation", "by_platform", "by_amenity", "handouts", "balances", "requests")
        told = {name: dict(sorted(self.counts[name].items())) for name in (*names, "by_weekday_hour", "registered_by_day", "by_mood")}
        times, registered = self.counts["by_day"].total(), self.counts["registered_by_day"].total()
        return Report(
            first=first, last=last, person_times=times, unique_people=len(self.people), registered=registered,
            anonymous=times - registered, open_days=len(self.opened | self.counts["by_day"].keys()), **told,
        )  # fmt: skip


def across(
    db: Database, first: str, last: str, parts: Mapping[str, Sequence[str]]
) -> tuple[Report, dict[str, Report]]:
    """The report of several parts of a district together and of each, a part being a set of stores; as ``period`` gives them.

    The ledgers are read once for all parts: hundreds of stations cost little more than one. Visits day by day, so that
    memory does not grow with the span. UserMistake as ``period``.
    """
    check_span(first, last)
    sums = {part: _Sums() for part in parts}
    of = {store_id: sums[part] for part, stores in parts.items() for store_id in stores}
    span = "business_date BETWEEN ? AND ? AND t.void_reason IS NULL"
    for found in db.rows(f"SELECT DISTINCT business_date FROM visit t WHERE {span}", (first, last)):
        day = found["business_date"]
        weekday = date.fromisoformat(day).weekday()
        for row in db.rows(f"{VISIT} WHERE business_date = ? AND void_reason IS NULL", (day,)):
            if (part := of.get(row["store_id"])) is not None:
                part.visit(day, weekday, row)
    for row in db.rows(f"SELECT store_id, business_date FROM station_day t WHERE {span} AND opened IS NOT NULL", (first, last)):
        if (part := of.get(row["store_id"])) is not None:
            part.opened.add(row["business_date"])
    item = "JOIN item i ON i.id = t.item_id"
    for name, figures, table in (
        ("by_platform", "coalesce(p.platform, '') AS part, sum(t.person_times) AS n",
         f"visit t JOIN person p ON p.id = {meant('t.person_id')}"),
        ("by_amenity", "t.amenity AS part, count(*) AS n", "amenity_use t"),
        ("by_mood", "t.mood AS part, count(*) AS n", "feedback t"),
        ("handouts", "i.name AS part, sum(t.quantity) AS n", f"handout t {item}"),
        ("requests", f"{STATE} AS part, count(*) AS n", "request t"),
    ):  # fmt: skip
        for row in db.rows(f"SELECT t.store_id, {figures} FROM {table} WHERE {span} GROUP BY 1, 2", (first, last)):
            if (part := of.get(row["store_id"])) is not None:
                part.counts[name][row["part"]] += row["n"]
    shelf, parameters = kept.at_end_of(last)
    left = f"SELECT s.store_id, i.name AS part, sum(s.n) AS n FROM {shelf} s JOIN item i ON i.id = s.item_id GROUP BY 1, 2"
    used_up = f"SELECT i.store_id, i.name AS part, 0 AS n FROM item i WHERE EXISTS({MOVED})"
    for row in [*db.rows(left, parameters), *db.rows(used_up, (last,))]:
        if (part := of.get(row["store_id"])) is not None:
            part.counts["balances"][row["part"]] += row["n"]
    whole = _Sums()
    for part in sums.values():
        whole.add(part)
    each = {name: part.report(first, last) for name, part in sums.items()}
    together = replace(whole.report(first, last), open_days=sum(report.open_days for report in each.values()))
    return together, each


def frozen(report: Report) -> str:
    """A report as JSON, to be kept; pairs of (weekday, hour) are written "w:h"."""
    grid = {f"{weekday}:{hour}": n for (weekday, hour), n in report.by_weekday_hour.items()}
    return json.dumps(asdict(report) | {"by_weekday_hour": grid}, ensure_ascii=False, sort_keys=True)


def thawed(kept: Mapping[str, Any]) -> Report:
    """The report that was kept, from its parsed JSON."""
    hours = {int(hour): n for hour, n in kept["by_hour"].items()}
    grid = {
        (int(pair.partition(":")[0]), int(pair.partition(":")[2])): n for pair, n in kept["by_weekday_hour"].items()
    }
    return Report(**{**kept, "by_hour": hours, "by_weekday_hour": grid})


VISIT = f"SELECT store_id, hour, occupation, {meant('visit.person_id')} AS person_id, person_times FROM visit"


def check_span(first: str, last: str) -> None:
    """Raise UserMistake for days that are none or stand the wrong way round."""
    try:
        start, finish = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise UserMistake("reports.bad_date", text=f"{first} - {last}") from None
    if start > finish:
        raise UserMistake("reports.backwards", first=first, last=last)


def open_dates(db: Database, first: str, last: str) -> list[str]:
    """The days of a span with an opening or at least one visit, in order: what averages divide by. UserMistake as ``period``."""
    check_span(first, last)
    where = "business_date BETWEEN ? AND ? AND void_reason IS NULL"
    return [row["business_date"] for row in db.rows(f"{_opened(where)} ORDER BY 1", [first, last] * 2)]


def open_days(db: Database, first: str, last: str) -> int:
    """How many days of a span the station was open. UserMistake as ``period``."""
    return len(open_dates(db, first, last))


def _opened(where: str) -> str:
    """The days with an opening or at least one visit."""
    return (
        f"SELECT business_date FROM visit WHERE {where}"
        f" UNION SELECT business_date FROM station_day WHERE {where} AND opened IS NOT NULL"
    )


def _open_days(db: Database, where: str, parameters: list[str]) -> int:
    return int(db.scalar(f"SELECT count(*) FROM ({_opened(where)})", parameters + parameters))


def _by_platform(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        f"SELECT coalesce(p.platform, '') AS part, sum(v.person_times) AS n FROM (SELECT * FROM visit WHERE {where}) v"
        f" JOIN person p ON p.id = {meant('v.person_id')} GROUP BY 1 ORDER BY 2 DESC",
        parameters,
    )
    return {row["part"]: row["n"] for row in rows}


def _handouts(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        f"SELECT i.name, sum(h.quantity) AS n FROM (SELECT * FROM handout WHERE {where}) h JOIN item i ON i.id = h.item_id"
        " GROUP BY 1 ORDER BY 2 DESC, 1",
        parameters,
    )
    return {row["name"]: row["n"] for row in rows}


def _balances(db: Database, last: str, stores: Sequence[str] | None) -> dict[str, int]:
    """What was left of each supply at the end of a day, by its name; 0 of what is used up, nothing of what never came."""
    shelf, parameters = kept.at_end_of(last)
    chosen = "" if stores is None else f" AND {{}}.store_id IN ({', '.join('?' * len(stores))})"
    rows = db.rows(
        f"SELECT i.name, coalesce(sum(s.n), 0) AS n FROM item i LEFT JOIN {shelf} s ON s.item_id = i.id{chosen.format('s')}"
        f" WHERE EXISTS({MOVED}{chosen.format('m')}) GROUP BY 1 ORDER BY 1",
        [*parameters, *(stores or ()), last, *(stores or ())],
    )
    return {row["name"]: row["n"] for row in rows}


MOVED = "SELECT 1 FROM movement m WHERE m.item_id = i.id AND m.business_date <= ? AND m.void_reason IS NULL"
"""Whether a supply ``i`` had moved by the end of a day."""


STATE = f"coalesce((SELECT state FROM request_step WHERE id = {NEWEST_STEP.replace('r.id', 't.id')}), 'recorded')"
"""The state of a request ``t``."""


def _requests(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        f"SELECT coalesce((SELECT state FROM request_step WHERE id = {NEWEST_STEP}), 'recorded') AS state, count(*) AS n"
        f" FROM (SELECT * FROM request WHERE {where}) r GROUP BY 1 ORDER BY 1",
        parameters,
    )
    return {row["state"]: row["n"] for row in rows}
