"""The figures of a span of days; the same queries at the station and, over any set of stores, at the district.

Definitions: **person-times** count every visit, a tally as many as it counted; **people** are distinct badges seen;
**registered** are person-times with a badge, **anonymous** without. Voided rows count nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ..db import Database
from ..errors import UserMistake
from ..model import Report
from .requests import NEWEST_STEP


def period(db: Database, first: str, last: str, stores: Sequence[str] | None = None) -> Report:
    """The report of business dates ``first`` to ``last`` (ISO, both included); only rows of ``stores`` when given.

    UserMistake for dates that are none or stand the wrong way round.
    """
    _check_span(first, last)
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
        unique_people=total("count(DISTINCT person_id)", "visit"),
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
        registered_by_day={
            row["business_date"]: row["n"]
            for row in db.rows(
                f"SELECT business_date, {times} AS n FROM visit WHERE {where} AND person_id IS NOT NULL GROUP BY 1", parameters
            )
        },
    )  # fmt: skip


def each(db: Database, first: str, last: str, parts: Mapping[str, Sequence[str]]) -> dict[str, Report]:
    """The reports of several parts of a district, each a set of stores, as ``period`` gives them one by one.

    Asked of the ledgers once for all parts together: hundreds of stations cost little more than one. UserMistake as ``period``.
    """
    _check_span(first, last)
    of = {store_id: part for part, stores in parts.items() for store_id in stores}
    sums: dict[str, dict[str, dict[str, int]]] = {part: {} for part in parts}

    def split(name: str, part: str, figure: str, table: str, more: str = "1 = 1", since: str = first) -> None:
        rows = db.rows(
            f"SELECT t.store_id, {part} AS part, {figure} AS n FROM {table}"
            f" WHERE t.business_date BETWEEN ? AND ? AND t.void_reason IS NULL AND {more} GROUP BY 1, 2",
            (since, last),
        )
        for row in rows:
            if row["store_id"] in of:
                counted = sums[of[row["store_id"]]].setdefault(name, {})
                counted[str(row["part"])] = counted.get(str(row["part"]), 0) + row["n"]

    times, item = "sum(t.person_times)", "JOIN item i ON i.id = t.item_id"
    split("by_day", "t.business_date", times, "visit t")
    split("registered_by_day", "t.business_date", times, "visit t", "t.person_id IS NOT NULL")
    split("grid", "((strftime('%w', t.business_date) + 6) % 7) || ':' || t.hour", times, "visit t")
    split("by_occupation", "t.occupation", times, "visit t")
    split("by_platform", "coalesce(p.platform, '')", times, "visit t JOIN person p ON p.id = t.person_id")
    split("people", "''", "count(DISTINCT t.person_id)", "visit t")
    split("opened", "t.business_date", "count(*)", "station_day t", "t.opened IS NOT NULL")
    split("by_amenity", "t.amenity", "count(*)", "amenity_use t")
    split("handouts", "i.name", "sum(t.quantity)", f"handout t {item}")
    split("balances", "i.name", "sum(t.delta)", f"movement t {item}", since="")
    split("requests", STATE, "count(*)", "request t")
    return {part: _report(db, first, last, parts[part], found) for part, found in sums.items()}


def _report(db: Database, first: str, last: str, stores: Sequence[str], found: dict[str, dict[str, int]]) -> Report:
    """One part's report of what was counted."""
    by_day, registered = found.get("by_day", {}), found.get("registered_by_day", {})
    grid = {(int(key[0]), int(key[2:])): n for key, n in found.get("grid", {}).items()}
    by_hour: dict[int, int] = {}
    for (_weekday, hour), n in sorted(grid.items(), key=lambda pair: pair[0][1]):
        by_hour[hour] = by_hour.get(hour, 0) + n
    people = sum(found.get("people", {}).values())
    if len(stores) > 1:  # somebody may have come before and after a restore
        people = _people(db, first, last, stores)
    return Report(
        first=first, last=last, person_times=sum(by_day.values()), unique_people=people,
        registered=sum(registered.values()), anonymous=sum(by_day.values()) - sum(registered.values()),
        open_days=len({*by_day, *found.get("opened", {})}), by_day=by_day, by_hour=by_hour,
        by_weekday_hour=grid, registered_by_day=registered,
        **{name: found.get(name, {}) for name in ("by_occupation", "by_platform", "by_amenity", "handouts", "balances", "requests")},
    )  # fmt: skip


def _people(db: Database, first: str, last: str, stores: Sequence[str]) -> int:
    return int(
        db.scalar(
            "SELECT count(DISTINCT person_id) FROM visit WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL"
            f" AND store_id IN ({', '.join('?' * len(stores))})",
            [first, last, *stores],
        )
    )


def _check_span(first: str, last: str) -> None:
    try:
        start, finish = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        raise UserMistake("reports.bad_date", text=f"{first} - {last}") from None
    if start > finish:
        raise UserMistake("reports.backwards", first=first, last=last)


def _open_days(db: Database, where: str, parameters: list[str]) -> int:
    """Days with an opening or at least one visit: what averages divide by."""
    return int(
        db.scalar(
            f"SELECT count(*) FROM (SELECT business_date FROM visit WHERE {where}"
            f" UNION SELECT business_date FROM station_day WHERE {where} AND opened IS NOT NULL)",
            parameters + parameters,
        )
    )


def _by_platform(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        f"SELECT coalesce(p.platform, '') AS part, sum(v.person_times) AS n FROM (SELECT * FROM visit WHERE {where}) v"
        " JOIN person p ON p.id = v.person_id GROUP BY 1 ORDER BY 2 DESC",
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
    chosen = "" if stores is None else f" AND m.store_id IN ({', '.join('?' * len(stores))})"
    rows = db.rows(
        "SELECT i.name, sum(m.delta) AS n FROM movement m JOIN item i ON i.id = m.item_id"
        f" WHERE m.business_date <= ? AND m.void_reason IS NULL{chosen} GROUP BY 1 ORDER BY 1",
        [last, *(stores or ())],
    )
    return {row["name"]: row["n"] for row in rows}


STATE = f"coalesce((SELECT state FROM request_step WHERE id = {NEWEST_STEP.replace('r.id', 't.id')}), 'recorded')"
"""The state of a request ``t``."""


def _requests(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        f"SELECT coalesce((SELECT state FROM request_step WHERE id = {NEWEST_STEP}), 'recorded') AS state, count(*) AS n"
        f" FROM (SELECT * FROM request WHERE {where}) r GROUP BY 1 ORDER BY 1",
        parameters,
    )
    return {row["state"]: row["n"] for row in rows}
