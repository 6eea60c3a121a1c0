"""The card at the right of the requests page: what was said, what happened, what may be done now."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from ...model import Channel, RequestState, Station, Verdict
from ...services.requests import AFTER
from ...services.voices import ANSWERED
from ...words import label, t
from .. import when
from ..kit import Button, Card, Column, EmptyState, Fact, FlowLayout, Headline, Pill, Row, Scroll, Text, Timeline, clear
from ..pictures import files_of
from ..theme import tokens
from .requests_pictures import Strip
from .requests_reads import Whole
from .requests_text import exchange_text, is_whole, short_number, state_pill, timeline, title, who

ORDER = (
    RequestState.TOLD, RequestState.CLOSED, RequestState.REPLIED, RequestState.ACCEPTED, RequestState.TRANSFERRED,
    RequestState.REOPENED, RequestState.WITHDRAWN,
)  # fmt: skip
"""The order of the buttons; the first is the usual one."""
USUAL = frozenset(ORDER[:3])
"""What moves a request on; these stand out when they come first."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that may be done with a request now: a state that may follow, or (None) printing its slip."""

    text: str
    state: RequestState | None
    verdict: Verdict | None = None


def deeds(whole: Whole, *, steps: bool = True) -> list[Deed]:
    """What may be done, the usual thing first; without ``steps`` only the slip of what one took down oneself."""
    request = whole.row.request
    if not steps:
        return [Deed(t("requests_page.print_slip"), None)] if request.text else []
    names = {
        RequestState.CLOSED: t("requests_page.close"),
        RequestState.ACCEPTED: t("requests_page.adopt" if request.channel is Channel.SNAP else "requests_page.accept"),
        RequestState.TRANSFERRED: t("requests_page.transfer"),
        RequestState.REPLIED: t("requests_page.note_reply"),
        RequestState.REOPENED: t("requests_page.reopen"),
        RequestState.WITHDRAWN: t("requests_page.withdraw"),
    }
    found = []
    for state in ORDER:
        if state not in AFTER[request.state]:
            continue
        if state is RequestState.TOLD:
            found += [Deed(t("requests_page.told", verdict=label(verdict)), state, verdict) for verdict in Verdict]
        else:
            found.append(Deed(names[state], state))
    return [*found, Deed(t("requests_page.print_slip"), None)]


