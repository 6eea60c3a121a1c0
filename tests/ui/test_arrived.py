"""What came from the district, seen at the station: supplies received by one key, notices opened from their line."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import Changes, ItemKind, Op, uuid7
from station_app.services import arrivals, supplies
from station_app.ui.pages.shift import ShiftPage
from station_app.ui.pages.supplies import SuppliesPage
from tests.ui.shell import SheetShell, focus, idle, in_front, sees, shown

Key = Qt.Key


def brought(db: Database, *, items: int = 0, notices: int = 0) -> Changes:
    """What a pack leaves at the station."""
    time = db.stamp().time
    told = [{"id": uuid7(), "time": time, "title": f"通知 {n}", "text": "请备足饮水", "until": "2026-07-20"} for n in range(notices)]
    promised = [
        {"id": uuid7(), "time": time, "item_name": f"防暑包 {n}", "unit": "份", "kind": "cooling", "quantity": 60 + n, "note": "高温慰问"}
        for n in range(items)
    ]
    with db.transact(Op.APPLY_PACK, no=1) as tx:
        arrivals.replace(tx, told, promised)
    return Changes(tx.operation, Op.APPLY_PACK, {"notice": ("x",), "allocation": ("x",)})


@pytest.fixture
def stocked(db: Database) -> Database:
    supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    return db


def test_supplies_on_their_way_are_received_by_enter_and_can_be_taken_back(stocked: Database, shell: SheetShell, qtbot: QtBot) -> None:
    brought(stocked, items=5)
    page = in_front(SuppliesPage(shell), shell, qtbot)
    sees(qtbot, page.due, "区里调拨的物资在路上 · 5 笔")
    assert len(page.due.buttons) == 3
    page.due.buttons[0].setFocus()
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert shell.last == "已收下 防暑包 0 60 份，随下次上报告诉区里"
    item = supplies.by_name(stocked, "防暑包 0")
    assert item is not None
    assert item.balance == 60
    sees(qtbot, page.due, "区里调拨的物资在路上 · 4 笔")
    assert page.due.buttons[0].hasFocus(), "the next one is received by the same key"
    assert page.card.detail is not None
    assert page.card.detail.shelf.item.id == item.id, "what came stands in the card"
    assert not any(arrivals.is_allocation(part) for part in shown(page.card).split()), "an id is no word for people"
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    sees(qtbot, page.due, "区里调拨的物资在路上 · 5 笔")


def test_nothing_on_its_way_takes_no_room(stocked: Database, shell: SheetShell, qtbot: QtBot) -> None:
    page = in_front(SuppliesPage(shell), shell, qtbot)
    assert not page.due.isVisible()
    changes = brought(stocked, items=1)
    page.jobs.changed.emit(changes)
    idle(qtbot, page)
    qtbot.waitUntil(page.due.isVisible)


def test_notices_are_one_line_until_they_are_opened(stocked: Database, shell: SheetShell, qtbot: QtBot) -> None:
    page = in_front(ShiftPage(shell), shell, qtbot)
    assert not page.notices.isVisible()
    page.jobs.changed.emit(brought(stocked, notices=3))
    idle(qtbot, page)
    qtbot.waitUntil(page.notices.isVisible)
    assert page.notices.line is not None
    assert page.notices.line.text.text() == "区里通知：通知 2 · 还有 2 条"
    page.notices.open()
    assert shell.sheet is not None
    for number in range(3):
        sees(qtbot, shell.sheet, f"通知 {number}")
    assert "显示到 7月20日" in shown(shell.sheet)
    assert page.notices.height() + page.duty.height() < page.height()
