"""How people are named on screen."""

from __future__ import annotations

from ..model import Person
from ..words import t


def person_name(person: Person) -> str:
    """The name, what a nameless badge is called, or that somebody is anonymous by now."""
    if person.erased:
        return t("terms.erased")
    if person.away and not person.name:
        return t("terms.guest")
    return person.name or t("terms.nameless", number=person.card_number)
