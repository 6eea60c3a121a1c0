"""The ledgers (台账) on paper and as tables: their words, a PDF with headings and page numbers on every page, xlsx, CSV, blank forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from ..errors import EnvironmentFault
from ..model import Station
from ..services.ledgers import Cell, Column, Ledger, Line
from ..vault import write_whole
from ..words import label, t
from . import fonts
from .pdf import A4_LANDSCAPE, BRAND, INK, LINE, MUTED, POINT, SOFT, Sheet
from .table import harmless, write_table

CODES = frozenset({"in_use", "well", "not_well", "short", "already_given"})
"""Codes of a ledger that are no codes of the house."""
DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
MISSING = "〓"
"""Stands for a character that no face of ours has, as printers always did; the tables hold the character itself."""


# --- words ---------------------------------------------------------------------------------------------------------------


def title(ledger: Ledger) -> str:
    """What a ledger is called."""
    return t(f"ledgers.name_{ledger.name}")


def heading(column: Column) -> str:
    """What stands above a column."""
    return t(f"ledgers.column_{column.code}")


def said(cell: Cell) -> str:
    """A cell in words: codes by their label, moments to the minute, nothing for nothing."""
    if cell is None:
        return ""
    if isinstance(cell, tuple):
        return t("terms.list").join(label(one) for one in cell)
    if isinstance(cell, StrEnum):
        return label(cell)
    text = str(cell)
    if MOMENT.fullmatch(text):
        return text[:16].replace("T", " ")
    return t("terms.list").join(t(f"ledgers.code_{code}") for code in text.split()) if set(text.split()) & CODES else text


def span_line(ledger: Ledger, first: str, last: str, count: int) -> str:
    """Which days, and how many lines."""
    if not ledger.spans:
        return t("ledgers.as_of", day=last, n=count)
    return t("ledgers.span", first=first, last=last, n=count) if first != last else t("ledgers.day", day=first, n=count)


# --- tables --------------------------------------------------------------------------------------------------------------


def ledger_csv(ledger: Ledger, lines: Sequence[Line], target: Path) -> int:
    """Write a ledger as CSV with a byte order mark, nothing in it a formula; returns its lines."""
    write_table([[heading(column) for column in ledger.columns], *(list(map(said, line)) for line in lines)], target)
    return len(lines)


def ledger_xlsx(ledger: Ledger, lines: Sequence[Line], target: Path, *, about: str) -> int:
    """Write a ledger as .xlsx: every cell text but plain numbers, so that no long number is bent and nothing is a formula.

    ``about`` is the line above the headings. Raises EnvironmentFault ("paper.cannot_write") when the disk refuses.
    """
    from io import BytesIO

    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title(ledger)[:31]
    sheet.append([f"{title(ledger)}  {about}"])
    sheet.append([heading(column) for column in ledger.columns])
    for cell in (sheet["A1"], *sheet[2]):
        cell.font = Font(bold=True)
    for number, line in enumerate(lines, 3):
        for place, (column, content) in enumerate(zip(ledger.columns, line, strict=True), 1):
            cell = sheet.cell(number, place)
            if column.number and isinstance(content, int):
                cell.value = content
                continue
            cell.number_format = "@"
            cell.value = harmless(_sheet_text(said(content)))
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for place, column in enumerate(ledger.columns, 1):
        sheet.column_dimensions[sheet.cell(2, place).column_letter].width = max(6, column.share / 1.6)
    sheet.freeze_panes = "A3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    content_bytes = BytesIO()
    book.save(content_bytes)
    try:
        write_whole(target, content_bytes.getvalue())
    except OSError as error:
        with suppress(OSError):
            target.with_name(f"{target.name}.new").unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error
    return len(lines)


def _sheet_text(text: str) -> str:
    """Without what a workbook cannot hold: control characters other than line ends."""
    return re.sub(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


# --- PDF -----------------------------------------------------------------------------------------------------------------

EDGE, TOP, HEAD = 12.0, 33.0, 8.0
WIDE, HIGH = A4_LANDSCAPE
BOTTOM = HIGH - 26
"""Below it stand the signatures and the foot of the page."""
SIZE, STEP, PAD = 8.5, 4.0, 1.2
"""Points of the type, millimetres from line to line, millimetres beside it."""
BLANK_ROW = 9.0

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a ledger, broken to its columns."""

    cells: tuple[tuple[str, ...], ...]
    first: bool

    @property
    def high(self) -> float:
        return max(len(cell) for cell in self.cells) * STEP + 2 * PAD


