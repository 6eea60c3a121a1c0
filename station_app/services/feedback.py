"""What visitors thought of their visit: one of three faces, pressed by whoever liked to, counted and nobody's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..db import Database
from ..model import Changes, Mood, Op


def add(db: Database, mood: Mood, at: datetime | None = None) -> Changes:
    """A face was pressed: when and which, not by whom and not beside which visit."""
    with db.transact(Op.FEEDBACK, at, mood=mood.value) as tx:
        stamp = tx.stamp
        tx.put("feedback", {"time": stamp.time, "business_date": stamp.business_date, "mood": mood.value})
    return tx.changes


def counts(db: Database, first: str, last: str) -> Mapping[Mood, int]:
    """How often each face was pressed from one business date to another, both included."""
    rows = db.rows(
        "SELECT mood, count(*) AS n FROM feedback WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL GROUP BY 1",
        (first, last),
    )
    found = {Mood(row["mood"]): int(row["n"]) for row in rows}
    return {mood: found.get(mood, 0) for mood in Mood}
