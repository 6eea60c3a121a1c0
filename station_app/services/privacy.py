"""What is kept on a person, for whoever asks to see it, and where copies of it still lie (DOMAIN.md section 6, "Privacy")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from .. import backup, settings
from ..db import Database
from ..model import Circle, Consent, Person, Request, Visit
from . import (
    aliases,
    attachments,
    badges,
    companions,
    duplicates,
    exchange,
    keeping,
    people,
    preferences,
    requests,
    retention,
    visits,
)
from .badges import Badge
from .duplicates import Merged

EVERYTHING = 100_000
"""More visits than anybody makes."""


@dataclass(frozen=True, slots=True)
class Given:
    """Something that was given: the business date, the item by its recorded name and unit, how much."""

    business_date: str
    name: str
    unit: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Told:
    """What the district was told of a person: the first time (ISO 8601, "" for nothing yet), and whether by name."""

    since: str
    by_name: bool


@dataclass(frozen=True, slots=True)
class Copies:
    """Older copies that still hold a person: backups here, a second place with more, stores set aside by restores.

    ``until`` is the business date by which those here are gone, "" where there are none.
    """

    backups: int
    second_place: str
    set_aside: int
    until: str

    def __bool__(self) -> bool:
        return bool(self.backups or self.set_aside)


@dataclass(frozen=True, slots=True)
class Held:
    """Everything the station holds on one regular; days are business dates, "" for what never was.

    ``agreed_on`` is the day the present consent was recorded here, ``notice_version`` what they agreed to (None without
    consent). ``handouts`` counts units given. ``badges``, ``visits`` and ``given`` are the newest first; ``kept_until`` is the
    day on which they are forgotten if they do not come again, ``district`` its name; ``pictures`` how many a request has, by its id.
    ``companions`` are those of their household or team (``circle``), ``merged`` the records that went into this one.
    """

    person: Person
    badges: tuple[Badge, ...]
    first_visit: str
    handouts: int
    requests: tuple[Request, ...]
    notice_version: int | None
    agreed_on: str
    visits: tuple[Visit, ...]
    given: tuple[Given, ...]
    district: str
    told: Told
    kept_until: str
    copies: Copies
    pictures: Mapping[str, int] = field(default_factory=dict)
    circle: Circle | None = None
    companions: tuple[Person, ...] = ()
    merged: tuple[Merged, ...] = ()


def held(db: Database, person_id: str) -> Held:
    """All that is held on a regular; UserMistake for an id nobody has, Refused to whoever is not shown people's data."""
    db.require_sight("held")
    person = people.get(db, person_id)
    person_id = person.id
    came = tuple(visits.of_person(db, person_id, EVERYTHING))
    given = _given(db, person_id)
    asked = tuple(requests.listing(db, person_id=person_id))
    shown = attachments.counts(db)
    circle, others = companions.of_person(db, person_id)
    return Held(
        person=person, badges=tuple(badges.of_person(db, person_id)), first_visit=came[-1].business_date if came else "",
        handouts=sum(one.quantity for one in given),
        requests=asked, notice_version=person.notice_version,
        agreed_on=_agreed_on(db, person_id), visits=came, given=given, district=_district(db), told=_told(db, person),
        kept_until=retention.kept_until(db, person_id), copies=copies(db, person),
        pictures={one.id: shown[one.id] for one in asked if one.id in shown},
        circle=circle, companions=tuple(others), merged=tuple(duplicates.merged_into(db, person_id)),
    )  # fmt: skip


def with_words(db: Database, found: Held) -> Held:
    """The same with the steps of every request, what was answered included: for the sheet, not for a glance."""
    db.require_sight("held")
    return replace(found, requests=tuple(requests.get(db, request.id) for request in found.requests))