class RequestCard(Card):
    """One request; its buttons, also by the digits on them, say what is wanted, the page does it."""

    wanted = Signal(object)
    picture_opened = Signal(int)
    pictures_wanted = Signal()
    dropped = Signal(object)
    voices_wanted = Signal(str)
    note_wanted = Signal()
    note_removed = Signal(object)

    def __init__(self, station: Station, *, steps: bool = True) -> None:
        inner = QWidget()
        self._parts = Column(gap=10)
        inner.setLayout(self._parts)
        super().__init__(Scroll(inner))
        self._station, self._steps = station, steps
        self.whole: Whole | None = None
        self.strip: Strip | None = None
        self.setAcceptDrops(True)
        self.deeds: list[Deed] = []
        self.show_nothing()

    def show_nothing(self) -> None:
        """No request is chosen."""
        self.whole, self.strip, self.deeds = None, None, []
        clear(self._parts)
        self._parts.addWidget(EmptyState("requests", t("requests_page.choose_one")))

    def show_request(self, whole: Whole) -> None:
        """Show this request."""
        self.whole, self.deeds = whole, deeds(whole, steps=self._steps)
        clear(self._parts)
        request = whole.row.request
        headline = title(request)
        self.setAccessibleName(f"{request.number} {headline}")
        self._parts.addLayout(self._head(headline, Pill(*state_pill(whole.row))))
        parts = [short_number(request.number, self._station), label(request.kind), label(request.category)]
        parts += [self._who(whole), label(request.channel)]
        self._parts.addWidget(Text(t("terms.dot").join(parts), "muted", wrap=True))
        if request.text and not is_whole(headline, request):
            self._parts.addWidget(Text(request.text, "body", wrap=True, selectable=True))
        self.strip = Strip(whole.pictures, may_add=whole.may_add)
        self.strip.opened.connect(self.picture_opened)
        self.strip.wanted.connect(self.pictures_wanted)
        self._parts.addWidget(self.strip)
        self._add_facts(whole)
        for voice in whole.voices:
            said = t("requests_page.voice", day=when.moment(voice.time, whole.now.date()), note=voice.note or t("requests_page.voice_same"))
            self._parts.addWidget(Text(said, "small", wrap=True))
        self.voices_button: Button | None = None
        untold = sum(voice.told is None for voice in whole.voices) if request.state in ANSWERED else 0
        if untold and self._steps:
            self.voices_button = Button(t("requests_page.tell_voices", n=untold), "link", icon="message")
            self.voices_button.clicked.connect(lambda: self.voices_wanted.emit(request.id))
            self._parts.addLayout(Row(self.voices_button, None))
        self._parts.addWidget(Timeline(timeline(whole)))
        self._add_buttons()
        self._add_notes(whole)
        self._parts.addStretch(1)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Pictures may be dropped on a request."""
        if self.whole is not None and self.whole.may_add and files_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Pictures for this request."""
        self.dropped.emit(files_of(event.mimeData()))

    def _head(self, headline: str, pill: Pill) -> Row | Column:
        """Title with its pill at the right; the pill above where large type leaves no room beside it."""
        words = Text(headline, "strong", wrap=True)
        if tokens().large:
            return Column(Row(pill, None), words, gap=6)
        head = Row(gap=10)
        head.addWidget(words, 1)
        head.addWidget(pill, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _who(self, whole: Whole) -> str:
        person = whole.row.person
        if person is None:
            return who(whole.row)
        return t("requests_page.person_line", name=who(whole.row), occupation=label(person.occupation))

    def _add_facts(self, whole: Whole) -> None:
        request = whole.row.request
        facts = FlowLayout(24, row_gap=6)
        for name, text in (
            (t("requests_page.place"), request.place),
            (t("requests_page.grid"), request.grid),
            (t("requests_page.contact"), request.contact),
            (t("requests_page.urgency"), label(request.urgency)),
            (t("requests_page.exchange"), exchange_text(request)),
        ):
            if text:
                facts.addWidget(Fact(name, text))
        self._parts.addLayout(facts)

    def _add_notes(self, whole: Whole) -> None:
        """What this desk wrote down for itself, and the way to write more."""
        self.note_button: Button | None = None
        if not self._steps:
            return
        self._parts.addWidget(Text(t("request_notes.title"), "heading"))
        for note in whole.notes:
            said = note.text or t("request_notes.hidden")
            told = t("request_notes.line", time=when.moment(note.time, whole.now.date()), who=note.keeper, text=said)
            button = Button(t("request_notes.remove"), "link")
            button.setAccessibleDescription(told)
            button.clicked.connect(lambda _checked=False, note=note: self.note_removed.emit(note))
            row = Row(gap=8)
            row.addWidget(Text(told, "small", wrap=True, selectable=True), 1)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
            self._parts.addLayout(row)
        self.note_button = Button(t("request_notes.add"), "link", icon="plus")
        self.note_button.clicked.connect(self.note_wanted)
        self._parts.addWidget(Headline(self.note_button, Text(t("request_notes.hint"), "small")))

    def _add_buttons(self) -> None:
        flow = FlowLayout(8)
        for number, deed in enumerate(self.deeds):
            first = "primary" if number == 0 and deed.state in USUAL else "plain"
            kind = "danger" if deed.state is RequestState.WITHDRAWN else first
            button = Button(deed.text, kind, key=str(number + 1))
            button.clicked.connect(lambda _checked=False, deed=deed: self.wanted.emit(deed))
            flow.addWidget(button)
        self._parts.addLayout(flow)
