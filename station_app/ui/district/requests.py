"""Requests of all stations: what waits for the district, one in full with its steps, and the district's next step on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QWidget

from ...db import Database
from ...district import answer, books, matters, pictures
from ...model import Changes, Exchange, Request, RequestState
from ...services import people
from ...services import requests as service
from ...words import label, t
from .. import when
from ..entry import Entry
from ..forms import Combo, Field
from ..jobs import Otherwise
from ..kit import (
    Button,
    Card,
    Chip,
    Column,
    EmptyState,
    Fact,
    FilterTabs,
    FlowLayout,
    Pill,
    Row,
    Scroll,
    Text,
    Timeline,
    clear,
    page_layout,
)
from ..list_page import ListPage, Search
from ..page import Shell
from ..pages.requests_form import step_fields
from ..pages.requests_pictures import Strip, Viewer
from ..pages.requests_reads import ANSWERED, Line, Whole, late
from ..pages.requests_text import is_whole, state_pill, timeline, title, who
from ..printing import Show, open_file
from ..request_figures import FiguresSheet
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from .requests_desk import Beside, ask_export

TABS = ("waiting", "late", "answered", "done", "all")
MOST = 5000
"""Requests the list holds, the newest first."""
CARD = 440
STEPS = (RequestState.REPLIED, RequestState.ACCEPTED, RequestState.TRANSFERRED)
"""What the district does with a request, the usual thing first."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with its station."""

    line: Line
    code: str
    station: str
    unit: str = ""

    @property
    def id(self) -> str:
        """The request's id."""
        return self.line.id

    def tabs(self) -> frozenset[str]:
        """The tabs it stands on."""
        state = self.line.request.state
        found = {"all"}
        if state in service.OPEN - ANSWERED:
            found.add("waiting")
        if self.line.late is not None:
            found.add("late")
        if state in ANSWERED:
            found.add("answered")
        if state not in service.OPEN:
            found.add("done")
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Listing:
    """All requests at a moment."""

    today: date
    rows: tuple[Asked, ...]


def read_listing(db: Database) -> Listing:
    """The newest requests of all stations."""
    now = db.now()
    found = []
    for row in books.requests_with_station(db, MOST):
        request = service.labelled(db, service.record(row, (), Exchange.RECEIPTED))
        found.append(Asked(Line(request, None, late(request, now)), row["station_code"], row["station_name"], row["unit"] or ""))
    return Listing(now.date(), tuple(found))


@dataclass(frozen=True, slots=True)
class Dealt:
    """What helps to deal with a request: the unit the rules name, replies kept for it, others of its matter and others like it."""

    unit: str
    templates: tuple[matters.Template, ...]
    together: tuple[Request, ...]
    similar: tuple[Request, ...]


def read_dealt(db: Database, request_id: str) -> Dealt:
    """What helps to deal with one request."""
    request = answer.by_number(db, request_id)
    return Dealt(
        matters.default_unit(db, request), tuple(matters.templates(db, str(request.category))), tuple(matters.together(db, request_id)),
        tuple(matters.similar(db, request_id)),
    )  # fmt: skip


def read_whole(db: Database, request_id: str) -> Whole:
    """One request with its steps and its person, as far as the station let the district know them."""
    now, request = db.now(), answer.by_number(db, request_id)
    here, lacking = pictures.listing(db, request.id)
    known = people.several(db, [request.person_id]) if request.person_id else []
    line = Line(request, known[0] if known else None, late(request, now))
    return Whole(now, line, None, db.meta("district_name"), tuple(here), lacking=lacking)


def deeds(request: Request) -> list[tuple[RequestState, str]]:
    """What the district may do with a request now."""
    names = {
        RequestState.REPLIED: t("district_desk.reply"), RequestState.ACCEPTED: t("requests_page.accept"),
        RequestState.TRANSFERRED: t("requests_page.transfer"),
    }  # fmt: skip
    return [(state, names[state]) for state in STEPS if state in service.AFTER[request.state]]


