"""What is kept of the loans that are out: equal to loans and ends in whatever order they come; what is kept and lies is named."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app.db import Database
from station_app.model import AssetKind, ItemKind, Op, uuid7
from station_app.services import audit, figures, history, loans, stations, supplies
from station_app.services.figures import Wanted
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock

NOON = {"time": "2026-07-17T12:00:00+08:00", "business_date": "2026-07-17"}


@pytest.fixture
def cable(db: Database) -> str:
    """A pool of nine."""
    return loans.add(db, "充电线", AssetKind.CABLE, 9, pooled=True)[0][0].id


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One store for all examples: each lends a thing of its own."""
    clock = Clock("2026-07-17T18:00:00+08:00")
    db = stations.set_up(tmp_path_factory.mktemp("left") / "s", SAMPLE, "王敏", PASSWORD, clock=clock, cost=CHEAP)[0]
    yield db
    db.close()


Kept = dict[str, tuple[int, int, int]]


def plain(db: Database) -> Kept:
    """What is out, lost and damaged of each loan, counted from the rows."""
    found = {row["id"]: [0 if row["void_reason"] else row["quantity"], 0, 0] for row in db.rows("SELECT * FROM loan")}
    for row in db.rows("SELECT * FROM loan_end"):
        if row["loan_id"] in found and row["void_reason"] is None:
            out = found[row["loan_id"]]
            out[0] -= row["quantity"]
            out[1] += row["quantity"] * (row["outcome"] == "lost")
            out[2] += row["quantity"] * (row["outcome"] == "damaged")
    return {loan: (n, lost, damaged) for loan, (n, lost, damaged) in found.items() if n or lost or damaged}


def kept(db: Database) -> Kept:
    """The same as the database keeps it."""
    return {row["loan_id"]: (row["n"], row["lost"], row["damaged"]) for row in db.rows("SELECT * FROM loan_left")}


OUTCOMES = ("returned", "lost", "damaged")
EVENTS = st.lists(
    st.tuples(st.sampled_from(("loan", "end", "void loan", "void end", "move end")), st.integers(0, 2), st.integers(1, 4)), max_size=12
)


@settings(max_examples=40)
@given(events=EVENTS)
def test_whatever_order_loans_and_ends_come_in(one_store: Database, events: list[tuple[str, int, int]]) -> None:
    """As packs, undo and a rescue write them: an end before its loan, voids of either, an end that is another loan's now."""
    db, ids, version = one_store, [uuid7() for _ in range(3)], 1
    asset = loans.add(db, f"伞 {uuid7()[-12:]}", AssetKind.UMBRELLA)[0][0].id
    ends: dict[int, str] = {}
    for what, place, n in events:
        version += 1
        row = {"version": version, "store_id": db.store_id, **NOON, "quantity": n, "void_reason": "记错了" if "void" in what else None}
        if what.endswith("loan"):
            with db.transact(Op.APPLY_PACK) as tx:
                tx.take("loan", [row | {"id": ids[place], "asset_id": asset, "due": NOON["time"], "short": 0}])
        else:
            whose = ids[(place + 1) % 3] if what == "move end" else ids[place]
            end = ends.setdefault(place, uuid7()) if what != "end" else uuid7()
            ends[place] = end
            with db.transact(Op.APPLY_PACK) as tx:
                tx.take("loan_end", [row | {"id": end, "loan_id": whose, "outcome": OUTCOMES[n % 3]}])
        assert kept(db) == plain(db)
    assert {loan.id: loan.left for loan in loans.open_loans(db)} == {loan: n for loan, (n, *_) in plain(db).items() if n > 0}
    assert list(loans.differing(db)) == []
    if any(what == "loan" for what, *_ in events):
        mine = [figures for loan, figures in plain(db).items() if loan in ids]
        assert loans.get(db, asset).out == sum(n for n, *_ in mine)


def test_what_came_back_and_what_is_undone_leaves_nothing_behind(db: Database, cable: str) -> None:
    loan, _ = loans.lend(db, cable, quantity=3)
    _, back = loans.end(db, loan.id, quantity=3)
    assert db.rows("SELECT * FROM loan_left") == []
    history.undo(db, back.operation)
    assert [one.left for one in loans.open_loans(db)] == [3]
    assert figures.count(db, Wanted("still_out", "2026-01-01", "2026-12-31")) == 3


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE loan_left SET n = n + 1", "UPDATE loan_left SET lost = 1", "UPDATE loan_left SET asset_id = 'X'", "DELETE FROM loan_left",
        "DROP TRIGGER loan_left_insert", "DROP TRIGGER loan_end_left_insert", "DROP TRIGGER loan_left_update",
    ],
)  # fmt: skip
def test_a_kept_loan_that_lies_is_named(db: Database, cable: str, damage: str) -> None:
    """The negative control: each of the ways what is kept could part from what it is kept of."""
    loans.lend(db, cable)  # untouched afterwards: every write counts its own loan anew
    _, lent = loans.lend(db, cable, quantity=3)
    second, _ = loans.lend(db, cable)
    assert audit.check(db) == []
    db._writer.execute(damage)
    loans.end(db, second.id)
    loans.lend(db, cable, quantity=2)
    history.undo(db, lent.operation)
    assert "audit.loan_left_differs" in {problem.word for problem in audit.check(db)}


def test_a_balance_is_what_its_rows_add_up_to_however_it_is_asked(db: Database) -> None:
    """From the kept sums by item or kind, from the rows by day or movement: one figure."""
    water = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)[0].id
    kit = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING)[0].id
    slip = supplies.receive(db, water, 9, lot="A", expiry="2026-12-31")
    supplies.receive(db, water, 24)
    supplies.hand_out(db, water, 5)
    supplies.receive(db, kit, 7)
    history.undo(db, slip.operation)
    today = db.stamp().business_date
    for parts in ({}, {"item": ("矿泉水",)}, {"kind": ("cooling",)}, {"item": ("矿泉水", "防暑包"), "kind": ("drink",)}):
        for stores in (None, [db.store_id], [uuid7()]):
            wanted = Wanted("balance", today, today, parts)
            told = figures.count(db, wanted, stores)
            assert told == sum(figures.split(db, wanted, "movement", stores).values())
            assert told == sum(line.n for line in figures.lines(db, "movement", figures.ids(db, wanted, stores)))
    assert figures.count(db, Wanted("balance", today, today, {"day": (today,)})) == 26
    assert figures.count(db, Wanted("balance", "2025-01-01", "2025-01-31")) == 0
