"""What the desk shows, read in one go on the reader thread: the day, who is on the card, the shelf, the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from unicodedata import normalize

from ... import settings
from ...db import Database
from ...model import Amenity, LogLine, Op, Person, Request, Visit
from ...services import (
    aliases,
    answers,
    companions,
    history,
    keepers,
    loans,
    people,
    preferences,
    requests,
    supplies,
    visits,
    voices,
    weather,
)
from ...services.answers import Answer
from ...services.loans import Loan
from ...services.supplies.advice import Advice, advise
from ...services.weather import Weather
from ..names import person_name

BADGE = 22
"""Digits of a badge."""


@dataclass(frozen=True, slots=True)
class Present:
    """Who is on the card: a regular, or (without ``person``) the people of a tally. ``previous`` is an ISO 8601 time or "".

    ``to_tell`` are their own requests that were answered, ``joined`` those of others that they joined. ``companions`` are those of
    their household or team, for whom they may collect.
    """

    visit: Visit
    person: Person | None
    previous: str
    amenities: frozenset[Amenity]
    to_tell: tuple[Request, ...]
    joined: tuple[Request, ...] = ()
    companions: tuple[Person, ...] = ()
    loans: tuple[Loan, ...] = ()


@dataclass(frozen=True, slots=True)
class DeskView:
    """One look at the desk. ``items`` and ``names`` are what the log calls items and people by their ids; ``months`` is how
    long somebody who does not come is kept. ``waiting`` are answers of other stations' requests for the badge ``waiting_for``."""

    day: date
    hour: int
    today: visits.Today
    present: Present | None
    offers: tuple[supplies.Offer, ...]
    lines: tuple[LogLine, ...]
    names: Mapping[str, str]
    items: Mapping[str, str]
    opened: bool
    months: int
    weather: Weather
    advice: Advice
    now: datetime
    waiting: tuple[Answer, ...] = ()
    waiting_for: str = ""


def look(
    db: Database, visit_id: str | None, known: Mapping[str, str], scanned: str = "", collects_for: str = ""
) -> DeskView:
    """The desk now, with the visit on the card (left out once it was taken back). ``known`` names need not be read again.

    What is offered is for the person ``collects_for``, if they are a companion of whoever is on the card.
    """
    stamp = db.stamp()
    present = _present(db, visit_id) if visit_id else None
    digits = _digits(present, scanned)
    whose = present.person.id if present and present.person else None
    if present is not None and any(one.id == collects_for for one in present.companions):
        whose = collects_for
    offers = tuple(supplies.offers(db, whose))
    lines = tuple(line for line in history.log(db, stamp.business_date) if line.op is not Op.SET_UP)
    wanted = {str(line.details["person"]) for line in lines if line.details.get("person")} - known.keys()
    leads, met = aliases.finals(db, sorted(wanted)), {one.id: one for one in people.several(db, sorted(wanted))}
    names = dict(known) | {one: person_name(met[leads.get(one, one)]) for one in wanted if leads.get(one, one) in met}
    items = {offer.item.id: offer.item.name for offer in offers}
    if {line.details["item"] for line in lines if "item" in line.details} - items.keys():
        items = {item.id: item.name for item in supplies.items(db, with_retired=True)}
    told = weather.of_day(db, stamp.business_date)
    return DeskView(
        day=date.fromisoformat(stamp.business_date), hour=stamp.hour, today=visits.today(db, stamp.business_date),
        present=present, offers=offers, lines=lines, names=names, items=items,
        opened=bool(keepers.day(db, stamp.business_date).opened),
        months=preferences.number(db, settings.KEEP_PEOPLE_MONTHS), waiting=tuple(answers.waiting(db, digits)), waiting_for=digits,
        weather=told, advice=advise(db, told.level, [offer.item for offer in offers]),
        now=db.now(),
    )  # fmt: skip


def _present(db: Database, visit_id: str) -> Present | None:
    visit = visits.get(db, visit_id)
    if visit.void_reason:
        return None
    used = frozenset(visits.amenities(db, visit_id))
    found = people.several(db, [visit.person_id]) if visit.person_id else []
    if not found:
        return Present(visit, None, "", used, ())
    earlier = [other.time for other in visits.of_person(db, found[0].id, 5) if other.id != visit_id]
    others = () if found[0].away else companions.of_person(db, found[0].id)[1]
    return Present(visit, found[0], earlier[0] if earlier else "", used, tuple(requests.to_tell(db, found[0].id)),
                   tuple(request for _voice, request in voices.to_tell(db, found[0].id)), tuple(others),
                   tuple(loans.of_person(db, found[0].id)))  # fmt: skip


def _digits(present: Present | None, scanned: str) -> str:
    """The 22 digits by which answers of other stations' requests are found: as scanned, or of the regular on the card."""
    read = "".join(normalize("NFKC", scanned).split())
    if len(read) == BADGE:
        return read
    return present.person.badge_code if present is not None and present.person is not None else ""
