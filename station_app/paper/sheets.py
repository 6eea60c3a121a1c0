"""Sheets for pen and hand: the blank tally sheet for a power cut, and the slip a person takes home with a request."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ..model import Occupation, Request, RequestState, Station
from ..services import slips
from ..words import label, t
from . import fonts, qr
from .pdf import A4_LANDSCAPE, A5, BRAND, INK, LINE, MUTED, POINT, SOFT, Sheet

FIRST_HOUR, LAST_HOUR = 8, 20
"""The hours every tally sheet has; a station open earlier or later gets more columns."""

EDGE = 14.0
SLIP_EDGE = 12.0


def hours(station: Station) -> range:
    """The hours of the tally sheet's columns: 08 to 20, or the station's own if wider; all 24 when open over night."""
    if not station.opens or not station.closes:
        return range(FIRST_HOUR, LAST_HOUR + 1)
    opens = int(station.opens.partition(":")[0])
    hour, _, minute = station.closes.partition(":")
    closes = int(hour) + (int(minute) > 0)
    if closes <= opens:
        return range(24)
    return range(min(FIRST_HOUR, opens), max(LAST_HOUR + 1, closes))


def tally_sheet(station: Station, target: Path) -> int:
    """Write the blank sheet (occupation x hour) that is typed in later as 补登, and return its pages (1).

    Raises EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("paper.tally_title"), A4_LANDSCAPE)
    wide, high = A4_LANDSCAPE
    right = wide - EDGE
    taken = sheet.text(EDGE, 19, t("paper.tally_title"), 20, bold=True) + 5
    mark = sheet.sample_mark(station.sample, right, 19)
    sheet.fitted(EDGE + taken, 19, station.name, 13, right - EDGE - taken - mark, colour=BRAND, bold=True)
    for x, words in (
        (EDGE, t("paper.tally_date")),
        (EDGE + 98, t("paper.keeper_line")),
        (EDGE + 182, t("paper.sheet_number_line")),
    ):
        sheet.text(x, 29, words, 11)
    sheet.fitted(EDGE, 36, t("paper.tally_how"), 10, right - EDGE, colour=MUTED)
    bottom = 168.0
    _tally_grid(sheet, station, 40, bottom)
    taken = sheet.text(EDGE, bottom + 8, t("paper.tally_remarks"), 10.5) + 1
    sheet.line(EDGE + taken, bottom + 9.5, right, bottom + 9.5)
    sheet.line(EDGE, bottom + 18, right, bottom + 18)
    sheet.fitted(wide / 2, high - 9, t("paper.footer"), 9, right - EDGE, colour=MUTED, anchor="middle")
    return sheet.save(target)


def _tally_grid(sheet: Sheet, station: Station, top: float, bottom: float) -> None:
    """The grid between two heights."""
    names, head, total = 33.0, 8.0, 17.0
    right = A4_LANDSCAPE[0] - EDGE
    columns = hours(station)
    step = (right - EDGE - names - total) / len(columns)
    rows = [*(label(occupation) for occupation in Occupation), t("paper.total")]
    row_high = (bottom - top - head) / len(rows)
    sheet.box(EDGE, top, right - EDGE, head, fill=SOFT)
    sheet.box(EDGE, bottom - row_high, right - EDGE, row_high, fill=SOFT)
    sheet.fitted(EDGE + 2, top + 5.6, t("paper.occupation_by_hour"), 9.5, names - 4, colour=MUTED)
    heads = [t("paper.hour", hour=f"{hour:02d}") for hour in columns]
    size = sheet.common_size(heads, 10.5, step - 1, bold=True)
    for number, head_words in enumerate(heads):
        x = EDGE + names + number * step
        sheet.text(x + step / 2, top + 5.6, head_words, size, bold=True, anchor="middle")
        sheet.line(x, top, x, bottom)
    sheet.text(right - total / 2, top + 5.6, t("paper.total"), 10.5, bold=True, anchor="middle")
    sheet.line(right - total, top, right - total, bottom, colour=INK)
    size = sheet.common_size(rows, 12, names - 4, bold=True)
    for number, name in enumerate(rows):
        y = top + head + number * row_high
        last = number == len(rows) - 1
        sheet.line(EDGE, y, right, y, colour=INK if last else LINE)
        sheet.text(EDGE + 2, y + row_high / 2 + 1.5, name, size, bold=True)
    sheet.box(EDGE, top, right - EDGE, bottom - top, stroke=INK)


