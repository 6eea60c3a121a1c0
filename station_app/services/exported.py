"""Reports that left the house, and why a figure is another today: late entries, voids, merges, row by row.

An export is remembered with its figures and the newest change there was. What changed since is found in the log: the rows of a
figure's ledger that were written after, as they were then and as they are, each counted by the figure's own definition.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..db import Database, Row
from ..model import Changes, Op, Report, RequestState, uuid7
from . import aliases, figures, reports, requests
from .figures import Figure, Line, Wanted

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


def remember(db: Database, report: Report, kind: str) -> tuple[Export, Changes]:
    """Remember that a report was exported as ``kind``, by whoever did it."""
    wanted = Wanted("requests", report.first, report.last)
    states = {one.id: str(one.says["state"]) for part in _parts(figures.ids(db, wanted)) for one in figures.lines(db, "request", part)}
    people = list(figures.people(db, Wanted("registered", report.first, report.last)))
    kept = {
        "report": json.loads(reports.frozen(report)), "states": states, "days": reports.open_dates(db, report.first, report.last),
        "merged": aliases.finals(db, people),
    }  # fmt: skip
    with db.transact(Op.EXPORT_REPORT, by_itself=True, kind=kind, first=report.first, last=report.last) as tx:
        export_id, sequence = uuid7(), int(db.scalar("SELECT coalesce(max(sequence), 0) FROM change"))
        tx.run(
            "INSERT INTO exported(id, time, kind, first_day, last_day, sequence, figures) VALUES(?, ?, ?, ?, ?, ?, ?)",
            (export_id, tx.stamp.time, kind, report.first, report.last, sequence, json.dumps(kept, ensure_ascii=False, sort_keys=True)),
        )
    found = Export(export_id, tx.stamp.time, kind, report, sequence, states, tuple(kept["days"]), kept["merged"])
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
    kept = json.loads(row["figures"])
    return Export(
        row["id"], row["time"], row["kind"], reports.thawed(kept["report"]), row["sequence"], kept["states"], tuple(kept["days"]),
        kept["merged"],
    )  # fmt: skip


# --- comparing ----------------------------------------------------------------------------------------------------------

TOTALS = ("person_times", "registered", "anonymous", "unique_people", "open_days")
SPLITS = (
    ("person_times", "day", "by_day"), ("person_times", "occupation", "by_occupation"), ("person_times", "hour", "by_hour"),
    ("registered", "platform", "by_platform"), ("amenities_used", "amenity", "by_amenity"), ("handed_out", "item", "handouts"),
    ("balance", "item", "balances"), ("requests", "state", "requests"),
)  # fmt: skip
"""(figure, part, field of ``Report``): what a report tells, in its order."""


def measures(report: Report) -> dict[Measure, int]:
    """Every figure of a report by its code and part."""
    found: dict[Measure, int] = {(name, ()): getattr(report, name) for name in TOTALS}
    found["handed_out", ()] = sum(report.handouts.values())
    found["requests", ()] = sum(report.requests.values())
    for figure, part, name in SPLITS:
        for key, n in getattr(report, name).items():
            found[figure, ((part, str(key)),)] = n
    return found


def differences(then: Report, now: Report) -> list[Difference]:
    """The figures that differ between two reports of the same days, in the report's order."""
    before, after = measures(then), measures(now)
    keys = [*after, *(key for key in before if key not in after)]
    order = {name: place for place, name in enumerate(dict.fromkeys([*TOTALS, "handed_out", "requests", *(one for one, _, _ in SPLITS)]))}
    found = [
        Difference(Wanted(figure, now.first, now.last, {part: (value,) for part, value in parts}), before.get(key, 0), after.get(key, 0))
        for key in keys
        if before.get(key, 0) != after.get(key, 0)
        for figure, parts in (key,)
    ]
    return sorted(found, key=lambda one: (bool(one.wanted.parts), order[one.wanted.figure]))


def why(db: Database, export: Export, difference: Difference) -> Explained:
    """The rows that make a figure another than it was at an export."""
    wanted = difference.wanted
    if wanted.figure == "open_days":
        causes = _days(export, reports.open_dates(db, wanted.first, wanted.last))
    elif wanted.figure == "unique_people":
        causes = _people(db, export, wanted)
    elif figures.known(wanted.figure).table == "request":
        causes = _requests(db, export, wanted)
    else:
        causes = _rows(db, export, wanted)
    told = sum(one.now - one.then for one in causes)
    return Explained(tuple(causes), difference.now - difference.then - told)


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
    db: Database, figure: Figure, touched: Mapping[str, Mapping[str, object] | None], then: Mapping[str, int], now: set[str]
) -> list[Cause]:
    causes = []
    for part in _parts([one for one in touched if one in then or one in now]):
        for line in figures.lines(db, figure.table, part):
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


def _touched(db: Database, export: Export, figure: Figure) -> dict[str, Mapping[str, object] | None]:
    """The rows of a figure's ledger that were written since, or hang on one that was, with their image then (None: not there)."""
    found = _images(db, figure.table, export.sequence)
    for table, column in (("person", "person_id"), ("item", "item_id"), ("visit", "visit_id")):
        if column in db.columns(figure.table) and table != figure.table:
            parents = [row_id for row_id, image in _images(db, table, export.sequence).items() if image is not None]
            for part in _parts(parents):
                for row in figures.hanging(db, figure.table, column, part):
                    found.setdefault(row["id"], dict(row))
    return found


def _as_then(db: Database, export: Export) -> dict[str, list[Mapping[str, object]]]:
    """What figures look up beside their ledger, as it was: only rows that changed since."""
    return {
        table: [image for image in _images(db, table, export.sequence).values() if image is not None]
        for table in ("person", "item", "visit")
    }


def _images(db: Database, table: str, sequence: int) -> dict[str, Mapping[str, object] | None]:
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
