"""Lists as keepers bring them: real files on disk -> every row's fate. Expected figures: README of the sample data."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from station_app import words
from station_app.errors import Refused, UserMistake
from station_app.model import Occupation
from station_app.services.rosters import (
    PEOPLE,
    Fate,
    Known,
    PersonField,
    RosterPlan,
    RosterRow,
    compound,
    find_duplicates,
    map_columns,
    normal_name,
    normal_phone,
    plan_people,
    preview_people,
    read_sheet,
)
from station_app.services.rosters.headings import is_formula, key, tidy
from station_app.services.rosters.people import occupation_of, yes_or_no
from station_app.services.rosters.tabular import MAX_UNPACKED

DATA = Path(__file__).parents[1] / "data"
HEAD = "姓名,电话,职业,平台"


class Register:
    """The people of a station in memory: what ``Known`` asks, and what an import would leave behind."""

    def __init__(self) -> None:
        self.by_phone: dict[tuple[str, str], str] = {}
        self.by_name: dict[tuple[str, Occupation, str], list[str]] = {}
        self.rows: dict[bytes, str] = {}
        self.people = 0

    def settle(self, path: Path, consent_on_paper: date | None = None) -> RosterPlan:
        sheet = read_sheet(path, PEOPLE)
        plan = plan_people(sheet, map_columns(sheet, PEOPLE), consent_on_paper=consent_on_paper)
        known = Known(
            lambda phone, name: self.by_phone.get((phone, key(name))),
            lambda name, occupation, platform: self.by_name.get((key(name), occupation, key(platform)), ()),
            self.rows.get,
        )
        return find_duplicates(plan, known)

    def take(self, path: Path, consent_on_paper: date | None = None) -> RosterPlan:
        plan = self.settle(path, consent_on_paper)
        lines: dict[int, str] = {}
        for row in plan.rows:
            if row.fate is Fate.TAKE:
                self.people += 1
                lines[row.line] = f"person-{self.people}"
                self._remember(row, lines[row.line])
            if row.fate is not Fate.REFUSE:
                self.rows[row.material] = lines.get(row.line) or row.into_person or lines.get(row.into_line, "")
        return plan

    def _remember(self, row: RosterRow, person: str) -> None:
        if row.kept_name and row.kept_phone:
            self.by_phone[row.kept_phone, key(row.kept_name)] = person
        if row.kept_name:
            self.by_name.setdefault((key(row.name), row.occupation, key(row.platform)), []).append(person)


def figures(plan: RosterPlan) -> tuple[int, int, int, int, int]:
    return len(plan.rows), plan.taken, plan.nameless, plan.merged, plan.refused


def written(folder: Path, text: str, name: str = "名单.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def planned(folder: Path, text: str, **how: date) -> RosterPlan:
    sheet = read_sheet(written(folder, text), PEOPLE)
    return find_duplicates(plan_people(sheet, map_columns(sheet, PEOPLE), **how), Known())


def refusal(path: Path, **limits: int) -> str:
    with pytest.raises(Refused) as caught:
        read_sheet(path, PEOPLE, **limits)
    for language in words.LANGUAGES:
        words.use(language)
        assert path.name in words.t(caught.value.word, **caught.value.fields)
    words.use("zh")
    return caught.value.word.removeprefix("rosters.")


# --- the sample ---------------------------------------------------------------------------------------------------------


def test_three_rosters_give_the_expected_figures() -> None:
    register = Register()
    assert figures(register.take(DATA / "roster_utf8.csv")) == (100, 100, 9, 0, 0)
    second = register.take(DATA / "roster_gb18030.csv")
    assert figures(second) == (111, 106, 106, 4, 1)
    assert figures(register.take(DATA / "roster.xlsx")) == (100, 100, 100, 0, 0)
    refused = next(row for row in second.rows if row.fate is Fate.REFUSE)
    assert refused.reason is not None
    assert refused.reason.word == "rosters.row_formula"
    assert refused.line == 116
    assert second.to_decide == 6, "known by name, occupation and platform, but without a phone"
    assert {row.line for row in second.rows if row.to_decide} == {106, 109, 110, 111, 113, 115}


def test_the_same_files_again_add_nothing_even_for_the_nameless() -> None:
    register = Register()
    paths = [DATA / "roster_utf8.csv", DATA / "roster_gb18030.csv", DATA / "roster.xlsx"]
    for path in paths:
        register.take(path)
    before = register.people
    again = [figures(register.take(path)) for path in paths]
    assert again == [(100, 0, 0, 100, 0), (111, 0, 0, 110, 1), (100, 0, 0, 100, 0)]
    assert register.people == before


def test_consent_on_paper_keeps_the_names_of_a_whole_file() -> None:
    register = Register()
    day = date(2026, 7, 1)
    register.take(DATA / "roster_utf8.csv")
    assert figures(register.take(DATA / "roster_gb18030.csv", day)) == (111, 106, 0, 4, 1)
    plan = register.take(DATA / "roster.xlsx", day)
    assert figures(plan) == (100, 100, 0, 0, 0)
    assert plan.rows[0].kept_name == "吴婷华"
    assert plan.rows[0].kept_phone == "19911000200", "a phone that was a number in the sheet"


def test_a_written_no_stays_a_no_whatever_the_paper_says(tmp_path: Path) -> None:
    plan = planned(tmp_path, "姓名,电话,同意告知书\n张三,13800000001,否\n李四,13800000002,\n", consent_on_paper=date(2026, 7, 1))
    assert [row.kept_name for row in plan.rows] == ["", "李四"]


def test_a_resaved_and_corrected_file_adds_only_what_is_new(tmp_path: Path) -> None:
    register = Register()
    rows = ["张三,13800000001,骑手,美团", *["李四,,骑手,美团"] * 2, *[",,骑手,美团"] * 2, "王五,=1+1,骑手,美团"]
    first = register.take(written(tmp_path, "\n".join([HEAD, *rows])))
    assert figures(first) == (6, 5, 5, 0, 1), "two who say the same are two people"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["名册"])
    for line in [HEAD, *reversed(rows[:5]), "王五,13800000005,骑手,美团"]:
        sheet.append([cell or None for cell in line.split(",")])
    book.save(tmp_path / "again.xlsx")
    second = register.take(tmp_path / "again.xlsx")
    assert figures(second) == (6, 1, 1, 5, 0)


def test_a_namesake_in_another_list_is_taken_and_listed(tmp_path: Path) -> None:
    register = Register()
    register.take(written(tmp_path, f"{HEAD}\n张三,,骑手,美团\n"))
    others = "\n".join(f"李{i},,骑手,京东" for i in range(9))
    plan = register.take(written(tmp_path, f"{HEAD}\n张三,,骑手,美团\n{others}\n", "另一份.csv"))
    assert plan.taken == 10
    assert plan.rows[0].alike == ("person-1",)
    assert plan.rows[0].reason is not None
    assert "1" in words.t(plan.rows[0].reason.word, **plan.rows[0].reason.fields)


def test_rows_of_one_file_merge_only_on_equal_phone_and_name(tmp_path: Path) -> None:
    text = (
        f"{HEAD}\n买买提·艾力,138 0000 0001,骑手,美团\n买买提•艾力,+86-138-0000-0001,快递,\n王五,13800000001,骑手,美团\n"
        "赵六,,骑手,美团\n赵 六,,外卖小哥,美团\n"
    )
    rows = planned(tmp_path, text).rows
    assert [row.fate for row in rows] == [Fate.TAKE, Fate.MERGE, Fate.TAKE, Fate.TAKE, Fate.TAKE]
    assert rows[1].into_line == 2
    assert rows[4].alike_lines == (5,)
    assert not rows[2].to_decide, "a shared phone alone makes nobody the same"


# --- columns and preview ---------------------------------------------------------------------------------------------------


def test_the_keeper_corrects_a_column_and_sees_the_rows_anew(tmp_path: Path) -> None:
    sheet = read_sheet(written(tmp_path, "登记表\n\n姓名,电话,备注电话,职业\n张三,,13800000001,骑手\n"), PEOPLE)
    columns = map_columns(sheet, PEOPLE)
    assert sheet.header == 2
    assert set(columns.places.values()) == {0, 1, 3}
    assert preview_people(sheet, columns)[0][1].phone == ""
    corrected = columns.with_column(PersonField.PHONE, 2)
    assert set(corrected.places.values()) == {0, 2, 3}
    [(cells, row)] = preview_people(sheet, corrected)
    assert (cells, row.phone, row.line) == (("张三", "", "13800000001", "骑手"), "13800000001", 4)
    assert PersonField.NAME not in corrected.with_column(PersonField.OCCUPATION, 0).places, "a column serves one field"
    with pytest.raises(IndexError):
        columns.with_column(PersonField.NAME, 4)
    alone = columns.with_column(PersonField.NAME, None).with_column(PersonField.PHONE, None)
    with pytest.raises(UserMistake):
        plan_people(sheet, alone.with_column(PersonField.OCCUPATION, None))


def test_preview_stops_early(tmp_path: Path) -> None:
    sheet = read_sheet(written(tmp_path, HEAD + "\n张三,,骑手,\n" * 50), PEOPLE)
    assert len(preview_people(sheet, map_columns(sheet, PEOPLE), most=3)) == 3


@pytest.mark.parametrize("heading", ["姓名", "姓 名", " 姓　名 ", "*姓名：", "姓名（必填）", "名字", "NAME", "Full Name"])
def test_headings_are_known_in_many_dresses(tmp_path: Path, heading: str) -> None:
    sheet = read_sheet(written(tmp_path, f"{heading},职业\n张三,骑手\n"), PEOPLE)
    assert map_columns(sheet, PEOPLE).places[PersonField.NAME] == 0


def test_numbered_empty_lines_and_repeated_heads_are_no_rows(tmp_path: Path) -> None:
    plan = planned(tmp_path, "序号,姓名,职业\n1,张三,骑手\n2,,\n序号,姓名,职业\n3, ,　\n4,李四,骑手\n")
    assert [row.name for row in plan.rows] == ["张三", "李四"]


# --- one cell ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (" 熊超　", "熊超"), ("姓 名", "姓名"), ("买买提・艾力", "买买提·艾力"),
        ("买买提 • 艾力", "买买提·艾力"), ("买买提.艾力", "买买提·艾力"),
        ("高东𬭎", "高东𬭎"), ("㛃龑", "㛃龑"), ("邓䶮", "邓䶮"), ("Ｊｏｈｎ　 Ｓmith", "John Smith"), ("张\u200b三\ufeff", "张三"),
        ("欧阳\n志强", "欧阳志强"), ("无", ""), ("/", ""), ("—", ""), ("", ""),
    ],
)  # fmt: skip
def test_names_are_tidied_and_rare_characters_stay(raw: str, name: str) -> None:
    assert normal_name(raw) == name


@pytest.mark.parametrize(
    ("raw", "phone"),
    [
        ("１９９１１０００１０６", "19911000106"), ("+86 199-1100-0106", "19911000106"), ("008619911000106", "19911000106"),
        ("86 19911000106", "19911000106"), ("19911000106.0", "19911000106"), ("'19911000106", "19911000106"), ("1.9911E+10", ""),
        ("010-62345678", ""), ("12911000106", ""), ("199110001066", ""), ("", ""),
    ],
)  # fmt: skip
def test_phones_are_tidied_or_none(raw: str, phone: str) -> None:
    assert normal_phone(raw) == phone


def test_a_wrong_phone_is_said_not_refused(tmp_path: Path) -> None:
    [row] = planned(tmp_path, f"{HEAD}\n张三,12345,骑手,美团\n").rows
    assert (row.fate, row.phone, row.notes[0].word) == (Fate.TAKE, "", "rosters.note_wrong_phone")


@pytest.mark.parametrize(
    ("word", "occupation"),
    [
        ("骑手", Occupation.RIDER), ("外卖小哥", Occupation.RIDER), ("闪送", Occupation.RIDER), ("美团骑手（专送）", Occupation.RIDER),
        ("快递小哥", Occupation.COURIER), ("courier", Occupation.COURIER), ("滴滴司机", Occupation.RIDE_HAIL_DRIVER),
        ("Ride-hail driver", Occupation.RIDE_HAIL_DRIVER), ("网约车", Occupation.RIDE_HAIL_DRIVER), ("卡车", Occupation.TRUCK_DRIVER),
        ("truck_driver", Occupation.TRUCK_DRIVER), ("保洁", Occupation.SANITATION_WORKER), ("居民", Occupation.RESIDENT),
        ("其它", Occupation.OTHER), ("飞行员", None), ("", None),
    ],
)  # fmt: skip
def test_occupations_are_known_by_many_words(word: str, occupation: Occupation | None) -> None:
    assert occupation_of(word) is occupation


def test_an_unknown_occupation_is_other_and_says_so(tmp_path: Path) -> None:
    [row] = planned(tmp_path, f"{HEAD}\n张三,,飞行员,\n").rows
    assert (row.occupation, row.notes[0].word) == (Occupation.OTHER, "rosters.note_unknown_occupation")


@pytest.mark.parametrize(
    ("text", "answer"), [("是", True), ("√", True), ("2026-03-01", True), ("Ｙ", True), ("否", False), ("×", False), ("待定", None)]
)
def test_ticks(text: str, answer: bool | None) -> None:
    assert yes_or_no(text) is answer


def test_unclear_consent_keeps_nothing(tmp_path: Path) -> None:
    [row] = planned(tmp_path, "姓名,电话,同意告知书\n张三,13800000001,待定\n", consent_on_paper=date(2026, 7, 1)).rows
    assert (row.kept_name, row.kept_phone, row.notes[-1].word) == ("", "", "rosters.note_unclear_consent")


@pytest.mark.parametrize("text", ["=1", " =cmd|' /C calc'!A0", "@SUM(A1)", "+cmd", "-cmd|x", "＝1+1", "\t=1"])
def test_formulas_are_seen(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize("text", ["+86 138-0000-0001", "-5", "+1", "-", "--", "a=b", "1-2", "", "13800000001"])
def test_plain_numbers_are_no_formulas(text: str) -> None:
    assert not is_formula(text)


@pytest.mark.parametrize(
    ("cells", "word"),
    [
        ("=1+1,,骑手,", "row_formula"), ("张三,,骑手,@x", "row_formula"), ("张\x07三,,骑手,", "row_control"),
        ("张\ufffd,,骑手,", "row_lost_character"),
        (f"{'张' * 61},,骑手,", "row_too_long"), (f"张三,,{'骑' * 300},", "row_too_long"), (",,,美团", "row_nobody"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_alone_and_says_why(tmp_path: Path, cells: str, word: str) -> None:
    plan = planned(tmp_path, f"{HEAD}\n{cells}\n李四,,骑手,\n")
    assert [row.fate for row in plan.rows] == [Fate.REFUSE, Fate.TAKE]
    reason = plan.rows[0].reason
    assert reason is not None
    assert reason.word == f"rosters.{word}"
    assert "{" not in words.t(reason.word, **reason.fields)
    assert not plan.rows[0].name, "nothing of a refused row is carried on"


def test_a_formula_in_the_numbering_harms_nobody(tmp_path: Path) -> None:
    assert planned(tmp_path, "序号,姓名,职业\n=ROW()-1,张三,骑手\n").taken == 1


# --- every kind of file ----------------------------------------------------------------------------------------------------

ROWS = [["驿站名册"], [], ["姓名", "电话", "职业", "同意告知书"], ["张三", 19911000200, "骑手", True], ["=1+1", 19911000201, "快递", False]]


def xlsx(path: Path) -> Path:
    book = Workbook()
    book.active.title = "说明"  # type: ignore[union-attr]
    hidden = book.create_sheet("藏起来的")
    hidden.append(["姓名", "职业"])
    hidden.sheet_state = "hidden"
    sheet = book.create_sheet("名册")
    for row in ROWS:
        sheet.append(row)
    book.save(path)
    return path


def xls(path: Path) -> Path:
    book = xlwt.Workbook()
    book.add_sheet("说明")
    sheet = book.add_sheet("名册")
    for i, row in enumerate(ROWS):
        for j, cell in enumerate(row):
            sheet.write(i, j, xlwt.Formula("1+1") if cell == "=1+1" else cell)
    book.save(str(path))
    return path


ODS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' office:version="1.2"><office:body><office:spreadsheet>'
)


def ods(path: Path, *rows: str) -> Path:
    def cell(content: object) -> str:
        match content:
            case bool():
                return f'<table:table-cell office:value-type="boolean" office:boolean-value="{str(content).lower()}"/>'
            case int():
                return f'<table:table-cell office:value-type="float" office:value="{content}"/>'
            case "=1+1":
                return '<table:table-cell table:formula="of:=1+1" office:value-type="float" office:value="2"/>'
        return f'<table:table-cell office:value-type="string"><text:p>{content}</text:p></table:table-cell>'

    lines = rows or tuple(f"<table:table-row>{''.join(map(cell, row)) or '<table:table-cell/>'}</table:table-row>" for row in ROWS)
    table = f'<table:table table:name="名册">{"".join(lines)}</table:table>'
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", f"{ODS_HEAD}{table}</office:spreadsheet></office:body></office:document-content>")
        packed.writestr(
            "META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
    return path


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_spreadsheets_read_alike_and_their_formulas_are_refused(tmp_path: Path, make: object) -> None:
    assert callable(make)
    sheet = read_sheet(make(tmp_path / "renamed.csv"), PEOPLE)
    assert (sheet.name, sheet.header) == ("名册", 2)
    assert (4, 0) in sheet.formulas
    taken, refused = plan_people(sheet, map_columns(sheet, PEOPLE)).rows
    assert (taken.kept_name, taken.kept_phone, taken.line) == ("张三", "19911000200", 4)
    assert (refused.fate, refused.line) == (Fate.REFUSE, 5)


def test_formulas_in_repeated_cells_and_at_the_end_are_all_seen(tmp_path: Path) -> None:
    head = "".join(f'<table:table-cell office:value-type="string"><text:p>{h}</text:p></table:table-cell>' for h in ("姓名", "职业"))
    path = ods(
        tmp_path / "a.ods",
        '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
        f"<table:table-row>{head}</table:table-row>",
        '<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="2" table:formula="of:=A1"'
        ' office:value-type="string"><text:p>张</text:p></table:table-cell></table:table-row>',
    )
    sheet = read_sheet(path, PEOPLE)
    assert sheet.formulas == {(4, 0), (4, 1), (5, 0), (5, 1)}
    assert plan_people(sheet, map_columns(sheet, PEOPLE)).refused == 2
    book = Workbook()
    book.active.append(["姓名", "职业"])  # type: ignore[union-attr]
    book.active.append(["=A1"])  # type: ignore[union-attr]
    book.save(tmp_path / "b.xlsx")
    sheet = read_sheet(tmp_path / "b.xlsx", PEOPLE)
    assert plan_people(sheet, map_columns(sheet, PEOPLE)).refused == 1, "a formula that was never calculated has no value"


def test_dates_and_fractions_of_a_spreadsheet_become_text(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    moment = datetime(2026, 7, 1, 8, 30)  # noqa: DTZ001 (a spreadsheet knows no zones)
    for cell in ("日期", date(2026, 7, 1), moment, 1.5):
        sheet.append(["姓名", "职业", cell])
    book.save(tmp_path / "a.xlsx")
    assert [row[2] for row in read_sheet(tmp_path / "a.xlsx", PEOPLE).rows[1:]] == ["2026-07-01", "2026-07-01T08:30:00", "1.5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "gb18030", "gbk", "big5"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "，"])
def test_text_in_every_common_encoding_and_delimiter(tmp_path: Path, encoding: str, delimiter: str) -> None:
    if encoding == "big5" and delimiter == "，":
        pytest.skip("nobody writes that")
    head = ["姓名", "電話", "職業"] if encoding == "big5" else ["姓名", "电话", "职业"]
    name = "陳大文" if encoding == "big5" else "欧阳志强"
    text = "\r\n".join(delimiter.join(row) for row in ([""], head, [name, "13800000001", "骑手" if encoding != "big5" else "外賣員"]))
    codec = encoding.removesuffix("-bom")
    data = text.encode(codec)
    if encoding.endswith("-bom"):
        data = (b"\xff\xfe" if "le" in encoding else b"\xfe\xff") + data
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    sheet = read_sheet(path, PEOPLE)
    [row] = plan_people(sheet, map_columns(sheet, PEOPLE)).rows
    assert (row.name, row.phone, row.occupation) == (name, "13800000001", Occupation.RIDER)


def test_rare_characters_of_the_old_gb18030_come_home(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("姓名,职业\n".encode("gb18030") + b"\xfe\x59\xfe\x9f" + ",骑手\n".encode("gb18030"))
    assert read_sheet(path, PEOPLE).rows[1][0] == "\u9fb4䶮"


def test_quoted_cells_may_hold_line_breaks(tmp_path: Path) -> None:
    rows = planned(tmp_path, f'{HEAD}\n"张三",,"骑手\n专送",美团\n李四,,骑手,\n').rows
    assert [(row.line, row.name) for row in rows] == [(2, "张三"), (3, "李四")]


# --- files that cannot be read ---------------------------------------------------------------------------------------------


def packed(parts: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
    return content.getvalue()


def changed(path: Path, part: str, old: bytes, new: bytes) -> bytes:
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert old in parts[part]
    return packed(parts | {part: parts[part].replace(old, new, 1)})


FAR = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
WIDE = b'<row r="199999"><c r="XFD199999"><v>1</v></c></row></sheetData>'
SHEET = "xl/worksheets/sheet1.xml"
GOOD = (DATA / "roster.xlsx").read_bytes()
HOSTILE = {
    "empty": (b"", "empty_file"),
    "blank": (b"\xef\xbb\xbf \r\n\r\n", "empty_file"),
    "pdf": (b"%PDF-1.7\n1 0 obj", "foreign_file"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "foreign_file"),
    "noise": (bytes(range(256)) * 40, "wrong_encoding"),
    "zeros": (b"\0" * 999 + b"a", "foreign_file"),
    "page": ("<html><table><tr><td>姓名</td></tr></table></html>".encode(), "web_page"),
    "prose": ("今天天气很好。\n大家都来了。\n".encode(), "no_header"),
    "torn utf-8": (f"{HEAD}\n张三,,骑手,\n".encode() + b"\xe5\xbc", "wrong_encoding"),
    "torn utf-16": (f"{HEAD}\n张三,,骑手,\n".encode("utf-16") + b"\x20", "wrong_encoding"),
    "quote": (f'{HEAD}\n"张三,,骑手,\n李四,,骑手,\n'.encode(), "broken_quotes"),
    "long cell": (f"{HEAD}\n{'张' * 200_000},,骑手,\n".encode(), "broken_quotes"),
    "wide": (f"{HEAD}\n{',' * 600}\n".encode(), "too_wide"),
    "cut xlsx": (GOOD[: len(GOOD) // 2], "damaged"),
    "flipped xlsx": (GOOD[:900] + bytes(byte ^ 0xFF for byte in GOOD[900:960]) + GOOD[960:], "damaged"),
    "word": (packed({"word/document.xml": b"<a/>", "[Content_Types].xml": b"<a/>"}), "foreign_file"),
    "bomb": (packed({"xl/workbook.xml": b"<a/>", "xl/a.xml": b" " * (MAX_UNPACKED + 1)}), "unpacks_too_far"),
    "far cell": (changed(DATA / "roster.xlsx", SHEET, b"</sheetData>", FAR), "too_many_rows"),
    "wide cell": (changed(DATA / "roster.xlsx", SHEET, b"</sheetData>", WIDE), "unpacks_too_far"),
    "entities": (changed(DATA / "roster.xlsx", SHEET, b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet'), "damaged"),
    "locked ods": (
        packed(
            {
                "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
                "content.xml": b"x",
                "META-INF/manifest.xml": b"<manifest:encryption-data/>",
            }
        ),
        "password",
    ),
    "cut xls": (compound.MAGIC + b"\0" * 700, "damaged"),
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_file_that_is_none_gets_one_sentence(tmp_path: Path, kind: str, suffix: str) -> None:
    data, word = HOSTILE[kind]
    path = tmp_path / f"名单{suffix}"
    path.write_bytes(data)
    assert refusal(path) == word


def test_missing_folder_and_too_big(tmp_path: Path) -> None:
    assert refusal(tmp_path / "没有.csv") == "no_file"
    assert refusal(tmp_path) == "is_folder"
    assert refusal(written(tmp_path, HEAD + "\n张三,,骑手,\n" * 9), max_bytes=100) == "too_big"
    assert refusal(written(tmp_path, HEAD + "\n张三,,骑手,\n" * 9), max_rows=5) == "too_many_rows"
    assert refusal(xls(tmp_path / "a.xls"), max_rows=3) == "too_many_rows"
    assert refusal(ods(tmp_path / "a.ods"), max_rows=3) == "too_many_rows"


def test_an_old_workbook_with_a_password_or_a_lie_about_its_size(tmp_path: Path) -> None:
    data = xls(tmp_path / "a.xls").read_bytes()
    book = data.index(b"\x09\x08\x10\x00")
    first = book + 4 + 16
    length = int.from_bytes(data[first + 2 : first + 4], "little")
    assert length >= 2
    path = tmp_path / "b.xls"
    path.write_bytes(data[:first] + b"\x2f\x00" + data[first + 2 :])
    assert refusal(path) == "password"
    cell = data.index(bytes.fromhex("fd000a00") + (3).to_bytes(2, "little"))
    path.write_bytes(data[: cell + 4] + b"\xff\xff\xff\xff" + data[cell + 8 :])
    assert refusal(path) == "unpacks_too_far", "the parser would lay out 4 billion cells"
    size = data.index(bytes.fromhex("00020e00"))
    path.write_bytes(data[: size + 4] + b"\0\0\0\x10" + data[size + 8 :])
    assert refusal(path) == "damaged", "a first row behind the last: the parser would set 480 GB aside"


# --- laws ------------------------------------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
USUAL = ["", "张三", "李 四", "13800000001", "１３８００００００１", "骑手", "美团", "=1", "是", "否", "\x00"]
CELL = st.one_of(st.sampled_from(USUAL), TEXT)


@given(TEXT)
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert normal_name(normal_name(text)) == normal_name(text)
    assert normal_phone(normal_phone(text)) == normal_phone(text)
    assert re.fullmatch(r"(1[3-9][0-9]{9})?", normal_phone(text))


@settings(max_examples=60)
@given(rows=st.lists(st.lists(CELL, max_size=6), max_size=20), paper=st.none() | st.just(date(2026, 7, 1)))
def test_every_row_has_one_fate_and_no_consent_keeps_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], paper: date | None
) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["姓名", "电话", "职业", "平台", "同意告知书", "备注"])
    for row in rows:
        sheet.append([re.sub(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", cell) for cell in row])
    path = tmp_path_factory.mktemp("laws") / "a.xlsx"
    book.save(path)
    register = Register()
    plan = register.take(path, paper)
    assert len(plan.rows) == plan.taken + plan.merged + plan.refused
    assert plan.nameless <= plan.taken
    for row in plan.rows:
        assert row.consent or not (row.kept_name or row.kept_phone)
        assert (row.fate is Fate.MERGE) == bool(row.into_line or row.into_person)
        assert (row.fate is Fate.REFUSE) == (not row.material)
    again = register.take(path, paper)
    assert (again.taken, again.merged, again.refused) == (0, plan.taken + plan.merged, plan.refused)


@settings(max_examples=150)
@given(
    noise=st.binary(max_size=400),
    start=st.sampled_from([b"", b"PK\x03\x04", compound.MAGIC, b"\xff\xfe", b"\xef\xbb\xbf", f"{HEAD}\n".encode()]),
    suffix=st.sampled_from([".csv", ".xls", ".xlsx", ".ods"]),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, start: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("noise") / f"a{suffix}"
    path.write_bytes(start + noise)
    try:
        sheet = read_sheet(path, PEOPLE)
    except Refused as error:
        assert error.word.startswith("rosters.")
    else:
        plan_people(sheet, map_columns(sheet, PEOPLE))


@settings(max_examples=150)
@given(
    bends=st.lists(st.tuples(st.integers(0, 2**31), st.integers(0, 255)), min_size=1, max_size=4),
    make=st.sampled_from([xlsx, xls, ods]),
)
def test_damaged_spreadsheets_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, bends: list[tuple[int, int]], make: object
) -> None:
    assert callable(make)
    path = make(tmp_path_factory.mktemp("damaged") / "a.bin")
    content = bytearray(path.read_bytes())
    for place, byte in bends:  # a workbook holds the time it was made, so its length is not drawn from
        content[place % len(content)] = byte
    path.write_bytes(content)
    try:
        sheet = read_sheet(path, PEOPLE)
    except Refused as error:
        assert error.word.startswith("rosters.")
    else:
        plan_people(sheet, map_columns(sheet, PEOPLE))
