"""The figures of a span of days; the same queries at the station and, over any set of stores, at the district.

Definitions: **person-times** count every visit, a tally as many as it counted; **people** are distinct badges seen;
**registered** are person-times with a badge, **anonymous** without. Voided rows count nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
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


def _requests(db: Database, where: str, parameters: list[str]) -> dict[str, int]:
    rows = db.rows(
        f"SELECT coalesce((SELECT state FROM request_step WHERE id = {NEWEST_STEP}), 'recorded') AS state, count(*) AS n"
        f" FROM (SELECT * FROM request WHERE {where}) r GROUP BY 1 ORDER BY 1",
        parameters,
    )
    return {row["state"]: row["n"] for row in rows}
