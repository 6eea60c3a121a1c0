"""What a demo station lends, mends, checks, finds and hands over, day by day; through the same services as the desk's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar

from ..db import Database
from ..model import CheckPart, LoanOutcome, LostState, Occupation, RepairState, WeatherLevel
from . import boxes, equipment, first_aid, incidents, loans, samples, shifts, visits, weather

LENT = 0.06
"""Arrivals that borrow something."""
LATE, LOST, DAMAGED = 0.2, 0.015, 0.02
FAULT, FOUND, NOT_WELL, EMERGENCY = 0.025, 0.06, 0.04, 0.015
HOT, VERY_HOT = 35, 37
"""Forecast highs, degrees Celsius, from which the weather service warns."""

T = TypeVar("T")


class House:
    """The house as days go by, with dice of its own: whatever it does changes no figure of the visits."""

    def __init__(self, db: Database, seed: str) -> None:
        self.db, self.seed = db, seed
        self.dice = Random(f"{seed}/house")
        self.due: list[tuple[datetime, str, LoanOutcome]] = []
        self.repairs: list[tuple[date, str, RepairState]] = []
        self.kept: list[tuple[date, str, LostState]] = []

    def furnish(self) -> None:
        """What stands in the house on the first day."""
        day = date.fromisoformat(self.db.stamp().business_date)
        for kind, name, count, pooled in samples.LENDING:
            loans.add(self.db, name, kind, count, pooled=pooled, source=samples.SOURCE)
        for name, place, days in samples.EQUIPMENT:
            equipment.add(self.db, name, place=place, check_days=days, source=samples.SOURCE)
        for name, unit, quantity, keeps in samples.FIRST_AID:
            first_aid.add(self.db, name, unit, quantity=quantity, expiry=(day + timedelta(days=keeps)).isoformat())

    def morning(self, day: date) -> None:
        """The check of safety and hygiene; on Mondays the first-aid box, and the pieces whose check is due."""
        self.dice = Random(f"{self.seed}/house/{day.isoformat()}")
        points = [point.name for point in shifts.points(self.db, CheckPart.SAFETY)]
        found, action = self.dice.choice(samples.EXCEPTIONS) if self.dice.random() < NOT_WELL else ("", "")
        shifts.check_house(self.db, points, found, action, samples.KEEPERS[1])
        if day.weekday() == 0:
            first_aid.all_fine(self.db)
            for piece in equipment.due(self.db, 0):
                equipment.check(self.db, piece.id)
        if self.dice.random() < FAULT:
            piece = self.dice.choice(equipment.listing(self.db))
            repair, _ = equipment.report(self.db, piece.id, self.dice.choice(samples.FAULTS))
            for after, state in ((1, RepairState.UNDER_WAY), (4, RepairState.DONE), (5, RepairState.ACCEPTED)):
                self.repairs.append((day + timedelta(days=after), repair.id, state))
        now, self.repairs = _due(self.repairs, day)
        for _, repair_id, state in now:
            equipment.repair(self.db, repair_id, state, fixer=samples.FIXER, note=samples.MENDED if state is RepairState.DONE else "")
        done, self.kept = _due(self.kept, day)
        for _, lost_id, outcome in done:
            incidents.settle(self.db, lost_id, outcome)
        if self.dice.random() < FOUND:
            thing, place = self.dice.choice(samples.FOUND)
            item, _ = incidents.found(self.db, thing, place, samples.KEPT_IN)
            if self.dice.random() < 0.7:
                self.kept.append((day + timedelta(days=self.dice.randint(1, 20)), item.id, LostState.CLAIMED))

    def afternoon(self) -> None:
        """Seldom something happens: its time is stamped, who was called and what it was are told when it is over."""
        if self.dice.random() < EMERGENCY:
            kind, called, place, note = self.dice.choice(samples.EMERGENCIES)
            happened, _ = incidents.stamp(self.db)
            incidents.tell(self.db, happened.id, kind=kind, called=called, place=place, note=note, over=True)

    def slips(self) -> list[boxes.Slip]:
        """What lies in a box when it is opened: nothing, or a slip or two."""
        found = []
        for _ in range(self.dice.choice((0, 0, 0, 1, 1, 2))):
            category = self.dice.choice(list(samples.WORDS))
            kind, text = self.dice.choice(samples.WORDS[category])
            found.append(boxes.Slip(text, kind, category))
        return found

    def heat(self, high: int) -> None:
        """The warning of a hot day, as the keeper hears it."""
        if high >= HOT:
            weather.tell(self.db, high=high, warning=WeatherLevel.HEAT_ORANGE if high >= VERY_HOT else WeatherLevel.HEAT_YELLOW)

    def lend(self, moment: datetime, person_id: str | None, visit_id: str, occupation: Occupation) -> None:
        """Now and then somebody borrows what is there, and brings it back in time, late, broken or never."""
        if self.dice.random() >= LENT:
            return
        free = [asset for asset in loans.assets(self.db) if asset.free > 0]
        if not free:
            return
        loan, _ = loans.lend(self.db, self.dice.choice(free).id, person_id=person_id, visit_id=visit_id, occupation=occupation)
        luck, due = self.dice.random(), datetime.fromisoformat(loan.due)
        outcome = LoanOutcome.RETURNED
        back = moment + (due - moment) * self.dice.uniform(0.2, 0.9)
        if luck < LATE:
            back = due + timedelta(days=self.dice.uniform(0.3, 14))
            outcome = LoanOutcome.LOST if luck < LOST else outcome
        elif luck > 1 - DAMAGED:
            outcome = LoanOutcome.DAMAGED
        self.due.append((back, loan.id, outcome))

    def bring_back(self, moment: datetime) -> None:
        """What was to come back by now is back."""
        now = [one for one in self.due if one[0] <= moment]
        self.due = [one for one in self.due if one[0] > moment]
        for _, loan_id, outcome in now:
            loans.end(self.db, loan_id, outcome)

    def hand_over(self) -> None:
        """The desk goes to whoever is at work, with what is open."""
        late = [loan.title for loan in loans.open_loans(self.db) if loan.overdue(self.db.now())]
        shifts.hand_over(self.db, matters=samples.late(late) if late else "")

    def log(self, day: date, keepers: Sequence[str]) -> None:
        """The duty log of the day, confirmed."""
        came, sky = visits.today(self.db, day.isoformat()).person_times, weather.of_day(self.db, day.isoformat())
        shifts.confirm(
            self.db, day.isoformat(), person_times=came, shift_name=f"{samples.STATION.opens}-{samples.STATION.closes}",
            weather=samples.sky(sky.high, sky.level), events=samples.came(came), handed_by=keepers[0], handed_to=keepers[1],
        )  # fmt: skip


def _due(planned: list[tuple[date, str, T]], day: date) -> tuple[list[tuple[date, str, T]], list[tuple[date, str, T]]]:
    """What is due by a day, and the rest."""
    return [one for one in planned if one[0] <= day], [one for one in planned if one[0] > day]
