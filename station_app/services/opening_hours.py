"""How long a station was open on a day against the hours it posts: the one rule of the shift's page, the reports and the district.

Minutes are of days whose opening was recorded, by the clock on the wall. A day on which nobody opened is told as a day (missed, or
closed by plan), never as hours: which weekday a station rests is its own setting, so a district could not tell the two apart and
would count another share than the station does (decision 024).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Minutes:
    """Minutes posted on a day and those of them that were kept; ``guessed`` when the closing was not recorded.

    ``late`` and ``early`` are minutes after the posted opening and before the posted closing, 0 without one recorded.
    """

    posted: int = 0
    kept: int = 0
    guessed: bool = False
    late: int = 0
    early: int = 0


def kept(day: str, opened: str, closed: str, posted: tuple[str, str], *, running: bool = False) -> Minutes:
    """The minutes of a business date from its records (ISO 8601 or "") and the posted hours ("HH:MM" or "").

    A day that still runs counts nothing before it is closed; on a past one without a closing the posted hour is taken for it, and
    that is an estimate. Hours that end at or before they begin go on past midnight. Without posted hours all of the time open counts.
    """
    if not opened:
        return Minutes()
    begin, end = _minute(day, opened), _minute(day, closed) if closed else None
    if not all(posted):
        return Minutes(kept=max(end - begin, 0) if end is not None else 0, guessed=end is None and not running)
    opens, closes = (int(clock[:-3]) * 60 + int(clock[-2:]) for clock in posted)
    closes += DAY if closes <= opens else 0
    late = max(begin - opens, 0)
    if end is None:
        return Minutes(late=late) if running else Minutes(closes - opens, max(closes - max(begin, opens), 0), guessed=True, late=late)
    return Minutes(closes - opens, max(min(end, closes) - max(begin, opens), 0), late=late, early=max(closes - end, 0))


def _minute(day: str, moment: str) -> int:
    """A moment as minutes since the midnight that began a business date."""
    passed = (date.fromisoformat(moment[:10]) - date.fromisoformat(day)).days
    return passed * DAY + int(moment[11:13]) * 60 + int(moment[14:16])
