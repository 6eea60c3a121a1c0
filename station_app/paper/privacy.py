"""What people are told of their data: the notice for the wall, and what is kept on one of them to take home."""

from __future__ import annotations

from datetime import date
from itertools import groupby
from pathlib import Path

from ..model import Consent, Request, Station
from ..services import people
from ..services.privacy import Held
from ..words import label, t
from . import fonts
from .pdf import A4, BRAND, INK, MUTED, POINT, Sheet

EDGE = 20.0
BOTTOM = A4[1] - 18
LABEL = 34.0
"""Where the text of a held sheet begins, right of its label."""


# --- the notice ----------------------------------------------------------------------------------------------------------


def notice(station: Station, months: tuple[int, int, int]) -> list[tuple[str, str]]:
    """The notice as (heading, paragraph); ``months`` regulars, words and pictures of closed requests are kept."""
    people_months, requests_months, pictures_months = months
    told = t("notice.long", people=people_months, requests=requests_months, pictures=pictures_months)
    district = station.district_name
    ask = (
        t("notice.ask_phone", phone=station.phone, district=district) if station.phone else t("notice.ask", district=district)
    )
    return [
        (t("notice.choice_heading"), t("notice.choice")),
        (t("notice.what_heading"), t("notice.what")),
        (t("notice.why_heading"), t("notice.why")),
        (t("notice.who_heading"), t("notice.who", district=district)),
        (t("notice.long_heading"), told),
        (t("notice.rights_heading"), t("notice.rights")),
        (t("notice.ask_heading"), ask),
    ]


