"""The district's rules that a station goes by, on paper beside the desk: each kind with its version and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from ..model import Station
from ..words import t
from . import fonts
from .pdf import A4, BRAND, LINE, MUTED, POINT, Sheet

EDGE = 16.0
RIGHT = A4[0] - EDGE
BOTTOM = A4[1] - 20
NAME = 56.0
"""Width in mm of the column of names."""
SIZE = 10.0

Row = tuple[str, str, str]
"""A part of the rules: what it is, how it is told apart, what it says."""
Section = tuple[str, Sequence[str], Sequence[Row]]
"""A kind of rules: its name, sentences about its version, its parts."""


def rules_sheet(sections: Sequence[Section], target: Path, *, station: Station, printed_on: date) -> int:
    """Write the rules (A4) to the PDF ``target``; returns its pages.

    Raises Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("station_rules.paper_title", station=station.name), A4)
    y = _head(sheet, station, printed_on)
    for name, told, rows in sections:
        sentences = [line for text in told for line in _wrapped(text, RIGHT - EDGE)]
        height = 8 + len(sentences) * _step() + 2
        if y + height + 14 > BOTTOM:
            y = _turn(sheet, station, printed_on)
        sheet.text(EDGE, y, name, 13, bold=True, colour=BRAND)
        y += 6
        for line in sentences:
            sheet.text(EDGE, y, line, SIZE, colour=MUTED)
            y += _step()
        y += 1
        for title, sub, text in rows:
            left = [(line, SIZE, True) for line in _wrapped(title, NAME - 3, bold=True)] + [
                (line, SIZE, False) for line in _wrapped(sub, NAME - 3) if line
            ]
            right = _wrapped(text, RIGHT - EDGE - NAME)
            height = max(len(left), len(right)) * _step() + 3
            if y + height > BOTTOM:
                y = _turn(sheet, station, printed_on)
            sheet.line(EDGE, y - 1, RIGHT, y - 1, colour=LINE, points=0.3)
            for number, (line, size, bold) in enumerate(left):
                sheet.text(EDGE, y + 3.4 + number * _step(), line, size, bold=bold)
            for number, line in enumerate(right):
                sheet.text(EDGE + NAME, y + 3.4 + number * _step(), line, SIZE)
            y += height
        y += 7
    _foot(sheet)
    return sheet.save(target)


def _step() -> float:
    return SIZE * fonts.LEADING * POINT


def _wrapped(text: str, wide: float, *, bold: bool = False) -> list[str]:
    font = fonts.BOLD if bold else fonts.REGULAR
    return fonts.wrap(text, font, SIZE, wide / POINT) if text else []


def _turn(sheet: Sheet, station: Station, printed_on: date) -> float:
    _foot(sheet)
    sheet.next_page()
    return _head(sheet, station, printed_on)


def _head(sheet: Sheet, station: Station, printed_on: date) -> float:
    mark = sheet.sample_mark(station.sample, RIGHT, 22)
    sheet.fitted(EDGE, 22, t("station_rules.paper_title", station=station.name), 17, RIGHT - EDGE - mark, bold=True)
    sheet.fitted(EDGE, 29, t("station_rules.paper_told", day=printed_on.isoformat()), 10, RIGHT - EDGE, colour=MUTED)
    sheet.line(EDGE, 33, RIGHT, 33, colour=BRAND, points=1)
    return 42.0


def _foot(sheet: Sheet) -> None:
    sheet.text(RIGHT, A4[1] - 11, t("paper.page_alone", page=sheet.page), 8, colour=MUTED, anchor="right")
