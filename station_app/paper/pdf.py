"""A PDF being drawn: millimetres from the top left corner, checked type, and a file written whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from .. import words
from ..errors import EnvironmentFault
from . import bars, fonts, qr

POINT = 25.4 / 72
"""Millimetres in a point."""

A4 = (210.0, 297.0)
A4_LANDSCAPE = (297.0, 210.0)
A5 = (148.0, 210.0)

INK = 0x1F2523
MUTED = 0x636966
LINE = 0xBDB9AF
"""Darker than the screen's line: a hairline on paper has to survive a worn drum."""
BRAND = 0x0E6B5E
SOFT = 0xE3F1EE
SECOND = 0x8FC4BA
WARMING = 0xAD4A08

Anchor = Literal["left", "middle", "right"]


class Sheet:
    """Pages of one ``size`` in millimetres; ``offset_mm`` moves everything right and down."""

    def __init__(self, title: str, size: tuple[float, float], *, offset_mm: tuple[float, float] = (0, 0)) -> None:
        from reportlab import rl_config
        from reportlab.pdfgen.canvas import Canvas

        rl_config.useA85 = 0  # streams of bytes: as letters, for mail of the last century, they would be a quarter larger
        self.size = size
        self.page = 1
        self._shift = offset_mm
        language = "zh-CN" if words.language() == "zh" else "en"
        self._canvas: Any = Canvas("", pagesize=(size[0] / POINT, size[1] / POINT), pageCompression=1, lang=language)
        self._canvas.setTitle(title)
        # a card printed "to fit" is no longer the size of a card
        self._canvas.setViewerPreference("PrintScaling", "None")

    def next_page(self) -> None:
        """Go on with an empty page."""
        self._canvas.showPage()
        self.page += 1

    def _at(self, x: float, y: float) -> tuple[float, float]:
        return (x + self._shift[0]) / POINT, (self.size[1] - y - self._shift[1]) / POINT

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = 10,
        *,
        bold: bool = False,
        colour: int = INK,
        anchor: Anchor = "left",
    ) -> float:
        """One line of type of ``size`` points on the base line ``y``; returns its width in mm.

        Raises Refused ("paper.missing_glyph") for a character the face lacks.
        """
        font = fonts.BOLD if bold else fonts.REGULAR
        fonts.require_glyphs(text, font)
        points = fonts.width(text, font, size)
        left, base = self._at(x, y)
        left -= {"left": 0, "middle": points / 2, "right": points}[anchor]
        self._canvas.setFillColor(_colour(colour))
        self._canvas.setFont(font, size)
        self._canvas.drawString(left, base, text)
        return points * POINT

    def fitted(self, x: float, y: float, text: str, size: float, most: float, **style: Any) -> None:
        """One line as ``text()``, in smaller type where it would be wider than ``most`` mm.

        Raises Refused ("paper.too_long") when no legible type would do.
        """
        self.text(x, y, text, self.common_size([text], size, most, bold=bool(style.get("bold"))), **style)

    def common_size(self, texts: Iterable[str], size: float, most: float, *, bold: bool = False) -> float:
        """The one type, up to ``size`` points, at which each of ``texts`` is at most ``most`` mm wide."""
        return fonts.largest(texts, fonts.BOLD if bold else fonts.REGULAR, size, most / POINT)

    def block(
        self, x: float, y: float, text: str, sizes: tuple[float, float], box: tuple[float, float], *, bold: bool = False
    ) -> None:
        """Text in a ``box`` (width, height in mm) around the height ``y``: shrunk, then wrapped, never cut.

        Raises Refused ("paper.missing_glyph", "paper.too_long").
        """
        font = fonts.BOLD if bold else fonts.REGULAR
        fonts.require_glyphs(text, font)
        size, lines = fonts.fit(text, font, sizes, (box[0] / POINT, box[1] / POINT))
        step = size * fonts.LEADING * POINT
        # a Chinese character reaches 0.88 of its size above the base line and 0.12 below
        first = y - (len(lines) - 1) / 2 * step + 0.38 * size * POINT
        for number, line in enumerate(lines):
            self.text(x, first + number * step, line, size, bold=bold)

    def line(self, x1: float, y1: float, x2: float, y2: float, *, colour: int = LINE, points: float = 0.5) -> None:
        """A straight line."""
        self._canvas.setStrokeColor(_colour(colour))
        self._canvas.setLineWidth(points)
        self._canvas.line(*self._at(x1, y1), *self._at(x2, y2))

    def box(
        self,
        x: float,
        y: float,
        wide: float,
        high: float,
        *,
        fill: int | None = None,
        stroke: int | None = None,
        radius: float = 0,
    ) -> None:
        """A rectangle with its upper left corner at (x, y)."""
        left, bottom = self._at(x, y + high)
        if fill is not None:
            self._canvas.setFillColor(_colour(fill))
        if stroke is not None:
            self._canvas.setStrokeColor(_colour(stroke))
            self._canvas.setLineWidth(0.5)
        shape = (left, bottom, wide / POINT, high / POINT)
        painted = {"stroke": int(stroke is not None), "fill": int(fill is not None)}
        if radius:
            self._canvas.roundRect(*shape, radius / POINT, **painted)
        else:
            self._canvas.rect(*shape, **painted)

    def dashed_circle(self, x: float, y: float, wide: float) -> None:
        """A faint dashed circle of ``wide`` mm around (x, y): room kept for a seal."""
        self._canvas.setStrokeColor(_colour(LINE))
        self._canvas.setLineWidth(0.4)
        self._canvas.setDash(2, 2)
        self._canvas.circle(*self._at(x, y), wide / 2 / POINT, stroke=1, fill=0)
        self._canvas.setDash()

    def code(self, code: qr.Code, x: float, y: float, side: float) -> None:
        """A QR code with its quiet zone in a square of ``side`` mm with its upper left corner at (x, y)."""
        left, bottom = self._at(x, y + side)
        qr.draw(self._canvas, code, left, bottom, side / POINT)

    def bars(self, code: bars.Bars, x: float, y: float, wide: float, high: float) -> None:
        """A bar code with its quiet zones in a box with its upper left corner at (x, y)."""
        left, bottom = self._at(x, y + high)
        bars.draw(self._canvas, code, left, bottom, wide / POINT, high / POINT)

    def picture(self, data: bytes, x: float, y: float, wide: float, high: float) -> None:
        """A picture (JPEG or PNG bytes) as large as the box allows, in its middle; the box has its upper left corner at (x, y)."""
        import io

        from reportlab.lib.utils import ImageReader

        image = ImageReader(io.BytesIO(data))
        across, down = image.getSize()
        scale = min(wide / across, high / down)
        left, bottom = self._at(x + (wide - across * scale) / 2, y + high - (high - down * scale) / 2)
        self._canvas.drawImage(image, left, bottom, across * scale / POINT, down * scale / POINT, mask="auto")

    def sample_mark(self, sample: bool, right: float, y: float) -> float:
        """Where the figures are fictional, a small framed word ending at ``right``; returns the mm it took."""
        if not sample:
            return 0
        text, size = words.t("paper.sample"), 8
        wide = fonts.width(text, fonts.BOLD, size) * POINT + 3
        self.box(right - wide, y - 3.45, wide, 4.7, stroke=WARMING, radius=1)
        self.text(right - wide / 2, y, text, size, bold=True, colour=WARMING, anchor="middle")
        return wide + 2

    def repeated(self, name: str, x: float, y: float, draw: Callable[[], None]) -> None:
        """What many places of a document share: drawn at (0, 0) once by ``draw``, under its ``name``, and shown at (x, y)."""
        if not self._canvas.hasForm(name):
            margin = 72  # nothing that an offset moves over the edge is cut here
            wide, high = (side / POINT for side in self.size)
            self._canvas.beginForm(name, -margin, -margin, wide + margin, high + margin)
            draw()
            self._canvas.endForm()
        self._canvas.addLiteral(f"q 1 0 0 1 {x / POINT:.3f} {-y / POINT:.3f} cm")
        self._canvas.doForm(name)
        self._canvas.addLiteral("Q")

    def save(self, target: Path) -> int:
        """Write the file and return its pages: to a temporary name first, so that ``target`` is whole or untouched.

        Raises EnvironmentFault ("paper.cannot_write") when the disk refuses or another program holds the file.
        """
        self._canvas.showPage()
        _repair_far_characters(self._canvas._doc)
        data: bytes = self._canvas.getpdfdata()
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise EnvironmentFault("paper.cannot_write", name=target.name) from error
        return self.page


def _colour(rgb: int) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(rgb)


def _repair_far_characters(document: Any) -> None:
    """Let a rare name be found and copied: characters beyond U+FFFF as UTF-16 pairs (ISO 32000-1, section 9.10.3).

    reportlab writes their bare number, which readers take for other characters. Its tables appear when the fonts are
    added, which happens at the very end unless it was done before.
    """
    while document.delayedFonts:
        document.delayedFonts.pop(0).addObjects(document)
    for name, piece in document.idToObject.items():
        if name.startswith("toUnicodeCMap:"):
            piece.content = re.sub(r"<([0-9A-F]{5,6})>", lambda far: f"<{_utf16(far[1])}>", piece.content)


def _utf16(number: str) -> str:
    return chr(int(number, 16)).encode("utf-16-be").hex().upper()
