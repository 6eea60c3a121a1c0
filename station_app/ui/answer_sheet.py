"""What somebody who shows a badge or a slip is told in the sheet, and what they say to it: 1 fixed, 2 partly, 3 not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ..db import Database
from ..errors import StationError
from ..model import MAY, Changes, Op, RequestState, Verdict
from ..services import answers, requests, slips, voices
from ..words import label, t
from . import when
from .kit import Button, Column, FlowLayout, Pill, Row, Text, clear
from .page import Shell

VERDICTS = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell: what it is about, what was answered, and how the person's word on it is recorded."""

    number: str
    about: str
    facts: str
    answer: str
    tell: Callable[[Database, Verdict, str], Changes]


@dataclass(frozen=True, slots=True)
class Found:
    """What there is to say: things to tell, or why there is nothing."""

    told: tuple[Told, ...]
    state: str
    tone: str


def by_badge(digits: str) -> Callable[[Database], Found]:
    """What waits for whoever shows a badge, of requests that other stations recorded."""

    def read(db: Database) -> Found:
        return Found(tuple(_elsewhere(db, digits, one) for one in answers.waiting(db, digits)), t("answers.nothing_waits"), "neutral")

    return read


def by_slip(digits: str) -> Callable[[Database], Found]:
    """What the bearer of a slip may know: where the request stands, and the answer to tell where there is one."""

    def read(db: Database) -> Found:
        asked, today = answers.by_slip(db, digits), db.now().date()
        told = tuple(_elsewhere(db, asked.digits, one) for one in asked.answers)
        if asked.request is None:
            since = when.moment(asked.as_of, today) if asked.as_of else t("answers.no_pack_yet")
            return Found(told, t("answers.not_here_yet", since=since), "neutral")
        request = asked.request
        reply = next((step for step in reversed(request.steps) if step.state is RequestState.REPLIED), None)
        facts = t("terms.dot").join((label(request.category), when.moment(request.time, today)))
        if asked.voice_id and request.state in voices.ANSWERED and voices.get(db, asked.voice_id).told is None and reply:
            told += (Told(request.number, request.text, facts, reply.note, _of_voice(asked.voice_id)),)
        elif request.state is RequestState.REPLIED and reply and not told:
            told += (Told(request.number, request.text, facts, reply.note, _own(request.id)),)
        due = t("answers.due", due=when.moment(request.due, today)) if request.state in requests.OPEN - voices.ANSWERED else ""
        return Found(told, t("answers.stands", number=request.number, state=label(request.state), due=due), "brand")

    return read


def by_voices(request_id: str) -> Callable[[Database], Found]:
    """What is to be told to those who joined a request, one after the other."""

    def read(db: Database) -> Found:
        request, today = requests.get(db, request_id), db.now().date()
        reply = next((step for step in reversed(request.steps) if step.state is RequestState.REPLIED), None)
        untold = [voice for voice in voices.of_request(db, request_id) if voice.told is None] if request.state in voices.ANSWERED else []
        told = []
        for voice in untold:
            facts = (label(voice.channel), when.moment(voice.time, today), voice.contact)
            about = voice.note or request.text
            told.append(Told(request.number, about, t("terms.dot").join(filter(None, facts)), reply.note if reply else "",
                             _of_voice(voice.id)))  # fmt: skip
        return Found(tuple(told), t("answers.all_told"), "neutral")

    return read


def _elsewhere(db: Database, digits: str, one: answers.Answer) -> Told:
    today = db.now().date()
    facts = t("terms.dot").join(part for part in (one.station, one.unit, when.moment(one.time, today)) if part)

    def tell(db: Database, verdict: Verdict, note: str) -> Changes:
        return answers.tell(db, digits, one.request_id, verdict, note, voice_id=one.voice_id)[1]

    return Told(one.number, one.about, facts, one.text, tell)


def _of_voice(voice_id: str) -> Callable[[Database, Verdict, str], Changes]:
    return lambda db, verdict, note: voices.tell(db, voice_id, verdict, note)[1]


def _own(request_id: str) -> Callable[[Database, Verdict, str], Changes]:
    return lambda db, verdict, note: requests.step(db, request_id, RequestState.TOLD, verdict=verdict, note=note)[1]


