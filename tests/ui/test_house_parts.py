"""The tabs 借用, 设备 and 急救箱 of the supplies page: lists, cards, sheets and one-key deeds, each with its way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import AssetKind, Consent, LoanOutcome, Occupation, RepairState
from station_app.services import audit, equipment, first_aid, loans, people
from station_app.ui.kit import Button, LogRow
from station_app.ui.pages.supplies import SuppliesPage
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, sees, shown, type_in


@pytest.fixture
def page(shell: SheetShell, qtbot: QtBot) -> SuppliesPage:
    return in_front(SuppliesPage(shell), shell, qtbot)


def tab(page: SuppliesPage, code: str, qtbot: QtBot) -> Any:
    page.tabs.choose(code)
    page.settle()
    idle(qtbot, page)
    return page.parts[code]


def press(page: SuppliesPage, qtbot: QtBot, word: str) -> None:
    """The button with this word on the card that is shown."""
    card = page._side.currentWidget()
    assert card is not None
    found = [button for button in card.findChildren(Button) if button.words() == word and button.isVisible()]
    qtbot.waitUntil(lambda: bool(found) or any(b.words() == word and b.isVisible() for b in card.findChildren(Button)))
    next(b for b in card.findChildren(Button) if b.words() == word and b.isVisible()).click()
    idle(qtbot, page)


def submit(page: SuppliesPage, qtbot: QtBot) -> None:
    qtbot.keyClick(focus(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)


def test_every_list_of_things_goes_into_a_file_as_it_is_shown(
    page: SuppliesPage, shell: SheetShell, db: Database, tmp_path: Path, qtbot: QtBot
) -> None:
    """Ctrl+E on each tab; the state that is a mark on the screen is a column, who borrowed stays in the house."""
    person, _ = people.register(db, Occupation.RIDER, name="李志强", consent=Consent.STATION)
    umbrella = loans.add(db, "雨伞", AssetKind.UMBRELLA)[0][0]
    loans.lend(db, umbrella.id, person_id=person.id)
    equipment.add(db, "微波炉", place="窗边")
    first_aid.add(db, "碘伏", "瓶", 1, quantity=2)
    for code, held in (("loans", "雨伞 01"), ("equipment", "微波炉"), ("box", "碘伏")):
        tab(page, code, qtbot)
        button = page.exports[code]
        qtbot.waitUntil(button.isEnabled)
        assert button.isVisible()
        assert [name for name, one in page.exports.items() if one.isVisible()] == [code]
        button.save(tmp_path / f"{code}.csv")
        idle(qtbot, page)
        qtbot.waitUntil(lambda name=code: (tmp_path / f"{name}.csv").exists())
        told = (tmp_path / f"{code}.csv").read_text("utf-8-sig")
        assert held in told
        assert "李志强" not in told
        assert "状态" in told


def test_things_are_added_lent_and_come_back(page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    part = tab(page, "loans", qtbot)
    sees(qtbot, page, "还没有可借的物品，先添加雨伞、充电宝这些")
    page.new()
    form: Any = shell.sheet
    form.field("quantity").set_value(3)
    form.take_focus()
    submit(page, qtbot)
    assert shell.last == "已添加 雨伞 3 件"
    assert [one.title for one in loans.assets(db)] == ["雨伞 01", "雨伞 02", "雨伞 03"]
    qtbot.waitUntil(lambda: part.detail is not None)
    press(page, qtbot, "借出")
    form = shell.sheet
    form.field("note").take_focus()
    type_in(qtbot, "红色雨衣")
    submit(page, qtbot)
    assert [loan.note for loan in loans.open_loans(db)] == ["红色雨衣"]
    sees(qtbot, page, "现在在外")
    row = next(row for row in page._side.currentWidget().findChildren(LogRow) if "应于" in row.text())  # type: ignore[union-attr]
    row.acted.emit()
    idle(qtbot, page)
    assert loans.open_loans(db) == []
    assert shell.last == "已归还 雨伞 01"
    assert audit.check(db) == []


def test_what_is_overdue_stands_first_and_can_be_lost(
    page: SuppliesPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot
) -> None:
    made, _ = loans.add(db, "雨伞", AssetKind.UMBRELLA, 4)
    loans.lend(db, made[2].id)
    clock.forward(days=3)
    loans.lend(db, made[1].id)
    part = tab(page, "loans", qtbot)
    assert [part.rows.record(row).asset.number for row in range(4)] == [3, 2, 1, 4]
    assert part._state(part.rows.record(0)) == ("超期未还", "bad")
    part.table.choose(made[2].id)
    idle(qtbot, page)
    press(page, qtbot, "登记遗失")
    submit(page, qtbot)
    assert loans.of_asset(db, made[2].id)[0].ends[0].outcome is LoanOutcome.LOST
    assert loans.get(db, made[2].id).owned == 0


def test_a_piece_is_checked_on_enter_reported_and_repaired(page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    piece, _ = equipment.add(db, "微波炉", check_days=30)
    part = tab(page, "equipment", qtbot)
    qtbot.waitUntil(lambda: part.view is not None)
    qtbot.keyClick(focus(), Qt.Key.Key_Return)
    idle(qtbot, page)
    assert len(equipment.checks(db, piece.id)) == 1
    assert shell.last == "微波炉 检查正常，下次检查 8月16日"
    press(page, qtbot, "不正常，报修")
    type_in(qtbot, "不加热")
    submit(page, qtbot)
    sees(qtbot, page, "故障：不加热")
    press(page, qtbot, "维修中")
    type_in(qtbot, "社区电工")
    submit(page, qtbot)
    press(page, qtbot, "已修好")
    submit(page, qtbot)
    press(page, qtbot, "已验收")
    assert equipment.repairs(db, piece.id)[0].state is RepairState.ACCEPTED
    qtbot.waitUntil(lambda: "故障：不加热" not in shown(page))


def test_the_box_is_checked_by_one_button(page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    first_aid.add(db, "碘伏", "瓶", 1, quantity=1, expiry="2026-07-27")
    first_aid.add(db, "创可贴", "片", 20, quantity=8)
    part = tab(page, "box", qtbot)
    assert [part._state(part.rows.record(row)) for row in range(2)] == [("10 天到期", "attention"), ("数量不足", "bad")]
    part.fine.click()
    idle(qtbot, page)
    assert shell.last == "急救箱 2 项已检查，全部正常"
    qtbot.keyClick(part.table, Qt.Key.Key_Return)
    idle(qtbot, page)
    form: Any = shell.sheet
    form.field("quantity").set_value(3)
    submit(page, qtbot)
    assert first_aid.listing(db)[0].quantity == 3
