"""What opens a station on paper: the recovery sheet for the supervisor's cupboard, the start card of the evening keeper."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from .. import vault
from ..db import Database
from ..model import Changes, Op, Station
from ..services import keepers, stations
from ..words import t
from . import fonts, qr
from .badges import CARD, MARK, MARK_GAP, PADDING
from .pdf import A4, BRAND, INK, MUTED, POINT, SOFT, WARMING, Sheet

EDGE = 20.0
COLUMNS = 3
"""Groups side by side: four rows of three are read down the sheet and typed without losing the place."""
GROUP_HIGH = 19.0
CODE = 44.0
"""The recovery code with its quiet zone: 37 modules of 1.2 mm, which a hand scanner reads from a folded sheet."""
CARD_CODE = 32.0


def recovery_sheet(station: Station, groups: Sequence[str], number: str, made: date, target: Path) -> int:
    """Write the recovery sheet (A4) and return its pages (1).

    ``groups`` are the 12 groups of 5 digits, ``number`` tells this sheet from the one before it. Raises Refused
    ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("key_paper.recovery_title"), A4)
    right = A4[0] - EDGE
    mark = sheet.sample_mark(station.sample, right, 27)
    sheet.text(EDGE, 27, t("key_paper.recovery_title"), 26, bold=True)
    taken = fonts.width(t("key_paper.recovery_title"), fonts.BOLD, 26) * POINT + 6
    sheet.fitted(
        right - mark, 27, station.name, 14, right - mark - EDGE - taken, bold=True, colour=BRAND, anchor="right"
    )
    sheet.line(EDGE, 32, right, 32, colour=BRAND, points=1)
    told = t("key_paper.made", number=number, day=made.isoformat())
    sheet.fitted(EDGE, 40, told, 11, right - EDGE, colour=MUTED)
    y = _paragraph(sheet, 51, t("key_paper.recovery_for"), 12.5)
    y = _groups(sheet, groups, y + 2)
    code = qr.matrix("".join(groups))
    quiet = CODE * qr.QUIET_ZONE / code.side
    sheet.code(code, EDGE - quiet, y + 7 - quiet, CODE)
    _beside(sheet, EDGE + CODE - 2 * quiet + 8, y + 11, (t("key_paper.how_heading"), t("key_paper.how")))
    y += CODE - 2 * quiet + 17
    sheet.text(EDGE, y, t("key_paper.keep_heading"), 13, bold=True, colour=WARMING)
    y = _paragraph(sheet, y + 8, t("key_paper.keep"), 12)
    for words in (t("key_paper.keeper_line"), t("key_paper.place_line")):
        y += 8
        taken = sheet.text(EDGE, y, words, 11) + 2
        sheet.line(EDGE + taken, y + 1.2, right, y + 1.2, colour=INK)
    sheet.fitted(EDGE, A4[1] - 14, t("key_paper.recovery_foot"), 9, right - EDGE, colour=MUTED)
    return sheet.save(target)


def print_recovery(
    db: Database, root: vault.Root, target: Path, station: Station | None = None
) -> tuple[str, Changes]:
    """Make a recovery key and write its sheet, for this store's station or the ``station`` given; returns the sheet's number.

    Raises what the sheet and ``keepers.make_recovery_key`` raise; the sheet is tried before the key in use is replaced.
    """
    db.require(Op.SETTING, {"name": "recovery_key"})
    station, today = station or stations.current(db), db.now().date()
    try:
        recovery_sheet(station, ["0" * vault.GROUP_DIGITS] * vault.GROUPS, "0000", today, target)
        key, changes = keepers.make_recovery_key(db, db.path.parent, root)
        recovery_sheet(station, key.groups, key.number, today, target)
    except BaseException:
        target.unlink(missing_ok=True)  # a sheet that opens nothing must not be kept in a cupboard
        raise
    return key.number, changes


def print_start_card(db: Database, root: vault.Root, target: Path) -> tuple[vault.StartCard, Changes]:
    """Make a start card and write it; raises what the card and ``keepers.make_start_card`` raise, no card stays then."""
    card, changes = keepers.make_start_card(db, db.path.parent, root)
    try:
        start_card(stations.current(db), card.digits, card.number, db.now().date(), target)
    except BaseException:
        keepers.revoke_start_card(db, db.path.parent, card.slot_id)
        raise
    return card, changes


