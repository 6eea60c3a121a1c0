"""What the reports page reads: the span chosen, its figures and those of the span before it. Reader thread only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from ...db import Database
from ...model import Report, RequestState
from ...services import averages, exported, figures, reports, upkeep
from ...services.averages import Average
from ...services.exported import Difference, Explained, Export
from ...services.figures import Wanted
from ...services.upkeep import Upkeep
from ...sync import beam

CODES = ("today", "week", "month", "quarter", "year", "last_month", "dates")
"""The spans offered, in the order of their tabs and of Ctrl+1..7; ``dates`` are two days typed in."""


@dataclass(frozen=True, slots=True)
class View:
    """The figures shown, those of as many days just before them, and the bars (label, person-times, of which registered).

    ``last_year`` are those of the same days a year before, ``district`` what all stations of the district came to (None where
    no pack told), ``export`` the last one of these days (None without) and ``changed`` the figures that are others since.
    ``code`` is the text of the code that a day's printed sheet carries for the district, "" where there is none.
    """

    today: date
    report: Report
    before: Report
    bars: tuple[tuple[str, int, int], ...]
    upkeep: Upkeep
    last_year: Report
    district: Average | None = None
    export: Export | None = None
    changed: tuple[Difference, ...] = ()
    code: str = ""

    @property
    def days(self) -> int:
        """Days in the span, both ends counted."""
        return (date.fromisoformat(self.report.last) - date.fromisoformat(self.report.first)).days + 1

    def bar_parts(self) -> list[dict[str, tuple[str, ...]]]:
        """The days that each bar of several days stands for."""
        first, last = date.fromisoformat(self.report.first), date.fromisoformat(self.report.last)
        days = [(first + timedelta(n)).isoformat() for n in range((last - first).days + 1)]
        if len(self.bars) == len(days):
            return [{"day": (day,)} for day in days]
        return [{"day": tuple(day for day in days if day.startswith(name))} for name, _count, _registered in self.bars]

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


@dataclass(frozen=True, slots=True)
class Behind:
    """A figure that was opened: itself, the rows behind it, and why it changed since it was exported (None where it did not)."""

    wanted: Wanted
    n: int
    ids: tuple[str, ...]
    difference: Difference | None
    explained: Explained | None


def behind(db: Database, wanted: Wanted, view: View) -> Behind:
    """The rows behind a figure of a view."""
    difference = next((one for one in view.changed if one.wanted == wanted), None)
    explained = exported.why(db, view.export, difference) if difference is not None and view.export is not None else None
    return Behind(wanted, figures.count(db, wanted), tuple(figures.ids(db, wanted)), difference, explained)


def read(db: Database, code: str, dates: tuple[date, date] | None) -> View:
    """The figures of a tab, or of the two days typed; UserMistake when those stand the wrong way round."""
    from ...paper.report import bars  # the same bars as on paper
    from ...paper.report_more import year_before

    today = date.fromisoformat(db.stamp().business_date)
    first, last = dates if code == "dates" and dates is not None else span(code, today)
    report = reports.period(db, first.isoformat(), last.isoformat())
    earlier = (day.isoformat() for day in before(first, last))
    _title, columns = bars(report)
    export = exported.previous(db, report.first, report.last)
    kept = upkeep.upkeep(db, report.first, report.last)
    return View(
        today, report, reports.period(db, *earlier), tuple(columns), kept,
        reports.period(db, year_before(first).isoformat(), year_before(last).isoformat()),
        averages.average(db, report.first, report.last), export,
        tuple(exported.differences(export, report, kept)) if export is not None else (), beam.day_code(db, report),
    )  # fmt: skip
