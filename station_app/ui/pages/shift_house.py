"""安全卫生, 突发与失物, 开放时间: the check by one key, what nobody planned, hours kept and days that stay closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from PySide6.QtWidgets import QWidget

from ... import settings
from ...db import Database
from ...model import CheckPart, ClosedReason, EmergencyKind, LostState, Op
from ...paper.duty import hours_line, usual_points
from ...services import incidents, preferences, shifts
from ...services.incidents import Emergency, LostItem
from ...services.shifts import DayHours, Hours, HouseCheck
from ...words import label, t
from .. import actions, when
from ..forms import ChoiceField, DateField, Field, LineField, TextField
from ..kit import Button, Card, Chip, Column, FlowLayout, LogRow, Row, Scroll, Text, clear
from ..page import Page, Shell
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .house_parts import ask, do

BACK = 30
"""Days of checks that are shown."""


# --- safety and hygiene ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checks:
    """The points of the check, and the last ones."""

    today: date
    points: tuple[str, ...]
    done: tuple[HouseCheck, ...]


def own_points(db: Database, part: CheckPart) -> tuple[str, ...]:
    """The points of a check: the station's own, or those that come with the program."""
    return tuple(point.name for point in shifts.points(db, part)) or tuple(usual_points(part))


def read_checks(db: Database) -> Checks:
    """The check of now."""
    today = date.fromisoformat(db.stamp().business_date)
    return Checks(
        today, own_points(db, CheckPart.SAFETY),
        tuple(shifts.house_checks(db, (today - timedelta(days=BACK)).isoformat(), today.isoformat())),
    )  # fmt: skip


def ask_points(shell: Shell, part: CheckPart, names: tuple[str, ...]) -> None:
    """Change the points of a check, a line each."""
    lines = TextField("names", t("shift_page.points"), hint=t("shift_page.points_hint"), lines=10, required=True)
    lines.set_value("\n".join(names))
    ask(
        shell, label(part), [lines], lambda db, values: shifts.set_points(db, part, values["names"].splitlines()),
        lambda _made: t("shift_page.told_points", name=label(part)), {"shifts.bad_points": "names"},
    )  # fmt: skip


class SafetyCard(QWidget):
    """The check of safety and hygiene: all well on one key, or what is not and what was done about it."""

    def __init__(self, shell: Shell, page: Page) -> None:
        super().__init__()
        self._shell = shell
        self.view: Checks | None = None
        self.chips: list[Chip] = []
        self._flow = FlowLayout(8)
        self.exceptions = TextField("exceptions", t("shift_page.exceptions"), hint=t("shift_page.exceptions_hint"), lines=2)
        self.action = TextField("action", t("shift_page.check_action"), hint=t("shift_page.check_action_hint"), lines=2)
        self.second = LineField("second", t("shift_page.second_name"))
        self.button = Button("", "primary", key="Ctrl+Enter")
        self.edit = Button(t("shift_page.edit_points"), "link")
        self.edit.setVisible(page.may(Op.CHECK_POINTS))
        body = QWidget()
        body.setLayout(Column(self._flow, self.exceptions, self.action, self.second, None, gap=12))
        left = Card(Scroll(body), Row(None, self.button), title=label(CheckPart.SAFETY), aside=self.edit)
        self._done = Column(gap=0)
        inside = QWidget()
        inside.setLayout(Column(self._done, None))
        row = Row(gap=14)
        row.addWidget(left, 1)
        row.addWidget(Card(Scroll(inside), title=t("shift_page.past_checks")), 1)
        self.setLayout(row)
        self.button.clicked.connect(self.act)
        self.exceptions.changed.connect(self._follow)
        self.edit.clicked.connect(lambda: ask_points(shell, CheckPart.SAFETY, self.view.points if self.view else ()))
        self._follow()

    def refresh(self) -> None:
        """Read and show."""
        self._shell.jobs.read(read_checks, self._show, key="house-checks")

    def settle(self) -> None:
        """On the button: one key when all is well."""
        self.button.setFocus()

    def said(self) -> str:
        """What is not well: the points that were taken back, and what was written."""
        off = t("terms.list").join(chip.words() for chip in self.chips if not chip.isChecked())
        text = str(self.exceptions.value())
        return t("shift_page.exception_line", names=off, text=text) if off and text else off or text

    def _follow(self) -> None:
        self.button.set_text(t("shift_page.check_with") if self.said() else t("shift_page.check_well"))

    def _show(self, view: Checks) -> None:
        if self.view is None or self.view.points != view.points:
            clear(self._flow)
            self.chips = [Chip(name, checked=True) for name in view.points]
            for chip in self.chips:
                chip.toggled.connect(lambda _on: self._follow())
                self._flow.addWidget(chip)
        self.view = view
        clear(self._done)
        for one in view.done:
            told = t("shift_page.all_well") if one.all_well else one.exceptions.replace("\n", " ")
            more = f"  {one.action}" if one.action else ""
            self._done.addWidget(LogRow(when.short(one.time, view.today), [(told, not one.all_well), (f"{more}  {one.keeper}", False)]))
        if not view.done:
            self._done.addWidget(Text(t("house_page.no_lines"), "muted"))

    def act(self) -> None:
        """The check as it stands."""
        if self.view is None:
            return
        points, said, action, second = self.view.points, self.said(), str(self.action.value()), str(self.second.value())

        def done(_made: HouseCheck) -> None:
            for chip in self.chips:
                chip.setChecked(True)
            for field in (self.exceptions, self.action, self.second):
                field.set_value("")

        do(
            self._shell, lambda db: shifts.check_house(db, points, said, action, second),
            lambda made: t("shift_page.told_checked") if made.all_well else t("shift_page.told_checked_with", text=made.exceptions), done,
        )  # fmt: skip


