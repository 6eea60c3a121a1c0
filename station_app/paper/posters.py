"""For the wall and the shelf: the poster that tells how to be heard, and labels with a bar code for supplies.

A code on a poster needs no network: read by a telephone it shows, in words, where to ask and when somebody is there, and the
number to call; a link, where the district has a page, is put behind those words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ..errors import UserMistake
from ..model import Station
from ..words import t
from . import bars, qr
from .pdf import A4, BRAND, INK, LINE, MUTED, SOFT, Sheet

MOST_LINK = 200
LABEL = (63.0, 38.0)
ACROSS, DOWN = 3, 7
EDGE_X, EDGE_Y = (A4[0] - ACROSS * LABEL[0]) / 2, (A4[1] - DOWN * LABEL[1]) / 2


def ask_text(station: Station, link: str = "") -> str:
    """What the poster's code says: the station with its code, how to ask, the telephone, the hours, the link."""
    lines = [t("posters.code_who", station=station.name, code=f"{station.code}-{station.letter}"), t("posters.code_how")]
    if station.phone:
        lines.append(t("posters.code_phone", phone=station.phone))
    if station.opens and station.closes:
        lines.append(t("posters.code_hours", opens=station.opens, closes=station.closes))
    lines.append(t("posters.code_answer"))
    return "\n".join([*lines, link] if link else lines)


def ask_poster(station: Station, target: Path, *, link: str = "", logo: bytes | None = None, colour: int = BRAND) -> int:
    """Write the poster "scan to ask" (A4) and return its pages (1).

    Raises UserMistake ("posters.long_link"), Refused ("paper.missing_glyph") and EnvironmentFault ("paper.cannot_write").
    """
    if len(link) > MOST_LINK or not link.isascii() or not link.isprintable():
        raise UserMistake("posters.long_link", most=MOST_LINK)
    sheet = Sheet(t("posters.title"), A4)
    middle, room = A4[0] / 2, A4[0] - 36
    top = 24.0
    if logo is not None:
        sheet.picture(logo, middle - 15, 14, 30, 24)
        top = 50.0
    mark = sheet.sample_mark(station.sample, A4[0] - 18, 20)
    sheet.fitted(middle, top + 4, station.name, 22, room - 2 * mark, bold=True, colour=colour, anchor="middle")
    sheet.fitted(middle, top + 28, t("posters.title"), 44, room, bold=True, anchor="middle")
    sheet.fitted(middle, top + 44, t("posters.promise"), 17, room, colour=MUTED, anchor="middle")
    code = qr.matrix(ask_text(station, link))
    side = 110.0
    sheet.box(middle - side / 2 - 4, top + 54, side + 8, side + 8, fill=SOFT, radius=6)
    sheet.box(middle - side / 2, top + 58, side, side, fill=0xFFFFFF)
    sheet.code(code, middle - side / 2, top + 58, side)
    y = top + 58 + side + 18
    ways = [t("posters.way_desk"), t("posters.way_box")]
    if station.phone:
        ways.insert(1, t("posters.way_phone", phone=station.phone))
    size = sheet.common_size(ways, 19, room - 14)
    for number, way in enumerate(ways, 1):
        sheet.text(22, y, str(number), size, bold=True, colour=colour)
        sheet.text(32, y, way, size)
        y += 11.5
    hours = t("posters.hours", opens=station.opens, closes=station.closes) if station.opens and station.closes else ""
    foot = "   ".join(part for part in (hours, f"{station.code}-{station.letter}", t("posters.no_network")) if part)
    sheet.fitted(middle, A4[1] - 12, foot, 11, room, colour=MUTED, anchor="middle")
    return sheet.save(target)


def shelf_labels(
    goods: Sequence[tuple[str, str, str]], target: Path, *, progress: Callable[[int, int], None] | None = None
) -> int:
    """Write labels for (name, words below, code) of what stands here on A4, three by seven to be cut, and return the pages.

    Raises UserMistake ("labels.nothing", "labels.bad_code") and as ``ask_poster``.
    """
    if not goods:
        raise UserMistake("labels.nothing")
    sheet = Sheet(t("labels.title"), A4)
    for done, (name, below, text) in enumerate(goods):
        place = done % (ACROSS * DOWN)
        if place == 0:
            if done:
                sheet.next_page()
            _cuts(sheet)
        row, column = divmod(place, ACROSS)
        _label(sheet, name, below, bars.bars(text), EDGE_X + column * LABEL[0], EDGE_Y + row * LABEL[1])
        if progress:
            progress(done + 1, len(goods))
    return sheet.save(target)


def _cuts(sheet: Sheet) -> None:
    for column in range(ACROSS + 1):
        x = EDGE_X + column * LABEL[0]
        sheet.line(x, EDGE_Y, x, EDGE_Y + DOWN * LABEL[1], colour=LINE, points=0.3)
    for row in range(DOWN + 1):
        y = EDGE_Y + row * LABEL[1]
        sheet.line(EDGE_X, y, EDGE_X + ACROSS * LABEL[0], y, colour=LINE, points=0.3)


def _label(sheet: Sheet, name: str, below: str, code: bars.Bars, x: float, y: float) -> None:
    sheet.block(x + 3.5, y + 8, name, (15, 9), (LABEL[0] - 7, 10), bold=True)
    wide = min(code.side * 0.5, LABEL[0] - 3)
    sheet.bars(code, x + (LABEL[0] - wide) / 2, y + 14, wide, 14)
    sheet.fitted(x + LABEL[0] / 2, y + 32.5, code.text, 10, LABEL[0] - 8, colour=INK, anchor="middle")
    sheet.fitted(x + LABEL[0] / 2, y + 36.2, below, 8, LABEL[0] - 8, colour=MUTED, anchor="middle")
