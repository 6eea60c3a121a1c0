"""交接班 and 值班日志: what the next keeper has to know, handing over with both names, the log drafted and confirmed by one key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ...db import Database
from ...model import Keeper
from ...paper.duty import DutyText, drafted, matters_lines
from ...services import keepers, shifts, stations
from ...services.keepers import Shift
from ...services.shifts import DutyLog, Handover
from ...words import t
from ..forms import ChoiceField, LineField, TextField
from ..kit import Button, Card, Column, LogRow, Notice, Pill, Row, Scroll, Text, clear
from ..page import Shell
from ..printing import Show, save_and_open
from .house_parts import do


@dataclass(frozen=True, slots=True)
class HandoverView:
    """What is open now, who has the desk, who may take it, today's handovers."""

    lines: tuple[str, ...]
    count: int
    on_duty: Shift | None
    acting: str
    others: tuple[Keeper, ...]
    done: tuple[Handover, ...]


@dataclass(frozen=True, slots=True)
class LogView:
    """The duty log of today in words, and as it was confirmed."""

    today: date
    text: DutyText
    person_times: int
    log: DutyLog | None


def read_handover(db: Database) -> HandoverView:
    """The handover card of now."""
    today = date.fromisoformat(db.stamp().business_date)
    found, duty = shifts.matters(db), keepers.on_duty(db)
    others = [one for one in keepers.listing(db) if duty is None or one.name != duty.keeper]
    acting = keepers.keeper(db, db.acting) if db.acting else None
    return HandoverView(
        tuple(matters_lines(found, today)), found.count, duty, acting.id if acting else "", tuple(others),
        tuple(shifts.handovers(db, today.isoformat())),
    )  # fmt: skip


def read_log(db: Database) -> LogView:
    """Today's duty log."""
    draft, today = shifts.draft(db), date.fromisoformat(db.stamp().business_date)
    return LogView(today, drafted(draft, stations.current(db), today), draft.figures.person_times, draft.log)


