"""Random days at a desk: whatever is done and undone, every figure equals a plain recomputation, and check agrees."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from station_app.errors import Refused, RuleRefused, UserMistake
from station_app.model import Amenity, Changes, ItemKind, MovementKind, Occupation
from station_app.services import audit, exchange, history, people, reports, stations, supplies, visits
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock

OCCUPATIONS = st.sampled_from(list(Occupation))


class Desk(RuleBasedStateMachine):
    """The model keeps, for each operation that stands, what it did; undo takes it out."""

    regulars = Bundle("regulars")
    operations = Bundle("operations")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock("2026-07-17T07:30:00+08:00")
        self.db, _ = stations.set_up(
            Path(self.folder.name) / "s", SAMPLE, "王敏", PASSWORD, clock=self.clock, cost=CHEAP
        )
        self.item, _ = supplies.add_item(self.db, "矿泉水", "瓶", ItemKind.DRINK, most_per_day=2)
        self.stands: dict[str, tuple[str, object]] = {}
        self.taken: dict[str, int] = {}

    def _did(self, changes: Changes, what: str, amount: object) -> str:
        self.stands[changes.operation] = (what, amount)
        return changes.operation

    @rule(target=regulars, occupation=OCCUPATIONS)
    def register(self, occupation: Occupation) -> str:
        return people.register(self.db, occupation)[0].id

    @rule(target=operations, person=regulars, minutes=st.integers(0, 30))
    def check_in(self, person: str, minutes: int) -> str:
        self.clock.forward(minutes=minutes)
        found, changes = visits.check_in_person(self.db, person)
        if changes is None:
            assert found.repeated
            return ""
        return self._did(changes, "visit", ("registered", 1))

    @rule(target=operations, occupation=OCCUPATIONS, count=st.integers(1, 9))
    def tally(self, occupation: Occupation, count: int) -> str:
        _, changes = visits.tally(self.db, occupation, count)
        return self._did(changes, "visit", ("anonymous", count))

    @rule(target=operations, quantity=st.integers(1, 20))
    def receive(self, quantity: int) -> str:
        changes = supplies.receive(self.db, self.item.id, quantity, MovementKind.BOUGHT)
        return self._did(changes, "stock", quantity)

    @rule(target=operations, person=regulars, quantity=st.integers(1, 3), given=st.booleans())
    def hand_out(self, person: str, quantity: int, given: bool) -> str:
        today = self.db.stamp().business_date
        had = self.taken.get(person + today, 0)
        try:
            _, changes = supplies.hand_out(self.db, self.item.id, quantity, person_id=person, given=given)
        except RuleRefused:
            assert had + quantity > 2
            assert not given
            return ""
        assert given or had + quantity <= 2
        self.taken[person + today] = had + quantity
        return self._did(changes, "handout", (person + today, quantity))

    @rule(target=operations, counted=st.integers(0, 30))
    def count(self, counted: int) -> str:
        before = self._balance()
        difference, changes = supplies.count_stock(self.db, self.item.id, counted)
        assert difference == counted - before
        return self._did(changes, "stock", difference)

    @rule(operation=operations)
    def undo(self, operation: str) -> None:
        if not operation:
            return
        try:
            history.undo(self.db, operation)
        except Refused as refusal:
            assert operation not in self.stands, refusal
            return
        what, amount = self.stands.pop(operation)
        if what == "handout":
            who, quantity = amount  # type: ignore[misc]
            self.taken[who] -= quantity

    @rule(person=regulars, amenity=st.sampled_from(list(Amenity)))
    def use(self, person: str, amenity: Amenity) -> None:
        last = visits.of_person(self.db, person, 1)
        if last:
            visits.use_amenity(self.db, last[0].id, amenity)

    @rule(person=regulars)
    def erase(self, person: str) -> None:
        if not people.get(self.db, person).erased:
            people.erase(self.db, person)

    @rule(days=st.integers(-2, 2))
    def clock_jumps(self, days: int) -> None:
        self.clock.forward(days=days)

    @rule(count=st.sampled_from([0, -3, 1000]))
    def nonsense(self, count: int) -> None:
        try:
            visits.tally(self.db, Occupation.RIDER, count)
        except UserMistake:
            return
        raise AssertionError(count)

    def _balance(self) -> int:
        stock = sum(n for what, n in self.stands.values() if what == "stock")  # type: ignore[misc]
        given = sum(n[1] for what, n in self.stands.values() if what == "handout")  # type: ignore[index]
        return stock - given

    @invariant()
    def figures_are_what_was_done(self) -> None:
        if not hasattr(self, "db"):
            return
        report = reports.period(self.db, "2020-01-01", "2035-12-31")
        seen = [n for what, n in self.stands.values() if what == "visit"]
        assert report.registered == sum(n for how, n in seen if how == "registered")  # type: ignore[misc]
        assert report.anonymous == sum(n for how, n in seen if how == "anonymous")  # type: ignore[misc]
        assert report.person_times == report.registered + report.anonymous
        assert supplies.get(self.db, self.item.id).balance == self._balance()
        assert sum(lot.balance for lot in supplies.lots(self.db, self.item.id)) == self._balance()
        assert exchange.waiting(self.db) == exchange.status(self.db).local

    def teardown(self) -> None:
        if hasattr(self, "db"):
            found = [p for p in audit.check(self.db) if p.word != "audit.stock_below_zero"]
            status = exchange.status(self.db)
            self.db.close()
            self.folder.cleanup()
            assert found == []
            assert status.packed == status.receipted == status.refused == 0


TestDesk = Desk.TestCase
TestDesk.settings = settings(
    max_examples=12, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
