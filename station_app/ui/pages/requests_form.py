"""The sheets of the requests page: a new request, the steps that need words, and the number to say afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import shiboken6
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ...model import (
    Category,
    Changes,
    Channel,
    ListedCategory,
    Person,
    Request,
    RequestKind,
    RequestState,
    Urgency,
    Voice,
)
from ...services import people, requests
from ...words import label, t
from .. import actions
from ..entry import Entry
from ..forms import ENTER, ChoiceField, Field, LineField, TextField
from ..jobs import Jobs, Otherwise
from ..kit import Button, Chip, Column, FlowLayout, IconButton, Row, Text, clear
from ..names import person_name
from ..page import Shell
from ..pictures import Prepare, choose_pictures, files_of
from .requests_pictures import Choose, NewPictures

ERRORS = {"requests.no_text": "text", "requests.long_text": "text"}
ALIKE = 18
"""Characters of a request that is much like the one being written."""
FOUND = 5
"""People offered while a name is typed."""

Done = Callable[[Request, Changes], None]
Joined = Callable[[Request, str, Changes], None]
"""Told the request that was joined, the digits of the slip, and what changed."""


class _Offering(Field):
    """A line that offers what may be meant, as chips below it; Down goes to them, Enter or a click takes one."""

    def __init__(self, name: str, label: str, *beside: QWidget) -> None:
        super().__init__(name, label)
        self.line = QLineEdit()
        self._put(self.line, *beside)
        self._offers = QWidget()
        self._flow = FlowLayout(6)
        self._offers.setLayout(self._flow)
        self._offers.hide()
        self._column.insertWidget(2, self._offers)

    def offered(self) -> list[Chip]:
        """The chips shown."""
        items = [self._flow.itemAt(number) for number in range(self._flow.count())]
        return [widget for item in items if item is not None and isinstance(widget := item.widget(), Chip)]

    def _offer(self, offers: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Show these: (words, what taking one does)."""
        clear(self._flow)
        for words, take in offers:
            chip = Chip(words, parent=self._offers)
            chip.clicked.connect(lambda _checked=False, take=take: take())
            self._flow.addWidget(chip)
        self._offers.setVisible(bool(offers))

    def _go_down(self) -> bool:
        chips = self.offered()
        if chips:
            chips[0].setFocus(Qt.FocusReason.TabFocusReason)
        return bool(chips)


