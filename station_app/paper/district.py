"""The district's papers: the list of stations to call, the card by which stations know the district; tables for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ..model import Report, RequestState, Station
from ..words import t
from . import qr
from .pdf import A4, BRAND, INK, LINE, MUTED, SOFT, Sheet
from .table import write_table

EDGE = 16.0
RIGHT = A4[0] - EDGE
ROW = 11.0
ROWS_A_PAGE = 20
CODE = 60.0

Chase = Sequence[tuple[str, str, str, int, str]]
"""Stations to call: name, phone, when heard from last, days of silence, the last call."""


def chase_list(lines: Chase, target: Path, *, place: str, printed_on: date, days: int, sample: bool = False) -> int:
    """Write the stations not heard from for more than ``days`` days, with room for what was said; returns the pages.

    Raises Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write").
    """
    title = t("district_paper.chase_title", place=place)
    sheet = Sheet(title, A4)
    pages = max(-(-len(lines) // ROWS_A_PAGE), 1)
    widths = (58.0, 34.0, 30.0, 16.0)
    heads = (
        t("district_paper.station"), t("district_paper.phone"), t("district_paper.last"), t("district_paper.days"),
        t("district_paper.said"),
    )  # fmt: skip
    for first in range(0, max(len(lines), 1), ROWS_A_PAGE):
        if first:
            sheet.next_page()
        mark = sheet.sample_mark(sample, RIGHT, 21)
        sheet.fitted(EDGE, 21, title, 16, RIGHT - EDGE - mark, bold=True)
        told = t("district_paper.chase_told", n=len(lines), days=days, day=printed_on.isoformat())
        sheet.fitted(EDGE, 28, told, 10, RIGHT - EDGE, colour=MUTED)
        sheet.line(EDGE, 32, RIGHT, 32, colour=BRAND, points=1)
        y = 36.0
        sheet.box(EDGE, y, RIGHT - EDGE, 7, fill=SOFT)
        x = EDGE + 1.5
        for head, wide in zip(heads, (*widths, 40.0), strict=True):
            sheet.fitted(x, y + 4.8, head, 9, wide - 2, colour=MUTED)
            x += wide
        y += 7
        for name, phone, last, silent, called in lines[first : first + ROWS_A_PAGE]:
            _chase_row(sheet, y, widths, (name, phone, last, str(silent)), called)
            y += ROW
        sheet.text(RIGHT, A4[1] - 11, t("paper.page", page=sheet.page, pages=pages), 8, colour=MUTED, anchor="right")
    return sheet.save(target)


def _chase_row(sheet: Sheet, y: float, widths: Sequence[float], cells: Sequence[str], called: str) -> None:
    x = EDGE + 1.5
    for place, (cell, wide) in enumerate(zip(cells, widths, strict=True)):
        sheet.block(x, y + ROW / 2, cell, (10, 7), (wide - 3, ROW), bold=place == 0)
        x += wide
    if called:
        sheet.block(x, y + ROW / 2, called, (8, 6), (RIGHT - x - 1, ROW))
    sheet.line(EDGE, y + ROW, RIGHT, y + ROW, colour=LINE, points=0.3)


def trust_card(station: Station, fingerprint: str, target: Path, *, printed_on: date) -> int:
    """Write the card (A4) that stations compare with their screen before they trust the district; returns its pages (1)."""
    title = t("district_paper.trust_title", place=station.name)
    sheet = Sheet(title, A4)
    mark = sheet.sample_mark(station.sample, RIGHT, 27)
    sheet.fitted(EDGE, 27, title, 22, RIGHT - EDGE - mark, bold=True)
    sheet.text(EDGE, 36, t("district_paper.trust_code", code=station.district_code), 12, colour=MUTED)
    sheet.line(EDGE, 40, RIGHT, 40, colour=BRAND, points=1)
    sheet.text(EDGE, 54, t("district_paper.fingerprint"), 12, colour=MUTED)
    groups = fingerprint.split("-")
    for row in range(2):
        sheet.text(EDGE, 68 + row * 14, "   ".join(groups[row * 3 : row * 3 + 3]), 26, bold=True, colour=INK)
    sheet.code(qr.matrix(fingerprint), EDGE, 92, CODE)
    y = 104.0
    for number, words in enumerate(
        (t("district_paper.step_1"), t("district_paper.step_2"), t("district_paper.step_3")), 1
    ):
        sheet.text(EDGE + CODE + 6, y, str(number), 16, bold=True, colour=BRAND)
        sheet.block(EDGE + CODE + 14, y - 1.5, words, (10.5, 9), (RIGHT - EDGE - CODE - 14, 14))
        y += 17
    sheet.text(EDGE, A4[1] - 11, t("paper.printed_on", day=printed_on.isoformat()), 8, colour=MUTED)
    return sheet.save(target)


# --- tables ---------------------------------------------------------------------------------------------------------------


def chase_csv(lines: Chase, target: Path) -> int:
    """Write the stations to call as a table; returns how many. EnvironmentFault ("paper.cannot_write") when the disk refuses."""
    heads = (
        t("district_paper.station"), t("district_paper.phone"), t("district_paper.last"), t("district_paper.days"),
        t("district_paper.called"),
    )  # fmt: skip
    write_table(
        [heads, *((name, phone, last, str(silent), called) for name, phone, last, silent, called in lines)], target
    )
    return len(lines)


def report_csv(whole: Report, each: Sequence[tuple[str, str, Report]], target: Path) -> int:
    """Write the summary table (code, name, figures) as a table with its row of totals; returns the stations in it."""
    heads = (
        t("district_paper.code"), t("district_paper.station"), t("paper.person_times"), t("paper.registered"), t("paper.anonymous"),
        t("paper.unique_people"), t("paper.open_days"), t("paper.handed_out"), t("paper.requests"), t("paper.of_these_closed"),
    )  # fmt: skip
    rows = [(code, name, *_figures(report)) for code, name, report in each]
    total = ("", t("paper.all_stations", n=len(each)), *_figures(whole))
    write_table([heads, *rows, total], target)
    return len(each)


def _figures(report: Report) -> tuple[str, ...]:
    numbers = (
        report.person_times, report.registered, report.anonymous, report.unique_people, report.open_days,
        sum(report.handouts.values()), sum(report.requests.values()), report.requests.get(RequestState.CLOSED.value, 0),
    )  # fmt: skip
    return tuple(str(number) for number in numbers)
