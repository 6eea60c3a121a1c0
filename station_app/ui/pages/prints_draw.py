"""What the print room reads and draws: badges that wait, posters, labels, the sheet for a printer's offset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage

from ... import settings
from ...db import Database
from ...model import Person, Station
from ...paper.manner import Manner, goods_of, print_badges, print_labels, things_of
from ...services import loans, people, preferences, prints, supplies
from ..jobs import Progress

KINDS = ("badges", "poster", "labels", "things", "offset")
LABELS = ("labels", "things")
"""Those with a bar code on each: what is on the shelf, what is lent."""
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
        if self.kind in ("badges", *LABELS) and self.form.startswith("label"):
            return (float(self.form[5:]), 40.0)
        return (85.6, 54.0) if self.kind == "badges" and self.form == "single" else A4


@dataclass(frozen=True, slots=True)
class Room:
    """What stands in the print room: how many badges wait, the settings, the station's mark, how many supplies and
    how many things to lend have a label."""

    waiting: int
    offset: str
    form: str
    back: bool
    link: str
    colour: str
    logo: bytes | None
    goods: int
    things: int

    def labels(self, kind: str) -> int:
        """How many labels there are of a kind of ``LABELS``."""
        return self.goods if kind == "labels" else self.things


def read_room(db: Database) -> Room:
    """As it is now."""
    return Room(
        prints.waiting_count(db), preferences.get(db, settings.PRINT_OFFSET), preferences.get(db, settings.PRINT_FORM),
        preferences.get(db, settings.PRINT_BACK) == "1", preferences.get(db, settings.POSTER_LINK),
        preferences.get(db, settings.BADGE_COLOUR), prints.logo(db), len(supplies.items(db)), len(loans.assets(db)),
    )  # fmt: skip


def cards(db: Database, most: int = 1000) -> list[Person]:
    """Whose badges wait, the longest waiting first."""
    ids = prints.waiting(db, most)
    found = [one for start in range(0, len(ids), CHUNK) for one in people.several(db, ids[start : start + CHUNK])]
    return [one for one in found if one.badge_code]


def draw(db: Database, station: Station, wish: Wish, path: Path, progress: Progress | None = None, most: int = 1000) -> list[str]:
    """Draw the wish as a PDF; the people whose badges are on it, by id. Raises what ``paper`` raises."""
    from ...paper import badges, posters

    how = Manner(wish.form, wish.back, wish.offset, wish.colour, prints.logo(db))
    if wish.kind == "poster":
        posters.ask_poster(station, path, link=wish.link, logo=how.logo, colour=how.look.ink)
        return []
    if wish.kind == "offset":
        badges.calibration_sheet(station, path, offset_mm=wish.offset)
        return []
    if wish.kind in LABELS:
        marked = goods_of(supplies.items(db)) if wish.kind == "labels" else things_of(loans.assets(db))
        print_labels(marked, path, how, progress)
        return []
    db.require_sight("badge_sheet")
    found = cards(db, most)
    print_badges(station, found, path, how, progress)
    return [one.id for one in found]


def picture(path: Path, number: int) -> tuple[QImage, int]:
    """A page as a picture and how many there are."""
    from ...paper import preview

    pages = preview.count(path)
    number = min(max(number, 0), pages - 1)
    [page] = preview.pages(path, 110, [number])
    return QImage(page.rgb, page.width, page.height, page.stride, QImage.Format.Format_RGB888).copy(), pages
