"""Counts and what explains their difference: when the shelf and the book most likely parted, and what speaks for it.

Between two counts that bracket a difference only so much happened. What may have gone past the book is weighed hour by hour: a
handout flagged short or recorded late says the book was already wrong; where nothing is flagged, things go missing where they
are handed out, so an hour weighs as many units as it gave. What the book could not have lacked is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ...db import Database, Row

FLAGGED = 4
"""How much more a handout that was flagged weighs than one that was not."""


@dataclass(frozen=True, slots=True)
class Stocktake:
    """A count: what the book said, what was there, the difference (below zero: missing); why, and who counted along."""

    id: str
    time: str
    item_id: str
    book: int
    counted: int
    reason: str
    second_name: str
    void_reason: str | None

    @property
    def difference(self) -> int:
        """Counted less book."""
        return self.counted - self.book


@dataclass(frozen=True, slots=True)
class Explanation:
    """When a difference most likely arose: between ``since`` (the count before, "" for none) and the count, most likely in the
    hour that begins at ``begins`` (ISO 8601, "" where nothing tells), with the ``share`` of all weight that lies in it.

    ``basis`` says what speaks for it: "flagged" handouts, "handouts" alone, "receipts" (for more than the book), "none".
    """

    since: str
    until: str
    begins: str
    ends: str
    share: float
    basis: str
    handouts: int
    flagged: int


def listing(db: Database, item_id: str, limit: int = 50) -> list[Stocktake]:
    """The counts of an item, the newest first."""
    rows = db.rows("SELECT * FROM stocktake WHERE item_id = ? ORDER BY time DESC, id DESC LIMIT ?", (item_id, limit))
    return [_record(row) for row in rows]


def explain(db: Database, count: Stocktake) -> Explanation:
    """What explains a count's difference; ``basis`` "none" where it agrees or nothing was done since the count before."""
    before = db.one(
        "SELECT time FROM stocktake WHERE item_id = ? AND void_reason IS NULL AND time < ? ORDER BY time DESC, id DESC LIMIT 1",
        (count.item_id, count.time),
    )
    since = before["time"] if before is not None else ""
    rows = db.rows(
        "SELECT m.time, m.delta, m.kind, coalesce(h.short, 0) AS short, coalesce(h.already_given, 0) AS late FROM movement m"
        " LEFT JOIN handout h ON h.id = m.handout_id WHERE m.item_id = ? AND m.void_reason IS NULL AND m.time > ? AND m.time <= ?"
        " AND m.kind <> 'count' ORDER BY m.time",
        (count.item_id, since, count.time),
    )
    given = [row for row in rows if row["kind"] in ("handout", "assembly") and row["delta"] < 0]
    flagged = [row for row in given if row["short"] or row["late"]]
    if count.difference < 0 and given:
        weights = _weights(given)
        basis = "flagged" if flagged else "handouts"
    elif count.difference > 0 and (came := [row for row in rows if row["delta"] > 0]):
        weights, basis = _weights(came), "receipts"
    else:
        return Explanation(since, count.time, "", "", 0.0, "none", len(given), len(flagged))
    hour = max(weights, key=lambda key: (weights[key], key))
    begins = datetime.fromisoformat(hour)
    ends = (begins + timedelta(hours=1)).isoformat(timespec="seconds")
    return Explanation(since, count.time, hour, ends, weights[hour] / sum(weights.values()), basis, len(given), len(flagged))


def _weights(rows: Sequence[Row]) -> dict[str, float]:
    """By the hour that begins: how likely the difference arose in it."""
    found: dict[str, float] = defaultdict(float)
    for row in rows:
        hour = datetime.fromisoformat(row["time"]).replace(minute=0, second=0, microsecond=0).isoformat(timespec="seconds")
        found[hour] += abs(row["delta"]) * (FLAGGED if row["short"] or row["late"] else 1)
    return found


def _record(row: Row) -> Stocktake:
    return Stocktake(
        row["id"], row["time"], row["item_id"], row["book"], row["counted"], row["reason"] or "", row["second_name"] or "",
        row["void_reason"],
    )  # fmt: skip
