"""What the desk may hand out, for whoever is on the card, beside the same stock summed up by one plain SQL.

``python -m benchmarks.offers [HANDOUTS [TIMES]]`` (30,000 and 100 without words): a shelf of twelve items in three lots each, handed
out a hundred times a day. The **floor** is one sum of the movements by item in the same store, in turn with ``supplies.offers`` of
a regular and of somebody nameless: what remains beside it is rules, kits, campaigns, what was taken before, and records made of it.
"""

from __future__ import annotations

import random
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from station_app.db import Database
from station_app.model import Consent, ItemKind, MovementKind, Occupation, Op
from station_app.services import people, stations, supplies

from .stores import CHEAP, HERE, PASSWORD, Figure, in_turn

ITEMS, LOTS, PER_DAY, REGULARS = 12, 3, 100, 200
PLAIN = "SELECT item_id, sum(delta) AS n FROM movement WHERE void_reason IS NULL GROUP BY item_id"


def main(handouts: int = 30_000, times: int = 100) -> list[Figure]:
    """Measure, print and return the rows."""
    with tempfile.TemporaryDirectory() as folder:
        db, _ = stations.set_up(Path(folder) / "station", HERE, "王敏", PASSWORD, cost=CHEAP)
        regular = _fill(db, handouts)
        floor, known, nameless = in_turn(
            times, lambda: db.rows(PLAIN), lambda: supplies.offers(db, regular), lambda: supplies.offers(db, None)
        )
        db.close()
    rows = [
        Figure(
            f"what may be handed out, {who}, after {handouts:,} handouts", f"{ours * 1000:.1f} ms",
            f"stock by one plain SQL {floor * 1000:.1f} ms: {ours / floor:.2f}x", "<= 3x", ours / floor <= 3,
        )
        for who, ours in (("a regular", known), ("nameless", nameless))
    ]  # fmt: skip
    for row in rows:
        print(row)
    return rows


def _fill(db: Database, handouts: int) -> str:
    """The shelf and its days up to yesterday, a day in one operation as from paper; returns a regular."""
    dice = random.Random(7)
    with db.transact(Op.IMPORT_PEOPLE) as tx:
        regulars = [
            people.write(tx, dice.choice(list(Occupation)), "美味速达", f"王{number}", f"1380000{number:04d}", Consent.STATION)
            for number in range(REGULARS)
        ]
        tx.details["count"] = REGULARS
    shelf = []
    for number in range(ITEMS):
        item, _ = supplies.add_item(db, f"物品 {number}", "件", list(ItemKind)[number % len(ItemKind)])
        supplies.set_quota(db, item.id, 2)
        lots = [(f"L{lot}", f"2099-0{lot + 1}-01") for lot in range(LOTS)]
        for lot, expiry in lots:
            supplies.receive(db, item.id, 100_000, lot=lot, expiry=expiry)
        shelf.append((item.id, lots))
    days = -(-handouts // PER_DAY)
    first = db.now().date() - timedelta(days=days)
    for number in range(days):
        _day(db, first + timedelta(days=number), min(PER_DAY, handouts - number * PER_DAY), regulars, shelf, dice)
    return regulars[0]


def _day(
    db: Database, day: date, count: int, regulars: list[str], shelf: list[tuple[str, list[tuple[str, str]]]], dice: random.Random
) -> None:
    with db.transact(Op.PAPER_SHEET, None, date=day.isoformat(), count=count) as tx:
        for place in range(count):
            moment = datetime(day.year, day.month, day.day, 8 + 10 * place // count, place % 60, tzinfo=db.zone)
            told, business_date, _hour = db.stamp(moment)
            item_id, lots = dice.choice(shelf)
            lot, expiry = dice.choice(lots)
            common = {"time": told, "business_date": business_date, "item_id": item_id, "keeper_id": db.acting}
            handout_id = tx.put(
                "handout",
                {**common, "quantity": 1, "person_id": dice.choice(regulars) if place % 2 else None, "short": 0, "already_given": 0},
            )
            tx.put(
                "movement",
                {
                    **common, "delta": -1, "kind": MovementKind.HANDOUT.value, "lot": lot, "expiry": expiry, "handout_id": handout_id,
                },
            )  # fmt: skip


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
