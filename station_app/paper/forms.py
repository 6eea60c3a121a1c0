"""A form as a district sends it (.xlsx): looked at without trusting it, and filled with everything else left as it was.

openpyxl reads and writes the file, so it keeps what openpyxl keeps: layout, merged cells, formulas, formats, print settings.
What it would lose is told by ``look`` before anything is filled. No macro is run, no link is followed; a file that unpacks too
far or spans too much is refused before it is parsed.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault, Refused
from ..services.bindings import Binding
from ..vault import write_whole

MAX_BYTES = 8 * 1024 * 1024
MAX_UNPACKED = 64 * 1024 * 1024
MAX_PARTS = 3_000
MAX_AREA = 200_000
"""Cells that merged cells and links may span: openpyxl lays each of them out."""
MOST_ROWS, MOST_COLUMNS = 500, 60
"""What is shown of a sheet, and where figures may stand."""
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What .xls begins with, and .xlsx under a password."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, OverflowError)

LOST: tuple[tuple[str, str], ...] = (
    ("macros", r"vbaProject|xl/macrosheets/"),
    ("controls", r"xl/(ctrlProps|activeX)/"),
    ("drawings", r"xl/(drawings/drawing|charts/|diagrams/)"),
    ("comments", r"xl/(threadedC|c)omments"),
    ("pivots", r"xl/(pivotTables|slicers|timelines)/"),
    ("queries", r"xl/(connections|queryTables/)"),
    ("links", r"xl/externalLinks/"),
    ("signature", r"_xmlsignatures/"),
    ("printer", r"xl/printerSettings/"),
)
"""Parts of a file that do not come through whole, by the code of what is said about them."""
_AREA = re.compile(rb'<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]*?\bref="([A-Z]{1,3})([0-9]{1,7})(?::([A-Z]{1,3})([0-9]{1,7}))?"')
_LABEL = re.compile(r"[：:]\s*$|[：:]\s{2,}|_{3,}")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as it is shown: its text (a formula as written), and whether it is a formula, a number, or framed by a border."""

    text: str
    formula: bool = False
    number: bool = False
    framed: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet: cells by (row, column) from 1; merged ranges as (row, column, last row, last column); widths in characters."""

    name: str
    rows: int
    columns: int
    cells: Mapping[tuple[int, int], Cell]
    merged: tuple[tuple[int, int, int, int], ...]
    widths: Mapping[int, float]
    protected: bool = False

    def text(self, row: int, column: int) -> str:
        """What stands in a cell, "" for nothing."""
        found = self.cells.get((row, column))
        return found.text if found is not None else ""

    def covered(self, row: int, column: int) -> bool:
        """Whether a merged range hides this cell behind its first."""
        return any(
            top <= row <= bottom and left <= column <= right and (row, column) != (top, left)
            for top, left, bottom, right in self.merged
        )


@dataclass(frozen=True, slots=True)
class Form:
    """A form that was looked at: its name and bytes, its sheets, what filling it would lose (codes with how many)."""

    name: str
    content: bytes
    sheets: tuple[Grid, ...]
    lost: tuple[tuple[str, int], ...]

    @property
    def labels(self) -> str:
        """A digest (hex) of everything written in it: another one means that the form was changed."""
        told = hashlib.sha256()
        for sheet in self.sheets:
            for (row, column), cell in sorted(sheet.cells.items()):
                if cell.text and not cell.number:
                    told.update(f"{sheet.name}\0{row}\0{column}\0{cell.text}\n".encode())
        return told.hexdigest()

    def sheet(self, name: str) -> Grid | None:
        """The sheet of this name."""
        return next((one for one in self.sheets if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Left:
    """A cell that was not filled and why (a code): formula, text, merged, no_sheet, no_value, label or empty."""

    sheet: str
    cell: str
    why: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of filling: cells written, cells that were not."""

    cells: int
    left: tuple[Left, ...]


# --- looking ------------------------------------------------------------------------------------------------------------


