"""Scans wherever the focus is: a burst of keys is a badge and never reaches a field or a button.

::

    ScanCatcher(app, *, clock=None)     .scanned(str)  one code, tidied (``burst.codes``)
        .learn(gap, suffix)   what the try-out of this machine's scanner found (``burst.judge``)
        .expect(district)     whose badges these are: what an input method kept of one is known then (``burst.completed``)
        .settle()      decide now about the keys that are held, as after a pause
        .pending()     how many keys are held

A burst is six keys or more, ``GAP`` ms or less apart, ended by Enter or Tab, or 22 digits or a whole EAN-13 followed by a pause or
by any key that writes nothing (scanners with another suffix or none). A scanner slower than that is believed once it was learned,
and then only what has the length of a printed code, so that quick typing stays typing. Printable keys are therefore held
a little longer than a gap before they count as typing, and are then handed on in order, to the widget they were meant for;
held-down (repeating) keys and keys with Ctrl or Alt are never held. A shortcut on a bare digit would not fire: pages take
bare digits from ``ScanField.digit`` or their keyPressEvent, after the wait, so that a scan wins (DECISIONS.md, Keyboard).

What follows a code at once belongs to it: the line feed after the carriage return, and the same code once more.
Digits an input method commits in some other field count as keys of a burst as well. While pinyin is composed, it takes the first
digits of a scan for choices among its candidates; the choice stands in the field, and the scan is made whole again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from unicodedata import normalize

import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QInputMethodEvent, QKeyEvent, QWindow
from PySide6.QtWidgets import QWidget

from . import burst
from .burst import GAP, LENGTH, SHORTEST

HOLD_MORE, PAUSE_MORE, BEGUN_MORE = 5, 25, 150
"""Milliseconds beyond the gap that a key waits to see whether more follow; after which a code without suffix is whole; and that the
rest of a burst may take."""
BUSY = 8
"""Milliseconds that a timer may be late without anything having kept the window's thread."""
AGAIN = 300
"""Milliseconds within which the same code is the same scan, delivered twice."""

