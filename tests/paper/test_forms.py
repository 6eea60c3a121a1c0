"""A district's form: what is suggested for its cells, filled with everything else as it was, and files that are no form."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation

from station_app.errors import EnvironmentFault, Refused
from station_app.paper import figure_words, form_hints, forms
from station_app.services import bindings
from station_app.services.bindings import Bound

SAMPLE = Path(__file__).parents[1] / "data" / "district_monthly_form.xlsx"
SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
OCCUPATIONS = ("rider", "courier", "sanitation_worker", "ride_hail_driver", "truck_driver", ("resident", "other", ""))


def numbers(binding: bindings.Binding) -> dict[tuple[str, str], int | float | str]:
    """A different number for every cell; texts behind their labels."""
    return {
        one.place: f"{one.after}{one.figure}" if one.figure in bindings.TEXTS else 100 + place
        for place, one in enumerate(binding.cells)
    }


def cells(path: Path) -> dict[str, Any]:
    """Everything a sheet shows and how, but for the content of cells that hold no formula."""
    told: dict[str, Any] = {}
    for sheet in load_workbook(path):
        for row in sheet.iter_rows():
            for cell in row:
                look = (cell.font, cell.fill, cell.border, cell.alignment, cell.number_format, cell.protection)
                told[f"{sheet.title}!{cell.coordinate}"] = tuple(repr(part) for part in look)
                if cell.data_type == "f":
                    told[f"{sheet.title}={cell.coordinate}"] = cell.value
        setup = sheet.page_setup
        told[sheet.title] = (
            sorted(map(str, sheet.merged_cells.ranges)), sheet.freeze_panes, sheet.print_area, sheet.print_title_rows,
            setup.orientation, setup.paperSize, setup.scale, setup.fitToWidth, repr(sheet.page_margins), repr(sheet.print_options),
            sheet.oddFooter.center.text, {name: (one.width, one.hidden) for name, one in sheet.column_dimensions.items()},
            {number: one.height for number, one in sheet.row_dimensions.items()}, repr(sheet.data_validations.dataValidation),
            [str(one.sqref) for one in sheet.conditional_formatting], sheet.sheet_view.showGridLines, sheet.protection.sheet,
        )  # fmt: skip
    return told


def test_the_sample_form_is_understood_by_its_headings() -> None:
    binding = form_hints.suggest(forms.look(SAMPLE))
    expected = {("A2", "station", ()), ("E2", "span", ())}
    columns = {
        "B": ("registered", ()), "C": ("anonymous", ()), "E": ("handed_out", ("cooling",)), "F": ("handed_out", ("warming",)),
        "G": ("requests", ()), "H": ("requests_closed", ()),
    }  # fmt: skip
    assert {(one.cell, one.figure, ()) for one in binding.cells if not one.parts} == expected
    for row, who in enumerate(OCCUPATIONS, 5):
        for column, (figure, kind) in columns.items():
            bound = binding.get("月报", f"{column}{row}")
            assert bound is not None
            assert bound.figure == figure
            assert bound.parts["occupation"] == (who if isinstance(who, tuple) else (who,))
            assert bound.parts.get("kind", ()) == kind
    assert "居民" in figure_words.described(binding.get("月报", "B10"))  # type: ignore[arg-type]
    assert len(binding.cells) == 38


def test_filled_it_is_as_it_was_but_for_its_figures(tmp_path: Path) -> None:
    seen = forms.look(SAMPLE)
    binding = form_hints.suggest(seen)
    values = numbers(binding)
    target = tmp_path / "filled.xlsx"
    filled = forms.fill(seen, binding, values, target)
    assert filled.cells == 38
    assert [(one.cell, one.why) for one in filled.left] == [("A13", "label")]
    assert cells(target) == cells(SAMPLE)
    book = load_workbook(target)
    assert book.calculation.fullCalcOnLoad
    sheet = book["月报"]
    assert {place: sheet[cell].value for place, cell in ((one.place, one.cell) for one in binding.cells)} == values
    assert sheet["A2"].value == "驿站名称：station"


@pytest.fixture
def rich(tmp_path: Path) -> Path:
    """A form with everything a careful clerk puts into one."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "日报"
    thin = Side(style="thin")
    sheet.append(["日期", "来访人次", "登记人次", "饮水", "矿泉水发放", "备注"])
    for day in range(1, 32):
        sheet.append([f"{day}日"])
    sheet.append(["合计", *(f"=SUM({letter}2:{letter}32)" for letter in "BCDE")])
    for row in sheet["A1:F33"]:
        for cell in row:
            cell.border = Border(left=thin, right=thin, top=thin, bottom=thin)
            cell.font = Font(name="宋体", size=11, bold=cell.row == 1)
            cell.alignment = Alignment(horizontal="center", wrap_text=True)
            cell.number_format = "#,##0"
    sheet["B2"].fill = PatternFill("solid", fgColor="FFEEDD")
    sheet["F2"] = "无"
    sheet.freeze_panes = "B2"
    sheet.print_area = "A1:F33"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_margins.left = 0.3
    sheet.print_options.horizontalCentered = True
    sheet.oddFooter.center.text = "第 &P 页"
    sheet.column_dimensions["A"].width, sheet.column_dimensions["F"].hidden = 14, True
    sheet.row_dimensions[1].height = 30
    sheet.sheet_view.showGridLines = False
    sheet.add_data_validation(DataValidation(type="whole", operator="greaterThan", formula1="-1", sqref="B2:E32"))
    sheet.conditional_formatting.add("B2:B32", CellIsRule(operator="greaterThan", formula=["99"], font=Font(color="FF0000")))
    second = book.create_sheet("说明")
    second["A1"], second["B1"] = "月份", None
    second["B1"].border = Border(bottom=thin)
    second["A2"] = "=日报!B33*2"
    second.protection.sheet = True
    path = tmp_path / "日报表.xlsx"
    book.save(path)
    return path


