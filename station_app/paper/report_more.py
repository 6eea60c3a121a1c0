"""The second page of a report: compared with the days before, by hour and weekday, how the station was kept, how it is counted.

Every square of the map carries its number, so that a copy in black and white says the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ..db import Database
from ..model import Report
from ..services import averages, reports, upkeep
from ..services.averages import Average
from ..services.upkeep import Upkeep
from ..words import t
from .figure_words import figure_name, part_name
from .pdf import A4, BRAND, INK, MUTED, SOFT, WARMING, Sheet

EDGE = 16.0
RIGHT = A4[0] - EDGE
ROW = 5.6
HOURS = (8, 20)
MOST = 8
"""Employers listed by name; supplies that ran out in as many rows, less those above them."""
MOST_MONTHS, COLUMNS = 12, 4
"""Months told one by one, more are told by year; beside each other."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside a report: as many days before it, the same days a year before, the district, how it was kept."""

    before: Report
    last_year: Report
    kept: Upkeep
    district: Average | None = None


def beside(db: Database, first: str, last: str) -> Beside:
    """What a station's report of these days stands beside."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    before = (start - (end - start) - timedelta(1)).isoformat(), (start - timedelta(1)).isoformat()
    year = (year_before(start).isoformat(), year_before(end).isoformat())
    return Beside(
        reports.period(db, *before), reports.period(db, *year), upkeep.upkeep(db, first, last), averages.average(db, first, last)
    )


def year_before(day: date) -> date:
    """The same day a year before; of a leap day the last of February."""
    return day.replace(year=day.year - 1, day=min(day.day, 28) if day.month == 2 else day.day)


def draw(sheet: Sheet, report: Report, beside: Beside) -> None:
    """Draw the page; its title stands already."""
    y = _compared(sheet, report, beside, 34)
    y = _map(sheet, report, y + 9)
    half = (RIGHT - EDGE - 8) / 2
    months = by_month(report)
    left = _list(sheet, t("paper.kept"), _kept(beside.kept), EDGE, y + 9, half)
    right = _list(sheet, t("paper.by_platform"), _platforms(report), EDGE + half + 8, y + 9, half)
    y = max(left, right)
    if months:
        y = _table(sheet, months, y + 8)
    _notes(sheet, beside, y + 5)


def figures(report: Report, beside: Beside) -> list[tuple[str, tuple[str, ...]]]:
    """The rows of the table of comparisons: name, now, as many days before, a year before, and what is left of it in per cent."""

    def row(name: str, told: Sequence[float | None], form: str = ",.0f") -> tuple[str, tuple[str, ...]]:
        now, before, year = (format(one, form) if one else "—" if one is None else "0" for one in told)
        return name, (now, before, _change(told[0], told[1]), year, _change(told[0], told[2]))

    every = (report, beside.before, beside.last_year)  # a year without a record says so by its zeros
    return [
        row(t("paper.person_times"), [one.person_times for one in every]),
        row(t("paper.a_day"), [one.person_times / one.open_days if one.open_days else None for one in every], ",.1f"),
        row(t("paper.unique_people"), [one.unique_people for one in every]),
        row(t("paper.registered"), [one.registered for one in every]),
        row(t("paper.handed_out"), [sum(one.handouts.values()) for one in every]),
        row(t("paper.requests"), [sum(one.requests.values()) for one in every]),
        row(t("paper.open_days"), [one.open_days for one in every]),
    ]


def _change(now: float | None, then: float | None) -> str:
    if not then or now is None:
        return "—"
    percent = round((now - then) * 100 / then)
    return f"{percent:+d}%" if percent else "±0%"


def _compared(sheet: Sheet, report: Report, beside: Beside, y: float) -> float:
    heads = (t("paper.now"), t("paper.before"), t("paper.change"), t("paper.year_before"), t("paper.change"))
    rows = figures(report, beside)
    sheet.text(EDGE, y, t("paper.compared"), 11, bold=True)
    y += 3
    step = 25.0
    sheet.box(EDGE, y, RIGHT - EDGE, ROW, fill=SOFT)
    for place, head in enumerate(reversed(heads)):
        sheet.fitted(RIGHT - 1.5 - place * step, y + 4, head, 9, step - 2, colour=MUTED, anchor="right")
    y += ROW
    for name, cells in rows:
        sheet.fitted(EDGE + 1.5, y + 4, name, 9.5, RIGHT - EDGE - 5 * step - 3)
        for place, cell in enumerate(reversed(cells)):
            sheet.fitted(RIGHT - 1.5 - place * step, y + 4, cell, 9.5, step - 2, anchor="right")
        y += ROW
        sheet.line(EDGE, y, RIGHT, y, points=0.3)
    if beside.district is not None:
        told = t("paper.district_average", average=f"{beside.district.a_day:,.1f}", n=beside.district.stations)
        sheet.fitted(EDGE + 1.5, y + 4, told, 9, RIGHT - EDGE - 3, colour=MUTED)
        y += ROW
    return y


def _map(sheet: Sheet, report: Report, y: float) -> float:
    """Weekday by hour: the fuller the darker, the number in each square."""
    grid = report.by_weekday_hour
    hours = range(min([HOURS[0], *(hour for _day, hour in grid)]), max([HOURS[1], *(hour for _day, hour in grid)]) + 1)
    sheet.text(EDGE, y, t("paper.weekday_hour"), 11, bold=True)
    y += 3
    names, high = 16.0, 6.4
    wide = (RIGHT - EDGE - names) / len(hours)
    most = max(grid.values(), default=0) or 1
    for weekday in range(7):
        sheet.fitted(EDGE, y + 4.4, t(f"terms.Weekday.{weekday}"), 8.5, names - 2, colour=MUTED)
        for place, hour in enumerate(hours):
            n = grid.get((weekday, hour), 0)
            x = EDGE + names + place * wide
            share = n / most
            sheet.box(x, y, wide - 0.8, high - 0.8, fill=_mixed(share))
            if n:
                ink = 0xFFFFFF if share > 0.55 else INK
                sheet.fitted(x + (wide - 0.8) / 2, y + 4, f"{n:,}", 7.5, wide - 1.4, anchor="middle", colour=ink)
        y += high
    for place, hour in enumerate(hours):
        sheet.text(EDGE + names + (place + 0.5) * wide, y + 3, str(hour), 7.5, colour=MUTED, anchor="middle")
    return y + 4


def _mixed(share: float) -> int:
    """From nearly white to the brand's colour: in grey from light to dark as well."""
    light, dark = (0xF3, 0xF1, 0xEC), (BRAND >> 16, BRAND >> 8 & 255, BRAND & 255)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(light, dark, strict=True))
    return red << 16 | green << 8 | blue


