"""What the requests page of the district keeps beside its list: joint meetings, replies given often, the file for another system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtWidgets import QFileDialog, QWidget

from ...db import Database
from ...district import desk, hotline, matters
from ...district.matters import Item, Meeting, Template
from ...model import Category, Changes, Request, Station
from ...services import requests as service
from ...words import label, t
from .. import when
from ..entry import Entry
from ..forms import ChoiceField, DateField, LineField, TextField
from ..jobs import Otherwise
from ..kit import Button, Column, EmptyState, Row, Text
from ..page import Shell
from ..pages.requests_text import title
from ..printing import save_and_open
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens

if TYPE_CHECKING:
    from .requests import RequestsPage

HIGH = 380


class MeetingsSheet(QWidget):
    """The joint meetings: a new one of the requests that are listed, or one that is planned, by Enter."""

    def __init__(self, meetings: list[Meeting], listed: int, today: date, new: Callable[[], None], show: Callable[[str], None]) -> None:
        super().__init__()
        self.new_button = Button(t("matters.new_of_listed", n=listed), "primary", icon="plus")
        self.new_button.setEnabled(listed > 0)
        self.new_button.clicked.connect(new)
        self.rows = RowsModel(
            [
                TableColumn(t("matters.meeting_day"), lambda one: when.date_only(one.held_on, today), 110, muted=True),
                TableColumn(t("matters.meeting_name"), lambda one: one.title, bold=True),
                TableColumn(t("matters.decided"), lambda one: f"{one.decided} / {one.items}", 90, "right"),
            ]
        )  # fmt: skip
        self.table = Table(self.rows, rows=44, name=t("matters.meeting"))
        self.table.setMinimumHeight(tokens().px(HIGH))
        self.table.set_empty(EmptyState("requests", t("matters.no_meetings")))
        self.table.activated_record.connect(lambda one: show(one.id))
        self.setLayout(Column(Row(self.new_button, None), self.table, gap=10))
        self.setFocusProxy(self.table if meetings else self.new_button)
        self.rows.set_rows(meetings)
        if meetings:
            self.table.choose(meetings[0].id)


class AgendaSheet(QWidget):
    """The agenda of a meeting: Enter writes down what was decided of a request, and that is its answer."""

    def __init__(
        self, meeting: Meeting, items: list[Item], chosen: Request | None, decide: Callable[[Item], None], paper: Callable[[], None],
        add: Callable[[Request], None],
    ) -> None:  # fmt: skip
        super().__init__()
        self.meeting = meeting

        def state(item: Item) -> tuple[str, str]:
            return (t("matters.is_decided"), "good") if item.decision else (t("matters.to_decide"), "attention")

        def below(item: Item) -> str:
            return t("terms.dot").join(part for part in (item.request.number, item.station, item.decision) if part)

        self.rows = RowsModel(
            [
                TableColumn(t("matters.asked"), lambda item: title(item.request), bold=True, sub=below),
                TableColumn("", lambda _item: "", 96, "right", pill=state),
            ],
            key=lambda item: item.request.id,
        )
        self.table = Table(self.rows, rows=56, name=meeting.title)
        self.table.setMinimumHeight(tokens().px(HIGH))
        self.table.set_empty(EmptyState("requests", t("matters.empty_agenda")))
        self.table.activated_record.connect(decide)
        self.decide_button = Button(t("matters.decide"), "primary", key="Enter")
        self.decide_button.clicked.connect(lambda: decide(item) if (item := self.table.current()) is not None else None)
        self.print_button = Button(t("matters.print_agenda"), icon="print")
        self.print_button.clicked.connect(paper)
        head = Row(self.decide_button, self.print_button, gap=8)
        self.add_button: Button | None = None
        if chosen is not None and all(item.request.id != chosen.id for item in items):
            self.add_button = Button(t("matters.add_chosen", number=chosen.number), "link", icon="plus")
            self.add_button.clicked.connect(lambda: add(chosen))
            head.addWidget(self.add_button)
        head.addStretch(1)
        told = Text(t("matters.agenda_told", day=meeting.held_on, n=meeting.items, decided=meeting.decided), "muted", wrap=True)
        self.setLayout(Column(told, head, self.table, gap=10))
        self.setFocusProxy(self.table)
        self.rows.set_rows(items)
        first = next((item for item in items if not item.decision), items[0] if items else None)
        if first is not None:
            self.table.choose(first.request.id)
        self.decide_button.setEnabled(bool(items))


class DecideForm(Entry):
    """What a meeting decided of a request; it goes to the station as its answer, unless that is to wait."""

    def __init__(self, shell: Shell, meeting: Meeting, item: Item, done: Callable[[Request, Changes], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            def decide(db: Database) -> tuple[tuple[Request, Changes], Changes]:
                outcome = matters.decide(
                    db, meeting.id, item.request.number, values["decision"], reply=values["reply"] == "answer"
                )
                return outcome, outcome[1]

            shell.jobs.run(decide, lambda outcome: done(*outcome), otherwise)

        super().__init__(
            shell, save, TextField("decision", t("matters.decision"), required=True, hint=item.request.text, lines=4),
            ChoiceField("reply", t("matters.and_then"), [("answer", t("matters.as_answer")), ("wait", t("matters.answer_waits"))],
                        value="answer", keys=True),
            at={"matters.no_decision": "decision"},
        )  # fmt: skip
        self.set_values({"decision": item.decision})


class MeetingForm(Entry):
    """The day and the name of a joint meeting that takes up these requests."""

    def __init__(self, shell: Shell, numbers: list[str], done: Callable[[matters.Meeting, Changes], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            def plan(db: Database) -> Any:
                outcome = matters.plan_meeting(db, values["day"].isoformat(), values["title"], numbers)
                return outcome, outcome[1]

            shell.jobs.run(plan, lambda outcome: done(*outcome), otherwise)

        super().__init__(
            shell, save, LineField("title", t("matters.meeting_name"), required=True, hint=t("matters.meeting_hint")),
            DateField("day", t("matters.meeting_day"), required=True), at={"matters.bad_title": "title", "matters.bad_day": "day"},
        )  # fmt: skip


# --- replies given often ------------------------------------------------------------------------------------------------------------


class TemplatesSheet(QWidget):
    """The replies kept, by category: Enter changes one, Delete drops it."""

    def __init__(self, kept: list[Template], edit: Callable[[Template | None], None], drop: Callable[[Template], None]) -> None:
        super().__init__()
        self.new_button = Button(t("matters.new_template"), "primary", icon="plus")
        self.new_button.clicked.connect(lambda: edit(None))
        self.drop_button = Button(t("matters.drop_template"), "danger", icon="bin")
        self.drop_button.setEnabled(bool(kept))
        self.rows = RowsModel(
            [
                TableColumn(t("requests_page.category"), lambda one: about(one.category), 130, muted=True),
                TableColumn(t("matters.template_title"), lambda one: one.title, bold=True, sub=lambda one: one.text),
            ]
        )  # fmt: skip
        self.table = Table(self.rows, rows=56, name=t("matters.templates"))
        self.table.setMinimumHeight(tokens().px(HIGH))
        self.table.set_empty(EmptyState("requests", t("matters.no_templates")))
        self.table.activated_record.connect(edit)
        self.drop_button.clicked.connect(lambda: drop(one) if (one := self.table.current()) is not None else None)
        self.setLayout(Column(Row(self.new_button, None, self.drop_button), self.table, gap=10))
        self.setFocusProxy(self.table if kept else self.new_button)
        self.rows.set_rows(kept)
        if kept:
            self.table.choose(kept[0].id)


class TemplateForm(Entry):
    """A reply that is given often: what it is called, for which category, its words."""

    def __init__(self, shell: Shell, template: Template | None, categories: dict[str, str], done: Callable[[Template], None]) -> None:
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            def keep(db: Database) -> tuple[Template, Changes]:
                known = template.id if template is not None else ""
                return matters.keep_template(db, values["title"], values["text"], values["category"] or "", known)

            shell.jobs.run(keep, done, otherwise)

        super().__init__(
            shell, save, LineField("title", t("matters.template_title"), required=True),
            ChoiceField("category", t("requests_page.category"), [("", t("matters.any_category")), *categories.items()], value="",
                        chips=False, required=False),
            TextField("text", t("matters.template_text"), required=True, lines=5), at={"matters.bad_template": "text"},
        )  # fmt: skip
        if template is not None:
            self.set_values({"title": template.title, "category": template.category, "text": template.text})


def about(category: str) -> str:
    """What a template is for."""
    if not category:
        return t("matters.any_category")
    return label(Category(category)) if category in {one.value for one in Category} else category


# --- for another system -------------------------------------------------------------------------------------------------------------


def ask_export(shell: Shell, parent: QWidget) -> None:
    """Where the file for another system goes to: JSON, or CSV by its ending."""
    dialog = QFileDialog(parent, t("matters.export"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["JSON (*.json)", f"{t('export.csv')} (*.csv)"])
    dialog.setDefaultSuffix("json")
    dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix("csv" if "csv" in chosen else "json"))
    dialog.selectFile(f"requests-{shell.station.district_code}.json")
    dialog.fileSelected.connect(lambda chosen: export(shell, Path(chosen)))
    dialog.open()


def export(shell: Shell, target: Path) -> None:
    """Write every request for another system, field by field as docs/requests-export.md says."""
    kind: Literal["json", "csv"] = "csv" if target.suffix.casefold() == ".csv" else "json"
    shell.jobs.run(
        lambda db: hotline.export(db, target, kind), lambda n: shell.tell(t("matters.exported", n=n, name=target.name)), shell.tell_error
    )


# --- beside the list ---------------------------------------------------------------------------------------------------------------


class Beside:
    """What the page opens beside its list, and what becomes of it."""

    def __init__(self, page: RequestsPage) -> None:
        self._page = page

    def show_meetings(self) -> None:
        """The joint meetings: a new one of the open requests that are listed, or one that is planned."""
        listed = len(self._page.listed)

        def shown(meetings: list[matters.Meeting]) -> None:
            sheet = MeetingsSheet(meetings, listed, self._page.today, self.plan_meeting, self.show_meeting)
            self._page.shell.open_sheet(t("matters.meeting"), sheet, cancel=t("requests_page.done"))

        self._page.jobs.read(matters.meetings, shown, key="meetings")

    def show_meeting(self, meeting_id: str) -> None:
        """The agenda of a meeting: decided one after the other, printed, with the request on the card added."""
        chosen = self._page.card.whole.row.request if self._page.card.whole is not None else None
        may_add = chosen if chosen is not None and chosen.state in service.OPEN else None

        def shown(found: tuple[matters.Meeting, list[matters.Item], Station]) -> None:
            meeting, items, place = found
            sheet = AgendaSheet(
                meeting, items, may_add, lambda item: self._ask_decision(meeting, item),
                lambda: self._print_agenda(meeting, place, items), lambda request: self._add_to(meeting, request),
            )  # fmt: skip
            self._page.shell.open_sheet(meeting.title, sheet, cancel=t("requests_page.done"))

        self._page.jobs.read(
            lambda db: (matters.meeting(db, meeting_id), matters.agenda(db, meeting_id), desk.place(db)), shown, key="meeting"
        )

    def _ask_decision(self, meeting: matters.Meeting, item: matters.Item) -> None:
        def done(request: Request, _changes: Changes) -> None:
            self._page.keep_in_view(request.id)
            self._page.shell.tell(t("matters.decided_now", number=request.number, state=label(request.state)))
            self.show_meeting(meeting.id)

        form = DecideForm(self._page.shell, meeting, item, done)
        self._page.shell.open_sheet(t("matters.decide_on", number=item.request.number), form, submit=t("requests_page.save"))

    def _add_to(self, meeting: matters.Meeting, request: Request) -> None:
        self._page.jobs.run(
            lambda db: matters.add_to_meeting(db, meeting.id, [request.number]), lambda _made: self.show_meeting(meeting.id)
        )

    def show_templates(self) -> None:
        """The replies given often, by category."""

        def shown(kept: list[matters.Template]) -> None:
            sheet = TemplatesSheet(kept, self._edit_template, self._drop_template)
            self._page.shell.open_sheet(t("matters.templates"), sheet, cancel=t("requests_page.done"))

        self._page.jobs.read(matters.templates, shown, key="templates")

    def _edit_template(self, template: matters.Template | None) -> None:
        def shown(found: list[Any]) -> None:
            form = TemplateForm(self._page.shell, template, {str(code): label(code) for code in found}, lambda _kept: self._template_kept())
            self._page.shell.open_sheet(t("matters.template"), form, submit=t("requests_page.save"))

        self._page.jobs.read(service.categories, shown, key="request-categories")

    def _template_kept(self) -> None:
        self._page.shell.tell(t("matters.template_kept"))
        self.show_templates()

    def _drop_template(self, template: matters.Template) -> None:
        def again() -> None:
            self._page.jobs.run(lambda db: matters.keep_template(db, template.title, template.text, template.category, template.id))

        def dropped(_changes: Changes) -> None:
            self._page.shell.tell(t("matters.template_dropped", title=template.title), t("window.undo"), again)
            self.show_templates()

        self._page.jobs.run(lambda db: _alone(matters.drop_template(db, template.id)), dropped)

    def plan_meeting(self) -> None:
        """A joint meeting takes up the open requests that are on the list now; its agenda is printed."""
        shown = [request.number for request in self._page.listed]
        form = MeetingForm(self._page.shell, shown, self._planned)
        self._page.shell.open_sheet(t("matters.meeting_title", n=len(shown)), form, submit=t("requests_page.save"))

    def _planned(self, meeting: matters.Meeting, changes: Changes) -> None:
        self._page.shell.close_sheet()
        self._page.shell.tell(t("matters.planned", title=meeting.title, n=meeting.items))
        self._page.jobs.read(lambda db: (desk.place(db), matters.agenda(db, meeting.id)), lambda found: self._print_agenda(meeting, *found))

    def _print_agenda(self, meeting: matters.Meeting, place: Station, items: list[matters.Item]) -> None:
        def draw(target: Path) -> int:
            from ...paper.agenda import agenda

            rows = [(one.request, one.station, one.decision) for one in items]
            return agenda(meeting.title, meeting.held_on, rows, target, place=place.name, sample=place.sample)

        save_and_open(self._page.shell, t("matters.agenda_file", day=meeting.held_on), draw, show=self._page.show_paper)


def _alone(changes: Changes) -> tuple[Changes, Changes]:
    return changes, changes
