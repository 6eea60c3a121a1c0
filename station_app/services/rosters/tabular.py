"""Bytes on disk -> one sheet of text: every kind of table a keeper may bring, read without trusting it.

Text (UTF-8, UTF-16 with BOM, GB18030, Big5; any usual delimiter), xlsx, ods and xls are told apart by their content,
never by their name. A spreadsheet is measured before it is parsed: what unpacks too far or spans too much is refused,
and of a zip the parser is handed only the parts that were measured. Formulas are found here because python-calamine
gives their last value only. Nothing is written, no macro or link is followed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers import expat

from ...errors import Refused
from . import compound

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

Row = tuple[str, ...]
FindHeader = Callable[[Sequence[Row]], tuple[int, int]]
"""Rows -> (index of the header row, how many headings it knows); (0, 0) when there is none."""

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 200_000
MAX_CELLS = 4_000_000
"""The area a sheet may span: the parser lays it out in full, 32 bytes a cell."""
MAX_UNPACKED = 128 * 1024 * 1024
MAX_COLUMNS = 500
HEADER_WITHIN = 20
"""The header row is looked for among this many first rows."""

DELIMITERS = ",;\t，；|"
ENCODINGS = ("utf-8", "gb18030", "big5hkscs")
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_FOREIGN = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"{\\rtf", b"\x7fELF")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype|html|head|meta|table|style|\?xml|\w+:?workbook)", re.IGNORECASE)
_HEAD_CHARACTERS = 65_536

_PRIVATE_USE = str.maketrans(
    {
        0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE831: 0x215D7, 0xE83B: 0x2298F, 0xE855: 0x241FE,
        0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7, 0xE832: 0x9FB8, 0xE843: 0x9FB9,
        0xE854: 0x9FBA, 0xE864: 0x9FBB,
    }
)  # fmt: skip
"""Python decodes GB18030 by its edition of 2000, which left these characters of people's names in the private use area;
the editions of 2005 and 2022 give them their Unicode places."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as read: ``rows[header]`` are the headings, the rows after it the list.

    ``name`` is "" for a text file; ``fingerprint`` is the SHA-256 of the file's bytes in hex; ``formulas`` holds the
    (row, column) of formula cells, both from 0; ``other_sheets`` names the sheets that were left aside; ``encoding`` is that
    of a text file.
    """

    file_name: str
    name: str
    fingerprint: str
    rows: tuple[Row, ...]
    header: int
    formulas: frozenset[tuple[int, int]] = frozenset()
    other_sheets: tuple[str, ...] = ()
    encoding: str = ""

    @property
    def headings(self) -> Row:
        """The header row as written."""
        return self.rows[self.header]


@dataclass(slots=True)
class Extent:
    """How far the filled cells of a sheet reach, and which of them hold a formula; measured before parsing.

    Raises Refused as soon as the sheet spans more than ``max_rows`` rows or MAX_CELLS cells.
    """

    file_name: str
    max_rows: int
    rows: int = 0
    columns: int = 0
    formulas: set[tuple[int, int]] = field(default_factory=set)

    def fill(self, row: int, column: int) -> None:
        """Note a filled cell."""
        self.rows = max(self.rows, row + 1)
        self.columns = max(self.columns, column + 1)
        if self.rows > self.max_rows:
            raise Refused("rosters.too_many_rows", name=self.file_name, n=self.max_rows)
        if self.rows * self.columns > MAX_CELLS:
            raise Refused("rosters.unpacks_too_far", name=self.file_name)


def read_sheet(
    path: Path, find_header: FindHeader, *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS
) -> Sheet:
    """The first sheet of ``path`` with a header row that ``find_header`` knows.

    Raises Refused with one sentence for a file that is missing, a folder, empty, too big, damaged, locked by a
    password, foreign, in an unknown encoding, or without such a header.
    """
    data = _bytes_of(path, max_bytes)
    name = path.name
    if data.startswith(b"PK\x03\x04"):
        return _read_zip(data, name, find_header, max_rows)
    if data.startswith(compound.MAGIC):
        return _read_xls(data, name, find_header, max_rows)
    if data.startswith(_FOREIGN) or data.startswith(b"PK"):
        raise Refused("rosters.foreign_file", name=name)
    return _read_text(data, name, find_header, max_rows)


def _bytes_of(path: Path, max_bytes: int) -> bytes:
    try:
        if path.is_dir():
            raise Refused("rosters.is_folder", name=path.name)
        if not path.is_file():
            raise Refused("rosters.no_file", name=path.name)
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise Refused("rosters.unreadable", name=path.name) from error
    if len(data) > max_bytes:
        raise Refused("rosters.too_big", name=path.name, most=max_bytes // (1024 * 1024))
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        raise Refused("rosters.empty_file", name=path.name)
    return data


def _fingerprint(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- text ------------------------------------------------------------------------------------------------------------


def _read_text(data: bytes, name: str, find_header: FindHeader, max_rows: int) -> Sheet:
    """Take the first encoding and the best delimiter under which a header row can be read."""
    encodings = next(((encoding,) for bom, encoding in _BOMS if data.startswith(bom)), ENCODINGS)
    decoded = False
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        decoded = True
        if _is_binary(text):
            raise Refused("rosters.foreign_file", name=name)
        if _WEB_PAGE.match(text):
            raise Refused("rosters.web_page", name=name)
        if encoding == "gb18030":
            text = text.translate(_PRIVATE_USE)
        delimiter = _delimiter(text, find_header)
        if delimiter:
            rows = tuple(_records(text, delimiter, name, max_rows))
            return Sheet(name, "", _fingerprint(data), rows, find_header(rows[:HEADER_WITHIN])[0], encoding=encoding)
    # a header that can be read although the bytes cannot all be: the text was damaged or cut
    torn = any(_delimiter(data.decode(encoding, "replace"), find_header) for encoding in encodings)
    if not decoded or torn:
        raise Refused("rosters.wrong_encoding", name=name)
    raise Refused("rosters.no_header", name=name, within=HEADER_WITHIN)


def _is_binary(text: str) -> bool:
    head = text[:_HEAD_CHARACTERS]
    control = sum(1 for character in head if character < " " and character not in "\t\r\n\f")
    # a stray control character refuses its row; many of them are no text
    return "\0" in text or control > 3 + len(head) // 100


def _delimiter(text: str, find_header: FindHeader) -> str:
    """The delimiter under which most headings are known, or "" when none is under any."""
    best, most = "", 0
    for delimiter in DELIMITERS:
        # not strict, and shorter than the longest cell of the csv module: nothing in it can be wrong
        reader = csv.reader(io.StringIO(text[:_HEAD_CHARACTERS], newline=""), delimiter=delimiter)
        known = find_header([tuple(record) for record in islice(reader, HEADER_WITHIN)])[1]
        if known > most:
            best, most = delimiter, known
    return best


def _records(text: str, delimiter: str, name: str, max_rows: int) -> Iterator[Row]:
    """The records of a delimited text; blank lines count, so that row numbers are those a spreadsheet shows.

    Strict: after an unpaired quote the rest of the file would be one silent cell.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, record in enumerate(reader, 1):
            if number > max_rows:
                raise Refused("rosters.too_many_rows", name=name, n=max_rows)
            if len(record) > MAX_COLUMNS:
                raise Refused("rosters.too_wide", name=name, line=number, most=MAX_COLUMNS)
            yield tuple(record)
    except csv.Error as error:
        raise Refused("rosters.broken_quotes", name=name, line=number + 1) from error


