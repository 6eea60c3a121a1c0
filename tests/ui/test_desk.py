"""Whole moments at the desk through its real widgets: keys and scans in, the screen and the ledgers out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from station_app import words
from station_app.db import Database
from station_app.model import (
    Amenity,
    Category,
    Consent,
    Exchange,
    Item,
    ItemKind,
    Occupation,
    Op,
    Person,
    RequestState,
    Visit,
)
from station_app.services import badges, history, keepers, people, requests, stations, supplies, visits
from station_app.services.supplies import Offer
from station_app.ui import theme
from station_app.ui.jobs import Jobs
from station_app.ui.pages.desk import DeskPage
from station_app.ui.pages.desk_day import open_hours
from station_app.ui.pages.desk_log import Entry
from station_app.ui.pages.desk_supplies import offer_lines
from station_app.ui.scan import ScanCatcher
from tests.ui.shell import Clock, SheetShell

DAY = "2026-07-17"
NO = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Desk:
    """The desk page in a window with the window's own keys, its sheet and its catcher of scans."""

    def __init__(self, qtbot: QtBot, app: QApplication, db: Database) -> None:
        self.qtbot, self.db = qtbot, db
        self.jobs = Jobs(db)
        self.shell = SheetShell(self.jobs, stations.current(db))
        self.page = DeskPage(self.shell)
        self.window = QWidget()
        around = QVBoxLayout(self.window)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(self.page)
        qtbot.addWidget(self.window)
        self.shell.hold(self.window)
        for number, occupation in enumerate(Occupation, 2):
            QShortcut(QKeySequence(f"F{number}"), self.page, lambda occupation=occupation: self.page.tally(occupation))
        QShortcut(QKeySequence("Ctrl+N"), self.page, self.page.new)
        self.moment = 0.0
        self.catcher = ScanCatcher(app, clock=lambda: self.moment)
        self.catcher.scanned.connect(self.page.scanned)
        self.window.resize(1274, 678)
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()
        self.page.settle()
        self.rest()

    def rest(self) -> None:
        """Until nothing is under way."""
        self.qtbot.waitUntil(lambda: self.jobs.idle)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        """One key, alone: no burst."""
        self.key(key, modifier)
        self.rest()

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NO) -> None:
        """A key to whoever has the focus, without waiting for what it does."""
        focus = QApplication.focusWidget()
        assert focus is not None
        QTest.keyClick(focus, key, modifier)
        self.catcher.settle()

    def type(self, text: str) -> None:
        """Typed by hand, key after key."""
        for letter in text:
            focus = QApplication.focusWidget()
            assert focus is not None
            QTest.keyClicks(focus, letter)
            self.catcher.settle()
        self.rest()

    def scan(self, code: str) -> None:
        """A burst of keys from the scanner, ended by Enter, to whoever has the focus."""
        focus = QApplication.focusWidget()
        assert focus is not None
        self.moment += 1000
        QTest.keyClicks(focus, code)
        QTest.keyClick(focus, Qt.Key.Key_Return)
        self.moment += 1000
        self.rest()

    def today(self) -> visits.Today:
        return visits.today(self.db, DAY)

    def visits(self) -> list[Visit]:
        return [visit for visit in visits.listing(self.db, DAY, DAY) if not visit.void_reason]

    def given(self) -> list[tuple[str, str | None, bool]]:
        """(item, person, already given) of today's handouts that stand, the oldest first."""
        found = [one for one in supplies.handouts(self.db, DAY, DAY) if not one.void_reason]
        return [(supplies.get(self.db, one.item_id).name, one.person_id, one.already_given) for one in reversed(found)]

    def lines(self) -> list[str]:
        return [entry.text for entry in self.page.log.entries()]

    def focused(self) -> bool:
        return QApplication.focusWidget() is self.page.field


@contextmanager
def the_day_before(clock: Clock) -> Iterator[None]:
    """What was set up earlier is no line of today's log."""
    now = clock.moment
    clock.forward(days=-1)
    yield
    clock.moment = now


