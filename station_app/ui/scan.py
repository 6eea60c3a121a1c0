"""Scans wherever the focus is: a burst of keys is a badge and never reaches a field or a button.

::

    ScanCatcher(app, *, clock=None)     .scanned(str)  one scan, NFKC, spaces taken out
        .settle()      decide now about the keys that are held, as after a pause
        .pending()     how many keys are held
    ScanField(placeholder="", *, key="/")   the desk's field, with icon and key cap
        .digits_act    while True and the field is empty, a digit is .digit(number, given) instead of text
        .search_typed(str) text for the search, after every change   .undo_asked  Backspace in the empty field
        .dismissed     Esc: text and IME are off again               .entered(str) Enter with text
        .set_ime(bool) .ime()   let Chinese be typed; ``/`` in the empty field turns it on, Esc and a scan turn it off

A burst is six keys or more, 35 ms or less apart, ended by Enter or Tab, or 22 digits followed by a pause (scanners
without a suffix). Printable keys are therefore held up to 40 ms before they count as typing, and are then handed on in
order, to the widget they were meant for; held-down (repeating) keys and keys with Ctrl or Alt are never held. A
shortcut on a bare digit would not fire: pages take bare digits from ``ScanField.digit`` or their
keyPressEvent, after the wait, so that a scan wins (DECISIONS.md, Keyboard).

A Chinese input method eats or widens digits, so the field says it needs none (``ImEnabled`` false); letters typed there
find people by pinyin. Digits an input method commits in some other field count as keys of a burst as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unicodedata import normalize

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QInputMethodEvent, QKeyEvent, QPainter, QPaintEvent, QWindow
from PySide6.QtWidgets import QLineEdit, QWidget

from . import icons
from .painting import brush, cap_size, paint_cap
from .theme import tokens

GAP = 35
"""Milliseconds between two keys of a scanner at most; the fastest typist needs more."""
HOLD = 40
"""Milliseconds a key waits to see whether more follow."""
PAUSE = 60
"""Milliseconds after which 22 digits without a suffix are a scan; a suffix may come this late as well."""
LENGTH = 22
SHORTEST = 6

_KEYS = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride, QEvent.Type.InputMethod})
_FLUSHERS = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.ApplicationDeactivate})
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


@dataclass
class _Held:
    """A key (or what an input method committed) that waits, and for whom."""

    receiver: QObject
    event: QKeyEvent | QInputMethodEvent
    text: str
    stamp: int
    seen: float


def _milliseconds() -> float:
    return time.monotonic_ns() / 1_000_000


class ScanCatcher(QObject):
    """Watches every key of the application and takes the scans out."""

    scanned = Signal(str)

    def __init__(self, app: QCoreApplication, *, clock: Callable[[], float] | None = None) -> None:
        """``clock`` gives milliseconds; without one the times the window system put on the keys count, where it did."""
        super().__init__(app)
        self._clock = clock or _milliseconds
        self._own_clock = clock is None
        self._held: list[_Held] = []
        self._gone: set[int] = set()
        self._replaying = False
        self._patient = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._pause)
        app.installEventFilter(self)

    def pending(self) -> int:
        """How many keys are held now."""
        return sum(len(item.text) for item in self._held)

    def settle(self) -> None:
        """Decide now: 22 digits are a scan, anything else was typed."""
        self._timer.stop()
        if len(self._digits()) == LENGTH:
            self._take()
        else:
            self._replay()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold, swallow or let pass."""
        kind = event.type()
        if kind in _KEYS:
            if self._replaying:
                return False
            if isinstance(event, QKeyEvent):
                return self._key(watched, event)
            if isinstance(event, QInputMethodEvent):
                return self._committed(watched, event)
        elif kind in _FLUSHERS and self._held:
            self.settle()
        return False

    # --- keys -------------------------------------------------------------------------------------------------------

    def _key(self, watched: QObject, event: QKeyEvent) -> bool:
        if not isinstance(watched, QWidget | QWindow):
            return False
        if event.type() == QEvent.Type.KeyRelease:
            return self._release(watched, event)
        text = event.text()
        plain = not event.modifiers() & _COMMANDS and not event.isAutoRepeat()
        if plain and event.key() in _ENDS:
            return self._end(event)
        if not (plain and len(text) == 1 and text.isprintable()):
            if event.type() == QEvent.Type.KeyPress and event.key() not in (Qt.Key.Key_Shift, Qt.Key.Key_CapsLock):
                self.settle()
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            # Without this a digit of a scan would fire a shortcut before its key press is seen; the first key of what
            # may be no burst at all is only kept from shortcuts when it is a digit.
            mine = self._joins(event) or normalize("NFKC", text).isdecimal()
            if mine:
                event.accept()
            return mine
        self._hold(_Held(watched, event.clone(), text, event.timestamp(), self._clock()))
        return True

    def _committed(self, watched: QObject, event: QInputMethodEvent) -> bool:
        text = event.commitString()
        digits = normalize("NFKC", text).isdecimal()
        if not text or event.preeditString() or not (digits or (self._held and text.isprintable())):
            return False
        self._hold(_Held(watched, event.clone(), text, 0, self._clock()))
        return True

    def _release(self, watched: QObject, event: QKeyEvent) -> bool:
        """The release of a key goes the way of its press."""
        if event.key() in self._gone:
            self._gone.discard(event.key())
            return True
        if any(isinstance(item.event, QKeyEvent) and item.event.key() == event.key() for item in self._held):
            self._held.append(_Held(watched, event.clone(), "", 0, self._held[-1].seen))
            return True
        return False

    def _end(self, event: QKeyEvent) -> bool:
        """Enter or Tab: the end of a scan, or just a key."""
        scan = self.pending() >= SHORTEST and self._since(event) <= PAUSE
        if event.type() == QEvent.Type.ShortcutOverride:
            if scan:
                event.accept()
            return scan
        if not scan:
            self.settle()
            return False
        self._gone.add(event.key())
        self._take()
        return True

    # --- the burst --------------------------------------------------------------------------------------------------

    def _since(self, event: QKeyEvent) -> float:
        """Milliseconds since the last held key."""
        last = next((item for item in reversed(self._held) if item.text), None)
        if last is None:
            return float("inf")
        if self._own_clock and last.stamp and event.timestamp():
            return event.timestamp() - last.stamp
        return self._clock() - last.seen

    def _joins(self, event: QKeyEvent) -> bool:
        return bool(self._held) and self._since(event) <= GAP

    def _hold(self, item: _Held) -> None:
        if self._held:
            joins = self._joins(item.event) if isinstance(item.event, QKeyEvent) else self._near(item)
            if not joins:
                self.settle()
        self._held.append(item)
        self._patient = True
        self._timer.start(PAUSE if len(self._digits()) == LENGTH else HOLD)

    def _near(self, item: _Held) -> bool:
        return item.seen - self._held[-1].seen <= GAP

    def _digits(self) -> str:
        """What is held, if it is all digits."""
        text = normalize("NFKC", "".join(item.text for item in self._held))
        return text if text.isdecimal() else ""

    def _pause(self) -> None:
        """Nothing more came in time. After a busy moment the keys may still stand in the queue: look once more."""
        late = bool(self._held) and self._clock() - self._held[-1].seen > PAUSE + GAP
        if late and self._patient:
            self._patient = False
            self._timer.start(0)
            return
        self.settle()

    def _take(self) -> None:
        """The held keys were a scan: nobody else sees them."""
        self._timer.stop()
        held, self._held = self._held, []
        down = [item.event.key() for item in held if isinstance(item.event, QKeyEvent) and item.text]
        up = [item.event.key() for item in held if isinstance(item.event, QKeyEvent) and not item.text]
        self._gone.update(key for key in down if down.count(key) > up.count(key))
        self.scanned.emit("".join(normalize("NFKC", "".join(item.text for item in held)).split()))

    def _replay(self) -> None:
        """The held keys were typed: hand them on, in order, to whom they were meant for."""
        held, self._held = self._held, []
        self._replaying = True
        try:
            for item in held:
                if shiboken6.isValid(item.receiver):
                    QCoreApplication.sendEvent(item.receiver, item.event)
        finally:
            self._replaying = False


