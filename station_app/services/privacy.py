"""What is kept on a person, for whoever asks to see it (DOMAIN.md section 6, "Privacy")."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ..db import Database
from ..model import Person, Request
from . import badges, people, requests
from .badges import Badge


@dataclass(frozen=True, slots=True)
class Held:
    """Everything the station holds on one regular; days are business dates, "" for what never was.

    ``agreed_on`` is the day the present consent was recorded here, ``notice_version`` what they agreed to (None without
    consent). ``handouts`` counts units given. ``badges`` are the newest first, the revoked ones too.
    """

    person: Person
    badges: tuple[Badge, ...]
    first_visit: str
    handouts: int
    requests: tuple[Request, ...]
    notice_version: int | None
    agreed_on: str


def held(db: Database, person_id: str) -> Held:
    """All that is held on a regular; UserMistake for an id nobody has, Refused to whoever is not shown people's data."""
    db.require_sight("held")
    person = people.get(db, person_id)
    return Held(
        person=person,
        badges=tuple(badges.of_person(db, person_id)),
        first_visit=db.scalar(
            "SELECT min(business_date) FROM visit WHERE person_id = ? AND void_reason IS NULL", (person_id,)
        )
        or "",
        handouts=int(
            db.scalar(
                "SELECT coalesce(sum(quantity), 0) FROM handout WHERE person_id = ? AND void_reason IS NULL",
                (person_id,),
            )
        ),
        requests=tuple(requests.listing(db, person_id=person_id)),
        notice_version=db.scalar("SELECT notice_version FROM person WHERE id = ?", (person_id,)),
        agreed_on=_agreed_on(db, person_id),
    )


def _agreed_on(db: Database, person_id: str) -> str:
    """The day of the newest change of scope or notice; for a roster agreed to on paper the day on the paper."""
    rows = db.rows(
        "SELECT c.after, o.business_date, o.details FROM change c JOIN operation o ON o.sequence = c.operation"
        " WHERE c.row_id = ? AND c.table_name = 'person' ORDER BY c.sequence",
        (person_id,),
    )
    agreed, day = ("none", None), ""
    for row in rows:
        after = json.loads(row["after"])
        now = (after["consent"], after.get("notice_version"))
        if now != agreed:
            on_paper = json.loads(row["details"] or "{}").get("consent_on_paper")
            agreed, day = now, str(on_paper or row["business_date"])
    return day if agreed[0] != "none" else ""
