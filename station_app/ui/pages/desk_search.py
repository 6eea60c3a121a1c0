"""The desk's field with what it finds: people in a list below it; the arrows choose, Enter checks in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from unicodedata import normalize

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QWidget

from ...model import Person
from ...services import people, slips
from ...services.loans import is_typed
from ...vault import is_card_number, read_badge
from ...words import label, t
from .. import when
from ..hints import hint
from ..jobs import Jobs
from ..kit import Column, Text
from ..names import person_name
from ..scan_field import ScanField
from ..tables import Column as Field
from ..tables import RowsModel, Table
from ..theme import tokens

ROWS = 6
HIGH = 52


class Found(QFrame):
    """Lies over the page while something is searched for. ``chosen`` gives the person to check in."""

    chosen = Signal(object)

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._today = date.min
        self._people: list[Person] = []
        self.setProperty("ground", "card")
        self._model = RowsModel(
            (
                Field("", person_name, bold=True, sub=self._who),
                Field("", self._tail, width=130, muted=True),
                Field("", self._last, width=150, muted=True, align="right"),
            )
        )
        self._table = Table(self._model, rows=HIGH, name=t("desk.found"))
        self._table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._table.clicked.connect(self._clicked)
        self._nobody = Text("", "muted", wrap=True)
        self._nobody.setContentsMargins(12, 8, 12, 8)
        column = Column(self._table, self._nobody, gap=0, margins=4)
        self.setLayout(column)
        self.hide()

    def show_found(self, found: Sequence[Person], text: str, today: date, field: QWidget) -> None:
        """Show who was found for ``text`` below the field; the first one is chosen."""
        self._people, self._today = list(found), today
        self._model.set_rows(self._people)
        self._table.setVisible(bool(found))
        self._nobody.setVisible(not found)
        self._nobody.set(t("desk.nobody_found", text=text))
        self._table.setFixedHeight(tokens().px(HIGH) * min(len(found), ROWS) if found else 0)
        if found:
            self._table.choose(found[0].id)
        corner = field.mapTo(self._page, field.rect().bottomLeft())
        self.setFixedWidth(field.width())
        self.adjustSize()
        self.move(corner.x(), corner.y() + 6)
        self.raise_()
        self.show()

    def step(self, by: int) -> None:
        """Choose the one above or below."""
        if self._people:
            row = (self._table.currentIndex().row() + by) % len(self._people)
            self._table.setCurrentIndex(self._model.index(row, 0))

    def current(self) -> Person | None:
        """The person chosen now, None while nobody is found or the list is closed."""
        record = self._table.current() if self.isVisible() else None
        return record if isinstance(record, Person) else None

    def people(self) -> list[Person]:
        """Who is shown."""
        return self._people if self.isVisible() else []

    def message(self) -> str:
        """What is said when nobody was found."""
        return self._nobody.text() if self.isVisible() and not self._people else ""

    def _clicked(self, index: QModelIndex) -> None:
        if 0 <= index.row() < len(self._people):
            self.chosen.emit(self._people[index.row()])

    def _who(self, person: Person) -> str:
        return t("terms.dot").join(part for part in (label(person.occupation), person.platform) if part)

    def _tail(self, person: Person) -> str:
        return t("desk.phone_tail", tail=person.phone[-4:]) if person.phone else person.card_number

    def _last(self, person: Person) -> str:
        return (
            t("desk.last_time", day=when.day(person.last_visit, self._today))
            if person.last_visit
            else t("desk.never_yet")
        )


REQUEST_NUMBER = re.compile(r"(?:[A-Za-z0-9]+-[A-Za-z]-)?[0-9]{4}-[0-9]{1,9}")
"""As it stands on a slip, or as it is said at its own desk: YQ-A-2026-0112, 2026-0112."""


class DeskField(ScanField):
    """Scan, type a card number, or find somebody. The list ``found`` lies over ``page``; the field keeps the focus."""

    card_typed = Signal(str)
    slip_typed = Signal(str)
    request_typed = Signal(str)
    person_chosen = Signal(str)
    looked_up = Signal()
    whose_asked = Signal()

    def __init__(self, page: QWidget, jobs: Jobs) -> None:
        super().__init__(t("desk.placeholder"))
        hint(self, t("desk.placeholder"), t("desk.placeholder_short"))
        self._jobs = jobs
        self.found = Found(page)
        self.was_empty = True
        self._searched = self._enter_waits = ""
        self.search_typed.connect(self._search)
        self.entered.connect(self._entered)
        self.found.chosen.connect(self._choose)

    def close_list(self) -> None:
        """Put the list away; what was typed stays."""
        self.found.hide()

    def show_again(self) -> None:
        """What waited is searched for again."""
        if self.text().strip():
            self._look_for(self.text().strip())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose in the list; a held Backspace stops at the empty field instead of undoing on and on."""
        key, empty = event.key(), not self.text()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and self.found.isVisible():
            self.found.step(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Backspace and empty and event.isAutoRepeat():
            event.accept()
        elif empty and not self.ime() and event.text() in ("/", "、"):
            super().keyPressEvent(event)
            self.looked_up.emit()
        elif empty and not self.ime() and event.text() in ("+", "＋"):
            self.whose_asked.emit()
        else:
            self.was_empty = empty
            super().keyPressEvent(event)

    def _search(self, text: str) -> None:
        self._enter_waits = ""
        if not text or is_typed(text):
            self._searched = ""
            self.close_list()
        else:
            self._look_for(text)

    def _look_for(self, text: str) -> None:
        self._jobs.read(lambda db: people.find(db, text), lambda found: self._show(text, found), key="find")

    def _show(self, text: str, found: list[Person]) -> None:
        if text != self.text().strip():
            return
        waited, self._enter_waits, self._searched = self._enter_waits == text, "", text
        if waited and len(found) == 1:
            self._choose(found[0])
        else:
            self.found.show_found(found, text, self._jobs.db.now().date(), self)

    def _entered(self, text: str) -> None:
        """A card number or a whole badge, a slip's digits, a request's number, else the person chosen in the list.

        Enter before the answer waits for it.
        """
        digits = text.replace(" ", "")
        if is_typed(text):
            self.reset()
            self.close_list()
            self.card_typed.emit(text)
        elif is_card_number(digits) or read_badge(digits) is not None:
            self.reset()
            self.card_typed.emit(digits)
        elif slips.read(text) is not None:
            self.reset()
            self.close_list()
            self.slip_typed.emit(text)
        elif REQUEST_NUMBER.fullmatch(normalize("NFKC", text).strip()):
            self.reset()
            self.close_list()
            self.request_typed.emit(normalize("NFKC", text).strip())
        elif self._searched == self.text().strip() and self.found.isVisible():
            if (person := self.found.current()) is not None:
                self._choose(person)
        else:
            self._enter_waits = self.text().strip()
            self._look_for(self._enter_waits)

    def _choose(self, person: Person) -> None:
        self.reset()
        self.close_list()
        self.person_chosen.emit(person.id)
