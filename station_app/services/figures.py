"""What each figure counts, said once: the same definition counts it, lists the rows behind it and tells what changed it.

A **figure** is a sum over the rows of one ledger that lie in a span of business dates and are not voided. Its **parts** narrow it:
by occupation, day, hour, item ...; a part that was not recorded is "". Rows never tell who came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ..db import Database, Row
from ..errors import Bug
from ..model import MovementKind
from .aliases import meant
from .loans import LEFT, OUT
from .reports import STATE, check_span
from .supplies import kept

RECEIVED = tuple(
    kind.value for kind in (MovementKind.OPENING, MovementKind.BOUGHT, MovementKind.ALLOCATED, MovementKind.DONATED)
)
MOST_MARKS = 400
"""Values a part may be narrowed to at once: the days of a year, and more."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by its code: the ledger it is counted from (``t``), what is summed up, what else must hold, how it splits."""

    name: str
    table: str
    summed: str
    parts: tuple[str, ...]
    where: str = ""
    to_date: bool = False
    """Counted from the beginning to the end of the span: a balance."""
    adds: str = ""
    """What a row adds where that is not what rows of its ledger add otherwise (``TELLS``)."""
    near: str = ""
    """Where the rows that count stand together by what the database keeps: says nothing new, and is not asked of old images."""


VISIT_PARTS = ("occupation", "day", "hour", "platform", "recorded")
GIVEN_PARTS = ("occupation", "day", "item", "kind")
ASKED_PARTS = ("occupation", "day", "state", "request_kind", "category", "channel")
MOVED_PARTS = ("day", "item", "kind", "movement")
LENT_PARTS = ("occupation", "day", "asset", "asset_kind")
REPAIR_PARTS = ("day", "equipment", "repair_state")
STILL_OUT = LEFT.replace("l.", "t.")
"""What has not come back of a loan by now."""

ALL: tuple[Figure, ...] = (
    Figure("person_times", "visit", "sum(t.person_times)", VISIT_PARTS),
    Figure("registered", "visit", "sum(t.person_times)", VISIT_PARTS, "t.person_id IS NOT NULL"),
    Figure("anonymous", "visit", "sum(t.person_times)", VISIT_PARTS, "t.person_id IS NULL"),
    Figure("unique_people", "visit", f"count(DISTINCT {meant('t.person_id')})", VISIT_PARTS, "t.person_id IS NOT NULL"),
    Figure("amenities_used", "amenity_use", "count(*)", ("amenity", "occupation", "day")),
    Figure("handed_out", "handout", "sum(t.quantity)", GIVEN_PARTS),
    Figure("times_handed_out", "handout", "count(*)", GIVEN_PARTS, adds="1"),
    Figure("received", "movement", "sum(t.delta)", MOVED_PARTS, f"t.kind IN ({', '.join(repr(one) for one in RECEIVED)})"),
    Figure("balance", "movement", "sum(t.delta)", MOVED_PARTS, to_date=True),
    Figure("requests", "request", "count(*)", ASKED_PARTS),
    Figure("requests_closed", "request", "count(*)", ASKED_PARTS, f"{STATE} = 'closed'"),
    Figure("requests_open", "request", "count(*)", ASKED_PARTS, f"{STATE} NOT IN ('closed', 'withdrawn')"),
    Figure("lent", "loan", "sum(t.quantity)", LENT_PARTS),
    Figure("still_out", "loan", f"sum({STILL_OUT})", LENT_PARTS, f"{STILL_OUT} > 0", to_date=True, adds=STILL_OUT, near=f"t.id {OUT}"),
    Figure("repairs", "repair", "count(*)", REPAIR_PARTS),
    Figure("repairs_open", "repair", "count(*)", REPAIR_PARTS, "t.state IN ('reported', 'under_way', 'done')", to_date=True),
)
BY_NAME: Mapping[str, Figure] = {one.name: one for one in ALL}

