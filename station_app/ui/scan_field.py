"""The desk's one field: scan, or type what finds somebody; what was half typed waits while somebody is on the card.

::

    ScanField(placeholder="", *, key="/")   with icon and key cap
        .digits_act    while True and the field is empty or its text waits, a digit is .digit(number, given), not text
        .wait()        what is half typed waits, muted and untouched; .waiting says so; any key but a digit goes on with it
        .resumed       the text is being worked on again (typed on, ``/``, Enter, Esc or a click)
        .search_typed(str) text for the search, after every change   .undo_asked  Backspace in the empty field
        .dismissed     Esc: text and IME are off again               .entered(str) Enter with text
        .set_ime(bool) .ime()   let Chinese be typed; ``/`` in the empty field turns it on, Esc and a scan turn it off

A Chinese input method eats or widens digits, so the field says it needs none (``ImEnabled`` false); letters typed there
find people by pinyin.
"""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ..words import t
from . import icons
from .painting import brush, cap_size, paint_cap, width, write
from .theme import face, tokens

_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_MODIFIERS = frozenset(
    {Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock}
)

# Shift and a digit of the main row, as keyboards here write them.
_SHIFTED = dict(zip("!@#$%^&*(", range(1, 10), strict=True)) | {"！": 1, "￥": 4, "（": 9}


class ScanField(QLineEdit):
    """The desk's one field: scan, or type a name, pinyin, the end of a phone number."""

    digit = Signal(int, bool)
    resumed = Signal()
    search_typed = Signal(str)
    undo_asked = Signal()
    dismissed = Signal()
    entered = Signal(str)

    def __init__(self, placeholder: str = "", *, key: str = "/", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key, self._ime, self._waiting = key, False, False
        self.digits_act = False
        self.setAcceptDrops(False)  # a file dropped here would leave its name; the window reads badges off pictures
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
        self._wait(False)
        self.clear()
        self.set_ime(False)

    @property
    def waiting(self) -> bool:
        """Whether what is half typed waits."""
        return self._waiting

    def wait(self) -> None:
        """What is half typed waits as it is while digits act; nothing happens in an empty field."""
        self._wait(bool(self.text()))

    def resume(self) -> None:
        """Go on with what waited."""
        if self._waiting:
            self._wait(False)
            self.resumed.emit()

    def _wait(self, waiting: bool) -> None:
        if waiting == self._waiting:
            return
        self._waiting = waiting
        self.setProperty("waits", waiting)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setAccessibleDescription(t("kit.half_typed") if waiting else "")
        self._inset()
        self.update()

    def inputMethodQuery(self, query: Qt.InputMethodQuery, argument: Any = None) -> Any:
        """``ImEnabled`` is false unless Chinese is to be typed: WA_InputMethodEnabled alone does not keep it away."""
        if query == Qt.InputMethodQuery.ImEnabled:
            return self._ime
        return super().inputMethodQuery(query, argument) if argument is not None else super().inputMethodQuery(query)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys with a meaning of their own in the empty field, digits over a text that waits; everything else is text."""
        key, text = event.key(), event.text()
        if self._waiting and key not in _MODIFIERS:
            if self.digits_act and (number := _number(event)):
                self.digit.emit(*number)
                return
            self.resume()
            if key in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                return
            if text in ("/", "、"):
                self.set_ime(True)
                return
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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click goes on with what waits."""
        self.resume()
        super().mousePressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_key"):
            self._inset()

    def _inset(self) -> None:
        right = cap_size(self._key).width() + 8 if self._key else 0
        if self._waiting:
            right += width(face(tokens().body), t("kit.half_typed")) + 12
        self.setTextMargins(tokens().px(34), 0, right, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The scan frame before and the key cap after the text, with what it does while the text waits."""
        super().paintEvent(event)
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        side = worn.px(20)
        icons.paint(painter, "scan", worn.muted, QRectF(16, (self.height() - side) / 2, side, side))
        if self._key:
            size = cap_size(self._key)
            left = self.width() - size.width() - 16
            if self._waiting:
                font, words = face(worn.body), t("kit.half_typed")
                wide = width(font, words) + 2
                write(painter, QRectF(left - wide - 8, 0, wide, self.height()), words, font, worn.attention)
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
