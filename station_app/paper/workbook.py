"""Tables as a spreadsheet (.xlsx): typed cells, a head that stays in sight, long numbers as text, nothing in it a formula.

Rows are drawn one by one and written as they come, so that a long list costs no memory; ``progress`` counts them and may stop it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault, Refused
from ..words import t
from .forms import write_cell
from .table import harmless, write_table

MOST_ROWS = 1_048_000
"""What a sheet can hold, less its head."""
LONGEST_NUMBER = 11
"""Digits up to which a number stays one: fifteen lose their end in a spreadsheet, and a phone or card number is no amount."""
WIDEST = 48
TELL = 200
"""Rows between two words about the progress."""

Cell = str | int | float | date | datetime | None
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Tab:
    """One sheet: its name, the heads of its columns, rows of typed cells, how many there are (0: unknown), and a line on top.

    ``note`` says what was left out: the filters as they stood.
    """

    name: str
    heads: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]
    count: int = 0
    note: str = ""
    total: tuple[Cell, ...] = ()


def write_workbook(tabs: Sequence[Tab], target: Path, progress: Progress | None = None) -> int:
    """Write sheets to ``target`` and return the rows; to a temporary name first, so that it is whole or untouched.

    Refused ("paper.too_many_rows"), EnvironmentFault ("paper.cannot_write"), and whatever ``progress`` raises.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    rows = 0
    for tab in tabs:
        sheet = book.create_sheet(_title(tab.name, book.sheetnames))
        rows += _write(sheet, tab, progress)
    part = target.with_name(f"{target.name}.new")
    try:
        book.save(part)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error
    return rows


def write_csv(tab: Tab, target: Path, progress: Progress | None = None) -> int:
    """The same table as CSV with a byte order mark; long numbers keep their digits by an apostrophe. Raises as above."""
    count = 0

    def lines() -> Iterator[Sequence[str]]:
        nonlocal count
        yield tab.heads
        for row in (*tab.rows, tab.total) if tab.total else tab.rows:
            count += 1
            _tell(progress, count, tab.count)
            yield [_spelled(cell) for cell in row]

    write_table(lines(), target)
    return count - bool(tab.total)


def _spelled(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = harmless(cell)
        return f"'{text}" if text.isdecimal() and len(text) > LONGEST_NUMBER else text
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)


def typed(text: str, *, number: bool = False) -> Cell:
    """What is shown in a table as a cell of its type: an amount only in a column of amounts, an ISO day or moment as one."""
    tidy = text.strip()
    if number and re.fullmatch(r"[-+−]?\d{1,3}(,\d{3})*|[-+−]?\d+", tidy) and sum(map(str.isdigit, tidy)) <= LONGEST_NUMBER:
        return int(tidy.replace(",", "").replace("−", "-"))
    if number and re.fullmatch(r"-?[\d,]*\.\d+", tidy) and len(tidy) <= LONGEST_NUMBER:
        return float(tidy.replace(",", ""))
    with suppress(ValueError):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", tidy):
            return date.fromisoformat(tidy)
        if re.fullmatch(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", tidy):
            return datetime.fromisoformat(tidy)
    return text


def _write(sheet: Any, tab: Tab, progress: Progress | None) -> int:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    def cell(content: Cell, *, bold: bool = False, fill: bool = False) -> Any:
        made = WriteOnlyCell(sheet)
        if isinstance(content, datetime) and content.tzinfo is not None:
            content = content.replace(tzinfo=None)  # a spreadsheet knows no zones: the wall clock's time stays
        write_cell(made, content)
        if isinstance(content, str):
            made.number_format = "@"
            made.alignment = Alignment(vertical="top", wrap_text=len(content) > WIDEST)
        elif isinstance(content, datetime):
            made.number_format = "yyyy-mm-dd hh:mm"
        elif isinstance(content, date):
            made.number_format = "yyyy-mm-dd"
        elif isinstance(content, float):
            made.number_format = "#,##0.0"
        elif isinstance(content, int):
            made.number_format = "#,##0"
        if bold:
            made.font = Font(bold=True)
        if fill:
            made.fill = PatternFill("solid", fgColor="E3F1EE")
        return made

    source = iter(tab.rows)
    first = [row for row, _ in zip(source, range(TELL), strict=False)]  # their widths stand for the rest
    top = 2 if tab.note else 1
    sheet.freeze_panes = f"A{top + 1}"
    for place, head in enumerate(tab.heads):
        wide = max([_wide(head) + 3, *(_wide(_spelled(row[place])) + 2 for row in first)])
        sheet.column_dimensions[get_column_letter(place + 1)].width = min(wide, WIDEST)
    if tab.note:
        sheet.append([cell(tab.note)])
    sheet.append([cell(head, bold=True, fill=True) for head in tab.heads])
    count = 0
    for row in chain(first, source):
        count += 1
        if count > MOST_ROWS:
            raise Refused("paper.too_many_rows", n=MOST_ROWS)
        _tell(progress, count, tab.count)
        sheet.append([cell(content) for content in row])
    sheet.auto_filter.ref = f"A{top}:{get_column_letter(max(len(tab.heads), 1))}{top + count}"
    if tab.total:
        sheet.append([cell(content, bold=True) for content in tab.total])
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", 9, 0
    sheet.sheet_properties.pageSetUpPr = _fitted()
    sheet.print_title_rows = f"{top}:{top}"
    return count


def _fitted() -> Any:
    from openpyxl.worksheet.properties import PageSetupProperties

    return PageSetupProperties(fitToPage=True)


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None and (done % TELL == 0 or done == 1):
        progress(done, max(total, done))


def _wide(text: str) -> int:
    """The columns a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _title(name: str, taken: Sequence[str]) -> str:
    """A sheet's name as a spreadsheet allows it, none twice."""
    tidy = re.sub(r"[\\/*?:\[\]']", " ", name)[:28].strip() or t("paper.sheet")
    number = 2
    found = tidy
    while found in taken:
        found, number = f"{tidy} {number}", number + 1
    return found
