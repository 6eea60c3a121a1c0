"""A district's form on the reports page, and what stands behind a figure: dropped, pointed at, filled, opened, explained."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt, QUrl
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import ItemKind, Occupation, Role
from station_app.services import bindings, exported, history, kept_forms, people, supplies, visits
from station_app.ui.pages.reports import ReportsPage
from station_app.ui.pages.reports_forms import one_form
from station_app.ui.pages.reports_grid import cell_name
from station_app.ui.pages.reports_sheets import BehindSheet, Causes, WhySheet
from station_app.ui.table_export import ExportButton
from tests.ui.shell import SheetShell, idle, in_front, shown

FORM = Path(__file__).parents[1] / "data" / "district_monthly_form.xlsx"


def at(day: int, hour: int = 9) -> datetime:
    return datetime.fromisoformat(f"2026-07-{day:02d}T{hour:02d}:00:00+08:00")


@pytest.fixture
def page(db: Database, shell: SheetShell, qtbot: QtBot) -> ReportsPage:
    kit, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING)
    supplies.receive(db, kit.id, 20, at=at(1))
    rider, _ = people.register(db, Occupation.RIDER, "飞鹿外卖")
    for day in (1, 2, 3):
        visits.check_in_person(db, rider.id, at=at(day))
        visits.tally(db, Occupation.COURIER, day, at=at(day, 13))
    visits.tally(db, Occupation.RESIDENT, 5, at=at(3, 15))
    supplies.hand_out(db, kit.id, 2, person_id=rider.id, given=True, at=at(3))
    return in_front(ReportsPage(shell, show=lambda _path: True), shell, qtbot)


def until(qtbot: QtBot, page: ReportsPage, done: Callable[[], Any]) -> None:
    qtbot.waitUntil(lambda: page.jobs.idle and bool(done()), timeout=20_000)


@pytest.fixture
def form(page: ReportsPage, qtbot: QtBot) -> ReportsPage:
    """The page with the sample form dropped on it."""
    page.take_form(FORM)
    until(qtbot, page, lambda: page.forms.opened is not None)
    return page


# --- the form -------------------------------------------------------------------------------------------------------------


def test_a_dropped_form_is_bound_by_its_headings_and_kept(form: ReportsPage, shell: SheetShell, db: Database) -> None:
    (kept,) = kept_forms.listing(db)
    assert (kept.name, len(kept.binding.cells)) == (FORM.name, 38)
    assert kept_forms.content(db, kept.id) == FORM.read_bytes()
    told = form.forms.told.text()
    assert "第 10 行合在一起算：居民、其他、未记录" in told
    assert "A13" in told
    cells = form.forms.grid.cells
    assert cells.data(cells.index(4, 1)) == "登记人次"
    assert cells.data(cells.index(9, 1), Qt.ItemDataRole.ToolTipRole) == "登记人次 · 居民、其他、未记录"
    assert cells.data(cells.index(4, 3)) == "=B5+C5"
    assert form.forms.grid.columnSpan(1, 0) == 4


def test_it_is_filled_with_one_key_and_the_next_month_goes_beside_it(
    form: ReportsPage, shell: SheetShell, qtbot: QtBot, tmp_path: Path
) -> None:
    assert form.forms.month_text.text() == "2026年7月"
    form.forms.fill_to(tmp_path / "七月.xlsx")
    until(qtbot, form, lambda: (tmp_path / "七月.xlsx").exists() and "已填好 38 格" in shell.last)
    sheet = load_workbook(tmp_path / "七月.xlsx")["月报"]
    held = {cell: sheet[cell].value for cell in ("A2", "E2", "B5", "C6", "C10", "E5", "G5", "D5")}
    assert held == {
        "A2": "驿站名称：云桥暖心驿站", "E2": "统计月份：2026年7月", "B5": 3, "C6": 6, "C10": 5, "E5": 2, "G5": 0, "D5": "=B5+C5",
    }  # fmt: skip
    form.forms.back.click()
    form.fill_form()
    until(qtbot, form, lambda: (tmp_path / "district_monthly_form-2026-06.xlsx").exists())
    assert load_workbook(tmp_path / "district_monthly_form-2026-06.xlsx")["月报"]["B5"].value == 0


def test_a_cell_is_pointed_at_and_a_column_by_its_heading(form: ReportsPage, db: Database, qtbot: QtBot) -> None:
    def bound(cell: str) -> bindings.Bound | None:
        return kept_forms.listing(db)[0].binding.get("月报", cell)

    view, panel = form.forms.grid, form.forms.panel
    view.choose(6, 3)
    assert "C6：计数人次 · 快递员" in panel.head.text()
    panel.figure.setCurrentIndex(panel.figure.findData("person_times"))
    panel.figure.activated.emit(panel.figure.currentIndex())
    until(qtbot, form, lambda: bound("C6").figure == "person_times")  # type: ignore[union-attr]
    assert bound("C6").parts == {"occupation": ("courier",)}  # type: ignore[union-attr]
    view.choose(4, 5)
    assert "E4 下面整列 6 格" in panel.head.text()
    panel.figure.setCurrentIndex(panel.figure.findData("requests"))
    panel.figure.activated.emit(panel.figure.currentIndex())
    until(qtbot, form, lambda: bound("E5").figure == "requests")  # type: ignore[union-attr]
    assert bound("E10").parts == {"occupation": ("resident", "other", "")}  # type: ignore[union-attr]
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    until(qtbot, form, lambda: bound("E5") is None and bound("E10") is None)
    view.choose(5, 4)
    assert "D5 是公式" in panel.head.text()
    assert not panel.figure.isEnabled()


def test_taken_back_shared_and_used_again(form: ReportsPage, shell: SheetShell, db: Database, qtbot: QtBot, tmp_path: Path) -> None:
    target = tmp_path / "月报.binding.json"
    form.forms.share(target)
    until(qtbot, form, target.exists)
    whole = bindings.read(target.read_bytes())
    form.forms.grid.choose(5, 2)
    form.forms.panel.clear_button.click()
    until(qtbot, form, lambda: len(kept_forms.listing(db)[0].binding.cells) == 37)
    assert shell.then is not None
    shell.then()
    until(qtbot, form, lambda: kept_forms.listing(db)[0].binding == whole)
    form.forms.panel.clear_button.click()
    until(qtbot, form, lambda: len(kept_forms.listing(db)[0].binding.cells) == 37)
    form.forms.use(target)
    until(qtbot, form, lambda: kept_forms.listing(db)[0].binding == whole)
    form.forms.forget()
    until(qtbot, form, lambda: kept_forms.listing(db) == [])
    shell.then()
    until(qtbot, form, lambda: len(kept_forms.listing(db)) == 1)


def test_what_is_no_form_is_told_in_one_sentence(page: ReportsPage, shell: SheetShell, qtbot: QtBot, tmp_path: Path) -> None:
    old = tmp_path / "旧表.xls"
    old.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)
    page.take_form(old)
    until(qtbot, page, lambda: "另存为不带密码的 .xlsx" in shell.last)
    assert one_form([QUrl.fromLocalFile(str(old))]) == old
    assert one_form([QUrl.fromLocalFile(str(old))] * 2) is None
    assert one_form([QUrl.fromLocalFile(str(tmp_path / "a.pdf"))]) is None


def test_who_may_not_bind_sees_forms_and_fills_them(form: ReportsPage, shell: SheetShell, qtbot: QtBot) -> None:
    shell.role = Role.AUDITOR
    page = in_front(ReportsPage(shell), shell, qtbot)
    page.show_forms()
    until(qtbot, page, lambda: page.forms.opened is not None)
    assert not page.forms.take_button.isVisible()
    assert not page.forms.forget_button.isVisible()
    assert page.forms.fill_button.isEnabled()


def test_cells_are_called_as_a_spreadsheet_calls_them() -> None:
    assert [cell_name(row, column) for row, column in ((1, 1), (5, 26), (7, 27), (2, 703))] == ["A1", "Z5", "AA7", "AAA2"]


# --- behind a figure ------------------------------------------------------------------------------------------------------


def test_every_figure_opens_its_rows(page: ReportsPage, shell: SheetShell, qtbot: QtBot) -> None:
    page.figures.tiles["person_times"].setFocus()
    qtbot.keyClick(page.figures.tiles["person_times"], Qt.Key.Key_Return)
    until(qtbot, page, lambda: shell.real.findChildren(BehindSheet))
    (sheet,) = shell.real.findChildren(BehindSheet)
    assert sheet.rows.rowCount() == 7
    until(qtbot, page, lambda: sheet.rows.record(6) is not None)
    assert sheet.rows.data(sheet.rows.index(6, 1)) == "居民"
    assert "7 条记录" in shown(sheet)
    assert "王敏" in sheet.rows.columns[1].sub(sheet.rows.record(0))  # type: ignore[misc]
    for figure, parts, rows in (
        ("registered", {"platform": ("飞鹿外卖",)}, 3), ("person_times", {"day": ("2026-07-03",), "hour": ("13",)}, 1),
        ("handed_out", {"item": ("防暑包",)}, 1), ("balance", {"item": ("防暑包",)}, 2),
    ):  # fmt: skip
        page.open_rows(figure, parts)
        until(qtbot, page, lambda rows=rows: [one.rows.rowCount() for one in shell.real.findChildren(BehindSheet)][-1:] == [rows])


def test_bars_cells_and_lines_are_reached_by_keys(page: ReportsPage, shell: SheetShell, qtbot: QtBot) -> None:
    asked: list[Any] = []
    page.course.asked.connect(asked.append)
    page.visitors.asked.connect(lambda figure, parts: asked.append((figure, parts)))
    for chart in (page.course.days, page.visitors.bars[0]):
        chart.repaint()
        chart.setFocus()
        qtbot.keyClick(chart, Qt.Key.Key_Right if chart is page.course.days else Qt.Key.Key_Down)
        qtbot.keyClick(chart, Qt.Key.Key_Return)
    assert asked == [{"day": ("2026-07-02",)}, ("person_times", {"occupation": ("courier",)})]


def test_what_changed_since_the_export_is_told_and_shown(page: ReportsPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.copy()
    until(qtbot, page, lambda: exported.previous(db, "2026-07-01", "2026-07-17"))
    assert not page.notice.isVisible()
    page.jobs.run(lambda store: visits.tally(store, Occupation.COURIER, 4, at=at(2, 16)))
    line = next(one for one in history.log(db, "2026-07-03") if one.op.value == "tally")
    page.jobs.run(lambda store: history.undo(store, line.operation))
    until(qtbot, page, page.notice.isVisible)
    idle(qtbot, page)
    assert "个数变了" in page.notice.text.text()
    page.why()
    until(qtbot, page, lambda: shell.real.findChildren(WhySheet))
    text = shown(shell.real)
    assert "导出以后补登的" in text
    assert "导出以后作废的" in text
    page.open_rows("person_times", {})
    until(qtbot, page, lambda: shell.real.findChildren(Causes) and shell.real.findChildren(BehindSheet))


def test_rows_go_into_a_spreadsheet_as_they_are_shown(page: ReportsPage, shell: SheetShell, qtbot: QtBot, tmp_path: Path) -> None:
    page.open_rows("person_times", {})
    until(qtbot, page, lambda: shell.real.findChildren(ExportButton))
    (button,) = shell.real.findChildren(ExportButton)
    button.save(tmp_path / "rows.xlsx")
    until(qtbot, page, lambda: "已导出 7 行" in shell.last)
    sheet = load_workbook(tmp_path / "rows.xlsx").active
    assert sheet is not None
    assert sheet.freeze_panes == "A3"
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[1] == ("时间", "记录", "计入")
    assert sum(row[2] for row in rows[2:]) == 14
    button.save(tmp_path / "rows.csv")
    until(qtbot, page, lambda: (tmp_path / "rows.csv").exists() and not button.busy)
    assert (tmp_path / "rows.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_the_whole_report_goes_into_a_spreadsheet(page: ReportsPage, shell: SheetShell, db: Database, qtbot: QtBot, tmp_path: Path) -> None:
    page.save_excel(tmp_path / "report.xlsx")
    until(qtbot, page, lambda: exported.previous(db, "2026-07-01", "2026-07-17"))
    book = load_workbook(tmp_path / "report.xlsx")
    summary = {row[0]: row[1] for row in book["汇总"].iter_rows(min_row=3, values_only=True)}
    assert summary["来访人次"] == 14
    assert summary["日均人次"] == 4.7
    days = list(book["每日来访"].iter_rows(min_row=3, values_only=True))
    assert days[0][0] == datetime(2026, 7, 1)  # noqa: DTZ001  a spreadsheet knows no zones
    assert days[-1][1:] == (14, 3, 11)
    assert "已存好" in shell.last


def test_the_same_number_every_day_is_asked_about(page: ReportsPage, db: Database, qtbot: QtBot) -> None:
    assert not page.doubt.isVisible()
    for day in range(4, 17):
        visits.tally(db, Occupation.RIDER, 30, at=at(day))
    page.refresh()
    until(qtbot, page, page.doubt.isVisible)
    assert "2026-07-04 至 2026-07-16 连续 13 个开站日都是 30 人次" in page.doubt.text.text()


def test_a_year_is_archived_and_can_be_stopped(page: ReportsPage, shell: SheetShell, qtbot: QtBot, tmp_path: Path) -> None:
    page.show_forms()
    button = page.forms.archive_button
    assert button.year == 2026
    button.write(2026, tmp_path / "out")
    until(qtbot, page, lambda: not button.busy and "已归档" in shell.last)
    assert (tmp_path / "out" / "station-YQ-A-2026" / "report-2026-07.pdf").exists()
    button.write(2026, tmp_path / "out", "kurz")
    until(qtbot, page, lambda: not button.busy and "封存口令至少 8 个字" in shell.last)
    button.write(2026, tmp_path / "stopped")
    button.stop()
    until(qtbot, page, lambda: not button.busy and "已停止" in shell.last)
    assert list((tmp_path / "stopped").iterdir()) == []
    button.ask()
    assert shell.real.is_open()
    page.wind_up()
