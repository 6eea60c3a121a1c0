"""What the screen for visitors reads and does: all of it is within ``model.KIOSK``, names are masked by the role."""

from __future__ import annotations

from dataclasses import dataclass

from ..db import Database
from ..errors import Refused
from ..model import KIOSK, Changes, Occupation, Person
from ..services import answers, badges, keepers, people, requests, supplies, visits
from .lock import AtWork, at_work


@dataclass(frozen=True, slots=True)
class Front:
    """What the first screen says of the day: the forecast high or None, what can be taken by whoever comes."""

    high: int | None
    goods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Good:
    """Something on the shelf: its name, how many may be taken today (None without a bound), whether it was taken already."""

    name: str
    unit: str
    may: int | None
    taken: bool
    alcohol: bool


@dataclass(frozen=True, slots=True)
class Welcome:
    """What somebody is told: who (None for one of a tally), whether they were here just now, the how-manieth of the day,
    what they may take, how many answers wait for them at the desk."""

    person: Person | None
    occupation: Occupation
    repeated: bool
    place: int
    goods: tuple[Good, ...]
    answers: int


def front(db: Database) -> Front:
    """The day for whoever comes."""
    goods = [good.name for good in _goods(db, None) if not good.taken]
    return Front(keepers.day(db, db.stamp().business_date).high, tuple(goods))


def check_in(db: Database, code: str) -> tuple[Welcome, Changes | None]:
    """A badge or a typed card number; Refused as ``visits.check_in``."""
    found, changes = visits.check_in(db, code)
    person = people.get(db, found.person_id)
    return _welcome(db, person, person.occupation, found.repeated, badges.resolve(db, code).code), changes


def tally(db: Database, occupation: Occupation) -> tuple[Welcome, Changes]:
    """Somebody without a card."""
    _visit, changes = visits.tally(db, occupation)
    return _welcome(db, None, occupation, False), changes


def _welcome(db: Database, person: Person | None, occupation: Occupation, repeated: bool, digits: str = "") -> Welcome:
    place = visits.today(db, db.stamp().business_date).person_times
    person_id = person.id if person else None
    waiting = answers_waiting(db, person_id, digits) if person_id else 0
    return Welcome(person, occupation, repeated, place, _goods(db, person_id), waiting)


def answers_waiting(db: Database, person_id: str, digits: str) -> int:
    """How many answers wait for this person: to requests of this desk, and to those of others by the digits of the badge.

    How many is all that is told here; what they say is for the desk alone.
    """
    return len(requests.to_tell(db, person_id)) + len(answers.waiting(db, digits))


def _goods(db: Database, person_id: str | None) -> tuple[Good, ...]:
    """What stands on the shelf in this season: what may be taken first, then what was taken today."""
    found = []
    for offer in supplies.offers(db, person_id):
        barrier, item = offer.barrier, offer.item
        if item.balance <= 0 or (barrier is not None and barrier.rule == "season"):
            continue
        may = None if item.most_per_day is None else max(item.most_per_day - offer.taken_today, 0)
        found.append(Good(item.name, item.unit, may, barrier is not None or may == 0, item.alcohol))
    return tuple(sorted(found, key=lambda good: good.taken))


# --- beginning and leaving -----------------------------------------------------------------------------------------------


def begin(db: Database) -> str:
    """From now on nothing but the visitors' own is done here; the acting keeper. Refused without a PIN to come back with."""
    if not db.acting or not keepers.has_pin(db, db.acting):
        raise Refused("kiosk.needs_pin")
    db.only = KIOSK
    return db.acting


def leave(db: Database, keeper_id: str, pin: str) -> tuple[AtWork, Changes | None]:
    """A keeper is back, by their PIN; Refused for a wrong one, and everything stays as bounded as it was."""
    keepers.unlock_screen(db, keeper_id, pin)
    db.only = None
    return at_work(db), None