COLUMNS: Mapping[tuple[str, str], str] = {
    ("visit", "occupation"): "t.occupation", ("visit", "hour"): "t.hour", ("visit", "platform"): "coalesce(p.platform, '')",
    ("visit", "recorded"): "t.recorded",
    ("amenity_use", "amenity"): "t.amenity", ("amenity_use", "occupation"): "coalesce(v.occupation, '')",
    ("handout", "occupation"): "coalesce(t.occupation, '')", ("handout", "item"): "i.name", ("handout", "kind"): "i.kind",
    ("movement", "item"): "i.name", ("movement", "kind"): "i.kind", ("movement", "movement"): "t.kind",
    ("request", "occupation"): "coalesce(p.occupation, '')", ("request", "state"): STATE, ("request", "request_kind"): "t.kind",
    ("request", "category"): "t.category", ("request", "channel"): "t.channel",
    ("loan", "occupation"): "coalesce(t.occupation, '')", ("loan", "asset"): "thing.name", ("loan", "asset_kind"): "thing.kind",
    ("repair", "equipment"): "piece.name", ("repair", "repair_state"): "t.state",
}  # fmt: skip
"""Where a part of a ledger stands; the day stands in all of them."""
JOINS: Mapping[str, str] = {
    "p.": f"LEFT JOIN person p ON p.id = {meant('t.person_id')}", "v.": "LEFT JOIN visit v ON v.id = t.visit_id",
    "i.": "JOIN item i ON i.id = t.item_id", "thing.": "JOIN asset thing ON thing.id = t.asset_id",
    "piece.": "JOIN equipment piece ON piece.id = t.equipment_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure of the days ``first`` to ``last`` (ISO, both included), narrowed to some values of some parts."""

    figure: str
    first: str
    last: str
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def count(db: Database, wanted: Wanted, stores: Sequence[str] | None = None) -> int:
    """How much it is. Bug for an unknown figure or part, UserMistake for dates that are none."""
    figure = known(wanted.figure)
    if figure.table == "movement" and figure.to_date and not wanted.parts.keys() - {"item", "kind"}:
        return _on_the_shelf(db, figure, wanted, stores)
    condition, parameters = _condition(figure, wanted, stores)
    return int(db.scalar(f"SELECT coalesce({figure.summed}, 0) FROM {_source(figure.table, condition)} WHERE {condition}", parameters))


def _on_the_shelf(db: Database, figure: Figure, wanted: Wanted, stores: Sequence[str] | None) -> int:
    """A balance from the sums that are kept: what it costs does not grow with what was handed out before."""
    check_span(wanted.first, wanted.last)
    shelf, parameters = kept.at_end_of(wanted.last)
    terms, more = _narrowed(figure, wanted, stores)
    condition = " AND ".join(["1 = 1", *terms])
    return int(db.scalar(f"SELECT coalesce(sum(t.n), 0) FROM {_source(shelf, condition)} WHERE {condition}", [*parameters, *more]))


def split(db: Database, wanted: Wanted, part: str, stores: Sequence[str] | None = None) -> dict[str, int]:
    """The figure by the values of one of its parts, in their order; as ``count`` for each. Bug as there."""
    figure = known(wanted.figure)
    column = _column(figure, part)
    condition, parameters = _condition(figure, wanted, stores)
    rows = db.rows(
        f"SELECT {column} AS part, {figure.summed} AS n FROM {_source(figure.table, column + condition)} WHERE {condition}"
        " GROUP BY 1 ORDER BY 1",
        parameters,
    )
    return {str(row["part"]): row["n"] for row in rows}


# --- the rows behind it -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One row behind a figure: its ledger, when (ISO 8601), how much it adds, and what it says, as codes and recorded names."""

    id: str
    table: str
    time: str
    n: int
    says: Mapping[str, Any]


TELLS: Mapping[str, tuple[str, str]] = {
    "visit": ("t.person_times", "t.occupation, t.recorded, coalesce(p.platform, '') AS platform, t.person_id IS NOT NULL AS badge"),
    "amenity_use": ("1", "t.amenity, coalesce(v.occupation, '') AS occupation"),
    "handout": (
        "t.quantity", "i.name AS item, i.unit, coalesce(t.occupation, '') AS occupation, t.short, t.already_given",
    ),
    "movement": ("t.delta", "i.name AS item, i.unit, t.kind AS movement, t.lot"),
    "request": ("1", f"t.number, t.kind AS request_kind, t.category, t.channel, t.due, {STATE} AS state"),
    "loan": (
        "t.quantity", f"thing.name AS asset, thing.number, coalesce(t.occupation, '') AS occupation, t.due, {STILL_OUT} AS still_out",
    ),
    "repair": ("1", "piece.name AS equipment, piece.code, t.fault, t.state AS repair_state"),
}  # fmt: skip
"""What a row adds to its figure, and what is shown of it: nothing that leads to a person."""


def ids(db: Database, wanted: Wanted, stores: Sequence[str] | None = None) -> list[str]:
    """The rows behind a figure in the order of time. Bug and UserMistake as ``count``."""
    figure = known(wanted.figure)
    condition, parameters = _condition(figure, wanted, stores)
    rows = db.rows(
        f"SELECT t.id FROM {_source(figure.table, condition)} WHERE {condition} ORDER BY t.business_date, t.time, t.id", parameters
    )
    return [row["id"] for row in rows]


def lines(db: Database, table: str, row_ids: Iterable[str], adds: str = "") -> list[Line]:
    """Rows of a ledger by their ids, in that order, those voided since too; at most some hundreds at once.

    ``adds`` is what a figure says that a row adds to it, when it says so (``Figure.adds``).
    """
    adds, shown = adds or TELLS[table][0], TELLS[table][1]
    wanted = list(row_ids)
    rows = db.rows(
        f"SELECT t.id, t.time, {adds} AS n, t.void_reason, k.name AS keeper, {shown} FROM {_source(table, shown)}"
        f"{_keeper(table)} WHERE t.id IN ({', '.join('?' * len(wanted))})",
        wanted,
    )
    found = {row["id"]: _line(table, row) for row in rows}
    return [found[one] for one in wanted if one in found]


def _line(table: str, row: Row) -> Line:
    says = {name: row[name] for name in row.keys() if name not in ("id", "time", "n")}  # noqa: SIM118  a driver's row
    return Line(row["id"], table, row["time"], row["n"], says)


def _keeper(table: str) -> str:
    return " LEFT JOIN keeper k ON k.id = t.keeper_id"


# --- as it was ----------------------------------------------------------------------------------------------------------

Image = Mapping[str, Any] | None
"""A row as the log has it, None where there was none yet."""


def among(db: Database, wanted: Wanted, row_ids: Sequence[str], tells: str = "1") -> dict[str, Any]:
    """Which of these rows (some hundreds) the figure counts now, each with ``tells`` (a column of ``t``)."""
    figure = known(wanted.figure)
    condition, parameters = _condition(figure, wanted, None)
    marks = ", ".join("?" * len(row_ids))
    rows = db.rows(
        f"SELECT t.id, {tells} AS told FROM {_source(figure.table, condition)} WHERE {condition} AND t.id IN ({marks})",
        [*parameters, *row_ids],
    )
    return {row["id"]: row["told"] for row in rows}


def counted_then(
    db: Database, wanted: Wanted, images: Mapping[str, Image], beside: Mapping[str, Mapping[str, Image]], tells: str = ""
) -> dict[str, Any]:
    """What each of these rows added to a figure (or ``tells``, a column of ``t``) as it was: the same query over its old image.

    ``images`` are the old rows by id, ``beside`` those of ledgers that are looked up; None for one that was not there yet.
    """
    figure = known(wanted.figure)
    condition, parameters = _condition(figure, wanted, None, then=True)
    source, tells = _source(figure.table, condition), tells or figure.adds or TELLS[figure.table][0]
    tables = [(figure.table, images, False)]
    asked = f"{source} {condition} {tells}"
    tables += [(name, rows, True) for name, rows in beside.items() if f" {name} " in asked and name != figure.table]
    heads, told = [], []
    for name, rows, rest in tables:
        columns = db.columns(name)
        drawn = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in columns)
        text = f"SELECT {drawn} FROM json_each(?)"
        told.append(json.dumps([image for image in rows.values() if image is not None], ensure_ascii=False))
        if rest:
            text += f" UNION ALL SELECT {', '.join(columns)} FROM main.{name} WHERE id NOT IN (SELECT value FROM json_each(?))"
            told.append(json.dumps(list(rows)))
        heads.append(f"{name} AS ({text})")
    found = db.rows(f"WITH {', '.join(heads)} SELECT t.id, {tells} AS told FROM {source} WHERE {condition}", [*told, *parameters])
    return {row["id"]: row["told"] for row in found}


