"""Labels for 58 and 80 mm thermal printers: bitmaps of whole dots at 203 dpi, which such printers print as they are.

A module of a code is a whole number of dots, so no reader has to guess; everything is black or white.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault, Refused, UserMistake
from ..model import Person, Station
from ..paths import asset
from ..words import t
from . import bars, fonts, qr
from .badges import _faces

DOTS = 203 / 25.4
"""Dots in a millimetre."""
PRINTABLE = {58: 384, 80: 576}
"""Dots across that a printer of so many millimetres of paper can print (48 and 72 mm)."""
AIR = 12

Draw = Callable[[Any, Any], None]


def badge_labels(
    station: Station,
    cards: Sequence[Person],
    target: Path,
    *,
    wide: int = 58,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write one label for each badge, ``wide`` (58 or 80) mm of paper, as a page each; returns how many.

    Raises as ``badges.badge_sheet``, and UserMistake ("labels.bad_width").
    """
    _check_width(wide)
    pages = []
    faces = _faces(cards)
    for done, face in enumerate(faces):
        pages.append(_badge(station, face.name, face.number, qr.matrix(face.digits), PRINTABLE[wide]))
        if progress:
            progress(done + 1, len(faces))
    return _write(pages, wide, target)


def shelf_strips(goods: Sequence[tuple[str, str, str]], target: Path, *, wide: int = 58) -> int:
    """Write one label for each of (name, words below, code) as a page each; returns how many. Raises as ``badge_labels``."""
    _check_width(wide)
    if not goods:
        raise UserMistake("labels.nothing")
    return _write([_goods(name, below, bars.bars(code), PRINTABLE[wide]) for name, below, code in goods], wide, target)


def _check_width(wide: int) -> None:
    if wide not in PRINTABLE:
        raise UserMistake("labels.bad_width", wide=wide)


def _face(size: int, *, bold: bool = True) -> Any:
    from PIL import ImageFont

    return ImageFont.truetype(str(asset("fonts", f"{fonts.BOLD if bold else fonts.REGULAR}.ttf")), size)


def _fitting(text: str, size: int, most: int) -> Any:
    """The largest face up to ``size`` dots in which the text is at most ``most`` dots wide."""
    fonts.require_glyphs(text, fonts.BOLD)
    while size >= 14:
        font = _face(size)
        if font.getlength(text) <= most:
            return font
        size -= 2
    raise Refused("paper.too_long", name=text)


def _block(pen: Any, place: tuple[int, int], text: str, size: int, room: tuple[int, int]) -> None:
    """Text in a box of (width, height) dots with its upper left corner at ``place``: smaller, then wrapped, never cut."""
    fonts.require_glyphs(text, fonts.BOLD)
    while size >= 16:
        lines = fonts.wrap(text, fonts.BOLD, size, room[0])
        if len(lines) * size * fonts.LEADING <= room[1] and (len(lines) == 1 or size <= 30):
            for number, line in enumerate(lines):
                pen.text((place[0], place[1] + number * size * fonts.LEADING), line, font=_face(size), fill=0)
            return
        size -= 2
    raise Refused("paper.too_long", name=text)


def _sheet(across: int, down: int) -> tuple[Any, Any]:
    from PIL import Image, ImageDraw

    image = Image.new("1", (across, down), 1)
    return image, ImageDraw.Draw(image)


def _badge(station: Station, name: str, number: str, code: qr.Code, across: int) -> Any:
    module = 7 if across > 400 else 6
    side = code.side * module
    image, pen = _sheet(across, side + 2 * AIR)
    for row, first, length in qr.runs(code):
        x, y = (qr.QUIET_ZONE + first) * module, AIR + (qr.QUIET_ZONE + row) * module
        pen.rectangle((x, y, x + length * module - 1, y + module - 1), fill=0)
    left, room = side, across - side - 4
    _block(pen, (left, AIR + 6), name, 40, (room, 74))
    pen.text((left, AIR + 82), number, font=_fitting(number, 64, room), fill=0)
    pen.text((left, side - 30), station.name, font=_fitting(station.name, 22, room), fill=0)
    return image


def _goods(name: str, below: str, code: bars.Bars, across: int) -> Any:
    module = min(4, across // code.side)
    if module < 1:
        raise UserMistake("labels.bad_code", text=code.text)
    image, pen = _sheet(across, 236)
    _block(pen, (AIR, 4), name, 48, (across - 2 * AIR, 70))
    left = (across - len(code.modules) * module) // 2
    for place, dark in enumerate(code.modules):
        if dark:
            pen.rectangle((left + place * module, 76, left + (place + 1) * module - 1, 186), fill=0)
    said = f"{code.text}   {below}"
    pen.text((AIR, 196), said, font=_fitting(said, 26, across - 2 * AIR), fill=0)
    return image


def _write(pages: Sequence[Any], wide: int, target: Path) -> int:
    """A PDF whose pages are as wide as the paper, each holding one bitmap dot for dot."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    canvas: Any = Canvas("", pageCompression=1)
    canvas.setTitle(t("labels.title"))
    canvas.setViewerPreference("PrintScaling", "None")
    for image in pages:
        points = 72 / 203
        across, high = round(wide * DOTS), image.height * points
        canvas.setPageSize((across * points, high))
        data = io.BytesIO()
        image.save(data, "PNG")
        left = (across - image.width) // 2 * points  # a dot of the picture is a dot of the printer
        canvas.drawImage(ImageReader(data), left, 0, image.width * points, high)
        canvas.showPage()
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            file.write(canvas.getpdfdata())
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error
    return len(pages)
