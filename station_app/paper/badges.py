"""Badges (驿站卡) on A4 card sheets, ten up."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import Bug, UserMistake
from ..model import Person, Station
from ..words import t
from . import fonts, qr
from .pdf import A4, BRAND, INK, MUTED, Sheet

CARD = (85.6, 54.0)
"""A bank card, ISO/IEC 7810 ID-1, in millimetres."""
COLUMNS, ROWS = 2, 5
LEFT, TOP = (A4[0] - COLUMNS * CARD[0]) / 2, (A4[1] - ROWS * CARD[1]) / 2
MARK_GAP, MARK = 2.0, 4.0
"""Crop marks begin 2 mm outside the cards and are 4 mm long."""
MOST_OFFSET = 5.0
"""Further than this, millimetres, a crop mark would reach the strip printers cannot print."""

CODE_BOX = 25.0
"""The code with its quiet zone: 29 modules, so that the symbol itself is 18.1 mm."""
PADDING = 4.5


@dataclass(frozen=True, slots=True)
class _Card:
    name: str
    number: str
    digits: str


def badge_sheet(
    station: Station,
    cards: Sequence[Person],
    target: Path,
    *,
    offset_mm: tuple[float, float] = (0, 0),
    progress: Callable[[int, int], None] | None = None,
    masks: MutableMapping[str, int] | None = None,
) -> int:
    """Write one badge for each person to the PDF ``target`` and return its pages.

    ``offset_mm`` moves all right and down by up to 5 mm. ``progress(done, total)`` is called after each card and may
    raise Cancelled; nothing is written then. ``masks`` keeps the QR mask of each badge code: filled here, and a reprint
    that hands it in again is quick. Raises UserMistake ("paper.no_cards", "paper.offset_too_large"), Refused
    ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write"); Bug without a badge.
    """
    if not cards:
        raise UserMistake("paper.no_cards")
    if max(map(abs, offset_mm)) > MOST_OFFSET:
        raise UserMistake("paper.offset_too_large", most=MOST_OFFSET)
    known = {} if masks is None else masks
    faces = [_card(person) for person in cards]
    for face in faces:  # a name that cannot be drawn is told before the work, not after it
        fonts.require_glyphs(face.name, fonts.BOLD)
    sheet = Sheet(t("paper.badges_title", station=station.name), A4, offset_mm=offset_mm)
    for done, face in enumerate(faces):
        page, place = divmod(done, COLUMNS * ROWS)
        if place == 0:
            if page:
                sheet.next_page()
            _frame(sheet, page + 1, -(-len(faces) // (COLUMNS * ROWS)))
        code = qr.matrix(face.digits, mask=known.get(face.digits))
        known[face.digits] = code.mask
        row, column = divmod(place, COLUMNS)
        _draw(sheet, station, face, code, LEFT + column * CARD[0], TOP + row * CARD[1])
        if progress:
            progress(done + 1, len(faces))
    return sheet.save(target)


def _card(person: Person) -> _Card:
    if len(person.badge_code) != 22 or not person.badge_code.isdecimal() or not person.card_number:
        raise Bug(f"person {person.id} has no badge to print")
    return _Card(person.name or t("paper.nameless", number=person.card_number), person.card_number, person.badge_code)


def _frame(sheet: Sheet, page: int, pages: int) -> None:
    """Crop marks around the block of cards, and how to print it."""
    right, bottom = LEFT + COLUMNS * CARD[0], TOP + ROWS * CARD[1]
    for column in range(COLUMNS + 1):
        x = LEFT + column * CARD[0]
        sheet.line(x, TOP - MARK_GAP, x, TOP - MARK_GAP - MARK, colour=INK)
        sheet.line(x, bottom + MARK_GAP, x, bottom + MARK_GAP + MARK, colour=INK)
    for row in range(ROWS + 1):
        y = TOP + row * CARD[1]
        sheet.line(LEFT - MARK_GAP, y, LEFT - MARK_GAP - MARK, y, colour=INK)
        sheet.line(right + MARK_GAP, y, right + MARK_GAP + MARK, y, colour=INK)
    y = bottom + MARK_GAP + MARK - 1
    sheet.text(LEFT + CARD[0] / 2, y, t("paper.print_full_size"), 7, colour=MUTED, anchor="middle")
    page_words = t("paper.page", page=page, pages=pages)
    sheet.text(LEFT + CARD[0] * 1.5, y, page_words, 7, colour=MUTED, anchor="middle")


def _draw(sheet: Sheet, station: Station, face: _Card, code: qr.Code, x: float, y: float) -> None:
    """One card with its upper left corner at (x, y)."""
    right = x + CARD[0] - PADDING
    word = sheet.text(right, y + 8.4, t("paper.badge"), 10, bold=True, colour=BRAND, anchor="right") + 3
    word += sheet.sample_mark(station.sample, right - word, y + 8.4)
    sheet.fitted(x + PADDING, y + 8.4, station.name, 10.5, CARD[0] - 2 * PADDING - word, bold=True)
    sheet.line(x + PADDING, y + 11.4, right, y + 11.4, colour=BRAND, points=0.75)

    # the quiet zone is white already: the symbol's own edge stands on the padding
    edge = CODE_BOX * qr.QUIET_ZONE / code.side
    sheet.code(code, x + PADDING - edge, y + 16.2 - edge, CODE_BOX)

    left = x + PADDING - edge + CODE_BOX + 0.5
    sheet.block(left, y + 20, face.name, (18, 12), (right - left, 12), bold=True)
    sheet.text(left, y + 34.2, face.number, 24, bold=True, colour=BRAND)
    sheet.text(x + PADDING, y + 41.2, _grouped(face.digits), 8.5, colour=MUTED)
    sheet.fitted(x + PADDING, y + 48, t("paper.badge_promise"), 8.5, CARD[0] - 2 * PADDING, colour=MUTED)


def _grouped(digits: str) -> str:
    """Digits in fours, as people read them out."""
    return " ".join(digits[first : first + 4] for first in range(0, len(digits), 4))
