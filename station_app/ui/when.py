"""Days and moments as people say them: 今天, 昨天, 7月10日, with the year only when it is another one.

Texts are ISO 8601 with the station's own offset, so their clock is read as it stands; ``today`` is the station's local day.
"""

from __future__ import annotations

from datetime import date, timedelta

from ..words import t


def day(text: str, today: date) -> str:
    """An ISO 8601 date (or the date of a time): 今天, 昨天, 7月10日, 2025年7月10日."""
    wanted = date.fromisoformat(text[:10])
    if wanted == today:
        return t("terms.today")
    if wanted == today - timedelta(days=1):
        return t("terms.yesterday")
    return date_only(text, today)


def date_only(text: str, today: date) -> str:
    """An ISO 8601 date as a date, also when it is today: 7月17日, 2027年5月31日."""
    wanted = date.fromisoformat(text[:10])
    if wanted.year == today.year:
        return plain(wanted)
    return t("terms.full_date", year=wanted.year, month=wanted.month, day=wanted.day)


def plain(day: date) -> str:
    """A day of this year: 7月17日."""
    return t("terms.date", month=t(f"terms.Month.{day.month}"), day=day.day)


def moment(text: str, today: date) -> str:
    """An ISO 8601 time with its day before the clock: 今天 14:02, 7月10日 11:20."""
    return f"{day(text, today)} {text[11:16]}"


def short(text: str, today: date) -> str:
    """An ISO 8601 time for a narrow column: the clock when it is today, else the day."""
    return text[11:16] if date.fromisoformat(text[:10]) == today else day(text, today)