class RequestCard(Card):
    """One request in full; its buttons, also by the digits on them, say which step is wanted."""

    wanted = Signal(object)
    picture_opened = Signal(int)
    merging = Signal(str)
    parting = Signal(str)

    def __init__(self) -> None:
        inner = QWidget()
        self._parts = Column(gap=10)
        inner.setLayout(self._parts)
        super().__init__(Scroll(inner))
        self.whole: Whole | None = None
        self.strip: Strip | None = None
        self.deeds: list[tuple[RequestState, str]] = []
        self.matter = QWidget()
        self.dealt: Dealt | None = None
        self.show_nothing()

    def show_nothing(self) -> None:
        """No request is chosen."""
        self.whole, self.strip, self.deeds = None, None, []
        clear(self._parts)
        self._parts.addWidget(EmptyState("requests", t("requests_page.choose_one")))

    def show_request(self, whole: Whole, station: str) -> None:
        """Show this request of a station."""
        request = whole.row.request
        self.whole, self.deeds = whole, deeds(request)
        clear(self._parts)
        headline = title(request)
        self.setAccessibleName(f"{request.number} {headline}")
        self._parts.addWidget(Text(headline, "strong", wrap=True))
        self._parts.addLayout(Row(Pill(*state_pill(whole.row)), None))
        parts = [
            request.number,
            station,
            label(request.kind),
            label(request.category),
            who(whole.row),
            label(request.channel),
        ]
        self._parts.addWidget(Text(t("terms.dot").join(parts), "muted", wrap=True, selectable=True))
        if request.text and not is_whole(headline, request):
            self._parts.addWidget(Text(request.text, "body", wrap=True, selectable=True))
        self.strip = Strip(whole.pictures, may_add=False)
        self.strip.opened.connect(self.picture_opened)
        self._parts.addWidget(self.strip)
        if whole.lacking:
            self._parts.addWidget(Text(t("district_desk.pictures_lacking", n=whole.lacking), "small", wrap=True))
        facts = FlowLayout(24, row_gap=6)
        for name, text in (
            (t("requests_page.place"), request.place), (t("requests_page.contact"), request.contact),
            (t("requests_page.urgency"), label(request.urgency)), (t("district_desk.due"), when.moment(request.due, whole.now.date())),
        ):  # fmt: skip
            if text:
                facts.addWidget(Fact(name, text))
        self._parts.addLayout(facts)
        self._parts.addWidget(Timeline(timeline(whole)))
        flow = FlowLayout(8)
        for number, (state, text) in enumerate(self.deeds, start=1):
            button = Button(text, "primary" if number == 1 else "plain", key=str(number))
            button.clicked.connect(lambda _checked=False, state=state: self.wanted.emit(state))
            flow.addWidget(button)
        self._parts.addLayout(flow)
        self.matter = QWidget()
        self._matter = Column(gap=6)
        self.matter.setLayout(self._matter)
        self._parts.addWidget(self.matter)
        self._parts.addStretch(1)

    def show_dealt(self, dealt: Dealt) -> None:
        """Others of the same matter, to part from, and others like it, to deal with as one."""
        self.dealt = dealt
        clear(self._matter)
        for heading, found, signal, words in (
            ("matters.together", dealt.together, self.parting, "matters.part_one"),
            ("matters.similar", dealt.similar, self.merging, "matters.merge_one"),
        ):
            if found:
                self._matter.addWidget(Text(t(heading), "small", wrap=True))
            for request in found:
                button = Button(t(words, number=request.number, text="").strip(), "link")
                button.setAccessibleDescription(title(request))
                button.clicked.connect(lambda _checked=False, signal=signal, number=request.number: signal.emit(number))
                self._matter.addLayout(Row(button, None))
                self._matter.addWidget(Text(title(request), "muted", wrap=True))


