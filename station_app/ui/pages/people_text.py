"""How a regular is written on the people page, and all that is held on them in words."""

from __future__ import annotations

from datetime import date

from ...model import Consent, Person, RequestState
from ...services import people
from ...services.privacy import Held
from ...services.requests import OPEN
from ...words import label, t
from ..when import date_only

CONSENT_TONES = {Consent.NONE: "neutral", Consent.STATION: "good", Consent.DISTRICT: "good"}


def consent_pill(person: Person) -> tuple[str, str]:
    """How far they agreed to be known, and its tone; what they agreed to may be an older notice."""
    words = {
        Consent.NONE: t("people_page.pill_none"), Consent.STATION: t("people_page.pill_station"),
        Consent.DISTRICT: t("people_page.pill_district"),
    }  # fmt: skip
    if has_older_notice(person):
        return t("people_page.pill_older"), "attention"
    return words[person.consent], CONSENT_TONES[person.consent]


def has_older_notice(person: Person) -> bool:
    """Whether they agreed to an older notice than today's only."""
    return person.notice_version is not None and person.notice_version < people.NOTICE_VERSION


def who(person: Person) -> str:
    """Occupation and employer in one line."""
    return t("terms.dot").join(part for part in (label(person.occupation), person.platform) if part)


def grouped(digits: str) -> str:
    """Digits in fours, as people read them out."""
    return " ".join(digits[first : first + 4] for first in range(0, len(digits), 4))


def consent_line(held: Held, today: date) -> str:
    """Scope, version of the notice and day of the consent."""
    if held.person.consent is Consent.NONE:
        return label(Consent.NONE)
    return t(
        "people_page.consent_line",
        scope=label(held.person.consent),
        version=held.notice_version or 1,
        day=date_only(held.agreed_on or held.person.registered_on, today),
    )


def visits_line(held: Held, today: date) -> str:
    """How often, and since when."""
    if not held.person.visits:
        return t("people_page.no_visit")
    return t("people_page.visits_line", n=held.person.visits, day=date_only(held.first_visit, today))


def requests_line(held: Held) -> str:
    """How many requests, and how many answers the person has not been told."""
    if not held.requests:
        return t("people_page.no_requests")
    waiting = sum(request.state is RequestState.REPLIED for request in held.requests)
    counted = t("people_page.request_count", n=len(held.requests))
    return t("terms.dot").join((counted, t("people_page.to_tell", n=waiting))) if waiting else counted


def kept_line(held: Held, today: date) -> str:
    """Until when they are kept if they do not come again."""
    if not held.kept_until:
        return t("people_page.kept_gone")
    return t("people_page.kept_until", day=date_only(held.kept_until, today))


def erase_text(held: Held, name: str, today: date) -> str:
    """What erasing does, before it is done: the person, their requests, older copies."""
    words = [request for request in held.requests if not request.forgotten]
    kept = sum(bool(request.contact) and request.state in OPEN for request in words)
    parts = [t("people_page.erase_sure", name=name)]
    if len(words) > kept:
        parts.append(t("people_page.erase_words", n=len(words) - kept))
    if kept:
        parts.append(t("people_page.erase_keeps", n=kept))
    if held.copies:
        parts.append(t("people_page.erase_copies", day=date_only(held.copies.until, today)))
    if held.copies.second_place:
        parts.append(t("people_page.erase_place"))
    return "\n".join(parts)
