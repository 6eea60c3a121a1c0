"""A keeper's hands on a real window: keys, scans, and the patience to see the answer.

The journey test, the pictures and the run without a display all work the window with these; nothing is called that a
keeper could not reach with keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QEventLoop, Qt, QTimer
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from ..errors import Bug
from .scan import ScanCatcher

SCANNER = 5
"""Milliseconds between two keys of a scanner."""
PATIENCE = 30_000
"""Milliseconds after which what was waited for will not come."""


class Hands:
    """Hands on ``window``; ``idle`` tells whether the window has answered everything."""

    def __init__(self, window: QWidget, idle: Callable[[], bool], catcher: ScanCatcher | None = None) -> None:
        self.window = window
        self._idle = idle
        self._catcher = catcher
        self._sent = 0

    def show(self) -> None:
        """Show the window and have the keys go to it, which a display without a window manager does only when asked."""
        self.window.show()
        self.window.activateWindow()
        self.until(self.window.isActiveWindow, "the window to be in front")

    def until(self, condition: Callable[[], bool], what: str = "an answer") -> None:
        """Let the window work until ``condition`` holds; Bug when it never does."""
        if condition():
            return
        loop = QEventLoop()
        poll, limit = QTimer(), QTimer()
        poll.timeout.connect(lambda: loop.quit() if condition() else None)
        limit.setSingleShot(True)
        limit.timeout.connect(lambda: loop.exit(1))
        poll.start(1)
        limit.start(PATIENCE)
        if loop.exec():
            raise Bug(f"waited in vain for {what}")

    def settle(self) -> None:
        """Until everything asked for has been answered and shown."""
        if self._catcher is not None:
            self._catcher.settle()
        self.until(self._turned(), "a turn of the loop")
        self.until(self._idle, "the window to be idle")
        self.until(self._turned(), "a turn of the loop")  # what the last answer made is shown and can take the focus

    def key(self, key: Qt.Key | str, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press one key where the focus is, and see what it does."""
        QTest.keyClick(self._where(), Qt.Key(ord(key.upper())) if isinstance(key, str) else key, held)
        self.settle()

    def ctrl(self, key: Qt.Key | str) -> None:
        """Press a key with Ctrl held."""
        self.key(key, Qt.KeyboardModifier.ControlModifier)

    def type(self, text: str) -> None:
        """Type text as a person does: each key on its own, what has no key committed by the input method."""
        for character in text:
            if character.isascii():
                QTest.keyClicks(self._where(), character)
            else:
                committed = QInputMethodEvent()
                committed.setCommitString(character)
                QApplication.sendEvent(self._where(), committed)
            if self._catcher is not None:
                self._catcher.settle()
        self.settle()

    def scan(self, digits: str) -> None:
        """Hold a badge to the scanner: a burst of keys ended by Enter, wherever the focus is.

        Each key bears the time the scanner sent it, as the system's events do, however busy the machine is.
        """
        sent = self._sent = max(int(time.monotonic() * 1000), self._sent + 1000)  # a badge is held there, and taken away
        for number, character in enumerate((*digits, "\r")):
            key = Qt.Key.Key_Return if character == "\r" else Qt.Key(ord(character))
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, character)
                event.setTimestamp(sent + number * SCANNER)
                QApplication.sendEvent(self._where(), event)
        self.settle()

    def picture(self, file: Path) -> None:
        """Take a picture of the window as it is."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.settle()
        if not self.window.grab().save(str(file)):
            raise Bug(f"no picture at {file.name}")

    def _where(self) -> QWidget:
        return QApplication.focusWidget() or self.window

    @staticmethod
    def _turned() -> Callable[[], bool]:
        """True from the second time it is asked: the loop has turned once in between."""
        asked: list[None] = []

        def turned() -> bool:
            asked.append(None)
            return len(asked) > 1

        return turned
