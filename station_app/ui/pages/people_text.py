"""How a regular is written on the people page, and all that is held on them in words."""

from __future__ import annotations

from datetime import date

from ...model import Consent, Person, RequestState
from ...services.privacy import Held
from ...words import label, t
from ..when import date_only

CONSENT_TONES = {Consent.NONE: "neutral", Consent.STATION: "good", Consent.DISTRICT: "good"}


def consent_pill(person: Person) -> tuple[str, str]:
    """How far they agreed to be known, and its tone."""
    words = {
        Consent.NONE: t("people_page.pill_none"), Consent.STATION: t("people_page.pill_station"),
        Consent.DISTRICT: t("people_page.pill_district"),
    }  # fmt: skip
    return words[person.consent], CONSENT_TONES[person.consent]


def who(person: Person) -> str:
    """Occupation and employer in one line."""
    return t("terms.dot").join(part for part in (label(person.occupation), person.platform) if part)


def grouped(digits: str) -> str:
    """Digits in fours, as people read them out."""
    return " ".join(digits[first : first + 4] for first in range(0, len(digits), 4))


def held_lines(held: Held, today: date) -> list[tuple[str, str]]:
    """All that is held on a person as (label, text), in the order it is read out."""
    person = held.person
    nothing = t("people_page.not_kept")
    cards = [
        t("people_page.card_state", number=badge.card_number, state=label(badge.state), day=date_only(badge.issued, today))
        for badge in held.badges
    ]
    requests = [
        t("people_page.request_line", number=request.number, state=label(request.state), day=date_only(request.business_date, today))
        for request in held.requests
    ]
    return [
        (t("people_page.name"), person.name or nothing),
        (t("people_page.phone"), person.phone or nothing),
        (t("people_page.occupation"), label(person.occupation)),
        (t("people_page.platform"), person.platform or nothing),
        (t("people_page.registered_on"), date_only(person.registered_on, today)),
        (t("people_page.consent"), consent_line(held, today)),
        (t("people_page.cards"), "\n".join(cards) or nothing),
        (t("people_page.visits"), visits_line(held, today)),
        (t("people_page.handouts"), t("people_page.handout_count", n=held.handouts)),
        (t("people_page.requests"), "\n".join(requests) or t("people_page.no_requests")),
    ]


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
