"""Figures of requests, at a station and at the district alike: how many of what, how long it took, what the people themselves say.

Times are nearest-rank percentiles of whole hours. Nothing here is by person or by keeper, and nothing is in an order of merit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..db import Database, Row
from ..model import Verdict
from .requests import NEWEST_STEP, OPEN


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took: over how many requests, half of them at most ``half`` hours, nine of ten at most ``nine``."""

    count: int
    half: int
    nine: int


@dataclass(frozen=True, slots=True)
class RequestFigures:
    """The requests recorded in a span of days. ``told`` are by the person's own verdict; ``overdue`` those past their time unanswered.

    ``by_*`` are numbers by code (units by name, "" for those no unit was named for).
    """

    first: str
    last: str
    total: int
    voices: int
    by_kind: Mapping[str, int]
    by_category: Mapping[str, int]
    by_channel: Mapping[str, int]
    by_unit: Mapping[str, int]
    by_state: Mapping[str, int]
    accept: Spread
    reply: Spread
    tell: Spread
    told: Mapping[str, int]
    reopened: int
    overdue: int

    @property
    def fixed_share(self) -> float | None:
        """Of those who were told and said so, the share for whom it is fixed; None before anybody was told."""
        said = sum(self.told.values())
        return self.told.get(Verdict.FIXED.value, 0) / said if said else None


def nearest_rank(hours: Sequence[int], percent: int) -> int:
    """The value below which ``percent`` of all lie, by nearest rank; 0 for none."""
    if not hours:
        return 0
    return sorted(hours)[max(-(-len(hours) * percent // 100), 1) - 1]


def spread(hours: Iterable[int]) -> Spread:
    """The spread of times in hours."""
    known = list(hours)
    return Spread(len(known), nearest_rank(known, 50), nearest_rank(known, 90))


FIRST = "(SELECT time FROM request_step WHERE request_id = r.id AND void_reason IS NULL AND state {0} ORDER BY julianday(time) LIMIT 1)"


ACCEPTED = FIRST.format("IN ('accepted', 'transferred')")
REPLIED = FIRST.format("= 'replied'")
TOLD = FIRST.format("= 'told' AND voice_id IS NULL")


def period(db: Database, first: str, last: str) -> RequestFigures:
    """The figures of the requests recorded from one day to another (YYYY-MM-DD, both included), at a station or of a whole district."""
    rows = db.rows(
        "SELECT r.kind, r.category, r.channel, r.time, r.due, coalesce(s.state, 'recorded') AS state,"
        f" {ACCEPTED} AS accepted, {REPLIED} AS replied, {TOLD} AS told,"
        " (SELECT unit FROM request_step WHERE request_id = r.id AND void_reason IS NULL AND state = 'transferred'"
        " ORDER BY round DESC, time DESC, id DESC LIMIT 1) AS unit,"
        " (SELECT verdict FROM request_step WHERE request_id = r.id AND void_reason IS NULL AND voice_id IS NULL AND state = 'told'"
        " ORDER BY round DESC, time DESC, id DESC LIMIT 1) AS verdict,"
        " (SELECT count(*) FROM request_step WHERE request_id = r.id AND void_reason IS NULL AND state = 'reopened') AS reopened,"
        " (SELECT count(*) FROM request_voice WHERE request_id = r.id AND void_reason IS NULL) AS voices"
        f" FROM request r LEFT JOIN request_step s ON s.id = {NEWEST_STEP}"
        " WHERE r.void_reason IS NULL AND r.business_date BETWEEN ? AND ?",
        (first, last),
    )
    now = db.now()
    return RequestFigures(
        first, last, len(rows), sum(row["voices"] for row in rows), _count(rows, "kind"), _count(rows, "category"), _count(rows, "channel"),
        _count(rows, "unit"), _count(rows, "state"), spread(_hours(rows, "time", "accepted")), spread(_hours(rows, "time", "replied")),
        spread(_hours(rows, "replied", "told")), {key: n for key, n in _count(rows, "verdict").items() if key},
        sum(row["reopened"] > 0 for row in rows), sum(_is_late(row, now) for row in rows),
    )  # fmt: skip


def _count(rows: Sequence[Row], column: str) -> dict[str, int]:
    found = Counter(row[column] or "" for row in rows)
    return dict(sorted(found.items()))


def _hours(rows: Sequence[Row], begun: str, ended: str) -> list[int]:
    """Whole hours between two moments, of those that have both; a clock that was wrong gives none below 0."""
    pairs = [(row[begun], row[ended]) for row in rows if row[begun] and row[ended]]
    return [
        max(int((datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds() // 3600), 0) for first, last in pairs
    ]


def _is_late(row: Row, now: datetime) -> bool:
    waits = row["state"] in {state.value for state in OPEN} - {"replied", "told"}
    return waits and datetime.fromisoformat(row["due"]) < now
