"""How this station prints: its colour, its mark, backs, the printer's offset. One way for the print room, the people page, commands.

::

    manner(db) -> Manner                                      as it is set in the print room
    print_badges(station, cards, target, manner) -> pages     ten on a sheet, one a card, or labels, by ``manner.form``
    print_labels(goods, target, form) -> pages                labels of goods_of(items) for the shelf, of things_of(assets) that are lent
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import settings
from ..db import Database
from ..errors import UserMistake
from ..model import Item, Person, Station
from ..services import preferences, prints
from ..services.loans import Asset
from ..services.supplies.barcodes import label_code
from ..words import t

if TYPE_CHECKING:
    from .badges import Look

Advance = Callable[[int, int], None]
LABEL = "label"
"""What the forms that are labels begin with; the width in mm follows."""


@dataclass(frozen=True, slots=True)
class Manner:
    """A form of ``settings.PRINT_FORM``, with backs or not, the offset in mm right and down, a colour, the mark as a JPEG."""

    form: str = "sheet"
    back: bool = False
    offset: tuple[float, float] = (0.0, 0.0)
    colour: str = "green"
    logo: bytes | None = None

    @property
    def look(self) -> Look:
        """How the cards look."""
        from .badges import Look

        return Look(self.colour, self.logo)

    @property
    def wide(self) -> int:
        """The width of labels in mm, 0 for other forms."""
        return int(self.form.removeprefix(LABEL)) if self.form.startswith(LABEL) else 0


def manner(db: Database) -> Manner:
    """As it is set in the print room."""
    return Manner(
        preferences.get(db, settings.PRINT_FORM), preferences.get(db, settings.PRINT_BACK) == "1",
        offset_of(preferences.get(db, settings.PRINT_OFFSET)), preferences.get(db, settings.BADGE_COLOUR), prints.logo(db),
    )  # fmt: skip


def offset_of(text: str) -> tuple[float, float]:
    """An offset as it is kept ("x,y" in mm). Raises UserMistake ("prints.bad_offset", "paper.offset_too_large")."""
    try:
        x, y = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise UserMistake("prints.bad_offset") from None
    if not max(abs(x), abs(y)) <= 5:
        raise UserMistake("paper.offset_too_large", most=5)
    return x, y


def print_badges(station: Station, cards: Sequence[Person], target: Path, how: Manner, progress: Advance | None = None) -> int:
    """Write the badges of these people as a PDF and return its pages. Raises as ``badges.badge_sheet`` and ``thermal``."""
    from . import badges, thermal

    if how.wide:
        return thermal.badge_labels(station, cards, target, wide=how.wide, progress=progress)
    if how.form == "single":
        return badges.badge_cards(station, cards, target, progress=progress, look=how.look, back=how.back)
    return badges.badge_sheet(station, cards, target, offset_mm=how.offset, progress=progress, look=how.look, back=how.back)


# --- shelf labels --------------------------------------------------------------------------------------------------------


def goods_of(items: Sequence[Item]) -> list[tuple[str, str, str]]:
    """(name, unit, code) of each supply."""
    return [(item.name, t("labels.unit", unit=item.unit), label_code(item)) for item in items]


def things_of(assets: Sequence[Asset]) -> list[tuple[str, str, str]]:
    """(name with its number, how long it is lent, code) of each thing that is lent."""
    return [(asset.title, t("labels.lent_for", hours=asset.due_hours), asset.code) for asset in assets]


def print_labels(goods: Sequence[tuple[str, str, str]], target: Path, how: Manner, progress: Advance | None = None) -> int:
    """Write a label for each of the goods as a PDF, on A4 or on labels, and return its pages. Raises as ``posters.shelf_labels``."""
    from . import posters, thermal

    if how.wide:
        return thermal.shelf_strips(goods, target, wide=how.wide)
    return posters.shelf_labels(goods, target, progress=progress)
