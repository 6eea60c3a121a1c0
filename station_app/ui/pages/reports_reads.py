"""What the reports page reads: the span chosen, its figures and those of the span before it. Reader thread only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ...db import Database
from ...model import Report, RequestState
from ...services import reports
from ...sync import beam

CODES = ("today", "week", "month", "quarter", "year", "last_month", "dates")
"""The spans offered, in the order of their tabs and of Ctrl+1..7; ``dates`` are two days typed in."""


@dataclass(frozen=True, slots=True)
class View:
    """The figures shown, those of as many days just before them, and the bars (label, person-times, of which registered).

    ``code`` is the text of the code that a day's printed sheet carries for the district, "" where there is none.
    """

    today: date
    report: Report
    before: Report
    bars: tuple[tuple[str, int, int], ...]
    code: str = ""

    @property
    def days(self) -> int:
        """Days in the span, both ends counted."""
        return (date.fromisoformat(self.report.last) - date.fromisoformat(self.report.first)).days + 1

    @property
    def empty(self) -> bool:
        """Whether nothing at all was recorded in the span."""
        report = self.report
        return not (report.person_times or report.handouts or report.requests or report.by_amenity)

    @property
    def handed_out(self) -> int:
        """Supplies given in the span, in units of whatever kind."""
        return sum(self.report.handouts.values())

    @property
    def asked(self) -> int:
        """Requests recorded in the span."""
        return sum(self.report.requests.values())

    @property
    def closed(self) -> int:
        """Those of them that are closed by now."""
        return self.report.requests.get(RequestState.CLOSED.value, 0)


def span(code: str, today: date) -> tuple[date, date]:
    """First and last day of a tab's span; the current week, month ... end today. KeyError for ``dates``, which has none."""
    quarter = today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1)
    last_month = today.replace(day=1) - timedelta(days=1)
    return {
        "today": (today, today),
        "week": (today - timedelta(days=today.weekday()), today),
        "month": (today.replace(day=1), today),
        "quarter": (quarter, today),
        "year": (today.replace(month=1, day=1), today),
        "last_month": (last_month.replace(day=1), last_month),
    }[code]


def before(first: date, last: date) -> tuple[date, date]:
    """The span of equal length that ends the day before."""
    return first - (last - first) - timedelta(days=1), first - timedelta(days=1)


def read(db: Database, code: str, dates: tuple[date, date] | None) -> View:
    """The figures of a tab, or of the two days typed; UserMistake when those stand the wrong way round."""
    from ...paper.report import bars  # the same bars as on paper

    today = date.fromisoformat(db.stamp().business_date)
    first, last = dates if code == "dates" and dates is not None else span(code, today)
    report = reports.period(db, first.isoformat(), last.isoformat())
    earlier = (day.isoformat() for day in before(first, last))
    _title, columns = bars(report)
    return View(today, report, reports.period(db, *earlier), tuple(columns), beam.day_code(db, report))