@pytest.fixture
def regular(db: Database, clock: Clock) -> Person:
    with the_day_before(clock):
        return people.register(db, Occupation.RIDER, "美团", "李志强", "13800006031", Consent.STATION)[0]


@pytest.fixture
def items(db: Database, clock: Clock) -> list[Item]:
    with the_day_before(clock):
        return stocked(db)


def stocked(db: Database) -> list[Item]:
    kit, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING, most_per_day=1, low_level=3)
    water, _ = supplies.add_item(db, "藿香正气水", "盒", ItemKind.FIRST_AID, alcohol=True, low_level=6)
    warm, _ = supplies.add_item(db, "暖宝宝", "片", ItemKind.WARMING, months=(11, 3))
    for item, n in ((kit, 42), (water, 6)):
        supplies.receive(db, item.id, n)
    return [kit, water, warm]


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication, db: Database, regular: Person, items: list[Item]) -> Iterator[Desk]:
    theme.apply(qapp)
    made = Desk(qtbot, qapp, db)
    yield made
    qapp.removeEventFilter(made.catcher)
    made.catcher.deleteLater()
    made.jobs.close()


# --- coming in -----------------------------------------------------------------------------------------------------------


def test_a_scan_alone_checks_in(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    assert [visit.person_id for visit in desk.visits()] == [regular.id]
    card = desk.page.card
    assert (card.name.text(), card.state.text()) == ("李志强", "已登记 14:26")
    assert card.who.text() == f"外卖骑手 · 美团 · 尾号\u00a06031 · 卡号\u00a0{regular.card_number}"
    assert card.count.text() == "第 1 次来访"
    assert desk.shell.last == "已为 李志强 登记"
    assert desk.lines()[0] == "李志强 登记"
    assert desk.page.field.text() == ""
    assert desk.focused()


def test_a_second_scan_within_ten_minutes_counts_nothing_and_says_so(desk: Desk, regular: Person, clock: Clock) -> None:
    desk.scan(regular.badge_code)
    clock.forward(minutes=9)
    desk.scan(regular.badge_code)
    assert desk.today().person_times == 1
    assert desk.shell.last == "刚才已登记过，本次没有重复计数"
    assert "没有重复计数" in desk.page.card.count.text()
    clock.forward(minutes=2)
    desk.scan(regular.badge_code)
    assert desk.today().person_times == 2
    assert desk.page.card.count.text() == "第 2 次来访 · 上次 今天"


def test_a_scan_with_the_focus_elsewhere_lands_all_the_same(desk: Desk, regular: Person) -> None:
    desk.press(Qt.Key.Key_Tab)
    assert not desk.focused()
    desk.scan(regular.badge_code)
    assert desk.today().person_times == 1
    assert desk.focused()


def test_half_typed_text_survives_a_scan(desk: Desk, regular: Person) -> None:
    desk.type("oy")
    desk.scan(regular.badge_code)
    assert desk.page.field.text() == "oy"
    assert desk.page.card.name.text() == "李志强"
    assert not desk.page.field.found.isVisible()


def test_after_a_scan_digits_act_on_the_card_and_what_was_half_typed_goes_on_untouched(
    desk: Desk, items: list[Item], regular: Person, db: Database
) -> None:
    other, _ = people.register(db, Occupation.COURIER, "顺丰", "欧阳志强", "13900005678", Consent.STATION)
    desk.type("oy")
    desk.scan(regular.badge_code)
    desk.type("1")
    assert [(name, person) for name, person, _ in desk.given()] == [(items[0].name, regular.id)]
    assert (desk.page.field.text(), desk.page.field.waiting) == ("oy", True)
    desk.type("9")
    assert desk.shell.last == "没有 9 号物资"
    desk.scan(regular.badge_code)
    assert desk.page.field.text() == "oy", "a second scan leaves it alone too"
    desk.type("z")
    assert (desk.page.field.text(), desk.page.field.waiting) == ("oyz", False)
    assert [person.id for person in desk.page.field.found.people()] == [other.id]
    desk.press(Qt.Key.Key_Return)
    assert desk.visits()[0].person_id == other.id


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Slash])
def test_enter_esc_and_slash_go_on_with_what_waits_and_choose_nobody(desk: Desk, regular: Person, key: Qt.Key) -> None:
    desk.type("zhi")
    desk.scan(regular.badge_code)
    desk.press(key)
    assert (desk.page.field.text(), desk.page.field.waiting) == ("zhi", False)
    assert [person.id for person in desk.page.field.found.people()] == [regular.id]
    assert len(desk.visits()) == 1
    assert not desk.page.field.digits_act


