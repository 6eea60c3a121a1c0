"""What the program answers: a toast with undo, an error strip, a side sheet for forms, progress. Never a modal dialog.

::

    Toast()                 .say(text, *, action="", then=None, tone="plain")  .clear()  .text()  .act()
                            tones plain good bad; the newest replaces the one before; put it in with FootBar.put_toast
    ErrorStrip()            .show_error(StationError)  .show_text(str)  .clear();  hidden while there is nothing to say
    Sheet(page)             .open(title, content, *, submit="", cancel="") opens over the right side of ``page``
                            .close_sheet()  .show_error(StationError) (under the field named by error.fields["field"],
                            else on top)  .is_open()  .busy(bool);  .closed;  a Form submits by Enter or button
                            .typed() whether a person typed into it  .take_focus()
                            .put_aside: left by Esc, the cross or the button with something typed;  .bring_back()
    ProgressStrip()         .start(text, *, cancel=True)  .advance(done, total, text="")  .finish();  .cancelled
    announce(widget, text)  to screen readers
    sentence(error) -> str  the words of a StationError
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPropertyAnimation, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsOpacityEffect,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ..errors import StationError
from ..words import t
from .buttons import Button, IconButton, Press
from .forms import Form
from .kit import Icon, Scroll, Text
from .painting import CENTRE, box, brush, focus_ring, width, write
from .theme import face, tokens, tone


def sentence(error: StationError) -> str:
    """What the error says to the person, in the language of the window."""
    return t(error.word, **error.fields)


def announce(widget: QWidget, text: str) -> None:
    """Let a screen reader read ``text`` without moving the focus."""
    widget.setAccessibleName(text)
    QAccessible.updateAccessibility(QAccessibleEvent(widget, QAccessible.Event.Alert))


class _Link(Press):
    """The underlined action inside a toast, in a ``colour`` that can be read on it; as high as the foot bar."""

    colour = ""

    def sizeHint(self) -> QSize:
        """The words and a little room to hit them."""
        return QSize(width(face(tokens().body), self._words) + 16, tokens().px(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Underlined words on the toast."""
        worn = tokens()
        painter = QPainter(self)
        brush(painter)
        font = face(worn.body)
        font.setUnderline(True)
        write(painter, QRectF(self.rect()), self._words, font, self.colour or worn.toast_link, CENTRE)
        if self.hasFocus():
            focus_ring(painter, QRectF(self.rect()), 6)


LINGERS, LINGERS_WITH_ACTION, FADES = 12_000, 30_000, 600
"""Milliseconds a toast is read, the way back is offered, and fading takes."""


