"""The lock screen: nothing of the station is to be seen; a PIN or a password brings it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from ..db import Database
from ..errors import StationError
from ..model import SEES_PEOPLE, Changes, Keeper, Role, Station
from ..services import keepers, slots
from ..words import t
from .feedback import ErrorStrip
from .jobs import Jobs
from .kit import Button, Card, Chip, Icon, Row, Text


@dataclass(frozen=True, slots=True)
class AtWork:
    """Whose eyes the pages are for: a role, and which keeper (an id) where each sees only what they took down themselves."""

    role: Role
    keeper: str


def at_work(db: Database) -> AtWork:
    """Whoever is at work now."""
    role = db.role
    return AtWork(role, "" if role in SEES_PEOPLE else db.acting)


class LockScreen(QWidget):
    """Asks who is back and for their PIN, or for a password. ``unlocked`` tells who it is (AtWork) once it was right."""

    unlocked = Signal(object)

    def __init__(self, jobs: Jobs, db: Database, who: Callable[[Database], list[Keeper]] = keepers.listing) -> None:
        super().__init__()
        self._jobs, self._db, self._who_works = jobs, db, who
        self._keepers: list[Keeper] = []
        self._chosen = ""
        self.setProperty("ground", "page")
        self._name = Text("", "title")
        self._hint = Text("", "muted", wrap=True)
        self._who = QHBoxLayout()
        self._who.setSpacing(8)
        self.secret = QLineEdit()
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.secret.setMaxLength(200)
        self.secret.returnPressed.connect(self._try)
        self._enter = Button("", "primary", key="Enter")
        self._enter.clicked.connect(self._try)
        self.errors = ErrorStrip()
        card = Card(gap=14)
        card.setFixedWidth(520)
        card.body.addLayout(Row(Icon("lock", "brand", 28), self._name, None))
        card.body.addWidget(self._hint)
        card.body.addLayout(self._who)
        card.body.addWidget(self.secret)
        card.body.addWidget(self.errors)
        card.body.addLayout(Row(self._enter, None))
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addLayout(middle)
        column.addStretch(3)

    def ask(self, station: Station) -> None:
        """Show the screen for this station, with the keeper who was here chosen."""
        self._name.set(station.name)
        self._hint.set(t("window.locked"))
        self._enter.set_text(t("window.unlock"))
        self.secret.setAccessibleName(t("window.pin_or_password"))
        self.secret.setPlaceholderText(t("window.pin_or_password"))
        self.secret.clear()
        self.errors.clear()
        self._chosen = self._db.acting
        self._jobs.read(self._who_works, self._show_keepers, key="lock")
        self.secret.setFocus()

    def _show_keepers(self, found: list[Keeper]) -> None:
        self._keepers = found
        if not self._chosen and found:  # opened with a start card: the evening keeper, most likely
            self._chosen = next((one for one in found if one.role is Role.EVENING), found[0]).id
        while (item := self._who.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        for keeper in found if len(found) > 1 else []:
            chip = Chip(keeper.name, checked=keeper.id == self._chosen)
            chip.clicked.connect(lambda _checked=False, keeper_id=keeper.id: self._choose(keeper_id))
            self._who.addWidget(chip)
        self._who.addStretch(1)

    def _choose(self, keeper_id: str) -> None:
        self._chosen = keeper_id
        self._show_keepers(self._keepers)
        self.secret.setFocus()

    def _try(self) -> None:
        text = self.secret.text()
        if not text:
            return
        self.secret.setEnabled(False)
        if text.isascii() and text.isdigit() and 4 <= len(text) <= 6:
            self._jobs.run(lambda db: _by_pin(db, self._chosen, text), self._right, self._wrong)
        else:
            self._jobs.run(lambda db: _by_password(db, text), self._right, self._wrong)

    def _right(self, back: AtWork) -> None:
        self.secret.setEnabled(True)
        self.secret.clear()
        self.unlocked.emit(back)

    def _wrong(self, error: StationError) -> None:
        self.secret.setEnabled(True)
        self.secret.selectAll()
        self.secret.setFocus(Qt.FocusReason.OtherFocusReason)
        self.errors.show_error(error)


def _by_pin(db: Database, keeper_id: str, pin: str) -> tuple[AtWork, Changes | None]:
    """This keeper is at work now; Refused when the PIN is wrong."""
    keepers.unlock_screen(db, keeper_id, pin)
    return at_work(db), None


def _by_password(db: Database, password: str) -> tuple[AtWork, Changes | None]:
    """Whose slot this password opens is at work now; Refused for nobody's."""
    db.acting, db.desk_only = slots.by_password(db, password).keeper_id, False  # their own password opens more than a start card does
    return at_work(db), None