class CategoryField(_Offering):
    """What a request is about: typed in part, or chosen from the whole list (Down, or the arrow)."""

    def __init__(self, jobs: Jobs | None = None) -> None:
        self._codes: dict[str, Category | ListedCategory] = {label(code): code for code in Category}
        whole = IconButton("chevron_down", t("requests_page.all_categories"))
        super().__init__("category", t("requests_page.category"), whole)
        whole.clicked.connect(lambda: self._offer_words(self._codes))
        self.set_value(Category.OTHER)
        self.line.textEdited.connect(lambda _text: self._offer_words(self._meant()))
        self.line.textChanged.connect(self._edited)
        if jobs is not None:
            jobs.read(requests.categories, self._know, key="request-categories")

    def _know(self, listed: Sequence[Category | ListedCategory]) -> None:
        """The district's own list, once it is read; what was chosen stays where it is on it."""
        if not shiboken6.isValid(self):
            return
        chosen = self.value()
        self._codes = {label(code): code for code in listed}
        self.set_value(chosen if chosen in self._codes.values() else listed[-1])

    def value(self) -> str:
        """The code of what is written: the whole word, or the only one it is part of; "" for none."""
        words = self._meant()
        return str(self._codes[words[0]]) if len(words) == 1 else ""

    def set_value(self, value: Any) -> None:
        """Choose a code."""
        self.line.setText(next((words for words, code in self._codes.items() if code == value), ""))
        self._offer([])

    def problem(self) -> str:
        """It has to be one of the list."""
        return "" if self.value() else t("requests_page.no_category")

    def take_focus(self) -> None:
        """What is typed replaces what stands there."""
        super().take_focus()
        self.line.selectAll()

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Down goes to what is offered, all without a word; Enter takes the first of what is meant and moves on."""
        if event.key() == Qt.Key.Key_Down:
            if not self.offered():
                self._offer_words(self._codes)
            return self._go_down()
        words = self._meant()
        if event.key() in ENTER and words:
            self.set_value(self._codes[words[0]])
        return super().key_pressed(event)

    def _meant(self) -> list[str]:
        """The words that hold what is written; the one alone that is written in full."""
        text = self.line.text().strip().casefold()
        if not text:
            return []
        exact = [word for word in self._codes if word.casefold() == text]
        return exact or [word for word in self._codes if text in word.casefold()]

    def _offer_words(self, words: Iterable[str]) -> None:
        self._offer([(word, lambda word=word: self._take(word)) for word in words])  # type: ignore[misc]

    def _take(self, word: str) -> None:
        self.set_value(self._codes[word])
        self.entered.emit()


class PersonField(_Offering):
    """Who brought it: nobody named, or a regular found by name, pinyin or card number. Enter takes the first one found."""

    def __init__(self, jobs: Jobs, name: str = "person", title: str = "") -> None:
        super().__init__(name, title or t("requests_page.person"))
        self._jobs = jobs
        self._person: Person | None = None
        self._taking = False
        self.line.setPlaceholderText(t("requests_page.person_hint"))
        self.line.textEdited.connect(self._look)

    def value(self) -> str:
        """The id of the regular, "" for anonymous."""
        return self._person.id if self._person is not None else ""

    def set_value(self, value: Any) -> None:
        """A Person, or None for anonymous."""
        self._person = value if isinstance(value, Person) else None
        self.line.setText(person_name(self._person) if self._person is not None else "")
        self._offer([])
        self._edited()

    def problem(self) -> str:
        """A name that was typed has to be somebody's."""
        return t("requests_page.nobody_found") if self.line.text().strip() and self._person is None else ""

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Enter takes the first one found, as soon as it is found; Down goes to those offered."""
        if event.key() in ENTER and self.line.text().strip() and self._person is None:
            self._taking = True
            self._look(self.line.text())
            return True
        if event.key() == Qt.Key.Key_Down:
            return self._go_down()
        return super().key_pressed(event)

    def _look(self, text: str) -> None:
        self._person = None
        self._edited()
        if text.strip():
            self._jobs.read(lambda db: people.find(db, text, FOUND), self._found, key="request-person")
        else:
            self._found([])

    def _found(self, found: Sequence[Person]) -> None:
        if not shiboken6.isValid(self):
            return
        taking, self._taking = self._taking, False
        if taking:
            if found:
                self.set_value(found[0])
            self.entered.emit()
            return
        self._offer([(_described(person), lambda person=person: self._take(person)) for person in found])  # type: ignore[misc]

    def _take(self, person: Person) -> None:
        self.set_value(person)
        self.entered.emit()


def _described(person: Person) -> str:
    return t("terms.dot").join(part for part in (person_name(person), label(person.occupation), person.platform) if part)


class Similar(QWidget):
    """Open requests much like what is being written: one click joins one instead of recording it twice."""

    def __init__(self, jobs: Jobs, words: Field, join: Callable[[Request], None]) -> None:
        super().__init__()
        self._jobs, self._words, self._join = jobs, words, join
        self.found: list[Request] = []
        self._flow = FlowLayout(6)
        self._hint = Text(t("requests_page.alike"), "small", wrap=True)
        chips = QWidget()
        chips.setLayout(self._flow)
        self.setLayout(Column(self._hint, chips, gap=4))
        self.hide()
        words.changed.connect(self._look)

    def _look(self) -> None:
        text = self._words.value()
        self._jobs.read(lambda db: requests.similar(db, text), self._show, key="request-alike")

    def _show(self, found: list[Request]) -> None:
        if not shiboken6.isValid(self):
            return
        self.found = found
        clear(self._flow)
        for request in found:
            words = request.text if len(request.text) <= ALIKE else request.text[: ALIKE - 1] + "…"
            chip = Chip(t("requests_page.join", number="-".join(request.number.split("-")[-2:]), text=words), parent=self)
            chip.clicked.connect(lambda _checked=False, request=request: self._join(request))
            self._flow.addWidget(chip)
        self.setVisible(bool(found))


class RequestForm(Entry):
    """A new request: the words first, then what it is, by digits; Ctrl+Enter records it from any field."""

    def __init__(
        self, shell: Shell, done: Done, prepare: Prepare, choose: Choose = choose_pictures, joined: Joined = lambda *_: None
    ) -> None:
        self._jobs, self._done, self._joined = shell.jobs, done, joined
        self._held_back = False
        super().__init__(
            shell, self._record,
            TextField("text", t("requests_page.text"), required=True, hint=t("requests_page.text_hint"), lines=4),
            ChoiceField("kind", t("requests_page.kind"), _options(RequestKind), value=RequestKind.HELP, keys=True),
            CategoryField(shell.jobs),
            PersonField(shell.jobs),
            ChoiceField("channel", t("requests_page.channel"), _options(Channel), value=Channel.DESK, keys=True),
            ChoiceField("urgency", t("requests_page.urgency"), _options(Urgency), value=Urgency.ORDINARY, keys=True),
            LineField("place", t("requests_page.place"), hint=t("requests_page.place_hint")),
            LineField("contact", t("requests_page.contact"), hint=t("requests_page.contact_hint")),
            LineField("grid", t("requests_page.grid"), hint=t("requests_page.grid_hint")),
            at=ERRORS,
        )  # fmt: skip
        grid = self.field("grid")
        grid.hide()  # a snap report alone lies in a cell of the grid
        self.field("channel").changed.connect(lambda: grid.setVisible(self.field("channel").value() == Channel.SNAP))
        self.alike = Similar(shell.jobs, self.field("text"), self._join)
        self._column.insertWidget(1, self.alike)
        self.pictures = NewPictures(prepare, shell.jobs, choose=choose)
        self.pictures.settled.connect(self._settled)
        self._column.insertWidget(2, self.pictures)  # below the words; Enter passes it by, Tab comes to it
        self.setAcceptDrops(True)
        for part in self.findChildren(QWidget):
            part.setAcceptDrops(False)  # a file dropped on a line would leave its name there
        words = self.field("text").focusProxy()
        if words is not None:
            QWidget.setTabOrder(words, self.pictures.add_button)

    def submit(self) -> None:
        """As a form does, once the pictures that were brought are ready."""
        self._held_back = not self.pictures.idle
        if not self._held_back:
            super().submit()

    def _settled(self) -> None:
        if self._held_back:
            self.submit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped anywhere on the form."""
        if files_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Pictures of the request."""
        self.pictures.bring(files_of(event.mimeData()))

    def scanned(self, text: str) -> None:
        """A badge that is scanned while the form is open says who brought it."""
        self._jobs.read(lambda db: people.find(db, text, 1), self._brought, key="request-badge")

    def _brought(self, found: Sequence[Person]) -> None:
        if found and shiboken6.isValid(self):
            self.field("person").set_value(found[0])

    def _join(self, request: Request) -> None:
        """Whoever stands here joins a request that is there, with the person and the contact that were filled in."""
        values = self.values()

        def joined(outcome: tuple[Voice, str, Changes]) -> None:
            self._joined(request, outcome[1], outcome[2])

        actions.join_request(
            self._jobs, request.id, joined, self.refused, channel=Channel(values["channel"]), person_id=values["person"] or None,
            contact=values["contact"], note=values["text"][: requests.LONGEST_LINE],
        )  # fmt: skip

    def _record(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        actions.add_request(
            self._jobs, values["text"], lambda outcome: self._done(*outcome), otherwise, grid=values.get("grid", ""),
            kind=RequestKind(values["kind"]), category=values["category"], channel=Channel(values["channel"]),
            urgency=Urgency(values["urgency"]), person_id=values["person"] or None, place=values["place"],
            contact=values["contact"], pictures=self.pictures.jpegs,
        )  # fmt: skip


class StepForm(Entry):
    """A step that needs words: what was done, to which unit it goes, what was answered."""

    def __init__(self, shell: Shell, request_id: str, state: RequestState, done: Done, *fields: Field) -> None:
        self._jobs, self._request_id, self._state, self._done = shell.jobs, request_id, state, done
        super().__init__(shell, self._step, *fields)

    def _step(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        actions.request_step(
            self._jobs, self._request_id, self._state, lambda outcome: self._done(*outcome), otherwise,
            note=values.get("note", ""), unit=values.get("unit", ""),
        )  # fmt: skip


def step_fields(state: RequestState) -> tuple[Field, ...]:
    """What a step has to be told with; none for one that needs no words."""
    if state is RequestState.CLOSED:
        return (TextField("note", t("requests_page.closed_note"), required=True, hint=t("requests_page.closed_hint"), lines=3),)
    if state is RequestState.TRANSFERRED:
        return (
            LineField("unit", t("requests_page.unit"), required=True, hint=t("requests_page.unit_hint")),
            TextField("note", t("requests_page.note"), hint=t("requests_page.optional"), lines=3),
        )
    if state is RequestState.REPLIED:
        return (
            TextField("note", t("requests_page.reply"), required=True, lines=4),
            LineField("unit", t("requests_page.reply_unit"), hint=t("requests_page.optional")),
        )
    if state is RequestState.REOPENED:
        return (TextField("note", t("requests_page.reopen_note"), hint=t("requests_page.optional"), lines=3),)
    return ()


class RecordedCard(QWidget):
    """The number of a new request, large, to be told to the person; Enter is done with it."""

    printed = Signal()
    again = Signal()
    done = Signal()

    def __init__(self, request: Request, spoken: str) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.number = Text(request.number, "figure", selectable=True)
        said = Text(t("requests_page.spoken", number=spoken), "strong")
        slip, again = Button(t("requests_page.print_slip"), icon="print"), Button(t("requests_page.another"), icon="plus", key="Ctrl+N")
        slip.clicked.connect(self.printed)
        again.clicked.connect(self.again)
        flow = FlowLayout(8)
        flow.addWidget(slip)
        flow.addWidget(again)
        advice = Text(t("requests_page.tell_number"), "muted", wrap=True)
        self.setLayout(Column(Text(t("requests_page.number"), "small"), self.number, Row(said, None), advice, flow, None, gap=10))
        self.setAccessibleName(f"{request.number} {said.text()}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter is done."""
        if event.key() in ENTER:
            self.done.emit()
        else:
            super().keyPressEvent(event)


def _options(codes: type[RequestKind] | type[Channel] | type[Urgency]) -> list[tuple[str, str]]:
    return [(code.value, label(code)) for code in codes]