def _kept(kept: Upkeep) -> list[tuple[str, str]]:
    rows = []
    if kept.kept is not None:
        hours = t("paper.hours", open=f"{kept.open_minutes / 60:,.0f}", posted=f"{kept.posted_minutes / 60:,.0f}")
        rows.append((t("paper.hours_kept"), f"{hours} · {kept.kept * 100:.0f}%"))
    if kept.estimated:
        rows.append((t("paper.estimated_closings"), str(kept.estimated)))
    if kept.per_hour is not None:
        rows.append((t("paper.per_hour"), f"{kept.per_hour:,.1f}"))
    if kept.closed_in is not None:
        rows.append((t("paper.median_hours"), f"{kept.closed_in / 60:,.1f}"))
    rows += [(figure_name(name), f"{n:,}") for name, n in kept.house.items() if n]
    longest = sorted(kept.stock_out.items(), key=lambda pair: -pair[1])
    room = MOST + 1 - len(rows)
    shown = longest if len(longest) <= room else longest[: room - 1]
    rows += [(t("paper.out", name=name), t("paper.days", n=n)) for name, n in shown]
    if rest := longest[len(shown) :]:
        rows.append((t("paper.out_others", n=len(rest)), t("paper.out_at_most", n=rest[0][1])))
    return rows


