"""The cards of today: who is on duty, the opening check, the closing."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from ...model import Op, WeatherLevel
from ...words import label, t
from ..forms import NumberField, TextField
from ..kit import (
    Avatar,
    BigFigure,
    Button,
    Card,
    Chip,
    Column,
    FlowLayout,
    LogRow,
    Notice,
    Pill,
    Row,
    Scroll,
    Text,
    clear,
    rule,
)
from .shift_reads import Desk
from .shift_text import clock, condition

HIGH_TO_START = 30
"""Degrees Celsius the stepper begins at when no forecast was recorded lately."""


class DutyCard(Card):
    """Who has the desk, how to take it over or hand it on, and today's shifts."""

    take = Signal()
    leave = Signal()
    hand_over = Signal()
    undo = Signal(str)

    def __init__(self) -> None:
        self.avatar, self.name, self.since = Avatar("", 52), Text("", "strong"), Text("", "muted", wrap=True)
        self.take_button, self.leave_button = Button("", "primary"), Button(t("shift_page.leave"))
        self.hand_button = Button(t("shift_page.handover"))
        for button in (self.take_button, self.leave_button, self.hand_button):
            button.hide()  # until it is known which of them is of use
        row = Row(self.avatar, gap=10)
        row.addLayout(Column(self.name, self.since, gap=0), 1)
        for button in (self.leave_button, self.hand_button, self.take_button):
            row.addWidget(button)
        self._shifts = Column(gap=0)
        inside = QWidget()
        inside.setLayout(Column(self._shifts, None))
        super().__init__(row, rule(), Scroll(inside, rest=True), title=t("shift_page.duty"))
        self.take_button.clicked.connect(self.take)
        self.leave_button.clicked.connect(self.leave)
        self.hand_button.clicked.connect(self.hand_over)

    def show_desk(self, desk: Desk) -> None:
        """The state of now."""
        duty = desk.on_duty
        self.avatar.set_name(duty.keeper if duty else "")
        self.name.set(duty.keeper if duty else t("shift_page.nobody"), "strong" if duty else "attention")
        self.since.set(t("shift_page.since", time=clock(duty.began)) if duty else t("shift_page.nobody_hint"))
        self.take_button.set_text(t("shift_page.take", name=desk.keeper))
        self.take_button.setVisible(bool(desk.keeper) and (duty is None or duty.keeper != desk.keeper))
        self.leave_button.setVisible(duty is not None)
        self.hand_button.setVisible(duty is not None)
        clear(self._shifts)
        # one link only, at the newest: an older one could not be taken back alone
        operation = desk.undoable.get(Op.BEGIN_SHIFT if duty else Op.END_SHIFT, "")
        for shift in desk.shifts:
            newest = operation and shift is desk.shifts[-1]
            until = t("shift_page.until", time=clock(shift.finished)) if shift.finished else t("shift_page.at_the_desk")
            row = LogRow(clock(shift.began), [(shift.keeper, True), (f"  {until}", False)], t("shift_page.undo") if newest else "")
            row.acted.connect(lambda: self.undo.emit(operation))
            self._shifts.addWidget(row)


class _High(NumberField):
    """The forecast high; the first step begins where the last forecast was."""

    def __init__(self) -> None:
        super().__init__("high", t("shift_page.high"), low=-60, high=60, required=False)
        self.usual = HIGH_TO_START
        self.line.setPlaceholderText(t("shift_page.optional"))

    def _step(self, by: int) -> None:
        if self.value() is None:
            self.set_value(self.usual)
            self.line.selectAll()
        else:
            super()._step(by)


