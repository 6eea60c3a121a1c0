"""The shift page 值班: who is on duty, opening and closing the station, and 补登 of a sheet kept on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from ...db import Database
from ...errors import StationError
from ...model import Changes, CheckPart, Op
from ...services import supplies
from ...words import t
from .. import actions
from ..arrived import NoticeLine
from ..forms import NumberField
from ..kit import Card, Column, FilterTabs, Scroll, Turning, page_layout
from ..page import Page, Shell
from ..printing import Show, open_file
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from ..weather_sheet import open_weather
from . import shift_reads as reads
from .house_parts import ask
from .shift_day import DayCard, DutyCard
from .shift_handover import HandoverCard, LogCard
from .shift_house import HoursCard, IncidentsCard, SafetyCard, ask_points
from .shift_paper import PaperView
from .shift_reads import DayLine, Desk
from .shift_text import clock, day, forgotten, remark, unopened


class ShiftPage(Page):
    """Today at the desk on one tab, 补登 on the other. ``show`` opens the blank sheet that was drawn."""

    name = "shift"
    tables = frozenset(
        {
            "shift", "station_day", "visit", "handout", "request", "request_step", "keeper", "station", "notice", "loan", "loan_end",
            "asset", "item", "movement", "equipment", "equipment_check", "repair", "medicine", "medicine_check", "check_point",
            "house_check", "closed_day", "handover", "duty_log", "emergency", "lost_item",
        }
    )  # fmt: skip

    def __init__(self, shell: Shell, *, show: Show = open_file) -> None:
        super().__init__(shell)
        self.desk: Desk | None = None
        self._settling = False
        self._busy = False
        self.duty, self.day_card, self.paper = DutyCard(), DayCard(), PaperView(shell, show)
        self.handover, self.log = HandoverCard(shell), LogCard(shell, show)
        self.safety, self.incidents, self.hours = SafetyCard(shell, self), IncidentsCard(shell), HoursCard(shell, self)
        self.views: dict[str, QWidget] = {
            "handover": self.handover, "log": self.log, "safety": self.safety, "incidents": self.incidents, "hours": self.hours,
        }  # fmt: skip
        names = (
            ("today", t("shift_page.today")), ("handover", t("shift_page.handover")), ("log", t("shift_page.log")),
            ("safety", t("shift_page.safety_tab")), ("incidents", t("shift_page.incidents_tab")), ("hours", t("shift_page.hours_tab")),
            ("paper", t("shift_page.paper_tab")),
        )  # fmt: skip
        self.tabs = FilterTabs([one for one in names if one[0] != "paper" or self.may(Op.PAPER_SHEET)])
        self._lines = RowsModel(self._columns())
        self.days = Table(self._lines, name=t("shift_page.last_days"))
        self.notices = NoticeLine(shell)
        self._views = QStackedWidget()
        self._build()
        self._connect()

    def _build(self) -> None:
        days = Card(self.days, title=t("shift_page.last_days"), gap=4)
        left = Column(self.duty, days, gap=14)
        left.setStretch(0, 1)
        past = QWidget()
        past.setLayout(left)
        self._views.addWidget(Scroll(Turning((past, 1), (self.day_card, 1), gap=14)))
        self._views.addWidget(self.paper)
        for view in self.views.values():
            self._views.addWidget(view)
        page_layout(self, self.tabs, self.notices, self._views, gap=8).setStretchFactor(self._views, 1)
        self._fit()

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._show_tab)
        self.duty.take.connect(self._take)
        self.duty.leave.connect(self._leave)
        self.duty.undo.connect(self.shell.undo)
        self.day_card.opening.go.connect(self.open_station)
        self.day_card.closing.go.connect(self.close_station)
        self.day_card.closing.undo.connect(self.shell.undo)
        self.day_card.closing.count.connect(self.count_fast)
        self.day_card.opening.weather.connect(lambda: open_weather(self.shell))
        self.day_card.closing.log.connect(lambda: self._to("log"))
        self.day_card.opening.edit.connect(lambda names: ask_points(self.shell, CheckPart.OPENING, names))
        self.duty.hand_over.connect(lambda: self._to("handover"))
        self.days.activated_record.connect(lambda line: self.show_subject(line.id))
        for part in (self.tabs, self._views):  # not the page: a sheet over it has the same keys for itself
            for keys in ("Ctrl+Return", "Ctrl+Enter"):
                shortcut = QShortcut(QKeySequence(keys), part)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(self._act)

    def _columns(self) -> list[TableColumn]:
        def today() -> date:
            return self.desk.today if self.desk is not None else date.min

        def pill(said: Callable[[DayLine, str], str]) -> Callable[[DayLine], tuple[str, str] | None]:
            return lambda line: (text, "attention") if (text := said(line, today().isoformat())) else None

        large = tokens().large
        return [
            TableColumn(t("shift_page.day"), lambda line: day(line, today()), 150 if large else 92, bold=True),
            TableColumn(t("shift_page.opened"), lambda line: clock(line.day.opened), 92 if large else 60),
            TableColumn(t("shift_page.closed"), lambda line: clock(line.day.closed), 130 if large else 92, pill=pill(forgotten)),
            TableColumn(t("shift_page.remarks"), remark, muted=True, pill=pill(unopened)),
            TableColumn(t("shift_page.came"), lambda line: f"{line.person_times:,}", 104 if large else 92, "right"),
        ]

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_lines"):
            self._fit()

    def _fit(self) -> None:
        """All seven days are seen without scrolling; in large type they scroll."""
        worn = tokens()
        self.duty.setMinimumHeight(worn.px(150))
        self.days.setMinimumHeight(worn.px(120) if worn.large else 40 + reads.DAYS * 38)

    # --- what the window asks ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read today, and what the day of the sheet holds."""
        self.jobs.read(reads.desk, self._show_desk, key="shift")
        self.paper.refresh()
        if (view := self.views.get(self.tabs.code())) is not None:
            view.refresh()  # type: ignore[attr-defined]

    def show_subject(self, subject: str) -> None:
        """A tab by its code, or a day (ISO date): its sheet, to type in, for whoever may."""
        if subject in self.views:
            self._to(subject)
            return
        if not self.may(Op.PAPER_SHEET):
            return
        self.paper.show_day(date.fromisoformat(subject))
        self.tabs.choose("paper")
        self.settle()

    def new(self) -> None:
        """Ctrl+N: what is found, a closed day; otherwise a paper sheet, for whoever may type one in."""
        if (view := self.views.get(self.tabs.code())) in (self.incidents, self.hours):
            view.new()
            return
        if not self.may(Op.PAPER_SHEET):
            return
        self.tabs.choose("paper")
        self.settle()

    def look_up(self) -> None:
        """``/``: the day of the sheet, or the list of days."""
        if self.tabs.code() == "paper":
            self.paper.day.take_focus()
            self.paper.day.line.selectAll()
        else:
            self.days.setFocus(Qt.FocusReason.OtherFocusReason)

    def settle(self) -> None:
        """Where the next key is of use; somebody else may be at work since, so today is read again."""
        if self.tabs.code() == "paper":
            self.paper.settle()
            return
        if (view := self.views.get(self.tabs.code())) is not None:
            view.refresh()  # type: ignore[attr-defined]
            view.settle()  # type: ignore[attr-defined]
            return
        self._settling = True
        self.jobs.read(reads.desk, self._show_desk, key="shift")

    # --- showing -------------------------------------------------------------------------------------------------------

    def _show_tab(self, code: str) -> None:
        view = self.views.get(code)
        if view is not None:
            self._views.setCurrentWidget(view)
            view.refresh()  # type: ignore[attr-defined]
            return
        self._views.setCurrentIndex(int(code == "paper"))
        self.paper.refresh()

    def _to(self, code: str) -> None:
        self.tabs.choose(code)
        self.settle()

    def _show_desk(self, desk: Desk) -> None:
        before = self.desk
        self.desk = desk
        self._lines.set_rows(desk.days)
        self.duty.show_desk(desk)
        self.day_card.show_desk(desk)
        self.notices.show_notices(list(desk.notices), desk.today)
        turned = before is not None and (before.day.opened, before.day.closed) != (desk.day.opened, desk.day.closed)
        settling, self._settling = self._settling or turned, False
        if settling and self.isVisible() and self.tabs.code() == "today":
            self.day_card.settle()

    # --- doing ---------------------------------------------------------------------------------------------------------

    def _act(self) -> None:
        """Ctrl+Enter: enter the sheet, hand over, confirm the log, say that all is well, open the station, close it."""
        if self.tabs.code() == "paper":
            self.paper.save()
        elif self.tabs.code() in self.views:
            act = getattr(self.views[self.tabs.code()], "act", None)
            if act is not None:
                act()
        elif self.desk is not None and not self.desk.day.opened:
            self.open_station()
        elif self.desk is not None and not self.desk.day.closed:
            self.close_station()

    def open_station(self) -> None:
        """The opening check as it stands."""
        opening = self.day_card.opening
        opening.high.show_error(opening.high.problem())
        if opening.high.problem():
            opening.high.take_focus()
            return
        said = opening.said()

        def done(changes: Changes) -> None:
            opening.begin_anew()
            self._done(t("shift_page.told_opened_with", said=said) if said else t("shift_page.told_opened"), changes)

        self._start(lambda: actions.open_station(self.jobs, said, opening.high.value(), done, self._refused))

    def close_station(self) -> None:
        """收站 with the note as it stands."""
        note = self.day_card.closing.note
        total = self.desk.figures.person_times if self.desk is not None else 0

        def done(changes: Changes) -> None:
            note.set_value("")
            self._done(t("shift_page.told_closed", n=total), changes)

        self._start(lambda: actions.close_station(self.jobs, str(note.value()), done, self._refused))

    def count_fast(self) -> None:
        """What went fastest today is counted before the door is locked: the book's figures stand there, wrong ones are typed over."""
        items = self.desk.fast if self.desk is not None else ()
        if not items:
            return
        fields = [NumberField(item.id, f"{item.name}（{item.unit}）", low=0, high=1_000_000, value=max(item.balance, 0)) for item in items]

        def work(db: Database, values: dict[str, Any]) -> tuple[int, Changes]:
            found, changes = supplies.count_several(db, values)
            return len(found), changes

        ask(self.shell, t("shift_page.count_fast"), fields, work, lambda count: t("shift_page.told_counted", n=count))

    def _take(self) -> None:
        name = self.desk.keeper if self.desk is not None else ""
        actions.begin_shift(self.jobs, lambda changes: self._done(t("shift_page.told_took", name=name), changes))

    def _leave(self) -> None:
        name = self.desk.on_duty.keeper if self.desk is not None and self.desk.on_duty is not None else ""
        actions.end_shift(self.jobs, lambda changes: self._done(t("shift_page.told_left", name=name), changes))

    def _start(self, act: Callable[[], None]) -> None:
        """Never twice: a second press before the answer does nothing."""
        if not self._busy:
            self._busy = True
            act()

    def _done(self, text: str, changes: Changes) -> None:
        self._busy = False
        self.shell.tell_undoable(text, changes)

    def _refused(self, error: StationError) -> None:
        self._busy = False
        self.shell.tell_error(error)
        self.refresh()
