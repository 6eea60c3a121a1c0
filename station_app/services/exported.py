"""Reports that left the house, and why a figure is another today: late entries, voids, merges, row by row.

An export is remembered with its figures and the newest change there was. What changed since is found in the log: the rows of a
figure's ledger that were written after, as they were then and as they are, each counted by the figure's own definition.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..db import Database, Row
from ..model import Changes, Op, Report, RequestState, uuid7
from . import aliases, figures, reports, requests, upkeep
from .figures import Figure, Image, Line, Wanted
from .upkeep import Upkeep

Measure = tuple[str, tuple[tuple[str, str], ...]]
"""A figure's code and what it is narrowed to."""


@dataclass(frozen=True, slots=True)
class Export:
    """A report that was exported: when (ISO 8601), as what (pdf, xlsx, csv, text, form), and the newest change there was."""

    id: str
    time: str
    kind: str
    report: Report
    sequence: int
    states: Mapping[str, str]
    """The state of each request of the span, by its id."""
    days: tuple[str, ...]
    """The days it counted as open."""
    merged: Mapping[str, str]
    """Whom the ids of its people meant, for those that meant somebody else."""
    kept: Mapping[str, Any]
    """How the station was kept then: figures by their codes, days out of stock by item."""
    hours: Mapping[str, Mapping[str, int]]
    """The minutes of each day by the codes of ``HOURS``."""
    took: Mapping[str, int]
    """The minutes until each closed request was closed, by its id."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure that is another now."""

    wanted: Wanted
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class Cause:
    """A row that counts differently, and why (a code): late, voided, restored, changed, merged, parted, state, day.

    ``then`` and ``now`` are what it added to the figure; ``reason`` is why it was voided; ``line`` is the row, None for a day.
    """

    why: str
    then: int
    now: int
    time: str
    line: Line | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a figure changed: row by row, and what no row here tells (it came from elsewhere)."""

    causes: tuple[Cause, ...]
    untold: int


# --- remembering --------------------------------------------------------------------------------------------------------


def remember(db: Database, report: Report, kind: str, kept: Upkeep | None = None) -> tuple[Export, Changes]:
    """Remember that a report was exported as ``kind``, by whoever did it; ``kept`` where it was asked for already."""
    wanted = Wanted("requests", report.first, report.last)
    states = {one.id: str(one.says["state"]) for part in _parts(figures.ids(db, wanted)) for one in figures.lines(db, "request", part)}
    people = list(figures.people(db, Wanted("registered", report.first, report.last)))
    told = {
        "report": json.loads(reports.frozen(report)), "states": states, "days": reports.open_dates(db, report.first, report.last),
        "merged": aliases.finals(db, people), "kept": asdict(kept or upkeep.upkeep(db, report.first, report.last)),
        "hours": _hours_now(db, report.first, report.last), "took": upkeep.closing_minutes(db, report.first, report.last),
    }  # fmt: skip
    with db.transact(Op.EXPORT_REPORT, by_itself=True, kind=kind, first=report.first, last=report.last) as tx:
        export_id, sequence = uuid7(), int(db.scalar("SELECT coalesce(max(sequence), 0) FROM change"))
        tx.run(
            "INSERT INTO exported(id, time, kind, first_day, last_day, sequence, figures) VALUES(?, ?, ?, ?, ?, ?, ?)",
            (export_id, tx.stamp.time, kind, report.first, report.last, sequence, json.dumps(told, ensure_ascii=False, sort_keys=True)),
        )
    found = _told(export_id, tx.stamp.time, kind, report, sequence, told)
    return found, Changes(tx.operation, Op.EXPORT_REPORT, {"exported": (export_id,)})


def previous(db: Database, first: str, last: str) -> Export | None:
    """The newest export of the report of these days, None when there was none."""
    row = db.one("SELECT * FROM exported WHERE first_day = ? AND last_day = ? ORDER BY time DESC, id DESC LIMIT 1", (first, last))
    return _export(row) if row is not None else None


def listing(db: Database, first: str, last: str) -> list[Export]:
    """Every export of the report of these days, the newest first."""
    rows = db.rows("SELECT * FROM exported WHERE first_day = ? AND last_day = ? ORDER BY time DESC, id DESC", (first, last))
    return [_export(row) for row in rows]


def _export(row: Row) -> Export:
    told = json.loads(row["figures"])
    return _told(row["id"], row["time"], row["kind"], reports.thawed(told["report"]), row["sequence"], told)


def _told(export_id: str, time: str, kind: str, report: Report, sequence: int, told: Mapping[str, Any]) -> Export:
    return Export(
        export_id, time, kind, report, sequence, told["states"], tuple(told["days"]), told["merged"], told["kept"], told["hours"],
        told["took"],
    )  # fmt: skip


# --- comparing ----------------------------------------------------------------------------------------------------------

TOTALS = ("person_times", "registered", "anonymous", "unique_people", "open_days")
SPLITS = (
    ("person_times", "day", "by_day"), ("person_times", "occupation", "by_occupation"), ("person_times", "hour", "by_hour"),
    ("registered", "platform", "by_platform"), ("amenities_used", "amenity", "by_amenity"), ("handed_out", "item", "handouts"),
    ("balance", "item", "balances"), ("requests", "state", "requests"),
)  # fmt: skip
"""(figure, part, field of ``Report``): what a report tells, in its order."""


KEPT = ("posted_minutes", "open_minutes", "estimated", "closed_in", "lent", "still_out", "repairs_open")
"""What a report tells of how the station was kept, by the fields of ``Upkeep``; days out of stock by item beside them."""
HOURS = ("posted_minutes", "open_minutes", "estimated")
"""Those of them that are sums over days."""


def measures(report: Report) -> dict[Measure, int]:
    """Every figure of a report by its code and part."""
    found: dict[Measure, int] = {(name, ()): getattr(report, name) for name in TOTALS}
    found["handed_out", ()] = sum(report.handouts.values())
    found["requests", ()] = sum(report.requests.values())
    for figure, part, name in SPLITS:
        for key, n in getattr(report, name).items():
            found[figure, ((part, str(key)),)] = n
    return found


def measures_kept(kept: Mapping[str, Any]) -> dict[Measure, int]:
    """Every figure of how a station was kept (the fields of ``Upkeep``) by its code and part."""
    found: dict[Measure, int] = {(name, ()): kept[name] or 0 for name in KEPT}
    return found | {("stock_out", (("item", item),)): n for item, n in kept["stock_out"].items()}


TOLD = dict.fromkeys([*TOTALS, "handed_out", "requests", *KEPT, *(figure for figure, _, _ in SPLITS), "stock_out"])
ORDER = {name: place for place, name in enumerate(TOLD)}


def differences(then: Export, now: Report, kept: Upkeep) -> list[Difference]:
    """The figures of an export that are others now, in the report's order: totals, then their parts."""
    before = measures(then.report) | measures_kept(then.kept)
    after = measures(now) | measures_kept(asdict(kept))
    keys = [*after, *(key for key in before if key not in after)]
    found = [
        Difference(Wanted(figure, now.first, now.last, {part: (value,) for part, value in parts}), before.get(key, 0), after.get(key, 0))
        for key in keys
        if before.get(key, 0) != after.get(key, 0)
        for figure, parts in (key,)
    ]
    return sorted(found, key=lambda one: (bool(one.wanted.parts), ORDER[one.wanted.figure]))


