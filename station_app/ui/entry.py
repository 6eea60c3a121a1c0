"""A form in the window's sheet that saves one thing: Ctrl+Enter from any field, never twice, errors at their field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from ..errors import StationError
from .feedback import sentence
from .forms import Field, Form
from .jobs import Otherwise
from .page import Shell

AIR = 60
"""Pixels kept free above and below the field with the cursor."""
Save = Callable[[dict[str, Any], Otherwise], None]


class Entry(Form):
    """Fields for ``shell.open_sheet``; ``save(values, otherwise)`` starts the operation when all is filled in rightly.

    ``at`` says under which field an error is shown (sentence id -> field name); others stand on top of the sheet. What
    was submitted is not submitted again before the answer is here; what was typed stays when it is refused.
    """

    def __init__(self, shell: Shell, save: Save, *fields: Field, at: Mapping[str, str] | None = None) -> None:
        super().__init__(*fields)
        self._shell, self._save, self._at = shell, save, dict(at or {})
        self._under_way = False
        self.submitted.connect(self._send)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.submit)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    def submit(self) -> None:
        """As a form does, unless the answer to the last time is still on its way."""
        if not self._under_way:
            super().submit()

    def refused(self, error: StationError) -> None:
        """Show what the service said; the toast has it when the sheet was closed meanwhile."""
        if not shiboken6.isValid(self):
            self._shell.tell_error(error)
            return
        self._under_way = False
        name = self._at.get(error.word)
        if name is not None:
            self.show_error(name, sentence(error))
        else:
            self._shell.sheet_error(error)

    def _follow(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Keep the field with the cursor in view where the sheet is too low for all (Qt does so for Tab alone)."""
        if now is None or not self.isAncestorOf(now):
            return
        around: QWidget | None = self.parentWidget()
        while around is not None and not isinstance(around, QScrollArea):
            around = around.parentWidget()
        if isinstance(around, QScrollArea):
            around.ensureWidgetVisible(now, 0, AIR)

    def _send(self, values: dict[str, Any]) -> None:
        self._under_way = True
        self._save(values, self.refused)
