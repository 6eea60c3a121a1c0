"""Who is in front of the desk: a regular's card, the people of a tally, a card that opens nothing, or nobody yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QSizePolicy, QWidget

from ...model import Occupation, Person
from ...services.answers import Answer
from ...words import label, t
from .. import when
from ..kit import Avatar, Button, Card, Chip, Column, FlowLayout, Notice, Pill, Row, Text, clear
from ..names import person_name
from .desk_counts import tally_label
from .desk_data import Present
from .desk_loans import LoanRows

UNKNOWN = "?"
"""Where somebody is at home whose badge the district has not told of."""


class PresentCard(Card):
    """One card for all four; only its words change. ``opened`` asks for the person's page, ``answered`` for a request.

    ``opens`` and ``tells`` say whether whoever is at work may do so.
    """

    opened = Signal(str)
    answered = Signal(str)
    register_asked = Signal()
    occupation_told = Signal(object)
    waiting_asked = Signal()
    whose_chosen = Signal(str)

    def __init__(self, *, opens: bool = True, tells: bool = True) -> None:
        super().__init__(gap=12)
        self._opens, self._tells = opens, tells
        self._person_id = ""
        self._avatar = Avatar("", 76)
        self.name = Text("", "title")
        self.state = Pill("", "brand", bold=True)
        self.who, self.count = Text("", "muted", wrap=True), Text("", "muted", wrap=True)
        self.name.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._open = Button(t("desk.open_person"), icon="user")
        self._open.clicked.connect(lambda: self.opened.emit(self._person_id))
        words = Column(Row(self.name, self.state, None, gap=10), self.who, self.count, gap=3)
        row = Row(self._avatar, gap=16)
        row.addLayout(words, 1)
        row.addWidget(self._open)
        self.body.addLayout(row)
        self._alerts = Column(gap=8)
        self.body.addLayout(self._alerts)
        self.occupations = GuestOccupations()
        self.occupations.chosen.connect(self.occupation_told)
        self.body.addWidget(self.occupations)
        self.whose = CollectsFor()
        self.whose.chosen.connect(self.whose_chosen)
        self.body.addWidget(self.whose)
        self.loans = LoanRows()
        self.body.addWidget(self.loans)
        self._shown_alert: tuple[str, str] = ("", "")
        self._elsewhere = Notice("", "attention", icon="message", action=t("desk.tell_now"))
        self._elsewhere.acted.connect(self.waiting_asked)
        self._elsewhere.hide()
        self.body.addWidget(self._elsewhere)
        self._act: Callable[[], None] = lambda: None
        self.show_nobody()

    def show_nobody(self) -> None:
        """Nobody yet: what can be done."""
        self._say("", t("desk.nobody"), "", t("desk.nobody_how"), t("desk.nobody_rest"))
        self._alert("", "", lambda: None)

    def show_unopened(self, sentence: str, new_card: bool) -> None:
        """A card that opens nothing: why, and what to do instead; ``new_card`` offers one where that helps."""
        self._say("", sentence, "", t("desk.unopened_how"), t("desk.unopened_rest"))
        if new_card:
            self._alert(t("desk.unopened_register"), t("desk.register"), self.register_asked.emit)
        else:
            self._alert("", "", lambda: None)

    def show_present(self, present: Present, repeated: bool, today: date) -> None:
        """Who came in just now."""
        if present.person is None:
            self._show_tally(present)
        else:
            self._show_person(present, present.person, repeated, today)

    def _show_tally(self, present: Present) -> None:
        visit = present.visit
        name = t("desk.tally_of", who=label(visit.occupation))
        self._say(
            "",
            name,
            t("desk.counted_at", time=visit.time[11:16], n=visit.person_times),
            t("desk.tally_count"),
            t("desk.tally_rest"),
        )
        self._alert("", "", lambda: None)

    def _show_person(self, present: Present, person: Person, repeated: bool, today: date) -> None:
        dot = t("terms.dot")
        unsaid = person.away == UNKNOWN and not person.platform
        parts = [label(person.occupation), person.platform]
        if person.away:
            parts.append(t("desk.away") if person.away == UNKNOWN else t("desk.away_from", station=person.away))
        if person.phone:
            parts.append(t("desk.phone_tail", tail=person.phone[-4:]))
        if person.card_number and person.name:
            parts.append(t("desk.card_number", number=person.card_number))
        history = t("desk.nth_visit", n=person.visits)
        if present.previous:
            history += dot + t("desk.last_time", day=when.day(present.previous, today))
        if repeated:
            history = t("desk.repeated") + dot + history
        who, count = dot.join(part for part in parts if part), history
        if unsaid:  # what they do is asked in the second line, so that nine supplies and the tally still fit below
            who, count = t("desk.away") + dot + history, t("desk.guest_occupation")
        self._say(person.name, person_name(person), t("desk.checked_in_at", time=present.visit.time[11:16]), who, count)
        self.count.set(count, "attention" if repeated and not unsaid else "muted")
        self._person_id = person.id
        self._open.setVisible(self._opens and not person.away)
        self.occupations.show_for(present.visit.occupation if unsaid else None)
        waiting = (*present.to_tell, *present.joined) if self._tells else ()
        if not waiting:
            self._alert("", "", lambda: None)
        else:
            text = t("desk.answered", number=short_number(waiting[0].number), about=label(waiting[0].category))
            if waiting[0] in present.joined:
                text = t("desk.answered_joined", number=short_number(waiting[0].number))
            if len(waiting) > 1:
                text = t("desk.answered_several", n=len(waiting))
            self._alert(text, t("desk.tell_now"), lambda: self.answered.emit(waiting[0].id))

    def _say(self, avatar: str, name: str, state: str, who: str, count: str) -> None:
        self._avatar.set_name(avatar)
        self.name.set(name, "title" if state else "strong")
        self.state.show_state(state)
        self.state.setVisible(bool(state))
        self.who.set(who)
        self.count.set(count, "muted")
        self._person_id = ""
        self._open.hide()
        self.occupations.show_for(None)
        self.whose.show_for((), "")
        self.setAccessibleName(" ".join(part for part in (name, state, who, count) if part))

    def _alert(self, text: str, action: str, act: Callable[[], None]) -> None:
        self._act = act
        if (text, action) == self._shown_alert:
            return
        self._shown_alert = (text, action)
        clear(self._alerts)
        if text:
            notice = Notice(text, "attention", icon="message", action=action)
            notice.acted.connect(lambda: self._act())
            self._alerts.addWidget(notice)

    def show_waiting(self, waiting: Sequence[Answer]) -> None:
        """Answers of other stations' requests wait for whoever showed this badge."""
        shown = waiting if self._tells else ()
        if shown:
            self._elsewhere.text.set(t("desk.answered_elsewhere", station=shown[0].station, number=short_number(shown[0].number)))
        self._elsewhere.setVisible(bool(shown))

    def alert(self) -> str:
        """What is to be told or done about this person; "" for nothing."""
        return self._shown_alert[0]


