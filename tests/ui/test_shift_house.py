"""The shift page's further tabs: handover with both names, the duty log by one key, safety, incidents, hours and closed days."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import AssetKind, CheckPart, EmergencyKind, ItemKind, LostState, Occupation, Op
from station_app.services import audit, incidents, keepers, loans, shifts, supplies, visits
from station_app.ui.kit import LogRow
from station_app.ui.pages.shift import ShiftPage
from station_app.ui.pages.shift_house import stamp_emergency
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, sees, shown, type_in

TODAY = "2026-07-17"
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def page(shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot) -> ShiftPage:
    def show(path: Path) -> bool:
        printed.append(path)
        return True

    return in_front(ShiftPage(shell, show=show), shell, qtbot)


def tab(page: ShiftPage, code: str, qtbot: QtBot) -> Any:
    page.show_subject(code)
    idle(qtbot, page)
    return page.views[code]


def enter(page: ShiftPage, qtbot: QtBot) -> None:
    """Ctrl+Enter where the focus is."""
    qtbot.keyClick(focus(), Qt.Key.Key_Return, CONTROL)
    idle(qtbot, page)


def test_the_desk_is_handed_over_with_what_is_open(page: ShiftPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot) -> None:
    with db.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", {"name": "赵丽", "role": "keeper", "active": 1})
    keepers.begin_shift(db)
    loans.lend(db, loans.add(db, "充电宝", AssetKind.POWER_BANK)[0][0].id)
    clock.forward(5 * 60)
    card = tab(page, "handover", qtbot)
    sees(qtbot, page, "现在是 王敏 值班")
    assert card.view.lines == ("超期未还 1 件：充电宝 01",)
    card.note.set_value("钥匙在抽屉")
    enter(page, qtbot)
    assert shell.last == "王敏 已交班给 赵丽"
    (made,) = shifts.handovers(db, TODAY)
    assert (made.from_name, made.to_name, made.matters, made.note) == ("王敏", "赵丽", "超期未还 1 件：充电宝 01", "钥匙在抽屉")
    on_duty = keepers.on_duty(db)
    assert on_duty is not None
    assert on_duty.keeper == "赵丽"


def test_the_drafted_log_is_confirmed_by_one_key(
    page: ShiftPage, shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot
) -> None:
    page.jobs.run(lambda store: keepers.open_station(store, "", 37))
    page.jobs.run(lambda store: visits.tally(store, Occupation.RIDER, 4))
    idle(qtbot, page)
    card = tab(page, "log", qtbot)
    sees(qtbot, page, "草稿，还没确认")
    assert card.fields()["weather"] == "高温橙色 · 预报最高 37℃"
    enter(page, qtbot)
    log = shifts.duty_log(db, TODAY)
    assert log is not None
    assert (log.person_times, log.events.splitlines()[0]) == (4, "来访 4 人次")
    sees(qtbot, page, "14:26 已确认")
    card.events.take_focus()
    card.events.set_value("下午停电一小时")
    page.jobs.run(lambda store: visits.tally(store, Occupation.RIDER, 2))
    idle(qtbot, page)
    assert card.fields()["events"] == "下午停电一小时"  # a visit meanwhile takes nothing that was typed
    enter(page, qtbot)
    log = shifts.duty_log(db, TODAY)
    assert log is not None
    assert (log.person_times, log.events) == (6, "下午停电一小时")
    card.print_log()
    qtbot.waitUntil(lambda: len(printed) == 1)


def test_all_is_well_on_one_key_and_the_points_are_the_station_s_own(
    page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    card = tab(page, "safety", qtbot)
    qtbot.waitUntil(lambda: len(card.chips) == 10)
    enter(page, qtbot)
    assert [one.all_well for one in shifts.house_checks(db, TODAY, TODAY)] == [True]
    page.jobs.run(lambda store: shifts.set_points(store, CheckPart.SAFETY, ["灭火器", "插座"]))
    idle(qtbot, page)
    qtbot.waitUntil(lambda: [chip.words() for chip in card.chips] == ["灭火器", "插座"])
    card.chips[1].setChecked(False)
    card.action.set_value("已断电")
    assert card.button.words() == "记下异常"
    enter(page, qtbot)
    newest = shifts.house_checks(db, TODAY, TODAY)[0]
    assert (newest.exceptions, newest.action) == ("插座", "已断电")


def test_one_key_stamps_an_emergency_and_the_rest_is_told(
    page: ShiftPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot
) -> None:
    tab(page, "incidents", qtbot)
    stamp_emergency(shell)
    idle(qtbot, page)
    (made,) = incidents.emergencies(db, TODAY, TODAY)
    assert (made.kind, made.time[11:16]) == (EmergencyKind.UNKNOWN, "14:26")
    form: Any = shell.sheet
    assert "火警 119" in [chip.words() for chip in form.field("called").chips]
    form.field("called").chips[0].click()
    form.field("kind").set_value("fire")
    form.field("note").set_value("电动车冒烟，已扑灭")
    form.field("over").set_value("1")
    clock.forward(12)
    form.field("note").take_focus()
    enter(page, qtbot)
    now = incidents.emergency(db, made.id)
    assert (now.kind, now.called, now.time, now.ended[11:16]) == (EmergencyKind.FIRE, "119", made.time, "14:38")
    sees(qtbot, page, "电动车冒烟，已扑灭")


def test_what_was_found_is_noted_and_claimed(page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    tab(page, "incidents", qtbot)
    page.new()
    type_in(qtbot, "黑色手套")
    enter(page, qtbot)
    assert shell.last == "第 1 号 黑色手套 已登记"
    sees(qtbot, page, "第 1 号 黑色手套")
    row = next(row for row in page.incidents.findChildren(LogRow) if "手套" in row.text())
    row.acted.emit()
    enter(page, qtbot)
    assert incidents.by_number(db, 1).state is LostState.CLAIMED


def test_closed_days_and_days_off_are_not_missed(page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    visits.tally(db, Occupation.RIDER, at=datetime.fromisoformat("2026-07-01T10:00:00+08:00"))
    card = tab(page, "hours", qtbot)
    qtbot.waitUntil(lambda: card.view is not None)
    missed = card.view.found.missed
    card.rest[6].click()
    idle(qtbot, page)
    qtbot.waitUntil(lambda: card.view.rest == "7")
    assert card.view.found.missed < missed
    page.new()
    enter(page, qtbot)
    assert [one.business_date for one in shifts.own_closed(db, TODAY, "2026-08-01")] == ["2026-07-18"]
    sees(qtbot, page, "节假日")


def test_closing_counts_what_goes_fast_and_says_what_is_out(page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(db, water.id, 20)
    supplies.hand_out(db, water.id)
    loans.lend(db, loans.add(db, "雨伞", AssetKind.UMBRELLA)[0][0].id)
    keepers.open_station(db)
    page.refresh()
    idle(qtbot, page)
    sees(qtbot, page, "还有 1 件借出的物品没有归还，其中超期 0 件")
    page.day_card.closing.count_button.click()
    form: Any = shell.sheet
    form.field(water.id).set_value(18)
    form.take_focus()
    enter(page, qtbot)
    assert supplies.get(db, water.id).balance == 18
    assert shell.last == "已清点 1 种物资"
    assert audit.check(db) == []
    assert "矿泉水" not in shown(page.day_card.closing)
