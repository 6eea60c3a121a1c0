"""Hints in empty fields that are never cut: the longest of several wordings that fits.

::

    hint(field, "Scan a badge, or type a name", "Scan or type")    the field says the first that there is room for
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QLineEdit

AIR = 26
"""Pixels of a field beside what it says: its padding and edge."""


class _Hint(QObject):
    """Watches the room of a field."""

    def __init__(self, field: QLineEdit, texts: tuple[str, ...]) -> None:
        super().__init__(field)
        self._field, self._texts = field, texts
        field.installEventFilter(self)
        self._choose()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """More room or less, or type of another size."""
        if event.type() in (QEvent.Type.Resize, QEvent.Type.StyleChange, QEvent.Type.FontChange):
            self._choose()
        return False

    def _choose(self) -> None:
        margins = self._field.textMargins()
        room = self._field.width() - margins.left() - margins.right() - AIR
        wide = self._field.fontMetrics().horizontalAdvance
        self._field.setPlaceholderText(next((text for text in self._texts if wide(text) <= room), self._texts[-1]))


def hint(field: QLineEdit, *texts: str) -> None:
    """Have an empty field say the first of ``texts`` that fits, the last where none does."""
    _Hint(field, texts)