class Opening(QWidget):
    """The opening check: all well on one key, or what is not written down first."""

    go = Signal()
    edit = Signal(object)
    weather = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.checks: list[Chip] = []
        self._flow = flow = FlowLayout(8)
        self._edit = Button(t("shift_page.edit_points"), "link")
        self._edit.clicked.connect(lambda: self.edit.emit(tuple(check.words() for check in self.checks)))
        self.exceptions = TextField("exceptions", t("shift_page.exceptions"), hint=t("shift_page.exceptions_hint"), lines=2)
        self.high = _High()
        self.button = Button("", "primary", key="Enter")
        self.exceptions.changed.connect(self._follow)
        self.exceptions.entered.connect(self.high.take_focus)
        self.high.entered.connect(lambda: self.button.setFocus())
        self.high.setMaximumWidth(300)
        hint = Text(t("shift_page.check_hint"), "muted", wrap=True)
        self.level = Pill("", "plain", icon="sun")
        self.warn = Button(t("shift_page.tell_warning"), "link", key="F12")
        self.warn.clicked.connect(self.weather)
        told = Row(self.level, self.warn, None, gap=8)
        self.setLayout(Column(hint, flow, Row(self._edit, None), self.exceptions, self.high, told, None, gap=12))
        self.button.clicked.connect(self.go)
        self._follow()

    def show_points(self, names: tuple[str, ...]) -> None:
        """What is looked at; what was taken back stays so while the list is the same."""
        if tuple(check.words() for check in self.checks) == names:
            return
        clear(self._flow)
        self.checks = [Chip(name, checked=True) for name in names]
        for check in self.checks:
            check.toggled.connect(lambda _on: self._follow())
            self._flow.addWidget(check)
        self._follow()

    def _follow(self) -> None:
        text = t("shift_page.open_with") if self.said() else t("shift_page.open")
        self.button.set_text(text)

    def said(self) -> str:
        """The exceptions as they will be kept: the checks that are not well, and what was written."""
        off = t("terms.list").join(check.words() for check in self.checks if not check.isChecked())
        text = str(self.exceptions.value())
        return t("shift_page.exception_line", names=off, text=text) if off and text else off or text

    def begin_anew(self) -> None:
        """All well again, nothing written."""
        for check in self.checks:
            check.setChecked(True)
        self.exceptions.set_value("")
        self.high.set_value(None)


class Closing(QWidget):
    """The open day: how it began, its figures so far, the note, 收站; once closed, how it ended."""

    go = Signal()
    undo = Signal(str)
    count = Signal()
    log = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.out = Text("", "body", wrap=True)
        self.count_button = Button(t("shift_page.count_fast"), icon="box")
        self.count_button.clicked.connect(self.count)
        self.log_button = Button(t("shift_page.log"), icon="edit")
        self.log_button.clicked.connect(self.log)
        self.opened, self.high = Pill("", "good", icon="check"), Pill("", "warming", icon="sun")
        self.closed = Pill("", "brand", icon="lock")
        self.undo_button = Button(t("shift_page.undo"), "link")
        self.well, self.exceptions = Text(t("shift_page.all_well"), "good"), Notice("", "attention", icon="warning")
        self.visits = BigFigure("0", t("terms.person_times"))
        self.handed = BigFigure("0", t("shift_page.handed_out"))
        self.asked = BigFigure("0", t("shift_page.new_requests"))
        self.note = TextField("note", t("shift_page.note"), hint=t("shift_page.note_hint"), lines=4)
        self.kept = Text("", "body", wrap=True, selectable=True)
        self.button = Button(t("shift_page.close"), "primary", key="Ctrl+Enter")
        self._operation = ""
        marks, top = FlowLayout(8, row_gap=6), Row(gap=8)
        for mark in (self.opened, self.high, self.closed):
            marks.addWidget(mark)
        top.addLayout(marks, 1)
        top.addWidget(self.undo_button)
        figures = Row(self.visits, self.handed, self.asked, None, gap=48)
        deeds = Row(self.count_button, self.log_button, None, gap=8)
        parts = (top, self.well, self.exceptions, rule(), figures, rule(), self.out, deeds, self.note, self.kept)
        self.setLayout(Column(*parts, None, gap=12))
        self.note.entered.connect(lambda: self.button.setFocus())
        self.button.clicked.connect(self.go)
        self.undo_button.clicked.connect(lambda: self.undo.emit(self._operation))

    def show_desk(self, desk: Desk) -> None:
        """The state of now."""
        day, figures = desk.day, desk.figures
        high = t("shift_page.high_is", high=day.high) if day.high is not None else ""
        self.opened.show_state(t("shift_page.opened_at", time=clock(day.opened)))
        tone = level_tone(desk.level) or ("warming" if day.high is not None and day.high >= desk.hot_from else "plain")
        parts = [label(desk.level)] if desk.level is not None else []
        self.high.show_state(t("terms.dot").join([*parts, *([high] if high else [])]), tone)
        self.high.setVisible(bool(parts or high))
        self.closed.show_state(t("shift_page.closed_at", time=clock(day.closed)))
        self.closed.setVisible(bool(day.closed))
        self.well.setVisible(day.all_well)
        self.exceptions.setVisible(not day.all_well)
        self.exceptions.text.set(condition(day))
        self.visits.show_state(f"{figures.person_times:,}")
        self.handed.show_state(f"{figures.handed_out:,}")
        self.asked.show_state(f"{figures.new_requests:,}")
        late = sum(loan.left for loan in desk.out if loan.due[:10] < desk.today.isoformat())
        many = sum(loan.left for loan in desk.out)
        self.out.set(
            t("shift_page.still_out", n=many, late=late) if desk.out else t("shift_page.nothing_out"), "attention" if late else "body"
        )
        self.count_button.setVisible(bool(desk.fast) and not day.closed)
        self.log_button.set_text(t("shift_page.log") if desk.logged else t("shift_page.confirm_log"))
        self.note.setVisible(not day.closed)
        self.kept.set(day.note or t("shift_page.well_done"))
        self.kept.setVisible(bool(day.closed))
        self._operation = desk.undoable.get(Op.CLOSE_STATION if day.closed else Op.OPEN_STATION, "")
        self.undo_button.set_text(t("shift_page.undo_closing") if day.closed else t("shift_page.undo_opening"))
        self.undo_button.setVisible(bool(self._operation))


