"""QR codes as module grids, drawn as one vector path."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault

QUIET_ZONE = 4
"""Empty modules every reader may expect on each side (ISO/IEC 18004, section 9.1)."""


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code: rows of modules from the top, True is dark, without the quiet zone; ``mask`` is its pattern (0-7)."""

    modules: tuple[tuple[bool, ...], ...]
    mask: int

    @property
    def side(self) -> int:
        """Modules on a side, the quiet zone included."""
        return len(self.modules) + 2 * QUIET_ZONE


def matrix(text: str, *, mask: int | None = None) -> Code:
    """The code for ``text`` at error correction M, in the smallest version (digits: 22 of them fit version 1).

    Digits are what is printed by the thousand: zxing-cpp makes them forty times as fast as the library for words. There choosing
    the best of the eight masks is most of the work: the ``mask`` of an earlier ``Code`` spares it.
    """
    if mask is None and text.isascii() and text.isdecimal():
        return _digits(text)
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    # one chunk, so that the library settles on one mode: numeric for digits
    code = QRCode(error_correction=ERROR_CORRECT_M)
    code.add_data(text, optimize=0)
    code.best_fit()
    chosen: int = code.best_mask_pattern() if mask is None else mask
    code.mask_pattern = chosen
    code.make(fit=False)
    return Code(tuple(tuple(bool(module) for module in row) for row in code.modules), chosen)


def _digits(text: str) -> Code:
    import zxingcpp

    image = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_image(scale=1, add_quiet_zones=False)
    pixels = memoryview(image)  # type: ignore[arg-type]
    dark = bytes(pixels).translate(_DARK)
    side = len(pixels)
    modules = tuple(tuple(map(bool, dark[first : first + side])) for first in range(0, side * side, side))
    told = int("".join("01"[module] for module in modules[8][2:5]), 2)
    return Code(modules, told ^ 0b101)  # the format says the mask, itself masked (ISO/IEC 18004, section 7.9)


_DARK = bytes(level < 128 for level in range(256))
_RUN = re.compile(b"\x01+")


def runs(code: Code) -> Iterator[tuple[int, int, int]]:
    """Runs of dark modules as (row, first column, length), counted from the top left of the symbol."""
    for row, modules in enumerate(code.modules):
        for run in _RUN.finditer(bytes(modules)):
            yield row, run.start(), run.end() - run.start()


def write_pictures(texts: Sequence[str], folder: Path, *, module: int = 6) -> int:
    """Write the codes of ``texts`` as ``code-001-of-006.png`` ... into a folder, ``module`` pixels each; returns how many.

    Raises EnvironmentFault ("paper.cannot_write").
    """
    from PIL import Image

    mask: int | None = None
    for place, text in enumerate(texts, 1):
        code = matrix(text, mask=mask)
        mask = code.mask
        small = Image.new("1", (code.side, code.side), 1)
        for row, first, length in runs(code):
            small.paste(0, (QUIET_ZONE + first, QUIET_ZONE + row, QUIET_ZONE + first + length, QUIET_ZONE + row + 1))
        name = f"code-{place:03d}-of-{len(texts):03d}.png"
        try:
            small.resize((code.side * module,) * 2, Image.Resampling.NEAREST).save(folder / name, optimize=True)
        except OSError as error:
            raise EnvironmentFault("paper.cannot_write", name=name) from error
    return len(texts)


def draw(canvas: Any, code: Code, x: float, y: float, side: float) -> None:
    """Draw ``code`` with its quiet zone into a square of ``side`` points whose lower left corner is (x, y).

    One path of whole-number rectangles, scaled once: small, and without hairlines between the rows of modules.
    """
    top, scale = code.side - QUIET_ZONE - 1, side / code.side
    path = " ".join(f"{QUIET_ZONE + column} {top - row} {length} 1 re" for row, column, length in runs(code))
    # written as PDF says it (ISO 32000-1, section 8.5.2.1): the library spends more on formatting the numbers than on all else
    canvas.addLiteral(f"q {scale:.5f} 0 0 {scale:.5f} {x:.3f} {y:.3f} cm 0 g {path} f Q")