def notice_sheet(station: Station, months: tuple[int, int, int], printed: date, target: Path) -> int:
    """Write the notice for the wall (A4) and return its pages (1).

    Raises Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("notice.title"), A4)
    right = A4[0] - EDGE
    mark = sheet.sample_mark(station.sample, right, 30)
    sheet.fitted(EDGE, 31, t("notice.title"), 30, right - EDGE - mark, bold=True)
    version = t("notice.version", version=people.NOTICE_VERSION, station=station.name, day=printed.isoformat())
    sheet.fitted(EDGE, 41, version, 12, right - EDGE, colour=MUTED)
    sheet.line(EDGE, 45, right, 45, colour=BRAND, points=1)
    parts = notice(station, months)
    size, room = 14.0, BOTTOM - 53
    while (high := sum(_height(text, size) for _, text in parts)) > room and size > 9:
        size -= 0.25
    y, gap = 55.0, min((room - high) / len(parts), 6.0)
    for heading, text in parts:
        sheet.text(EDGE, y, heading, size + 2, bold=True, colour=BRAND)
        y += _step(size) * 1.15
        for line in _lines(text, size, right - EDGE):
            sheet.text(EDGE, y, line, size)
            y += _step(size)
        y += _step(size) * 0.45 + gap
    return sheet.save(target)


def _height(text: str, size: float) -> float:
    return (len(_lines(text, size, A4[0] - 2 * EDGE)) + 1.6) * _step(size)


def _step(size: float) -> float:
    return size * POINT * 1.5


def _lines(text: str, size: float, wide: float) -> list[str]:
    fonts.require_glyphs(" ".join(text.split()), fonts.REGULAR)
    return fonts.wrap(text.replace("\t", " "), fonts.REGULAR, size, wide / POINT)


# --- what is kept on somebody --------------------------------------------------------------------------------------------


def held_lines(held: Held) -> list[tuple[str, str]]:
    """All that is kept on a person as (label, text), in the order it is read out; several lines in one text."""
    person, nothing = held.person, t("held.nothing")
    cards = [t("held.card", number=one.card_number, state=label(one.state), day=one.issued) for one in held.badges]
    given = [t("held.given", day=one.business_date, name=one.name, quantity=one.quantity, unit=one.unit) for one in held.given]
    return [
        (t("held.name"), person.name or nothing),
        (t("held.phone"), person.phone or nothing),
        (t("held.occupation"), label(person.occupation)),
        (t("held.platform"), person.platform or nothing),
        (t("held.registered"), person.registered_on),
        (t("held.consent"), _consent(held)),
        (t("held.cards"), "\n".join(cards) or t("held.none")),
        (t("held.visits"), "\n".join([t("held.visits_count", n=len(held.visits)), *_months(held)])),
        (t("held.handouts"), "\n".join(given) or t("held.none")),
        (t("held.requests"), "\n".join(line for one in held.requests for line in _request(one, held)) or t("held.none")),
        *_together(held),
        (t("held.told"), _told(held)),
        (t("held.kept"), t("held.kept_until", day=held.kept_until) if held.kept_until else t("held.kept_gone")),
        (t("held.copies"), copies_text(held)),
    ]


def _together(held: Held) -> list[tuple[str, str]]:
    """Who may collect for them (how many: the others are nobody else's business), and records that were merged."""
    lines = []
    if held.circle is not None:
        lines.append((t("held.circle"), t("held.circle_of", circle=label(held.circle), n=len(held.companions))))
    if held.merged:
        told = [t("held.merged_on", day=one.time[:10], reason=one.reason or t("held.no_reason")) for one in held.merged]
        lines.append((t("held.merged"), "\n".join(told)))
    return lines


def _consent(held: Held) -> str:
    if held.person.consent is Consent.NONE:
        return label(Consent.NONE)
    scope, version = label(held.person.consent), held.notice_version or 1
    day = held.agreed_on or held.person.registered_on
    if version < people.NOTICE_VERSION:
        return t("held.consent_older", scope=scope, version=version, day=day, now=people.NOTICE_VERSION)
    return t("held.consent_line", scope=scope, version=version, day=day)


def _months(held: Held) -> list[str]:
    """The days somebody came, a line a month, the newest month first."""
    days = sorted(visit.business_date for visit in held.visits)
    lines = []
    for month, found in groupby(days, key=lambda day: day[:7]):
        each = [(day[8:], len(list(same))) for day, same in groupby(found)]
        told = [t("held.day_twice", day=day, n=n) if n > 1 else day for day, n in each]
        lines.append(t("held.month", month=month, days=" ".join(told)))
    return lines[::-1]


def _request(request: Request, held: Held) -> list[str]:
    head = t(
        "held.request", number=request.number, day=request.business_date, category=label(request.category), state=label(request.state)
    )
    if request.forgotten:
        return [head, t("held.request_gone")]
    lines = [head, t("held.request_text", text=" ".join(request.text.split()))]
    if request.place:
        lines.append(t("held.request_place", text=request.place))
    if request.contact:
        lines.append(t("held.request_contact", text=request.contact))
    if request.id in held.pictures:
        lines.append(t("held.request_pictures", n=held.pictures[request.id]))
    notes = [step for step in request.steps if step.note]
    return lines + [t("held.request_note", state=label(step.state), text=" ".join(step.note.split())) for step in notes]


def _told(held: Held) -> str:
    if not held.told.since:
        return t("held.told_nobody")
    day = held.told.since[:10]
    if held.told.by_name:
        return t("held.told_named", day=day, district=held.district)
    return t("held.told_counts", day=day, district=held.district)


def copies_text(held: Held) -> str:
    """Where older copies still hold somebody, and the day by which they are gone."""
    copies = held.copies
    lines = [t("held.copies_here", n=copies.backups, day=copies.until)] if copies.backups else []
    if copies.set_aside:
        lines.append(t("held.copies_aside", day=copies.until))
    if copies.second_place:
        lines.append(t("held.copies_place"))
    return "\n".join(lines) or t("held.copies_none")


def held_text(held: Held) -> str:
    """The same as plain text, to be pasted."""
    return "\n".join(t("held.line", label=name, text=text) for name, text in [*held_lines(held), ("", t("held.rest"))] if name)


def held_sheet(station: Station, held: Held, title: str, printed: date, target: Path) -> int:
    """Write what is kept on somebody (A4, as many pages as it takes) and return its pages.

    Raises Refused ("paper.missing_glyph") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(title, A4)
    right = A4[0] - EDGE
    foot = t("held.printed", station=station.name, day=printed.isoformat())

    def room(y: float) -> float:
        if y <= BOTTOM - 4:
            return y
        _foot(sheet, foot)
        sheet.next_page()
        return 24.0

    mark = sheet.sample_mark(station.sample, right, 27)
    sheet.fitted(EDGE, 28, title, 20, right - EDGE - mark, bold=True)
    sheet.line(EDGE, 33, right, 33, colour=BRAND, points=1)
    y, size = 42.0, 11.0
    for name, text in held_lines(held):
        y = room(y)
        sheet.fitted(EDGE, y, name, 10.5, LABEL - 3, colour=MUTED)
        for line in (part for whole in text.split("\n") for part in _lines(whole, size, right - EDGE - LABEL)):
            y = room(y)
            sheet.text(EDGE + LABEL, y, line, size, colour=INK)
            y += _step(size)
        y += 2.4
    y = room(y)
    sheet.fitted(EDGE, y + 2, t("held.rest"), 10, right - EDGE, colour=MUTED)
    _foot(sheet, foot)
    return sheet.save(target)


def _foot(sheet: Sheet, text: str) -> None:
    y = A4[1] - 10
    page = t("paper.page_alone", page=sheet.page)
    taken = sheet.text(A4[0] - EDGE, y, page, 8.5, colour=MUTED, anchor="right") + 4
    sheet.fitted(EDGE, y, text, 8.5, A4[0] - 2 * EDGE - taken, colour=MUTED)