def why(db: Database, export: Export, difference: Difference) -> Explained:
    """The rows that make a figure another than it was at an export.

    The median of what took how long and days out of stock are no sums: their rows are told as they changed, without a remainder.
    """
    wanted = difference.wanted
    if wanted.figure == "closed_in":
        return Explained(tuple(_took(db, export, wanted)), 0)
    if wanted.figure == "stock_out":
        return Explained(tuple(_rows(db, export, Wanted("balance", wanted.first, wanted.last, wanted.parts))), 0)
    if wanted.figure in HOURS:
        causes = _hours(export, wanted.figure, _hours_now(db, wanted.first, wanted.last))
    elif wanted.figure == "open_days":
        causes = _days(export, reports.open_dates(db, wanted.first, wanted.last))
    elif wanted.figure == "unique_people":
        causes = _people(db, export, wanted)
    elif figures.known(wanted.figure).table == "request":
        causes = _requests(db, export, wanted)
    else:
        causes = _rows(db, export, wanted)
    told = sum(one.now - one.then for one in causes)
    return Explained(tuple(causes), difference.now - difference.then - told)


def _hours_now(db: Database, first: str, last: str) -> dict[str, dict[str, int]]:
    """The minutes of each day of a span by the codes of ``HOURS``."""
    found = upkeep.hours(db, first, last)
    return {day: dict(zip(HOURS, (one.posted, one.kept, int(one.guessed)), strict=True)) for day, one in found.items()}


