"""Spreadsheets as bytes, made part by part: what is locked, bent or lies about itself gets its sentence, whatever bears it."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import IO

import pytest
import python_calamine
import xlwt
from openpyxl import Workbook

from station_app.errors import Refused
from station_app.services.rosters import PEOPLE, compound, map_columns, plan_people, read_sheet, tabular
from tests.services.test_rosters import DATA, GOOD, HEAD, ROWS, SHEET, changed, ods, packed, refusal, written, xls, xlsx

END, FREE, TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
"""Marks of a compound file: end of a chain, a free sector, one of the sector table."""


# --- old Excel files: the file system in the file ---------------------------------------------------------------------------


def record(kind: int, content: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


BEGIN_BOOK = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0x0600))
BEGIN_SHEET = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0x0600))
EOF = record(0x0A)


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text), 1) + text.encode("utf-16-le"))


def workbook(*cells: bytes) -> bytes:
    """A workbook of one sheet, as short as can be."""

    def bound(start: int) -> bytes:
        return record(0x85, struct.pack("<IBBBB", start, 0, 0, 1, 0) + b"S")

    start = len(BEGIN_BOOK + bound(0) + EOF)
    return BEGIN_BOOK + bound(start) + EOF + BEGIN_SHEET + b"".join(cells) + EOF


def filed(content: bytes, name: str = "Workbook", *, root: bool = True, more: tuple[int, ...] = (), circle: bool = False) -> bytes:
    """A compound file of one stream: a small one in sectors of 64 bytes where it is short, as Excel and WPS lay it.

    ``more`` are further sectors of the sector table's own table, each leading to the next; ``circle`` lets the stream's chain
    run back to its beginning.
    """
    small = len(content) < 4096
    body = [content[at : at + 512].ljust(512, b"\0") for at in range(0, len(content), 512)]
    first = 3
    chain = [first + number + 1 for number in range(len(body) - 1)] + [first if circle else END]
    table = [TABLE, END, END, *chain]
    pieces = -(-len(content) // 64)
    small_table = [*range(1, pieces), END] if small else []

    def entry(label: str, kind: int, start: int, size: int) -> bytes:
        told = label.encode("utf-16-le")
        return told.ljust(64, b"\0") + struct.pack("<HB49xII4x", len(told) + 2, kind, start, size)

    entries = [entry("Root Entry", 5, first if small else END, 512 * len(body))] if root else []
    entries.append(entry(name, 2, 0 if small else first, len(content)))
    header = compound.MAGIC + b"\0" * 16 + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 2, 1, more[0] if more else END, len(more))
    header += struct.pack("<109I", 0, *[FREE] * 108)
    sectors = [
        struct.pack("<128I", *table, *[FREE] * (128 - len(table))),
        b"".join(entries).ljust(512, b"\0"),
        struct.pack("<128I", *small_table, *[FREE] * (128 - len(small_table))),
        *body,
    ]
    return header + b"".join(sectors)


PEOPLE_CELLS = (label(0, 0, "姓名"), label(0, 1, "职业"), label(1, 0, "张三"), label(1, 1, "骑手"))
LONG = (*PEOPLE_CELLS, *(label(2 + number, 0, "李四" * 20) for number in range(60)))


@pytest.mark.parametrize("cells", [PEOPLE_CELLS, LONG], ids=["small", "large"])
def test_a_short_workbook_lies_in_small_sectors_and_is_read_like_a_long_one(tmp_path: Path, cells: tuple[bytes, ...]) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(filed(workbook(*cells)))
    sheet = read_sheet(path, PEOPLE)
    assert plan_people(sheet, map_columns(sheet, PEOPLE)).rows[0].name == "张三"
    assert len(sheet.rows) == len(cells) - 2


def test_the_table_may_go_on_in_sectors_of_its_own() -> None:
    content = workbook(*LONG)
    data = filed(content, more=(3 + -(-len(content) // 512),))
    data += struct.pack("<128I", *[FREE] * 127, END)
    assert compound.streams(data, ["Workbook"]) == {"Workbook": content}


BENT_FILES = {
    "a small stream without its container": filed(workbook(*PEOPLE_CELLS), root=False),
    "a stream that runs in a circle": filed(workbook(*LONG), circle=True),
    "a table that goes on in itself": filed(workbook(*LONG), more=(3,)).replace(
        workbook(*LONG)[:512], struct.pack("<128I", *[FREE] * 127, 3)
    ),
    "a table longer than the file": filed(b"\0" * 4096, more=(3,)).replace(
        b"\0" * 4096, struct.pack("<128I", *range(127), END) + b"\0" * 3584
    ),
    "sectors of a size nobody uses": filed(workbook(*LONG)).replace(struct.pack("<HH", 9, 6), struct.pack("<HH", 10, 6), 1),
    "a table beyond the end": filed(workbook(*LONG), more=(9999,)),
}


@pytest.mark.parametrize("kind", BENT_FILES)
def test_a_compound_file_that_leads_nowhere_is_damaged(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(BENT_FILES[kind])
    with pytest.raises(compound.Damaged):
        compound.streams(BENT_FILES[kind], ["Workbook"])
    assert refusal(path) == "damaged"


@pytest.mark.parametrize(("name", "word"), [("EncryptedPackage", "password"), ("WordDocument", "foreign_file")])
def test_what_else_comes_in_a_compound_file_is_told_apart(tmp_path: Path, name: str, word: str) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(filed(b"\0" * 5000, name))
    assert refusal(path) == word


# --- old Excel files: records -------------------------------------------------------------------------------------------------


def test_a_workbook_is_locked_only_where_it_says_so_before_its_end() -> None:
    lock = record(0x2F, b"\0" * 6)
    assert compound.is_locked(BEGIN_BOOK + lock + EOF)
    assert not compound.is_locked(BEGIN_BOOK + EOF + lock)
    assert not compound.is_locked(BEGIN_BOOK), "it breaks off"
    assert not compound.is_locked(BEGIN_BOOK + lock[:-1]), "a record that is longer than what is left is none"


def bound(start: int) -> bytes:
    return record(0x85, struct.pack("<IBBBB", start, 0, 0, 1, 0) + b"S")


@pytest.mark.parametrize(
    "book",
    [
        BEGIN_BOOK + record(0xFC, b"\0" * 4) + EOF, BEGIN_BOOK + record(0xFC, struct.pack("<II", 1, 10**9)) + EOF,
        BEGIN_BOOK + record(0x85, b"\0" * 3) + EOF, BEGIN_BOOK + bound(7) + bound(7) + EOF,
    ],
    ids=["a cut table of strings", "strings without end", "a cut sheet", "two sheets in one place"],
)  # fmt: skip
def test_a_workbook_that_lies_about_its_strings_or_sheets_is_damaged(tmp_path: Path, book: bytes) -> None:
    with pytest.raises(compound.Damaged):
        compound.sheet_starts(book)
    path = tmp_path / "a.xls"
    path.write_bytes(filed(book + b"\0" * 4096))
    assert refusal(path) == "damaged"


def test_sheets_stand_in_the_order_of_the_workbook() -> None:
    strings = record(0xFC, struct.pack("<II", 0, 0))
    assert compound.sheet_starts(BEGIN_BOOK + strings + bound(9) + bound(3) + EOF + bound(5)) == [9, 3]
    assert compound.sheet_starts(BEGIN_BOOK + bound(9)) == [9], "it breaks off, which the sheet will show"


def test_the_cells_of_a_sheet_are_found_with_those_in_rows_of_numbers_and_without_those_of_a_chart() -> None:
    several = record(0xBD, struct.pack("<HH", 4, 1) + b"\0" * 12 + struct.pack("<H", 2))
    chart = BEGIN_SHEET + label(9, 9, "图") + EOF
    formula = record(0x06, struct.pack("<HH", 5, 6) + b"\0" * 16)
    sheet = BEGIN_SHEET + record(0x0200, struct.pack("<IIHHH", 0, 6, 0, 7, 0)) + several + chart + formula + record(0x06, b"\0") + EOF
    assert list(compound.cells(b"\0" * 8 + sheet, 8)) == [(4, 2, False), (9, 9, False), (5, 6, True)]
    assert list(compound.cells(BEGIN_SHEET + record(0x0200, struct.pack("<HHHHH", 0, 6, 0, 7, 0)) + EOF, 0)) == []


@pytest.mark.parametrize(
    ("sheet", "start"),
    [
        (BEGIN_SHEET + label(0, 0, "张"), 0), (EOF, 0), (BEGIN_SHEET + EOF, 999),
        (BEGIN_SHEET + record(0x0200, b"\0" * 9) + EOF, 0),
        (BEGIN_SHEET + record(0x0200, struct.pack("<IIHHH", 9, 3, 0, 1, 0)) + EOF, 0),
        (BEGIN_SHEET + record(0x0200, struct.pack("<IIHHH", 0, 3, 0, 300, 0)) + EOF, 0),
    ],
    ids=["no end", "an end without a beginning", "beyond the book", "a size cut short", "ends before it begins", "too wide"],
)  # fmt: skip
def test_a_sheet_that_does_not_end_or_lies_about_its_size_is_damaged(sheet: bytes, start: int) -> None:
    with pytest.raises(compound.Damaged):
        list(compound.cells(sheet, start))


def test_sheets_that_span_too_much_only_together_are_refused_before_any_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = xlwt.Workbook()
    for name in ("一", "二"):
        book.add_sheet(name).write(4, 4, "x")
    book.save(str(tmp_path / "a.xls"))
    rows = ("<table:table-row/>" * 4, '<table:table-row><table:table-cell table:number-columns-repeated="4"/>'
            '<table:table-cell office:value-type="float" office:value="1"/></table:table-row></table:table>'
            '<table:table table:name="二">' + "<table:table-row/>" * 4
            + '<table:table-row><table:table-cell table:number-columns-repeated="4"/><table:table-cell office:value-type="float"'
            ' office:value="1"/></table:table-row>')  # fmt: skip
    ods(tmp_path / "a.ods", *rows)
    both = Workbook()
    for sheet in (both.active, both.create_sheet("二")):
        assert sheet is not None
        sheet.cell(5, 5, "x")
    both.save(tmp_path / "a.xlsx")
    for most, word in ((50, "no_header"), (49, "unpacks_too_far")):
        monkeypatch.setattr(tabular, "MAX_CELLS", most)
        assert {refusal(tmp_path / f"a.{kind}") for kind in ("xls", "ods", "xlsx")} == {word}


# --- zips ---------------------------------------------------------------------------------------------------------------------


def locked(data: bytes) -> bytes:
    """The zip with the mark of a password on every part, as other programs set it."""
    bent = bytearray(data)
    at = bent.find(b"PK\x01\x02")
    while at >= 0:
        bent[at + 8] |= 1
        at = bent.find(b"PK\x01\x02", at + 4)
    return bytes(bent)


def squeezed(folder: Path, how: int) -> bytes:
    path = folder / "squeezed"
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
    return path.read_bytes()


def doubled(folder: Path) -> bytes:
    path = folder / "doubled"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", b"<a/>")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("xl/workbook.xml", b"<b/>")
    return path.read_bytes()


ROSTER = DATA / "roster.xlsx"
BOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
ZIPS: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "a password": (lambda _: locked(GOOD), "password"),
    "a rare way of packing": (lambda folder: squeezed(folder, zipfile.ZIP_LZMA), "damaged"),
    "a part twice": (doubled, "damaged"),
    "no XML": (lambda _: changed(ROSTER, SHEET, b"</sheetData>", b"</sheet>"), "damaged"),
    "an encoding nobody knows": (lambda _: changed(ROSTER, SHEET, b"<worksheet", b'<?xml version="1.0" encoding="x-none"?><worksheet'),
                                 "damaged"),
    "a sheet that is not there": (lambda _: changed(ROSTER, RELATIONS, b"sheet1.xml", b"sheet9.xml"), "damaged"),
    "a cell in no place": (lambda _: changed(ROSTER, SHEET, b'r="A1"', b'r="1A"'), "damaged"),
    "a row before the first": (lambda _: changed(ROSTER, SHEET, b'<row r="1"', b'<row r="0"'), "damaged"),
    "a row that is no number": (lambda _: changed(ROSTER, SHEET, b'<row r="1"', b'<row r="x"'), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("kind", ZIPS)
def test_a_workbook_that_is_locked_or_bent_gets_its_sentence(tmp_path: Path, kind: str) -> None:
    make, word = ZIPS[kind]
    path = tmp_path / "a.xlsx"
    path.write_bytes(make(tmp_path))
    assert refusal(path) == word


def test_two_sheets_that_share_a_part_are_damaged(tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["姓名", "职业"])  # type: ignore[union-attr]
    book.create_sheet("二")
    book.save(tmp_path / "two.xlsx")
    path = tmp_path / "a.xlsx"
    path.write_bytes(changed(tmp_path / "two.xlsx", RELATIONS, b"sheet2.xml", b"sheet1.xml"))
    assert refusal(path) == "damaged"


def test_cells_that_do_not_say_where_they_are_stand_one_beside_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    row = "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in ("姓名", "职业"))
    rows = f"<sheetData><row>{row}</row><row>{row.replace('姓名', '张三').replace('职业', '骑手')}</row></sheetData>"
    sheet = f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{rows}</worksheet>'
    with zipfile.ZipFile(ROSTER) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    path.write_bytes(packed(parts | {SHEET: sheet.encode()}))
    found = read_sheet(path, PEOPLE)
    assert found.rows == (("姓名", "职业"), ("张三", "骑手"))


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_a_spreadsheet_without_headings_is_refused(tmp_path: Path, make: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.services.test_rosters.ROWS", [row for row in ROWS if "姓名" not in row])
    path = make(tmp_path / "a.bin")
    if make is xlsx:  # the sheet that is hidden has headings: it is not looked at
        assert b"hidden" in zipfile.ZipFile(path).read(BOOK)
    assert refusal(path) == "no_header"


def test_what_a_cell_of_a_free_spreadsheet_holds_becomes_text(tmp_path: Path) -> None:
    def cell(kind: str, content: str) -> str:
        return f'<table:table-cell office:value-type="{kind}" office:{kind}-value="{content}"/>'

    head = "".join(f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in ("姓名", "职业"))
    dates = (cell("date", f"2026-07-01{clock}") for clock in ("", "T00:00:00", "T08:30:00"))
    told = f"<table:table-row>{''.join(dates)}{cell('time', 'PT1H30M00S')}</table:table-row>"
    found = read_sheet(ods(tmp_path / "a.ods", f"<table:table-row>{head}</table:table-row>", told), PEOPLE)
    assert found.rows[1] == ("2026-07-01", "2026-07-01", "2026-07-01T08:30:00", "01:30:00")
    assert tabular.cell_text(datetime(2026, 7, 1)) == "2026-07-01"  # noqa: DTZ001 (a spreadsheet knows no zones)
    refused = ods(tmp_path / "b.ods", f'<table:table-row table:number-rows-repeated="0">{head}</table:table-row>')
    assert refusal(refused) == "damaged"
    bare = "<table:table-row><table:table-cell><text:p>没有类型</text:p></table:table-cell></table:table-row>"
    long = ods(tmp_path / "c.ods", f"<table:table-row>{head}</table:table-row>", bare * 3)
    assert refusal(long, max_rows=3) == "too_many_rows", "a cell that says no kind of content is measured, too"


# --- the parser, and the disk -------------------------------------------------------------------------------------------------


class PanicException(BaseException):
    """As the parser's panics arrive: outside Exception, of a class that cannot be imported."""


