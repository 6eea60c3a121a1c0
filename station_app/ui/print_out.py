"""To a real printer: the system's own dialog, then page after page as a bitmap at the printer's resolution.

::

    printers()                                  whether there is one at all
    ask_printer(parent, size_mm, then)          the system's print dialog; ``then(QPrinter)`` once somebody chose
    send(printer, pdf, progress) -> pages       any thread but one at a time; Cancelled between pages

The PDF is drawn by PDFium and lands where the paper says: margins are the printer's business, so pages are put on the whole
sheet, not on what it calls printable.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtWidgets import QWidget

from ..errors import EnvironmentFault
from .jobs import Progress

MOST_DPI = 300
"""A page at 600 dpi is 100 MB; a badge is read at 100."""


def printers() -> bool:
    """Whether the system knows a printer."""
    from PySide6.QtPrintSupport import QPrinterInfo

    return bool(QPrinterInfo.availablePrinterNames())


def printer_for(size_mm: tuple[float, float]) -> object:
    """A printer set to paper of this size, without margins of its own."""
    from PySide6.QtPrintSupport import QPrinter

    found = QPrinter(QPrinter.PrinterMode.HighResolution)
    found.setFullPage(True)
    turned = QPageSize(QSizeF(*reversed(size_mm)), QPageSize.Unit.Millimeter)
    across = turned.id() == QPageSize.PageSizeId.A4  # A4 laid across is A4 turned: no printer has a paper of that size
    size = turned if across else QPageSize(QSizeF(*size_mm), QPageSize.Unit.Millimeter)
    way = QPageLayout.Orientation.Landscape if across else QPageLayout.Orientation.Portrait
    found.setPageLayout(QPageLayout(size, way, QMarginsF(0, 0, 0, 0)))
    return found


def ask_printer(parent: QWidget, size_mm: tuple[float, float], both_sides: bool, then: Callable[[object], None]) -> None:
    """The system's print dialog beside the window; nothing waits for it."""
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    chosen = printer_for(size_mm)
    if not isinstance(chosen, QPrinter):
        return
    if both_sides:
        chosen.setDuplex(QPrinter.DuplexMode.DuplexLongSide)
    dialog = QPrintDialog(chosen, parent)
    dialog.setModal(False)
    dialog.accepted.connect(lambda: then(chosen))
    dialog.finished.connect(dialog.deleteLater)
    dialog.show()


def send(printer: object, pdf: Path, progress: Progress | None = None) -> int:
    """Print a PDF and return its pages. Raises EnvironmentFault ("printing.no_printer") when the printer takes nothing."""
    from PySide6.QtPrintSupport import QPrinter

    from ..paper import preview

    if not isinstance(printer, QPrinter):
        raise EnvironmentFault("printing.no_printer")
    pages = preview.count(pdf)
    dpi = min(printer.resolution(), MOST_DPI)
    painter = QPainter()
    if not painter.begin(printer):
        raise EnvironmentFault("printing.no_printer")
    try:
        for number in range(pages):
            if number and not printer.newPage():
                raise EnvironmentFault("printing.no_printer")
            [page] = preview.pages(pdf, dpi, [number])
            image = QImage(page.rgb, page.width, page.height, page.stride, QImage.Format.Format_RGB888)
            scale = printer.resolution() / dpi
            painter.drawImage(QRectF(0, 0, page.width * scale, page.height * scale), image)
            if progress is not None:
                progress(number + 1, pages)
    finally:
        painter.end()
    return pages
