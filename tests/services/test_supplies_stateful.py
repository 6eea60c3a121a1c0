"""Random weeks of supplies: whatever comes in, goes out, is counted, voided, sent, put together, undone or restored, under any clock,
balances, lots, quotas and forecasts equal a plain recomputation, and check agrees.

The other side of the comparison is written anew here, from the facts alone: it shares no query with the services.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from station_app import backup, vault
from station_app.errors import Refused, RuleRefused, UserMistake
from station_app.model import Changes, Item, ItemKind, MovementKind, Occupation, Op, QuotaSpan
from station_app.paths import DataFolder
from station_app.services import audit, backups, history, people, stations, supplies
from station_app.services.supplies import forecast, quotas, transfers, voids
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock

ITEMS = ("矿泉水", "毛巾", "防暑包")
LOTS = st.sampled_from([("", ""), ("A", "2026-08-01"), ("B", "2026-12-31"), ("C", "")])
PLACE = st.integers(0, len(ITEMS) - 1)


class Shelf(RuleBasedStateMachine):
    """Three items, the last a kit of the first two; one is limited to two a day, one to one within 36 hours."""

    operations = Bundle("operations")
    regulars = Bundle("regulars")

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock("2026-07-17T07:30:00+08:00")
        self.db, _ = stations.set_up(
            Path(self.folder.name) / "s", SAMPLE, "王敏", PASSWORD, clock=self.clock, cost=CHEAP
        )
        self.ids = [supplies.add_item(self.db, name, "份", ItemKind.OTHER)[0].id for name in ITEMS]
        supplies.set_parts(self.db, self.ids[2], {self.ids[0]: 2, self.ids[1]: 1})
        supplies.set_quota(self.db, self.ids[0], 2)
        quotas.save(self.db, quotas.Rule(items=frozenset({self.ids[1]}), span=QuotaSpan.HOURS, hours=36))
        self.saved: backup.Backup | None = None

    def _did(self, changes: Changes) -> str:
        return changes.operation

    @rule(target=regulars)
    def register(self) -> str:
        return people.register(self.db, Occupation.RIDER)[0].id

    @rule(target=operations, place=PLACE, quantity=st.integers(1, 20), lot=LOTS)
    def receive(self, place: int, quantity: int, lot: tuple[str, str]) -> str:
        return self._did(
            supplies.receive(self.db, self.ids[place], quantity, MovementKind.BOUGHT, lot=lot[0], expiry=lot[1])
        )

    @rule(target=operations, place=PLACE, person=regulars, quantity=st.integers(1, 3), given=st.booleans())
    def hand_out(self, place: int, person: str, quantity: int, given: bool) -> str:
        if self.db.one("SELECT 1 FROM person WHERE id = ?", (person,)) is None:
            return ""  # registered after the backup that was put back
        room = self._room(place, person)
        try:
            _, changes = supplies.hand_out(self.db, self.ids[place], quantity, person_id=person, given=given)
        except RuleRefused as refusal:
            assert not given
            assert room is not None
            assert quantity > room
            assert refusal.last is not None or quantity > (2, 1)[place]
            return ""
        assert given or room is None or quantity <= room
        return self._did(changes)

    @rule(target=operations, place=PLACE, quantity=st.integers(1, 4))
    def hand_out_to_nobody(self, place: int, quantity: int) -> str:
        return self._did(supplies.hand_out(self.db, self.ids[place], quantity)[1])

    @rule(target=operations, place=PLACE, counted=st.integers(0, 30))
    def count(self, place: int, counted: int) -> str:
        before = self._balance(self.ids[place])
        difference, changes = supplies.count_stock(self.db, self.ids[place], counted)
        assert difference == counted - before
        return self._did(changes)

    @rule(target=operations, place=PLACE, quantity=st.integers(1, 5))
    def send(self, place: int, quantity: int) -> str:
        try:
            return self._did(transfers.send(self.db, self.ids[place], quantity, "北街驿站")[1])
        except UserMistake:
            assert quantity > self._balance(self.ids[place])
            return ""

    @rule(target=operations, place=PLACE, quantity=st.integers(1, 5), number=st.integers(1, 4))
    def take(self, place: int, quantity: int, number: int) -> str:
        with suppress(Refused):
            return self._did(transfers.take(self.db, f"BJ-{number}", ITEMS[place], quantity, "北街驿站")[1])
        return ""

    @rule(target=operations, quantity=st.integers(1, 3), apart=st.booleans())
    def assemble(self, quantity: int, apart: bool) -> str:
        with suppress(Refused, UserMistake):
            return self._did((supplies.take_apart if apart else supplies.assemble)(self.db, self.ids[2], quantity))
        return ""

    @rule(target=operations, place=PLACE)
    def expire(self, place: int) -> str:
        today = self.db.stamp().business_date
        gone = sum(n for (_, expiry), n in self._lots(self.ids[place]).items() if n > 0 and expiry and expiry < today)
        try:
            quantity, changes = supplies.expire(self.db, self.ids[place])
        except UserMistake:
            assert gone == 0
            return ""
        assert quantity == gone > 0
        return self._did(changes)

    @rule(target=operations, place=PLACE)
    def give_back(self, place: int) -> str:
        return self._did(supplies.give_back(self.db, self.ids[place]))

    @rule(place=PLACE, which=st.integers(0, 30))
    def void(self, place: int, which: int) -> None:
        lines = supplies.movements(self.db, self.ids[place])
        if lines:
            line = lines[which % len(lines)]
            try:
                voids.void(self.db, line.id, "记错了")
            except Refused:
                assert line.void_reason is not None

    @rule(operation=operations)
    def undo(self, operation: str) -> None:
        if operation:
            with suppress(Refused, UserMistake):  # undone or voided already, or of a time that was put back
                history.undo(self.db, operation)

    @rule(days=st.integers(-2, 9), hours=st.integers(-12, 12))
    def clock_jumps(self, days: int, hours: int) -> None:
        self.clock.forward(days=days, hours=hours)

    @rule()
    def back_up(self) -> None:
        self.saved = backup.make(self.db, backup.Reason.MANUAL)

    @rule()
    def restore(self) -> None:
        """What was done since is gone, also what is to be undone; the figures are those of the restored facts."""
        if self.saved is None:
            return
        place = DataFolder(Path(self.folder.name) / "s")
        self.db.close()
        root, _ = vault.unlock(place.slots, PASSWORD)
        backups.restore(place, self.saved, place.slots, root, clock=self.clock)
        self.db = stations.open_station(place.path, PASSWORD, clock=self.clock)
        self.saved = None

    # --- the other side, from the facts alone ----------------------------------------------------------------------------

    def _facts(self, table: str) -> list[dict[str, object]]:
        return [dict(row) for row in self.db.rows(f"SELECT * FROM {table}") if row["void_reason"] is None]

    def _lots(self, item: str, until: str = "9999") -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = defaultdict(int)
        for row in self._facts("movement"):
            if row["item_id"] == item and str(row["business_date"]) <= until:
                found[str(row["lot"] or ""), str(row["expiry"] or "")] += int(str(row["delta"]))
        return found

    def _balance(self, item: str) -> int:
        return sum(self._lots(item).values())

    def _room(self, place: int, person: str) -> int | None:
        """How many more of an item a person may have now."""
        if place == 2:
            return None
        now, mine = (
            self.clock.moment,
            [row for row in self._facts("handout") if (row["item_id"], row["person_id"]) == (self.ids[place], person)],
        )
        if place == 0:
            return 2 - sum(
                int(str(row["quantity"])) for row in mine if row["business_date"] == self.db.stamp().business_date
            )
        near = [row for row in mine if abs(now - datetime.fromisoformat(str(row["time"]))) < timedelta(hours=36)]
        return 1 - sum(int(str(row["quantity"])) for row in near)

    def _usage(self, item: Item, today: date) -> list[int]:
        """What each open day of the eight weeks before today took, from the item's first day on."""
        first = today - timedelta(weeks=8)
        by_day: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for row in self._facts("movement"):
            day, kind, delta = date.fromisoformat(str(row["business_date"])), row["kind"], int(str(row["delta"]))
            if first <= day < today and (kind in ("handout", "returned") or (kind == "assembly" and delta < 0)):
                by_day[day][str(row["item_id"])] -= delta
        days = sorted(by_day)
        began = next((day for day in days if item.id in by_day[day]), None)
        if began is None:
            return [0] * len(days)
        return [max(by_day[day].get(item.id, 0), 0) for day in days if day >= began]

    @invariant()
    def figures_are_the_facts(self) -> None:
        if not hasattr(self, "db"):
            return
        today = date.fromisoformat(self.db.stamp().business_date)
        stock = supplies.items(self.db)
        told = forecast.forecasts(self.db, stock)
        for item in stock:
            lots = {key: n for key, n in self._lots(item.id).items() if n}
            assert item.balance == sum(lots.values())
            assert {
                (lot.lot, lot.expiry): lot.balance for lot in supplies.lots(self.db, item.id) if lot.balance
            } == lots
            yesterday = (today - timedelta(days=1)).isoformat()
            past = {(lot.lot, lot.expiry): lot.balance for lot in supplies.balance_on(self.db, item.id, yesterday)}
            assert past == {key: n for key, n in self._lots(item.id, yesterday).items() if n}
            usage, seen = self._usage(item, today), told[item.id]
            assert seen.days == len(usage)
            if item.balance <= 0:
                assert seen.state == "out"
            elif len(usage) < forecast.ENOUGH:
                assert seen.state == "short_history"
            elif not any(usage):
                assert seen.state == "unused"
            else:
                assert seen.state in ("date", "beyond")
                if seen.likely is not None:
                    assert seen.early is not None
                    assert today <= seen.early <= seen.likely
                    assert seen.late is None or seen.likely <= seen.late

    def teardown(self) -> None:
        if hasattr(self, "db"):
            found = audit.check(self.db)
            self.db.close()
            self.folder.cleanup()
            assert [one for one in found if one.word != "audit.stock_below_zero"] == []


class Careless(Shelf):
    """The same where a movement is lost now and then: what the comparison must not let pass."""

    @rule()
    def lose_a_movement(self) -> None:
        row = self.db.one(
            "SELECT id FROM movement WHERE void_reason IS NULL AND assembly_id IS NOT NULL ORDER BY id LIMIT 1"
        )
        if row is not None:
            with self.db.transact(Op.COUNT_STOCK) as tx:
                tx.void("movement", row["id"], "lost")


def test_a_lost_movement_is_caught() -> None:
    machine = Careless()
    machine.begin()
    machine.receive(0, 20, ("A", "2026-12-31"))
    machine.receive(1, 20, ("", ""))
    machine.assemble(2, apart=False)
    machine.figures_are_the_facts()
    machine.lose_a_movement()
    with pytest.raises(AssertionError):
        machine.teardown()


TestShelf = Shelf.TestCase
TestShelf.settings = settings(
    max_examples=8, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