# --- spreadsheets ----------------------------------------------------------------------------------------------------


def cell_text(content: str | bool | float | datetime | date | time | timedelta) -> str:
    """A cell as text: whole numbers without a point (a phone), dates as ISO 8601, booleans as TRUE and FALSE."""
    match content:
        case str():
            return content
        case bool():
            return str(content).upper()
        case float() if content.is_integer() and abs(content) < 1e15:
            return str(int(content))
        case datetime() if content.time() == time():
            return content.date().isoformat()
        case datetime() | date() | time():
            return content.isoformat()
    return str(content)


Measure = Callable[[int, str], Extent | None]
"""(index, name of a sheet) -> how far it reaches; None for a sheet that is not to be found."""


@contextmanager
def _parsing(name: str) -> Iterator[None]:
    """Turn whatever a broken spreadsheet makes the parser say into one sentence."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError as error:
        raise Refused("rosters.password", name=name) from error
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise Refused("rosters.damaged", name=name) from error
    except BaseException as error:
        # the parser is written in Rust; its panics arrive outside Exception, under a class that cannot be imported
        if type(error).__name__ != "PanicException":
            raise
        raise Refused("rosters.damaged", name=name) from error


def _first_with_header(
    content: bytes, data: bytes, name: str, find_header: FindHeader, measure: Measure
) -> Sheet:
    """The first visible sheet with a header; ``measure`` tells its extent before it is parsed."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with _parsing(name):
        book: CalamineWorkbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = book.sheets_metadata
    cells = 0
    for index, sheet in enumerate(sheets):
        if sheet.typ != SheetTypeEnum.WorkSheet or sheet.visible != SheetVisibleEnum.Visible:
            continue
        extent = measure(index, sheet.name)
        if extent is None:
            raise Refused("rosters.damaged", name=name)
        cells += extent.rows * extent.columns
        if cells > MAX_CELLS:
            raise Refused("rosters.unpacks_too_far", name=name)
        with _parsing(name):
            lines = book.get_sheet_by_index(index).to_python(skip_empty_area=False)
        rows = tuple(tuple(cell_text(cell) for cell in line) for line in lines)
        # the parser drops rows at the end that hold nothing but formulas without a value
        rows += ((),) * (extent.rows - len(rows))
        header, known = find_header(rows[:HEADER_WITHIN])
        if known:
            others = tuple(other.name for other in sheets if other.name != sheet.name)
            return Sheet(name, sheet.name, _fingerprint(data), rows, header, frozenset(extent.formulas), others)
    raise Refused("rosters.no_header", name=name, within=HEADER_WITHIN)


