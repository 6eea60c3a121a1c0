"""The kit as a keeper meets it: readable, reachable by keyboard, large enough for a finger, silent when empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFontDatabase, QFontMetrics
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from station_app import words
from station_app.errors import Refused
from station_app.ui import charts, feedback, forms, icons, kit, tables, theme
from station_app.ui.kit import Button, Chip, FilterTabs, Notice, TallyCard


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    words.use("zh")
    theme.apply(qapp, pictures=True)
    yield
    words.use("zh")
    theme.apply(qapp, pictures=True)


Kind = TypeVar("Kind", bound=QWidget)


def only(inside: QWidget, kind: type[Kind]) -> Kind:
    """The one part of this kind."""
    (found,) = inside.findChildren(kind)
    return found


def focus() -> QWidget:
    """What has the focus now."""
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


# --- theme and icons ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(("ink", "ground"), theme.PAIRS)
def test_writing_stands_out_from_its_ground(ink: str, ground: str, dark: bool) -> None:
    worn = theme.make(dark=dark)
    assert theme.contrast(getattr(worn, ink), getattr(worn, ground)) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["plain", "neutral", "brand", "attention", "warming", "cooling", "good", "bad"])
def test_every_tone_is_among_the_checked_pairs(qapp: QApplication, name: str, dark: bool) -> None:
    theme.apply(qapp, dark=dark, pictures=True)
    tone = theme.tone(name)
    assert theme.contrast(tone.ink, tone.fill) >= 4.5


def test_contrast_is_that_of_the_guideline() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_sizes_of_type() -> None:
    normal, large = theme.make(), theme.make(large=True)
    assert (normal.small, normal.body, normal.strong, normal.title, normal.figure) == (13, 15, 17, 24, 28)
    assert large.body >= 24
    assert large.small >= 18
    assert normal.px(44) == 44
    assert large.px(44) > 60


def test_pictures_are_written_with_our_own_font_and_figures_stand_in_columns() -> None:
    assert theme.face(15).family() == "Noto Sans SC"
    measure = QFontMetrics(theme.face(15))
    assert len({measure.horizontalAdvance(digit) for digit in "0123456789"}) == 1
    for bold in (False, True):
        assert all(QFontMetrics(theme.face(15, bold=bold)).inFontUcs4(ord(letter)) for letter in "驿站骑手䶮镕玥A1")
    assert QFontDatabase.hasFamily("Noto Sans SC")


def test_every_icon_draws_something_in_the_colour_asked_for() -> None:
    assert {"home", "people", "scan", "lock", "undo", "warning", "usb", "chevron_down"} <= set(icons.names())
    for name in icons.names():
        picture = icons.pixmap(name, "#A8261C", 48).toImage()
        every = [picture.pixelColor(x, y) for x in range(48) for y in range(48)]
        solid = {(colour.red(), colour.green(), colour.blue()) for colour in every if colour.alpha() == 255}
        assert solid, name
        # blending at the edges may round by one
        assert all(abs(got - asked) <= 1 for rgb in solid for got, asked in zip(rgb, (0xA8, 0x26, 0x1C), strict=True))


def test_a_change_of_theme_reaches_open_widgets(qapp: QApplication, qtbot: QtBot) -> None:
    button = Button("打印驿站卡", key="Ctrl P")
    qtbot.addWidget(button)
    before = button.sizeHint()
    theme.apply(qapp, large=True, pictures=True)
    assert button.sizeHint().width() > before.width() * 1.4
    assert theme.tokens().large


# --- small parts -------------------------------------------------------------------------------------------------


def pressables() -> list[kit.Press]:
    return [
        Button("归还"),
        Button("办卡", "primary", icon="plus", key="Ctrl N"),
        Button("撤销", "link"),
        kit.IconButton("close", "关闭"),
        Chip("饮水"),
        TallyCard("外卖骑手", 14, key="F2"),
    ]


@pytest.mark.parametrize("large", [False, True])
def test_targets_are_big_enough_and_have_a_name(qapp: QApplication, qtbot: QtBot, large: bool) -> None:
    theme.apply(qapp, large=large, pictures=True)
    for widget in pressables():
        qtbot.addWidget(widget)
        assert widget.sizeHint().height() >= 44
        assert widget.sizeHint().width() >= 38
        assert widget.accessibleName()


def test_enter_and_space_press_and_a_click_takes_no_focus(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    line, button, presses = QLineEdit(), Button("归还"), []
    column = QVBoxLayout(box)
    column.addWidget(line)
    column.addWidget(button)
    button.clicked.connect(lambda: presses.append(1))
    box.show()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert len(presses) == 1
    assert QApplication.focusWidget() is line
    QTest.keyClick(button, Qt.Key.Key_Return)
    QTest.keyClick(button, Qt.Key.Key_Enter)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(presses) == 4


def test_filter_tabs_choose_by_mouse_and_arrows(qtbot: QtBot) -> None:
    tabs = FilterTabs([("all", "全部 312"), ("rider", "骑手 131"), ("courier", "快递员 58")])
    qtbot.addWidget(tabs)
    chosen: list[str] = []
    tabs.chosen.connect(chosen.append)
    assert tabs.code() == "all"
    QTest.keyClick(tabs, Qt.Key.Key_Right)
    QTest.keyClick(tabs, Qt.Key.Key_Left)
    QTest.keyClick(tabs, Qt.Key.Key_Left)
    assert chosen == ["rider", "all", "courier"]
    assert tabs.code() == "courier"
    tabs.set_texts({"rider": "骑手 132"})
    assert "骑手 132" in [button.words() for button in tabs.findChildren(kit.Press)]


def test_names_are_never_markup(qtbot: QtBot) -> None:
    text = kit.Text("<b>李</b>&lt;")
    qtbot.addWidget(text)
    assert text.textFormat() == Qt.TextFormat.PlainText
    assert text.text() == "<b>李</b>&lt;"


def test_the_rail_says_what_was_chosen_and_counts_what_waits(qtbot: QtBot) -> None:
    rail = kit.Rail("暖驿", [kit.RailEntry("desk", "前台", "home"), kit.RailEntry("requests", "诉求", "requests")])
    qtbot.addWidget(rail)
    chosen: list[str] = []
    spoken: list[str] = []
    rail.chosen.connect(chosen.append)
    rail.language_chosen.connect(spoken.append)
    assert rail.sizeHint().width() == rail.minimumSizeHint().width() == 92
    buttons = {button.words(): button for button in rail.findChildren(kit.Press)}
    buttons["诉求"].click()
    rail.set_badge("requests", 3)
    assert chosen == ["requests"]
    assert buttons["诉求"].isChecked()
    assert not buttons["前台"].isChecked()
    assert buttons["诉求"].accessibleDescription() == "3"
    buttons[""].click()
    assert spoken == ["en"]
    rail.choose("desk")
    assert chosen == ["requests"]
    assert buttons["前台"].isChecked()


def test_bars_have_their_heights(qtbot: QtBot) -> None:
    top, foot = kit.TopBar("马家湾暖心驿站", lock="锁定"), kit.FootBar()
    for bar in (top, foot):
        qtbot.addWidget(bar)
    pressed: list[int] = []
    top.pill_clicked.connect(pressed.append)
    top.show_pills([("待上报 57 条", "attention"), ("王敏 · 值班", "plain")])
    top.show()
    assert top.sizeHint().height() == 56
    assert foot.sizeHint().height() == 34
    second = next(pill for pill in top.findChildren(kit.Pill) if pill.text().startswith("王敏"))
    QTest.mouseClick(second, Qt.MouseButton.LeftButton)
    assert pressed == [1]


def test_flow_wraps_and_takes_the_height_it_needs(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    flow = kit.FlowLayout(8)
    box.setLayout(flow)
    for number in range(10):
        flow.addWidget(Chip(f"服务 {number}"))
    wide = flow.sizeHint().width()
    assert flow.heightForWidth(wide) == 44
    assert flow.heightForWidth(wide // 2) == 88
    kit.clear(flow)
    assert flow.count() == 0


def test_a_long_page_in_large_type_scrolls_instead_of_squeezing(qapp: QApplication, qtbot: QtBot) -> None:
    theme.apply(qapp, large=True, pictures=True)
    page = QWidget()
    kit.page_layout(page, *[Notice("雨伞借出 3 天，应于昨天归还，" * 6, action="归还") for _ in range(8)])
    scroll = kit.Scroll(page)
    qtbot.addWidget(scroll)
    scroll.resize(700, 400)
    scroll.show()
    qtbot.waitUntil(lambda: page.height() > 1000)
    for label in page.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width())


# --- feedback ----------------------------------------------------------------------------------------------------


def test_a_toast_offers_its_action_once_and_the_newest_replaces_it(qtbot: QtBot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    line, toast, undone = QLineEdit(), feedback.Toast(), []
    column = QVBoxLayout(box)
    column.addWidget(line)
    column.addWidget(toast)
    box.show()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    toast.say("已为 李志强 登记", action="撤销", then=lambda: undone.append("李志强"))
    toast.say("已为 赵丽 登记", action="撤销", then=lambda: undone.append("赵丽"))
    assert toast.text() == "已为 赵丽 登记"
    assert QApplication.focusWidget() is line
    assert toast.accessibleName() == "已为 赵丽 登记 撤销"
    toast.act()
    toast.act()
    assert undone == ["赵丽"]
    toast.clear()
    assert toast.text() == ""


def test_an_error_is_said_in_the_language_of_the_window(qtbot: QtBot) -> None:
    strip = feedback.ErrorStrip()
    qtbot.addWidget(strip)
    assert strip.isHidden()
    strip.show_error(Refused("kit.bad_number", low=1, high=9))
    assert strip.text() == "请填 1 到 9 之间的整数"
    words.use("en")
    strip.show_error(Refused("kit.bad_number", low=1, high=9))
    assert "from 1 to 9" in strip.text()
    only(strip, kit.IconButton).click()
    assert strip.isHidden()


def test_progress_can_be_stopped_once(qtbot: QtBot) -> None:
    strip, stopped = feedback.ProgressStrip(), []
    qtbot.addWidget(strip)
    strip.cancelled.connect(lambda: stopped.append(1))
    strip.start("正在写入并回读校验…")
    strip.advance(41, 57)
    cancel = only(strip, Button)
    cancel.click()
    cancel.click()
    assert stopped == [1]
    strip.finish()
    assert strip.isHidden()


def person_form() -> forms.Form:
    return forms.Form(
        forms.LineField("name", "姓名", required=True),
        forms.ChoiceField("occupation", "人员类别", [("rider", "外卖骑手"), ("courier", "快递员")], keys=True),
        forms.NumberField("count", "数量", low=1, high=9, value=1),
        forms.DateField("expiry", "到期"),
    )


@pytest.fixture
def sheet(qtbot: QtBot) -> tuple[QWidget, QLineEdit, feedback.Sheet]:
    page = QWidget()
    qtbot.addWidget(page)
    line = QLineEdit(page)
    page.resize(1274, 678)
    page.show()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    return page, line, feedback.Sheet(page)


def test_a_sheet_is_filled_in_by_keyboard_alone(sheet: tuple[QWidget, QLineEdit, feedback.Sheet]) -> None:
    _page, line, panel = sheet
    form = person_form()
    sent: list[dict[str, Any]] = []
    form.submitted.connect(sent.append)
    panel.open("办卡", form, submit="保存")

    def keys(text: str, *, end: Qt.Key | None = Qt.Key.Key_Return) -> None:
        QTest.keyClicks(focus(), text)
        if end is not None:
            QTest.keyClick(focus(), end)

    keys("")
    assert form.field("name").findChildren(QLabel)[-1].text() == words.t("kit.required")
    keys("Zhao Li")
    keys("2", end=None)
    keys("")
    QTest.keyClick(focus(), Qt.Key.Key_Up)
    keys("")
    keys("20260717")
    assert sent == [{"name": "Zhao Li", "occupation": "courier", "count": 2, "expiry": date(2026, 7, 17)}]
    QTest.keyClick(focus(), Qt.Key.Key_Escape)
    assert not panel.is_open()
    assert QApplication.focusWidget() is line


def test_a_sheet_shows_an_error_under_its_field_and_keeps_what_was_typed(
    sheet: tuple[QWidget, QLineEdit, feedback.Sheet],
) -> None:
    page, _line, panel = sheet
    form = person_form()
    panel.open("办卡", form, submit="保存")
    form.set_values({"name": "赵丽", "count": 3})
    panel.show_error(Refused("kit.bad_number", low=1, high=2, field="count"))
    assert focus() is form.field("count").focusProxy()
    assert form.values()["name"] == "赵丽"
    assert form.values()["count"] == 3
    panel.show_error(Refused("kit.required"))
    assert only(panel, feedback.ErrorStrip).text() == words.t("kit.required")
    assert panel.geometry().right() == page.rect().right()
    assert panel.height() == page.height()
    page.resize(1000, 600)
    assert panel.geometry().right() == page.rect().right()
    assert panel.height() == 600


# --- forms -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2026-07-17", date(2026, 7, 17)),
        ("20260717", date(2026, 7, 17)),
        ("2026/7/17", date(2026, 7, 17)),
        ("２０２６年７月１７日", date(2026, 7, 17)),
        ("2026-02-30", None),
        ("昨天", None),
    ],
)
def test_days_are_read_as_people_write_them(qtbot: QtBot, typed: str, day: date | None) -> None:
    field = forms.DateField("day", "日期")
    qtbot.addWidget(field)
    field.line.setText(typed)
    assert field.value() == day
    assert bool(field.problem()) == (day is None)


def test_numbers_take_wide_digits_and_keep_their_bounds(qtbot: QtBot) -> None:
    field = forms.NumberField("n", "数量", low=0, high=20)
    qtbot.addWidget(field)
    for typed, number, wrong in (("１２", 12, False), ("21", 21, True), ("二", None, True), ("", None, True)):
        field.line.setText(typed)
        assert field.value() == number
        assert bool(field.problem()) == wrong
    field.set_value(20)
    QTest.keyClick(field.line, Qt.Key.Key_Up)
    assert field.value() == 20


def test_a_password_is_shown_only_on_demand(qtbot: QtBot) -> None:
    field = forms.PasswordField("password", "密码")
    qtbot.addWidget(field)
    eye = only(field, kit.IconButton)
    assert field.line.echoMode() == QLineEdit.EchoMode.Password
    eye.click()
    assert field.line.echoMode() == QLineEdit.EchoMode.Normal
    assert eye.accessibleName() == words.t("kit.hide_password")
    eye.click()
    assert field.line.echoMode() == QLineEdit.EchoMode.Password


def test_many_options_become_a_list(qtbot: QtBot) -> None:
    many = forms.ChoiceField("category", "类别", [(str(n), f"类别 {n}") for n in range(12)])
    qtbot.addWidget(many)
    assert many.value() == ""
    assert many.problem()
    many.set_value("7")
    assert many.value() == "7"
    assert not many.problem()


# --- tables ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Person:
    id: int
    name: str
    visits: int


COLUMNS = (
    tables.Column("姓名", lambda p: p.name, bold=True),
    tables.Column("来访", lambda p: str(p.visits), width=60, align="right"),
    tables.Column("告知书", lambda p: "", width=90, pill=lambda p: ("已同意", "good")),
)


def test_a_hundred_thousand_rows_are_fetched_only_as_they_are_seen(qtbot: QtBot) -> None:
    asked: list[int] = []

    def fetch(ids: list[int]) -> None:
        asked.extend(ids)
        model.fill({number: Person(number, f"来访者 {number}", number % 50) for number in ids})

    model = tables.RowsModel(COLUMNS, fetch=fetch)
    table = tables.Table(model, name="来访者")
    qtbot.addWidget(table)
    table.resize(800, 500)
    table.show()
    model.set_ids(range(100_000))
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Home)
    table.grab()
    qtbot.waitUntil(lambda: model.record(0) is not None)
    QTest.keyClick(table, Qt.Key.Key_End)
    table.grab()
    qtbot.waitUntil(lambda: table.current() == Person(99_999, "来访者 99999", 49))
    assert 0 < len(asked) < 200


def test_stale_rows_stay_on_the_screen_until_the_fresh_ones_come(qtbot: QtBot) -> None:
    waiting: list[list[int]] = []
    model = tables.RowsModel(COLUMNS, fetch=waiting.append)
    model.set_ids([1, 2])
    assert model.record(0) is None
    qtbot.waitUntil(lambda: waiting == [[1]])
    model.fill({1: Person(1, "赵丽", 1)})
    model.set_ids([1, 2])
    assert model.record(0) == Person(1, "赵丽", 1)
    qtbot.waitUntil(lambda: waiting == [[1], [1]])
    model.fill({1: Person(1, "赵丽", 2)})
    assert model.record(0) == Person(1, "赵丽", 2)


def test_keys_of_a_table_and_the_choice_that_stays(qtbot: QtBot) -> None:
    model = tables.RowsModel(COLUMNS)
    table = tables.Table(model)
    qtbot.addWidget(table)
    activated: list[Person] = []
    table.activated_record.connect(activated.append)
    people = [Person(number, f"来访者 {number}", number) for number in range(40)]
    model.set_rows(people)
    table.resize(500, 300)
    table.show()
    assert table.verticalHeader().sectionSize(0) >= 36
    QTest.keyClick(table, Qt.Key.Key_End)
    QTest.keyClick(table, Qt.Key.Key_Up)
    QTest.keyClick(table, Qt.Key.Key_Return)
    assert activated == [people[38]]
    model.set_rows(list(reversed(people)))
    assert table.current() == people[38]
    assert table.currentIndex().row() == 1
    model.set_rows(people[:5])
    assert table.current() is None
    assert not table.choose(38)
    assert table.choose(3)
    assert table.current() == people[3]
    assert model.data(model.index(3, 2), Qt.ItemDataRole.AccessibleTextRole) == "告知书 已同意"


def test_an_empty_table_says_so(qtbot: QtBot) -> None:
    model = tables.RowsModel(COLUMNS)
    table = tables.Table(model)
    qtbot.addWidget(table)
    note = kit.EmptyState("people", "还没有来访者", "导入名册")
    table.set_empty(note)
    table.show()
    assert note.isVisible()
    model.set_rows([Person(1, "赵丽", 1)])
    assert not note.isVisible()
    table.grab()


# --- charts ------------------------------------------------------------------------------------------------------


def test_charts_without_data_say_so(qtbot: QtBot) -> None:
    for chart in (charts.HourBars(), charts.DayBars(), charts.HeatMap(), charts.ShareBars(), charts.StockLine()):
        qtbot.addWidget(chart)
        chart.resize(300, 120)
        chart.grab()
        assert chart.accessibleDescription() == words.t("kit.chart_empty")
        assert chart.value_at(QPointF(100, 60)) == -1


def test_charts_are_read_aloud_and_answer_a_press(qtbot: QtBot) -> None:
    hours, days, heat, shares, stock = (
        charts.HourBars(),
        charts.DayBars(),
        charts.HeatMap(),
        charts.ShareBars(),
        charts.StockLine(),
    )
    hours.show_bars([charts.HourBar("8时", 0, "8时"), charts.HourBar("9时", 5)], current=1, name="今日来访")
    days.show_days([charts.DayBar("1日", 3, 2), charts.DayBar("2日", 0, 0)], parts=("登记", "计数"))
    heat.show_grid([[0, 1], [2, 3]], ["周一", "周二"], ["8时", "9时"])
    shares.show_shares([charts.Share("外卖骑手", 0.5, "50%"), charts.Share("其他", 0, "0%")])
    stock.show_stock([charts.StockDay("1日", 40, 2), charts.StockDay("2日", 0, 40)])
    said = ("9时：5", "1日：登记 3 · 计数 2", "周二 9时：3", "外卖骑手：50%", "2日：0 · 40")
    for chart, line in zip((hours, days, heat, shares, stock), said, strict=True):
        qtbot.addWidget(chart)
        chart.resize(400, 160)
        chart.grab()
        assert line in chart.accessibleDescription()
    pressed: list[int] = []
    hours.clicked.connect(pressed.append)
    QTest.mouseClick(hours, Qt.MouseButton.LeftButton, pos=hours.rect().center() + hours.rect().bottomRight() * 0.2)
    assert pressed == [1]
    with pytest.raises(ValueError, match="shape"):
        heat.show_grid([[1]], ["周一"], ["8时", "9时"])