def test_a_form_by_days_keeps_print_settings_validation_and_protection(rich: Path, tmp_path: Path) -> None:
    seen = forms.look(rich)
    binding = form_hints.suggest(seen, ["矿泉水"])
    kinds = {one.cell[0]: (one.figure, {part: values for part, values in one.parts.items() if part != "day"}) for one in binding.cells}
    assert kinds == {
        "B": ("person_times", {}), "C": ("registered", {}), "E": ("handed_out", {"item": ("矿泉水",)}),
        "D": ("amenities_used", {"amenity": ("water",)}),
    }  # fmt: skip
    assert binding.get("日报", "B7").parts == {"day": ("6",)}  # type: ignore[union-attr]
    values = numbers(binding)
    values.pop(("日报", "B32"))  # a month of thirty days
    target = tmp_path / "out.xlsx"
    filled = forms.fill(seen, binding, values, target)
    assert cells(target) == cells(rich)
    why = {one.cell: one.why for one in filled.left if one.sheet == "日报"}
    assert why["B32"] == "no_value"
    assert why["F3"] == "empty"


def test_what_is_written_there_already_stays_and_is_told(rich: Path, tmp_path: Path) -> None:
    seen = forms.look(rich)
    wrong = ("B33", "A1", "F2")
    binding = bindings.Binding(rich.name, "", tuple(Bound("日报", cell, "person_times") for cell in wrong))
    binding = binding.bound(Bound("去年", "A1", "person_times"), Bound("日报", "B2", "station"))
    values: dict[tuple[str, str], int | float | str] = dict.fromkeys((one.place for one in binding.cells), 7)
    values["日报", "B2"] = '=HYPERLINK("http://x")\x07'
    target = tmp_path / "out.xlsx"
    filled = forms.fill(seen, binding, values, target)
    told = {(one.sheet, one.cell): one.why for one in filled.left}
    assert {cell: told["日报", cell] for cell in wrong} == {"B33": "formula", "A1": "text", "F2": "text"}
    assert told["去年", "A1"] == "no_sheet"
    assert filled.cells == 1
    sheet = load_workbook(target)["日报"]
    assert (sheet["B2"].data_type, sheet["B2"].value) == ("s", '=HYPERLINK("http://x")')
    assert sheet["B33"].value == "=SUM(B2:B32)"


def test_a_disk_that_says_no_leaves_what_was_there(rich: Path, tmp_path: Path) -> None:
    seen = forms.look(rich)
    with pytest.raises(EnvironmentFault) as fault:
        forms.fill(seen, form_hints.suggest(seen), {}, tmp_path / "nowhere" / "out.xlsx")
    assert fault.value.word == "paper.cannot_write"


# --- LibreOffice computes it anew -----------------------------------------------------------------------------------------


@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not here: nobody else computed the filled form")
def test_libreoffice_comes_to_the_same_sums(tmp_path: Path) -> None:
    seen = forms.look(SAMPLE)
    binding = form_hints.suggest(seen)
    values = numbers(binding)
    forms.fill(seen, binding, values, tmp_path / "filled.xlsx")
    assert SOFFICE is not None
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to",
         "csv:Text - txt - csv (StarCalc):44,34,76", "--outdir", str(tmp_path), str(tmp_path / "filled.xlsx")],
        check=True, capture_output=True, timeout=120, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    rows = list(csv.reader(io.StringIO((tmp_path / "filled.csv").read_text("utf-8"))))
    held = {cell: value for (_sheet, cell), value in values.items()}
    for row in range(5, 11):
        assert int(rows[row - 1][3]) == int(held[f"B{row}"]) + int(held[f"C{row}"])
    for column in "BCEFGH":
        assert int(rows[10]["ABCDEFGH".index(column)]) == sum(int(held[f"{column}{row}"]) for row in range(5, 11))


# --- files that are no form -----------------------------------------------------------------------------------------------


