"""What a station may compare itself with: the person-times and open days of all stations of its district, month by month.

Sums over the whole district, never another station's own. They come in the district's pack and replace those of the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..db import Database, Tx

FEWEST = 3
"""Stations below which no average is told: with two, either would learn the other's number."""
MONTHS = 25
"""Months that a pack tells: two years, and the one that runs."""


@dataclass(frozen=True, slots=True)
class Average:
    """A span of whole months: how many stations (the fewest of its months), their person-times and open days."""

    months: tuple[str, ...]
    stations: int
    person_times: int
    open_days: int

    @property
    def a_day(self) -> float:
        """Person-times by open day."""
        return self.person_times / self.open_days if self.open_days else 0.0


def replace(tx: Tx, told: Iterable[tuple[str, int, int, int]]) -> None:
    """Keep what the last pack told: (month, stations, person-times, open days)."""
    tx.run("DELETE FROM average")
    tx.run_many("INSERT INTO average(month, stations, person_times, open_days) VALUES(?, ?, ?, ?)", told)


def average(db: Database, first: str, last: str) -> Average | None:
    """The district's figures of the months that a span touches; None where any of them was not told."""
    rows = db.rows("SELECT * FROM average WHERE month BETWEEN ? AND ? ORDER BY month", (first[:7], last[:7]))
    if not rows or len(rows) != _months(first, last):
        return None
    return Average(
        tuple(row["month"] for row in rows), min(row["stations"] for row in rows), sum(row["person_times"] for row in rows),
        sum(row["open_days"] for row in rows),
    )  # fmt: skip


def _months(first: str, last: str) -> int:
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:7]) - int(first[5:7]) + 1
