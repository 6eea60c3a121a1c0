"""What every station may compare itself with: all of them together, month by month, in each pack. Nobody is ranked by it."""

from __future__ import annotations

import json
from datetime import date, timedelta

from ..db import Tx
from ..services.averages import FEWEST, MONTHS
from ..sync.manifest import Average
from . import books, months

ANEW = 3
"""The newest months, counted anew when anything came in; what changes earlier ones no longer moves an average."""
KEPT = "averages"


def for_pack(tx: Tx) -> list[Average]:
    """The last two years' months and the one that runs, the oldest first; counted once for all packs until a file comes in.

    A month in which fewer than three stations were open is left out: with two, either would learn the other's number.
    """
    kept = json.loads(tx.db.meta(KEPT) or "{}")
    count, wanted = books.count_intakes(tx.db), _months(tx.stamp.business_date)
    if kept.get("intakes") != count or kept.get("newest") != wanted[-1]:
        known = kept.get("months", {})
        told = {
            month: known[month] if month in known and month not in wanted[-ANEW:] else books.month_sums(tx.db, *months.span(month))
            for month in wanted
        }
        kept = {"intakes": count, "newest": wanted[-1], "months": told}
        tx.set_meta(KEPT, json.dumps(kept))
    return [
        Average(month=month, stations=stations, person_times=times, open_days=days)
        for month, (stations, times, days) in kept["months"].items()
        if stations >= FEWEST
    ]


def _months(today: str) -> list[str]:
    """The months told, the oldest first."""
    found, day = [today[:7]], date.fromisoformat(today).replace(day=1)
    while len(found) < MONTHS:
        day = (day - timedelta(1)).replace(day=1)
        found.insert(0, f"{day:%Y-%m}")
    return found