def _groups(sheet: Sheet, groups: Sequence[str], top: float) -> float:
    """The groups in numbered boxes below ``top``; returns where they end."""
    wide = (A4[0] - 2 * EDGE + 4) / COLUMNS
    for place, group in enumerate(groups):
        row, column = divmod(place, COLUMNS)
        x, y = EDGE + column * wide, top + row * GROUP_HIGH
        sheet.box(x, y, wide - 4, GROUP_HIGH - 4, fill=SOFT, radius=1.5)
        sheet.text(x + 3, y + 9.6, str(place + 1), 11, colour=MUTED)
        sheet.text(x + wide / 2 + 2, y + 10.9, group, 26, bold=True, anchor="middle")
    return top + -(-len(groups) // COLUMNS) * GROUP_HIGH


def _paragraph(
    sheet: Sheet, y: float, text: str, size: float, x: float = EDGE, wide: float = A4[0] - 2 * EDGE
) -> float:
    """Lines of ``size`` points with their first base line at ``y``; returns the base line below the last."""
    for line in fonts.wrap(text, fonts.REGULAR, size, wide / POINT):
        sheet.text(x, y, line, size)
        y += size * POINT * 1.5
    return y


def _beside(sheet: Sheet, x: float, y: float, told: tuple[str, str]) -> None:
    """A heading and its paragraph to the right of the code."""
    heading, text = told
    sheet.text(x, y, heading, 13, bold=True)
    _paragraph(sheet, y + 8, text, 12, x, A4[0] - EDGE - x)


def start_card(station: Station, digits: str, number: str, made: date, target: Path) -> int:
    """Write a start card (bank-card size with crop marks, on A4) and return its pages (1).

    ``digits`` go into the code and are not readable otherwise; ``number`` is the short mark by which the card is revoked.
    Raises Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write").
    """
    sheet = Sheet(t("key_paper.start_title"), A4)
    x, y = (A4[0] - CARD[0]) / 2, 30.0
    for edge in (x, x + CARD[0]):
        sheet.line(edge, y - MARK_GAP, edge, y - MARK_GAP - MARK, colour=INK)
        sheet.line(edge, y + CARD[1] + MARK_GAP, edge, y + CARD[1] + MARK_GAP + MARK, colour=INK)
    for edge in (y, y + CARD[1]):
        sheet.line(x - MARK_GAP, edge, x - MARK_GAP - MARK, edge, colour=INK)
        sheet.line(x + CARD[0] + MARK_GAP, edge, x + CARD[0] + MARK_GAP + MARK, edge, colour=INK)
    _draw_card(sheet, station, digits, number, made, x, y)
    below = y + CARD[1] + 14
    sheet.text(A4[0] / 2, below, t("paper.print_full_size"), 9, colour=MUTED, anchor="middle")
    _paragraph(sheet, below + 12, t("key_paper.start_how"), 12)
    return sheet.save(target)


def _draw_card(sheet: Sheet, station: Station, digits: str, number: str, made: date, x: float, y: float) -> None:
    """The card with its upper left corner at (x, y)."""
    right = x + CARD[0] - PADDING
    word = sheet.text(right, y + 8.4, t("key_paper.start_title"), 10, bold=True, colour=BRAND, anchor="right") + 3
    word += sheet.sample_mark(station.sample, right - word, y + 8.4)
    sheet.fitted(x + PADDING, y + 8.4, station.name, 10.5, CARD[0] - 2 * PADDING - word, bold=True)
    sheet.line(x + PADDING, y + 11.4, right, y + 11.4, colour=BRAND, points=0.75)
    code = qr.matrix(digits)
    quiet = CARD_CODE * qr.QUIET_ZONE / code.side
    sheet.code(code, x + PADDING - quiet, y + 15.5 - quiet, CARD_CODE)
    left = x + PADDING - 2 * quiet + CARD_CODE + 4
    sheet.text(left, y + 19.5, t("key_paper.card_number"), 9, colour=MUTED)
    sheet.text(left, y + 28.5, number, 22, bold=True, colour=BRAND)
    sheet.fitted(left, y + 36, t("key_paper.card_made", day=made.isoformat()), 9, right - left, colour=MUTED)
    sheet.fitted(x + PADDING, y + 49, t("key_paper.card_promise"), 8.5, CARD[0] - 2 * PADDING, colour=MUTED)