# --- what nobody planned -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Incidents:
    """Emergencies of a year, things that were found."""

    today: date
    emergencies: tuple[Emergency, ...]
    lost: tuple[LostItem, ...]


def read_incidents(db: Database) -> Incidents:
    """What nobody planned."""
    today = date.fromisoformat(db.stamp().business_date)
    span = ((today - timedelta(days=365)).isoformat(), today.isoformat())
    return Incidents(today, tuple(incidents.emergencies(db, *span)), tuple(incidents.lost_items(db)[:100]))


class IncidentsCard(QWidget):
    """Emergencies at the left, lost property at the right."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.emergency = Button(t("shift_page.emergency_now"), "bad", icon="emergency", key="F10")
        self.found = Button(t("shift_page.found"), icon="plus", key="Ctrl+N")
        self._left, self._right = Column(gap=0), Column(gap=0)
        row = Row(gap=14)
        for parts, title, button in ((self._left, t("shift_page.emergencies"), self.emergency),
                                     (self._right, t("shift_page.lost_property"), self.found)):  # fmt: skip
            inside = QWidget()
            inside.setLayout(Column(parts, None))
            row.addWidget(Card(Scroll(inside), title=title, aside=button), 1)
        self.setLayout(row)
        self.emergency.clicked.connect(lambda: stamp_emergency(shell))
        self.found.clicked.connect(self.new)

    def refresh(self) -> None:
        """Read and show."""
        self._shell.jobs.read(read_incidents, self._show, key="incidents")

    def settle(self) -> None:
        """On what is used most."""
        self.found.setFocus()

    def _show(self, view: Incidents) -> None:
        clear(self._left)
        for one in view.emergencies:
            told = "  " + " ".join(part for part in (one.called, one.place, one.note.replace("\n", " ")) if part)
            row = LogRow(when.short(one.time, view.today), [(label(one.kind), True), (told, False)], t("shift_page.tell_more"))
            row.acted.connect(lambda one=one: tell_emergency(self._shell, one))
            self._left.addWidget(row)
        if not view.emergencies:
            self._left.addWidget(Text(t("shift_page.no_emergencies"), "muted", wrap=True))
        clear(self._right)
        for thing in view.lost:
            kept = thing.state is LostState.KEPT
            told = "  " + t("terms.dot").join(part for part in (thing.place, thing.kept_in, "" if kept else label(thing.state)) if part)
            name = t("shift_page.lost_number", number=thing.number, thing=thing.thing)
            row = LogRow(when.short(thing.time, view.today), [(name, kept), (told, False)], t("shift_page.settle") if kept else "")
            row.acted.connect(lambda thing=thing: self._settle(thing))
            self._right.addWidget(row)
        if not view.lost:
            self._right.addWidget(Text(t("shift_page.no_lost"), "muted", wrap=True))

    def new(self) -> None:
        """Ctrl+N: something was found."""
        fields: list[Field] = [
            LineField("thing", t("shift_page.thing"), required=True), LineField("place", t("shift_page.found_at")),
            LineField("kept_in", t("shift_page.kept_in")), LineField("note", t("house_page.note")),
        ]  # fmt: skip
        ask(
            self._shell, t("shift_page.found"), fields, lambda db, values: incidents.found(db, **values),
            lambda made: t("shift_page.told_found", number=made.number, thing=made.thing), {"incidents.no_thing": "thing"},
        )  # fmt: skip

    def _settle(self, thing: LostItem) -> None:
        states = [(state.value, label(state)) for state in LostState if state is not LostState.KEPT]
        fields: list[Field] = [
            ChoiceField("state", t("shift_page.settle"), states, value=LostState.CLAIMED.value),
            LineField("note", t("house_page.note"), hint=t("shift_page.settle_hint")),
        ]
        ask(
            self._shell, t("shift_page.lost_number", number=thing.number, thing=thing.thing), fields,
            lambda db, values: incidents.settle(db, thing.id, LostState(values["state"]), note=values["note"]),
            lambda now: t("shift_page.told_settled", number=now.number, state=label(now.state)),
        )  # fmt: skip


def stamp_emergency(shell: Shell) -> None:
    """F10: the time is kept at once, the numbers to call stand there large; the rest is asked beside them."""

    def done(outcome: tuple[Emergency, Any]) -> None:
        made, changes = outcome
        shell.tell_undoable(t("shift_page.told_emergency", time=made.time[11:16]), changes)
        tell_emergency(shell, made)

    actions.stamp_emergency(shell.jobs, done)


class Numbers(Field):
    """Whom to call, large, with where this is; what was called is ticked."""

    def __init__(self, called: str, station: str, since: str) -> None:
        super().__init__("called", t("shift_page.whom_to_call"))
        self.chips = []
        row = FlowLayout(10, row_gap=8)
        for number in incidents.NUMBERS:
            chip = Chip(t(f"shift_page.number_{number}"), checked=number in called.split())
            chip.setProperty("number", number)
            chip.setMinimumHeight(56)
            row.addWidget(chip)
            self.chips.append(chip)
            chip.toggled.connect(lambda _on: self.changed.emit())
        inside = QWidget()
        inside.setLayout(Column(Text(t("shift_page.happened_at", time=since), "title"), row, Text(station, "muted", wrap=True), gap=8))
        self._put(inside)

    def value(self) -> list[str]:
        """The numbers that were called."""
        return [str(chip.property("number")) for chip in self.chips if chip.isChecked()]

    def set_value(self, value: Any) -> None:
        """Tick these."""
        for chip in self.chips:
            chip.setChecked(str(chip.property("number")) in value)


def tell_emergency(shell: Shell, one: Emergency) -> None:
    """What happened, told now or later."""
    station = shell.station
    here = t("shift_page.we_are", name=station.name, phone=station.phone) if station.phone else station.name
    kinds = [(kind.value, label(kind)) for kind in EmergencyKind if kind is not EmergencyKind.UNKNOWN]
    place, note = LineField("place", t("shift_page.emergency_place")), TextField("note", t("shift_page.what_happened"), lines=4)
    place.set_value(one.place)
    note.set_value(one.note)
    known = one.kind.value if one.kind is not EmergencyKind.UNKNOWN else ""
    fields: list[Field] = [
        Numbers(one.called, here, one.time[11:16]), ChoiceField("kind", t("shift_page.what_kind"), kinds, value=known, required=False),
        place, note, ChoiceField("over", t("shift_page.is_over"), [("0", t("shift_page.not_over")), ("1", t("shift_page.over"))],
                          value="1" if one.ended else "0"),
    ]  # fmt: skip

    def work(db: Database, values: dict[str, Any]) -> Any:
        kind = EmergencyKind(values["kind"]) if values["kind"] else None
        return incidents.tell(
            db, one.id, kind=kind, called=values["called"], place=values["place"], note=values["note"], over=values["over"] == "1"
        )

    ask(shell, t("shift_page.emergency"), fields, work, lambda now: t("shift_page.told_told", what=label(now.kind)))


# --- hours and closed days -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HoursView:
    """Hours kept this month and the month before, closed days to come, the weekly days off."""

    today: date
    found: Hours
    ahead: tuple[shifts.ClosedDay, ...]
    rest: str


def read_hours(db: Database) -> HoursView:
    """Hours kept from the first of last month on, and what stays closed in the two months to come."""
    today = date.fromisoformat(db.stamp().business_date)
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    ahead = shifts.closed(db, (today + timedelta(days=1)).isoformat(), (today + timedelta(days=60)).isoformat())
    named = tuple(sorted((one for one in ahead.values() if one.id or one.note), key=lambda one: one.business_date))
    return HoursView(today, shifts.hours(db, first.isoformat(), today.isoformat()), named, preferences.get(db, settings.REST_DAYS))


class HoursCard(QWidget):
    """Hours posted and kept, day by day; days that stay closed."""

    def __init__(self, shell: Shell, page: Page) -> None:
        super().__init__()
        self._shell, self._keeps = shell, page.may(Op.CLOSED_DAY)
        self._today = date.min
        self.view: HoursView | None = None
        self.told = Text("", "body", wrap=True)
        self.rows = RowsModel(self._columns(), key=lambda day: day.business_date)
        self.days = Table(self.rows, name=t("shift_page.hours_tab"))
        self.export_button = ExportButton(shell, self.days, "shift-hours", note=lambda: shell.station.name)
        left = Card(self.told, self.days, title=t("shift_page.hours_tab"), aside=self.export_button)
        self.close_button = Button(t("shift_page.close_days"), icon="plus", key="Ctrl+N")
        self.close_button.setVisible(self._keeps)
        self.rest = [Chip(t(f"terms.Weekday.{number}")) for number in range(7)]
        flow = FlowLayout(8)
        for number, chip in enumerate(self.rest):
            chip.setEnabled(page.may(Op.SETTING))
            chip.clicked.connect(lambda _on=False, number=number: self._toggle(number))
            flow.addWidget(chip)
        self._ahead = Column(gap=0)
        right = Card(Text(t("shift_page.rest_days"), "small"), flow, Text(t("shift_page.closed_ahead"), "small"), self._ahead, None,
                     title=t("shift_page.closed_days"), aside=self.close_button)  # fmt: skip
        row = Row(gap=14)
        row.addWidget(left, 3)
        row.addWidget(right, 2)
        self.setLayout(row)
        self.close_button.clicked.connect(self.new)

    def _columns(self) -> list[TableColumn]:
        def posted(day: DayHours) -> str:
            return f"{day.opens}-{day.closes}" if day.opens else label(day.closed_day.reason) if day.closed_day else ""

        def remark(day: DayHours) -> tuple[str, str] | None:
            if day.closed_day is None and not day.opened and not day.person_times and day.business_date < self._today.isoformat():
                return t("shift_page.missed"), "bad"
            if day.late:
                return t("shift_page.late", n=day.late), "attention"
            if day.early:
                return t("shift_page.early", n=day.early), "attention"
            return (t("shift_page.guessed"), "plain") if day.guessed else None

        return [
            TableColumn(t("shift_page.day"), lambda day: when.day(day.business_date, self._today), 96, bold=True),
            TableColumn(t("shift_page.posted"), posted, 112, muted=True),
            TableColumn(t("shift_page.opened"), lambda day: day.opened or "—", 60),
            TableColumn(t("shift_page.closed"), lambda day: day.closed or "—", 60),
            TableColumn(t("shift_page.remarks"), lambda _day: "", pill=remark),
            TableColumn(t("shift_page.came"), lambda day: f"{day.person_times:,}", 76, "right"),
        ]

    def refresh(self) -> None:
        """Read and show."""
        self._shell.jobs.read(read_hours, self._show, key="hours")

    def settle(self) -> None:
        """Into the days."""
        self.days.setFocus()

    def _show(self, view: HoursView) -> None:
        self.view, self._today = view, view.today
        self.told.set(hours_line(view.found))
        self.rows.set_rows(tuple(reversed(view.found.days)))
        for number, chip in enumerate(self.rest):
            chip.setChecked(str(number + 1) in view.rest)
        clear(self._ahead)
        for one in view.ahead:
            told = f"  {label(one.reason)}" + (f"  {one.note}" if one.note else "")
            word = t("shift_page.reopen") if one.id and self._keeps else ""
            row = LogRow(when.date_only(one.business_date, view.today), [(told, False)], word)
            row.acted.connect(lambda one=one: self._reopen(one.business_date))
            self._ahead.addWidget(row)
        if not view.ahead:
            self._ahead.addWidget(Text(t("shift_page.none_ahead"), "muted", wrap=True))

    def new(self) -> None:
        """Ctrl+N: the station stays closed."""
        if not self._keeps or self.view is None:
            return
        fields: list[Field] = [
            DateField("first", t("shift_page.first_closed"), value=self.view.today + timedelta(days=1), required=True),
            DateField("last", t("shift_page.last_closed")),
            ChoiceField("reason", t("shift_page.reason"), [(one.value, label(one)) for one in ClosedReason], value="holiday"),
            LineField("note", t("house_page.note")),
        ]

        def work(db: Database, values: dict[str, Any]) -> Any:
            last = values["last"] or values["first"]
            return shifts.close_days(db, values["first"], last, ClosedReason(values["reason"]), values["note"])

        ask(
            self._shell, t("shift_page.close_days"), fields, work, lambda days: t("shift_page.told_days", n=len(days)),
            {"shifts.bad_span": "last", "shifts.long_text": "note"},
        )  # fmt: skip

    def _reopen(self, day: str) -> None:
        told = t("shift_page.told_reopened", day=when.date_only(day, self._today))
        do(self._shell, lambda db: (day, shifts.reopen_day(db, day)), lambda _day: told)

    def _toggle(self, number: int) -> None:
        if self.view is None:
            return
        days = set(self.view.rest) ^ {str(number + 1)}
        actions.change_setting(self._shell.jobs, settings.REST_DAYS.name, "".join(sorted(days)), lambda _done: self.refresh())