def test_a_tally_leaves_what_was_half_typed_and_digits_count(desk: Desk) -> None:
    desk.type("li")
    desk.press(Qt.Key.Key_F2)
    desk.type("5")
    assert desk.today().person_times == 5
    assert desk.page.field.text() == "li"


def test_a_slip_and_a_requests_number_that_are_typed_lead_to_its_state(desk: Desk, db: Database, qtbot: QtBot) -> None:
    """Whoever has no scanner types the digits of the slip; a number that somebody says leads to its request."""
    asked, _ = requests.add(db, "充电口不足")
    desk.type(asked.slip)
    desk.press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: desk.shell.sheet is not None and "已登记" in desk.shell.sheet.accessibleName())
    desk.shell.close_sheet()
    assert desk.visits() == []
    for number in (asked.number, asked.number[-9:]):
        desk.shell.went.clear()
        desk.type(number)
        desk.press(Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: desk.shell.went == [("requests", asked.id)])
    desk.type("2026-9999")
    desk.press(Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "2026-9999" in desk.shell.last)


def test_a_typed_card_number_checks_in(desk: Desk, regular: Person) -> None:
    desk.type(regular.card_number)
    desk.press(Qt.Key.Key_Return)
    assert [visit.person_id for visit in desk.visits()] == [regular.id]
    assert desk.page.field.text() == ""


def test_pinyin_and_enter_find_and_check_in(desk: Desk, regular: Person) -> None:
    desk.type("zhiqiang")
    assert [person.id for person in desk.page.field.found.people()] == [regular.id]
    desk.press(Qt.Key.Key_Return)
    assert [visit.person_id for visit in desk.visits()] == [regular.id]
    assert not desk.page.field.found.isVisible()
    assert desk.page.field.text() == ""


def test_the_arrows_choose_among_several(desk: Desk, db: Database, regular: Person) -> None:
    other, _ = people.register(db, Occupation.COURIER, "顺丰", "欧阳志强", "13900005678", Consent.STATION)
    desk.type("zq")
    found = [person.id for person in desk.page.field.found.people()]
    assert sorted(found) == sorted([regular.id, other.id])
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Return)
    assert [visit.person_id for visit in desk.visits()] == [found[1]]


def test_enter_before_the_answer_waits_for_it(desk: Desk, regular: Person) -> None:
    desk.page.field.setText("lizhiqiang")
    desk.key(Qt.Key.Key_Return)
    desk.rest()
    assert [visit.person_id for visit in desk.visits()] == [regular.id]


def test_nobody_found_says_what_to_do(desk: Desk) -> None:
    desk.type("zzz")
    assert "F2–F8" in desk.page.field.found.message()
    desk.press(Qt.Key.Key_Return)
    assert desk.visits() == []


def test_a_card_that_opens_nothing_says_why_and_what_to_do(desk: Desk, db: Database, regular: Person) -> None:
    badges.issue(db, regular.id)
    desk.scan(regular.badge_code)
    assert desk.visits() == []
    assert "已挂失" in desk.page.card.name.text()
    assert "F2–F8" in desk.page.card.who.text()
    assert desk.page.card.alert() == "这位师傅愿意的话，可以办一张新卡"
    assert desk.shell.bad
    desk.press(Qt.Key.Key_1)
    assert desk.page.field.text() == "1"
    assert desk.given() == []