def _platforms(report: Report) -> list[tuple[str, str]]:
    known = sorted(report.by_platform.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = [(part_name("platform", name), f"{n:,}") for name, n in known[:MOST]]
    if rest := known[MOST:]:
        rows.append((t("paper.others", n=len(rest)), f"{sum(n for _name, n in rest):,}"))
    return rows


def by_month(report: Report) -> list[tuple[str, int, int]]:
    """Person-times by month and registered of them, by year where there are many; empty for a span inside one month."""
    if report.first[:7] == report.last[:7]:
        return []
    day, last = date.fromisoformat(report.first).replace(day=1), date.fromisoformat(report.last)
    told: dict[str, list[int]] = {}
    while day <= last:
        told[f"{day:%Y-%m}"] = [0, 0]
        day = (day + timedelta(31)).replace(day=1)
    letters = 7 if len(told) <= MOST_MONTHS else 4
    sums = {month[:letters]: [0, 0] for month in told}
    for place, by_day in enumerate((report.by_day, report.registered_by_day)):
        for one, n in by_day.items():
            sums[one[:letters]][place] += n
    return [(month, n, known) for month, (n, known) in sums.items()]


def _table(sheet: Sheet, rows: Sequence[tuple[str, int, int]], y: float) -> float:
    """Months side by side, read downwards, in as few rows as four columns take."""
    sheet.text(EDGE, y, t("paper.chart_by_month" if len(rows[0][0]) == 7 else "paper.chart_by_year"), 11, bold=True)
    y += 3
    gap, high = 5.0, -(-len(rows) // COLUMNS)
    wide = (RIGHT - EDGE - gap * (COLUMNS - 1)) / COLUMNS
    number = (wide - 13) / 2
    for place, (month, *numbers) in enumerate(rows):
        x, top = EDGE + place // high * (wide + gap), y + (place % high + 1) * ROW
        if place % high == 0:
            sheet.box(x, y, wide, ROW, fill=SOFT)
            for column, head in enumerate((t("paper.registered"), t("paper.person_times"))):
                sheet.fitted(x + wide - 1 - column * number, y + 4, head, 8, number - 1, colour=MUTED, anchor="right")
        sheet.fitted(x + 1, top + 4, month, 9.5, 13)
        for column, n in enumerate(reversed(numbers)):
            sheet.fitted(x + wide - 1 - column * number, top + 4, f"{n:,}", 9.5, number - 1, anchor="right")
        sheet.line(x, top + ROW, x + wide, top + ROW, points=0.3)
    return y + (high + 1) * ROW


def _list(sheet: Sheet, title: str, rows: Sequence[tuple[str, str]], x: float, y: float, wide: float) -> float:
    """A list of names and what is told of them; nothing at all without rows."""
    if not rows:
        return y - 9
    sheet.text(x, y, title, 11, bold=True)
    y += 2
    for name, told in rows:
        sheet.fitted(x + 1.5, y + 4, name, 9.5, wide * 0.55)
        sheet.fitted(x + wide - 1.5, y + 4, told, 9.5, wide * 0.42, anchor="right")
        y += ROW
        sheet.line(x, y, x + wide, y, points=0.3)
    return y


def _notes(sheet: Sheet, beside: Beside, y: float) -> None:
    """How it is counted; days that look made up."""
    bottom = A4[1] - 30
    streak = beside.kept.streak
    if streak is not None and y < bottom - 8:
        told = t("paper.made_up", first=streak.first, last=streak.last, n=streak.days, count=streak.n)
        sheet.fitted(EDGE, y + 2, told, 9, RIGHT - EDGE, colour=WARMING)
        y += 6
    room = bottom - y
    if room > 12:
        beside_the_seal = RIGHT - EDGE - 36
        sheet.block(EDGE, y + min(room, 24) / 2, t("paper.how_counted"), (8, 8), (beside_the_seal, min(room, 24)))