class CollectsFor(QWidget):
    """For whom the one on the card collects: themselves, or one of their household or team; + goes on to the next."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.people: list[str] = []
        self.chips: dict[str, Chip] = {}
        self.names: dict[str, str] = {}
        self._shown: tuple[tuple[str, str], ...] = ()
        self._flow = FlowLayout(6)
        self.setLayout(self._flow)
        self.hide()

    def show_for(self, others: Sequence[Person], chosen: str) -> None:
        """Offer these, ``chosen`` (an id, "" for oneself) marked; nobody offers nothing."""
        shown = tuple((one.id, person_name(one)) for one in others)
        if shown != self._shown:
            self._shown = shown
            clear(self._flow)
            self.people, self.names = ["", *(one for one, _ in shown)], dict(shown)
            self.chips = {"": Chip(t("desk.for_self"), key="+")}
            self.chips |= {one: Chip(t("desk.for_other", name=name)) for one, name in shown}
            for one, chip in self.chips.items():
                chip.clicked.connect(lambda _on=False, one=one: self.chosen.emit(one))
                self._flow.addWidget(chip)
        for one, chip in self.chips.items():
            chip.setChecked(one == chosen)
        self.setVisible(bool(shown))

    def after(self, chosen: str) -> str:
        """Whose turn is next."""
        place = self.people.index(chosen) if chosen in self.people else 0
        return self.people[(place + 1) % len(self.people)] if self.people else ""


class GuestOccupations(QWidget):
    """What somebody does whose badge another station made and nobody told of: one chip each, the keys of the tally with Ctrl."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.chips = {one: Chip(tally_label(one), key=f"F{place}", snug=True) for place, one in enumerate(Occupation, 2)}
        flow = FlowLayout(6)
        for one, chip in self.chips.items():
            chip.clicked.connect(lambda _on=False, one=one: self.chosen.emit(one))
            flow.addWidget(chip)
        self.setLayout(flow)
        self.hide()

    def show_for(self, occupation: Occupation | None) -> None:
        """Ask, with what is noted now chosen; None asks nothing."""
        for one, chip in self.chips.items():
            chip.setChecked(one is occupation)
        self.setVisible(occupation is not None)


def short_number(number: str) -> str:
    """A request's number as its own desk says it: ``2026-0112``."""
    return "-".join(number.split("-")[-2:])
