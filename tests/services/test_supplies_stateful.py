"""Random weeks of supplies: whatever comes in, goes out, is counted, voided, sent, put together, undone or restored, under any clock,
balances, lots, quotas and forecasts equal a plain recomputation, and check agrees.

The other side of the comparison is written anew here, from the facts alone: it shares no query with the services.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from station_app import backup, vault
from station_app.errors import Refused, RuleRefused, UserMistake
from station_app.model import Changes, Item, ItemKind, MovementKind, Occupation, Op, QuotaSpan, WeatherLevel
from station_app.paths import DataFolder
from station_app.services import audit, backups, history, people, stations, supplies, weather
from station_app.services.supplies import evaluate, forecast, quotas, transfers, voids
from station_app.services.supplies.evaluate import Given
from station_app.services.supplies.quotas import Rule, Situation
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock

ITEMS = ("矿泉水", "毛巾", "防暑包")
LOTS = st.sampled_from([("", ""), ("A", "2026-08-01"), ("B", "2026-12-31"), ("C", "")])
PLACE = st.integers(0, len(ITEMS) - 1)


class Shelf(RuleBasedStateMachine):
    """Three items, the last a kit of the first two; one is limited to two a day, three in the heat, one to one within 36 hours."""

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
        quotas.save(self.db, quotas.Rule(items=frozenset({self.ids[0]}), most=3, level=WeatherLevel.HEAT_ORANGE))
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
            assert refusal.last is not None or quantity > (self._most_a_day(), 1)[place]
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

    @rule(high=st.sampled_from([28, 38]))
    def tell_the_weather(self, high: int) -> None:
        weather.tell(self.db, high=high)

    @rule(place=PLACE, days=st.integers(5, 17))
    def weeks_pass(self, place: int, days: int) -> None:
        """One or two go every day: a history that a forecast can rest on."""
        for number in range(days):
            supplies.hand_out(self.db, self.ids[place], 1 + number % 2)
            self.clock.forward(days=1)

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

    def _hot(self, day: date) -> bool:
        """Whether a heat of the orange level was told for a day: 37 degrees or more."""
        return any(row["business_date"] == day.isoformat() and int(str(row["high"] or 0)) >= 37 for row in self._facts("station_day"))

    def _most_a_day(self) -> int:
        return 3 if self._hot(self.clock.moment.date()) else 2

    def _room(self, place: int, person: str) -> int | None:
        """How many more of an item a person may have now."""
        if place == 2:
            return None
        now = self.clock.moment
        mine = [row for row in self._facts("handout") if (row["item_id"], row["person_id"]) == (self.ids[place], person)]
        if place == 0:
            today = [row for row in mine if str(row["time"])[:10] == now.date().isoformat()]
            return self._most_a_day() - sum(int(str(row["quantity"])) for row in today)
        near = [row for row in mine if abs(now - datetime.fromisoformat(str(row["time"]))) < timedelta(hours=36)]
        return 1 - sum(int(str(row["quantity"])) for row in near)

    def _usage(self, item: Item, today: date) -> dict[date, int]:
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
            return dict.fromkeys(days, 0)
        return {day: max(by_day[day].get(item.id, 0), 0) for day in days if day >= began}

    def _rate(self, usage: dict[date, int], day: date, today: date) -> float:
        """What a day takes: the mean, as its weekday differs from it, and in the heat told for today as hot days differ."""
        mean = sum(usage.values()) / len(usage)
        same = [n for other, n in usage.items() if other.weekday() == day.weekday()]
        rate = sum(same) / len(same) if len(same) >= 3 else mean
        hot = [n for other, n in usage.items() if self._hot(other)]
        if self._hot(today) and (day - today).days <= 1 and len(hot) >= 3:
            rate *= min(max(sum(hot) / len(hot) / mean, 0.25), 4.0)
        return rate

    def _end(self, usage: dict[date, int], balance: float, today: date) -> date | None:
        """The day on which nothing is left, by the rate of each day and how often the station was open on its weekday."""
        first, last, left = min(usage), max(usage), balance
        span = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        for number in range(forecast.HORIZON):
            day = today + timedelta(days=number)
            alike = [other for other in span if other.weekday() == day.weekday()]
            share = sum(other in usage for other in alike) / len(alike) if alike else 1.0
            left -= self._rate(usage, day, today) * share
            if left <= 0:
                return day
        return None

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
            self._forecast_is_the_facts(item, told[item.id], today)

    def _forecast_is_the_facts(self, item: Item, seen: forecast.Forecast, today: date) -> None:
        usage = self._usage(item, today)
        assert seen.days == len(usage)
        if item.balance <= 0:
            assert seen.state == "out"
        elif len(usage) < forecast.ENOUGH:
            assert seen.state == "short_history"
        elif not any(usage.values()):
            assert seen.state == "unused"
        else:
            assert seen.a_day == pytest.approx(self._rate(usage, today, today))
            # a sum that comes to nothing to the last digit may be rounded to either side
            ends = [self._end(usage, item.balance + rounding, today) for rounding in (-1e-9, 1e-9)]
            assert (seen.state, seen.likely) in [("beyond" if end is None else "date", end) for end in ends]
            if seen.likely is not None:
                assert seen.early is not None
                assert today <= seen.early <= seen.likely
                assert seen.late is None or seen.likely <= seen.late

    @invariant()
    def quotas_are_the_facts(self) -> None:
        """What the desk offers whoever came, and who came before."""
        if not hasattr(self, "db"):
            return
        known = [str(row["id"]) for row in self._facts("person")][-3:]
        for person in known:
            for place, offer in enumerate(supplies.offers(self.db, person)):
                room = self._room(place, person)
                if place == 0:
                    assert offer.left == room
                assert (offer.barrier is None) == (room is None or room >= 1)

    @invariant()
    def transfers_are_the_facts(self) -> None:
        """Every line of a slip went through the shelf as it says; what was voided did not."""
        if not hasattr(self, "db"):
            return
        moved: dict[str, int] = defaultdict(int)
        for row in self._facts("movement"):
            if row["transfer_id"]:
                moved[str(row["transfer_id"])] += int(str(row["delta"]))
        lines = transfers.listing(self.db)
        standing = {one.id: one.quantity if one.direction == transfers.IN else -one.quantity for one in lines if one.void_reason is None}
        assert standing == {transfer_id: n for transfer_id, n in moved.items() if n}
        taken = [(one.number, one.item_id) for one in lines if one.direction == transfers.IN and one.void_reason is None]
        assert len(taken) == len(set(taken))
        for one in lines:
            if one.void_reason is None:
                assert sum(lot.balance for lot in transfers.lots_of(self.db, one.id)) == one.quantity

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


def began() -> Shelf:
    """A machine to walk by hand: stock, somebody who had one of each, a fortnight of handouts, a slip each way."""
    machine = Shelf()
    machine.begin()
    for place in (0, 1):
        machine.receive(place, 80, ("A", "2026-12-31"))
    machine.weeks_pass(0, 17)
    machine.hand_out_to_nobody(0, 4)
    machine.give_back(0)
    machine.send(0, 3)
    machine.take(1, 2, 1)
    person = machine.register()
    machine.hand_out(1, person, 1, given=False)
    machine.clock_jumps(1, 0)
    machine.hand_out(0, person, 1, given=False)  # half past seven, in Greenwich still the day before
    machine.clock_jumps(0, 2)
    return machine


def everything(machine: Shelf) -> None:
    machine.figures_are_the_facts()
    machine.quotas_are_the_facts()
    machine.transfers_are_the_facts()


def utc_day(rule: Rule, one: Given, now: Situation, among: Mapping[str, Item]) -> bool:
    """The known error of a peer: a day that turns over at midnight in Greenwich, eight in the morning here."""
    told = datetime.fromisoformat(one.time)
    return rule.covers(among[one.item_id]) and told.astimezone(UTC).date() == now.moment.astimezone(UTC).date()


FAULTS: Mapping[str, tuple[object, str, object, str]] = {
    "the day turns over in Greenwich": (evaluate, "_counts", utc_day, "audit.quota_differs"),
    "an interval looks at nothing before today": (evaluate, "_since", lambda _rule, now: now.business_date, "audit.quota_differs"),
    "what came back is not taken off": (
        forecast, "SPAN", forecast.SPAN + " AND m.kind <> 'returned'", "audit.forecast_differs",
    ),
    "a week of history is passed over": (forecast, "WEEKS", 1, "audit.forecast_differs"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught_here_and_by_check(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative controls: without each the suite could pass for no reason."""
    machine = began()
    everything(machine)
    assert audit.check(machine.db) == []
    room, name, bent, word = FAULTS[fault]
    monkeypatch.setattr(room, name, bent)
    with pytest.raises(AssertionError):
        everything(machine)
    if fault != "a week of history is passed over":  # how far back is looked is agreed by both
        assert word in {problem.word for problem in audit.check(machine.db)}
    monkeypatch.undo()
    machine.teardown()


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("UPDATE movement SET delta = delta - 1 WHERE transfer_id IS NOT NULL AND delta < 0", "audit.transfer_unmoved"),
        ("UPDATE transfer SET direction = 'out' WHERE direction = 'in'", "audit.transfer_unmoved"),
        ("UPDATE stocktake SET counted = counted + 1", "audit.count_unmoved"),
        ("UPDATE movement SET void_reason = 'x' WHERE stocktake_id IS NOT NULL", "audit.count_unmoved"),
    ],
)
def test_a_slip_or_a_count_that_lies_is_named(damage: str, word: str) -> None:
    machine = began()
    machine.count(0, 9)
    machine.db._writer.execute(damage)
    assert word in {problem.word for problem in audit.check(machine.db)}
    machine.db.close()
    machine.folder.cleanup()


TestShelf = Shelf.TestCase
TestShelf.settings = settings(
    max_examples=8, stateful_step_count=30, suppress_health_check=list(HealthCheck)
)
