"""Something done again and again while a page is shown, and at once when it comes up: looking for sticks."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QWidget

EVERY = 2_000
"""Milliseconds between two looks at what is plugged in."""


class WhileShown(QTimer):
    """Calls ``act`` when ``page`` is shown and every ``every`` milliseconds until it is hidden."""

    def __init__(self, page: QWidget, act: Callable[[], None], every: int = EVERY) -> None:
        super().__init__(page)
        self._act = act
        self.setInterval(every)
        self.timeout.connect(act)
        page.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The page came up or went away."""
        if event.type() == QEvent.Type.Show:
            self.start()
            QTimer.singleShot(0, self, self._act)  # once it is up
        elif event.type() == QEvent.Type.Hide:
            self.stop()
        return False