def repacked(change: Callable[[str, bytes], bytes], more: dict[str, bytes] | None = None) -> bytes:
    """The sample with some of its parts changed, and others beside them."""
    out = io.BytesIO()
    with zipfile.ZipFile(SAMPLE) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))
        for name, content in (more or {}).items():
            target.writestr(name, content)
    return out.getvalue()


def same(_name: str, content: bytes) -> bytes:
    return content


def in_sheet(old: bytes, new: bytes) -> bytes:
    changed = repacked(lambda name, content: content.replace(old, new, 1) if name.endswith("sheet1.xml") else content)
    assert changed != repacked(same)
    return changed


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (forms.OLD + b"\0" * 600, "forms.old_format"),
        (b"%PDF-1.7", "forms.no_form"),
        (b"", "forms.no_form"),
        (b"PK\x03\x04 torn", "forms.damaged"),
        (b"PK" + b"\0" * (forms.MAX_BYTES + 1), "forms.too_big"),
        (in_sheet(b'ref="A13:H13"', b'ref="A13:XFD1048576"'), "forms.unpacks_too_far"),
        (in_sheet(b"<worksheet", b'<!DOCTYPE w [<!ENTITY a "aaaa">]><worksheet'), "forms.damaged"),
        (in_sheet(b"</sheetData>", b"</sheetDat>"), "forms.damaged"),
        (repacked(same, {"xl/media/image1.png": b"\0" * (forms.MAX_UNPACKED + 1)}), "forms.unpacks_too_far"),
        (repacked(same, {f"xl/x{n}.bin": b"" for n in range(forms.MAX_PARTS)}), "forms.unpacks_too_far"),
    ],
    ids=["xls", "pdf", "nothing", "torn", "big", "merged", "entities", "xml", "bomb", "parts"],
)  # fmt: skip
def test_what_is_no_form_is_refused_with_one_sentence(data: bytes, word: str) -> None:
    with pytest.raises(Refused) as refusal:
        forms.form(data, "form.xlsx")
    assert refusal.value.word == word


def test_what_would_be_lost_is_told_before() -> None:
    more = {
        "xl/vbaProject.bin": b"macro", "xl/drawings/drawing1.xml": b"<x/>", "xl/ctrlProps/ctrlProp1.xml": b"<x/>",
        "xl/comments1.xml": b"<x/>", "xl/externalLinks/externalLink1.xml": b"<x/>", "xl/printerSettings/printerSettings1.bin": b"x",
        "_xmlsignatures/sig1.xml": b"<x/>", "xl/pivotTables/pivotTable1.xml": b"<x/>", "xl/connections.xml": b"<x/>",
    }  # fmt: skip
    assert dict(forms.form(repacked(same, more), "form.xlsx").lost) == dict.fromkeys([code for code, _ in forms.LOST], 1)
    assert forms.look(SAMPLE).lost == ()


def test_a_form_that_was_changed_is_noticed() -> None:
    labels = forms.look(SAMPLE).labels
    assert forms.form(repacked(same), "x.xlsx").labels == labels
    # the sample's texts stand in the sheet itself
    assert forms.form(in_sheet("快递员".encode(), "快递小哥".encode()), "x.xlsx").labels != labels


# --- the binding ----------------------------------------------------------------------------------------------------------


def test_a_binding_is_one_spelling_and_comes_back() -> None:
    binding = form_hints.suggest(forms.look(SAMPLE))
    data = bindings.write(binding)
    assert bindings.read(data) == binding
    assert bindings.write(bindings.read(data)) == data
    assert b" " not in data.replace("驿站".encode(), b"")
    changed = binding.bound(Bound("月报", "B5", "person_times")).without(("月报", "C5"))
    assert changed.get("月报", "B5") == Bound("月报", "B5", "person_times")
    assert changed.get("月报", "C5") is None
    assert [one.cell for one in changed.cells if one.cell[1:] == "5"] == ["B5", "E5", "F5", "G5", "H5"]


GOOD = '{"kind":"form-binding","version":1,"form":"x","labels":"","cells":[%s]}'
CELL = '{"sheet":"a","cell":"B5","figure":"person_times"%s}'


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", '{"kind":"batch"}', GOOD.replace('"version":1', '"version":2') % "", GOOD % '"B5"',
        GOOD % f"{CELL % ''},{CELL % ''}",
        GOOD % CELL.replace("B5", "B0") % "", GOOD % CELL.replace("person_times", "names") % "", GOOD % CELL % ',"parts":{"name":["x"]}',
        GOOD % CELL % ',"parts":{"day":"1"}', GOOD % CELL % ',"parts":{"day":[1]}', GOOD % CELL % ',"after":7', "[" * 100_000,
        " " * (bindings.MOST_BYTES + 1),
    ],
)  # fmt: skip
def test_a_binding_of_anybody_is_refused_with_the_reason(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        bindings.read(text.encode())
    assert refusal.value.word.startswith("forms.binding_")
    assert bindings.read((GOOD % CELL % "").encode()).cells[0].figure == "person_times"
