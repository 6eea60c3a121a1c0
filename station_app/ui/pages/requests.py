"""Requests: recorded in a person's own words, moved on step by step, told back, closed by the person's verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut

from ...errors import StationError
from ...model import Changes, Channel, Op, Request, RequestState
from ...services import request_notes
from ...services.boxes import Opening, Taken
from ...sync.opening import Opener
from ...words import label, t
from .. import actions
from ..answer_sheet import open_for_voices
from ..aside import Aside
from ..entry import Entry
from ..feedback import sentence
from ..forms import TextField
from ..kit import Button, Card, Column, EmptyState, FilterTabs, FlowLayout, Row, Text, page_layout
from ..list_page import ListPage, Search
from ..page import Shell
from ..pictures import Bringing, Otherwise, Then, choose_pictures
from ..printing import Show, open_file, save_and_open
from ..request_figures import FiguresSheet
from ..table_export import ExportButton
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table
from ..theme import tokens
from . import requests_reads as reads
from .requests_box import BoxForm
from .requests_card import Deed, RequestCard
from .requests_form import RecordedCard, RequestForm, StepForm, step_fields
from .requests_pictures import Choose, Viewer
from .requests_reads import Line, Listing, Whole
from .requests_text import box_text, exchange_text, short_number, spoken_number, state_pill, sub_line, title, who

TABS = ("all", "local", "working", "to_tell", "closed")
CARD = 470
MANY = 10**6
"""Days of a box that was never opened: it is the first to be."""


class RequestsPage(ListPage):
    """The list with its tabs and search, one request in full at the right; digits do what may be done with it."""

    name = "requests"
    tables = frozenset({"request", "request_step", "person", "identity", "batch", "receipt", "refused_row", "erasure",
                        "attachment", "request_note"})  # fmt: skip

    def __init__(
        self, shell: Shell, *, show: Show = open_file, opener: Opener | None = None, choose: Choose = choose_pictures
    ) -> None:
        super().__init__(shell)
        self._show, self._choose = show, choose
        self._opener = opener or Opener()
        self._aside = Aside(self)
        self._aside.broken.connect(self.jobs.broken)
        self._today = date.min
        self._rows: tuple[Line, ...] = ()
        self._wanted = self._keeper = ""
        self._due_box = Channel.COMMENT_BOX
        self.tabs = FilterTabs(list(self._tab_texts().items()))
        self.search = Search(t("requests_page.search"))
        self.new_button = Button(t("requests_page.new"), "primary", icon="plus", key="Ctrl+N")
        self._model = RowsModel(self._columns())
        self.list = Table(self._model, rows=58, name=t("requests_page.list"))
        self.card = RequestCard(shell.station, steps=self.may(Op.REQUEST_STEP))
        self._empty = EmptyState("requests", t("requests_page.none_yet"))
        self.export_button = ExportButton(shell, self.list, "requests", note=self._told, columns=self._file_columns())
        self._build()

    def _build(self) -> None:
        self.list.set_empty(self._empty)
        head = Row(gap=10)
        head.addWidget(self.search, 1)
        head.addWidget(self.new_button)
        self.boxes = Text("", "muted", wrap=True)
        self.box_button = Button(t("box_page.open"), icon="box", key="F9")
        self.board_button = Button(t("board.print"), icon="print")
        self.figures_button = Button(t("request_figures.title"), icon="reports")
        self.figures_button.clicked.connect(self.show_figures)
        second = FlowLayout(8)  # two rows where large type leaves no room for one
        for part in (self.figures_button, self.board_button, self.box_button, self.export_button):
            second.addWidget(part)
        self.box_button.setVisible(self.may(Op.OPEN_BOX))
        for button in (self.board_button, self.export_button):
            button.setVisible(self.may(Op.REQUEST_STEP))
        left = Column(head, self.tabs, second, self.boxes, Card(self.list, gap=4), gap=8)
        page_layout(self, Row(left, self.card, gap=16))
        self.card.setFixedWidth(CARD)
        self._fit()
        self.setTabOrder(self.search, self.list)
        self.tabs.chosen.connect(lambda _code: self._filter())
        self.search.textChanged.connect(lambda _text: self._filter())
        self.new_button.clicked.connect(self.new)
        self.box_button.clicked.connect(self.open_box)
        self.board_button.clicked.connect(self._print_board)
        QShortcut(QKeySequence("F9"), self, self.open_box)
        QShortcut(QKeySequence("Ctrl+E"), self, self._export)
        self.list.current_record.connect(self._chosen)
        self.card.wanted.connect(self._do)
        self.card.picture_opened.connect(self._view)
        self.card.pictures_wanted.connect(lambda: self._choose(self, self._bring))
        self.card.dropped.connect(self._bring)
        self.card.note_wanted.connect(self._write_note)
        self.card.note_removed.connect(self._remove_note)
        self.card.voices_wanted.connect(lambda request_id: open_for_voices(self.shell, request_id))

    def _columns(self) -> list[TableColumn]:
        def number(line: Line) -> str:
            return short_number(line.request.number, self.shell.station)

        return [
            TableColumn("", number, 96, muted=True),
            TableColumn("", lambda line: title(line.request), bold=True, sub=lambda line: sub_line(line, self._today)),
            TableColumn("", lambda _line: "", 192, "right", pill=state_pill, sub=lambda line: exchange_text(line.request)),
        ]

    def _file_columns(self) -> list[TableColumn]:
        """What a file of the list has: a column a fact, and nothing of who it was."""
        return [
            TableColumn(t("requests_page.number"), lambda line: line.request.number),
            TableColumn(t("requests_page.col_recorded"), lambda line: line.request.time[:16].replace("T", " ")),
            TableColumn(t("requests_page.col_words"), lambda line: title(line.request)),
            TableColumn(t("requests_page.category"), lambda line: label(line.request.category)),
            TableColumn(t("requests_page.channel"), lambda line: label(line.request.channel)),
            TableColumn(t("requests_page.col_state"), lambda line: state_pill(line)[0]),
            TableColumn(t("requests_page.col_due"), lambda line: line.request.due[:10]),
        ]

    def _told(self) -> str:
        """The tab and the words looked for, above the rows of a file."""
        told = (self.shell.station.name, self._tab_texts()[self.tabs.code()], self.search.text().strip())
        return "  ".join(part for part in told if part)

    def _export(self) -> None:
        if self.export_button.isVisible():
            self.export_button.ask()

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "card"):
            self._fit()
            if self.card.whole is not None:
                self._show_card(self.card.whole)

    def _fit(self) -> None:
        """In large type the number, which the card says as well, makes room for the words."""
        self.list.show_columns((1, 2) if tokens().large else (0, 1, 2))

    @property
    def idle(self) -> bool:
        """Whether no picture is being made ready."""
        return self._aside.idle

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody brings pictures: no process is kept."""
        super().hideEvent(event)
        self._aside.do(self._opener.close)

    # --- what the window asks ----------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the list; the chosen request follows."""
        self.jobs.read(reads.listing, self._show_listing, key="requests")

    def show_subject(self, subject: str) -> None:
        """Show one request by its id, whatever tab it stands on."""
        self._wanted = subject
        self.search.clear()
        self.tabs.choose("all")
        self.refresh()

    def new(self) -> None:
        """Ctrl+N: a new request."""
        form = RequestForm(self.shell, self._recorded, self.prepare, self._choose, self._joined)
        self.shell.open_sheet(t("requests_page.new"), form, submit=t("requests_page.record"))

    def open_box(self) -> None:
        """F9: two people open a box and take all its slips down."""
        if not self.may(Op.OPEN_BOX):
            return
        form = BoxForm(self.shell, self._box_opened, self._due_box, self._keeper)
        self.shell.open_sheet(t("box_page.title"), form, submit=t("box_page.record"))

    def show_figures(self) -> None:
        """How many, how long, and what the people say, in the sheet."""
        self.shell.open_sheet(t("request_figures.title"), FiguresSheet(self.shell), cancel=t("requests_page.done"))

    def scanned(self, text: str) -> bool:
        """A badge that is scanned while a request is written is that of whoever brought it."""
        forms = [form for form in self.window().findChildren(RequestForm) if form.isVisible()]
        if forms:
            forms[0].scanned(text)
        return bool(forms)

    def act_on(self, number: int) -> bool:
        """Do what stands on the button with this digit."""
        if number > len(self.card.deeds):
            return False
        self._do(self.card.deeds[number - 1])
        return True

    # --- showing -----------------------------------------------------------------------------------------------------

    def _tab_texts(self) -> dict[str, str]:
        names = {
            "all": t("requests_page.all"), "local": t("requests_page.local"), "working": t("requests_page.working"),
            "to_tell": t("requests_page.to_tell"), "closed": t("requests_page.closed"),
        }  # fmt: skip
        counts = {code: sum(code in line.tab() for line in self._rows) for code in TABS}
        return {code: f"{names[code]} {counts[code]}" for code in TABS}

    def _show_listing(self, listing: Listing) -> None:
        self._today = listing.now.date()
        self._rows, self._keeper = listing.rows, listing.keeper
        self._due_box = max(listing.boxes, key=lambda box: MANY if (days := listing.boxes[box]) is None else days)
        self.boxes.set(t("terms.dot").join(box_text(box, days) for box, days in listing.boxes.items()))
        self.tabs.set_texts(self._tab_texts())
        self._filter()
        wanted, self._wanted = self._wanted, ""
        if wanted and not self.list.choose(wanted):
            self.tabs.choose("all")
            self.list.choose(wanted)

    def _filter(self) -> None:
        """The lines of the tab that hold what is searched: in number, words or name."""
        code, text = self.tabs.code(), self.search.wanted()
        shown = [line for line in self._rows if code in line.tab() and (not text or self._holds(line, text))]
        self._empty.sentence.set(t("requests_page.none_found") if self._rows else t("requests_page.none_yet"))
        self._model.set_rows(shown)
        if self.list.current() is None and shown:
            self.list.choose(shown[0].id)
        if not shown:
            self.card.show_nothing()

    def _holds(self, line: Line, text: str) -> bool:
        request = line.request
        words = (request.text, request.contact, who(line), label(request.category))
        if text.isdecimal():  # the short form; as a part of the number "2" would be in every 2026
            return request.number.endswith(f"-{int(text):04d}") or any(text in part for part in words)
        return text in request.number.casefold() or any(text in part.casefold() for part in words)

    def _chosen(self, line: Line | None) -> None:
        if line is None:
            return
        request_id = line.id
        self.jobs.read(lambda db: reads.whole(db, request_id), self._show_whole, key="requests-one")

    def _show_whole(self, whole: Whole) -> None:
        current = self.list.current()
        if current is None or current.id != whole.row.id:
            return
        focus = self.focusWidget()
        inside = focus is not None and focus.hasFocus() and self.card.isAncestorOf(focus)
        self._show_card(whole)
        if inside:
            self.settle()

    def _show_card(self, whole: Whole) -> None:
        self.card.show_request(whole)
        if self.card.strip is not None:
            self.card.strip.read(self.jobs)

    # --- pictures ----------------------------------------------------------------------------------------------------

    def prepare(self, path: Path, then: Then, otherwise: Otherwise) -> None:
        """Make a file ready to be a picture, in the worker that may die."""
        self._aside.do(lambda: self._opener.open_picture(path), then, otherwise)

    def _bring(self, paths: Sequence[Path]) -> None:
        """Files for the request on the card: all that are pictures in one operation, the first that is none told."""
        whole = self.card.whole
        if whole is None:
            return
        jpegs: list[bytes] = []
        errors: list[StationError] = []
        bringing = Bringing(self.prepare, self)
        bringing.ready.connect(jpegs.append)
        bringing.refused.connect(errors.append)

        def done() -> None:
            bringing.deleteLater()
            if errors:
                self.shell.tell_error(errors[0])
            if jpegs:
                request = whole.row.request
                dealt_with = request.channel is Channel.SNAP and request.state not in (RequestState.RECORDED, RequestState.ACCEPTED)
                actions.add_pictures(
                    self.jobs, request.id, jpegs, lambda outcome: self._added(request.number, len(jpegs), outcome[1], errors),
                    self.shell.tell_error, "after" if dealt_with else "",
                )  # fmt: skip

        bringing.done.connect(done)
        bringing.bring(paths)

    def _added(self, number: str, count: int, changes: Changes, errors: Sequence[StationError]) -> None:
        said = t("requests_page.pictures_added", number=number, n=count)
        self.shell.tell_undoable(t("terms.list").join([*map(sentence, errors[:1]), said]), changes)

    def _view(self, place: int) -> None:
        """One picture large, in the sheet."""
        whole = self.card.whole
        if whole is None:
            return
        number = short_number(whole.row.request.number, self.shell.station)
        viewer = Viewer(self.shell, whole.pictures, place, may_remove=whole.may_remove)
        viewer.removed.connect(lambda changes: self._removed(number, changes))
        viewer.covered.connect(lambda changes: self._covered(number, changes))
        self.shell.open_sheet(t("requests_page.pictures_of", number=number), viewer, cancel=t("requests_page.done"))

    def _removed(self, number: str, changes: Changes) -> None:
        self.shell.close_sheet()
        self.shell.tell_undoable(t("requests_page.picture_removed", number=number), changes)

    def _covered(self, number: str, changes: Changes) -> None:
        self.shell.close_sheet()
        self.shell.tell_undoable(t("requests_page.picture_covered", number=number), changes)

    def _write_note(self) -> None:
        """A note of this desk on the request that is shown."""
        whole = self.card.whole
        if whole is None:
            return
        request_id = whole.row.id

        def save(values: dict[str, Any], otherwise: Otherwise) -> None:
            self.jobs.run(lambda db: request_notes.add(db, request_id, values["text"]), noted, otherwise)

        def noted(note: request_notes.Note) -> None:
            self.shell.close_sheet()
            self._select(request_id)
            self.shell.tell(t("request_notes.added"), t("request_notes.undo"), lambda: self.jobs.run(
                lambda db: _alone(request_notes.remove(db, note.id))))  # fmt: skip

        form = Entry(
            self.shell, save, TextField("text", t("request_notes.add"), required=True, hint=t("request_notes.hint"), lines=4),
            at={"request_notes.empty": "text", "requests.long_text": "text"},
        )  # fmt: skip
        number = short_number(whole.row.request.number, self.shell.station)
        self.shell.open_sheet(f"{t('request_notes.title')} {number}", form, submit=t("requests_page.save"))

    def _remove_note(self, note: request_notes.Note) -> None:
        whole = self.card.whole
        if whole is None:
            return
        request_id = whole.row.id

        def removed(_changes: Changes) -> None:
            self._select(request_id)
            again = (lambda: self.jobs.run(lambda db: request_notes.add(db, request_id, note.text))) if note.text else None
            self.shell.tell(t("request_notes.removed"), t("request_notes.undo") if again else "", again)

        self.jobs.run(lambda db: _alone(request_notes.remove(db, note.id)), removed)

    # --- doing -------------------------------------------------------------------------------------------------------

    def _recorded(self, request: Request, changes: Changes) -> None:
        self._select(request.id)
        said = RecordedCard(request, spoken_number(request.number))
        said.printed.connect(lambda: self._print(request))
        said.again.connect(self.new)
        said.done.connect(self.shell.close_sheet)
        self.shell.open_sheet(t("requests_page.recorded_title"), said, cancel=t("requests_page.done"))
        self.shell.tell_undoable(t("requests_page.recorded", number=request.number), changes)

    def _joined(self, request: Request, slip: str, changes: Changes) -> None:
        """Somebody joined a request instead of bringing it once more: their slip, and back to the list."""
        self.shell.close_sheet()
        self._select(request.id)
        self.shell.tell_undoable(t("requests_page.joined", number=request.number), changes)
        self._print(replace(request, slip=slip))

    def _box_opened(self, opening: Opening, taken: Sequence[Taken], changes: Changes) -> None:
        self.shell.close_sheet()
        if taken:
            self._select(taken[0].id)
        self.shell.tell_undoable(t("box_page.opened", box=label(opening.box), n=len(taken)), changes)

    def _print_board(self) -> None:
        """The replies of the last days, without names, to hang up."""
        self.jobs.read(reads.board, self._draw_board)

    def _draw_board(self, board: reads.Board) -> None:
        station = self.shell.station

        def draw(target: Path) -> int:
            from ...paper.board import reply_board, shown

            return reply_board(station, shown(board.requests, board.names), target, printed_on=board.today, days=reads.BOARD_DAYS)

        save_and_open(self.shell, t("board.file", day=board.today.isoformat()), draw, show=self._show)

    def _do(self, deed: Deed) -> None:
        """Do it, or open the sheet for the words it needs."""
        if self.card.whole is None:
            return
        request = self.card.whole.row.request
        if deed.state is None:
            self._print(request)
            return
        fields = step_fields(deed.state)
        if fields:
            form = StepForm(self.shell, request.id, deed.state, self._stepped, *fields)
            self.shell.open_sheet(f"{deed.text} {short_number(request.number, self.shell.station)}", form, submit=t("requests_page.save"))
        else:
            actions.request_step(self.jobs, request.id, deed.state, lambda outcome: self._stepped(*outcome), verdict=deed.verdict)

    def _stepped(self, request: Request, changes: Changes) -> None:
        self.shell.close_sheet()
        self._select(request.id)
        step = request.steps[-1]
        states = [label(step.state)]
        if step.verdict is not None:
            states = [label(RequestState.TOLD), label(step.verdict), label(step.state)]
        self.shell.tell_undoable(t("requests_page.stepped", number=request.number, state=t("terms.list").join(states)), changes)

    def _select(self, request_id: str) -> None:
        """Keep this request in view after what was done moved it to another tab."""
        self._wanted = request_id
        if self.search.text():
            self.search.clear()

    def _print(self, request: Request) -> None:
        """The slip with its steps as they are now, as a PDF."""
        whole = self.card.whole
        current = whole.row.request if whole is not None and whole.row.id == request.id else request
        if request.slip or (whole is not None and whole.slip and whole.row.id == request.id):
            current = replace(current, slip=request.slip or (whole.slip if whole is not None else ""))
        station = self.shell.station

        def draw(target: Path) -> int:
            from ...paper.sheets import request_slip

            return request_slip(station, current, target)

        save_and_open(self.shell, request.number, draw, show=self._show)


def _alone(changes: Changes) -> tuple[Changes, Changes]:
    return changes, changes