class RequestsPage(ListPage):
    """The list with tabs, search and a choice of station; the card of one at the right."""

    name: ClassVar[str] = "requests"
    tables: ClassVar[frozenset[str]] = frozenset({"request", "request_step", "attachment", "enrolled", "erasure"})

    def __init__(self, shell: Shell, *, show: Show = open_file) -> None:
        super().__init__(shell)
        self._show_file = show
        self.today = date.min
        self._rows: tuple[Asked, ...] = ()
        self._listed: tuple[Asked, ...] = ()
        self._wanted = ""
        self.tabs = FilterTabs([(code, "") for code in TABS])
        self.search = Search(t("requests_page.search"))
        self.station: QComboBox = Combo()
        self.station.setAccessibleName(t("district_desk.station"))
        self.station.addItem(t("district_desk.every_station"), "")
        self.topic: QComboBox = Combo()
        self.topic.setAccessibleName(t("requests_page.category"))
        self.unit: QComboBox = Combo()
        self.unit.setAccessibleName(t("requests_page.unit"))
        for combo in (self.topic, self.unit):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.figures_button = Button(t("request_figures.title"), icon="reports")
        self.meeting_button = Button(t("matters.meeting"), icon="people")
        self.templates_button = Button(t("matters.templates"), icon="message")
        self.hotline_button = Button(t("matters.export"), icon="export")
        self.beside = Beside(self)
        self._model = RowsModel(self._columns())
        self.list = Table(self._model, rows=58, name=t("requests_page.list"))
        self.export_button = ExportButton(shell, self.list, "requests", note=self._told, columns=self._file_columns())
        self._empty = EmptyState("requests", t("district_desk.no_requests"))
        self.list.set_empty(self._empty)
        self.card = RequestCard()
        self.card.setFixedWidth(CARD)
        head = Row(gap=10)
        head.addWidget(self.search, 1)
        head.addWidget(self.station)
        second = FlowLayout(8)  # two rows where large type leaves no room for one
        for part in (self.topic, self.unit, self.figures_button, self.meeting_button, self.templates_button, self.hotline_button,
                     self.export_button):  # fmt: skip
            second.addWidget(part)
        left = Column(head, self.tabs, second, Card(self.list, gap=4), gap=8)
        page_layout(self, Row(left, self.card, gap=16))
        for combo in (self.topic, self.unit):
            combo.currentIndexChanged.connect(lambda _index: self._filter())
        QShortcut(QKeySequence("Ctrl+E"), self, self.export_button.ask)
        self.figures_button.clicked.connect(self.show_figures)
        self.meeting_button.clicked.connect(self.beside.show_meetings)
        self.templates_button.clicked.connect(self.beside.show_templates)
        self.hotline_button.clicked.connect(lambda: ask_export(self.shell, self))
        self.card.merging.connect(lambda number: self._merge(number))
        self.card.parting.connect(lambda number: self._part(number))
        self.setTabOrder(self.search, self.station)
        self.setTabOrder(self.station, self.list)
        self.tabs.chosen.connect(lambda _code: self._filter())
        self.search.textChanged.connect(lambda _text: self._filter())
        self.station.currentIndexChanged.connect(lambda _index: self._filter())
        self.list.current_record.connect(self._chosen)
        self.card.wanted.connect(self._do)
        self.card.picture_opened.connect(self._view)
        self._show_tabs()

    def _columns(self) -> list[TableColumn]:
        def below(asked: Asked) -> str:
            request = asked.line.request
            return t("terms.dot").join((asked.station, label(request.category), when.moment(request.time, self.today)))

        return [
            TableColumn("", lambda asked: asked.line.request.number, 124, muted=True),
            TableColumn("", lambda asked: title(asked.line.request), bold=True, sub=below),
            TableColumn("", lambda _asked: "", 150, "right", pill=lambda asked: state_pill(asked.line)),
        ]

    def _file_columns(self) -> list[TableColumn]:
        """What a file of the list has: a column a fact, and nothing of who it was."""
        return [
            TableColumn(t("requests_page.number"), lambda asked: asked.line.request.number),
            TableColumn(t("requests_page.col_station"), lambda asked: asked.station),
            TableColumn(t("requests_page.col_recorded"), lambda asked: asked.line.request.time[:16].replace("T", " ")),
            TableColumn(t("requests_page.col_words"), lambda asked: title(asked.line.request)),
            TableColumn(t("requests_page.category"), lambda asked: label(asked.line.request.category)),
            TableColumn(t("requests_page.col_state"), lambda asked: state_pill(asked.line)[0]),
            TableColumn(t("requests_page.col_unit"), lambda asked: asked.unit),
            TableColumn(t("requests_page.col_due"), lambda asked: asked.line.request.due[:10]),
        ]

    def _told(self) -> str:
        """What narrows the list, above the rows of a file."""
        chosen = (combo.currentText() for combo in (self.station, self.topic, self.unit) if combo.currentData())
        return "  ".join(part for part in (self.shell.station.name, *chosen, self.search.text().strip()) if part)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "card") and self.card.whole is not None:
            self._show_whole(self.card.whole)

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list; the chosen request follows."""
        self.jobs.read(read_listing, self._show, key="requests")

    def show_subject(self, subject: str) -> None:
        """Show one request by its id."""
        self._wanted = subject
        self.search.clear()
        self.tabs.choose("all")
        self.refresh()

    def act_on(self, number: int) -> bool:
        """Take the step that stands on the button with this digit."""
        if number > len(self.card.deeds):
            return False
        self._do(self.card.deeds[number - 1][0])
        return True

    # --- showing -----------------------------------------------------------------------------------------------------

    def _show_tabs(self) -> None:
        names = {
            "waiting": t("district_desk.tab_waiting"), "late": t("district_desk.tab_late"), "answered": t("district_desk.tab_answered"),
            "done": t("district_desk.tab_done"), "all": t("requests_page.all"),
        }  # fmt: skip
        marks = [asked.tabs() for asked in self._rows]
        self.tabs.set_texts({code: f"{names[code]} {sum(code in found for found in marks):,}" for code in TABS})

    def _show(self, listing: Listing) -> None:
        self.today, self._rows = listing.today, listing.rows
        chosen = self.station.currentData()
        self.station.blockSignals(True)
        self.station.clear()
        self.station.addItem(t("district_desk.every_station"), "")
        for code, name in sorted({(asked.code, asked.station) for asked in self._rows}):
            self.station.addItem(name, code)
        self.station.setCurrentIndex(max(self.station.findData(chosen), 0))
        self.station.blockSignals(False)
        topics = {one.line.request.category for one in self._rows}
        _fill(self.topic, t("matters.every_category"), {str(topic): label(topic) for topic in topics})
        _fill(self.unit, t("matters.every_unit"), {one.unit: one.unit for one in self._rows if one.unit})
        self._show_tabs()
        self._filter()
        wanted, self._wanted = self._wanted, ""
        if wanted and not self.list.choose(wanted):
            self.tabs.choose("all")
            self.list.choose(wanted)

    def _filter(self) -> None:
        code, station = self.tabs.code(), self.station.currentData() or ""
        text = self.search.wanted()
        shown = [
            asked for asked in self._rows
            if code in asked.tabs() and station in ("", asked.code) and (not text or _holds(asked, text))
            and (self.topic.currentData() or "") in ("", str(asked.line.request.category))
            and (self.unit.currentData() or "") in ("", asked.unit)
        ]  # fmt: skip
        self._empty.sentence.set(t("requests_page.none_found") if self._rows else t("district_desk.no_requests"))
        self._listed = tuple(shown)
        self._model.set_rows(shown)
        if self.list.current() is None and shown:
            self.list.choose(shown[0].id)
        if not shown:
            self.card.show_nothing()

    def _chosen(self, asked: Asked | None) -> None:
        if asked is not None:
            request_id = asked.id
            self.jobs.read(lambda db: read_whole(db, request_id), self._show_whole, key="requests-one")

    def _show_whole(self, whole: Whole) -> None:
        current = self.list.current()
        if current is None or current.id != whole.row.id:
            return
        inside = (focus := self.focusWidget()) is not None and focus.hasFocus() and self.card.isAncestorOf(focus)
        self.card.show_request(whole, current.station)
        if self.card.strip is not None:
            self.card.strip.read(self.jobs)
        if inside:
            self.settle()
        request_id = whole.row.id
        self.jobs.read(lambda db: read_dealt(db, request_id), lambda dealt: self._show_dealt(request_id, dealt), key="requests-dealt")

    def _show_dealt(self, request_id: str, dealt: Dealt) -> None:
        if self.card.whole is not None and self.card.whole.row.id == request_id:
            self.card.show_dealt(dealt)

    def show_figures(self) -> None:
        """How many, how long, and what the people say, in the sheet."""
        self.shell.open_sheet(t("request_figures.title"), FiguresSheet(self.shell), cancel=t("requests_page.done"))

    @property
    def listed(self) -> list[Request]:
        """The requests on the list as it is filtered, that are not over."""
        return [asked.line.request for asked in self._listed if asked.line.request.state in service.OPEN]

    def keep_in_view(self, request_id: str) -> None:
        """The request that the list comes back to."""
        self._wanted = request_id

    def show_paper(self, file: Path) -> bool:
        """Open what was drawn."""
        return self._show_file(file)

    def _merge(self, number: str) -> None:
        if self.card.whole is None:
            return
        main = self.card.whole.row.request
        note = t("matters.dealt_under", number=main.number)
        self.jobs.run(lambda db: _kept(matters.merge(db, main.number, [number], note)), lambda _done: self._merged(main, number))

    def _merged(self, main: Request, number: str) -> None:
        self._wanted = main.id
        self.shell.tell(t("matters.merged", number=main.number, other=number))

    def _part(self, number: str) -> None:
        def parted(changes: Changes) -> None:
            self.shell.tell(t("matters.parted", number=number))

        self.jobs.run(lambda db: _alone(matters.part(db, number)), parted)

    def _view(self, place: int) -> None:
        """One picture large, in the sheet."""
        if self.card.whole is None:
            return
        whole = self.card.whole
        viewer = Viewer(self.shell, whole.pictures, place, may_remove=False)
        title_ = t("requests_page.pictures_of", number=whole.row.request.number)
        self.shell.open_sheet(title_, viewer, cancel=t("requests_page.done"))

    # --- doing -------------------------------------------------------------------------------------------------------

    def _do(self, state: RequestState) -> None:
        """Take the step, or open the sheet for the words it needs."""
        if self.card.whole is None:
            return
        request = self.card.whole.row.request
        fields = step_fields(state)
        if fields:
            form = AnswerForm(self.shell, request.id, state, self._stepped, *fields, dealt=self.card.dealt)
            text = next(text for found, text in self.card.deeds if found is state)
            self.shell.open_sheet(f"{text} {request.number}", form, submit=t("requests_page.save"))
        else:
            self.jobs.run(
                lambda db: _kept(answer.reply(db, request.id, state)), lambda outcome: self._stepped(*outcome)
            )

    def _stepped(self, request: Request, changes: Changes) -> None:
        self.shell.close_sheet()
        self._wanted = request.id
        self.shell.tell_undoable(t("district_desk.stepped", number=request.number, state=label(request.state)), changes)


class AnswerForm(Entry):
    """A step of the district that needs words; it travels in the station's next pack."""

    def __init__(
        self, shell: Shell, request_id: str, state: RequestState, done: Callable[[Request, Changes], None], *fields: Field,
        dealt: Dealt | None = None,
    ) -> None:  # fmt: skip
        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            shell.jobs.run(
                lambda db: _kept(answer.reply(db, request_id, state, values.get("note", ""), values.get("unit", ""))),
                lambda outcome: done(*outcome), otherwise,
            )  # fmt: skip

        super().__init__(shell, save, *fields)
        names = [field.name for field in fields]
        if dealt is not None and dealt.unit and "unit" in names:
            self.field("unit").set_value(dealt.unit)  # by the rules; anything else may be typed over it
        if dealt is not None and dealt.templates and state is RequestState.REPLIED:
            flow = FlowLayout(6)
            for template in dealt.templates:
                chip = Chip(template.title, parent=self)
                chip.setToolTip(template.text)
                chip.clicked.connect(lambda _checked=False, text=template.text: self.field("note").set_value(text))
                flow.addWidget(chip)
            kept = QWidget()
            kept.setLayout(flow)
            self._column.insertWidget(0, kept)


def _fill(combo: QComboBox, every: str, found: dict[str, str]) -> None:
    """What can be chosen, with what was chosen kept."""
    chosen = combo.currentData()
    combo.blockSignals(True)
    combo.clear()
    combo.addItem(every, "")
    for code, words in sorted(found.items(), key=lambda pair: pair[1]):
        combo.addItem(words, code)
    combo.setCurrentIndex(max(combo.findData(chosen), 0))
    combo.blockSignals(False)


def _alone(changes: Changes) -> tuple[Changes, Changes]:
    return changes, changes


def _holds(asked: Asked, text: str) -> bool:
    request = asked.line.request
    return any(
        text in part.casefold() for part in (request.number, request.text, asked.station, label(request.category))
    )


def _kept(outcome: tuple[Request, Changes]) -> tuple[tuple[Request, Changes], Changes]:
    """(record, Changes) as the record, so that ``then`` can offer undo."""
    return outcome, outcome[1]
