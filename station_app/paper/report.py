"""The report of a period on one A4 page, for a station or a district; for a district also the table of its stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from ..errors import Bug
from ..model import Amenity, Mood, Occupation, Report, RequestState
from ..words import label, t
from . import qr, report_more
from .pdf import A4, BRAND, INK, MUTED, SECOND, SOFT, Sheet

EDGE = 16.0
RIGHT = A4[0] - EDGE
GAP = 8.0
HALF = (RIGHT - EDGE - GAP) / 2
ROW = 5.6
MOST_ITEMS = 12
"""Items shown on the page; the least given share one row beyond that, so that the total still adds up."""
MOST_DAYS = 92
"""A longer period is drawn by month."""
STATIONS_A_PAGE = 38
SEAL = 30.0
"""Diameter of the place kept free for the seal."""
CODE = 46.0
"""Side of the code, quiet zone included: some 0.4 mm a module at the length a busy day needs."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its totals: column heads, rows of a name and figures, and the row of sums."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    total: tuple[str, tuple[str, ...]]


def period_report(
    report: Report,
    target: Path,
    *,
    place: str,
    printed_on: date,
    sample: bool = False,
    stations: Sequence[tuple[str, Report]] = (),
    code: str = "",
    beside: report_more.Beside | None = None,
) -> int:
    """Write the report of ``place`` (a station's or district's name) to the PDF ``target`` and return its pages.

    ``stations`` (name, figures) adds the summary table across a district's stations, in the order given: no ranking.
    ``beside`` adds a page with what it is compared with, the map of weekdays and hours, and how the station was kept.
    ``code`` is the text of a QR code with the same totals, signed, which a district reads from a photograph.
    Raises Bug when the figures do not add up, Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault
    ("paper.cannot_write").
    """
    _must_add_up(report, stations)
    title = t("paper.report_title", place=place)
    sheet = Sheet(title, A4)
    pages = 1 + -(-len(stations) // STATIONS_A_PAGE) + (beside is not None)
    mark = sheet.sample_mark(sample, RIGHT, 21)
    sheet.fitted(EDGE, 21, title, 18, RIGHT - EDGE - mark, bold=True)
    period = t("paper.report_period", first=report.first, last=report.last)
    open_days = t("paper.report_station_days" if stations else "paper.report_open_days", n=report.open_days)
    told = [period, open_days, *([moods(report)] if report.by_mood else [])]
    sheet.fitted(EDGE, 28.5, t("paper.separator").join(told), 10, RIGHT - EDGE, colour=MUTED)
    sheet.line(EDGE, 32, RIGHT, 32, colour=BRAND, points=1)
    _figures(sheet, report, 36, of_stations=bool(stations))
    _chart(sheet, report, 61, 36, RIGHT - CODE - GAP if code else RIGHT)
    if code:
        _code(sheet, code, 56)
    left, right = EDGE, EDGE + HALF + GAP
    y = 113.0
    lower = max(_table(sheet, occupations(report), left, y, HALF), _table(sheet, amenities(report), right, y, HALF))
    _table(sheet, supplies(report), left, lower + 8, HALF)
    _table(sheet, requests(report), right, lower + 8, HALF)
    _foot(sheet, pages, printed_on, sign=not stations and beside is None, seal=not stations and beside is None)
    if beside is not None:
        sheet.next_page()
        mark = sheet.sample_mark(sample, RIGHT, 20)
        sheet.fitted(EDGE, 20, title, 12, RIGHT - EDGE - mark, bold=True)
        sheet.text(EDGE, 25.5, period, 9, colour=MUTED)
        report_more.draw(sheet, report, beside)
        _foot(sheet, pages, printed_on, sign=not stations, seal=not stations)
    for first in range(0, len(stations), STATIONS_A_PAGE):
        sheet.next_page()
        here = stations[first : first + STATIONS_A_PAGE]
        last = first + STATIONS_A_PAGE >= len(stations)
        mark = sheet.sample_mark(sample, RIGHT, 20)
        sheet.fitted(EDGE, 20, title, 12, RIGHT - EDGE - mark, bold=True)
        sheet.text(EDGE, 25.5, period, 9, colour=MUTED)
        _table(sheet, across(here, stations if last else here, last), EDGE, 35, RIGHT - EDGE)
        _foot(sheet, pages, printed_on, sign=last)
    return sheet.save(target)


def moods(report: Report) -> str:
    """The faces visitors pressed, in one line."""
    return f"{t('paper.by_mood')} " + " ".join(f"{label(mood)} {n}" for mood in Mood if (n := report.by_mood.get(mood, 0)))


def _must_add_up(report: Report, stations: Sequence[tuple[str, Report]]) -> None:
    """A printed total that contradicts another is worse than none."""
    for name, parts in (
        ("by_occupation", report.by_occupation),
        ("by_day", report.by_day),
        ("by_hour", report.by_hour),
    ):
        if sum(parts.values()) != report.person_times:
            raise Bug(f"{name} sums to {sum(parts.values())}, not to {report.person_times}")
    if stations and sum(figures.person_times for _, figures in stations) != report.person_times:
        raise Bug("the stations do not sum to the district")
    if stations and sum(figures.open_days for _, figures in stations) != report.open_days:
        raise Bug("the stations' open days do not sum to the district's")


# --- figures ----------------------------------------------------------------------------------------------------------


def occupations(report: Report) -> Table:
    """Person-times by occupation in the order of the tally keys, with shares that make exactly 100 %."""
    counts = [report.by_occupation.get(occupation, 0) for occupation in Occupation]
    rows = zip(Occupation, counts, shares(counts), strict=True)
    return Table(
        t("paper.by_occupation"),
        (t("paper.person_times"), t("paper.share")),
        tuple((label(occupation), (_number(count), share)) for occupation, count, share in rows),
        (t("paper.total"), (_number(sum(counts)), "100.0%" if sum(counts) else "—")),
    )


def amenities(report: Report) -> Table:
    """Services used; one visit may use several."""
    return _counted(t("paper.by_amenity"), t("paper.times"), [(label(a), report.by_amenity.get(a, 0)) for a in Amenity])


def requests(report: Report) -> Table:
    """Requests by the state they are in."""
    return _counted(
        t("paper.requests"), t("paper.cases"), [(label(s), report.requests.get(s, 0)) for s in RequestState]
    )


def supplies(report: Report) -> Table:
    """What was handed out and what is left, by item; beyond twelve items the least given share the last row."""
    names = list(dict.fromkeys([*report.handouts, *report.balances]))
    given = [(name, report.handouts.get(name, 0), report.balances.get(name, 0)) for name in names]
    shown = given
    if len(given) > MOST_ITEMS:
        # the most given stay, in their usual order
        kept = {name for name, *_ in sorted(given, key=lambda row: -row[1])[: MOST_ITEMS - 1]}
        rest = [row for row in given if row[0] not in kept]
        others = (t("paper.other_items", n=len(rest)), sum(row[1] for row in rest), sum(row[2] for row in rest))
        shown = [*(row for row in given if row[0] in kept), others]
    return Table(
        t("paper.supplies"),
        (t("paper.handed_out"), t("paper.balance")),
        tuple((name, (_number(out), _number(left))) for name, out, left in shown),
        (t("paper.total"), (_number(sum(row[1] for row in given)), _number(sum(row[2] for row in given)))),
    )


def across(here: Sequence[tuple[str, Report]], summed: Sequence[tuple[str, Report]], last: bool) -> Table:
    """The stations ``here``, one a row, with the sums of ``summed``; on the last page those are all stations."""
    heads = (
        t("paper.person_times"),
        t("paper.registered"),
        t("paper.anonymous"),
        t("paper.open_days"),
        t("paper.a_day"),
        t("paper.handed_out"),
        t("paper.requests"),
        t("paper.of_these_closed"),
    )
    rows = tuple((name, _cells([figures])) for name, figures in here)
    total = t("paper.all_stations", n=len(summed)) if last else t("paper.page_total")
    return Table(t("paper.by_station"), heads, rows, (total, _cells([figures for _, figures in summed])))


def _cells(reports: Sequence[Report]) -> tuple[str, ...]:
    visits, days = sum(r.person_times for r in reports), sum(r.open_days for r in reports)
    return (
        _number(visits),
        _number(sum(r.registered for r in reports)),
        _number(sum(r.anonymous for r in reports)),
        _number(days),
        _average(visits, days),
        _number(sum(sum(r.handouts.values()) for r in reports)),
        _number(sum(sum(r.requests.values()) for r in reports)),
        _number(sum(r.requests.get(RequestState.CLOSED, 0) for r in reports)),
    )


def _counted(title: str, unit: str, counts: Sequence[tuple[str, int]]) -> Table:
    rows = tuple((name, (_number(count),)) for name, count in counts)
    return Table(title, (unit,), rows, (t("paper.total"), (_number(sum(count for _, count in counts)),)))


def shares(counts: Sequence[int]) -> list[str]:
    """Percentages with one decimal that make exactly 100.0 (largest remainder); dashes when all are zero."""
    total = sum(counts)
    if total == 0:
        return ["—"] * len(counts)
    tenths = [count * 1000 // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda place: -(counts[place] * 1000 % total))
    for place in by_remainder[: 1000 - sum(tenths)]:
        tenths[place] += 1
    return [f"{share // 10}.{share % 10}%" for share in tenths]


def bars(report: Report) -> tuple[str, list[tuple[str, int, int]]]:
    """The chart's title and its bars (label, person-times, of which registered): hours of one day, days, or months."""
    first, last = date.fromisoformat(report.first), date.fromisoformat(report.last)
    if first == last:
        hours = range(min([8, *report.by_hour]), max([20, *report.by_hour]) + 1)
        return t("paper.chart_by_hour"), [(f"{hour:02d}", report.by_hour.get(hour, 0), 0) for hour in hours]
    days = [first + timedelta(number) for number in range((last - first).days + 1)]
    if len(days) <= MOST_DAYS:
        daily = [(f"{day.month}/{day.day}", *_of_day(report, day)) for day in days]
        return t("paper.chart_by_day"), daily
    months: dict[str, tuple[int, int]] = {}
    for day in days:
        visits, registered = months.get(f"{day:%Y-%m}", (0, 0))
        more, more_registered = _of_day(report, day)
        months[f"{day:%Y-%m}"] = (visits + more, registered + more_registered)
    return t("paper.chart_by_month"), [(month, *counts) for month, counts in months.items()]


def _of_day(report: Report, day: date) -> tuple[int, int]:
    return report.by_day.get(day.isoformat(), 0), report.registered_by_day.get(day.isoformat(), 0)


def _number(count: int) -> str:
    return f"{count:,}"


def _average(count: int, days: int) -> str:
    return f"{count / days:.1f}" if days else "—"


# --- drawing ----------------------------------------------------------------------------------------------------------


def _figures(sheet: Sheet, report: Report, y: float, *, of_stations: bool) -> None:
    """The heading figures in a row of tiles; the average is that of a day, over several stations that of a station's day."""
    tiles = (
        (_number(report.person_times), t("paper.person_times")),
        (_number(report.unique_people), t("paper.unique_people")),
        (_number(report.registered), t("paper.registered")),
        (_number(report.anonymous), t("paper.anonymous")),
        (_average(report.person_times, report.open_days), t("paper.a_station_day" if of_stations else "paper.a_day")),
        (_number(sum(report.handouts.values())), t("paper.handed_out")),
    )
    gap, high = 3.0, 17.0
    wide = (RIGHT - EDGE - gap * (len(tiles) - 1)) / len(tiles)
    for place, (figure, name) in enumerate(tiles):
        x = EDGE + place * (wide + gap)
        sheet.box(x, y, wide, high, fill=SOFT, radius=1.5)
        sheet.fitted(x + 3, y + 8.6, figure, 17, wide - 6, bold=True)
        sheet.fitted(x + 3, y + 14, name, 9, wide - 6, colour=MUTED)


def _code(sheet: Sheet, text: str, y: float) -> None:
    """The code beside the chart, and what it is for."""
    sheet.code(qr.matrix(text), RIGHT - CODE, y, CODE)
    sheet.fitted(RIGHT - CODE / 2, y + CODE + 2.5, t("paper.day_code"), 7.5, CODE, colour=MUTED, anchor="middle")


def _chart(sheet: Sheet, report: Report, y: float, high: float, right: float = RIGHT) -> None:
    """Bars of person-times under their title, registered below anonymous; the axis stands at ``y + high``."""
    title, columns = bars(report)
    sheet.text(EDGE, y, title, 11, bold=True)
    if report.registered_by_day and report.first != report.last:
        x = right
        for name, colour in ((t("paper.anonymous"), SECOND), (t("paper.registered"), BRAND)):
            x -= sheet.text(x, y, name, 8.5, colour=MUTED, anchor="right") + 4
            sheet.box(x, y - 2.5, 2.8, 2.8, fill=colour)
            x -= 4
    base, top = y + high, y + 5
    most = max((visits for _, visits, _ in columns), default=0)
    step = (right - EDGE) / len(columns)
    wide = min(step * 0.78, 12)
    every = -(-len(columns) // 16)
    for place, (name, visits, registered) in enumerate(columns):
        middle = EDGE + (place + 0.5) * step
        tall = (base - top - 3) * visits / most if most else 0
        known = tall * registered / visits if visits else 0
        if tall:
            sheet.box(middle - wide / 2, base - tall, wide, tall - known, fill=SECOND)
            sheet.box(middle - wide / 2, base - known, wide, known, fill=BRAND)
        if len(columns) <= 31 and visits:
            sheet.fitted(middle, base - tall - 1, str(visits), 7, step, colour=MUTED, anchor="middle")
        if place % every == 0:
            sheet.text(middle, base + 4, name, 7.5, colour=MUTED, anchor="middle")
    sheet.line(EDGE, base, right, base, colour=MUTED)


def _table(sheet: Sheet, table: Table, x: float, y: float, wide: float) -> float:
    """Draw ``table`` with its title's base line at ``y``; returns the lower edge."""
    right = x + wide
    step = min(24.0, wide * 0.72 / len(table.heads))
    names = wide - step * len(table.heads) - 3
    sheet.text(x, y, table.title, 11, bold=True)
    y += 3
    sheet.box(x, y, wide, ROW, fill=SOFT)
    _cells_at(sheet, table.heads, right, y + 4, step, colour=MUTED)
    y += ROW
    for name, cells in table.rows:
        sheet.block(x + 1.5, y + ROW / 2, name, (9.5, 7), (names, ROW))
        _cells_at(sheet, cells, right, y + 4, step)
        y += ROW
        sheet.line(x, y, right, y, points=0.3)
    sheet.line(x, y, right, y, colour=INK)
    sheet.block(x + 1.5, y + ROW / 2, table.total[0], (9.5, 7), (names, ROW), bold=True)
    _cells_at(sheet, table.total[1], right, y + 4, step, bold=True)
    return y + ROW


def _cells_at(
    sheet: Sheet, cells: Sequence[str], right: float, y: float, step: float, *, colour: int = INK, bold: bool = False
) -> None:
    """A row of cells in one type, each ending where its column ends."""
    size = sheet.common_size(cells, 9.5, step - 2, bold=bold)
    for place, cell in enumerate(reversed(cells)):
        sheet.text(right - 1.5 - place * step, y, cell, size, colour=colour, bold=bold, anchor="right")


def _foot(sheet: Sheet, pages: int, printed_on: date, *, sign: bool, seal: bool = False) -> None:
    """Signature line with room for the seal, what the sheet is for, page number."""
    if sign:
        y = A4[1] - 23
        third = (RIGHT - EDGE) / 3
        for place, words in enumerate((t("paper.prepared_by"), t("paper.checked_by"), t("paper.stamp_and_date"))):
            x = EDGE + place * third
            taken = sheet.text(x, y, words, 10) + 2
            sheet.line(x + taken, y + 1, x + third - 6, y + 1, colour=MUTED)
        if seal:
            sheet.dashed_circle(RIGHT - SEAL / 2, y - SEAL / 2 + 4, SEAL)
    y = A4[1] - 11
    page = t("paper.page", page=sheet.page, pages=pages)
    sheet.text(EDGE, y, t("paper.footer"), 8, colour=MUTED)
    printed = t("paper.printed_on", day=printed_on.isoformat())
    sheet.text(RIGHT, y, f"{printed}{t('paper.separator')}{page}", 8, colour=MUTED, anchor="right")