def test_a_refused_scan_takes_the_digits_away_from_whoever_was_before(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.scan("9" * 22)
    desk.press(Qt.Key.Key_1)
    assert desk.given() == []
    assert desk.page.card.alert() == ""


def test_an_answered_request_is_told_in_person(desk: Desk, db: Database, regular: Person) -> None:
    request, _ = requests.add(db, "电动车充电口不足", category=Category.FACILITIES, person_id=regular.id)
    requests.step(db, request.id, RequestState.REPLIED, note="已加装")
    desk.scan(regular.badge_code)
    assert desk.page.card.alert() == "诉求 2026-0001（充电停车如厕）已答复，请当面告知"
    desk.page.card.answered.emit(request.id)
    assert desk.shell.went == [("requests", request.id)]


# --- counting without a card ---------------------------------------------------------------------------------------------


def test_one_key_counts_one(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F2)
    assert desk.page.tallies.count(Occupation.RIDER) == 1
    desk.press(Qt.Key.Key_F8)
    assert desk.today().anonymous[Occupation.OTHER] == 1
    assert desk.page.card.name.text() == "其他 · 匿名登记"
    assert desk.lines() == ["其他 匿名登记 +1", "外卖骑手 匿名登记 +1"]


def test_two_keys_count_a_group_of_five(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_5)
    assert desk.today().anonymous[Occupation.RIDER] == 5
    assert desk.lines() == ["外卖骑手 匿名登记 +5"]
    assert desk.shell.last == "外卖骑手 改为 5 人次"


def test_two_digits_in_a_moment_are_one_number(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F4)
    desk.key(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_2)
    assert desk.today().anonymous[Occupation.RIDE_HAIL_DRIVER] == 12


def test_a_digit_that_comes_before_the_count_is_saved_waits_for_it(desk: Desk) -> None:
    desk.key(Qt.Key.Key_F3)
    desk.key(Qt.Key.Key_4)
    desk.rest()
    assert desk.today().anonymous[Occupation.COURIER] == 4


def test_backspace_in_the_empty_field_takes_back_step_by_step(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_5)
    desk.press(Qt.Key.Key_Backspace)
    assert desk.page.tallies.count(Occupation.RIDER) == 1
    desk.press(Qt.Key.Key_Backspace)
    assert desk.page.tallies.count(Occupation.RIDER) == 0
    assert desk.page.card.name.text() == "请扫码登记"
    desk.press(Qt.Key.Key_7)
    assert desk.page.field.text() == "7"
    desk.press(Qt.Key.Key_Backspace)
    assert desk.page.field.text() == ""


def test_nobody_at_all_is_refused_kindly(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_0)
    assert desk.today().anonymous[Occupation.RIDER] == 1
    assert desk.shell.last == "人数要在 1 到 500 之间（现在是 0）"


# --- handing out ---------------------------------------------------------------------------------------------------------


def test_one_digit_after_a_scan_hands_out(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    assert desk.page.shelf.card(0).line() == "今日可领 1 · 库存 42"
    desk.press(Qt.Key.Key_1)
    assert desk.given() == [("防暑包", regular.id, False)]
    assert desk.shell.last == "李志强 领取 防暑包 ×1"
    assert desk.page.shelf.card(0).line() == "今日 14:26 已领"
    assert desk.page.shelf.card(0).off()
    assert desk.lines()[0] == "李志强 领取 防暑包 ×1"


def test_a_digit_right_behind_the_scan_waits_for_the_card(desk: Desk, regular: Person) -> None:
    focus = QApplication.focusWidget()
    assert focus is not None
    QTest.keyClicks(focus, regular.badge_code)
    QTest.keyClick(focus, Qt.Key.Key_Return)
    desk.key(Qt.Key.Key_1)
    desk.rest()
    assert desk.given() == [("防暑包", regular.id, False)]


def test_a_refusal_names_rule_last_and_next_and_offers_to_note_what_was_given(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.press(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_1)
    assert desk.shell.last == "防暑包 今天 14:26 已领，每人每日限领 1，明天可以再领"
    assert desk.shell.action == "已经给了？Shift+1 补记"
    assert len(desk.given()) == 1
    assert desk.shell.then is not None
    desk.shell.then()
    desk.rest()
    assert desk.given() == [("防暑包", regular.id, False), ("防暑包", regular.id, True)]


def test_shift_and_the_digit_record_what_was_given_already(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.press(Qt.Key.Key_3)
    assert desk.shell.last == "暖宝宝 11月起发放"
    desk.press(Qt.Key.Key_3, SHIFT)
    assert desk.given() == [("暖宝宝", regular.id, True)]
    assert "账上不够" in desk.shell.last
    assert desk.lines()[0] == "李志强 领取 暖宝宝 ×1（补记）（账上不足）"


def test_a_card_of_the_shelf_hands_out_to_one_of_a_tally(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F6)
    desk.page.shelf.card(1).click()
    desk.rest()
    handout = supplies.handouts(desk.db, DAY, DAY)[0]
    assert (handout.person_id, handout.occupation) == (None, Occupation.SANITATION_WORKER)
    assert desk.lines()[0] == "匿名 领取 藿香正气水 ×1"


def test_drinks_with_alcohol_and_short_shelves_say_so(desk: Desk) -> None:
    card = desk.page.shelf.card(1)
    assert card.line() == "库存仅 6 盒"
    assert "含酒精 勿驾车" in card.accessibleDescription()


def test_what_a_card_of_the_shelf_says(items: list[Item], clock: Clock) -> None:
    today = clock.moment.date()
    kit = replace(items[0], balance=42)
    assert offer_lines(Offer(kit, 0, None, most=1, left=1), False, today)[0][0] == "每人每日 1 · 库存 42"
    assert offer_lines(Offer(kit, 0, None), True, today)[0] == ("库存 42",)
    assert offer_lines(Offer(replace(kit, next_expiry="2026-07-16"), 0, None), True, today) == (
        ("有过期批次，请先检查", "有过期批次"),
        True,
    )


def test_slash_and_esc_make_digits_text_again(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.type("/6031")
    assert [person.id for person in desk.page.field.found.people()] == [regular.id]
    desk.press(Qt.Key.Key_Escape)
    desk.press(Qt.Key.Key_1)
    assert desk.page.field.text() == "1"
    assert desk.given() == []
    desk.press(Qt.Key.Key_Escape)
    desk.press(Qt.Key.Key_Escape)
    assert desk.page.card.name.text() == "请扫码登记"


def test_a_digit_without_an_item_begins_a_search(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.type("6031")
    assert desk.page.field.text() == "6031"
    assert desk.given() == []


# --- services, the log, the day ------------------------------------------------------------------------------------------


def test_services_follow_the_ledger(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.press(Qt.Key.Key_1, CTRL)
    desk.press(Qt.Key.Key_2, CTRL)
    visit = desk.visits()[0]
    assert visits.amenities(desk.db, visit.id) == {Amenity.WATER, Amenity.REST} == desk.page.amenities.used()
    assert desk.lines() == ["李志强 登记 · 饮水、歇脚"]
    desk.press(Qt.Key.Key_1, CTRL)
    assert visits.amenities(desk.db, visit.id) == {Amenity.REST}
    desk.press(Qt.Key.Key_Backspace)
    assert desk.page.amenities.used() == {Amenity.WATER, Amenity.REST}
    assert desk.lines() == ["李志强 登记 · 饮水、歇脚"]


def test_services_of_a_tally_and_none_without_a_visit(desk: Desk) -> None:
    desk.press(Qt.Key.Key_1, CTRL)
    assert desk.lines() == []
    desk.press(Qt.Key.Key_F3)
    desk.press(Qt.Key.Key_3, CTRL)
    assert desk.lines() == ["快递员 匿名登记 +1 · 充电"]


def log_entry(desk: Desk, text: str) -> Entry:
    return next(entry for entry in desk.page.log.entries() if entry.text == text)


def test_taking_back_a_line_takes_back_all_it_says(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_5)
    desk.press(Qt.Key.Key_1, CTRL)
    assert desk.lines() == ["外卖骑手 匿名登记 +5 · 饮水"]
    desk.page.log.setFocus()
    desk.press(Qt.Key.Key_Down)
    desk.page.log.setCurrentIndex(desk.page.log.model().index(0, 0))
    desk.press(Qt.Key.Key_Return)
    assert desk.today().person_times == 0
    assert all(entry.undone and entry.action == "已撤销" for entry in desk.page.log.entries())
    desk.press(Qt.Key.Key_Escape)
    assert desk.focused()


def test_the_log_opens_requests_and_shows_the_way_to_the_district(desk: Desk, db: Database) -> None:
    request, changes = requests.add(db, "房租太高", category=Category.HOUSING)
    desk.jobs.changed.emit(changes)
    desk.rest()
    entry = log_entry(desk, "诉求 2026-0001 住房租赁 · 匿名")
    assert (entry.action, entry.mark) == ("打开", Exchange.LOCAL)
    desk.page.log.acted.emit(entry)
    assert desk.shell.went == [("requests", request.id)]


def test_lines_that_stay_keep_their_place(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F2)
    model = desk.page.log.model()
    with desk.qtbot.assertNotEmitted(model.modelReset):
        desk.press(Qt.Key.Key_F3)
        desk.press(Qt.Key.Key_5)
    card = desk.page.shelf.card(0)
    desk.press(Qt.Key.Key_F4)
    assert desk.page.shelf.card(0) is card


def test_the_figures_of_the_day(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    desk.press(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_5)
    assert "6" in desk.page.day.visits.accessibleName()
    assert "1" in desk.page.day.given.accessibleName()


def test_hours_from_opening_to_closing_and_those_outside_with_visits(db: Database) -> None:
    station = stations.current(db)
    assert open_hours(station, {}) == range(8, 18)
    assert open_hours(replace(station, closes="17:00"), {7: 1, 20: 2}) == range(7, 21)


def test_the_summary_for_the_chat_group_names_nobody(desk: Desk, regular: Person) -> None:
    keepers.open_station(desk.db)
    desk.scan(regular.badge_code)
    desk.press(Qt.Key.Key_1)
    desk.press(Qt.Key.Key_1, CTRL)
    desk.press(Qt.Key.Key_F3)
    desk.press(Qt.Key.Key_4)
    desk.press(Qt.Key.Key_C, CTRL | SHIFT)
    assert QGuiApplication.clipboard().text().splitlines() == [
        "云桥暖心驿站 7月17日（星期五）小结",
        "14:26 开站",
        "来访 5 人次（登记 1，匿名 4）",
        "其中：外卖骑手 1、快递员 4",
        "服务：饮水 1",
        "发放：防暑包 1",
    ]


def test_opening_the_station_is_one_key_and_blocks_nothing(desk: Desk) -> None:
    assert desk.page.opening.isVisible()
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_F9)
    assert keepers.day(desk.db, DAY).opened
    assert not desk.page.opening.isVisible()
    desk.shell.undo(desk.shell.undoable[-1].operation)
    desk.rest()
    assert desk.page.opening.isVisible()


def test_a_new_day_shows_itself_without_a_key(desk: Desk, clock: Clock) -> None:
    desk.press(Qt.Key.Key_F2)
    clock.set("2026-07-18T08:00:00+08:00")
    desk.page._minute.timeout.emit()
    desk.rest()
    assert desk.lines() == []
    assert desk.page.tallies.count(Occupation.RIDER) == 0


# --- a new card ----------------------------------------------------------------------------------------------------------


def test_two_keys_make_a_nameless_card_and_check_in(desk: Desk) -> None:
    desk.press(Qt.Key.Key_N, CTRL)
    desk.press(Qt.Key.Key_2)
    desk.press(Qt.Key.Key_Return)
    visit = desk.visits()[0]
    assert visit.person_id is not None
    person = people.get(desk.db, visit.person_id)
    assert (person.occupation, person.name, person.consent) == (Occupation.COURIER, "", Consent.NONE)
    assert desk.page.card.name.text() == f"无名卡 {person.card_number}"
    assert person.card_number in desk.shell.last
    assert desk.focused()
    desk.press(Qt.Key.Key_Backspace)
    assert desk.visits() == []
    assert people.several(desk.db, [person.id])
    desk.press(Qt.Key.Key_Backspace)
    assert not people.several(desk.db, [person.id])


def test_a_card_for_somebody_just_counted_is_no_recount(desk: Desk) -> None:
    desk.press(Qt.Key.Key_F3)
    desk.press(Qt.Key.Key_3)
    desk.press(Qt.Key.Key_N, CTRL)
    desk.press(Qt.Key.Key_Return)
    assert desk.today().person_times == 3
    assert desk.today().anonymous[Occupation.COURIER] == 2
    desk.press(Qt.Key.Key_F2)
    desk.press(Qt.Key.Key_N, CTRL)
    desk.press(Qt.Key.Key_Return)
    assert desk.today().person_times == 4
    assert desk.today().anonymous[Occupation.RIDER] == 0


def test_a_scan_into_the_open_form_checks_in_and_leaves_the_form(desk: Desk, regular: Person) -> None:
    desk.press(Qt.Key.Key_N, CTRL)
    desk.scan(regular.badge_code)
    assert desk.today().person_times == 1
    assert desk.shell.real.is_open()
    assert not desk.focused()


# --- how it looks --------------------------------------------------------------------------------------------------------


def parts(page: DeskPage) -> list[QWidget]:
    return [page.field, page.card, page.shelf, page.amenities, page.tallies, page.day, page.log]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_fits_with_nine_supplies(
    qtbot: QtBot, qapp: QApplication, db: Database, regular: Person, items: list[Item], language: str
) -> None:
    words.use(language)
    theme.apply(qapp)
    for number in range(6):
        item, _ = supplies.add_item(db, f"物资{number}", "份", ItemKind.OTHER, most_per_day=2)
        supplies.receive(db, item.id, 40)
    request, _ = requests.add(db, "充电", person_id=regular.id)
    requests.step(db, request.id, RequestState.REPLIED)
    made = Desk(qtbot, qapp, db)
    try:
        made.scan(regular.badge_code)
        for part in parts(made.page):
            corner = part.mapTo(made.page, part.rect().bottomRight())
            assert corner.x() <= 1274 - 16
            assert corner.y() <= 678
    finally:
        qapp.removeEventFilter(made.catcher)
        made.catcher.deleteLater()
        made.jobs.close()


def test_the_keys_say_what_they_do_now(desk: Desk, regular: Person) -> None:
    assert desk.page._hint.text() == "扫码后按数字键发放"
    desk.scan(regular.badge_code)
    assert desk.page._hint.text() == "数字键发给 李志强"
    desk.press(Qt.Key.Key_F2)
    assert desk.page._count_hint.text() == "现在按数字键，改成一起来的人数"


def test_held_backspace_stops_at_the_empty_field(desk: Desk, regular: Person) -> None:
    desk.scan(regular.badge_code)
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Backspace, NO, "\b", True)
    QApplication.sendEvent(desk.page.field, held)
    desk.rest()
    assert desk.today().person_times == 1
    assert next(line.op for line in history.log(desk.db, DAY)) is Op.CHECK_IN