class AnswerSheet(QWidget):
    """The answers one after the other; after the last word the sheet closes."""

    def __init__(self, shell: Shell, read: Callable[[Database], Found]) -> None:
        super().__init__()
        self._shell, self._read = shell, read
        self._may = Op.REQUEST_STEP in MAY[shell.role]
        self.shown: Told | None = None
        self._parts = Column(gap=12)
        self.setLayout(self._parts)
        self.note = QLineEdit()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._look()

    def _look(self) -> None:
        self._shell.jobs.read(self._read, self._show, self._shell.sheet_error, key="answer-sheet")

    def _show(self, found: Found) -> None:
        if not shiboken6.isValid(self):
            return
        clear(self._parts)
        self.shown = found.told[0] if found.told else None
        if self.shown is None:
            said = Text(found.state, "strong", wrap=True)
            self._parts.addWidget(said)
            self._parts.addStretch(1)
            self.setAccessibleName(found.state)
            return
        told = self.shown
        self._parts.addLayout(Row(Pill(told.number, "attention"), Text(t("answers.left", n=len(found.told) - 1), "muted"), None, gap=10))
        if told.about:
            self._parts.addWidget(Text(t("answers.about", text=told.about), "muted", wrap=True))
        self._parts.addWidget(Text(told.answer or t("answers.no_words"), "strong", wrap=True, selectable=True))
        self._parts.addWidget(Text(told.facts, "small", wrap=True))
        if self._may:
            self._ask()
        self._parts.addStretch(1)
        self.setAccessibleName(f"{told.number} {told.answer}")
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _ask(self) -> None:
        """What the person says: 1 to 3, a word of theirs before it if they like."""
        self._parts.addWidget(Text(t("answers.ask"), "heading", wrap=True))
        self.note = QLineEdit()
        self.note.setPlaceholderText(t("answers.note_hint"))
        self.note.setAccessibleName(t("answers.note_hint"))
        flow = FlowLayout(8)
        for number, verdict in enumerate(VERDICTS, start=1):
            button = Button(t("requests_page.told", verdict=label(verdict)), "primary" if number == 1 else "plain", key=str(number))
            button.clicked.connect(lambda _checked=False, verdict=verdict: self.say(verdict))
            flow.addWidget(button)
        self._parts.addLayout(flow)
        self._parts.addWidget(self.note)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """1, 2 and 3 are what the person says."""
        number = event.key() - Qt.Key.Key_1
        if self._may and self.shown is not None and 0 <= number < len(VERDICTS):
            self.say(VERDICTS[number])
        else:
            super().keyPressEvent(event)

    def say(self, verdict: Verdict) -> None:
        """Record what the person says of the answer shown."""
        told, note = self.shown, self.note.text()
        if told is None:
            return
        self.shown = None

        def done(changes: Changes) -> None:
            self._shell.tell_undoable(t("answers.recorded", number=told.number, verdict=label(verdict)), changes)
            if shiboken6.isValid(self):
                self._shell.jobs.read(self._read, self._next, key="answer-sheet")

        def failed(error: StationError) -> None:
            self.shown = told  # nothing was recorded: what was typed stays
            self._shell.sheet_error(error)

        self._shell.jobs.run(lambda db: _kept(told.tell(db, verdict, note)), done, failed)

    def _next(self, found: Found) -> None:
        if found.told:
            self._show(found)
        else:
            self._shell.close_sheet()


def _kept(changes: Changes) -> tuple[Changes, Changes]:
    return changes, changes


def open_for_badge(shell: Shell, digits: str) -> None:
    """The answers that wait for this badge, in the sheet."""
    shell.open_sheet(t("answers.title_badge"), AnswerSheet(shell, by_badge(digits)), cancel=t("requests_page.done"))


def open_for_voices(shell: Shell, request_id: str) -> None:
    """Those who joined a request and were not told its answer, in the sheet."""
    shell.open_sheet(t("answers.title_voices"), AnswerSheet(shell, by_voices(request_id)), cancel=t("requests_page.done"))


def open_for_slip(shell: Shell, text: str) -> bool:
    """Whether a scan was a slip: where its request stands is in the sheet then."""
    digits = slips.read(text)
    if digits is None:
        return False
    shell.open_sheet(t("answers.title_slip"), AnswerSheet(shell, by_slip(digits)), cancel=t("requests_page.done"))
    return True