def _read_zip(data: bytes, name: str, find_header: FindHeader, max_rows: int) -> Sheet:
    parts = _parts(data, name)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as packed:
        for part, unpacked in parts.items():
            packed.writestr(part, unpacked)
    if "xl/workbook.xml" in parts:
        places = _xlsx_sheets(parts, name)

        def xlsx_extent(_: int, sheet: str) -> Extent | None:
            part = parts.get(places.pop(sheet, ""))
            return None if part is None else _xlsx_extent(part, Extent(name, max_rows))

        return _first_with_header(content.getvalue(), data, name, find_header, xlsx_extent)
    if "content.xml" in parts and parts.get("mimetype", b"").endswith(b"opendocument.spreadsheet"):
        if b"encryption-data" in parts.get("META-INF/manifest.xml", b""):
            raise Refused("rosters.password", name=name)
        extents = _ods_extents(parts["content.xml"], name, max_rows)
        return _first_with_header(content.getvalue(), data, name, find_header, _by_place(extents, name))
    raise Refused("rosters.foreign_file", name=name)


def _parts(data: bytes, name: str) -> dict[str, bytes]:
    """The XML parts of a zip, unpacked no further than MAX_UNPACKED whatever its directory claims."""
    parts: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            wanted = [info for info in packed.infolist() if info.filename.endswith((".xml", ".rels", "mimetype"))]
            if sum(info.file_size for info in wanted) > MAX_UNPACKED:
                raise Refused("rosters.unpacks_too_far", name=name)
            for info in wanted:
                if info.flag_bits & 1:
                    raise Refused("rosters.password", name=name)
                if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.filename in parts:
                    raise Refused("rosters.damaged", name=name)
                # a member is read to its declared size and not a byte further
                parts[info.filename] = packed.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise Refused("rosters.damaged", name=name) from error
    return parts


