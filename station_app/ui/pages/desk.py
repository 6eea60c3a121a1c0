"""The desk: scan or type, hand out, count, see the day. Keys as DECISIONS.md "Keyboard" settles them.

A scan or a tally puts somebody on the card; digits then mean what the line above the shelf says. Whatever is done goes
through ``ui.actions``; what is shown follows from one read (``desk_data.look``) after every change.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QWidget

from ... import paths, settings
from ...errors import RuleRefused, StationError
from ...model import Amenity, Changes, Consent, Handout, Occupation, Op, Person, Visit
from ...services import requests
from ...services.loans import Asset, is_typed
from ...services.supplies import Offer
from ...services.visits import CheckIn
from ...words import label, t
from .. import actions
from ..feedback import sentence
from ..jobs import Otherwise
from ..kit import Button, Card, Column, Headline, IconButton, KeyCap, Notice, Row, Scroll, Text, beside, page_layout
from ..names import person_name
from ..page import Page, Shell
from .desk_card import PresentCard
from .desk_counts import Amenities, Tallies
from .desk_data import DeskView, look
from .desk_day import DayCard, summary
from .desk_loans import DeskLoans
from .desk_log import Entry, LogList, entries
from .desk_search import DeskField
from .desk_supplies import KEYS, OverrideForm, Shelf

MOMENT = 1500
"""Milliseconds within which a second digit belongs to the same number (F2 1 2 = twelve)."""
FRESH = timedelta(minutes=10)
"""How long a tally may be of the person who gets a card now."""
NAMES = frozenset({"person", "identity", "badge", "erasure"})
RIGHT = 404
SHORT = 3
"""Items that are named as short."""
AIR, LESS_AIR, ONE_ROW = 12, 8, 5
"""Room between the parts at the left; a shelf of more than five items takes two rows and leaves less."""


class Digits(Enum):
    """What a digit in the empty field means now."""

    SEARCH = 0
    HAND_OUT = 1
    COUNT = 2


class DeskPage(Page):
    """The page where the keeper lives all day."""

    name = "desk"
    tables = NAMES | {
        "visit", "amenity_use", "handout", "movement", "item", "quota", "refusal", "request", "request_step", "station_day",
        "station", "shift", "keeper", "stocktake", "batch", "receipt", "kit_part", "campaign", "campaign_item", "rule_set",
        "companion", "loan", "loan_end", "asset", "asset_move",
    }  # fmt: skip

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._view: DeskView | None = None
        self._on: Visit | None = None
        self._for = ""
        self._repeated = False
        self._unopened = ""
        self._code = ""
        self._new_card_helps = False
        self._names: dict[str, str] = {}
        self._months = int(settings.KEEP_PEOPLE_MONTHS.default)
        self._digits = Digits.SEARCH
        self._under_way = 0
        self._later: list[tuple[int, bool]] = []
        self._tally_steps: list[str] = []
        self._number = ""
        self._tell_check_in: Changes | None = None
        self._new_card = ""
        self.loans = DeskLoans(shell, lambda: self._on, self)
        self._build()
        self._connect()
        self._number_ends = QTimer(self, singleShot=True, interval=MOMENT)
        self._number_ends.timeout.connect(self._end_number)
        self._minute = QTimer(self, interval=60_000)
        self._minute.timeout.connect(self._new_hour)
        self._minute.start()

    # --- building ------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.field = DeskField(self, self.jobs)
        self.card = PresentCard(opens=self.shell.offers("people"), tells=self.may(Op.REQUEST_STEP))
        self.shelf, self.amenities, self.tallies = Shelf(), Amenities(), Tallies()
        self.day, self.log = DayCard(), LogList(t("desk.log"))
        self._register = Button(t("desk.register"), icon="plus", key="Ctrl+N")
        self.camera = IconButton("camera", t("camera.use"), tip=t("camera.use_keys")) if paths.has_camera() else None
        self._hint, self._count_hint = Text("", "muted"), Text("", "muted")
        self._more = Button("", "link")
        fills = t("desk.to_supplies") if self.shell.offers("supplies") else ""
        self._empty_shelf = Notice(t("desk.no_items"), "plain", icon="box", action=fills)
        self._given_cap, self._given_hint = KeyCap(t("desk.shift_digit")), Text(t("desk.already_given"), "muted")
        self.opening = Notice(t("desk.not_open"), "plain", icon="clock", action=t("desk.open_station"), key="F9", turns=True)
        self.opening.hide()
        self.weather = Notice("", "attention", icon="sun")
        self.weather.hide()
        self._waiting = Notice("", "good", icon="umbrella", action=t("desk.lend_to_nobody"), key="0")
        self._waiting.acted.connect(lambda: self.loans.lend_to_nobody())
        self._waiting.hide()
        self._parts = Column(
            self._waiting, self.card,
            Headline(beside(Text(t("desk.supplies"), "heading"), self._more), beside(self._hint, self._given_cap, self._given_hint)),
            self.shelf, self._empty_shelf,
            Headline(Text(t("desk.services"), "heading"), beside(KeyCap("Ctrl"), Text(t("desk.and_digit"), "muted"), gap=6)),
            self.amenities,
            Headline(
                Text(t("desk.tallies"), "heading"),
                beside(self._count_hint, KeyCap("Shift+F2–F8"), Text(t("desk.quick_card"), "muted")),
            ),
            self.tallies, None, gap=AIR,
        )  # fmt: skip
        work = QWidget()
        work.setLayout(self._parts)
        top = Row(gap=12)
        top.addWidget(self.field, 1)
        if self.camera is not None:
            top.addWidget(self.camera)
        top.addWidget(self._register)
        self.shelf.after = self._register
        left = Column(top, gap=10)
        left.addWidget(Scroll(work), 1)
        self._copy = Button(t("desk.copy_summary"), "link", key="Ctrl+Shift+C")
        log_card = Card(gap=0, title=t("desk.log"), aside=self._copy)
        log_card.body.addWidget(self.log, 1)
        right_side = QWidget()
        right_side.setFixedWidth(RIGHT)
        right = Column(self.opening, self.weather, self.day, gap=12)
        right.addWidget(log_card, 1)
        right_side.setLayout(right)
        both = Row(gap=16)
        both.addLayout(left, 1)
        both.addWidget(right_side)
        page_layout(self, both)

    def _connect(self) -> None:
        field = self.field
        field.digit.connect(self._digit)
        field.card_typed.connect(self.scanned)
        if self.shell.offers("requests"):
            field.slip_typed.connect(self._slip_typed)
            field.request_typed.connect(self._request_typed)
        field.person_chosen.connect(self._check_in_person)
        field.looked_up.connect(lambda: self._mean(Digits.SEARCH))
        field.resumed.connect(self._go_on_typing)
        field.undo_asked.connect(lambda: self.shell.undo())
        field.dismissed.connect(self._dismissed)
        self.card.opened.connect(lambda person_id: self.shell.go("people", person_id))
        self.card.answered.connect(lambda request_id: self.shell.go("requests", request_id))
        self.card.register_asked.connect(self.new)
        self.card.occupation_told.connect(self._say_occupation)
        self.card.waiting_asked.connect(self._tell_waiting)
        self.card.whose_chosen.connect(self._collect_for)
        field.whose_asked.connect(lambda: self._collect_for(self.card.whose.after(self._for)))
        self.card.loans.wanted.connect(self.loans.give_back)
        self.card.loans.more.connect(lambda: self.shell.go("supplies", "loans"))
        self.loans.waiting.connect(self._show_waiting)
        self._register.clicked.connect(self.new)
        if self.camera is not None:
            self.camera.clicked.connect(self.shell.use_camera)
        self._more.clicked.connect(lambda: self.shell.go("supplies"))
        self._empty_shelf.acted.connect(lambda: self.shell.go("supplies"))
        self.shelf.chosen.connect(lambda number: self._hand_out(number, given=False))
        self.amenities.asked.connect(self._use_amenity)
        self.tallies.chosen.connect(self.tally)
        self.opening.acted.connect(self._open_station)
        self.log.acted.connect(self._act_on)
        self.log.left.connect(self.settle)
        self._copy.clicked.connect(self.copy_summary)
        for number in range(1, len(Amenity) + 1):
            QShortcut(QKeySequence(f"Ctrl+{number}"), self, lambda number=number: self.amenities.press(number))
        for place, occupation in enumerate(Occupation, 2):
            QShortcut(QKeySequence(f"Ctrl+F{place}"), self, lambda occupation=occupation: self._say_occupation(occupation))
            made = QShortcut(QKeySequence(f"Shift+F{place}"), self)
            made.setAutoRepeat(False)  # held down it is still one card
            made.activated.connect(lambda occupation=occupation: self._nameless_card(occupation))
        for number in range(1, KEYS + 1):
            QShortcut(QKeySequence(f"Ctrl+Alt+{number}"), self, lambda number=number: self._all_the_same(number - 1))
        QShortcut(QKeySequence("Ctrl+Shift+C"), self, self.copy_summary)
        QShortcut(QKeySequence("F9"), self, self._open_station)

    # --- what the window asks of a page --------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look again."""
        visit_id, names = self._on.id if self._on else None, dict(self._names)
        code, whose = self._code, self._for
        self.jobs.read(lambda db: look(db, visit_id, names, code, whose), self._show, key="desk")

    def new(self) -> None:
        """Ctrl+N: 办卡 for somebody who stands here."""
        from .desk_register import open_registration

        self.field.close_list()
        recent = self._fresh_tally()
        open_registration(self.shell, self._months, recent.occupation if recent else None, self._registered)

    def look_up(self) -> None:
        """``/``: into the field; digits are text now, and Chinese can be typed."""
        self.settle()
        self._mean(Digits.SEARCH)
        self.field.set_ime(True)

    def scanned(self, text: str) -> bool:
        """A scan, from anywhere: it checks in. What was half typed waits, so that digits act on the card."""
        self.field.close_list()
        self.field.set_ime(False)
        self._focus_back()
        self._code = text
        if is_typed(text):
            self.loans.scanned(text)
            return True
        self._begin(Digits.HAND_OUT)
        actions.check_in(self.jobs, text, self._checked_in, self._refused_card)
        return True

    def _request_typed(self, number: str) -> None:
        """Somebody says the number of their request: to where it stands."""
        self.jobs.read(
            lambda db: requests.by_number(db, number).id, lambda request_id: self.shell.go("requests", request_id), self.shell.tell_error
        )

    def tally(self, occupation: Occupation) -> None:
        """F2 to F8: somebody without a card came in; a search that was begun waits, so that digits count."""
        self.field.set_ime(False)
        self.field.close_list()
        self._focus_back()
        self._end_number()
        self._code = ""
        self._begin(Digits.COUNT)
        actions.tally(self.jobs, occupation, self._counted)

    def show_subject(self, subject: str) -> None:
        """Check in a regular chosen on another page."""
        self._check_in_person(subject)

    def settle(self) -> None:
        """The field is where work goes on."""
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note(self, changes: Changes) -> None:
        if NAMES & changes.tables:
            self._names.clear()
        super()._note(changes)

    # --- checking in and counting --------------------------------------------------------------------------------

    def _begin(self, digits: Digits) -> None:
        """Something that puts somebody on the card is under way; digits typed meanwhile wait for it."""
        self._under_way += 1
        self.field.wait()
        self._mean(digits)

    def _arrived(self, visit: Visit | None, digits: Digits) -> None:
        self._under_way -= 1
        self._on, self._for, self._unopened = visit, "", ""
        self._mean(digits)
        if not self._under_way:
            waiting, self._later = self._later, []
            for number, given in waiting:
                self._digit(number, given)

    def _checked_in(self, outcome: tuple[CheckIn, Changes | None]) -> None:
        found, changes = outcome
        self._repeated, self._tell_check_in = found.repeated, changes
        self._arrived(found.visit, Digits.HAND_OUT)
        self.loans.arrived(found.visit)
        if changes is None:
            self.shell.tell(t("desk.repeated"))
            self.refresh()

    def _refused_card(self, error: StationError) -> None:
        """The card opens nothing: digits must not act on whoever was here before."""
        self._later.clear()
        self._arrived(None, Digits.SEARCH)
        self._unopened, self._new_card_helps = sentence(error), error.word != "badges.not_a_badge"
        self.shell.tell_error(error)
        self.refresh()

    def _counted(self, outcome: tuple[Visit, Changes]) -> None:
        visit, changes = outcome
        self._tally_steps, self._repeated = [changes.operation], False
        self._arrived(visit, Digits.COUNT)
        self.loans.arrived(visit)
        self.shell.tell_undoable(t("desk.tallied", who=label(visit.occupation), n=visit.person_times), changes)

    def _set_count(self, digit: int) -> None:
        if self._on is None:
            return
        self._number = (self._number + str(digit))[-3:] if self._number_ends.isActive() else str(digit)
        self._number_ends.start()
        actions.set_count(self.jobs, self._on.id, int(self._number), self._count_set)

    def _count_set(self, outcome: tuple[Visit, Changes]) -> None:
        visit, changes = outcome
        if self._on is not None and self._on.id == visit.id:
            self._on = visit
            self._tally_steps.append(changes.operation)
        self.shell.tell_undoable(t("desk.count_set", who=label(visit.occupation), n=visit.person_times), changes)

    def _end_number(self) -> None:
        self._number_ends.stop()
        self._number = ""

    def _check_in_person(self, person_id: str) -> None:
        self.settle()
        self._code = ""
        self._begin(Digits.HAND_OUT)
        actions.check_in_person(self.jobs, person_id, self._checked_in, self._refused_card)

    def _slip_typed(self, digits: str) -> None:
        from ..answer_sheet import open_for_slip

        open_for_slip(self.shell, digits)

    def _tell_waiting(self) -> None:
        """What was answered to this person's requests at other stations."""
        if self._view is not None and self._view.waiting:
            from ..answer_sheet import open_for_badge

            open_for_badge(self.shell, self._view.waiting_for)

    # --- 办卡 ----------------------------------------------------------------------------------------------------

    def _fresh_tally(self) -> Visit | None:
        """The tally on the card while it is fresh: who gets a card now was most likely counted by it."""
        if self._on is None or self._on.person_id is not None:
            return None
        passed = self.jobs.db.now() - datetime.fromisoformat(self._on.time)
        return self._on if passed < FRESH else None

    def _registered(self, outcome: tuple[Person, Changes]) -> None:
        """The owner of a new card stands here and is checked in; an anonymous count of them is taken back (no recount)."""
        person, _changes = outcome
        self.shell.close_sheet()
        counted = self._fresh_tally()
        if counted is not None and counted.occupation is person.occupation:
            if counted.person_times > 1:
                actions.set_count(self.jobs, counted.id, counted.person_times - 1, lambda _done: None)
            else:
                for operation in reversed(self._tally_steps):
                    actions.undo(self.jobs, operation, lambda _done: None)
        self._new_card = person.id
        self._check_in_person(person.id)

    def _nameless_card(self, occupation: Occupation) -> None:
        """Shift and the key of the tally: a nameless card for who stands here, who is checked in with it."""
        if self.may(Op.REGISTER):
            actions.register(self.jobs, occupation, "", "", "", Consent.NONE, self._registered, self.shell.tell_error)

    # --- digits --------------------------------------------------------------------------------------------------

    def _mean(self, digits: Digits) -> None:
        """From now on digits in the empty field mean this; the lines above shelf and tally say so."""
        self._digits = digits
        self.field.digits_act = digits is not Digits.SEARCH
        if digits is Digits.SEARCH:
            self.field.resume()
        self._show_hints()

    def _go_on_typing(self) -> None:
        """What was half typed before the scan is worked on again."""
        self._mean(Digits.SEARCH)
        self.field.show_again()

    def _digit(self, number: int, given: bool) -> None:
        if self._under_way:
            self._later.append((number, given))
        elif number == 0 and self.loans.lend_to_nobody():
            return
        elif number == 0 and not given and self._digits is Digits.HAND_OUT and self.card.loans.first:
            self.loans.give_back(self.card.loans.first)
        elif self._digits is Digits.SEARCH:
            self.field.setText(self.field.text() + str(number))
        elif self._digits is Digits.COUNT and not given:
            self._set_count(number)
        elif self._offer(number - 1) is None and self.field.waiting:
            self.shell.tell(t("desk.no_such_item", number=number))
        elif self._offer(number - 1) is None:
            self.field.setText(self.field.text() + str(number))
        else:
            self._hand_out(number - 1, given=given)

    def _offer(self, number: int) -> Offer | None:
        offers = self._view.offers[:KEYS] if self._view else ()
        return offers[number] if 0 <= number < len(offers) else None

    # --- handing out ---------------------------------------------------------------------------------------------

    def _hand_out(self, number: int, *, given: bool) -> None:
        """Hand out the item of a card, to whoever is on the card: a regular, one of a tally, or nobody known."""
        offer = self._offer(number)
        if offer is None:
            return
        item, on = offer.item, self._on
        person_id = on.person_id if on else None
        collected_by, person_id = (person_id, self._for) if self._for else (None, person_id)

        def done(outcome: tuple[Handout, Changes]) -> None:
            handout, changes = outcome
            names = self._names | self.card.whose.names
            who = names.get(person_id, t("desk.visitor")) if person_id else t("desk.anonymous")
            text = t("desk.handed_out", who=who, item=item.name, n=handout.quantity, unit=item.unit)
            if handout.collected_by:
                text = t("desk.collected", by=self._names.get(collected_by or "", t("desk.visitor")), text=text)
            if handout.already_given:
                text += t("desk.flag_given")
            if handout.short:
                text += t("desk.short_told")
            if item.alcohol:
                text += t("desk.alcohol_told")
            elif item.medicine:
                text += t("desk.medicine_told")
            self.shell.tell_undoable(text, changes)

        def refused(error: StationError) -> None:
            self._refused_handout(error, number)
            self.refresh()

        actions.hand_out(
            self.jobs, item.id, done, refused, person_id=person_id, visit_id=on.id if on else None,
            occupation=on.occupation if on else None, given=given, collected_by=collected_by,
        )  # fmt: skip

    def _all_the_same(self, number: int) -> None:
        """Ctrl+Alt+digit: a rule stands against it, and whoever may sets it aside with a reason."""
        offer = self._offer(number)
        if offer is None or offer.barrier is None:
            return
        on, item = self._on, offer.item

        def save(reason: str, otherwise: Otherwise) -> None:
            from .. import supply_actions

            def done(outcome: tuple[Handout, Changes]) -> None:
                self.shell.close_sheet()
                self.shell.tell_undoable(t("desk.given_all_the_same", item=item.name, reason=reason), outcome[1])

            supply_actions.hand_out_all_the_same(
                self.jobs, item.id, reason, done, otherwise, person_id=on.person_id if on else None, visit_id=on.id if on else None,
                occupation=on.occupation if on else None,
            )  # fmt: skip

        form = OverrideForm(self.shell, sentence(offer.barrier), save)
        self.shell.open_sheet(t("desk.all_the_same", item=item.name), form, submit=t("desk.give"))

    def _refused_handout(self, error: StationError, number: int) -> None:
        if not isinstance(error, RuleRefused):
            self.shell.tell_error(error)
            return
        given = t("desk.given_already", number=number + 1)
        self.shell.tell(sentence(error), given, lambda: self._hand_out(number, given=True), bad=True)

    # --- a guest of another station --------------------------------------------------------------------------------

    def _say_occupation(self, occupation: Occupation) -> None:
        """What a guest does, whose badge does not say it; it is remembered for the next time."""
        if self._on is None or self.card.occupations.isHidden():
            return

        def done(outcome: tuple[Visit, Changes | None]) -> None:
            if outcome[1] is None:
                self.refresh()
            else:
                self.shell.tell_undoable(t("desk.guest_is", who=label(occupation)), outcome[1])

        actions.set_occupation(self.jobs, self._on.id, occupation, done)

    def _collect_for(self, person_id: str) -> None:
        """What is handed out next is for this companion of whoever is on the card; "" for themselves."""
        if self.card.whose.isHidden():
            return
        self._for = person_id
        self.settle()
        self.refresh()

    # --- services used -------------------------------------------------------------------------------------------

    def _use_amenity(self, amenity: Amenity, used: bool) -> None:
        if self._on is None:
            return

        def done(changes: Changes | None) -> None:
            if changes is None:
                self.refresh()
            else:
                text = t("desk.used", what=label(amenity)) if used else t("desk.not_used", what=label(amenity))
                self.shell.tell_undoable(text, changes)

        actions.use_amenity(self.jobs, self._on.id, amenity, used, done)

    # --- keys ----------------------------------------------------------------------------------------------------

    def _dismissed(self) -> None:
        """Esc: digits are text; in an empty field the card is put away as well."""
        self.field.close_list()
        if self.loans.put_away():
            return
        if self._digits is Digits.SEARCH and self.field.was_empty:
            self._on, self._unopened = None, ""
            self.refresh()
        self._mean(Digits.SEARCH)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is typed anywhere on the page goes into the field; Esc goes back to it."""
        text = event.text()
        command = event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
        if event.key() == Qt.Key.Key_Escape:
            self.settle()
        elif text and text.isprintable() and not command and not self.field.hasFocus():
            self.settle()
            QApplication.sendEvent(self.field, event)
        else:
            super().keyPressEvent(event)

    def _focus_back(self) -> None:
        """To the field, unless a form has the focus."""
        focus = QApplication.focusWidget()
        if focus is None or focus is self or self.isAncestorOf(focus):
            self.settle()

    # --- the day -------------------------------------------------------------------------------------------------

    def copy_summary(self) -> None:
        """Put the day so far on the clipboard, without names."""

        def put(text: str) -> None:
            QGuiApplication.clipboard().setText(text)
            self.shell.tell(t("desk.copied"))

        self.jobs.read(summary, put, key="summary")

    def _open_station(self) -> None:
        if not self.opening.isHidden():
            self.opening.hide()
            actions.open_station(
                self.jobs, "", None, lambda changes: self.shell.tell_undoable(t("desk.opened"), changes)
            )

    def _act_on(self, entry: Entry) -> None:
        """The action at the end of a line of the log: all it says is taken back, or its request is opened."""
        if entry.request:
            self.shell.go("requests", entry.request)
        else:
            for operation in entry.operations:
                self.shell.undo(operation)

    def _new_hour(self) -> None:
        """The day or the hour turned while nothing happened."""
        stamp = self.jobs.db.stamp()
        if self._view is not None and (stamp.business_date, stamp.hour) != (
            self._view.day.isoformat(),
            self._view.hour,
        ):
            self.refresh()

    # --- showing -------------------------------------------------------------------------------------------------

    def _show(self, view: DeskView) -> None:
        """Change what differs; cards, rows and labels stay."""
        self._view, self._names, self._months = view, dict(view.names), view.months
        present = view.present
        if self._on is not None and not self._under_way:
            self._on = present.visit if present is not None else None
            if present is None:
                self._mean(Digits.SEARCH)
        if present is not None:
            self.card.show_present(present, self._repeated, view.day)
            allowed = any(offer.item.collect for offer in view.offers)
            self.card.whose.show_for(present.companions if allowed else (), self._for)
        elif self._unopened:
            self.card.show_unopened(self._unopened, self._new_card_helps)
        else:
            self.card.show_nobody()
        self.card.show_waiting(view.waiting)
        self.card.loans.show_loans(present.loans if present is not None else (), view.now)
        self.shelf.show_offers(view.offers, present is not None and present.person is not None, view.day)
        self.shelf.setVisible(bool(view.offers))
        self._parts.setSpacing(AIR if len(view.offers) <= ONE_ROW else LESS_AIR)
        self._empty_shelf.setVisible(not view.offers)
        self._more.setVisible(len(view.offers) > KEYS and self.shell.offers("supplies"))
        self._more.set_text(t("desk.more_items", n=len(view.offers) - KEYS) if len(view.offers) > KEYS else "")
        self.amenities.show_used(present.amenities if present else (), present is not None)
        self.tallies.show_counts(view.today.anonymous)
        self.day.show_day(view, self.shell.station)
        self.log.show_entries(entries(view.lines, view.names, view.items))
        self.opening.setVisible(not view.opened)
        self._show_weather(view)
        self._show_hints()
        self._tell_arrival(view)

    def _show_weather(self, view: DeskView) -> None:
        """What the weather suggests: only said, and only while something is short."""
        short = t("terms.list").join(f"{item.name} {item.balance} {item.unit}" for item in view.advice.short[:SHORT])
        self.weather.setVisible(bool(short))
        if short and view.weather.level is not None:
            word = "desk.heat_short" if view.weather.level.heat else "desk.cold_short"
            self.weather.say(t(word, items=short))

    def _show_waiting(self, asset: Asset | None) -> None:
        """A thing waits for whoever comes next: said above the card, and 0 means nobody in particular."""
        self._waiting.setVisible(asset is not None)
        if asset is not None:
            self._waiting.text.set(t("desk.asset_waits_how", title=asset.title))
        self.field.digits_act = asset is not None or self._digits is not Digits.SEARCH

    def _tell_arrival(self, view: DeskView) -> None:
        """Say who was checked in, now that the name is read."""
        changes, self._tell_check_in = self._tell_check_in, None
        person = view.present.person if view.present is not None else None
        if changes is None or person is None:
            return
        word = t("desk.checked_in", name=person_name(person))
        if person.id == self._new_card:
            word = t("desk.registered", number=person.card_number, name=person_name(person))
        self._new_card = ""
        self.shell.tell_undoable(word, changes)

    def _show_hints(self) -> None:
        """Say what digits do now."""
        present = self._view.present if self._view else None
        person = (
            present.person if present is not None and self._on is not None and present.visit.id == self._on.id else None
        )
        hands_out = self._digits is Digits.HAND_OUT
        if hands_out and person is not None:
            self._hint.set(t("desk.digits_hand_out", name=person_name(person)))
        else:
            self._hint.set(t("desk.digits_hand_out_after"))
        self._given_cap.setVisible(hands_out)
        self._given_hint.setVisible(hands_out)
        counts = self._digits is Digits.COUNT
        self._count_hint.set(t("desk.digits_count") if counts else t("desk.digits_count_after"))
