"""Loans: lent, due, back, lost and damaged, to somebody or nobody; numbers that add up in any order and after any undo."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from station_app.db import Database
from station_app.errors import Refused, StationError, UserMistake
from station_app.model import AssetKind, AssetMove, Consent, LoanOutcome, Occupation
from station_app.services import audit, history, loans, people, stations
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock


def said(call: Callable[[], object]) -> str:
    """The sentence a call is refused with, "" when it is not."""
    try:
        call()
    except StationError as error:
        return error.word
    return ""


def umbrella(db: Database) -> loans.Asset:
    """One umbrella with a number."""
    return loans.add(db, "雨伞", AssetKind.UMBRELLA)[0][0]


def test_things_of_their_own_get_numbers_and_codes_that_are_no_badges(db: Database) -> None:
    made, changes = loans.add(db, "雨伞", AssetKind.UMBRELLA, 8)
    assert [one.title for one in made] == [f"雨伞 {number:02d}" for number in range(1, 9)]
    assert loans.add(db, "雨伞", AssetKind.UMBRELLA)[0][0].number == 9
    for one in made:
        assert len(one.code) == 13
        assert loans.is_code(one.code)
        assert not loans.is_code(one.code[:-1] + str((int(one.code[-1]) + 1) % 10))
        assert loans.resolve(db, f" {one.code} ") == one
    assert len({one.code for one in made}) == 8
    assert changes.undoable
    pool = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 20, pooled=True)[0][0]
    assert (pool.pooled, pool.owned, pool.free, pool.title) == (True, 20, 20, "爱心伞")
    assert said(lambda: loans.add(db, "爱心伞", AssetKind.UMBRELLA, pooled=True)) == "loans.name_taken"


def test_a_typed_number_or_name_finds_the_thing(db: Database) -> None:
    umbrellas, _ = loans.add(db, "雨伞", AssetKind.UMBRELLA, 8)
    loans.add(db, "充电宝", AssetKind.POWER_BANK, 3)
    for typed in ("雨伞8", "雨伞 08", "雨伞#8", "8", "*8", "＃０８"):
        assert loans.resolve(db, typed) == umbrellas[7], typed
    assert said(lambda: loans.resolve(db, "3")) == "loans.several"
    assert said(lambda: loans.resolve(db, "自行车")) == "loans.unknown"
    assert said(lambda: loans.resolve(db, "2912345678906")) == "loans.of_elsewhere"
    assert len(loans.find(db, "雨")) == 8
    assert loans.find(db, " ") == []


def test_it_is_due_after_its_hours_or_at_closing_time(db: Database) -> None:
    one = umbrella(db)
    bank = loans.add(db, "充电宝", AssetKind.POWER_BANK)[0][0]
    assert loans.lend(db, one.id)[0].due == "2026-07-19T17:30:00+08:00"
    lent = loans.lend(db, bank.id)[0]
    assert datetime.fromisoformat(lent.due) - datetime.fromisoformat(lent.time) == timedelta(hours=4)
    assert not lent.overdue(datetime.fromisoformat(lent.due))
    assert lent.overdue(datetime.fromisoformat(lent.due) + timedelta(seconds=1))
    longer, _ = loans.prolong(db, lent.id, 24)
    assert longer.due == "2026-07-18T17:30:00+08:00"


def test_to_a_regular_to_a_nameless_badge_to_nobody(db: Database) -> None:
    named, _ = people.register(db, Occupation.RIDER, "美团", "李志强", consent=Consent.STATION)
    nameless, _ = people.register(db, Occupation.COURIER)
    pool = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 20, pooled=True)[0][0]
    for person_id in (named.id, nameless.id, None, None):
        loans.lend(db, pool.id, person_id=person_id, deposit=20, note="红色雨衣")
    assert [len(loans.of_person(db, one.id)) for one in (named, nameless)] == [1, 1]
    assert loans.bring_back(db, pool.id, nameless.id)[0].person_id == nameless.id
    back, _ = loans.bring_back(db, pool.id)
    assert back.person_id is None
    assert [loan.person_id for loan in loans.open_loans(db)] == [named.id, None]
    loans.bring_back(db, pool.id)
    assert loans.bring_back(db, pool.id)[0].person_id == named.id
    assert said(lambda: loans.bring_back(db, pool.id)) == "loans.not_out"


def test_a_pool_lent_to_several_is_not_returned_by_guess(db: Database) -> None:
    pool = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 20, pooled=True)[0][0]
    for _each in range(2):
        loans.lend(db, pool.id, person_id=people.register(db, Occupation.RIDER)[0].id)
    with pytest.raises(Refused, match=r"loans\.which"):
        loans.bring_back(db, pool.id)


def test_what_stands_here_is_not_out(db: Database) -> None:
    """Physical truth: the umbrella at hand came back unnoticed, or was found; undo takes both back at once."""
    one, first = umbrella(db), people.register(db, Occupation.RIDER)[0]
    before, _ = loans.lend(db, one.id, person_id=first.id)
    now, changes = loans.lend(db, one.id)
    assert loans.loan_of(db, before.id).left == 0
    assert (now.left, now.short) == (1, False)
    history.undo(db, changes.operation)
    assert loans.loan_of(db, before.id).left == 1
    loans.end(db, before.id, LoanOutcome.LOST)
    assert (loans.get(db, one.id).owned, loans.get(db, one.id).free) == (0, 0)
    again, _ = loans.lend(db, one.id)
    assert (again.short, loans.get(db, one.id).owned) == (False, 1)
    assert audit.check(db) == []


def test_more_than_the_book_holds_is_lent_and_flagged(db: Database) -> None:
    pool = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 2, pooled=True)[0][0]
    assert not loans.lend(db, pool.id, 2)[0].short
    assert loans.lend(db, pool.id)[0].short
    assert loans.get(db, pool.id).free == -1
    assert audit.check(db) == []


def test_damaged_mended_and_written_off(db: Database) -> None:
    pool = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 5, pooled=True)[0][0]
    lent, _ = loans.lend(db, pool.id, 3)
    part, _ = loans.end(db, lent.id, LoanOutcome.DAMAGED, 2, "伞骨断了")
    assert (part.left, [end.outcome for end in part.ends]) == (1, [LoanOutcome.DAMAGED])
    assert said(lambda: loans.end(db, lent.id, quantity=2)) == "loans.not_so_many"
    now, _ = loans.move(db, pool.id, AssetMove.MENDED)
    assert (now.owned, now.broken, now.out, now.free) == (5, 1, 1, 3)
    now, _ = loans.move(db, pool.id, AssetMove.WRITTEN_OFF, 2)
    assert (now.owned, now.broken, now.free) == (3, 0, 2)
    assert said(lambda: loans.move(db, pool.id, AssetMove.MENDED)) == "loans.not_so_many"
    with pytest.raises(UserMistake):
        loans.lend(db, pool.id, 0)


def test_what_others_counted_on_is_not_taken_back(db: Database) -> None:
    pool, made = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 2, pooled=True)
    lent, _ = loans.lend(db, pool[0].id)
    assert said(lambda: history.undo(db, made.operation)) == "history.used_since"
    _, damaged = loans.end(db, lent.id, LoanOutcome.DAMAGED)
    loans.move(db, pool[0].id, AssetMove.MENDED)
    assert said(lambda: history.undo(db, damaged.operation)) == "history.used_since"
    one = umbrella(db)
    first, _ = loans.lend(db, one.id)
    _, back = loans.end(db, first.id)
    loans.lend(db, one.id)
    assert said(lambda: history.undo(db, back.operation)) == "history.used_since"
    assert audit.check(db) == []


def test_check_finds_numbers_that_cannot_be(db: Database) -> None:
    lent, _ = loans.lend(db, umbrella(db).id)
    loans.end(db, lent.id)
    db._writer.execute("UPDATE loan_end SET quantity = 2")
    words = {problem.word for problem in audit.check(db)}
    assert {"audit.loan_ended_twice", "audit.thing_below_zero"} <= words


def test_more_lost_than_there_were_is_flagged_not_wrong(db: Database) -> None:
    """The book was wrong about how many there were: the loan said so when it was made."""
    pool = loans.add(db, "爱心伞", AssetKind.UMBRELLA, 2, pooled=True)[0][0]
    loan, _ = loans.lend(db, pool.id, 3)
    assert loan.short
    loans.end(db, loan.id, LoanOutcome.LOST, 3)
    assert (loans.get(db, pool.id).owned, audit.check(db)) == (-1, [])
    again, changes = loans.lend(db, pool.id, 1)
    history.undo(db, changes.operation)
    assert again.id not in {one.id for one in loans.open_loans(db)}


class Lending(RuleBasedStateMachine):
    """Any order of lending, returning, losing, mending and undoing, beside a model of plain numbers and its past."""

    def __init__(self) -> None:
        super().__init__()
        self.place = TemporaryDirectory()
        self.clock = Clock()
        self.db, _ = stations.set_up(Path(self.place.name) / "station", SAMPLE, "王敏", PASSWORD, clock=self.clock, cost=CHEAP)
        self.pool = loans.add(self.db, "爱心伞", AssetKind.UMBRELLA, 6, pooled=True)[0][0]
        self.one = umbrella(self.db)
        self.out: dict[str, int] = {}
        self.lent = self.back = self.lost = 0
        self.done: list[tuple[str, tuple[dict[str, int], int, int, int]]] = []

    def teardown(self) -> None:
        try:
            assert audit.check(self.db) == []
        finally:
            self.db.close()
            self.place.cleanup()

    def _mark(self, operation: str) -> None:
        self.done.append((operation, self._before))

    def _begin(self) -> None:
        self._before = (dict(self.out), self.lent, self.back, self.lost)

    @rule(quantity=st.integers(1, 4))
    def lend_pooled(self, quantity: int) -> None:
        self._begin()
        loan, changes = loans.lend(self.db, self.pool.id, quantity)
        self.out[loan.id], self.lent = quantity, self.lent + quantity
        self._mark(changes.operation)

    @rule()
    def lend_the_one(self) -> None:
        self._begin()
        for loan in loans.open_loans(self.db):
            if loan.asset_id == self.one.id:  # it stands here: it came back unnoticed
                del self.out[loan.id]
                self.back += 1
        loan, changes = loans.lend(self.db, self.one.id)
        self.out[loan.id], self.lent = 1, self.lent + 1
        self._mark(changes.operation)

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 100), part=st.integers(1, 4), outcome=st.sampled_from(LoanOutcome))
    def end(self, which: int, part: int, outcome: LoanOutcome) -> None:
        self._begin()
        loan_id = sorted(self.out)[which % len(self.out)]
        part = min(part, self.out[loan_id])
        _loan, changes = loans.end(self.db, loan_id, outcome, part)
        self.out[loan_id] -= part
        if not self.out[loan_id]:
            del self.out[loan_id]
        if outcome is LoanOutcome.LOST:
            self.lost += part
        else:
            self.back += part
        self._mark(changes.operation)

    @precondition(lambda self: self.done)
    @rule()
    def undo_the_last(self) -> None:
        operation, (out, self.lent, self.back, self.lost) = self.done.pop()
        self.out = dict(out)
        history.undo(self.db, operation)

    @precondition(lambda self: len(self.done) > 1)
    @rule(which=st.integers(0, 100))
    def undo_an_older_one_only_if_nothing_counted_on_it(self, which: int) -> None:
        place = which % (len(self.done) - 1)
        before = {asset.id: (asset.owned, asset.broken, asset.out) for asset in loans.assets(self.db)}
        try:
            history.undo(self.db, self.done[place][0])
        except Refused:
            assert {asset.id: (asset.owned, asset.broken, asset.out) for asset in loans.assets(self.db)} == before
            return
        self.done.clear()  # the way back is another now: the model starts from what is there
        self._begin()
        self.out = {loan.id: loan.left for loan in loans.open_loans(self.db)}
        found = loans.figures(self.db, "2026-07-17", "2026-07-17")
        self.lent, self.back, self.lost = found.lent, found.returned + found.damaged, found.lost

    @invariant()
    def out_is_lent_less_what_came_back_or_was_lost(self) -> None:
        found = loans.figures(self.db, "2026-07-17", "2026-07-17")
        assert (found.lent, found.returned + found.damaged, found.lost) == (self.lent, self.back, self.lost)
        assert found.out == self.lent - self.back - self.lost == sum(self.out.values())
        assert {loan.id: loan.left for loan in loans.open_loans(self.db)} == self.out
        assert sum(asset.out for asset in loans.assets(self.db)) == found.out


Lending.TestCase.settings = settings(
    max_examples=12, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
TestLending = Lending.TestCase
