"""A station with a past: days of visits, handouts and requests, made through the same services as the desk's own.

Figures follow the shares of DOMAIN.md section 8 and are the same for the same seed and days; ids differ. The clock of
the store walks through the past, so operations are recorded when they happened. Each day has dice of its own and today
is worked up to the last full hour, so a day that is still young changes nothing before it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from random import Random
from typing import TypeVar
from zoneinfo import ZoneInfo

from .. import db as database
from .. import vault
from ..db import Database
from ..errors import RuleRefused, UserMistake
from ..model import (
    Category,
    Channel,
    Consent,
    Item,
    ListedCategory,
    MovementKind,
    Occupation,
    Recorded,
    Report,
    RequestState,
    Role,
    Urgency,
    Verdict,
    Visit,
)
from ..paths import DataFolder
from . import badges, boxes, history, keepers, people, reports, requests, samples, stations, supplies, visits
from .demo_house import House

Progress = people.Progress

PASSWORD = "demo-station"
"""Of every demo, known to everybody: nothing in it is real."""
PINS = ("2468", "1357")
MOST_DAYS, MOST_VISITS = 1100, 1000

REGISTERED = 0.48
"""Arrivals with a badge; with the groups among the others two person-times in five."""
GROUPS = {1: 74, 2: 14, 3: 6, 4: 3, 5: 3}
HANDED, HANDED_TO_GROUP = 0.42, 0.12
REQUESTED = 0.014
BOX_DAY = 4
"""Boxes are opened on Fridays."""
SLIPS = 0.015
"""Anonymous counts that were a slip of the finger and taken back at once."""
SHORT_STAY = 0.48
"""Riders who work under 30 days a year."""
NAMELESS, WITH_PHONE = 0.22, 0.85

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """What a demo holds: its days, regulars, operations, those undone, and the report over all of it."""

    days: int
    regulars: int
    operations: int
    undone: int
    report: Report


def make(
    folder: Path,
    days: int = 90,
    visits_per_day: int = 35,
    seed: int = 7,
    until: date | None = None,
    *,
    clock: Callable[[], datetime] = database.wall_clock,
    holder: str = "window",
    cost: vault.Cost = vault.DESK,
    progress: Progress = people.no_progress,
) -> Made:
    """Make a demo station in an empty folder, with ``days`` days up to ``until`` (today without it), and close it.

    ``visits_per_day`` are person-times in an average month. ``progress`` is told (days done, days) and may raise
    Cancelled. Raises UserMistake for numbers or a date that cannot be and EnvironmentFault as ``stations.set_up``;
    whatever stops it, no half-made station stays.
    """
    if not 1 <= days <= MOST_DAYS:
        raise UserMistake("demo.bad_days", most=MOST_DAYS)
    if not 1 <= visits_per_day <= MOST_VISITS:
        raise UserMistake("demo.bad_visits", most=MOST_VISITS)
    zone = ZoneInfo(samples.STATION.zone)
    now = clock().astimezone(zone)
    last = until or now.date()
    if last > now.date():
        raise UserMistake("demo.day_to_come", date=last.isoformat())
    first = last - timedelta(days=days - 1)
    past = _Clock(datetime.combine(first, time(7, 30), zone))
    db, keeper = stations.set_up(
        folder, samples.STATION, samples.KEEPERS[0], PASSWORD, PINS[0], clock=past, holder=holder, cost=cost
    )
    try:
        try:
            root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
            evening, _ = keepers.add(
                db, folder, root, samples.KEEPERS[1], Role.KEEPER, f"{PASSWORD}-2", PINS[1], cost=cost
            )
            samples.stock(db)
            house = House(db, str(seed))
            house.furnish()
            story = _Story(db, past, (keeper.id, evening.id), visits_per_day, house)
            for number in range(days):
                progress(number, days)
                day = first + timedelta(days=number)
                ends = now.replace(minute=0, second=0, microsecond=0) if day == now.date() else None
                story.day(day, Random(f"{seed}/{number}"), ends)
            progress(days, days)
            return story.made(days, first, last)
        finally:
            db.close()
    except BaseException:
        for file in folder.glob("station.*"):
            file.unlink()
        raise


class _Clock:
    """The time in the story."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@dataclass(slots=True)