def level_tone(level: WeatherLevel | None) -> str:
    """The tone of a weather level; "" without one."""
    return "" if level is None else "warming" if level.heat else "cooling"


class DayCard(Card):
    """Opening check before the station is open, closing after."""

    def __init__(self) -> None:
        self.opening, self.closing = Opening(), Closing()
        self.title = Text("", "heading")
        self._parts = QStackedWidget()
        for part in (self.opening, self.closing):
            self._parts.addWidget(Scroll(part, rest=True))
        # the button stands below what is scrolled: it is in sight in any type
        super().__init__(self.title, self._parts, Row(None, self.opening.button, self.closing.button))
        self.closing.button.hide()
        QWidget.setTabOrder(self.opening.high, self.opening.button)
        QWidget.setTabOrder(self.closing.note, self.closing.button)

    @property
    def is_open(self) -> bool:
        """Whether the day is opened (perhaps closed again)."""
        return self._parts.currentIndex() == 1

    def show_desk(self, desk: Desk) -> None:
        """The state of now."""
        opened = bool(desk.day.opened)
        self.title.set(t("shift_page.today") if opened else t("shift_page.opening_check"))
        self._parts.setCurrentIndex(int(opened))
        self.opening.button.setVisible(not opened)
        self.closing.button.setVisible(opened and not desk.day.closed)
        self.opening.level.show_state(
            label(desk.level) if desk.level is not None else t("shift_page.no_level"), level_tone(desk.level) or "plain"
        )
        self.opening.high.usual = HIGH_TO_START if desk.usual_high is None else desk.usual_high
        self.closing.show_desk(desk)
        self.opening.show_points(desk.points)

    def settle(self) -> None:
        """On the button that opens; in the note once it is open; on the duty log once it is closed."""
        if not self.is_open:
            self.opening.button.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.closing.note.isVisible():
            self.closing.note.take_focus()
        else:  # the day ends with its log
            self.closing.log_button.setFocus(Qt.FocusReason.OtherFocusReason)
