"""Pages of a list with a search above and a card beside it: where ``/`` goes, where work goes on, what a digit does."""

from __future__ import annotations

from unicodedata import normalize

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from . import icons
from .page import Page
from .tables import Table
from .theme import tokens


class Search(QLineEdit):
    """Filters the list while it is typed; Down and Enter go on to the list, Esc empties it and goes back there."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setClearButtonEnabled(False)
        self.addAction(icons.icon("search", tokens().muted), QLineEdit.ActionPosition.LeadingPosition)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """On to the list, or back to all."""
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.focusNextChild()
        else:
            super().keyPressEvent(event)

    def wanted(self) -> str:
        """What is searched, as it is compared: in one width and case."""
        return normalize("NFKC", self.text()).strip().casefold()


class ListPage(Page):
    """A page with ``search`` and ``list``; ``act_on(number)`` does what stands on the card's button with this number."""

    search: Search
    list: Table

    def act_on(self, number: int) -> bool:
        """Do the card's deed of this number (from 1); False when there is none."""
        return False

    def look_up(self) -> None:
        """``/``: into the search."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def settle(self) -> None:
        """Into the list."""
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A digit does what stands on the button with this digit."""
        text = normalize("NFKC", event.text())
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if not (plain and len(text) == 1 and text in "123456789" and self.act_on(int(text))):
            super().keyPressEvent(event)
