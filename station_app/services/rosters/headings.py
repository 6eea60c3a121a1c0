"""The head of a list: which row it is, which column means what, and how a cell's text is tidied.

Shared by the lists of people (``rosters``) and of items (``item_lists``). Pure: text in, text out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from . import tabular
from .tabular import MAX_BYTES, MAX_ROWS, FindHeader, Row, Sheet

MAX_CELL = 200
"""No cell that is understood is longer; a whole paragraph in a name column is a mistake, not a name."""

Field = TypeVar("Field", bound=StrEnum)


class Fate(StrEnum):
    """What becomes of a row; every row has exactly one."""

    TAKE = "take"
    MERGE = "merge"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row fares as it does, or what was read differently from what stands there: a sentence id and its fields."""

    word: str
    fields: Mapping[str, Any] = field(default_factory=dict)


class RowRefused(Exception):
    """One row cannot be taken; the rest of the list can."""

    def __init__(self, word: str, /, **fields: Any) -> None:
        super().__init__(word)
        self.reason = Reason(word, fields)


# --- text ------------------------------------------------------------------------------------------------------------

_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NOT_HAN = re.compile(f"[^{_HAN}]+")
_DOTS = re.compile(r"\s*[·•・‧∙⋅᛫]\s*")
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_SPACES = re.compile(r"\s+")
_NOTHING = frozenset({"-", "--", "---", "—", "——", "/", "\\", "无", "暂无", "没有", "n/a", "none", "null"})
"""What people write into a cell to say that it stays empty."""

_LIKE_A_FORMULA = re.compile(r"^[=@]|^[+\-](?![\d\s.,()+-]*$)")
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")
_UNWRITABLE = frozenset({"Cc", "Cs"})


def tidy(text: str) -> str:
    """Widths made even, one kind of middle dot, no space at the ends or beside a Han character; Han characters stay.

    What nobody sees goes: marks that turn the writing round, control characters, halves of characters.

    Compatibility forms of Han characters are kept as written, for a name is written as its bearer writes it.
    """
    if not text.isprintable():
        text = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cf", "Cc", "Cs"))
    if not text.isascii():
        text = _NOT_HAN.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    text = _SPACES.sub(" ", _BESIDE_HAN.sub("", _DOTS.sub("·", text))).strip()
    return "" if text.casefold() in _NOTHING else text