def request_slip(station: Station, request: Request, target: Path) -> int:
    """Write the slip (A5) for the person who brought ``request`` and return its pages; it names nobody.

    It holds the number, what was said, the latest reply when there is one, how to ask for the answer, and (where the request
    has its ``slip``) the code by which any station finds it. Raises
    Refused ("paper.missing_glyph") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("paper.slip_title", number=request.number), A5)
    right = A5[0] - SLIP_EDGE
    mark = sheet.sample_mark(station.sample, right, 18)
    sheet.fitted(SLIP_EDGE, 18, station.name, 12, right - SLIP_EDGE - mark, bold=True, colour=BRAND)
    sheet.line(SLIP_EDGE, 21.5, right, 21.5, colour=BRAND, points=0.75)
    sheet.text(SLIP_EDGE, 32, t("paper.slip_heading"), 18, bold=True)
    sheet.text(SLIP_EDGE, 41.5, t("paper.slip_number"), 10, colour=MUTED)
    sheet.text(SLIP_EDGE + 24, 42, request.number, 16, bold=True)
    y = 50.0
    for name, value in (
        (t("paper.slip_time"), _local(request.time, station)),
        (t("paper.slip_kind"), label(request.kind)),
        (t("paper.slip_category"), label(request.category)),
        (t("paper.slip_due"), _local(request.due, station)),
    ):
        sheet.text(SLIP_EDGE, y, name, 10, colour=MUTED)
        sheet.text(SLIP_EDGE + 24, y, value, 11)
        y += 6.6
    flow = _Flow(sheet, y + 3)
    flow.part(t("paper.slip_text"), request.text)
    reply = next(
        (step.note for step in reversed(request.steps) if step.state is RequestState.REPLIED and step.note), ""
    )
    if reply:
        flow.part(t("paper.slip_reply"), reply)
    ask = (
        t("paper.slip_ask_phone", number=request.number, phone=station.phone)
        if station.phone
        else t("paper.slip_ask", number=request.number)
    )
    flow.part(t("paper.slip_how"), f"{ask}\n{t('paper.slip_verdict')}")
    if request.slip:
        flow.code(request.slip)
    flow.foot()
    return sheet.save(target)


class _Flow:
    """Headed paragraphs running down the slip and on to further pages."""

    LEADING = 6.0
    BOTTOM = A5[1] - 17

    def __init__(self, sheet: Sheet, y: float) -> None:
        self.sheet = sheet
        self.y = y

    def part(self, heading: str, text: str) -> None:
        self._room(2 * self.LEADING)
        self.sheet.text(SLIP_EDGE, self.y, heading, 10, bold=True, colour=BRAND)
        self.y += self.LEADING
        fonts.require_glyphs(" ".join(text.split()), fonts.REGULAR)
        for line in fonts.wrap(text.replace("\t", " "), fonts.REGULAR, 11, (A5[0] - 2 * SLIP_EDGE) / POINT):
            self._room(self.LEADING)
            self.sheet.text(SLIP_EDGE, self.y, line, 11)
            self.y += self.LEADING
        self.y += 3

    def code(self, digits: str) -> None:
        """The code that asks at any station, with its digits below for typing."""
        side = 28.0
        self._room(side + 8)
        self.sheet.code(qr.matrix(digits), SLIP_EDGE, self.y - 4, side)
        self.sheet.block(
            SLIP_EDGE + side + 4, self.y + side / 2 - 8, t("paper.slip_anywhere"), (10.5, 9), (A5[0] - 2 * SLIP_EDGE - side - 4, 16)
        )
        self.sheet.fitted(
            SLIP_EDGE + side + 4, self.y + side - 9, slips.groups(digits), 9, A5[0] - 2 * SLIP_EDGE - side - 4, colour=MUTED
        )
        self.y += side + 2

    def _room(self, needed: float) -> None:
        if self.y + needed - self.LEADING > self.BOTTOM:
            self.foot()
            self.sheet.next_page()
            self.y = 18

    def foot(self) -> None:
        """The line at the foot of the page."""
        y = A5[1] - 9
        page = t("paper.page_alone", page=self.sheet.page)
        taken = self.sheet.text(A5[0] - SLIP_EDGE, y, page, 8, colour=MUTED, anchor="right") + 4
        self.sheet.fitted(SLIP_EDGE, y, t("paper.footer"), 8, A5[0] - 2 * SLIP_EDGE - taken, colour=MUTED)


def _local(moment: str, station: Station) -> str:
    """An ISO 8601 time as the station's clock shows it."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo(station.zone)).strftime("%Y-%m-%d %H:%M")
