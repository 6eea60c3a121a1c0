"""What is kept of the shelf: equal to its movements whatever writes them, at the end of every day; a kept sum that lies is named."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app.db import Database
from station_app.model import ItemKind, MovementKind, Op, uuid7
from station_app.services import audit, history, reports, supplies
from station_app.services.supplies import kept

LOTS = st.sampled_from([("", ""), ("A", "2026-08-01"), ("B", "2027-01-31"), ("B", "")])
DAYS = st.dates(date(2025, 11, 20), date(2027, 2, 10))


@pytest.fixture
def water(db: Database) -> str:
    return supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)[0].id


def plain(db: Database, item_id: str, day: str) -> dict[tuple[str, str], int]:
    """The lots at the end of a day from the movements alone; none of which nothing is left."""
    found: dict[tuple[str, str], int] = {}
    for row in db.rows("SELECT * FROM movement"):
        if row["item_id"] == item_id and row["void_reason"] is None and row["business_date"] <= day:
            lot = (row["lot"] or "", row["expiry"] or "")
            found[lot] = found.get(lot, 0) + row["delta"]
    return {lot: n for lot, n in found.items() if n}


@settings(max_examples=25)
@given(written=st.lists(st.tuples(DAYS, st.integers(-5, 9).filter(bool), LOTS, st.booleans()), min_size=1, max_size=14), asked=DAYS)
def test_every_day_is_its_movements_in_whatever_order_they_come(
    stations_of_one: Database, written: list[tuple[date, int, tuple[str, str], bool]], asked: date
) -> None:
    """Late entries, days of other years and months, and voids between them."""
    db = stations_of_one
    item_id = supplies.add_item(db, uuid7()[-12:], "瓶", ItemKind.DRINK)[0].id
    for day, delta, (lot, expiry), void in written:
        with db.transact(Op.RECEIVE) as tx:
            row = {
                "time": f"{day}T12:00:00+08:00", "business_date": day.isoformat(), "item_id": item_id, "delta": delta,
                "kind": MovementKind.BOUGHT.value, "lot": lot or None, "expiry": expiry or None,
            }  # fmt: skip
            movement = tx.put("movement", row)
        if void:
            with db.transact(Op.VOID_SUPPLY) as tx:
                tx.void("movement", movement, "记错了")
    days = {asked, *(day for day, *_ in written), *(day - timedelta(days=1) for day, *_ in written)}
    for day in sorted(days):
        told = {(lot.lot, lot.expiry): lot.balance for lot in supplies.balance_on(db, item_id, day.isoformat())}
        assert told == plain(db, item_id, day.isoformat())
    assert {(lot.lot, lot.expiry): lot.balance for lot in supplies.lots(db, item_id)} == plain(db, item_id, "9999")
    assert list(kept.differing(db)) == []


@pytest.fixture(scope="module")
def stations_of_one(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """One store for all examples: each makes an item of its own."""
    from station_app.services import stations
    from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock

    folder = tmp_path_factory.mktemp("kept")
    return stations.set_up(folder / "s", SAMPLE, "王敏", PASSWORD, clock=Clock("2026-07-17T09:00:00+08:00"), cost=CHEAP)[0]


def test_a_row_that_is_written_anew_is_counted_once(db: Database, water: str) -> None:
    """A pack or a rescue may write a row in whole, of another item or day than it was."""
    other = supplies.add_item(db, "毛巾", "条", ItemKind.OTHER)[0].id
    supplies.receive(db, water, 9, lot="A", expiry="2026-12-31")
    row = db.rows("SELECT * FROM movement")[0]
    with db.transact(Op.APPLY_PACK) as tx:
        tx.take("movement", [dict(row) | {"version": 2, "item_id": other, "delta": 4, "business_date": "2025-01-02", "lot": None}])
    assert supplies.lots(db, water) == []
    assert [(lot.lot, lot.balance) for lot in supplies.balance_on(db, other, "2025-01-02")] == [("", 4)]
    assert list(kept.differing(db)) == []


def test_an_undone_receipt_leaves_nothing_behind(db: Database, water: str) -> None:
    changes = supplies.receive(db, water, 9, lot="A")
    history.undo(db, changes.operation)
    assert db.rows("SELECT * FROM stock_sum") == []


def test_what_is_used_up_stands_in_the_report_as_nothing_left(db: Database, water: str) -> None:
    supplies.receive(db, water, 2)
    supplies.hand_out(db, water, 2)
    today = db.stamp().business_date
    assert reports.period(db, today, today).balances == {"矿泉水": 0}
    assert reports.period(db, "2026-01-01", "2026-01-31").balances == {}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE stock_sum SET n = n + 1 WHERE span = 'all'",
        "DELETE FROM stock_sum WHERE span = 'month'",
        "UPDATE stock_sum SET since = '2019' WHERE span = 'year'",
        "UPDATE stock_sum SET lot = 'X' WHERE span = 'all'",
        "DROP TRIGGER movement_added",
        "DROP TRIGGER movement_uncounted",
    ],
)
def test_a_kept_sum_that_lies_is_named(db: Database, water: str, damage: str) -> None:
    """The negative control: each of the ways kept sums could part from what they are kept of."""
    changes = supplies.receive(db, water, 9, lot="A")
    db._writer.execute(damage)
    supplies.receive(db, water, 1)
    history.undo(db, changes.operation)
    assert "audit.stock_differs" in {problem.word for problem in audit.check(db)}
