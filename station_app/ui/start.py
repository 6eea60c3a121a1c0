"""The window before a database is open: it unlocks the station of a folder, or sets one up in calm steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from .. import db as database
from .. import vault, words
from ..db import DAMAGE, Database
from ..errors import Cancelled, StationError
from ..model import Keeper
from ..paths import DataFolder
from ..services import slots
from ..words import t
from . import start_work, theme
from .aside import Aside
from .errands import Errand, Practised, Practising, Rescuing, Restoring
from .feedback import sentence
from .forms import PasswordField
from .kit import Button, FilterTabs, Icon, Notice, Row, Scroll, Text
from .start_recover import RecoverCard, StartCard
from .start_steps import Beginning, KeeperStep, StationStep, Summary
from .start_work import Clock

if TYPE_CHECKING:
    from ..services.rescue import Patient
    from .handbook import Handbook
    from .rescue import Bedside

STEPS = ("begin", "station", "keeper", "summary")


class StartWindow(QWidget):
    """Unlock or set-up, whichever the folder needs. ``opened`` hands over the open Database, once."""

    opened = Signal(object)
    can_rescue: ClassVar[bool] = True
    """Whether a store that is found damaged can be rescued here."""
    can_practise: ClassVar[bool] = True
    """Whether a practice day is offered here."""
    _advanced = Signal(int, int)

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock = database.wall_clock,
        cost: vault.Cost = vault.DESK,
        errand: Errand | None = None,
    ) -> None:
        super().__init__()
        self._folder, self._clock, self._cost = folder, clock, cost
        self._aside = Aside(self)
        self._rescues = self.can_rescue and isinstance(errand, Rescuing)
        self._told = (t("rescue.unlock_for_it"), "attention") if self._rescues else ("", "")
        if isinstance(errand, Practised):
            self._told = (t("drill.wiped"), "good") if errand.gone else (t("drill.still_open"), "attention")
        self._bedside: Bedside | None = None
        self._other: Callable[[], StartCard] | None = None
        if isinstance(errand, Restoring):
            from .start_restore import RestoringCard

            self._other = partial(RestoringCard, self, errand)
        self._aside.broken.connect(self._broken)
        self._chosen_language = ""
        self._closed = False
        self._stop = Event()
        self._advanced.connect(self._advance)
        self.setProperty("ground", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.resize(1366, 768)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(20, 12, 20, 20)
        self.card: StartCard | None = None
        self._recovering = False
        QShortcut(QKeySequence("F11"), self, self._toggle_large)
        QShortcut(QKeySequence("F1"), self, self.show_handbook)
        self.book: Handbook | None = None
        self._build()
        if isinstance(errand, Practising):
            self.practise()
        elif self.can_practise and start_work.practice_left(folder):  # by a power cut in the middle of it
            self._aside.do(lambda: start_work.end_practice(folder))

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return self._aside.idle

    def _build(self) -> None:
        """Everything that speaks, made anew; what was filled in stays."""
        self.setWindowTitle(t("start.title"))
        kept = self.card.filled() if self.card is not None else None
        while (item := self._outer.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        if self._other is not None:
            self.card = self._other()
        elif not self._exists():
            self.card = self._set_up_card()
        else:
            self.card = RecoverCard(self) if self._recovering else UnlockCard(self)
        self.languages = FilterTabs([("zh", t("kit.chinese")), ("en", t("kit.english"))])
        self.languages.choose(words.language())
        self.languages.chosen.connect(self._speak)
        self.languages.setFixedWidth(theme.tokens().px(150))
        self.languages.setAccessibleName(t("kit.language"))
        head, middle = QWidget(), QWidget()
        self.help = Button(t("handbook.title"), "link", icon="help", key="F1")
        self.help.clicked.connect(self.show_handbook)
        self.help.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        head.setLayout(Row(Text(t("start.brand"), "strong"), None, self.help, self.languages))
        across = QHBoxLayout(middle)
        across.setContentsMargins(0, 0, 0, 0)
        across.addStretch(1)
        across.addWidget(self.card, 0, Qt.AlignmentFlag.AlignVCenter)
        across.addStretch(1)
        self._outer.addWidget(head)
        if self._told[0] and self._other is None:
            self._outer.addWidget(Notice(*self._told))
        self._outer.addWidget(Scroll(middle), 1)
        if kept is not None:
            self.card.fill(kept)
        self.card.settle()

    # --- what a district's start does its own way ----------------------------------------------------------------

    def _exists(self) -> bool:
        place = DataFolder(self._folder)
        return slots.put_back(place) or place.exists

    def _set_up_card(self) -> StartCard:
        return SetUpCard(self)

    def _open(self, password: str, language: str) -> Database:
        return start_work.unlock(self._folder, password, clock=self._clock, language=language)

    def _who(self, groups: tuple[str, ...]) -> list[Keeper]:
        return start_work.whose(self._folder, groups, clock=self._clock)

    def _open_anew(self, groups: tuple[str, ...], keeper_id: str, password: str, language: str) -> Database:
        return start_work.recover(
            self._folder, groups, keeper_id, password, clock=self._clock, cost=self._cost, language=language
        )

    def showEvent(self, event: QShowEvent) -> None:
        """The cursor stands where one begins."""
        super().showEvent(event)
        if self.card is not None:
            self.card.settle()

    def changeEvent(self, event: QEvent) -> None:
        """Nor elsewhere when the window comes to the front only after a card was put into it."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self.card is not None and self.book is None:
            focus = QApplication.focusWidget()
            if focus is None or not self.card.isAncestorOf(focus):
                self.card.settle()

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is under way is finished first, so that nothing half made stays."""
        self._closed = True
        self._stop.set()
        self._aside.close()
        if self._bedside is not None:
            self._bedside.close()
        super().closeEvent(event)

    # --- what the cards ask for ----------------------------------------------------------------------------------

    def unlock(self, password: str, otherwise: Callable[[StationError], None]) -> None:
        """Open the station here with a password."""
        language = self._chosen_language
        if self._rescues:
            self._rescue(lambda: start_work.patient(self._folder, password), otherwise)
            return
        self._aside.do(
            lambda: self._open(password, language), self._hand_over,
            lambda error: self._refused(error, lambda: start_work.patient(self._folder, password), otherwise),
        )  # fmt: skip

    def recovering(self, begun: bool) -> None:
        """Show the way in by the recovery sheet, or the password again."""
        self._recovering = begun
        self.card = None  # nothing of the one is filled into the other
        self._build()

    def whose(
        self, groups: tuple[str, ...], then: Callable[[list[Keeper]], None], otherwise: Callable[[StationError], None]
    ) -> None:
        """Who works here, for whoever has the recovery sheet."""
        self._aside.do(
            lambda: self._who(groups), then,
            lambda error: self._refused(error, lambda: start_work.patient_by_sheet(self._folder, groups), otherwise),
        )  # fmt: skip

    def _refused(
        self, error: StationError, patient: Callable[[], Patient], otherwise: Callable[[StationError], None]
    ) -> None:
        """A store whose slot opened and whose file does not is damaged: on to its rescue."""
        if error.word in DAMAGE and self.can_rescue:
            self._rescue(patient, otherwise)
        else:
            otherwise(error)

    def _rescue(self, patient: Callable[[], Patient], otherwise: Callable[[StationError], None]) -> None:
        from .rescue import Bedside, RescueCard

        def found(one: Patient) -> None:
            self._bedside = Bedside(one)
            self.leave_for(partial(RescueCard, self, self._bedside))

        self._aside.do(patient, found, otherwise)

    def restore(self) -> None:
        """To the backups, which are all that some computers have."""
        from .start_restore import RestoreCard

        self.leave_for(partial(RestoreCard, self))

    def leave_for(self, card: Callable[[], StartCard] | None, told: str = "", *, bad: bool = False) -> None:
        """Show another card, or the way in again with a sentence of what happened."""
        self._other, self._told = card, (told, "bad" if bad else "good")
        self._recovering = self._rescues = False
        self.card = None
        self._build()

    def long(
        self,
        work: Callable[[Callable[[int, int], None]], Any],
        then: Callable[[Any], None],
        otherwise: Callable[[StationError], None],
    ) -> None:
        """Do something that shows how far it is; ``stop`` ends it."""
        self._stop.clear()
        self._aside.do(lambda: work(self._progress), then, otherwise)

    def recover(
        self, groups: tuple[str, ...], keeper_id: str, password: str, otherwise: Callable[[StationError], None]
    ) -> None:
        """Open the station with a keeper's new password."""
        language = self._chosen_language
        self._aside.do(lambda: self._open_anew(groups, keeper_id, password, language), self._hand_over, otherwise)

    def set_up(self, plan: start_work.Plan, otherwise: Callable[[StationError], None]) -> None:
        """Make the station."""
        language = self._chosen_language
        self._aside.do(
            lambda: start_work.create(self._folder, plan, clock=self._clock, cost=self._cost, language=language),
            self._hand_over,
            otherwise,
        )

    def try_sample(self, otherwise: Callable[[StationError], None]) -> None:
        """Open the sample station, made the first time; ``stop`` ends the making."""
        language = self._chosen_language
        self._stop.clear()
        self._aside.do(
            lambda: start_work.sample(
                self._folder, clock=self._clock, cost=self._cost, language=language, progress=self._progress
            ),
            self._hand_over,
            otherwise,
        )

    def practise(self) -> None:
        """A practice station, made afresh and opened."""
        if self.card is not None:
            self.card.busy(t("drill.making"))
        self._aside.do(
            lambda: start_work.practice(self._folder, clock=self._clock), self._hand_over,
            lambda error: self.card.failed(sentence(error)) if self.card is not None else None,
        )  # fmt: skip

    def stop(self) -> None:
        """Stop making the sample station; nothing of it stays."""
        self._stop.set()

    def _progress(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise Cancelled("kit.cancelled")
        self._advanced.emit(done, total)

    def _advance(self, done: int, total: int) -> None:
        if self.card is not None:
            self.card.progress.advance(done, total)

    def suggest_code(self, name: str, then: Callable[[str], None]) -> None:
        """A code for a station of this name."""
        self._aside.do(lambda: start_work.code_for(name), then)

    @property
    def place(self) -> str:
        """Where the data is, or will be."""
        return str(self._folder)

    @property
    def data(self) -> DataFolder:
        """The folder of the data."""
        return DataFolder(self._folder)

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return self._clock

    @property
    def aside(self) -> Aside:
        """The thread for what takes a moment."""
        return self._aside

    @property
    def hour(self) -> int:
        """The hour on the wall."""
        return self._clock().astimezone().hour

    def _hand_over(self, db: Database) -> None:
        if self._closed:
            db.close()
        else:
            self.opened.emit(db)

    def _broken(self, error: BaseException) -> None:
        """A fault of ours: said plainly, and raised where crashes are handled."""
        if self.card is not None:
            self.card.failed(t("start.broken"))
        raise error

    # --- the handbook --------------------------------------------------------------------------------------------

    def show_handbook(self) -> None:
        """F1: the first day, over whatever is filled in; F1 again or Esc goes back to it."""
        if self.book is not None:
            self._leave_book()
            return
        from .handbook import Handbook

        self.book = Handbook()
        self.book.setParent(self)
        self.book.keys.hide()
        self.book.left.connect(self._leave_book)
        self.book.setGeometry(self.rect())
        self.book.show()
        self.book.raise_()
        self.book.show_page("first-day" if self.can_practise else "district")
        self.book.settle()

    def _leave_book(self) -> None:
        book, self.book = self.book, None
        if book is not None:
            book.hide()
            book.deleteLater()
            if self.card is not None:
                self.card.settle()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The handbook covers everything."""
        super().resizeEvent(event)
        if self.book is not None:
            self.book.setGeometry(self.rect())

    # --- language and type ---------------------------------------------------------------------------------------

    def _speak(self, language: str) -> None:
        if language != words.language() and self._aside.idle:
            self._chosen_language = language
            words.use(language)
            self._build()

    def _toggle_large(self) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            worn = theme.tokens()
            theme.apply(app, large=not worn.large, dark=worn.dark, pictures=bool(app.property("pictures")))
            if self.card is not None:
                self.card.fit()


class UnlockCard(StartCard):
    """A greeting and the password."""

    def __init__(self, window: StartWindow) -> None:
        super().__init__(window, 520)
        self.password = PasswordField("password", t("start.your_password"))
        self.password.entered.connect(self._try)
        self.enter = Button(t("start.unlock"), "primary", key="Enter")
        self.enter.clicked.connect(self._try)
        self.forgotten = Button(t("start.forgotten"), "link")
        self.forgotten.clicked.connect(lambda: window.recovering(True))
        self.restore = Button(t("restore.old"), "link")
        self.restore.clicked.connect(window.restore)
        self.practise = Button(t("drill.begin"), "link")
        self.practise.clicked.connect(window.practise)
        if not window.can_practise:
            self.practise.hide()
        for part in (
            Row(Icon("lock", "brand", 28), Text(_greeting(window.hour), "title"), None),
            Text(t("start.unlock_help"), "muted", wrap=True), self.password, self.errors, self.progress,
            Row(self.enter, None), Row(self.forgotten, self.practise, None, self.restore),
            Text(t("start.where", place=window.place), "small", wrap=True, selectable=True),
        ):  # fmt: skip
            self.body.addLayout(part) if isinstance(part, Row) else self.body.addWidget(part)

    def settle(self) -> None:
        """Put the cursor into the password."""
        self.password.take_focus()

    def filled(self) -> dict[str, Any]:
        """The password."""
        return {"password": self.password.value()}

    def fill(self, filled: dict[str, Any]) -> None:
        """The password again."""
        self.password.set_value(filled.get("password"))

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """The password waits while it is tried."""
        super().busy(text, cancel=cancel)
        self.password.setEnabled(not text)
        self.enter.setEnabled(not text)
        self.forgotten.setEnabled(not text)
        self.restore.setEnabled(not text)
        self.practise.setEnabled(not text)

    def failed(self, text: str) -> None:
        """What was typed stays, ready to be typed over."""
        super().failed(text)
        self.password.line.selectAll()
        self.password.take_focus()

    def _try(self) -> None:
        if not self.password.value():
            self.password.show_error(t("kit.required"))
            return
        self.busy(t("start.unlocking"))
        self._window.unlock(self.password.value(), lambda error: self.failed(sentence(error)))


class SetUpCard(StartCard):
    """The steps of setting up, one at a time; Enter goes on, Esc back."""

    def __init__(self, window: StartWindow) -> None:
        super().__init__(window, 660)
        self.step = "begin"
        self._suggested = ""
        self._title, self._where, self._hint = Text("", "title"), Text("", "muted"), Text("", "muted", wrap=True)
        self.begin, self.station, self.keeper, self.summary = Beginning(), StationStep(), KeeperStep(), Summary()
        self.begin.own.connect(lambda: self.go("station"))
        self.begin.sample.connect(self._try_sample)
        self.begin.practice.connect(window.practise)
        self.begin.restore.connect(window.restore)
        self.station.submitted.connect(lambda _values: self.go("keeper"))
        self.keeper.submitted.connect(lambda _values: self.go("summary"))
        self.station.field("name").entered.connect(self._suggest)
        self.progress.cancelled.connect(window.stop)
        self._stack = QStackedWidget()
        for widget in (self.begin, self.station, self.keeper, self.summary):
            self._stack.addWidget(widget)
        self.on, self.back = Button("", "primary", key="Enter"), Button(t("start.back"), key="Esc")
        self.on.clicked.connect(self._go_on)
        self.back.clicked.connect(self.go_back)
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.go_back)
        self.body.addLayout(Row(self._title, None, self._where))
        for part in (self._hint, self.errors, self._stack, self.progress):
            self.body.addWidget(part)
        self.body.addLayout(Row(self.on, self.back, None))
        self.go("begin")

    def go(self, step: str) -> None:
        """Show a step."""
        self.step = step
        number = STEPS.index(step)
        self.errors.clear()
        self._title.set(t(f"start.step_{step}"))
        self._hint.set(t(f"start.hint_{step}"))
        self._where.set(t("start.step_of", number=number, total=len(STEPS) - 1) if number else "")
        self.on.setVisible(number > 0)
        self.back.setVisible(number > 0)
        self.on.set_text(t("start.make") if step == "summary" else t("start.next"))
        if step == "summary":
            self.summary.show_plan(self._plan(), self._window.place)
        self._stack.setCurrentIndex(number)
        self.settle()

    def go_back(self) -> None:
        """The step before; what was filled in stays."""
        if self.step != "begin" and self._window.idle:
            self.go(STEPS[STEPS.index(self.step) - 1])

    def settle(self) -> None:
        """Put the cursor where this step begins."""
        if self.step == "summary":
            self.on.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            form = {"station": self.station, "keeper": self.keeper}.get(self.step)
            (form or self.begin).take_focus()

    def filled(self) -> dict[str, Any]:
        """Both forms and the step."""
        return {"step": self.step, "station": self.station.values(), "keeper": self.keeper.values()}

    def fill(self, filled: dict[str, Any]) -> None:
        """Both forms and the step again."""
        self.station.set_values(filled["station"])
        self.keeper.set_values(filled["keeper"])
        self.go(filled["step"])

    def busy(self, text: str, *, cancel: bool = False) -> None:
        """While the station is being made nothing else can be pressed."""
        super().busy(text, cancel=cancel)
        for widget in (self._stack, self.on, self.back):
            widget.setEnabled(not text)

    def failed(self, text: str) -> None:
        """It did not work; the button is there to try again."""
        super().failed(text)
        self.settle()

    def _go_on(self) -> None:
        if self.step == "station":
            self.station.submit()
        elif self.step == "keeper":
            self.keeper.submit()
        else:
            self.busy(t("start.making"))
            self._window.set_up(self._plan(), self._not_made)

    def _plan(self) -> start_work.Plan:
        return start_work.planned(self.station.values(), self.keeper.values())

    def _not_made(self, error: StationError) -> None:
        """Under its field when it is about one, else above the steps; nothing was made."""
        self.busy("")
        for step, form in (("station", self.station), ("keeper", self.keeper)):
            if form.tell(error):
                self.go(step)
                form.tell(error)
                return
        self.failed(sentence(error))

    def _try_sample(self) -> None:
        self.busy(t("start.making_sample"), cancel=True)
        self._window.try_sample(lambda error: self.failed(sentence(error)))

    def _suggest(self) -> None:
        code = self.station.field("code")
        if code.value() in ("", self._suggested):
            self._window.suggest_code(self.station.field("name").value(), self._take_suggestion)

    def _take_suggestion(self, code: str) -> None:
        field = self.station.field("code")
        if code and field.value() in ("", self._suggested):
            self._suggested = code
            field.set_value(code)


def _greeting(hour: int) -> str:
    """Good morning, afternoon or evening."""
    if 5 <= hour < 12:
        return t("start.morning")
    return t("start.afternoon") if 12 <= hour < 18 else t("start.evening")