def look(path: Path) -> Form:
    """The form in a file. Refused for what is none, is too big, or cannot be read; for the old format with what to do."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Refused("forms.no_file", name=path.name) from error
    return form(data, path.name)


def form(data: bytes, name: str) -> Form:
    """The form in these bytes; Refused as ``look``."""
    if data.startswith(OLD):
        raise Refused("forms.old_format", name=name)
    if len(data) > MAX_BYTES:
        raise Refused("forms.too_big", name=name, most=MAX_BYTES // (1024 * 1024))
    parts = _parts(data, name)
    book = _book(parts, name)
    sheets = tuple(_grid(sheet) for sheet in book.worksheets)
    return Form(name, data, sheets, tuple(_lost(parts)))


def _parts(data: bytes, name: str) -> dict[str, bytes]:
    """The parts of the zip, unpacked no further than their measured sizes; Refused for anything suspicious."""
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = [one for one in packed.infolist() if not one.is_dir()]
            if len(infos) > MAX_PARTS or sum(one.file_size for one in infos) > MAX_UNPACKED:
                raise Refused("forms.unpacks_too_far", name=name)
            for one in infos:
                if one.flag_bits & 1 or one.filename in parts or one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise Refused("forms.damaged", name=name)
                parts[one.filename] = packed.read(one)  # to its declared size and not a byte further
    except (*UNREADABLE, ValueError) as error:
        raise Refused("forms.damaged" if data.startswith(b"PK") else "forms.no_form", name=name) from error
    if "xl/workbook.xml" not in parts:
        raise Refused("forms.no_form", name=name)
    for part, content in parts.items():
        if part.endswith((".xml", ".rels", ".vml")):
            # no office writes an entity or another encoding into a sheet; both are ways around a bound
            if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
                raise Refused("forms.damaged", name=name)
            if part.startswith("xl/worksheets/") and sum(map(_area, _AREA.finditer(content))) > MAX_AREA:
                raise Refused("forms.unpacks_too_far", name=name)
    return parts


def _area(found: re.Match[bytes]) -> int:
    def column(letters: bytes) -> int:
        number = 0
        for letter in letters:
            number = number * 26 + letter - 64
        return number

    if found[3] is None:
        return 1
    return (abs(column(found[3]) - column(found[1])) + 1) * (abs(int(found[4]) - int(found[2])) + 1)


def _book(parts: Mapping[str, bytes], name: str) -> Any:
    import warnings

    from openpyxl import load_workbook

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as packed:
        for part, data in parts.items():
            packed.writestr(part, data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of what it loses; we say so ourselves, in the keeper's language
            return load_workbook(content, rich_text=True)
    except Exception as error:  # whatever a broken file makes the parser say
        raise Refused("forms.damaged", name=name) from error


def _lost(parts: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    for code, pattern in LOST:
        found = sum(1 for part in parts if re.match(pattern, part) or (code == "macros" and re.search(pattern, part)))
        if found:
            yield code, found
    extras = sum(1 for part, data in parts.items() if part.startswith("xl/worksheets/") and b"<extLst" in data)
    if extras:
        yield "extras", extras


def _grid(sheet: Any) -> Grid:
    from openpyxl.utils import column_index_from_string

    rows, columns = min(sheet.max_row, MOST_ROWS), min(sheet.max_column, MOST_COLUMNS)
    cells: dict[tuple[int, int], Cell] = {}
    for line in sheet.iter_rows(1, rows, 1, columns):
        for cell in line:
            border = cell.border if cell.has_style else None
            sides = (border.left, border.right, border.top, border.bottom) if border is not None else ()
            framed = any(side is not None and side.style for side in sides)
            if cell.value is not None or framed:
                number = cell.data_type == "n" and cell.value is not None
                cells[cell.row, cell.column] = Cell(_shown(cell.value), cell.data_type == "f", number, framed)
    merged = tuple((one.min_row, one.min_col, one.max_row, one.max_col) for one in sheet.merged_cells.ranges)
    widths = {column_index_from_string(name): one.width for name, one in sheet.column_dimensions.items() if one.width}
    return Grid(sheet.title, rows, columns, cells, merged, widths, bool(sheet.protection.sheet))


def _shown(content: object) -> str:
    text = getattr(content, "text", content)  # an array formula
    if content is None:
        return ""
    return str(int(text)) if isinstance(text, float) and text.is_integer() else str(text)


# --- filling ------------------------------------------------------------------------------------------------------------


def fill(seen: Form, binding: Binding, values: Mapping[tuple[str, str], int | float | str], target: Path) -> Filled:
    """Write the form to ``target`` with ``values`` by (sheet, cell); it computes itself anew when it is opened.

    A formula is never overwritten, nor a text that is not the label a value stands behind: such cells are in the answer, with
    those that still wait for somebody. Refused ("forms.damaged"), EnvironmentFault ("paper.cannot_write").
    """
    book = _book(_parts(seen.content, seen.name), seen.name)
    left: list[Left] = []
    written = 0
    for one in binding.cells:
        why = "no_sheet" if one.sheet not in book.sheetnames else "" if one.place in values else "no_value"
        if not why:
            why = _put(book[one.sheet][one.cell], values[one.place], one.after)
        if why:
            left.append(Left(one.sheet, one.cell, why, _text_at(seen, one.sheet, one.cell)))
        else:
            written += 1
    book.calculation.fullCalcOnLoad = True
    out = io.BytesIO()
    book.save(out)
    save(out.getvalue(), target)
    return Filled(written, (*left, *unbound(seen, binding)))


def save(data: bytes, target: Path) -> None:
    """Write a file whole or not at all; EnvironmentFault ("paper.cannot_write") when the disk says no or it is open elsewhere."""
    try:
        write_whole(target, data)
    except OSError as error:
        with suppress(OSError):
            target.with_name(f"{target.name}.new").unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error


def _put(cell: Any, content: int | float | str, after: str) -> str:
    """Write one cell; the code of why not, "" when it was written."""
    if type(cell).__name__ == "MergedCell":
        return "merged"
    if cell.data_type == "f":
        return "formula"
    if cell.value is not None and cell.data_type != "n" and _shown(cell.value).strip() != after.strip():
        return "text"
    write_cell(cell, content)
    return ""


def write_cell(cell: Any, content: Any) -> None:
    """Write a value that no spreadsheet takes for a formula: a text stays a text whatever it begins with."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(content, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", content)[:32_767]
        cell.data_type = "s"
    else:
        cell.value = content


def unbound(seen: Form, binding: Binding) -> Iterator[Left]:
    """The cells that still wait: labels with nothing behind them, empty cells inside a frame."""
    from openpyxl.utils import get_column_letter

    bound = {one.place for one in binding.cells}
    for sheet in seen.sheets:
        for (row, column), cell in sorted(sheet.cells.items()):
            name = f"{get_column_letter(column)}{row}"
            if (sheet.name, name) in bound or sheet.covered(row, column):
                continue
            beside = f"{get_column_letter(column + 1)}{row}"
            if cell.text and not cell.formula and _LABEL.search(cell.text) and (sheet.name, beside) not in bound:
                yield Left(sheet.name, name, "label", cell.text)
            elif not cell.text and cell.framed:
                yield Left(sheet.name, name, "empty")


def _text_at(seen: Form, sheet: str, cell: str) -> str:
    from openpyxl.utils.cell import coordinate_to_tuple

    found = seen.sheet(sheet)
    return found.text(*coordinate_to_tuple(cell)) if found is not None else ""
