"""The screen left to the visitors: scan or tap, a friendly answer, a face on the way out; a keeper's PIN takes it back.

::

    Kiosk(jobs, db, station, *, clock=monotonic)
        .begin()          bound to the visitors' own (``model.KIOSK``) on the writer thread, then shown from the front
        .begun            it is bound; ``.refused(StationError)`` it cannot be
        .scanned(code)    a scan while it is shown
        .ask_pin()        somebody wants to leave, or to close the window
        .left(AtWork)     a PIN was right

Screens: front, answer, card (a number typed), pin. All but the front one return to it by themselves; ``tick`` looks at the
clock every quarter of a second. What is done here needs no keeper and shows nobody's data: names come masked from the
services, because the role is an evening keeper's while ``Database.only`` bounds the store.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QStackedWidget, QVBoxLayout, QWidget

from .. import words
from ..db import Database
from ..errors import StationError
from ..model import Changes, Keeper, Mood, Occupation, Station
from ..services import feedback, keepers
from ..vault import CARD_DIGITS
from ..words import label, t
from . import kiosk_reads as reads
from .feedback import sentence
from .jobs import Jobs
from .kiosk_parts import Banner, Dots, Pad, Tile, Time, Words, across, grow_all
from .lock import AtWork
from .theme import tokens

ANSWER, CARD, ASKED, THANKS = 14.0, 30.0, 30.0, 3.0
"""Seconds after which the answer, the pad for a card number, the one for a PIN and the thanks make room for the next visitor."""
GUARD = 0.7
"""Seconds after a screen came up in which a tap still meant the one before."""
FACE_PAUSE = 4.0
"""Seconds between two faces: a child may press them, once."""
PIN_DIGITS = 6
GOODS = 6
"""What is named at most."""
SIZE = (1366, 768)
ORDER = (
    Occupation.RIDER, Occupation.COURIER, Occupation.SANITATION_WORKER, Occupation.RIDE_HAIL_DRIVER, Occupation.TRUCK_DRIVER,
    Occupation.RESIDENT, Occupation.OTHER,
)  # fmt: skip
"""The tiles: whom a station is for comes first (design/kiosk.png)."""


class Kiosk(QWidget):
    """See above."""

    begun = Signal()
    refused = Signal(object)
    left = Signal(object)

    def __init__(self, jobs: Jobs, db: Database, station: Station, *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._jobs, self._db, self._station, self._clock = jobs, db, station, clock
        self._shown_at = self._ends = 0.0
        self._lasts = ANSWER
        self._face_at = float("-inf")
        self._language = words.language()
        self._typed = ""
        self._keepers: list[Keeper] = []
        self._keeper = ""
        self._front = reads.Front(None, ())
        self._answer: Callable[[], None] = lambda: None
        self._under_way = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.screens = QStackedWidget(self)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.screens)
        self._build()
        self.timer = QTimer(self, interval=250)
        self.timer.timeout.connect(self.tick)

    # --- building ------------------------------------------------------------------------------------------------

    def _build(self) -> None:
        """All screens, in the language of now."""
        while (old := self.screens.widget(0)) is not None:
            self.screens.removeWidget(old)
            old.deleteLater()
        self.front, self.answer, self.card, self.pin = self._front_screen(), self._answer_screen(), self._card_screen(), self._pin_screen()
        for screen in (self.front, self.answer, self.card, self.pin):
            self.screens.addWidget(screen)
        self._speak_front()
        self._grow()

    @staticmethod
    def _screen(*parts: QWidget | QLayout | None) -> QWidget:
        screen = QWidget()
        column = QVBoxLayout(screen)
        column.setSpacing(18)
        for part in parts:
            if part is None:
                column.addStretch(1)
            elif isinstance(part, QWidget):
                column.addWidget(part)
            else:
                column.addLayout(part)
        return screen

    def _front_screen(self) -> QWidget:
        self.title, self.day = Words(t("kiosk.welcome"), 44, bold=True), Words("", 22, colour="muted")
        self.banner = Banner()
        self.banner.set(t("kiosk.have_card"), t("kiosk.no_card"))
        self.tiles = {one: Tile(label(one), key=str(place)) for place, one in enumerate(ORDER, start=1)}
        for one, tile in self.tiles.items():
            tile.clicked.connect(lambda _checked=False, one=one: self._tap(lambda: self.tally(one)))
        self.number = Tile(t("kiosk.type_number"), line=t("kiosk.type_number_why"), size=26, key="8", tone="brand")
        self.number.clicked.connect(lambda: self._tap(self.ask_number))
        self.speak_other = Tile(t("kiosk.other_language"), size=22)
        self.speak_other.clicked.connect(lambda: self._tap(self._turn_language))
        self.leave_button = Tile("", icon="lock", size=18, tone="muted")
        self.leave_button.setAccessibleName(t("kiosk.leave"))
        self.leave_button.clicked.connect(self.ask_pin)
        head = QHBoxLayout()
        said = QVBoxLayout()
        said.setSpacing(4)
        said.addWidget(self.title)
        said.addWidget(self.day)
        head.addLayout(said, 1)
        for small in (self.speak_other, self.leave_button):
            head.addWidget(small, 0, Qt.AlignmentFlag.AlignTop)
        grid = across([*self.tiles.values(), self.number], 4, 18)
        row, self.faces = self._faces()
        screen = self._screen(head, self.banner, grid, row)
        layout = screen.layout()
        if isinstance(layout, QVBoxLayout):
            layout.setStretch(2, 1)
        return screen

    def _faces(self) -> tuple[QHBoxLayout, dict[Mood, Tile]]:
        """The question and three faces."""
        row = QHBoxLayout()
        row.setSpacing(16)
        asked = Words(t("kiosk.how_was_it"), 22, colour="muted")
        row.addWidget(asked, 1)
        tones = {Mood.GOOD: "good", Mood.FAIR: "attention", Mood.POOR: "bad"}
        faces = {mood: Tile(label(mood), icon=f"face_{mood.value}", size=22, tone=tones[mood]) for mood in Mood}
        for mood, tile in faces.items():
            tile.clicked.connect(lambda _checked=False, mood=mood: self._tap(lambda: self.press_face(mood)))
            row.addWidget(tile)
        return row, faces

    def _answer_screen(self) -> QWidget:
        self.hello, self.told = Words("", 46, bold=True, middle=True), Words("", 26, middle=True)
        self.waiting = Words("", 26, bold=True, colour="attention", middle=True)
        self.goods_title = Words("", 24, colour="muted", middle=True)
        self.goods = [Tile("", line=" ", size=26) for _ in range(GOODS)]
        for tile in self.goods:
            tile.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            tile.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.back = Tile(t("kiosk.done"), size=26, tone="brand")
        self.back.clicked.connect(lambda: self._tap(self.show_front))
        self.time = Time()
        grid = across(self.goods, 3, 16)
        foot, self.answer_faces = self._faces()
        foot.addWidget(self.back)
        return self._screen(None, self.hello, self.told, self.waiting, self.goods_title, grid, None, foot, self.time)

    def _card_screen(self) -> QWidget:
        self.digits, self.card_pad = Dots(CARD_DIGITS, secret=False), Pad()
        self.card_told = Words(t("kiosk.number_how"), 22, colour="muted", middle=True)
        self._wire(self.card_pad, self._card_done)
        return self._with_pad(Words(t("kiosk.type_number"), 40, bold=True, middle=True), self.card_told, self.digits, self.card_pad)

    def _pin_screen(self) -> QWidget:
        self.dots, self.pin_pad = Dots(PIN_DIGITS, secret=True), Pad()
        self.pin_told = Words("", 22, colour="muted", middle=True)
        self._who = QHBoxLayout()
        self._who.setSpacing(10)
        self._wire(self.pin_pad, self._pin_done)
        return self._with_pad(Words(t("kiosk.leave"), 40, bold=True, middle=True), self.pin_told, self.dots, self.pin_pad, self._who)

    def _with_pad(self, title: Words, told: Words, dots: Dots, pad: Pad, who: QHBoxLayout | None = None) -> QWidget:
        back = Tile(t("kiosk.back"), size=22)
        back.clicked.connect(lambda: self._tap(self.show_front))
        middle = QHBoxLayout()
        column = QVBoxLayout()
        column.setSpacing(14)
        column.addWidget(title)
        column.addWidget(told)
        if who is not None:
            column.addLayout(who)
        column.addWidget(dots)
        column.addWidget(pad)
        column.addWidget(back)
        middle.addStretch(1)
        middle.addLayout(column, 2)
        middle.addStretch(1)
        return self._screen(None, middle, None)

    def _wire(self, pad: Pad, done: Callable[[], None]) -> None:
        pad.typed.connect(self._digit)
        pad.back.connect(self._take_back)
        pad.done.connect(done)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Everything grows with the screen."""
        super().resizeEvent(event)
        self._grow()

    def _grow(self) -> None:
        factor = max(0.5, min(self.width() / SIZE[0], self.height() / SIZE[1]))
        grow_all(self, factor)
        for screen in (self.front, self.answer, self.card, self.pin):
            layout = screen.layout()
            if layout is not None:
                edge = round(80 * factor) if self.width() >= self.height() else round(36 * factor)
                layout.setContentsMargins(edge, round(44 * factor), edge, round(30 * factor))
        for tile, wide, high in ((self.speak_other, 132, 60), (self.leave_button, 60, 60), (self.back, 230, 66)):
            tile.setFixedSize(round(wide * factor), round(high * factor))
        for tile in self.findChildren(Tile):
            if tile in self.goods:
                tile.setFixedHeight(round(104 * factor))
            elif tile in (*self.faces.values(), *self.answer_faces.values()):
                tile.setFixedSize(round(190 * factor), round(66 * factor))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A ground of its own, brighter than the desk's."""
        worn = tokens()
        QPainter(self).fillRect(self.rect(), "#F2F8F6" if not worn.dark else worn.background)

    # --- beginning and leaving -----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Bind the store and show the front screen; ``refused`` where whoever is at work could not come back."""

        def bound(keeper: str) -> None:
            self._keeper = keeper
            self._language = words.language()
            self.timer.start()
            self.begun.emit()
            self.show_front()

        self._jobs.run(reads.begin, bound, self.refused.emit)

    def ask_pin(self) -> None:
        """Who is back, and their PIN."""
        self._typed = ""
        self.dots.set("")
        self.pin_told.set(t("kiosk.leave_how"), "muted")
        self._jobs.read(keepers.listing, self._show_keepers, key="kiosk-keepers")
        self._show(self.pin, ASKED)

    def _show_keepers(self, found: list[Keeper]) -> None:
        self._keepers = found
        while (item := self._who.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for keeper in found if len(found) > 1 else []:
            tile = Tile(keeper.name, size=20, tone="brand" if keeper.id == self._keeper else "muted")
            tile.clicked.connect(lambda _checked=False, keeper=keeper: self._choose(keeper))
            self._who.addWidget(tile)
        self._grow()

    def _choose(self, keeper: Keeper) -> None:
        self._keeper = keeper.id
        self._show_keepers(self._keepers)

    def _pin_done(self) -> None:
        pin, self._typed = self._typed, ""
        self.dots.set("")
        if not pin or self._under_way:
            return
        self._under_way = True
        self._jobs.run(lambda db: reads.leave(db, self._keeper, pin), self._right, self._wrong)

    def _right(self, back: AtWork) -> None:
        self._under_way = False
        self.timer.stop()
        self._speak(self._language)
        self.left.emit(back)

    def _wrong(self, error: StationError) -> None:
        self._under_way = False
        self.pin_told.set(sentence(error), "bad")
        self._show(self.pin, ASKED)

    # --- what visitors do ----------------------------------------------------------------------------------------

    def scanned(self, code: str) -> None:
        """A badge was held to the scanner, whatever is shown; not while somebody types a PIN."""
        if self.screens.currentWidget() is not self.pin:
            self._ask(lambda db: reads.check_in(db, code), self._unknown)

    def tally(self, occupation: Occupation) -> None:
        """Somebody without a card tapped what they do."""
        self._ask(lambda db: reads.tally(db, occupation), self._unknown)

    def ask_number(self) -> None:
        """The card was left at home: its number will do."""
        self._typed = ""
        self.digits.set("")
        self.card_told.set(t("kiosk.number_how"), "muted")
        self._show(self.card, CARD)

    def press_face(self, mood: Mood) -> None:
        """What they thought of it; one face in a while."""
        if self._clock() - self._face_at < FACE_PAUSE:
            return
        self._face_at = self._clock()
        self._jobs.run(lambda db: feedback.add(db, mood), lambda _changes: self._say(t("kiosk.thanks"), t("kiosk.thanks_more"), THANKS))

    def _ask(self, work: Callable[[Database], tuple[reads.Welcome, Changes | None]], otherwise: Callable[[StationError], None]) -> None:
        if self._under_way:
            return
        self._under_way = True
        self._jobs.run(work, self._welcomed, otherwise)

    def _welcomed(self, found: reads.Welcome) -> None:
        self._under_way = False
        person = found.person
        if person is None:
            who = t("kiosk.hello_tally", who=label(found.occupation))
        elif person.name:
            first = person.name[0]
            who = t("kiosk.hello_name", name=first) if first >= "\u3400" else t("kiosk.hello_masked", name=person.name)
        else:
            who = t("kiosk.hello_card", number=person.card_number)
        told = t("kiosk.again") if found.repeated else t("kiosk.counted", n=found.place)
        self._say(who, told, ANSWER, found)

    def _unknown(self, error: StationError) -> None:
        """A card that opens nothing: nobody is sent away for it."""
        self._under_way = False
        if self.screens.currentWidget() is self.card:
            self._typed = ""
            self.digits.set("")
            self.card_told.set(t("kiosk.number_unknown"), "bad")
            self._show(self.card, CARD)
        else:
            self._say(t("kiosk.unknown"), t("kiosk.unknown_more"), ANSWER)

    def _card_done(self) -> None:
        number, self._typed = self._typed, ""
        self.digits.set("")
        if number:
            self._ask(lambda db: reads.check_in(db, number), self._unknown)

    # --- showing -------------------------------------------------------------------------------------------------

    def show_front(self) -> None:
        """Ready for the next visitor, in the station's language."""
        self._typed = ""
        self._speak(self._language)
        self._show(self.front, 0)
        self._jobs.read(reads.front, self._show_day, key="kiosk-front")

    def _show_day(self, found: reads.Front) -> None:
        self._front = found
        self._speak_front()

    def _speak_front(self) -> None:
        """The station, today's heat, what is on the shelf."""
        found = self._front
        parts = [self._station.name]
        if found.high is not None:
            parts.append(t("kiosk.high", high=found.high))
        if found.goods:
            parts.append(t("kiosk.on_the_shelf", goods=t("terms.list").join(found.goods[:3])))
        self.day.set(t("terms.dot").join(parts))

    def _say(self, hello: str, told: str, seconds: float, found: reads.Welcome | None = None) -> None:
        """The answer screen."""
        self.hello.set(hello)
        self.told.set(told)
        answers = found.answers if found is not None else 0
        self.waiting.set(t("kiosk.answers", n=answers) if answers else "")
        self.waiting.setVisible(bool(answers))
        goods = found.goods[:GOODS] if found is not None else ()
        self.goods_title.set(t("kiosk.may_take") if goods else "")
        self.goods_title.setVisible(bool(goods))
        for place, tile in enumerate(self.goods):
            tile.setVisible(place < len(goods))
            if place < len(goods):
                self._show_good(tile, goods[place])
        self._show(self.answer, seconds)

    def _show_good(self, tile: Tile, good: reads.Good) -> None:
        tile.set_text(good.name)
        tile.setEnabled(not good.taken)
        if good.taken:
            line = t("kiosk.taken")
        elif good.may is None:
            line = t("kiosk.free")
        else:
            line = t("kiosk.may", n=good.may, unit=good.unit)
        tile.show_line(line + (t("terms.dot") + t("desk.alcohol") if good.alcohol and not good.taken else ""))

    def _show(self, screen: QWidget, seconds: float) -> None:
        self.screens.setCurrentWidget(screen)
        self._shown_at = self._clock()
        self._lasts = seconds
        self._ends = self._shown_at + seconds if seconds else float("inf")
        self.time.show_share(1.0)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def tick(self) -> None:
        """A quarter of a second passed."""
        left = self._ends - self._clock()
        if left <= 0:
            self.show_front()
        elif self.screens.currentWidget() is self.answer:
            self.time.show_share(left / self._lasts)

    def _tap(self, act: Callable[[], None]) -> None:
        """A tap that belongs to what is shown; a second one that was meant for the screen before does nothing."""
        if self._clock() - self._shown_at >= GUARD:
            act()

    # --- keys and language ---------------------------------------------------------------------------------------

    def _digit(self, digit: str) -> None:
        pin = self.screens.currentWidget() is self.pin
        most = PIN_DIGITS if pin else CARD_DIGITS
        if len(self._typed) < most:
            self._typed += digit
        (self.dots if pin else self.digits).set(self._typed)
        self._ends = self._clock() + (ASKED if pin else CARD)
        if not pin and len(self._typed) == most:
            self._card_done()

    def _take_back(self) -> None:
        self._typed = self._typed[:-1]
        (self.dots if self.screens.currentWidget() is self.pin else self.digits).set(self._typed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits tap the tiles of the front screen and type on a pad; Esc goes back, from the front it asks for the PIN."""
        shown, key, text = self.screens.currentWidget(), event.key(), event.text()
        typing = shown in (self.card, self.pin)
        if key == Qt.Key.Key_Escape:
            self.ask_pin() if shown is self.front else self.show_front()
        elif typing and text.isascii() and text.isdigit():
            self._digit(text)
        elif typing and key == Qt.Key.Key_Backspace:
            self._take_back()
        elif typing and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._pin_done() if shown is self.pin else self._card_done()
        elif shown is self.answer and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.show_front()
        elif shown is self.front and text in tuple("1234567"):
            self._tap(lambda: self.tally(ORDER[int(text) - 1]))
        elif shown is self.front and text == "8":
            self._tap(self.ask_number)
        event.accept()

    def _turn_language(self) -> None:
        """The visitor's language, until the next one."""
        self._speak("en" if words.language() == "zh" else "zh")
        self._ends, self._lasts = self._clock() + CARD, CARD

    def _speak(self, language: str) -> None:
        if language == words.language():
            return
        words.use(language)
        self._build()
        self._show(self.front, 0)
