"""Badges (驿站卡): A4 card sheets ten up, single cards, each with a back of rules; the sheet that tells a printer's offset."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


COLOURS = {"green": BRAND, "blue": 0x1769AA, "red": 0xA8261C, "brown": 0x8A5A00, "black": INK}
"""What the station's cards may be coloured with; each can be read on white."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a station's cards look: a colour of ``COLOURS`` and its mark as a JPEG, None without one."""

    colour: str = "green"
    logo: bytes | None = None

    @property
    def ink(self) -> int:
        """The colour as 0xRRGGBB."""
        return COLOURS.get(self.colour, BRAND)


PLAIN = Look()


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
    look: Look = PLAIN,
    back: bool = False,
) -> int:
    """Write one badge for each person to the PDF ``target`` and return its pages.

    With ``back`` each page is followed by the backs of its cards, mirrored, so that a printer that turns the sheet over
    its long edge puts each behind its own. ``offset_mm`` moves all right and down by up to 5 mm. ``progress(done, total)``
    is called after each card and may raise Cancelled; nothing is written then. Raises UserMistake ("paper.no_cards",
    "paper.offset_too_large"), Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault
    ("paper.cannot_write"); Bug without a badge.
    """
    _check_offset(offset_mm)
    faces = _faces(cards)
    sheet = Sheet(t("paper.badges_title", station=station.name), A4, offset_mm=offset_mm)
    for done, face in enumerate(faces):
        page, place = divmod(done, COLUMNS * ROWS)
        if place == 0:
            if page:
                sheet.next_page()
            _frame(sheet, page + 1, -(-len(faces) // (COLUMNS * ROWS)))
            here = min(COLUMNS * ROWS, len(faces) - done)
        row, column = divmod(place, COLUMNS)
        _draw(sheet, station, face, LEFT + column * CARD[0], TOP + row * CARD[1], look)
        if back and place == here - 1:
            _backs(sheet, station, here, look)
        if progress:
            progress(done + 1, len(faces))
    return sheet.save(target)


def badge_cards(
    station: Station,
    cards: Sequence[Person],
    target: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    look: Look = PLAIN,
    back: bool = False,
) -> int:
    """Write each badge on a page of its own, of the size of a card, for printers that take cards; as ``badge_sheet``."""
    faces = _faces(cards)
    sheet = Sheet(t("paper.badges_title", station=station.name), CARD)
    for done, face in enumerate(faces):
        if done:
            sheet.next_page()
        _draw(sheet, station, face, 0, 0, look)
        if back:
            sheet.next_page()
            _draw_back(sheet, station, 0, 0, look)
        if progress:
            progress(done + 1, len(faces))
    return sheet.save(target)


def calibration_sheet(station: Station, target: Path, *, offset_mm: tuple[float, float] = (0, 0)) -> int:
    """Write the sheet (front and back) that tells by how much a printer is off; returns its pages (2).

    Printed on both sides and held against the light, the crosses fall together; where they do not, or where the frame is not
    as far from the paper's edge as it says, the difference is the offset to set. ``offset_mm`` is that set so far.
    """
    _check_offset(offset_mm)
    sheet = Sheet(t("paper.calibration"), A4, offset_mm=offset_mm)
    for page in (1, 2):
        if page == 2:
            sheet.next_page()
        _frame(sheet, page, 2)
        sheet.box(LEFT, TOP, COLUMNS * CARD[0], ROWS * CARD[1], stroke=MUTED)
        for x in (LEFT, A4[0] / 2, LEFT + COLUMNS * CARD[0]):
            for y in (TOP, A4[1] / 2, TOP + ROWS * CARD[1]):
                sheet.line(x - 8, y, x + 8, y, colour=INK)
                sheet.line(x, y - 8, x, y + 8, colour=INK)
                for tick in range(-8, 9):
                    size = 1.6 if tick % 5 else 2.6
                    sheet.line(x + tick, y - size, x + tick, y + size, colour=INK, points=0.3)
                    sheet.line(x - size, y + tick, x + size, y + tick, colour=INK, points=0.3)
        words = t("paper.calibration_front" if page == 1 else "paper.calibration_back")
        sheet.fitted(A4[0] / 2, 62, words, 16, 150, bold=True, anchor="middle")
        if page == 1:
            told = t("paper.calibration_how", left=f"{LEFT:.1f}", top=f"{TOP:.1f}", x=f"{offset_mm[0]:g}", y=f"{offset_mm[1]:g}")
            sheet.block(LEFT + 12, 95, told, (11, 11), (COLUMNS * CARD[0] - 24, 46))
        sheet.fitted(A4[0] / 2, 230, station.name, 10, 120, colour=MUTED, anchor="middle")
    return sheet.save(target)


def _check_offset(offset_mm: tuple[float, float]) -> None:
    if max(map(abs, offset_mm)) > MOST_OFFSET:
        raise UserMistake("paper.offset_too_large", most=MOST_OFFSET)


def _faces(cards: Sequence[Person]) -> list[_Card]:
    if not cards:
        raise UserMistake("paper.no_cards")
    faces = [_card(person) for person in cards]
    for face in faces:  # a name that cannot be drawn is told before the work, not after it
        fonts.require_glyphs(face.name, fonts.BOLD)
    return faces


def _backs(sheet: Sheet, station: Station, cards: int, look: Look) -> None:
    """The page behind ``cards`` of them: turned over its long edge, the left column lies behind the right one."""
    sheet.next_page()
    for place in range(cards):
        row, column = divmod(place, COLUMNS)
        _draw_back(sheet, station, LEFT + (COLUMNS - 1 - column) * CARD[0], TOP + row * CARD[1], look)


def _draw_back(sheet: Sheet, station: Station, x: float, y: float, look: Look) -> None:
    sheet.repeated("back", x, y, lambda: _rules(sheet, station, look))


def _rules(sheet: Sheet, station: Station, look: Look) -> None:
    """The rules of the card, the way back for one that was found; nothing that belongs to one person alone."""
    room = CARD[0] - 2 * PADDING
    sheet.fitted(PADDING, 8.6, t("paper.back_title"), 11, room, bold=True, colour=look.ink)
    sheet.line(PADDING, 11.2, CARD[0] - PADDING, 11.2, colour=look.ink, points=0.75)
    lines = [t("paper.back_free"), t("paper.back_privacy"), t("paper.back_lost"), t("paper.back_number")]
    size = sheet.common_size(lines, 9, room - 3)
    for number, line in enumerate(lines):
        sheet.text(PADDING, 17.4 + number * 5.6, f"{number + 1}", size, bold=True, colour=look.ink)
        sheet.text(PADDING + 4, 17.4 + number * 5.6, line, size)
    found = t("paper.back_found_phone", phone=station.phone) if station.phone else t("paper.back_found")
    sheet.fitted(PADDING, 43.4, found, 8.5, room, colour=MUTED)
    hours = f"{station.opens} – {station.closes}" if station.opens and station.closes else ""
    sheet.fitted(PADDING, 48.6, "  ".join(part for part in (station.name, hours) if part), 8.5, room, colour=MUTED)


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


def _draw(sheet: Sheet, station: Station, face: _Card, x: float, y: float, look: Look) -> None:
    """One card with its upper left corner at (x, y)."""
    sheet.repeated("front", x, y, lambda: _front(sheet, station, look))
    # the quiet zone is white already: the symbol's own edge stands on the padding
    code = qr.matrix(face.digits)
    edge = CODE_BOX * qr.QUIET_ZONE / code.side
    sheet.code(code, x + PADDING - edge, y + 16.2 - edge, CODE_BOX)

    left = x + PADDING - edge + CODE_BOX + 0.5
    sheet.block(left, y + 20, face.name, (18, 12), (x + CARD[0] - PADDING - left, 12), bold=True)
    sheet.text(left, y + 34.2, face.number, 24, bold=True, colour=look.ink)
    sheet.text(x + PADDING, y + 41.2, _grouped(face.digits), 8.5, colour=MUTED)


def _front(sheet: Sheet, station: Station, look: Look) -> None:
    """What all cards of a station share."""
    right, left = CARD[0] - PADDING, PADDING
    if look.logo is not None:
        sheet.picture(look.logo, left, 3.0, 7.0, 7.0)
        left += 8.5
    word = sheet.text(right, 8.4, t("paper.badge"), 10, bold=True, colour=look.ink, anchor="right") + 3
    word += sheet.sample_mark(station.sample, right - word, 8.4)
    sheet.fitted(left, 8.4, station.name, 10.5, right - left - word, bold=True)
    sheet.line(PADDING, 11.4, right, 11.4, colour=look.ink, points=0.75)
    sheet.fitted(PADDING, 48, t("paper.badge_promise"), 8.5, CARD[0] - 2 * PADDING, colour=MUTED)


def _grouped(digits: str) -> str:
    """Digits in fours, as people read them out."""
    return " ".join(digits[first : first + 4] for first in range(0, len(digits), 4))