def ledger_pdf(
    ledger: Ledger,
    lines: Sequence[Line],
    target: Path,
    *,
    station: Station,
    about: str,
    printed_on: date,
    names: bool = False,
    tell: Tell = lambda _done, _total: None,
) -> int:
    """Write a ledger to the PDF ``target`` and return its pages; ``about`` is the line below its title.

    Nothing is cut: a cell that is too long takes more lines, a line that is too high goes on on the next page. Raises what
    ``tell`` raises and EnvironmentFault ("paper.cannot_write").
    """
    widths = _widths(ledger)
    rows = []
    for number, line in enumerate(lines):
        if number % 200 == 0:
            tell(number, 2 * len(lines))
        rows.append(_broken([said(cell) for cell in line], widths))
    pages = _paged(rows)
    sheet = Sheet(title(ledger), A4_LANDSCAPE)
    told = about if names or not ledger.has_names else f"{about}{t('paper.separator')}{t('ledgers.no_names')}"
    for number, page in enumerate(pages):
        tell(len(lines) + number * len(lines) // len(pages), 2 * len(lines))
        if number:
            sheet.next_page()
        _head(sheet, ledger, widths, station, told)
        y = TOP + HEAD
        for row in page:
            _draw(sheet, y, row, widths, ledger.columns)
            y += row.high
        _grid(sheet, widths, y)
        if not lines:
            sheet.text(WIDE / 2, y + 8, t("ledgers.nothing"), 10, colour=MUTED, anchor="middle")
        _foot(sheet, number + 1, len(pages), t("paper.printed_on", day=printed_on.isoformat()), sign=number == len(pages) - 1)
    return sheet.save(target)


def blank_form(ledger: Ledger, target: Path, *, station: Station) -> int:
    """Write a ledger's empty form for pen and hand, and return its pages (1)."""
    widths = _widths(ledger)
    sheet = Sheet(title(ledger), A4_LANDSCAPE)
    _head(sheet, ledger, widths, station, t("ledgers.blank_about"))
    y = TOP + HEAD
    while y + BLANK_ROW <= BOTTOM:
        y += BLANK_ROW
        sheet.line(EDGE, y, WIDE - EDGE, y, points=0.3)
    _grid(sheet, widths, y)
    _foot(sheet, 1, 1, t("paper.footer"), sign=True)
    return sheet.save(target)


def _widths(ledger: Ledger) -> list[float]:
    whole = sum(column.share for column in ledger.columns)
    return [column.share * (WIDE - 2 * EDGE) / whole for column in ledger.columns]


def _broken(texts: Sequence[str], widths: Sequence[float]) -> _Row:
    cells: list[tuple[str, ...]] = []
    for text, wide in zip(texts, widths, strict=True):
        tidy = _drawable(text.replace("\t", " "))
        most = (wide - 2 * PAD) / POINT
        if "\n" not in tidy and fonts.width(tidy, fonts.REGULAR, SIZE) <= most:
            cells.append((tidy,))
        else:
            cells.append(tuple(fonts.wrap(tidy, fonts.REGULAR, SIZE, most)))
    return _Row(tuple(cells), True)


def _drawable(text: str) -> str:
    """``text`` with a mark for each character that the face lacks: a ledger is printed whatever somebody typed into a note."""
    known = fonts.known(fonts.REGULAR)
    if all(ord(character) in known or character == "\n" for character in text):
        return text
    return "".join(character if ord(character) in known or character == "\n" else _mark(ord(character)) for character in text)


def _mark(code: int) -> str:
    """What stands for a character that cannot be drawn; nothing for what has no look of its own."""
    return "" if code < 32 or 0xFE00 <= code <= 0xFE0F or code == 0x200D else MISSING


def _paged(rows: Sequence[_Row]) -> list[list[_Row]]:
    """The rows of each page; one higher than a page is parted."""
    room = BOTTOM - TOP - HEAD
    pages: list[list[_Row]] = [[]]
    left = room
    for row in (part for whole in rows for part in _parts(whole, room)):
        if row.high > left and pages[-1]:
            pages.append([])
            left = room
        pages[-1].append(row)
        left -= row.high
    return pages


def _parts(row: _Row, room: float) -> Iterator[_Row]:
    most = int((room - 2 * PAD) / STEP)
    many = max(len(cell) for cell in row.cells)
    for start in range(0, many, most):
        yield _Row(tuple(cell[start : start + most] for cell in row.cells), start == 0)


def _head(sheet: Sheet, ledger: Ledger, widths: Sequence[float], station: Station, about: str) -> None:
    right = WIDE - EDGE
    taken = sheet.sample_mark(station.sample, right, 17)
    wide = sheet.text(EDGE, 17, title(ledger), 15, bold=True) + 5
    sheet.fitted(EDGE + wide, 17, _drawable(station.name), 11, right - EDGE - wide - taken, bold=True, colour=BRAND)
    sheet.fitted(EDGE, 24.5, about, 9, right - EDGE, colour=MUTED)
    sheet.line(EDGE, 28, right, 28, colour=BRAND, points=0.75)
    sheet.box(EDGE, TOP, right - EDGE, HEAD, fill=SOFT)
    x = EDGE
    for column, room in zip(ledger.columns, widths, strict=True):
        sheet.block(x + PAD, TOP + HEAD / 2, heading(column), (8.5, 7), (room - 2 * PAD, HEAD - 0.6), bold=True)
        x += room


def _draw(sheet: Sheet, y: float, row: _Row, widths: Sequence[float], columns: Sequence[Column]) -> None:
    if row.first:
        sheet.line(EDGE, y, WIDE - EDGE, y, points=0.3)
    x = EDGE
    for cell, wide, column in zip(row.cells, widths, columns, strict=True):
        for number, text in enumerate(cell):
            if not text:
                continue
            base = y + PAD + number * STEP + 3.0
            if column.number:
                sheet.text(x + wide - PAD, base, text, SIZE, colour=INK, anchor="right")
            else:
                sheet.text(x + PAD, base, text, SIZE, colour=INK)
        x += wide


def _grid(sheet: Sheet, widths: Sequence[float], bottom: float) -> None:
    x = EDGE
    for wide in widths[:-1]:
        x += wide
        sheet.line(x, TOP, x, bottom, colour=LINE, points=0.3)
    sheet.box(EDGE, TOP, WIDE - 2 * EDGE, bottom - TOP, stroke=INK)


def _foot(sheet: Sheet, page: int, pages: int, below: str, *, sign: bool) -> None:
    right = WIDE - EDGE
    if sign:
        for place, text in enumerate((t("ledgers.sign_keeper"), t("ledgers.sign_checked"), t("ledgers.sign_date"))):
            x = EDGE + place * 92
            taken = sheet.text(x, HIGH - 17, text, 9.5) + 2
            sheet.line(x + taken, HIGH - 16.2, x + 82, HIGH - 16.2, colour=INK, points=0.4)
    sheet.fitted(EDGE, HIGH - 8, below, 8, right - EDGE - 40, colour=MUTED)
    sheet.text(right, HIGH - 8, t("paper.page", page=page, pages=pages), 8, colour=MUTED, anchor="right")
