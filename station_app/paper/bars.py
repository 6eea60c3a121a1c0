"""Bar codes of supplies as runs of modules: EAN-13 where the number is one, Code 128 for anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import UserMistake

LONGEST = 24
"""Characters of a code at most: more bars are too thin for a label."""
QUIET = 11
"""Empty modules on the left, ISO/IEC 15420; on the right 7 would do."""


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar code: its modules from the left, True is dark, without quiet zones; ``text`` is what it says."""

    text: str
    modules: tuple[bool, ...]

    @property
    def side(self) -> int:
        """Modules across, the quiet zones included."""
        return len(self.modules) + 2 * QUIET


def is_ean13(text: str) -> bool:
    """Whether this is a number of goods (GTIN-13, GB 12904) whose check digit holds."""
    from stdnum import ean

    return len(text) == 13 and bool(ean.is_valid(text))


def bars(text: str) -> Bars:
    """The bar code that says ``text``. Raises UserMistake ("labels.bad_code") for what none can say."""
    import zxingcpp

    if not text or len(text) > LONGEST or not text.isascii() or not text.isprintable():
        raise UserMistake("labels.bad_code", text=text)
    kind = zxingcpp.BarcodeFormat.EAN13 if is_ean13(text) else zxingcpp.BarcodeFormat.Code128
    try:
        image = zxingcpp.create_barcode(text, kind).to_image(scale=1, add_quiet_zones=False, add_hrt=False)
    except ValueError as error:
        raise UserMistake("labels.bad_code", text=text) from error
    pixels = memoryview(image)  # type: ignore[arg-type]
    wide = pixels.shape[1] if pixels.shape else 0
    return Bars(text, tuple(level < 128 for level in bytes(pixels)[:wide]))


def draw(canvas: Any, code: Bars, x: float, y: float, wide: float, high: float) -> None:
    """Draw into a box of points whose lower left corner is (x, y), quiet zones included: one path, bars merged."""
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(wide / code.side, 1)
    canvas.setFillGray(0)
    path = canvas.beginPath()
    place = 0
    while place < len(code.modules):
        first = place
        while place < len(code.modules) and code.modules[place]:
            place += 1
        if place > first:
            path.rect(QUIET + first, 0, place - first, high)
        else:
            place += 1
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