def _hours(export: Export, figure: str, now: Mapping[str, Mapping[str, int]]) -> list[Cause]:
    """Days whose opening or closing was recorded, or put right, since."""
    causes = []
    for day in sorted({*export.hours, *now}):
        was, is_ = (told.get(day, {}).get(figure, 0) for told in (export.hours, now))
        if was != is_:
            causes.append(Cause("day", was, is_, day, None))
    return causes


def _took(db: Database, export: Export, wanted: Wanted) -> list[Cause]:
    """Requests that were closed, reopened or voided since, each with the minutes it took then and takes now."""
    now = upkeep.closing_minutes(db, wanted.first, wanted.last)
    changed = [one for one in {**export.took, **now} if export.took.get(one) != now.get(one)]
    causes = []
    for part in _parts(changed):
        for line in figures.lines(db, "request", part):
            gone = str(line.says["void_reason"] or "")
            causes.append(
                Cause("voided" if gone else "state", export.took.get(line.id, 0), now.get(line.id, 0), line.time, line, gone)
            )
    return sorted(causes, key=lambda one: one.time)


def _days(export: Export, now: Sequence[str]) -> list[Cause]:
    return [
        Cause("day", int(day in export.days), int(day in now), day, None) for day in sorted({*export.days} ^ {*now})
    ]


def _requests(db: Database, export: Export, wanted: Wanted) -> list[Cause]:
    """Requests by the state they had and have: a step may come from the district, which our log does not hold."""
    figure = figures.known(wanted.figure)
    every = tuple(one.value for one in RequestState)
    counts = {"requests_closed": ("closed",), "requests_open": tuple(one.value for one in requests.OPEN)}.get(figure.name, every)
    states = wanted.parts.get("state", every)
    now = set(figures.ids(db, wanted))
    causes = []
    for part in _parts({**dict.fromkeys(export.states), **dict.fromkeys(now)}):
        for line in figures.lines(db, "request", part):
            state = export.states.get(line.id)
            then = int(state in counts and state in states)
            if then != int(line.id in now):
                gone = str(line.says["void_reason"] or "")
                code = "voided" if gone else "late" if state is None else "state"
                causes.append(Cause(code, then, int(line.id in now), line.time, line, gone))
    return sorted(causes, key=lambda one: one.time)


def _rows(db: Database, export: Export, wanted: Wanted) -> list[Cause]:
    """The rows of a ledger that count differently, by the figure's definition on both images."""
    figure = figures.known(wanted.figure)
    touched = _touched(db, export, figure)
    then = figures.counted_then(db, wanted, touched, _as_then(db, export))
    now = {one for part in _parts(touched) for one in figures.among(db, wanted, part)}
    return _causes(db, figure, touched, then, now)


def _causes(
    db: Database, figure: Figure, touched: Mapping[str, Image], then: Mapping[str, int], now: set[str]
) -> list[Cause]:
    causes = []
    for part in _parts([one for one in touched if one in then or one in now]):
        for line in figures.lines(db, figure.table, part, figure.adds):
            was, is_ = then.get(line.id, 0), line.n if line.id in now else 0
            if was != is_:
                gone = str(line.says["void_reason"] or "")
                image = touched[line.id]
                code = "voided" if gone else "late" if image is None else "restored" if image.get("void_reason") else "changed"
                causes.append(Cause(code, was, is_, line.time, line, gone))
    return sorted(causes, key=lambda one: one.time)


