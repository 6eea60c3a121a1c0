"""QR codes as module grids, drawn as one vector path."""

from __future__ import annotations

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

    Choosing the best of the eight masks is most of the work: the ``mask`` of an earlier ``Code`` spares it.
    """
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


def runs(code: Code) -> Iterator[tuple[int, int, int]]:
    """Runs of dark modules as (row, first column, length), counted from the top left of the symbol."""
    for row, modules in enumerate(code.modules):
        column = 0
        while column < len(modules):
            first = column
            while column < len(modules) and modules[column]:
                column += 1
            if column > first:
                yield row, first, column - first
            column += 1


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
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(side / code.side, side / code.side)
    canvas.setFillGray(0)
    path = canvas.beginPath()
    for row, column, length in runs(code):
        path.rect(QUIET_ZONE + column, code.side - QUIET_ZONE - row - 1, length, 1)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