def _parse_xml(
    part: bytes, name: str, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None]
) -> None:
    """Stream one XML part; a document type (and with it every entity) is refused."""
    parser = expat.ParserCreate()

    def doctype(*_: object) -> None:
        raise Refused("rosters.damaged", name=name)

    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    try:
        parser.Parse(part, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        raise Refused("rosters.damaged", name=name) from error


def _ignore(_: str) -> None:
    """The end of an element that nothing depends on."""


def _xlsx_sheets(parts: dict[str, bytes], name: str) -> dict[str, str]:
    """Sheet name -> part, each part once (ECMA-376 part 1, 18.2.19 and part 2, 9.3)."""
    targets: dict[str, str] = {}
    places: dict[str, str] = {}

    def relation(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "Relationship":
            target = attributes.get("Target", "")
            place = target[1:] if target.startswith("/") else target if target.startswith("xl/") else f"xl/{target}"
            targets[attributes.get("Id", "")] = place

    def sheet(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "sheet":
            key = next((text for label, text in attributes.items() if label.rpartition(":")[2] == "id"), "")
            places[attributes.get("name", "")] = targets.get(key, "")

    _parse_xml(parts.get("xl/_rels/workbook.xml.rels", b""), name, relation, _ignore)
    _parse_xml(parts["xl/workbook.xml"], name, sheet, _ignore)
    if len(set(places.values())) < len(places):
        raise Refused("rosters.damaged", name=name)
    return places


_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})", re.ASCII)


def _xlsx_extent(part: bytes, extent: Extent) -> Extent:
    row = column = -1

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column
        tag = tag.rpartition(":")[2]
        if tag == "row":
            row = _count(attributes.get("r", str(row + 2)), extent.file_name) - 1
            column = -1
        elif tag == "c":
            reference = attributes.get("r")
            column += 1
            if reference is not None:
                found = _REFERENCE.fullmatch(reference)
                if not found:
                    raise Refused("rosters.damaged", name=extent.file_name)
                column = sum((ord(c) - 64) * 26**i for i, c in enumerate(reversed(found[1].upper()))) - 1
                row = int(found[2]) - 1
        elif tag in ("v", "is", "f"):
            extent.fill(row, column)
            if tag == "f":
                extent.formulas.add((row, column))

    _parse_xml(part, extent.file_name, start, _ignore)
    return extent


def _count(text: str, name: str) -> int:
    """A row number or a repetition, from 1 to the most rows any spreadsheet has."""
    if text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= 1_048_576:
        return int(text)
    raise Refused("rosters.damaged", name=name)


def _ods_extents(part: bytes, name: str, max_rows: int) -> list[Extent]:
    """The extents of all tables of an OpenDocument spreadsheet; what is repeated counts as often as it stands."""
    extents: list[Extent] = []
    row = column = 0
    rows_of_this = 0
    filled: list[tuple[int, int, bool]] = []
    cell: tuple[int, int, bool] | None = None

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, rows_of_this, cell
        if tag == "table:table":
            extents.append(Extent(name, max_rows))
            row = 0
        elif tag == "table:table-row":
            rows_of_this = _count(attributes.get("table:number-rows-repeated", "1"), name)
            column = 0
            filled.clear()
        elif tag in ("table:table-cell", "table:covered-table-cell"):
            repeated = _count(attributes.get("table:number-columns-repeated", "1"), name)
            formula = "table:formula" in attributes
            cell = (column, repeated, formula)
            if formula or any(label.startswith("office:") for label in attributes):
                filled.append(cell)
            column += repeated
        elif tag == "text:p" and cell is not None and cell not in filled[-1:]:
            filled.append(cell)

    def end(tag: str) -> None:
        nonlocal row, cell
        if tag in ("table:table-cell", "table:covered-table-cell"):
            cell = None
        if tag != "table:table-row" or not extents:
            return
        extent = extents[-1]
        for first, repeated, formula in filled:
            extent.fill(row + rows_of_this - 1, first + repeated - 1)
            if formula:
                extent.formulas.update((row + i, first + j) for i in range(rows_of_this) for j in range(repeated))
        row += rows_of_this
        filled.clear()

    _parse_xml(part, name, start, end)
    return extents


def _read_xls(data: bytes, name: str, find_header: FindHeader, max_rows: int) -> Sheet:
    try:
        streams = compound.streams(data, ("Workbook", "Book", "EncryptedPackage"))
        if "EncryptedPackage" in streams:
            raise Refused("rosters.password", name=name)
        book = streams.get("Workbook", streams.get("Book"))
        if book is None:
            raise Refused("rosters.foreign_file", name=name)
        if compound.is_locked(book):
            raise Refused("rosters.password", name=name)
        starts = compound.sheet_starts(book)
        extents = [_xls_extent(book, start, Extent(name, max_rows)) for start in starts]
    except compound.Damaged as error:
        raise Refused("rosters.damaged", name=name) from error
    return _first_with_header(data, data, name, find_header, _by_place(extents, name))


def _xls_extent(book: bytes, start: int, extent: Extent) -> Extent:
    for row, column, formula in compound.cells(book, start):
        extent.fill(row, column)
        if formula:
            extent.formulas.add((row, column))
    return extent


def _by_place(extents: Sequence[Extent], name: str) -> Measure:
    """Sheets measured beforehand, all together, for formats whose parser reads every sheet at once."""
    if sum(extent.rows * extent.columns for extent in extents) > MAX_CELLS:
        raise Refused("rosters.unpacks_too_far", name=name)
    return lambda index, _: extents[index] if index < len(extents) else None