def people(db: Database, wanted: Wanted, leave_out: Iterable[str] = ()) -> dict[str, str]:
    """The ids of people that the visits of a figure name, merged ones too, each with its first visit; some visits left out."""
    condition, parameters = _condition(known(wanted.figure), wanted, None)
    rows = db.rows(
        f"SELECT t.person_id, min(t.id) AS first FROM {_source('visit', condition)} WHERE {condition}"
        " AND t.id NOT IN (SELECT value FROM json_each(?)) GROUP BY 1",
        [*parameters, json.dumps(list(leave_out))],
    )
    return {row["person_id"]: row["first"] for row in rows}


def hanging(db: Database, table: str, column: str, parents: Sequence[str]) -> list[Row]:
    """The rows of a ledger that name one of these in ``column``."""
    return db.rows(f"SELECT * FROM {table} WHERE {column} IN ({', '.join('?' * len(parents))})", parents)


# --- asking -------------------------------------------------------------------------------------------------------------


def known(name: str) -> Figure:
    """The figure of this code; Bug without one."""
    if name not in BY_NAME:
        raise Bug(f"no figure {name}")
    return BY_NAME[name]


def weekdays(first: str, last: str, weekday: int) -> tuple[str, ...]:
    """The days of a span that fall on a weekday (0 is Monday)."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    day += timedelta((weekday - day.weekday()) % 7)
    return tuple((day + timedelta(7 * n)).isoformat() for n in range((end - day).days // 7 + 1)) if day <= end else ()


def _column(figure: Figure, part: str) -> str:
    if part not in figure.parts:
        raise Bug(f"{figure.name} has no {part}")
    return "t.business_date" if part == "day" else COLUMNS[figure.table, part]


def _source(table: str, text: str) -> str:
    """The ledger and whatever ``text`` speaks of beside it."""
    return " ".join([f"{table} t", *(join for alias, join in JOINS.items() if alias in text)])


def _condition(figure: Figure, wanted: Wanted, stores: Sequence[str] | None, *, then: bool = False) -> tuple[str, list[Any]]:
    check_span(wanted.first, wanted.last)
    terms, parameters = _narrowed(figure, wanted, stores)
    more = [figure.where, "" if then else figure.near]
    return (
        " AND ".join(["t.business_date BETWEEN ? AND ?", "t.void_reason IS NULL", *filter(None, more), *terms]),
        ["" if figure.to_date else wanted.first, wanted.last, *parameters],
    )


def _narrowed(figure: Figure, wanted: Wanted, stores: Sequence[str] | None) -> tuple[list[str], list[Any]]:
    """What holds for some stores and some values of some parts."""
    terms: list[str] = []
    parameters: list[Any] = []
    if stores is not None:
        terms.append(f"t.store_id IN ({', '.join('?' * len(stores))})")
        parameters += stores
    for part, values in wanted.parts.items():
        if len(values) > MOST_MARKS:
            raise Bug(f"{len(values)} values of {part}")
        terms.append(f"{_column(figure, part)} IN ({', '.join('?' * len(values))})")
        parameters += map(int, values) if part == "hour" else values  # an old image has no column that would turn it
    return terms, parameters
