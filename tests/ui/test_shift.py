"""The shift page: duty, opening, closing and the paper sheet by keys, each with its way back, against the services."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app import settings, words
from station_app.db import Database
from station_app.model import ItemKind, Occupation, Op, Recorded, WeatherLevel
from station_app.services import audit, history, keepers, preferences, reports, supplies, visits, weather
from station_app.ui.kit import LogRow
from station_app.ui.pages.shift import ShiftPage
from station_app.ui.pages.shift_reads import widened
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, shown

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
TODAY, YESTERDAY = "2026-07-17", "2026-07-16"


@pytest.fixture
def page(shell: SheetShell, printed: list[Path], qtbot: QtBot) -> ShiftPage:
    def show(path: Path) -> bool:
        printed.append(path)
        return True

    return in_front(ShiftPage(shell, show=show), shell, qtbot)


def press(qtbot: QtBot, page: ShiftPage, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """A key where the focus is."""
    qtbot.keyClick(focus(), key, modifier)
    idle(qtbot, page)


def take_back(qtbot: QtBot, page: ShiftPage, shell: SheetShell) -> None:
    """Press the undo that the toast offers."""
    assert shell.then is not None
    shell.then()
    idle(qtbot, page)


# --- opening and closing ------------------------------------------------------------------------------------------------


def test_the_station_opens_on_one_key(page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    assert focus() is page.day_card.opening.button
    assert page.day_card.opening.button.words() == "全部正常，开站"
    press(qtbot, page, Key.Key_Return)
    day = keepers.day(db, TODAY)
    assert (day.opened[11:16], day.all_well, day.exceptions, day.high) == ("14:26", True, "", None)
    assert shell.last == "已开站，全部正常"
    qtbot.waitUntil(lambda: "14:26 已开站" in shown(page.day_card))
    take_back(qtbot, page, shell)
    assert keepers.day(db, TODAY).opened == ""
    qtbot.waitUntil(lambda: not page.day_card.is_open)
    press(qtbot, page, Key.Key_Return, CONTROL)
    assert keepers.day(db, TODAY).opened != ""


def test_what_is_not_in_order_is_written_down_with_the_forecast(
    page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    opening = page.day_card.opening
    microwave = next(check for check in opening.checks if check.words() == "微波炉")
    microwave.setFocus()
    press(qtbot, page, Key.Key_Return)
    assert opening.button.words() == "记下情况，开站"
    opening.exceptions.take_focus()
    opening.exceptions.area.insertPlainText("加热慢")
    press(qtbot, page, Key.Key_Return)
    press(qtbot, page, Key.Key_Up)
    assert opening.high.value() == 30
    for _degree in range(7):
        press(qtbot, page, Key.Key_Up)
    press(qtbot, page, Key.Key_Return)
    assert focus() is opening.button
    press(qtbot, page, Key.Key_Return)
    day = keepers.day(db, TODAY)
    assert (day.all_well, day.exceptions, day.high) == (False, "微波炉：加热慢", 37)
    qtbot.waitUntil(lambda: "预报最高 37℃" in shown(page.day_card))
    assert "微波炉：加热慢" in shown(page.day_card)
    assert opening.said() == ""


def test_a_day_is_hot_from_the_threshold_that_is_set(page: ShiftPage, db: Database, qtbot: QtBot) -> None:
    press(qtbot, page, Key.Key_Return)
    weather.tell(db, high=34)
    page.refresh()
    idle(qtbot, page)
    qtbot.waitUntil(lambda: "34" in page.day_card.closing.high.text())
    assert page.day_card.closing.high._tone == "plain"
    preferences.change(db, settings.WEATHER_HEAT_YELLOW.name, "33")
    page.refresh()
    idle(qtbot, page)
    qtbot.waitUntil(lambda: page.day_card.closing.high._tone == "warming")


def test_a_forecast_that_cannot_be_keeps_the_station_closed(page: ShiftPage, db: Database, qtbot: QtBot) -> None:
    page.day_card.opening.high.take_focus()
    qtbot.keyClicks(focus(), "370")
    press(qtbot, page, Key.Key_Return, CONTROL)
    assert keepers.day(db, TODAY).opened == ""
    assert page.day_card.opening.high.problem() in shown(page.day_card)


def test_the_warning_in_force_stands_at_the_opening_check_and_over_the_day(page: ShiftPage, db: Database, qtbot: QtBot) -> None:
    opening, closing = page.day_card.opening, page.day_card.closing
    qtbot.waitUntil(lambda: opening.level.accessibleName() == "没有预警")
    weather.tell(db, low=-5, warning=WeatherLevel.COLD_ORANGE)
    page.refresh()
    qtbot.waitUntil(lambda: opening.level.accessibleName() == "寒潮橙色")
    assert opening.level._tone == "cooling"
    press(qtbot, page, Key.Key_Return)
    qtbot.waitUntil(lambda: closing.high.text() == "寒潮橙色")
    assert closing.high._tone == "cooling"


def test_closing_shows_the_day_keeps_the_note_and_can_be_taken_back(
    page: ShiftPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot
) -> None:
    press(qtbot, page, Key.Key_Return)
    page.jobs.run(lambda store: visits.tally(store, Occupation.RIDER, 4))
    idle(qtbot, page)
    qtbot.waitUntil(lambda: page.day_card.closing.visits.accessibleName() == "人次 4")
    clock.forward(190)
    page.settle()
    idle(qtbot, page)
    assert focus() is page.day_card.closing.note.area
    page.day_card.closing.note.area.insertPlainText("午后人多")
    press(qtbot, page, Key.Key_Return)
    press(qtbot, page, Key.Key_Return)
    day = keepers.day(db, TODAY)
    assert (day.closed[11:16], day.note) == ("17:36", "午后人多")
    assert shell.last == "已收站，今天来访 4 人次"
    qtbot.waitUntil(lambda: "17:36 已收站" in shown(page.day_card))
    assert "午后人多" in shown(page.day_card)
    assert not page.day_card.closing.button.isVisible()
    assert focus() is page.day_card.closing.log_button
    page.day_card.closing.undo_button.setFocus()
    press(qtbot, page, Key.Key_Return)
    assert keepers.day(db, TODAY).closed == ""
    qtbot.waitUntil(lambda: page.day_card.closing.button.isVisible())


def test_the_round_at_closing_is_typed_in_one_sheet_and_taken_back_in_one_step(
    page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    items = [supplies.add_item(db, name, "份", ItemKind.DRINK)[0] for name in ("矿泉水", "毛巾")]
    for item in items:
        supplies.receive(db, item.id, 10)
        supplies.hand_out(db, item.id, 2)
    page.refresh()
    press(qtbot, page, Key.Key_Return)
    qtbot.waitUntil(lambda: page.day_card.closing.count_button.isVisible())
    page.count_fast()
    form: Any = shell.sheet
    for item, counted in zip(items, (7, 9), strict=True):
        form.field(item.id).set_value(counted)
    form.take_focus()
    qtbot.keyClick(focus(), Key.Key_Return, CONTROL)
    idle(qtbot, page)
    assert sorted(supplies.get(db, item.id).balance for item in items) == [7, 9]
    newest = history.log(db, TODAY)[0]
    assert newest.op is Op.COUNT_STOCK
    history.undo(db, newest.operation)
    assert [supplies.get(db, item.id).balance for item in items] == [8, 8]
    assert audit.check(db) == []


def test_the_last_seven_days_say_what_was_forgotten(
    shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot
) -> None:
    keepers.open_station(db, "微波炉报修中", 36, at=datetime.fromisoformat("2026-07-15T08:20:00+08:00"))
    keepers.close_station(db, "人多", at=datetime.fromisoformat("2026-07-15T17:30:00+08:00"))
    visits.tally(db, Occupation.OTHER, 9, at=datetime.fromisoformat("2026-07-14T10:00:00+08:00"))
    keepers.open_station(db, at=datetime.fromisoformat("2026-07-13T08:25:00+08:00"))
    page = in_front(ShiftPage(shell), shell, qtbot)
    model = page.days.model()
    rows = [
        [str(model.data(model.index(row, column), Qt.ItemDataRole.AccessibleTextRole)) for column in range(5)] for row in range(7)
    ]
    assert rows[0][:3] == ["日期 今天", "开站 —", "收站 —"]
    assert rows[2][:3] == ["日期 7月15日", "开站 08:20", "收站 17:30"]
    assert "微波炉报修中 · 人多" in rows[2][3]
    assert "有来访，没记开站" in rows[3][3]
    assert rows[4][2] == "收站 — 未收站"
    assert rows[3][4] == "人次 9"
    assert page.day_card.opening.high.usual == 36
    page.look_up()
    for _row in range(3):
        press(qtbot, page, Key.Key_Down)
    press(qtbot, page, Key.Key_Return)
    assert page.tabs.code() == "paper"
    assert page.paper.day.value() == date(2026, 7, 14)


# --- on duty ----------------------------------------------------------------------------------------------------------------


def test_the_desk_is_taken_handed_on_and_given_back(page: ShiftPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot) -> None:
    assert "现在没有人值班" in shown(page.duty)
    page.duty.take_button.setFocus()
    press(qtbot, page, Key.Key_Return)
    duty = keepers.on_duty(db)
    assert duty is not None
    assert duty.keeper == "王敏"
    assert shell.last == "王敏 已接班"
    qtbot.waitUntil(lambda: "14:26 起值班" in shown(page.duty))
    assert not page.duty.take_button.isVisible()
    clock.forward(60)
    page.duty.leave_button.setFocus()
    press(qtbot, page, Key.Key_Return)
    assert keepers.on_duty(db) is None
    qtbot.waitUntil(lambda: "值班到 15:26" in shown(page.duty))
    take_back(qtbot, page, shell)
    assert keepers.on_duty(db) == duty
    qtbot.waitUntil(lambda: "正在值班" in shown(page.duty))


def test_another_keeper_relieves_the_one_on_duty(page: ShiftPage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot) -> None:
    page.duty.take_button.click()
    idle(qtbot, page)
    with db.transact(Op.ADD_KEEPER) as tx:
        other = tx.put("keeper", {"name": "李强", "role": "evening", "active": 1})
    db.acting = other
    clock.forward(30)
    page.settle()  # as after unlocking
    idle(qtbot, page)
    assert page.duty.take_button.words() == "李强 接班"
    page.duty.take_button.click()
    idle(qtbot, page)
    assert [(s.keeper, s.began[11:16], s.finished[11:16]) for s in keepers.shifts_of(db, TODAY)] == [
        ("王敏", "14:26", "14:56"), ("李强", "14:56", ""),
    ]  # fmt: skip
    undo = next(row for row in page.duty.findChildren(LogRow) if row.text().startswith("李强"))
    undo.acted.emit()
    idle(qtbot, page)
    duty = keepers.on_duty(db)
    assert duty is not None
    assert duty.keeper == "王敏"


# --- the paper sheet -----------------------------------------------------------------------------------------------------------


def fill(qtbot: QtBot, page: ShiftPage) -> None:
    """Type a sheet: riders 12 at 8 and 3 at 9, couriers 5 at 8, others 20 at 20."""
    page.new()
    idle(qtbot, page)
    assert focus() is page.paper.grid
    qtbot.keyClicks(focus(), "12")
    qtbot.keyClick(focus(), Key.Key_Tab)
    qtbot.keyClicks(focus(), "3")
    for key in (Key.Key_Left, Key.Key_Down):
        qtbot.keyClick(focus(), key)
    qtbot.keyClicks(focus(), "5")
    page.paper.grid.setCurrentIndex(page.paper.model.index(6, 12))
    qtbot.keyClicks(focus(), "20")


def test_a_sheet_is_typed_totalled_entered_and_taken_back(page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    fill(qtbot, page)
    model = page.paper.model
    columns = len(model.hours)
    assert list(model.hours) == list(range(8, 21))
    assert [model.count(row, columns) for row in range(8)] == [15, 5, 0, 0, 0, 0, 20, 40]
    assert [model.count(7, column) for column in (0, 1, 2, 12)] == [17, 3, 0, 20]
    assert page.paper.save_button.words() == "记入 40 人次"
    assert "昨天 星期四还没有登记。" in shown(page.paper)
    press(qtbot, page, Key.Key_Return, CONTROL)
    report = reports.period(db, YESTERDAY, YESTERDAY)
    assert report.by_occupation == {"courier": 5, "other": 20, "rider": 15}
    assert report.by_hour == {8: 17, 9: 3, 20: 20}
    assert {visit.recorded for visit in visits.listing(db, YESTERDAY, YESTERDAY)} == {Recorded.PAPER}
    assert shell.last == "已补登昨天的 40 人次"
    assert model.total == 0
    qtbot.waitUntil(lambda: "昨天 星期四已经有 40 人次，其中 40 人次是补登的" in shown(page.paper))
    take_back(qtbot, page, shell)
    assert reports.period(db, YESTERDAY, YESTERDAY).person_times == 0
    qtbot.waitUntil(lambda: "昨天 星期四还没有登记。" in shown(page.paper))


def test_a_day_that_holds_figures_warns_and_is_entered_all_the_same(page: ShiftPage, db: Database, qtbot: QtBot) -> None:
    visits.tally(db, Occupation.RIDER, 6, at=datetime.fromisoformat("2026-07-16T22:10:00+08:00"))
    fill(qtbot, page)
    assert page.paper.warning.isVisible()
    assert "昨天 星期四已经有 6 人次（前台登记）" in shown(page.paper.warning)
    # the column of the hour that holds figures is there, with what it holds
    assert page.paper.model.hours[-1] == 22
    assert page.paper.model.count(8, len(page.paper.model.hours) - 1) == 6
    press(qtbot, page, Key.Key_Return, CONTROL)
    assert visits.today(db, YESTERDAY).person_times == 46


def test_another_day_is_typed_in_the_field(page: ShiftPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    fill(qtbot, page)
    page.look_up()
    qtbot.keyClicks(focus(), "20260710")
    press(qtbot, page, Key.Key_Return)
    assert focus() is page.paper.grid
    assert page.paper.model.total == 40
    assert "7月10日 星期五还没有登记" in shown(page.paper)
    press(qtbot, page, Key.Key_Return, CONTROL)
    assert visits.today(db, "2026-07-10").person_times == 40
    assert shell.last == "已补登7月10日的 40 人次"


def test_a_day_to_come_is_refused_at_its_field_and_nothing_is_lost(page: ShiftPage, db: Database, qtbot: QtBot) -> None:
    fill(qtbot, page)
    page.look_up()
    qtbot.keyClicks(focus(), "2026-07-18")
    press(qtbot, page, Key.Key_Return, CONTROL)
    assert "2026-07-18 还没有到，不能补登" in shown(page.paper.day)
    assert page.paper.model.total == 40
    assert page.paper.save_button.isEnabled()
    assert visits.today(db, "2026-07-18").person_times == 0


def test_keys_in_the_grid(page: ShiftPage, shell: SheetShell, qtbot: QtBot) -> None:
    page.new()
    idle(qtbot, page)
    grid, model = page.paper.grid, page.paper.model
    qtbot.keyClicks(grid, "501")
    assert model.count(0, 0) == 50
    assert shell.bad
    assert "一格最多 500 人" in shell.last
    qtbot.keyClick(grid, Key.Key_Backspace)
    assert model.count(0, 0) == 5
    qtbot.keyClick(grid, Key.Key_Delete)
    assert model.total == 0
    for _row in range(7):
        qtbot.keyClick(grid, Key.Key_Return)
    assert (grid.currentIndex().row(), grid.currentIndex().column()) == (0, 1)
    qtbot.keyClick(grid, Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(grid, Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert focus() is not grid
    grid.setFocus()
    grid.setCurrentIndex(model.index(6, 12))
    qtbot.keyClick(grid, Key.Key_Down)
    qtbot.keyClick(grid, Key.Key_Right)
    assert (grid.currentIndex().row(), grid.currentIndex().column()) == (6, 12)  # sums are passed by
    qtbot.keyClicks(grid, "7")
    qtbot.keyClick(grid, Key.Key_Return)
    assert focus() is page.paper.save_button
    page.paper.clear_button.click()
    assert not page.paper.save_button.isEnabled()


def test_hours_that_hold_figures_widen_the_sheet() -> None:
    assert widened(range(8, 21), {}) == range(8, 21)
    assert widened(range(8, 21), {6: 1, 12: 3}) == range(6, 21)
    assert widened(range(8, 21), {23: 2}) == range(8, 24)


def test_the_blank_sheet_is_drawn_and_opened(page: ShiftPage, printed: list[Path], shell: SheetShell, qtbot: QtBot) -> None:
    page.new()
    page.paper.print_button.setFocus()
    press(qtbot, page, Key.Key_Return)
    qtbot.waitUntil(lambda: bool(printed))
    assert printed[0].name == "tally-sheet-YQ-A.pdf"
    assert printed[0].read_bytes().startswith(b"%PDF")


def test_english_says_it_too(shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    words.use("en")
    page = in_front(ShiftPage(shell), shell, qtbot)
    press(qtbot, page, Key.Key_Return)
    assert shell.last == "The station is open, all well"
    page.show_subject(YESTERDAY)
    idle(qtbot, page)
    qtbot.keyClicks(focus(), "1")
    assert page.paper.save_button.words() == "Enter 1 person-time"
    press(qtbot, page, Key.Key_Return, CONTROL)
    assert shell.last == "1 person-time entered for yesterday"
    assert visits.today(db, YESTERDAY).person_times == 1
