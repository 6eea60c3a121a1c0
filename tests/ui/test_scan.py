"""Scans as storms of keys into every kind of widget: none lost, none doubled, nothing leaked into what was typed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent, QShortcut
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from stdnum.iso7064 import mod_11_10

from station_app.ui import burst
from station_app.ui.scan import ScanCatcher
from station_app.ui.scan_field import ScanField

BADGES = [f"1520304{number:08d}1234567" for number in range(40)]


class Clock:
    """Milliseconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Watch(QLineEdit):
    """A field that writes down every key it hears of."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, int]] = []

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.heard.append(("press", event.key()))
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        self.heard.append(("release", event.key()))
        super().keyReleaseEvent(event)


class Desk:
    """A window with one of everything that can have the focus, and a catcher with a clock of its own."""

    def __init__(self, qtbot: QtBot, app: QApplication) -> None:
        self.clock = Clock()
        self.catcher = ScanCatcher(app, clock=self.clock)
        self.scans: list[str] = []
        self.catcher.scanned.connect(self.scans.append)
        self.window = QMainWindow()
        self.line, self.area, self.combo, self.scan = QLineEdit(), QPlainTextEdit(), QComboBox(), ScanField("扫码")
        self.button, self.clicks = QPushButton("归还"), 0
        self.button.clicked.connect(self._clicked)
        self.combo.addItems(["1 饮水", "2 歇脚", "3 充电"])
        inside = QWidget()
        column = QVBoxLayout(inside)
        for widget in (self.line, self.area, self.combo, self.button, self.scan):
            column.addWidget(widget)
        self.window.setCentralWidget(inside)
        qtbot.addWidget(self.window)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.window.activateWindow()

    def _clicked(self) -> None:
        self.clicks += 1

    def type(self, widget: QWidget, keys: str, gap: float, *, end: Qt.Key | None = Qt.Key.Key_Return) -> None:
        """Keys with ``gap`` milliseconds between them, as a scanner or a person sends them."""
        for key in keys:
            if key.isascii():
                QTest.keyClicks(widget, key)
            else:  # QTest only knows keys with a name; a widened digit has none
                for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                    QApplication.sendEvent(widget, QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, key))
            self.clock.now += gap
        if end is not None:
            QTest.keyClick(widget, end)
            self.clock.now += gap


@pytest.fixture
def desk(qtbot: QtBot, qapp: QApplication) -> Iterator[Desk]:
    made = Desk(qtbot, qapp)
    yield made
    qapp.removeEventFilter(made.catcher)
    made.catcher.deleteLater()


@pytest.mark.parametrize("gap", [0, 1, 5])
@pytest.mark.parametrize("where", ["line", "area", "combo", "button", "scan"])
def test_a_storm_of_scans_is_caught_whole_wherever_the_focus_is(desk: Desk, where: str, gap: float) -> None:
    widget: QWidget = getattr(desk, where)
    widget.setFocus()
    for badge in BADGES:
        desk.type(widget, badge, gap)
    assert desk.scans == BADGES
    assert desk.line.text() == ""
    assert desk.area.toPlainText() == ""
    assert desk.scan.text() == ""
    assert desk.combo.currentIndex() == 0
    assert desk.clicks == 0
    assert desk.catcher.pending() == 0


def test_of_a_scan_neither_presses_nor_releases_arrive_and_of_typing_both(desk: Desk, qtbot: QtBot) -> None:
    watch = Watch()
    qtbot.addWidget(watch)
    desk.type(watch, BADGES[0], 1)
    assert watch.heard == []
    desk.type(watch, "7", 80, end=None)
    desk.catcher.settle()
    assert watch.heard == [("press", Qt.Key.Key_7), ("release", Qt.Key.Key_7)]


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_every_suffix_ends_a_scan_and_does_nothing_else(desk: Desk, end: Qt.Key) -> None:
    desk.line.setFocus()
    pressed: list[str] = []
    desk.line.returnPressed.connect(lambda: pressed.append("enter"))
    desk.type(desk.line, BADGES[0], 2, end=end)
    assert desk.scans == [BADGES[0]]
    assert pressed == []
    assert desk.line.hasFocus()


def test_without_a_suffix_a_pause_ends_twenty_two_digits(desk: Desk, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.catcher.scanned):
        desk.type(desk.line, BADGES[0], 2, end=None)
    assert desk.scans == [BADGES[0]]
    assert desk.line.text() == ""


def test_two_scans_without_a_suffix_are_two(desk: Desk) -> None:
    desk.type(desk.line, BADGES[0], 2, end=None)
    desk.clock.now += 50
    desk.type(desk.line, BADGES[1], 2, end=None)
    desk.catcher.settle()
    assert desk.scans == BADGES[:2]
    assert desk.line.text() == ""


def test_what_was_half_typed_stays_as_it_was(desk: Desk) -> None:
    for widget, text in ((desk.line, desk.line.text), (desk.area, desk.area.toPlainText)):
        widget.setFocus()
        desk.type(widget, "li zhi", 80, end=None)
        desk.catcher.settle()
        desk.type(widget, BADGES[3], 1)
        assert text() == "li zhi"
    assert desk.scans == [BADGES[3], BADGES[3]]


@pytest.mark.parametrize("gap", [36, 50, 120])
@pytest.mark.parametrize("text", ["1520304000000001234567", "zhao li 6031", "123456"])
def test_typing_is_never_taken_for_a_scan(desk: Desk, text: str, gap: float) -> None:
    pressed: list[str] = []
    desk.line.returnPressed.connect(lambda: pressed.append(desk.line.text()))
    desk.type(desk.line, text, gap)
    assert desk.scans == []
    assert pressed == [text]


def test_a_lone_key_arrives_by_itself_after_the_wait(desk: Desk, qtbot: QtBot) -> None:
    desk.type(desk.line, "7", 0, end=None)
    assert desk.line.text() == ""
    qtbot.waitUntil(lambda: desk.line.text() == "7")
    assert desk.scans == []


def test_five_quick_keys_and_enter_are_typing(desk: Desk) -> None:
    pressed: list[str] = []
    desk.line.returnPressed.connect(lambda: pressed.append(desk.line.text()))
    desk.type(desk.line, "12345", 1)
    assert desk.scans == []
    assert pressed == ["12345"]


def test_other_keys_keep_their_order_with_held_ones(desk: Desk) -> None:
    desk.type(desk.line, "12", 1, end=None)
    QTest.keyClick(desk.line, Qt.Key.Key_Home)
    desk.type(desk.line, "3", 1, end=None)
    QTest.keyClick(desk.line, Qt.Key.Key_Backspace)
    desk.catcher.settle()
    assert desk.line.text() == "12"


def test_a_click_comes_after_what_was_typed_before_it(desk: Desk) -> None:
    desk.type(desk.line, "12", 1, end=None)
    QTest.mouseClick(desk.button, Qt.MouseButton.LeftButton)
    assert desk.line.text() == "12"
    assert desk.clicks == 1


def test_a_space_inside_a_scan_clicks_no_button(desk: Desk) -> None:
    desk.button.setFocus()
    desk.type(desk.button, "1520304 00000000 1234567", 3)
    assert desk.scans == ["1520304000000001234567"]
    assert desk.clicks == 0


def test_a_space_by_itself_still_presses_a_button(desk: Desk) -> None:
    desk.button.setFocus()
    desk.type(desk.button, " ", 80, end=None)
    desk.catcher.settle()
    assert desk.clicks == 1


def test_letters_of_a_foreign_code_do_not_leak_and_caps_lock_changes_nothing(desk: Desk) -> None:
    desk.area.setFocus()
    desk.type(desk.area, "HTTPS://Example.org/A1", 4)
    assert desk.scans == ["HTTPS://Example.org/A1"]
    assert desk.area.toPlainText() == ""


def test_full_width_digits_are_digits(desk: Desk) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in BADGES[5])
    desk.type(desk.line, wide, 1)
    assert desk.scans == [BADGES[5]]
    assert desk.line.text() == ""


@pytest.mark.parametrize("piece", [1, 4, 22])
def test_digits_committed_by_an_input_method_are_keys_of_the_burst(desk: Desk, piece: int) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in BADGES[6])
    for start in range(0, len(wide), piece):
        event = QInputMethodEvent()
        event.setCommitString(wide[start : start + piece])
        QApplication.sendEvent(desk.line, event)
        desk.clock.now += 3
    QTest.keyClick(desk.line, Qt.Key.Key_Return)
    assert desk.scans == [BADGES[6]]
    assert desk.line.text() == ""


def test_chinese_from_an_input_method_goes_straight_through(desk: Desk) -> None:
    event = QInputMethodEvent()
    event.setCommitString("李志强")
    QApplication.sendEvent(desk.line, event)
    assert desk.line.text() == "李志强"
    assert desk.catcher.pending() == 0


def test_shortcuts_stay_silent_during_a_scan_and_work_otherwise(desk: Desk) -> None:
    fired: list[str] = []
    for keys in ("/", "7"):
        QShortcut(keys, desk.window).activated.connect(lambda keys=keys: fired.append(keys))
    desk.button.setFocus()
    desk.type(desk.button, "15203/7/04000", 1)
    assert fired == []
    assert len(desk.scans) == 1
    desk.clock.now += 500
    desk.type(desk.button, "/", 80, end=None)
    assert fired == ["/"]


def test_the_scan_field_wants_no_input_method_until_it_is_asked_for(desk: Desk) -> None:
    query = Qt.InputMethodQuery.ImEnabled
    assert desk.scan.inputMethodQuery(query) is False
    desk.type(desk.scan, "/", 80, end=None)
    desk.catcher.settle()
    assert desk.scan.inputMethodQuery(query) is True
    assert desk.scan.text() == ""
    QTest.keyClick(desk.scan, Qt.Key.Key_Escape)
    assert desk.scan.inputMethodQuery(query) is False
    assert QGuiApplication.inputMethod() is not None


def test_digits_act_only_in_the_empty_field_and_only_when_asked(desk: Desk) -> None:
    acted: list[tuple[int, bool]] = []
    desk.scan.digit.connect(lambda number, given: acted.append((number, given)))
    desk.type(desk.scan, "4", 80, end=None)
    desk.catcher.settle()
    assert desk.scan.text() == "4"
    assert acted == []
    desk.scan.reset()
    desk.scan.digits_act = True
    desk.type(desk.scan, "2", 80, end=None)
    desk.catcher.settle()
    QTest.keyClick(desk.scan, Qt.Key.Key_3, Qt.KeyboardModifier.ShiftModifier)
    desk.catcher.settle()
    assert acted == [(2, False), (3, True)]
    assert desk.scan.text() == ""
    desk.type(desk.scan, "li2", 80, end=None)
    desk.catcher.settle()
    assert desk.scan.text() == "li2"
    assert len(acted) == 2
    desk.scan.reset()
    desk.type(desk.scan, "/", 80, end=None)
    desk.catcher.settle()
    desk.scan.digits_act = True
    desk.type(desk.scan, "5", 80, end=None)
    desk.catcher.settle()
    assert desk.scan.text() == "5", "a digit is text once the search was asked for"
    assert len(acted) == 2


def test_a_scan_beats_a_digit_that_acts(desk: Desk) -> None:
    acted: list[int] = []
    desk.scan.digit.connect(lambda number, _given: acted.append(number))
    desk.scan.digits_act = True
    desk.type(desk.scan, BADGES[7], 1)
    assert desk.scans == [BADGES[7]]
    assert acted == []


def test_backspace_in_the_empty_field_asks_to_undo_and_enter_hands_over_the_text(
    desk: Desk,
) -> None:
    undone: list[bool] = []
    entered: list[str] = []
    desk.scan.undo_asked.connect(lambda: undone.append(True))
    desk.scan.entered.connect(entered.append)
    QTest.keyClick(desk.scan, Qt.Key.Key_Return)
    QTest.keyClick(desk.scan, Qt.Key.Key_Backspace)
    desk.type(desk.scan, "６031", 80)
    assert undone == [True]
    assert entered == ["6031"]


@pytest.mark.parametrize("where", ["line", "area", "combo", "button", "scan"])
def test_keys_of_the_window_system_go_the_same_way(desk: Desk, qtbot: QtBot, where: str) -> None:
    """Real keys reach the window first, with times of their own, and only then a widget."""
    widget: QWidget = getattr(desk, where)
    widget.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is widget)
    handle = desk.window.windowHandle()
    for badge in BADGES[:8]:
        for key in badge:
            QTest.keyClick(handle, Qt.Key(ord(key)))
        QTest.keyClick(handle, Qt.Key.Key_Return)
    assert desk.scans == BADGES[:8]
    assert desk.line.text() == ""
    assert desk.area.toPlainText() == ""
    assert desk.scan.text() == ""
    assert desk.combo.currentIndex() == 0
    assert desk.clicks == 0


def test_typing_through_the_window_arrives_in_order(desk: Desk, qtbot: QtBot) -> None:
    desk.line.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is desk.line)
    handle = desk.window.windowHandle()
    for key in "6031":
        QTest.keyClick(handle, Qt.Key(ord(key)))
        desk.clock.now += 90
    QTest.keyClick(handle, Qt.Key.Key_Left)
    assert desk.line.text() == "6031"
    assert desk.line.cursorPosition() == 3


def test_without_a_clock_of_its_own_it_tells_a_storm_from_typing(qtbot: QtBot, qapp: QApplication) -> None:
    catcher = ScanCatcher(qapp)
    scans: list[str] = []
    catcher.scanned.connect(scans.append)
    line = QLineEdit()
    qtbot.addWidget(line)
    line.show()
    line.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is line)
    handle = line.windowHandle()
    for key in BADGES[0]:
        QTest.keyClick(handle, Qt.Key(ord(key)))
    QTest.keyClick(handle, Qt.Key.Key_Return)
    try:
        assert scans == [BADGES[0]]
        assert line.text() == ""
        QTest.keyClicks(line, "9")
        qtbot.waitUntil(lambda: line.text() == "9")
    finally:
        qapp.removeEventFilter(catcher)
        catcher.deleteLater()


# --- what scanners do that were set up for something else ----------------------------------------------------------------


def badge(number: int) -> str:
    """A code whose check digit holds."""
    body = f"{number:021d}"
    return body + str(mod_11_10.calc_check_digit(body))


ONE, OTHER = badge(152030400000000123456), badge(152030499999990123456)


@pytest.mark.parametrize(
    "sent",
    [
        f"]Q1{ONE}", f"{ONE};", f"*{ONE}*", ONE + ONE, ONE * 3, "".join(digit * 2 for digit in ONE),
        ONE.translate(str.maketrans("0123456789", ")!@#$%^&*(")), ONE[:7] + " " + ONE[7:],
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [Qt.Key.Key_Return, None, Qt.Key.Key_Down, Qt.Key.Key_F12])
def test_odd_scanners_send_the_same_code(desk: Desk, sent: str, end: Qt.Key | None) -> None:
    if end is None and not burst.is_code(sent):
        pytest.skip("signs alone are typing until they end like a scan")
    desk.line.setFocus()
    desk.type(desk.line, sent, 2, end=end)
    desk.catcher.settle()
    assert desk.scans == [ONE]
    assert desk.line.text() == ""


def test_two_codes_in_one_burst_are_two(desk: Desk) -> None:
    desk.type(desk.line, ONE + OTHER, 2)
    assert desk.scans == [ONE, OTHER]


def test_the_line_feed_after_the_carriage_return_presses_nothing(desk: Desk) -> None:
    desk.button.setFocus()
    desk.type(desk.button, ONE, 2)
    pressed: list[str] = []
    desk.line.returnPressed.connect(lambda: pressed.append("enter"))
    for key, held in ((Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier), (Qt.Key.Key_Enter, Qt.KeyboardModifier.NoModifier)):
        QTest.keyClick(desk.line, key, held)
    QTest.keyClick(desk.line, Qt.Key.Key_Tab)
    assert pressed == []
    assert desk.button.hasFocus()
    desk.clock.now += 200
    QTest.keyClick(desk.line, Qt.Key.Key_Return)
    assert pressed == ["enter"], "a hand's Enter later is one"


def test_a_line_feed_alone_ends_a_code(desk: Desk) -> None:
    desk.type(desk.line, ONE, 2, end=None)
    QTest.keyClick(desk.line, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert desk.scans == [ONE]
    assert desk.line.text() == ""


def test_the_same_code_at_once_again_is_one_scan_and_later_two(desk: Desk) -> None:
    for pause in (0, 120, 400):
        desk.clock.now += pause
        desk.type(desk.line, ONE, 1)
    assert desk.scans == [ONE, ONE]


@pytest.mark.parametrize("gap", [45, 60, 80])
def test_a_slow_scanner_is_believed_once_it_was_learned(desk: Desk, gap: float) -> None:
    desk.type(desk.line, ONE, gap)
    assert desk.scans == []
    desk.line.clear()
    desk.catcher.learn(round(gap * 1.25) + 8, burst.ENTER)
    desk.clock.now += 1000
    desk.type(desk.line, ONE, gap)
    assert desk.scans == [ONE]
    assert desk.line.text() == ""


@pytest.mark.parametrize("text", ["zhao li 6031", "123456", "13912345678", "lizhiqiang"])
def test_quick_typing_stays_typing_beside_a_slow_scanner(desk: Desk, text: str) -> None:
    desk.catcher.learn(90, burst.NONE)
    pressed: list[str] = []
    desk.line.returnPressed.connect(lambda: pressed.append(desk.line.text()))
    desk.type(desk.line, text, 50)
    assert (desk.scans, pressed) == ([], [text])


def test_a_learned_sign_and_a_learned_nothing_end_what_is_printed_as_a_code(desk: Desk) -> None:
    desk.catcher.learn(35, "text:#")
    desk.type(desk.line, "6901234567892#", 2, end=None)
    assert desk.scans == ["6901234567892"]
    desk.catcher.learn(35, burst.NONE)
    desk.clock.now += 1000
    desk.type(desk.line, "6901234567892", 2, end=None)
    desk.catcher.settle()
    assert desk.scans == ["6901234567892"] * 2
    assert desk.line.text() == ""


def test_a_bar_code_of_goods_needs_no_suffix_and_a_wrong_one_stays_typing(desk: Desk) -> None:
    """A scanner out of its box may end its codes with nothing: at its speed a whole EAN-13 is one all the same."""
    desk.type(desk.line, "6901234567892", 2, end=None)
    desk.catcher.settle()
    assert (desk.scans, desk.line.text()) == (["6901234567892"], "")
    desk.clock.now += 1000
    desk.type(desk.line, "6901234567893", 2, end=None)  # its check digit is wrong: digits like any others
    desk.catcher.settle()
    assert (desk.scans, desk.line.text()) == (["6901234567892"], "6901234567893")
    desk.line.clear()
    desk.clock.now += 1000
    desk.type(desk.line, "6901234567892", 60, end=None)  # by hand
    desk.catcher.settle()
    assert (desk.scans, desk.line.text()) == (["6901234567892"], "6901234567892")


@given(data=st.data())
def test_what_is_said_of_codes_and_what_is_not_one_is_left_alone(data: st.DataObject) -> None:
    code = badge(data.draw(st.integers(0, 10**21 - 1)))
    around = st.text(st.sampled_from("*;#]~ "), max_size=3)
    times = data.draw(st.integers(1, 3))
    sent = data.draw(around) + code * times + data.draw(around)
    assert burst.codes(sent) == [code]
    cut = code[: data.draw(st.integers(1, 21))]
    assert burst.codes(cut) == [cut]
    assert not burst.is_code(cut)


@pytest.mark.parametrize("kept", range(1, 7))
@pytest.mark.parametrize("end", [Qt.Key.Key_Return, None], ids=["enter", "nothing"])
def test_the_digits_that_choose_among_candidates_are_not_lost(desk: Desk, qtbot: QtBot, kept: int, end: Qt.Key | None) -> None:
    """While pinyin is composed the first digits of a scan go to the input method: it commits, and the rest arrives."""
    body = "099010100000421234567"
    badge = body + str(mod_11_10.calc_check_digit(body))
    desk.catcher.expect("990101")
    desk.line.setFocus()
    for preedit, commit in (("ni", ""), ("", "你")):
        composed = QInputMethodEvent(preedit, [])
        composed.setCommitString(commit)
        QApplication.sendEvent(desk.line, composed)
    desk.clock.now += 20
    desk.type(desk.line, badge[kept:], 5, end=end)
    desk.catcher.settle()
    assert desk.scans == [badge]
    assert desk.line.text() == "你"


def test_a_choice_that_is_told_in_the_middle_of_the_scan_is_no_part_of_it(desk: Desk) -> None:
    """Where each key waits for the input method, what it chose is told after the next keys."""
    body = "099010100000421234567"
    badge = body + str(mod_11_10.calc_check_digit(body))
    desk.catcher.expect("990101")
    QApplication.sendEvent(desk.line, QInputMethodEvent("ni", []))
    desk.type(desk.line, badge[1:9], 5, end=None)
    chosen = QInputMethodEvent("", [])
    chosen.setCommitString("你")
    QApplication.sendEvent(desk.line, chosen)
    desk.type(desk.line, badge[9:], 5)
    assert desk.scans == [badge]
    assert desk.line.text() == "你"


def test_keys_handed_on_in_another_order_are_read_as_they_were_sent(qtbot: QtBot, qapp: QApplication) -> None:
    catcher, line = ScanCatcher(qapp), QLineEdit()
    qtbot.addWidget(line)
    scans: list[str] = []
    catcher.scanned.connect(scans.append)
    try:
        order = [0, 1, 2, 5, 3, 4, *range(6, 22)]
        for place in order:
            event = QKeyEvent(QEvent.Type.KeyPress, 0, Qt.KeyboardModifier.NoModifier, BADGES[0][place])
            event.setTimestamp(50_000 + place * 5)
            QApplication.sendEvent(line, event)
        QTest.keyClick(line, Qt.Key.Key_Return)
        catcher.settle()
    finally:
        qapp.removeEventFilter(catcher)
        catcher.deleteLater()
    assert scans == [BADGES[0]]
    assert line.text() == ""


@pytest.mark.parametrize("text", ["12345678", "990101", "6901234567892", "52030400000421234567", "99010100000421234567x"])
def test_what_is_no_badge_of_the_district_is_not_completed(text: str) -> None:
    assert burst.completed(text, "990101") == ""