@pytest.mark.parametrize(
    ("thrown", "word"),
    [
        (python_calamine.PasswordError("locked"), "password"), (python_calamine.CalamineError("bad"), "damaged"),
        (OverflowError(), "damaged"), (PanicException("index out of bounds"), "damaged"),
    ],
)  # fmt: skip
def test_whatever_the_parser_says_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, thrown: BaseException, word: str
) -> None:
    class Parser:
        @staticmethod
        def from_filelike(_: IO[bytes]) -> None:
            raise thrown

    monkeypatch.setattr(python_calamine, "CalamineWorkbook", Parser)
    assert refusal(xlsx(tmp_path / "a.xlsx")) == word


def test_a_person_who_stops_the_program_while_a_list_is_read_does_stop_it() -> None:
    with pytest.raises(KeyboardInterrupt), tabular._parsing("a.xlsx"):
        raise KeyboardInterrupt


def test_a_file_that_another_program_keeps_shut_is_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, HEAD + "\n张三,,骑手,\n")

    def shut(_: Path, *how: str) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    with monkeypatch.context() as excel:
        excel.setattr(Path, "open", shut)
        with pytest.raises(Refused) as told:
            read_sheet(path, PEOPLE)
    assert (told.value.word, told.value.fields) == ("rosters.unreadable", {"name": path.name})
    assert len(read_sheet(path, PEOPLE).rows) == 2