def _people(db: Database, export: Export, wanted: Wanted) -> list[Cause]:
    """People who are counted now and were not, or the other way round: by their visits, and by what was merged since.

    First the visits, with people merged as they are now; then, one after the other, whoever is somebody else now.
    """
    figure = figures.known(wanted.figure)
    touched = _touched(db, export, figure)
    then = figures.counted_then(db, wanted, touched, _as_then(db, export), "t.person_id")
    rows = {line_id: person for part in _parts(touched) for line_id, person in figures.among(db, wanted, part, "t.person_id").items()}
    others = figures.people(db, wanted, touched)
    before = dict.fromkeys([*others, *then.values()])
    now_as = aliases.finals(db, list(dict.fromkeys([*before, *rows.values()])))

    def kept(person: str) -> str:
        return now_as.get(person, person)

    was_there, is_there = {kept(one) for one in before}, {kept(one) for one in (*others, *rows.values())}
    causes = []
    for person in sorted(was_there ^ is_there):
        row_id = next(one for one in touched if any(one in held and kept(held[one]) == person for held in (then, rows)))
        (line,) = figures.lines(db, figure.table, [row_id])
        gone = str(line.says["void_reason"] or "")
        moved = row_id in then and row_id in rows
        code = "voided" if gone else "merged" if moved else "late" if touched[row_id] is None else "changed"
        causes.append(Cause(code, int(person in was_there), int(person in is_there), line.time, line, gone))
    return sorted([*causes, *_merged(db, export, before, others, then, kept)], key=lambda one: one.time)


def _merged(
    db: Database, export: Export, before: Iterable[str], others: Mapping[str, str], then: Mapping[str, str], kept: Callable[[str], str]
) -> list[Cause]:
    """What merging changed among the people of then, one after the other."""
    people = {person: export.merged.get(person, person) for person in before}
    firsts = {person: row_id for row_id, person in then.items()} | dict(others)
    causes = []
    count = len(set(people.values()))
    for person in sorted(people):
        people[person] = kept(person)
        fresh = len(set(people.values()))
        if fresh != count:
            (line,) = figures.lines(db, "visit", [firsts[person]])
            causes.append(Cause("merged" if fresh < count else "parted", max(count - fresh, 0), max(fresh - count, 0), line.time, line))
        count = fresh
    return causes


# --- what the log tells -------------------------------------------------------------------------------------------------


LOOKED_UP = ("person", "item", "visit", "loan_end")
"""Ledgers that figures look up beside their own."""


def _touched(db: Database, export: Export, figure: Figure) -> dict[str, Image]:
    """The rows of a figure's ledger that were written since, or hang on one that was, with their image then (None: not there)."""
    found = _images(db, figure.table, export.sequence)
    hanging: list[Row] = []
    for table, column in (("person", "person_id"), ("item", "item_id"), ("visit", "visit_id")):
        if column in db.columns(figure.table) and table != figure.table:
            parents = [row_id for row_id, image in _images(db, table, export.sequence).items() if image is not None]
            hanging += [row for part in _parts(parents) for row in figures.hanging(db, figure.table, column, part)]
    if figure.table == "loan" and figure.adds:  # what came back since
        ends = [row for part in _parts(_images(db, "loan_end", export.sequence)) for row in figures.hanging(db, "loan_end", "id", part)]
        hanging += [row for part in _parts({row["loan_id"]: 0 for row in ends}) for row in figures.hanging(db, "loan", "id", part)]
    for row in hanging:
        found.setdefault(row["id"], dict(row))
    return found


def _as_then(db: Database, export: Export) -> dict[str, dict[str, Image]]:
    """What figures look up beside their ledger, as it was: only rows that changed since."""
    return {table: _images(db, table, export.sequence) for table in LOOKED_UP}


def _images(db: Database, table: str, sequence: int) -> dict[str, Image]:
    """The rows of a ledger written after a change, each as it was just before."""
    rows = db.rows(
        "SELECT c.row_id, c.before FROM change c JOIN (SELECT min(sequence) AS n FROM change WHERE sequence > ? AND table_name = ?"
        " GROUP BY row_id) f ON f.n = c.sequence ORDER BY c.sequence",
        (sequence, table),
    )
    return {row["row_id"]: json.loads(row["before"]) if row["before"] else None for row in rows}


def _parts(found: Iterable[str], size: int = 400) -> list[list[str]]:
    every = list(found)
    return [every[start : start + size] for start in range(0, len(every), size)]
