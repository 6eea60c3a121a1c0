"""The reply board to hang up: what was answered, without a name; whoever asked knows their own by its number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ..model import Request, RequestState, Station
from ..words import label, t
from . import fonts
from .pdf import A4, BRAND, LINE, MUTED, POINT, Sheet

EDGE = 16.0
RIGHT = A4[0] - EDGE
NUMBER = 34.0
LEADING = 6.2
BOTTOM = A4[1] - 20.0
PHONE = re.compile(r"(?<![0-9])[0-9][0-9 \-]{5,18}[0-9](?![0-9])")
"""Anything that may be a telephone number."""


def shown(requests: Sequence[Request], names: Sequence[str] = ()) -> list[tuple[Request, str]]:
    """(request, its newest answer) of those that were answered in words, every name given and all long numbers masked."""
    found = []
    for request in requests:
        note = next((step.note for step in reversed(request.steps) if step.state is RequestState.REPLIED and step.note), "")
        if note:
            found.append((request, _masked(note, (request.contact, *names))))
    return found


def _masked(text: str, names: Sequence[str]) -> str:
    for name in sorted({name.strip() for name in names if len(name.strip()) > 1}, key=len, reverse=True):
        text = text.replace(name, name[0] + "**")
    return PHONE.sub("****", text)


def reply_board(
    station: Station, answered: Sequence[tuple[Request, str]], target: Path, *, printed_on: date, days: int
) -> int:
    """Write the board (A4) of what was answered in the last ``days`` days and return its pages.

    Raises Refused ("paper.missing_glyph") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("board.title", place=station.name), A4)
    y = _head(sheet, station, printed_on, days)
    if not answered:
        sheet.text(EDGE, y + 4, t("board.nothing"), 13, colour=MUTED)
    for request, note in answered:
        fonts.require_glyphs(note, fonts.REGULAR)
        lines = fonts.wrap(" ".join(note.split()), fonts.REGULAR, 13, (RIGHT - EDGE - NUMBER) / POINT)
        if y + (len(lines) + 1) * LEADING > BOTTOM:
            _foot(sheet)
            sheet.next_page()
            y = _head(sheet, station, printed_on, days)
        sheet.fitted(EDGE, y, "-".join(request.number.split("-")[-2:]), 15, NUMBER - 3, bold=True, colour=BRAND)
        about = t("terms.dot").join((label(request.category), label(request.channel), request.business_date))
        sheet.fitted(EDGE + NUMBER, y, about, 10, RIGHT - EDGE - NUMBER, colour=MUTED)
        y += LEADING
        for line in lines:
            sheet.text(EDGE + NUMBER, y, line, 13)
            y += LEADING
        sheet.line(EDGE, y - 2, RIGHT, y - 2, colour=LINE)
        y += 4
    _foot(sheet)
    return sheet.save(target)


def _head(sheet: Sheet, station: Station, printed_on: date, days: int) -> float:
    mark = sheet.sample_mark(station.sample, RIGHT, 24)
    sheet.fitted(EDGE, 24, t("board.title", place=station.name), 22, RIGHT - EDGE - mark, bold=True)
    sheet.fitted(EDGE, 32, t("board.told", days=days, day=printed_on.isoformat()), 10.5, RIGHT - EDGE, colour=MUTED)
    sheet.line(EDGE, 36, RIGHT, 36, colour=BRAND, points=1)
    return 46.0


def _foot(sheet: Sheet) -> None:
    sheet.fitted(EDGE, A4[1] - 11, t("board.foot"), 10, RIGHT - EDGE - 20, colour=MUTED)
    sheet.text(RIGHT, A4[1] - 11, t("paper.page_alone", page=sheet.page), 8, colour=MUTED, anchor="right")