class HandoverCard(QWidget):
    """At the left what is open, at the right to whom the desk goes."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self._shell = shell
        self.view: HandoverView | None = None
        self._lines = Column(gap=8)
        inside = QWidget()
        inside.setLayout(Column(self._lines, None))
        self.count = Pill("", "attention")
        left = Card(Scroll(inside), title=t("shift_page.open_matters"), aside=self.count)
        self.who = Text("", "body", wrap=True)
        self._to = Column(gap=0)
        self.to: ChoiceField | None = None
        self.note = TextField("note", t("shift_page.handover_note"), hint=t("shift_page.handover_hint"), lines=3)
        self.button = Button(t("shift_page.hand_over"), "primary", key="Ctrl+Enter")
        self.button.clicked.connect(self.act)
        self._done = Column(gap=0)
        right = Card(self.who, self._to, self.note, Row(None, self.button), Text(t("shift_page.handed_today"), "small"), self._done, None,
                     title=t("shift_page.handover"))  # fmt: skip
        row = Row(gap=14)
        row.addWidget(left, 1)
        row.addWidget(right, 1)
        self.setLayout(row)

    def refresh(self) -> None:
        """Read and show."""
        self._shell.jobs.read(read_handover, self._show, key="handover")

    def settle(self) -> None:
        """On the one to hand over to."""
        if self.to is not None:
            self.to.take_focus()

    def _show(self, view: HandoverView) -> None:
        before, self.view = self.view, view
        clear(self._lines)
        for line in view.lines:
            self._lines.addWidget(Notice(line, "attention" if view.count else "plain"))
        if not view.lines:
            self._lines.addWidget(Text(t("shift_page.nothing_open"), "good"))
        self.count.show_state(str(view.count), "attention" if view.count else "good")
        duty = view.on_duty
        self.who.set(t("shift_page.hands_over", name=duty.keeper) if duty else t("shift_page.nobody_to_hand"))
        people = [(one.id, one.name) for one in view.others]
        if before is None or before.others != view.others:
            clear(self._to)
            usual = view.acting if view.acting in {code for code, _ in people} else people[0][0] if people else ""
            self.to = ChoiceField("to", t("shift_page.to_whom"), people, value=usual)
            self._to.addWidget(self.to)
        self.button.setEnabled(duty is not None and bool(people))
        clear(self._done)
        for one in reversed(view.done):
            self._done.addWidget(LogRow(one.time[11:16], [(t("shift_page.from_to", first=one.from_name, second=one.to_name), False)]))

    def act(self) -> None:
        """Hand over, with what is open as it is shown."""
        if self.view is None or self.to is None or self.view.on_duty is None:
            return
        target, lines, note = str(self.to.value()), "\n".join(self.view.lines), str(self.note.value())

        def told(made: Handover) -> str:
            return t("shift_page.told_handed", first=made.from_name, second=made.to_name)

        do(self._shell, lambda db: shifts.hand_over(db, target, lines, note), told, lambda _made: self.note.set_value(""))


class LogCard(QWidget):
    """The duty log as text to read, change and confirm; what was typed is not lost to a change elsewhere."""

    confirmed = Signal()

    def __init__(self, shell: Shell, show: Show) -> None:
        super().__init__()
        self._shell, self._show_file = shell, show
        self.view: LogView | None = None
        self._drafted: DutyText | None = None
        self.state = Pill("", "plain")
        self.times = Text("", "strong")
        self.shift_name, self.weather = LineField("shift_name", t("duty.shift_name")), LineField("weather", t("duty.weather"))
        self.events = TextField("events", t("duty.events"), lines=8)
        self.matters = TextField("matters", t("duty.matters"), lines=5)
        self.by, self.to = LineField("handed_by", t("duty.handed_by")), LineField("handed_to", t("duty.handed_to"))
        self.button = Button(t("shift_page.confirm_log"), "primary", key="Ctrl+Enter")
        self.again = Button(t("shift_page.draft_again"), "link")
        self.paper = Button(t("shift_page.print_log"), icon="print")
        top, names = Row(self.shift_name, self.weather, gap=14), Row(self.by, self.to, gap=14)
        body = QWidget()
        body.setLayout(Column(top, self.events, self.matters, names, None, gap=12))
        card = Card(Row(self.times, self.state, None, self.again, gap=10), Scroll(body), Row(self.paper, None, self.button),
                    title=t("shift_page.log"))  # fmt: skip
        self.setLayout(Column(card, gap=0))
        self.button.clicked.connect(self.act)
        self.again.clicked.connect(self._draft_again)
        self.paper.clicked.connect(self.print_log)

    def fields(self) -> dict[str, str]:
        """The log as it stands in the fields."""
        every = (self.shift_name, self.weather, self.events, self.matters, self.by, self.to)
        return {field.name: str(field.value()) for field in every}

    def refresh(self) -> None:
        """Read and show."""
        self._shell.jobs.read(read_log, self._show, key="duty-log")

    def settle(self) -> None:
        """On the button: one key confirms."""
        self.button.setFocus()

    def _show(self, view: LogView) -> None:
        untouched = self._drafted is None or self.fields() == self._drafted.fields()
        self.view = view
        self.times.set(t("shift_page.log_times", n=view.person_times))
        log = view.log
        self.state.show_state(t("shift_page.log_done", time=log.confirmed[11:16]) if log else t("shift_page.log_draft"),
                              "good" if log else "attention")  # fmt: skip
        self.button.set_text(t("shift_page.confirm_again") if log else t("shift_page.confirm_log"))
        self.again.setVisible(log is not None or not untouched)
        if untouched:
            self._fill(view.text)

    def _fill(self, text: DutyText) -> None:
        self._drafted = text
        for field in (self.shift_name, self.weather, self.events, self.matters, self.by, self.to):
            field.set_value(text.fields()[field.name])
        # what the fields keep is what they were given, blanks apart
        self._drafted = DutyText(**self.fields())

    def _draft_again(self) -> None:
        """What was typed is let go; a log that was confirmed is drafted anew from the records of now."""

        def read(db: Database) -> DutyText:
            from dataclasses import replace

            draft = shifts.draft(db)
            return drafted(replace(draft, log=None), stations.current(db), date.fromisoformat(db.stamp().business_date))

        self._shell.jobs.read(read, self._fill, key="duty-draft")

    def act(self) -> None:
        """Confirm it as it stands."""
        view = self.view
        if view is None:
            return
        day, count = view.today.isoformat(), view.person_times
        told: dict[str, Any] = self.fields()

        def done(_made: DutyLog) -> None:
            self._drafted = DutyText(**told)
            self.confirmed.emit()

        do(self._shell, lambda db: shifts.confirm(db, day, person_times=count, **told), lambda _made: t("shift_page.told_confirmed"), done)

    def print_log(self) -> None:
        """The log of today as it was confirmed, on paper."""
        if self.view is None:
            return
        station, day, jobs = self._shell.station, self.view.today, self._shell.jobs

        def draw(target: Path) -> int:
            from ...paper import ledgers as paper
            from ...services import ledgers

            lines = ledgers.lines(jobs.db, "duty", day.isoformat(), day.isoformat())
            kept = ledgers.get("duty")
            about = paper.span_line(kept, day.isoformat(), day.isoformat(), len(lines))
            return paper.ledger_pdf(kept, lines, target, station=station, about=about, printed_on=day)

        save_and_open(self._shell, f"duty-{station.code}-{station.letter}-{day.isoformat()}", draw, show=self._show_file)
