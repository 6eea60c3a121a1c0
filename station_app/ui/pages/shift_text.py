"""The words of the shift page: what a day holds, how it was opened and closed."""

from __future__ import annotations

from datetime import date

from ...services.keepers import StationDay
from ...words import t
from .. import when
from .shift_reads import DayLine, Present


def clock(moment: str) -> str:
    """08:20 of an ISO 8601 time, a dash for none."""
    return moment[11:16] or "—"


def weekday(day: date) -> str:
    """星期四."""
    return t(f"terms.Weekday.{day.weekday()}")


def condition(day: StationDay) -> str:
    """What the opening check found."""
    return t("shift_page.all_well") if day.all_well else day.exceptions


def remark(line: DayLine) -> str:
    """A day's line in the table: what the check found and what was noted at closing."""
    day = line.day
    if not day.opened:
        return t("shift_page.not_opened")
    return t("terms.dot").join(part for part in (condition(day), day.note.replace("\n", " ")) if part)


def forgotten(line: DayLine, today: str) -> str:
    """That a day before today was opened and never closed; empty otherwise."""
    return t("shift_page.forgot_closing") if line.id != today and line.day.opened and not line.day.closed else ""


def unopened(line: DayLine, today: str) -> str:
    """That somebody came on a day before today without an opening; empty otherwise."""
    return t("shift_page.forgot_opening") if line.id != today and line.person_times and not line.day.opened else ""


def holds(present: Present) -> str:
    """What a day holds already, said before somebody types it a second time."""
    named = t("shift_page.day_named", day=when.day(present.day.isoformat(), present.today), weekday=weekday(present.day))
    if present.from_paper:
        return _begun(t("shift_page.holds_paper", day=named, n=present.person_times, paper=present.from_paper))
    if present.person_times:
        return _begun(t("shift_page.holds", day=named, n=present.person_times))
    return _begun(t("shift_page.holds_nothing", day=named))


def day(line: DayLine, today: date) -> str:
    """A day as the table of the last days names it."""
    return _begun(when.day(line.id, today))


def _begun(text: str) -> str:
    """With a capital, where the language has them."""
    return text[:1].upper() + text[1:]
