"""台账 in the window: any ledger of any days looked at, printed, saved, or empty; the shelf's own list stays beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pypdfium2
import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from station_app import settings
from station_app.db import Database
from station_app.model import Consent, Occupation
from station_app.services import ledgers, people, preferences, visits
from station_app.ui.pages.ledgers_part import LedgersPart, days_of, span_of
from station_app.ui.pages.supplies import SuppliesPage
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, shown

Key = Qt.Key


@pytest.fixture
def opened(db: Database) -> list[Path]:
    """A rider who came, a tally of three; and the files that were shown."""
    rider, _ = people.register(db, Occupation.RIDER, "美团", "欧阳志强", "13912345678", Consent.DISTRICT)
    visits.check_in(db, rider.badge_code)
    visits.tally(db, Occupation.COURIER, 3)
    return []


@pytest.fixture
def page(shell: SheetShell, qtbot: QtBot, opened: list[Path]) -> SuppliesPage:
    made = SuppliesPage(shell)
    part = made.parts["ledgers"]
    assert isinstance(part, LedgersPart)

    def show(path: Path) -> bool:
        opened.append(path)
        return True

    part._show = show
    made = in_front(made, shell, qtbot)
    made.tabs.choose("ledgers")
    idle(qtbot, made)
    made.settle()
    return made


def the_part(page: SuppliesPage) -> LedgersPart:
    part = page.parts["ledgers"]
    assert isinstance(part, LedgersPart)
    return part


def text(file: Path) -> str:
    document = pypdfium2.PdfDocument(file)
    try:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)
    finally:
        document.close()


def test_every_ledger_is_there_and_enter_shows_it_as_printed(page: SuppliesPage, opened: list[Path], qtbot: QtBot) -> None:
    part = the_part(page)
    assert part.table.model().rowCount() == len(ledgers.all_ledgers())
    assert "共 2 条" in shown(part.card)
    assert focus() is part.table
    qtbot.keyClick(part.table, Key.Key_Return)
    idle(qtbot, page)
    assert "骑手" in text(opened[-1])
    assert "欧阳志强" not in text(opened[-1])
    part.paper.names.set_value("1")
    part.look()
    idle(qtbot, page)
    assert "欧阳志强" in text(opened[-1])
    qtbot.keyClick(part.table, Key.Key_Down)
    idle(qtbot, page)
    assert "共 0 条" in shown(part.card)
    assert part.paper.names.isHidden()
    part.paper.blank.click()
    idle(qtbot, page)
    assert "不作考核排名" in text(opened[-1])


def test_days_the_wrong_way_round_are_told_at_their_field(page: SuppliesPage, opened: list[Path], qtbot: QtBot) -> None:
    part = the_part(page)
    part.paper.spans[1].click()
    idle(qtbot, page)
    assert [field.line.text() for field in (part.paper.first, part.paper.last)] == ["2026-06-01", "2026-06-30"]
    assert "共 0 条" in shown(part.card)
    part.paper.last.line.setText("2026-05-01")
    part.look()
    idle(qtbot, page)
    assert opened == []
    assert "结束日期不能早于开始日期" in shown(part.card)


def test_the_days_are_remembered_by_their_name(page: SuppliesPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot) -> None:
    part = the_part(page)
    part.paper.spans[1].click()
    part.look()
    idle(qtbot, page)
    assert preferences.get(db, settings.LEDGER_SPAN) == "last_month"
    clock.forward(31 * 24 * 60)  # a month on it is the month before that one
    again = LedgersPart(shell, page)
    again.refresh()
    qtbot.waitUntil(lambda: again.paper.first.line.text() == "2026-07-01")
    assert again.paper.last.line.text() == "2026-07-31"
    assert days_of("2026-07-03 2026-07-05", date(2026, 8, 1)) == (date(2026, 7, 3), date(2026, 7, 5))
    assert span_of(date(2026, 7, 3), date(2026, 7, 5), date(2026, 8, 1)) == "2026-07-03 2026-07-05"
    assert days_of("nonsense", date(2026, 8, 17)) == (date(2026, 8, 1), date(2026, 8, 17))


def test_saved_as_a_spreadsheet_a_table_and_a_pdf(page: SuppliesPage, shell: SheetShell, tmp_path: Path, qtbot: QtBot) -> None:
    part = the_part(page)
    for ending in ("xlsx", "csv", "pdf"):
        part.save(tmp_path / f"visits.{ending}")
        idle(qtbot, page)
        assert shell.last == f"已保存：visits.{ending}"
    sheet = load_workbook(tmp_path / "visits.xlsx").active
    assert sheet is not None
    assert sheet.max_row == 4
    assert len((tmp_path / "visits.csv").read_text("utf-8-sig").splitlines()) == 3
    assert "骑手" in text(tmp_path / "visits.pdf")


def test_it_goes_to_a_printer_on_paper_laid_across(page: SuppliesPage, shell: SheetShell, tmp_path: Path, qtbot: QtBot) -> None:
    from PySide6.QtPrintSupport import QPrinter

    from station_app.ui import print_out

    def ask(_parent: QWidget, size: tuple[float, float], _both: bool, then: Callable[[object], None]) -> None:
        printer = print_out.printer_for(size)
        assert isinstance(printer, QPrinter)
        printer.setOutputFileName(str(tmp_path / "out.pdf"))
        printer.setResolution(100)
        then(printer)

    part = the_part(page)
    part._ask = ask
    part.print()
    idle(qtbot, page)
    qtbot.waitUntil(lambda: shell.last == "已送打印机，共 1 页")
    document = pypdfium2.PdfDocument(tmp_path / "out.pdf")
    try:
        wide, high = document[0].get_size()
        assert wide > high
    finally:
        document.close()