class _Regular:
    """Somebody who comes again: until when, how often against others, and when last."""

    id: str
    leaves: date
    weight: float
    seen: datetime


@dataclass(frozen=True, slots=True)
class _Arrival:
    """Who is at the door at ``moment``: one with a badge, or ``count`` people without."""

    moment: datetime
    occupation: Occupation
    registered: bool
    count: int


@dataclass(frozen=True, slots=True)
class _Step:
    """What happens to a request at ``moment``."""

    moment: datetime
    request: str
    state: RequestState
    verdict: Verdict | None = None


class _Story:
    """The station as days go by."""

    def __init__(self, db: Database, clock: _Clock, keeper_ids: tuple[str, str], visits_per_day: int, house: House) -> None:
        self.db = db
        self.clock = clock
        self.keepers = keeper_ids
        self.visits_per_day = visits_per_day
        self.house = house
        self.regulars: dict[Occupation, list[_Regular]] = {occupation: [] for occupation in Occupation}
        self.items: list[tuple[samples.Stock, Item]] = [
            (one, item) for one in samples.SHELF if (item := supplies.by_name(db, one.name)) is not None
        ]
        self.steps: list[_Step] = []
        self.numbers = count()
        self.undone = 0

    def made(self, days: int, first: date, last: date) -> Made:
        """What came of it."""
        operations = int(self.db.scalar("SELECT count(*) FROM operation"))
        report = reports.period(self.db, first.isoformat(), last.isoformat())
        return Made(days, people.count(self.db), operations, self.undone, report)

    # --- a day ---------------------------------------------------------------------------------------------------

    def day(self, day: date, dice: Random, ends: datetime | None) -> None:
        """Work one day in the order of the clock, no further than ``ends``."""
        morning = datetime.combine(day, time(8), self.db.zone)
        work: list[tuple[datetime, Callable[[], object]]] = [
            (morning - timedelta(minutes=10), lambda: self._begin(0)),
            (morning - timedelta(minutes=5), lambda: self._open(day, dice)),
            (morning - timedelta(minutes=3), lambda: self._refill(day, dice)),
            (morning - timedelta(minutes=2), lambda: self.house.morning(day)),
            (morning.replace(hour=14, minute=30), self._hand_over),
            (morning.replace(hour=15, minute=40), self.house.afternoon),
            (morning.replace(hour=21), lambda: self._close(day)),
        ]
        if day.weekday() == BOX_DAY:
            work.append((morning.replace(hour=16, minute=20), self._open_boxes))
        work += [(back, partial(self.house.bring_back, back)) for back in (morning.replace(hour=hour) for hour in (9, 12, 16, 20))]
        work += [(one.moment, partial(self._arrive, one, dice)) for one in self._arrivals(morning, dice)]
        due = [step for step in self.steps if step.moment.date() <= day]
        self.steps = [step for step in self.steps if step.moment.date() > day]
        work += [(max(step.moment, morning), partial(self._move_on, step, dice)) for step in due]
        for moment, act in sorted(work, key=lambda pair: pair[0]):
            if ends is not None and moment > ends:
                return
            self.clock.moment = moment
            act()

    def _arrivals(self, morning: datetime, dice: Random) -> list[_Arrival]:
        """Who comes, by the shares of occupation and hour; the month sets how many."""
        wanted = self.visits_per_day * samples.MONTHS[morning.month - 1] * dice.uniform(0.85, 1.15)
        found: list[_Arrival] = []
        total = 0
        while total < round(wanted):
            hour = _pick(dice, samples.HOURS)
            moment = morning.replace(hour=hour, minute=dice.randrange(60), second=dice.randrange(60))
            registered = dice.random() < REGISTERED
            people_there = 1 if registered else min(_pick(dice, GROUPS), round(wanted) - total)
            found.append(_Arrival(moment, _pick(dice, samples.OCCUPATIONS), registered, people_there))
            total += people_there
        return sorted(found, key=lambda one: one.moment)

    def _begin(self, which: int) -> None:
        self.db.acting = self.keepers[which]
        keepers.begin_shift(self.db)

    def _open(self, day: date, dice: Random) -> None:
        high = round(dice.gauss(samples.HIGHS[day.month - 1], 2.5))
        keepers.open_station(self.db, "微波炉报修中" if dice.random() < 0.03 else "", high)
        self.house.heat(high)

    def _open_boxes(self) -> None:
        """The boxes are opened once a week by two; every slip becomes a request."""
        for box in boxes.BOXES:
            found = self.house.slips()
            _opening, taken, _ = boxes.open_box(self.db, box, samples.KEEPERS[0], samples.KEEPERS[1], found)
            for slip, made in zip(found, taken, strict=True):
                if isinstance(slip.category, Category):
                    self._plan_answer(made.id, slip.category, self.house.dice.uniform(0.5, 9), self.house.dice)

    def _hand_over(self) -> None:
        self.db.acting = self.keepers[1]
        self.house.hand_over()

    def _close(self, day: date) -> None:
        keepers.close_station(self.db)
        self.house.log(day, samples.KEEPERS)
        keepers.end_shift(self.db)

    def _refill(self, day: date, dice: Random) -> None:
        """Order what runs low in its season; on Mondays count one shelf and throw out what is past its date."""
        for one, known in self.items:
            item = supplies.get(self.db, known.id)
            if item.next_expiry is not None and item.next_expiry < day.isoformat():
                gone = next(lot.balance for lot in supplies.lots(self.db, item.id) if lot.balance > 0)
                supplies.waste(self.db, item.id, gone, "过期")
                item = supplies.get(self.db, known.id)
            days_of_stock = max(one.low_level, round(self.visits_per_day * one.share / 100))
            if item.balance <= days_of_stock and supplies.in_season(item, day.month):
                packs = -(-2 * days_of_stock // one.pack)
                lot, expiry = samples.lot_of(one, self.clock.moment, 1, one.keeps)
                kind = MovementKind.DONATED if dice.random() < 0.2 else MovementKind.ALLOCATED
                supplies.receive(self.db, item.id, packs * one.pack, kind, lot=lot, expiry=expiry, source="云桥街道")
        if day.weekday() == 0:
            item = supplies.get(self.db, dice.choice(self.items)[1].id)
            counted = max(0, item.balance + dice.choice((0, 0, 0, -1, -2, 1)))
            supplies.count_stock(self.db, item.id, counted, second_name=samples.KEEPERS[1])

    # --- somebody at the door --------------------------------------------------------------------------------------

    def _arrive(self, one: _Arrival, dice: Random) -> None:
        if one.registered:
            regular = self._who(one, dice)
            came, _ = visits.check_in_person(self.db, regular.id, None, Recorded.SCAN)
            regular.seen = one.moment
            visit, person_id = came.visit, regular.id
        else:
            visit, person_id = self._tally(one, dice), None
        for amenity, share in samples.AMENITIES.items():
            if dice.random() < share / 100:
                visits.use_amenity(self.db, visit.id, amenity)
        if dice.random() < (HANDED if person_id else HANDED_TO_GROUP):
            self._hand_out(one, visit, person_id, dice)
        self.house.lend(one.moment, person_id, visit.id, one.occupation)
        if dice.random() < REQUESTED * one.count:
            self._ask(person_id, dice)

    def _tally(self, one: _Arrival, dice: Random) -> Visit:
        """Count them; now and then the wrong key was pressed first and taken back."""
        if dice.random() < SLIPS:
            _, changes = visits.tally(self.db, dice.choice(list(Occupation)), one.count)
            history.undo(self.db, changes.operation)
            self.undone += 1
        visit, _ = visits.tally(self.db, one.occupation, one.count)
        return visit

    def _who(self, one: _Arrival, dice: Random) -> _Regular:
        """A regular of this occupation, or somebody new while there are fewer than the station's size calls for."""
        day = one.moment.date()
        here = self.regulars[one.occupation] = [r for r in self.regulars[one.occupation] if r.leaves >= day]
        free = [r for r in here if one.moment - r.seen >= timedelta(hours=1)]
        wanted = max(4, self.visits_per_day * samples.OCCUPATIONS[one.occupation] / 25)
        if not free or dice.random() < 0.6 * max(0.0, 1 - len(here) / wanted):
            return self._register(one, dice)
        regular = dice.choices(free, [r.weight for r in free])[0]
        if dice.random() < 0.004:
            badges.issue(self.db, regular.id)  # the card was lost
        return regular

    def _register(self, one: _Arrival, dice: Random) -> _Regular:
        number = next(self.numbers)
        name = "" if dice.random() < NAMELESS else samples.name(dice, number)
        phone = samples.phone(number) if name and dice.random() < WITH_PHONE else ""
        consent = dice.choice((Consent.STATION, Consent.DISTRICT, Consent.DISTRICT)) if name else Consent.NONE
        platform = dice.choice(samples.PLATFORMS[one.occupation])
        person, _ = people.register(self.db, one.occupation, platform, name, phone, consent)
        short = dice.random() < (SHORT_STAY if one.occupation is Occupation.RIDER else 0.12)
        stays = dice.randint(2, 29) if short else dice.randint(60, 500)
        leaves = one.moment.date() + timedelta(days=stays)
        regular = _Regular(person.id, leaves, dice.choice((1.0, 1.0, 2.0, 4.0)), one.moment - timedelta(days=1))
        self.regulars[one.occupation].append(regular)
        return regular

    def _hand_out(self, one: _Arrival, visit: Visit, person_id: str | None, dice: Random) -> None:
        choice = {place: stock.share for place, (stock, item) in enumerate(self.items)
                  if supplies.in_season(item, one.moment.month)}  # fmt: skip
        item = self.items[_pick(dice, choice)][1]
        quantity = 1 if person_id else one.count
        try:
            supplies.hand_out(
                self.db, item.id, quantity, person_id=person_id, visit_id=visit.id, occupation=one.occupation
            )
        except RuleRefused:
            pass  # had one today already: the refusal is an event of its own

    # --- requests ------------------------------------------------------------------------------------------------

    def _ask(self, person_id: str | None, dice: Random) -> None:
        category: Category = _pick(dice, samples.REQUESTS)
        kind, text = dice.choice(samples.WORDS[category])
        channel = _pick(
            dice, {Channel.DESK: 70, Channel.REQUEST_BOX: 12, Channel.WALK_ROUND: 8, Channel.PHONE: 6, Channel.CHAT: 4}
        )
        request, _ = requests.add(
            self.db, text, kind=kind, category=category, channel=channel, person_id=person_id,
            urgency=Urgency.COMPLEX if dice.random() < 0.1 else Urgency.ORDINARY,
        )  # fmt: skip
        luck = dice.random()
        if luck < 0.82:
            takes = dice.uniform(0.2, 6.5)
        elif luck < 0.93:
            takes = dice.uniform(7.2, 14.5)
        else:
            takes = dice.uniform(16, 60)
        self._plan_answer(request.id, category, takes, dice)

    def _plan_answer(self, request_id: str, category: Category | ListedCategory, takes: float, dice: Random) -> None:
        """Accepted, handed on where a unit answers for it, replied and told within ``takes`` days."""
        whole = timedelta(days=takes)
        plan = [(RequestState.ACCEPTED, 0.05)]
        if category in samples.UNITS:
            plan.append((RequestState.TRANSFERRED, 0.15))
        plan.append((RequestState.REPLIED, 0.8))
        plan.append((RequestState.TOLD, 1.0))
        verdict = _pick(dice, {Verdict.FIXED: 76, Verdict.PARTLY: 18, Verdict.NOT: 6})
        asked = before = self.clock.moment
        for state, part in plan:
            before = max(_by_day(asked + whole * part), before + timedelta(minutes=5))
            told = verdict if state is RequestState.TOLD else None
            self.steps.append(_Step(before, request_id, state, told))

    def _move_on(self, step: _Step, dice: Random) -> None:
        request = requests.get(self.db, step.request)
        unit = samples.UNITS.get(Category(request.category), "") if step.state is RequestState.TRANSFERRED else ""
        note = samples.REPLY if step.state is RequestState.REPLIED else ""
        after, _ = requests.step(self.db, step.request, step.state, note=note, unit=unit, verdict=step.verdict)
        if after.state is RequestState.REOPENED:
            self._plan_answer(step.request, request.category, dice.uniform(2, 9), dice)


def _pick(dice: Random, weights: dict[T, int]) -> T:
    """One of the keys, by their weights."""
    return dice.choices(list(weights), list(weights.values()))[0]


def _by_day(moment: datetime) -> datetime:
    """The same day at a time when somebody is at the desk."""
    return moment.replace(hour=min(max(moment.hour, 9), 19))
