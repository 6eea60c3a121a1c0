"""Pages of a PDF as bitmaps, for the preview, for printing and for the tests; no Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from ..errors import Refused

_pdfium = Lock()
"""PDFium must not be entered by two threads at once."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: ``rgb`` holds ``height`` rows of ``stride`` bytes, red, green and blue for each of ``width`` pixels."""

    width: int
    height: int
    stride: int
    rgb: bytes


def count(pdf: bytes | Path) -> int:
    """How many pages the PDF has. Raises Refused ("paper.unreadable")."""
    with _opened(pdf) as document:
        return len(document)


def size(pdf: bytes | Path) -> tuple[float, float]:
    """Width and height of the first page in mm. Raises Refused ("paper.unreadable")."""
    with _opened(pdf) as document:
        wide, high = document.get_page_size(0)
        return wide * 25.4 / 72, high * 25.4 / 72


def pages(pdf: bytes | Path, dpi: float, only: Iterable[int] | None = None) -> list[Page]:
    """The pages at ``dpi``, or ``only`` those of these numbers (from 0): an A4 page at 300 dpi is 26 MB.

    Raises Refused ("paper.unreadable") when the file is no PDF.
    """
    with _opened(pdf) as document:
        return [_bitmap(document, number, dpi) for number in (range(len(document)) if only is None else only)]


def _bitmap(document: Any, number: int, dpi: float) -> Page:
    page = document[number]
    try:
        bitmap = page.render(scale=dpi / 72, rev_byteorder=True)
        try:
            return Page(bitmap.width, bitmap.height, bitmap.stride, bytes(bitmap.buffer))
        finally:
            bitmap.close()
    finally:
        page.close()


@contextmanager
def _opened(pdf: bytes | Path) -> Iterator[Any]:
    from pypdfium2 import PdfDocument, PdfiumError

    with _pdfium:
        try:
            document = PdfDocument(pdf)
        except (PdfiumError, FileNotFoundError) as error:
            raise Refused("paper.unreadable", name="PDF" if isinstance(pdf, bytes) else pdf.name) from error
        try:
            yield document
        finally:
            document.close()
