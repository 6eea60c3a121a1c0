"""The two faces of everything printed, their glyphs and widths, and how Chinese text breaks into lines."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any

from ..errors import EnvironmentFault, Refused
from ..paths import asset

REGULAR = "NotoSansSC-Regular"
BOLD = "NotoSansSC-Bold"

SMALLEST = 4.0
"""Points; smaller type is a smudge."""
LEADING = 1.2
"""From one base line to the next, in sizes of the type."""

NEVER_FIRST = frozenset("，。、；：？！）〕］｝」』》〉】’”…—·％%")
NEVER_LAST = frozenset("（〔［｛「『《〈【‘“")
"""Marks that may not begin or end a line (GB/T 15834-2011, section 5)."""

_UNIT = re.compile(r"[ \t\u3000]+|[!-~\u00a1-\u00b6\u00b8-\u024f]+|.", re.DOTALL)
"""What stays together: blanks, a run of Latin letters and digits, or one Chinese character."""


@cache
def _face(font: str) -> Any:
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFError, TTFont

    path = asset("fonts", f"{font}.ttf")
    try:
        # asciiReadable would put all of ASCII into every file
        face = TTFont(font, str(path), asciiReadable=False)
    except (OSError, TTFError) as error:
        raise EnvironmentFault("paper.no_font", name=path.name) from error
    registerFont(face)
    return face


def _glyphs(font: str) -> Collection[int]:
    glyphs: Collection[int] = _face(font).face.charToGlyph
    return glyphs


def known(font: str) -> Collection[int]:
    """The characters that ``font`` can draw, by their code points."""
    return _glyphs(font)


def require_glyphs(text: str, font: str) -> None:
    """See that ``font`` can draw every character of ``text``: reportlab would leave a blank in the middle of a name.

    Raises Refused ("paper.missing_glyph": name, character, code) for the first one it cannot draw.
    """
    glyphs = _glyphs(font)
    for character in text:
        if ord(character) not in glyphs:
            shown = text if len(text) <= 24 else f"{text[:23]}…"
            raise Refused("paper.missing_glyph", name=shown, character=character, code=f"U+{ord(character):04X}")


def width(text: str, font: str, size: float) -> float:
    """The width of ``text`` on one line, in points."""
    points: float = _face(font).stringWidth(text, size)
    return points


def wrap(text: str, font: str, size: float, most: float) -> list[str]:
    """``text`` in lines no wider than ``most`` points; a line break in the text is kept, nothing is ever left out.

    Chinese breaks between any two characters but never before a closing or after an opening mark; Latin words and
    numbers stay whole unless one alone is wider than a line.
    """
    return [line for paragraph in text.splitlines() or [""] for line in _wrap_paragraph(paragraph, font, size, most)]


def _wrap_paragraph(text: str, font: str, size: float, most: float) -> Iterator[str]:
    line = ""
    for unit in _units(text):
        if width((line + unit).rstrip(), font, size) <= most:
            line += unit
            continue
        if line.strip():
            yield line.rstrip()
        line = unit.lstrip()
        while width(line.rstrip(), font, size) > most and len(line) > 1:
            fitting = max(1, sum(1 for end in range(1, len(line) + 1) if width(line[:end], font, size) <= most))
            yield line[:fitting]
            line = line[fitting:]
    yield line.rstrip()


def _units(text: str) -> Iterator[str]:
    """The pieces between which a line may break."""
    held = ""
    for unit in _UNIT.findall(text):
        if held and unit[0] not in NEVER_FIRST and held[-1] not in NEVER_LAST:
            yield held
            held = ""
        held += unit
    if held:
        yield held


def largest(texts: Iterable[str], font: str, size: float, most: float) -> float:
    """The largest type up to ``size`` points at which each of ``texts`` stands on one line of ``most`` points.

    Raises Refused ("paper.too_long") below 4 points, which nobody reads.
    """
    for text in texts:
        wide = width(text, font, size)
        if wide > most:
            size = math.floor(size * most / wide * 20) / 20
        if size < SMALLEST:
            raise Refused("paper.too_long", name=text)
    return size


def fit(text: str, font: str, sizes: tuple[float, float], box: tuple[float, float]) -> tuple[float, list[str]]:
    """The type, in points, at which ``text`` stands in a box of (width, height) points, and its lines.

    It shrinks from the first of ``sizes`` to the second on one line, then wraps and shrinks on. Raises Refused
    ("paper.too_long") when not even 4 points would do: a name is never cut.
    """
    first, size = sizes
    if width(text, font, size) <= box[0]:
        return largest([text], font, first, box[0]), [text]
    while size >= SMALLEST:
        lines = wrap(text, font, size, box[0])
        if len(lines) * size * LEADING <= box[1]:
            return size, lines
        size -= 0.5
    raise Refused("paper.too_long", name=text)
