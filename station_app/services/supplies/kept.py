"""What is on the shelf, kept: sums of movements by lot, altogether, by year and by month, so that history costs nothing to look at.

The database itself keeps them: triggers on the movements' table add and take away in the statement that writes, so that undo, void,
late entries, packs, a restore and a rescue need not know of them (docs/decisions/025). ``check`` adds the movements up anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ...db import Database

GRAINS = {"all": "''", "year": "substr(business_date, 1, 4)", "month": "substr(business_date, 1, 7)"}
"""What is kept by each span, and from what of a business date it follows when it began."""
Source = tuple[str, list[str]]
"""A table to select from, in brackets: (store_id, item_id, expiry, lot, n), and its parameters."""


def now() -> Source:
    """Every lot of which something is left, or lacks. ``expiry`` and ``lot`` are "" where there is none."""
    return "(SELECT store_id, item_id, expiry, lot, n FROM stock_sum WHERE span = 'all' AND since = '')", []


def at_end_of(day: str) -> Source:
    """What adds up to each lot at the end of a business date (ISO): years before, months before, the days of its own month.

    Sum it up by what is asked for. What it reads does not grow with what was handed out before, but with the years. ValueError for a
    day that is none.
    """
    last = date.fromisoformat(day)
    following = last + timedelta(days=1) if last < date.max else last
    year, month = day[:4], day[:7]
    whole = following.month != last.month  # the month's end: its own sum is what its days would add up to
    sql = (
        "(SELECT store_id, item_id, expiry, lot, n FROM stock_sum WHERE span = 'year' AND since < ?"
        " UNION ALL SELECT store_id, item_id, expiry, lot, n FROM stock_sum WHERE span = 'month' AND since >= ? AND since"
        f" {'<=' if whole else '<'} ?"
    )
    parameters = [year, year, month]
    if not whole:
        sql += (
            " UNION ALL SELECT m.store_id, m.item_id, coalesce(m.expiry, ''), coalesce(m.lot, ''), m.delta FROM item i CROSS JOIN"
            " movement m WHERE m.item_id = i.id AND m.business_date BETWEEN ? AND ? AND m.void_reason IS NULL"
        )
        parameters += [f"{month}-01", day]
    return f"{sql})", parameters


def before(day: str) -> Source:
    """The same at the end of the day before."""
    first = date.fromisoformat(day)
    return at_end_of((first - timedelta(days=first > date.min)).isoformat())


def differing(db: Database) -> Iterator[tuple[str, int, int]]:
    """(item, kept, what the movements say) of every sum that is not what the movements add up to. Reads all of them."""
    for span, since in GRAINS.items():
        rows = db.rows(
            "SELECT item_id, sum(kept) AS kept, sum(moved) AS moved FROM ("
            "SELECT store_id, item_id, since, expiry, lot, n AS kept, 0 AS moved FROM stock_sum WHERE span = ?"
            f" UNION ALL SELECT store_id, item_id, {since}, coalesce(expiry, ''), coalesce(lot, ''), 0, delta FROM movement"
            " WHERE void_reason IS NULL) s GROUP BY store_id, item_id, since, expiry, lot HAVING sum(kept) <> sum(moved)",
            (span,),
        )
        yield from ((row["item_id"], row["kept"], row["moved"]) for row in rows)
