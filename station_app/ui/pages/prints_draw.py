"""What the print room reads and draws: badges that wait, posters, labels, the sheet for a printer's offset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage

from ... import settings
from ...db import Database
from ...errors import UserMistake
from ...model import Item, Person, Station
from ...services import people, preferences, prints, supplies
from ..jobs import Progress

KINDS = ("badges", "poster", "labels", "offset")
FORMS = ("sheet", "single", "label58", "label80")
A4 = (210.0, 297.0)
MOST_SHOWN = 20
"""Cards in the preview."""
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be printed: a kind of ``KINDS``, a form of ``FORMS``, with backs or not, offset in mm, the poster's link."""

    kind: str
    form: str
    back: bool
    offset: tuple[float, float]
    link: str
    colour: str

    @property
    def paper(self) -> tuple[float, float]:
        """Its paper in mm."""
        if self.kind in ("badges", "labels") and self.form.startswith("label"):
            return (float(self.form[5:]), 40.0)
        return (85.6, 54.0) if self.kind == "badges" and self.form == "single" else A4


@dataclass(frozen=True, slots=True)
class Room:
    """What stands in the print room: how many badges wait, the settings, the station's mark, how many supplies have a label."""

    waiting: int
    offset: str
    form: str
    back: bool
    link: str
    colour: str
    logo: bytes | None
    goods: int


def read_room(db: Database) -> Room:
    """As it is now."""
    return Room(
        prints.waiting_count(db), preferences.get(db, settings.PRINT_OFFSET), preferences.get(db, settings.PRINT_FORM),
        preferences.get(db, settings.PRINT_BACK) == "1", preferences.get(db, settings.POSTER_LINK),
        preferences.get(db, settings.BADGE_COLOUR), prints.logo(db), len(supplies.items(db)),
    )  # fmt: skip


def offset_of(text: str) -> tuple[float, float]:
    """An offset as it is kept ("x,y" in mm). Raises UserMistake ("prints.bad_offset")."""
    try:
        x, y = (float(part) for part in text.replace("，", ",").split(","))
    except ValueError:
        raise UserMistake("prints.bad_offset") from None
    if max(abs(x), abs(y)) > 5:
        raise UserMistake("paper.offset_too_large", most=5)
    return x, y


def code_of(item: Item) -> str:
    """The bar code of a supply: the one on its package, or one of the house's own that stays as long as the supply does."""
    from ...paper.bars import internal_code

    if item.barcode:
        return item.barcode
    return internal_code(int.from_bytes(hashlib.sha256(item.id.encode()).digest()[:5], "big"))


def goods(db: Database) -> list[tuple[str, str, str]]:
    """(name, unit, code) of every supply on the shelf."""
    return [(item.name, item.unit, code_of(item)) for item in supplies.items(db)]


def cards(db: Database, most: int = 1000) -> list[Person]:
    """Whose badges wait, the longest waiting first."""
    ids = prints.waiting(db, most)
    found = [one for start in range(0, len(ids), CHUNK) for one in people.several(db, ids[start : start + CHUNK])]
    return [one for one in found if one.badge_code]


def draw(db: Database, station: Station, wish: Wish, path: Path, progress: Progress | None = None, most: int = 1000) -> list[str]:
    """Draw the wish as a PDF; the people whose badges are on it, by id. Raises what ``paper`` raises."""
    from ...paper import badges, posters, thermal

    look = badges.Look(wish.colour, prints.logo(db))
    if wish.kind == "poster":
        posters.ask_poster(station, path, link=wish.link, logo=look.logo, colour=look.ink)
        return []
    if wish.kind == "offset":
        badges.calibration_sheet(station, path, offset_mm=wish.offset)
        return []
    if wish.kind == "labels":
        if wish.form.startswith("label"):
            thermal.shelf_strips(goods(db), path, wide=int(wish.form[5:]))
        else:
            posters.shelf_labels(goods(db), path, progress=progress)
        return []
    db.require_sight("badge_sheet")
    found = cards(db, most)
    if wish.form.startswith("label"):
        thermal.badge_labels(station, found, path, wide=int(wish.form[5:]), progress=progress)
    elif wish.form == "single":
        badges.badge_cards(station, found, path, progress=progress, look=look, back=wish.back)
    else:
        badges.badge_sheet(station, found, path, offset_mm=wish.offset, progress=progress, look=look, back=wish.back)
    return [one.id for one in found]


def picture(path: Path, number: int) -> tuple[QImage, int]:
    """A page as a picture and how many there are."""
    from ...paper import preview

    pages = preview.count(path)
    number = min(max(number, 0), pages - 1)
    [page] = preview.pages(path, 110, [number])
    return QImage(page.rgb, page.width, page.height, page.stride, QImage.Format.Format_RGB888).copy(), pages
