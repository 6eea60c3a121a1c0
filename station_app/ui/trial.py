"""Keys as they arrive while a scanner is tried: each with its time, kept from every field and button.

::

    Trial(app, *, clock=None)   listens from the start;  .heard([burst.Heard, ...]) one burst  .stop()

Fewer than ``FEWEST`` keys are no scanner and are handed on, so that Esc, Enter and Tab go on working; keys with Ctrl or
Alt of a hand as well. It stands before the ``ScanCatcher``, which sees nothing of what is caught here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QKeySequence, QWindow
from PySide6.QtWidgets import QWidget

from .burst import Heard

SILENCE = 250
"""Milliseconds of silence that end a burst."""
FEWEST = 4

_NAMES = {
    int(Qt.Key.Key_Return): "Return", int(Qt.Key.Key_Enter): "Enter", int(Qt.Key.Key_Tab): "Tab", int(Qt.Key.Key_Shift): "Shift",
    int(Qt.Key.Key_Control): "Control", int(Qt.Key.Key_CapsLock): "CapsLock",
}  # fmt: skip


@dataclass
class _Kept:
    receiver: QObject
    event: QKeyEvent | QInputMethodEvent
    stamp: int
    seen: float


class Trial(QObject):
    """Hears every key of the application while it lives."""

    heard = Signal(object)

    def __init__(self, app: QCoreApplication, *, clock: Callable[[], float] | None = None) -> None:
        super().__init__(app)
        self._app = app
        self._clock = clock or (lambda: time.monotonic_ns() / 1_000_000)
        self._own_clock = clock is None
        self._kept: list[_Kept] = []
        self._gone: set[int] = set()
        self._replaying = False
        self._timer = QTimer(self, singleShot=True, interval=SILENCE)
        self._timer.timeout.connect(self.settle)
        app.installEventFilter(self)

    def stop(self) -> None:
        """Hear nothing more."""
        self._timer.stop()
        self._kept.clear()
        self._app.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep what a scanner may have sent."""
        if self._replaying or not isinstance(watched, QWidget | QWindow):
            return False
        if isinstance(event, QInputMethodEvent):
            return bool(event.commitString()) and self._keep(watched, event, 0)
        if not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._release(watched, event)
        if event.isAutoRepeat() or (not self._kept and not _writes(event)):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return self._keep(watched, event, event.timestamp())

    def settle(self) -> None:
        """The burst is over: tell of it, or hand on what was typed."""
        self._timer.stop()
        kept, self._kept = self._kept, []
        pressed = [item for item in kept if item.event.type() != QEvent.Type.KeyRelease]
        if len(pressed) >= FEWEST or any(_text(item.event)[3:] for item in pressed):
            down = [item.event.key() for item in pressed if isinstance(item.event, QKeyEvent)]
            up = [item.event.key() for item in kept if isinstance(item.event, QKeyEvent) and item not in pressed]
            self._gone.update(key for key in down if down.count(key) > up.count(key))
            self.heard.emit(list(self._told(pressed)))
            return
        self._replaying = True
        try:
            for item in kept:
                if shiboken6.isValid(item.receiver):
                    QCoreApplication.sendEvent(item.receiver, item.event)
        finally:
            self._replaying = False

    def _keep(self, watched: QObject, event: QKeyEvent | QInputMethodEvent, stamp: int) -> bool:
        self._kept.append(_Kept(watched, event.clone(), stamp, self._clock()))
        self._timer.start()
        return True

    def _release(self, watched: QObject, event: QKeyEvent) -> bool:
        if event.key() in self._gone:
            self._gone.discard(event.key())
            return True
        if any(isinstance(item.event, QKeyEvent) and item.event.key() == event.key() for item in self._kept):
            self._kept.append(_Kept(watched, event.clone(), 0, self._clock()))
            return True
        return False

    def _told(self, pressed: list[_Kept]) -> list[Heard]:
        told: list[Heard] = []
        for place, item in enumerate(pressed):
            before = pressed[place - 1] if place else item
            if self._own_clock and before.stamp and item.stamp:
                after = float(item.stamp - before.stamp)
            else:
                after = item.seen - before.seen
            key = int(item.event.key()) if isinstance(item.event, QKeyEvent) else 0
            for number, character in enumerate(_text(item.event) or [""]):
                told.append(Heard(character, _name(key, character), key, round(after) if number == 0 else 0))
        return told


def _writes(event: QKeyEvent) -> bool:
    """Whether a burst may begin with this key."""
    text = event.text()
    commands = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
    return bool(text) and text.isprintable() and not event.modifiers() & commands


def _text(event: QEvent) -> str:
    if isinstance(event, QInputMethodEvent):
        return event.commitString()
    text = event.text() if isinstance(event, QKeyEvent) else ""
    return text if text.isprintable() else ""


def _name(key: int, character: str) -> str:
    if character and not character.isspace():
        return character
    return _NAMES.get(key) or QKeySequence(key).toString() or character