_KEYS = frozenset({QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride, QEvent.Type.InputMethod})
_FLUSHERS = frozenset({QEvent.Type.MouseButtonPress, QEvent.Type.ApplicationDeactivate})
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_HELD_DOWN = (Qt.Key.Key_Shift, Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


@dataclass
class _Held:
    """A key (or what an input method committed) that waits, for whom, and how long after the one before it came."""

    receiver: QObject
    event: QKeyEvent | QInputMethodEvent
    text: str
    stamp: int
    seen: float
    after: float = 0.0


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
        self._gap, self._suffix = GAP, burst.ANY
        self._district = ""
        self._composing = False
        self._held: list[_Held] = []
        self._gone: set[int] = set()
        self._taken: _Held | None = None
        self._taken_code = ""
        self._replaying = False
        self._patient = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._pause)
        app.installEventFilter(self)

    def learn(self, gap: int, suffix: str) -> None:
        """Believe a scanner that sends a key every ``gap`` ms at most and ends a code so (``burst.ENTER`` ...)."""
        self._gap, self._suffix = max(gap, GAP), suffix

    def expect(self, district: str) -> None:
        """The badges held here are of this district (six digits), nearly all of them."""
        self._district = district

    @property
    def learned(self) -> tuple[int, str]:
        """The gap and the suffix believed in."""
        return self._gap, self._suffix

    def pending(self) -> int:
        """How many keys are held now."""
        return sum(len(item.text) for item in self._held)

    def settle(self) -> None:
        """Decide now: a whole code is a scan, anything else was typed."""
        self._timer.stop()
        if self._whole():
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
            return self._other(event)
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
        text, composing = event.commitString(), self._composing
        self._composing = bool(event.preeditString())
        digits = normalize("NFKC", text).isdecimal()
        joins = bool(self._held) and text.isprintable() and not composing
        if not text or event.preeditString() or not (digits or joins):
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
        """Enter or Tab: the end of a scan, more of the end of the scan before, or just a key."""
        if not self._held and self._trails(event):
            return self._swallow(event)
        return self._ends(event) or self._pass(event)

    def _other(self, event: QKeyEvent) -> bool:
        """A key that writes nothing ends what is whole without it; any other one is no part of a burst."""
        if event.key() in _HELD_DOWN or (event.key() == Qt.Key.Key_Control and self._whole()):
            return False
        if not self._held and event.text() in ("\n", "\r") and self._trails(event):
            return self._swallow(event)
        learned = self._suffix == f"key:{int(event.key())}"
        return ((learned or self._whole()) and self._ends(event)) or self._pass(event)

    def _ends(self, event: QKeyEvent) -> bool:
        """Take what is held as a scan ended by this key, if that is what it is."""
        if self.pending() < SHORTEST or self._since(event) > self._gap + PAUSE_MORE:
            return False
        slow = any(item.after > GAP for item in self._held if item.text)
        meant = self._meant(self._text())
        if slow and not (burst.is_code(meant) or burst.is_any_code(meant)):
            return False
        if event.type() != QEvent.Type.ShortcutOverride:
            self._take()
        return self._swallow(event)

    def _swallow(self, event: QKeyEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        else:
            self._gone.add(event.key())
        return True

    def _pass(self, event: QKeyEvent) -> bool:
        if event.type() != QEvent.Type.ShortcutOverride:
            self.settle()
        return False

    # --- the burst --------------------------------------------------------------------------------------------------

    def _between(self, before: _Held, stamp: int, seen: float) -> float:
        """Milliseconds from one key to another."""
        if self._own_clock and before.stamp and stamp:
            return stamp - before.stamp
        return seen - before.seen

    def _last(self) -> _Held | None:
        return next((item for item in reversed(self._held) if item.text), None)

    def _since(self, event: QKeyEvent) -> float:
        """Milliseconds since the last held key."""
        last = self._last()
        return float("inf") if last is None else self._between(last, event.timestamp(), self._clock())

    def _after_code(self, stamp: int, seen: float) -> float:
        """Milliseconds since the last code; keys without a time of their own do not tell."""
        if self._taken is None or (self._own_clock and not (self._taken.stamp and stamp)):
            return float("inf")
        return self._between(self._taken, stamp, seen)

    def _trails(self, event: QKeyEvent) -> bool:
        """Whether a key follows the last code too closely for a hand."""
        return self._after_code(event.timestamp(), self._clock()) <= self._gap + PAUSE_MORE

    def _joins(self, event: QKeyEvent) -> bool:
        return bool(self._held) and self._since(event) <= self._gap

    def _hold(self, item: _Held) -> None:
        if (last := self._last()) is not None:
            item.after = self._between(last, item.stamp, item.seen)
            if item.after > self._gap:
                self.settle()
        self._held.append(item)
        ended = self._suffix.startswith("text:") and item.text == self._suffix[5:] and self.pending() > SHORTEST
        meant = self._meant(self._text()[:-1]) if ended else ""
        if burst.is_code(meant) or burst.is_any_code(meant):
            self._take(meant)
            return
        self._patient = True
        begun = self.pending() >= SHORTEST  # no hand is as quick for so long: what is missing is on its way through something busy
        self._timer.start(self._gap + (PAUSE_MORE if self._whole() else BEGUN_MORE if begun else HOLD_MORE))

    def _text(self) -> str:
        """What is held, in the order in which the keys were sent: a busy input method hands them on in another."""
        written = [item for item in self._held if item.text]
        if self._own_clock and all(item.stamp for item in written):
            written.sort(key=lambda item: item.stamp)
        return "".join(item.text for item in written)

    def _meant(self, text: str) -> str:
        """What was written, with the digits before it that an input method kept."""
        return burst.completed(text, self._district) or text

    def _whole(self) -> bool:
        """Whether what is held is a scan as it stands."""
        if self.pending() < min(burst.CODE_LENGTHS):
            return False
        text = self._meant(self._text())
        if len(text) >= LENGTH and burst.is_code(text):
            return True
        quick = all(item.after <= GAP for item in self._held if item.text)
        return (quick and burst.is_goods(text)) or (self._suffix == burst.NONE and burst.is_any_code(text))

    def _pause(self) -> None:
        """Nothing more came in time. After a busy moment the keys may still be on their way: wait once more."""
        late = bool(self._held) and self._clock() - self._held[-1].seen > self._timer.interval() + BUSY
        if late and self._patient:
            self._patient = False
            self._timer.start(self._gap)
            return
        self.settle()

    def _take(self, text: str = "") -> None:
        """The held keys were a scan: nobody else sees them."""
        self._timer.stop()
        text = text or self._meant(self._text())
        held, self._held = self._held, []
        down = [item.event.key() for item in held if isinstance(item.event, QKeyEvent) and item.text]
        up = [item.event.key() for item in held if isinstance(item.event, QKeyEvent) and not item.text]
        self._gone.update(key for key in down if down.count(key) > up.count(key))
        written = [item for item in held if item.text]
        soon = self._after_code(written[0].stamp, written[0].seen) <= AGAIN
        self._taken = written[-1]
        for code in burst.codes(text):
            if not (soon and code == self._taken_code):
                self._taken_code = code
                self.scanned.emit(code)

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