def _given(db: Database, person_id: str) -> tuple[Given, ...]:
    rows = db.rows(
        "SELECT h.business_date, i.name, i.unit, h.quantity FROM handout h JOIN item i ON i.id = h.item_id"
        f" WHERE h.person_id IN {aliases.MEMBERS} AND h.void_reason IS NULL ORDER BY h.business_date DESC, h.time DESC",
        {"person": person_id},
    )
    return tuple(Given(row["business_date"], row["name"], row["unit"], row["quantity"]) for row in rows)


def _district(db: Database) -> str:
    """Whom the station reports to: the district it trusts, otherwise the one it lies in."""
    kept = db.meta("district")
    named = json.loads(kept)["name"] if kept else ""
    return str(named or db.scalar("SELECT district_name FROM station WHERE id = ?", (db.meta("station_id"),)) or "")


def _told(db: Database, person: Person) -> Told:
    first = exchange.carried_in(db, "person", person.id)
    return Told(first.closed if first else "", first is not None and person.consent is Consent.DISTRICT and bool(person.name))


def copies(db: Database, person: Person) -> Copies:
    """The copies made since a regular was registered and, if they were forgotten, before that: they still hold who it was."""
    first, last = person.registered_on, _forgotten_at(db, person.id)

    def holds(moment: datetime) -> bool:
        return first <= moment.astimezone(db.zone).date().isoformat() and (not last or moment <= datetime.fromisoformat(last))

    here = [one.time for one in backup.listing(backup.folder_of(db)) if holds(one.time)]
    aside = [moment for moment, _ in retention.set_aside(db) if holds(moment)]
    ends = [backup.rolled_off(here, db.now())] if here else []
    ends += [(moment.astimezone(db.zone) + timedelta(days=retention.SET_ASIDE)).date() for moment in aside]
    until = max((day.isoformat() for day in ends if day is not None), default="")
    place = keeping.second_place(db)
    return Copies(len(here), str(place or ""), len(aside), until)


def _forgotten_at(db: Database, person_id: str) -> str:
    """When a person was forgotten here (ISO 8601), "" for one who was not."""
    return db.scalar("SELECT min(time) FROM erasure WHERE subject_id = ?", (person_id,)) or ""


def _agreed_on(db: Database, person_id: str) -> str:
    """The day of the newest change of scope or notice; for a roster agreed to on paper the day on the paper."""
    rows = db.rows(
        "SELECT c.after, o.business_date, o.details FROM change c JOIN operation o ON o.sequence = c.operation"
        " WHERE c.row_id = ? AND c.table_name = 'person' ORDER BY c.sequence",
        (person_id,),
    )
    agreed, day = ("none", None), ""
    for row in rows:
        after, details = json.loads(row["after"]), json.loads(row["details"] or "{}")
        now = (after["consent"], after.get("notice_version"))
        if now != agreed or "notice" in details:  # the same notice once more is agreed to on that day
            agreed, day = now, str(details.get("consent_on_paper") or row["business_date"])
    return day if agreed[0] != "none" else ""


# --- the whole house, for the settings page ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Privacy:
    """How the house stands: what is forgotten soon, what the last run forgot, how many agreed to an older notice only.

    ``copies`` are those that hold whoever was forgotten most recently; None when nobody was.
    """

    soon: tuple[retention.Due, ...]
    last: retention.Forgotten | None
    older_notice: int
    forgotten: int
    copies: Copies | None
    months: tuple[int, ...]


def overview(db: Database) -> Privacy:
    """How the house stands with what it keeps; counts only."""
    last = db.scalar("SELECT subject_id FROM erasure WHERE subject_id IN (SELECT id FROM person) ORDER BY time DESC LIMIT 1")
    found = people.several(db, [last]) if last else []
    return Privacy(
        soon=tuple(retention.soon(db)), last=retention.last_run(db), older_notice=people.count(db, people.Filter(older_notice=True)),
        forgotten=int(db.scalar("SELECT count(DISTINCT subject_id) FROM erasure WHERE reason <> 'undo'")),
        copies=copies(db, found[0]) if found else None,
        months=tuple(preferences.number(db, setting) for setting in settings.RETENTION),
    )  # fmt: skip
