"""The agenda of a joint meeting: what each station's people ask, with room for what is decided."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..model import Request
from ..words import label, t
from . import fonts
from .pdf import A4, BRAND, INK, LINE, MUTED, POINT, Sheet

EDGE = 16.0
RIGHT = A4[0] - EDGE
LEADING = 5.8
ROOM = 14.0
"""Millimetres to write a decision in."""
BOTTOM = A4[1] - 18.0

Items = Sequence[tuple[Request, str, str]]
"""(request, name of its station, what was decided or "")."""


def agenda(title: str, held_on: str, items: Items, target: Path, *, place: str, sample: bool = False) -> int:
    """Write the agenda (A4) and return its pages; it names nobody.

    Raises Refused ("paper.missing_glyph") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(title, A4)
    mark = sheet.sample_mark(sample, RIGHT, 22)
    sheet.fitted(EDGE, 22, title, 18, RIGHT - EDGE - mark, bold=True)
    told = t("agenda.told", place=place, day=held_on, n=len(items))
    sheet.fitted(EDGE, 29, told, 10, RIGHT - EDGE, colour=MUTED)
    sheet.line(EDGE, 33, RIGHT, 33, colour=BRAND, points=1)
    y = 41.0
    for place_, (request, station, decision) in enumerate(items, start=1):
        words = _wrapped(request.text or t("agenda.no_words"))
        decided = _wrapped(decision) if decision else []
        needed = (len(words) + len(decided) + 2) * LEADING + (0 if decided else ROOM)
        if y + needed > BOTTOM and place_ > 1:
            _foot(sheet)
            sheet.next_page()
            y = 20.0
        sheet.text(EDGE, y, f"{place_}.", 12, bold=True, colour=BRAND)
        head = t("terms.dot").join((request.number, station, label(request.category)))
        sheet.fitted(EDGE + 8, y, head, 11, RIGHT - EDGE - 8, bold=True)
        y += LEADING
        for line in words:
            sheet.text(EDGE + 8, y, line, 11)
            y += LEADING
        sheet.text(EDGE + 8, y, t("agenda.decision"), 9.5, colour=MUTED)
        for line in decided:
            y += LEADING
            sheet.text(EDGE + 8, y, line, 11, colour=INK)
        y += LEADING if decided else ROOM
        sheet.line(EDGE, y - 3, RIGHT, y - 3, colour=LINE)
        y += 4
    _foot(sheet)
    return sheet.save(target)


def _wrapped(text: str) -> list[str]:
    fonts.require_glyphs(" ".join(text.split()), fonts.REGULAR)
    return fonts.wrap(" ".join(text.split()), fonts.REGULAR, 11, (RIGHT - EDGE - 8) / POINT)


def _foot(sheet: Sheet) -> None:
    sheet.text(RIGHT, A4[1] - 10, t("paper.page_alone", page=sheet.page), 8, colour=MUTED, anchor="right")