def key(text: str) -> str:
    """What two tidied texts have in common when they say the same: for comparing, never for showing."""
    return unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.casefold()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would run this text; a signed number or a phone with +86 is none."""
    text = unicodedata.normalize("NFKC", text.strip())
    return bool(_LIKE_A_FORMULA.match(text)) and text.casefold() not in _NOTHING


_AROUND_HEADING = re.compile(r"\(.*?\)|\[.*?\]|[\s_*:#.、]")


def heading_key(text: str) -> str:
    """A heading without widths, spaces, stars and what stands in brackets: "* 姓 名（必填）" -> "姓名"."""
    if len(text) > MAX_CELL:  # no heading; the ends of thousands of open brackets would be looked for one by one
        return ""
    return _AROUND_HEADING.sub("", unicodedata.normalize("NFKC", text)).casefold()


# --- columns ---------------------------------------------------------------------------------------------------------

_SERIAL = frozenset({"序号", "序", "编号", "行号", "no", "序號", "id"})


def vocabulary(synonyms: Mapping[Field, str]) -> dict[str, Field]:
    """Field -> its headings, separated by spaces, turned into heading -> field; a code is its own heading."""
    return {heading_key(word): name for name, words in synonyms.items() for word in (*words.split(), name.value)}


@dataclass(frozen=True, slots=True)
class Columns(Generic[Field]):
    """Which column of a sheet holds which field; what was guessed can be corrected by the keeper."""

    headings: Row
    places: Mapping[Field, int]

    def with_column(self, name: Field, place: int | None) -> Columns[Field]:
        """The same with ``name`` read from column ``place`` (from 0) or from nowhere; a column serves one field."""
        if place is not None and not 0 <= place < len(self.headings):
            raise IndexError(place)
        places = {other: where for other, where in self.places.items() if other != name and where != place}
        return replace(self, places=places if place is None else {**places, name: place})

    def heading(self, place: int) -> str:
        """What stands over a column, for telling people; its letter as a spreadsheet shows it when nothing does."""
        text = self.headings[place].strip() if place < len(self.headings) else ""
        return text or (chr(64 + place // 26) if place >= 26 else "") + chr(65 + place % 26)

    def text(self, row: Sequence[str], name: Field) -> str:
        """The cell of a field as written; "" when the sheet has no such column or the row ends before it."""
        place = self.places.get(name)
        return row[place] if place is not None and place < len(row) else ""


def read_sheet(
    path: Path, words: Mapping[str, Field], *, max_bytes: int = MAX_BYTES, max_rows: int = MAX_ROWS
) -> Sheet:
    """The first sheet of a file with a header row among ``words`` (PEOPLE or ITEMS); raises Refused, see tabular."""
    return tabular.read_sheet(path, header_finder(words), max_bytes=max_bytes, max_rows=max_rows)


def map_columns(sheet: Sheet, words: Mapping[str, Field]) -> Columns[Field]:
    """The columns as their headings say; the first of two equal headings wins."""
    places: dict[Field, int] = {}
    for place, heading in enumerate(sheet.headings):
        name = words.get(heading_key(heading))
        if name is not None:
            places.setdefault(name, place)
    return Columns(sheet.headings, places)


def header_finder(words: Mapping[str, Field]) -> FindHeader:
    """A search for the row with most headings among ``words``; the first of several."""

    def find(rows: Sequence[Row]) -> tuple[int, int]:
        best, most = 0, 0
        for index, row in enumerate(rows):
            known = len({words[heading] for heading in map(heading_key, row) if heading in words})
            if known > most:
                best, most = index, known
        return best, most

    return find


# --- rows ------------------------------------------------------------------------------------------------------------


def list_rows(sheet: Sheet, most: int | None = None) -> Iterator[tuple[int, Row]]:
    """(index, row) of the list under the header, without blank lines and repeated headers; at most ``most`` of them.

    A line that holds nothing but its serial number is blank: forms come with the numbers printed.
    """
    serial = serial_places(sheet.headings)
    with_formula = {row for row, column in sheet.formulas if column not in serial}
    rows = (
        (index, row)
        for index, row in enumerate(sheet.rows[sheet.header + 1 :], sheet.header + 1)
        if row != sheet.headings
        and (index in with_formula or any(cell.strip() for place, cell in enumerate(row) if place not in serial))
    )
    return islice(rows, most)


def serial_places(headings: Row) -> frozenset[int]:
    """The columns of mere numbering: never read, so a formula there does no harm."""
    return frozenset(place for place, heading in enumerate(headings) if heading_key(heading) in _SERIAL)


def check_row(sheet: Sheet, index: int, columns: Columns[Field], serial: frozenset[int]) -> None:
    """Raises RowRefused for a formula anywhere but in the numbering, and for a cell that cannot be read."""
    row = sheet.rows[index]
    read = set(columns.places.values())
    if sheet.formulas:
        for place in range(max(len(row), len(sheet.headings))):
            if (index, place) in sheet.formulas and place not in serial:
                raise RowRefused("rosters.row_formula", column=columns.heading(place))
    for place, cell in enumerate(row):
        if not cell or place in serial:
            continue
        if cell.lstrip()[:1] in _FORMULA_SIGNS and is_formula(cell):
            raise RowRefused("rosters.row_formula", column=columns.heading(place))
        if place not in read:
            continue
        if len(cell) > MAX_CELL:
            raise RowRefused("rosters.row_too_long", column=columns.heading(place), most=MAX_CELL)
        if not cell.isprintable() and any(unicodedata.category(c) in _UNWRITABLE and c not in "\t\r\n" for c in cell):
            raise RowRefused("rosters.row_control", column=columns.heading(place))
        if "\ufffd" in cell:
            raise RowRefused("rosters.row_lost_character", column=columns.heading(place))