class Toast(QWidget):
    """The newest thing done, at the left of the foot bar, with the way back: 已为 李志强 登记  撤销.

    After a while it fades, unless the pointer or the focus is there or something went wrong; Ctrl+Z goes on working.
    ``rest`` is the timer that says when, ``fading`` the animation.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._then: Callable[[], None] | None = None
        self._tone = "plain"
        self._text = Text()
        self._link = _Link("", self)
        self._link.clicked.connect(self.act)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 4, 0)
        row.setSpacing(4)
        row.addWidget(self._text)
        row.addWidget(self._link)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._veil = QGraphicsOpacityEffect(self)
        self._veil.setEnabled(False)
        self.setGraphicsEffect(self._veil)
        self.rest = QTimer(self, singleShot=True)
        self.rest.timeout.connect(self._fade)
        self.fading = QPropertyAnimation(self._veil, b"opacity", self)
        self.fading.setDuration(FADES)
        self.fading.setStartValue(1.0)
        self.fading.setEndValue(0.0)
        self.fading.finished.connect(self.clear)
        self.hide()

    def say(self, text: str, *, action: str = "", then: Callable[[], None] | None = None, tone: str = "plain") -> None:
        """Show what was done; ``then`` is called, once, when ``action`` is pressed. Takes no focus."""
        self._stay()
        self._then, self._tone = then, tone
        self._text.set(text)
        self._link.set_text(action)
        self._link.setVisible(bool(action))
        self._dress()
        self.show()
        self.update()
        if tone != "bad":
            self.rest.start(LINGERS_WITH_ACTION if action else LINGERS)
        announce(self, f"{text} {action}".strip())

    def text(self) -> str:
        """What is said now; empty when nothing is."""
        return self._text.text() if not self.isHidden() else ""

    def act(self) -> None:
        """Press the action, if there is one."""
        then, self._then = self._then, None
        if then is not None:
            self._link.hide()
            then()

    def clear(self) -> None:
        """Say nothing."""
        self._stay()
        self._then = None
        self.hide()

    def _stay(self) -> None:
        self.rest.stop()
        self.fading.stop()
        self._veil.setEnabled(False)

    def _fade(self) -> None:
        if self.underMouse() or self._link.hasFocus():
            self.rest.start(LINGERS)
        else:
            self._veil.setEnabled(True)
            self.fading.start()

    def _dress(self) -> None:
        worn = tokens()
        ink = worn.on_toast if self._tone == "plain" else tone(self._tone).ink
        self._text.setStyleSheet(f"color: {ink};")
        self._link.colour = "" if self._tone == "plain" else ink

    def changeEvent(self, event: QEvent) -> None:
        """The theme may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_text"):
            self._dress()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A dark pill, or one in the tone of what went wrong."""
        painter = QPainter(self)
        brush(painter)
        rect = QRectF(self.rect()).adjusted(0, 4, 0, -4)
        if self._tone == "plain":
            box(painter, rect, tokens().toast, radius=8)
        else:
            colours = tone(self._tone)
            box(painter, rect, colours.fill, colours.line, radius=8)


class ErrorStrip(QFrame):
    """A sentence about what went wrong, until it is closed or put right; takes no room otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = Text("", "bad", wrap=True)
        close = IconButton("close", t("kit.close"), kind="link")
        close.clicked.connect(self.clear)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 0, 4)
        row.setSpacing(8)
        row.addWidget(Icon("warning", "bad"))
        row.addWidget(self._text, 1)
        row.addWidget(close)
        self.hide()

    def show_error(self, error: StationError) -> None:
        """Say what the error says."""
        self.show_text(sentence(error))

    def show_text(self, text: str) -> None:
        """Say a sentence."""
        self._text.set(text)
        self.show()
        announce(self, text)

    def text(self) -> str:
        """What is said now; empty when nothing is."""
        return self._text.text() if not self.isHidden() else ""

    def clear(self) -> None:
        """Say nothing."""
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The red ground."""
        colours = tone("bad")
        painter = QPainter(self)
        brush(painter)
        box(painter, QRectF(self.rect()), colours.fill, colours.line)


class ProgressStrip(QWidget):
    """A long task: what it is doing, how far it is, and a way to stop it."""

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text, self._count = Text(), Text("", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._cancel = Button(t("kit.cancel"))
        self._cancel.clicked.connect(self._stop)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._text, 1)
        row.addWidget(self._count)
        row.addWidget(self._cancel)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._bar)
        column.addLayout(row)
        self.hide()

    def start(self, text: str, *, cancel: bool = True) -> None:
        """Show that something began; how much there is to do is not known yet."""
        self._text.set(text)
        self._count.set("")
        self._bar.setRange(0, 0)
        self._bar.setAccessibleName(text)
        self._cancel.setVisible(cancel)
        self._cancel.setEnabled(True)
        self.show()
        announce(self, text)

    def advance(self, done: int, total: int, text: str = "") -> None:
        """``done`` of ``total``; another text if given."""
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        self._count.set(f"{done:,} / {total:,}")
        if text:
            self._text.set(text)

    def finish(self) -> None:
        """It is over."""
        self.hide()

    def _stop(self) -> None:
        self._cancel.setEnabled(False)
        self.cancelled.emit()


class Sheet(QFrame):
    """A panel over the right side of a page, for a form; Esc closes it, and the focus goes back where it was.

    A form that is left with something typed in it is kept until the next one opens, so that a slip of a finger costs
    nothing: ``put_aside`` tells, ``bring_back`` shows it again.
    """

    closed = Signal()
    put_aside = Signal()

    def __init__(self, page: QWidget, *, width: int = 440) -> None:
        super().__init__(page)
        self._page, self._width = page, width
        self._content: QWidget | None = None
        self._aside: QWidget | None = None
        self._before: QWidget | None = None
        self.setProperty("ground", "sheet")
        self._title = Text("", "strong")
        self._errors = ErrorStrip()
        self._submit, self._cancel = Button("", "primary", key="Enter"), Button("", key="Esc")
        self._submit.clicked.connect(self._send)
        self._cancel.clicked.connect(self.leave)
        self._place = QVBoxLayout()
        head, foot = QHBoxLayout(), QHBoxLayout()
        close = IconButton("close", t("kit.close"), kind="link")
        close.clicked.connect(self.leave)
        head.addWidget(self._title, 1)
        head.addWidget(close)
        foot.setSpacing(8)
        foot.addWidget(self._submit)
        foot.addWidget(self._cancel)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 16, 12)
        column.setSpacing(10)
        column.addLayout(head)
        column.addWidget(self._errors)
        column.addLayout(self._place, 1)
        column.addLayout(foot)
        page.installEventFilter(self)
        self.hide()

    def open(self, title: str, content: QWidget, *, submit: str = "", cancel: str = "") -> None:
        """Show ``content`` (a Form: its first field gets the focus); an empty ``submit`` shows no such button."""
        self._drop()
        self._before = QApplication.focusWidget()
        self._title.set(title)
        self.setAccessibleName(title)
        self._submit.set_text(submit)
        self._submit.setVisible(bool(submit))
        self._cancel.set_text(cancel or t("kit.cancel"))
        self._errors.clear()
        self.busy(False)
        self._content = content
        scroll = Scroll(content)
        self._place.addWidget(scroll)
        self._appear()
        if isinstance(content, Form):
            content.take_focus()
        else:
            content.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_sheet(self) -> None:
        """Close; the content is let go."""
        if not self.is_open():
            return
        self._drop()
        self._disappear()

    def leave(self) -> None:
        """Close as a person does, by Esc, the cross or the button: what was typed is put aside."""
        if not self.typed():
            self.close_sheet()
            return
        self._aside, self._content = self._content, None
        self._disappear()
        self.put_aside.emit()

    def bring_back(self) -> None:
        """Show again what was put aside, as it was; nothing happens when it is gone."""
        content, self._aside = self._aside, None
        if content is None:
            return
        self._content = content
        self._before = QApplication.focusWidget()
        self._appear()
        self.take_focus()

    def typed(self) -> bool:
        """Whether a person typed something into the open form, which closing would lose."""
        if self._content is None or not self.is_open():
            return False
        lines = any(line.isModified() and line.text() for line in self._content.findChildren(QLineEdit))
        return lines or any(
            area.document().isModified() and area.toPlainText() for area in self._content.findChildren(QPlainTextEdit)
        )

    def take_focus(self) -> None:
        """Back to the field that had the focus last."""
        inside = self.focusWidget() or self._content
        if inside is not None:
            inside.setFocus(Qt.FocusReason.OtherFocusReason)

    def _appear(self) -> None:
        self._fit()
        self.show()
        self.raise_()

    def _disappear(self) -> None:
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before = None
        self.closed.emit()

    def is_open(self) -> bool:
        """Whether it is shown."""
        return not self.isHidden()

    def busy(self, busy: bool) -> None:
        """While what was submitted is being saved, it cannot be submitted again; what was typed stays."""
        self._submit.setEnabled(not busy)

    def show_error(self, error: StationError) -> None:
        """Show an error under its field when it names one, else on top; what was typed stays."""
        self.busy(False)
        name = error.fields.get("field")
        if isinstance(self._content, Form) and isinstance(name, str) and name in self._content.values():
            self._content.show_error(name, sentence(error))
        else:
            self._errors.show_error(error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves."""
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the right side of the page."""
        if watched is self._page and event.type() == QEvent.Type.Resize and self.is_open():
            self._fit()
        return False

    def _fit(self) -> None:
        wide = min(tokens().px(self._width), self._page.width())
        self.setGeometry(self._page.width() - wide, 0, wide, self._page.height())

    def _send(self) -> None:
        if isinstance(self._content, Form):
            self._content.submit()

    def _drop(self) -> None:
        self._content = self._aside = None
        item = self._place.takeAt(0)
        if item is not None and (scroll := item.widget()) is not None:
            scroll.hide()
            scroll.deleteLater()