# Shift and a digit of the main row, as keyboards here write them.
_SHIFTED = dict(zip("!@#$%^&*(", range(1, 10), strict=True)) | {"！": 1, "￥": 4, "（": 9}


class ScanField(QLineEdit):
    """The desk's one field: scan, or type a name, pinyin, the end of a phone number."""

    digit = Signal(int, bool)
    search_typed = Signal(str)
    undo_asked = Signal()
    dismissed = Signal()
    entered = Signal(str)

    def __init__(self, placeholder: str = "", *, key: str = "/", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._ime = key, False
        self.digits_act = False
        self.setProperty("look", "scan")
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.textChanged.connect(lambda text: self.search_typed.emit(text.strip()))
        self._inset()

    def ime(self) -> bool:
        """Whether an input method may be used now."""
        return self._ime

    def set_ime(self, on: bool) -> None:
        """Let an input method work here, or keep it away from scans and digits."""
        if on != self._ime:
            self._ime = on
            QGuiApplication.inputMethod().update(Qt.InputMethodQuery.ImEnabled)

    def reset(self) -> None:
        """Empty, ready for the next scan."""
        self.clear()
        self.set_ime(False)

    def inputMethodQuery(self, query: Qt.InputMethodQuery, argument: Any = None) -> Any:
        """``ImEnabled`` is false unless Chinese is to be typed: WA_InputMethodEnabled alone does not keep it away."""
        if query == Qt.InputMethodQuery.ImEnabled:
            return self._ime
        return super().inputMethodQuery(query, argument) if argument is not None else super().inputMethodQuery(query)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys with a meaning of their own in the empty field; everything else is text."""
        key, text = event.key(), event.text()
        empty = not self.text()
        if key == Qt.Key.Key_Escape:
            self.reset()
            self.dismissed.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.text().strip():
                self.entered.emit(normalize("NFKC", self.text()).strip())
        elif empty and key == Qt.Key.Key_Backspace:
            self.undo_asked.emit()
        elif empty and not self._ime and text in ("/", "、"):
            self.digits_act = False
            self.set_ime(True)
        elif empty and self.digits_act and not self._ime and (number := _number(event)):
            self.digit.emit(*number)
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_key"):
            self._inset()

    def _inset(self) -> None:
        self.setTextMargins(tokens().px(34), 0, cap_size(self._key).width() + 8 if self._key else 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The scan frame before and the key cap after the text."""
        super().paintEvent(event)
        t = tokens()
        painter = QPainter(self)
        brush(painter)
        side = t.px(20)
        icons.paint(painter, "scan", t.muted, QRectF(16, (self.height() - side) / 2, side, side))
        if self._key:
            size = cap_size(self._key)
            left = self.width() - size.width() - 16
            paint_cap(
                painter, QRectF(left, (self.height() - size.height()) / 2, size.width(), size.height()), self._key
            )


def _number(event: QKeyEvent) -> tuple[int, bool] | None:
    """The digit of a key and whether it came with Shift; None for other keys."""
    text = normalize("NFKC", event.text())
    shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
    if len(text) == 1 and text.isdecimal() and not event.modifiers() & _COMMANDS:
        return int(text), shift
    if shift and (number := _SHIFTED.get(event.text())):
        return number, True
    return None
