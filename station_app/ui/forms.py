"""Labelled fields and a form that gathers them; a form saves nothing and remembers nothing by itself.

::

    LineField(name, label, *, required=False, hint="", digits=False)      -> str, stripped
    TextField(name, label, *, required=False, hint="", lines=4)           -> str; Shift+Enter makes a new line
    PasswordField(name, label, *, required=True, hint="")                 -> str as typed, with a show button
    NumberField(name, label, *, low=0, high=9999, value=None, required=True)   -> int or None; Up and Down step
    DateField(name, label, *, value=None, required=False)                 -> datetime.date or None; Up and Down by a day
    ChoiceField(name, label, [(code, text), ...], *, value="", required=True, chips=None, keys=False)  -> code or ""
        every field: .value() .set_value(v) .problem() -> str .show_error(str) .take_focus();  .changed .entered
    Form(*fields)     .values() -> dict  .set_values(dict)  .field(name)  .submit()  .show_error(name, text)  .clear()
        .take_focus()  .submitted(dict): everything was filled in rightly

Enter goes to the next field and submits on the last one. Full-width digits are taken as digits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from re import fullmatch
from typing import Any
from unicodedata import normalize

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from ..words import t
from . import icons
from .buttons import Chip, IconButton
from .kit import FlowLayout, Text
from .theme import tokens


def today() -> date:
    """The day on the wall of this machine."""
    return datetime.now().astimezone().date()


ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Field(QWidget):
    """A label, a control, and room for one sentence when something is wrong with it."""

    changed = Signal()
    entered = Signal()

    def __init__(self, name: str, label: str, *, required: bool = False) -> None:
        super().__init__()
        self.name, self.required = name, required
        self._label, self._error = Text(label, "small"), Text("", "bad", wrap=True)
        self._error.hide()
        self._control: QWidget = self
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self._label)
        self._column.addWidget(self._error)

    def _put(self, control: QWidget, *beside: QWidget) -> None:
        """Set the control between label and error; ``beside`` stand at its right."""
        self._control = control
        control.setAccessibleName(self._label.text())
        self._label.setBuddy(control)
        control.installEventFilter(self)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(control, 1)
        for widget in beside:
            row.addWidget(widget)
        self._column.insertLayout(1, row)
        self.setFocusProxy(control)

    def value(self) -> Any:
        """What was filled in."""
        raise NotImplementedError

    def set_value(self, value: Any) -> None:
        """Fill it in."""
        raise NotImplementedError

    def problem(self) -> str:
        """The sentence to show when it cannot be taken as it is; empty when all is well."""
        return t("kit.required") if self.required and self.value() in ("", None, ()) else ""

    def show_error(self, text: str) -> None:
        """Show a sentence under the field, or take it away with an empty text."""
        self._error.set(text)
        self._error.setVisible(bool(text))
        self._control.setAccessibleDescription(text)
        self._control.setProperty("error", bool(text))
        self._control.style().unpolish(self._control)
        self._control.style().polish(self._control)

    def take_focus(self) -> None:
        """Put the cursor here."""
        self._control.setFocus(Qt.FocusReason.OtherFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter moves on."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self.key_pressed(event)
        return False

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Whether a key of the control was dealt with here."""
        if event.key() in ENTER and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.entered.emit()
            return True
        return False

    def _edited(self) -> None:
        self.show_error("")
        self.changed.emit()


class LineField(Field):
    """One line of text; ``digits`` takes digits only (a phone, a number), also full-width ones."""

    def __init__(self, name: str, label: str, *, required: bool = False, hint: str = "", digits: bool = False) -> None:
        super().__init__(name, label, required=required)
        self._digits = digits
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        if digits:
            self.line.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.line.textChanged.connect(self._edited)
        self._put(self.line)

    def value(self) -> str:
        """The text without spaces around it."""
        text = self.line.text().strip()
        return normalize("NFKC", text).replace(" ", "") if self._digits else text

    def set_value(self, value: Any) -> None:
        """Fill in a text."""
        self.line.setText(str(value or ""))


class _Area(QPlainTextEdit):
    """Several lines; Tab leaves it."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self._lines = lines
        self.setTabChangesFocus(True)
        self.fit()

    def fit(self) -> None:
        """As high as its lines, whatever the type size."""
        self.setFixedHeight(round(tokens().body * 1.6 * self._lines) + 20)

    def changeEvent(self, event: QEvent) -> None:
        """The type size may have changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.fit()


class TextField(Field):
    """Several lines of text; Enter moves on, Shift+Enter makes a new line."""

    def __init__(self, name: str, label: str, *, required: bool = False, hint: str = "", lines: int = 4) -> None:
        super().__init__(name, label, required=required)
        self.area = _Area(lines)
        self.area.setPlaceholderText(hint)
        self.area.textChanged.connect(self._edited)
        self._put(self.area)

    def value(self) -> str:
        """The text without spaces around it."""
        return self.area.toPlainText().strip()

    def set_value(self, value: Any) -> None:
        """Fill in a text."""
        self.area.setPlainText(str(value or ""))


class PasswordField(Field):
    """A password, hidden until the eye is pressed."""

    def __init__(self, name: str, label: str, *, required: bool = True, hint: str = "") -> None:
        super().__init__(name, label, required=required)
        self.line = QLineEdit()
        self.line.setPlaceholderText(hint)
        self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.line.textChanged.connect(self._edited)
        self._eye = IconButton("eye", t("kit.show_password"))
        self._eye.clicked.connect(self._toggle)
        self._put(self.line, self._eye)

    def _toggle(self) -> None:
        show = self.line.echoMode() == QLineEdit.EchoMode.Password
        self.line.setEchoMode(QLineEdit.EchoMode.Normal if show else QLineEdit.EchoMode.Password)
        name = t("kit.hide_password") if show else t("kit.show_password")
        self._eye.set_icon("eye_off" if show else "eye")
        self._eye.setAccessibleName(name)
        self._eye.setToolTip(name)

    def value(self) -> str:
        """Exactly what was typed."""
        return self.line.text()

    def set_value(self, value: Any) -> None:
        """Fill in a text."""
        self.line.setText(str(value or ""))


class NumberField(Field):
    """A whole number between ``low`` and ``high``, with buttons for one less and one more."""

    def __init__(
        self, name: str, label: str, *, low: int = 0, high: int = 9999, value: int | None = None, required: bool = True
    ) -> None:
        super().__init__(name, label, required=required)
        self._low, self._high = low, high
        self.line = QLineEdit()
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.line.textChanged.connect(self._edited)
        less, more = IconButton("minus", t("kit.less")), IconButton("plus", t("kit.more"))
        less.clicked.connect(lambda: self._step(-1))
        more.clicked.connect(lambda: self._step(1))
        self._put(self.line, less, more)
        self.set_value(value)

    def value(self) -> int | None:
        """The number, None when it is empty or none."""
        text = normalize("NFKC", self.line.text()).strip()
        return int(text) if fullmatch(r"-?[0-9]{1,9}", text) else None

    def set_value(self, value: Any) -> None:
        """Fill in a number or nothing."""
        self.line.setText("" if value is None else str(value))

    def problem(self) -> str:
        """It has to be a number within the bounds."""
        if not self.line.text().strip():
            return super().problem()
        number = self.value()
        fits = number is not None and self._low <= number <= self._high
        return "" if fits else t("kit.bad_number", low=self._low, high=self._high)

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Up and Down step."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            return super().key_pressed(event)
        self._step(step)
        return True

    def _step(self, by: int) -> None:
        number = self.value()
        self.set_value(self._low if number is None else min(max(number + by, self._low), self._high))
        self.line.selectAll()


class DateField(Field):
    """A day, typed in any usual way: 2026-07-17, 20260717, 2026年7月17日, 7-17 (this year)."""

    def __init__(self, name: str, label: str, *, value: date | None = None, required: bool = False) -> None:
        super().__init__(name, label, required=required)
        self.line = QLineEdit()
        self.line.textChanged.connect(self._edited)
        self.line.editingFinished.connect(self._tidy)
        self._put(self.line)
        self.set_value(value)

    def value(self) -> date | None:
        """The day, None when it is empty or none."""
        text = normalize("NFKC", self.line.text()).strip()
        match = fullmatch(r"(?:(\d{4})[-/.年])?(\d{1,2})[-/.月](\d{1,2})日?", text) or fullmatch(
            r"(\d{4})(\d\d)(\d\d)", text
        )
        if match is None:
            return None
        year, month, day = match.groups()
        try:
            return date(int(year or today().year), int(month), int(day))
        except ValueError:
            return None

    def set_value(self, value: Any) -> None:
        """Fill in a day or nothing."""
        self.line.setText(value.isoformat() if isinstance(value, date) else "")

    def problem(self) -> str:
        """It has to be a day that exists."""
        if not self.line.text().strip():
            return super().problem()
        return "" if self.value() else t("kit.bad_date")

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Up and Down move by a day."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            return super().key_pressed(event)
        self.set_value((self.value() or today()) + timedelta(days=step))
        return True

    def _tidy(self) -> None:
        day = self.value()
        if day is not None and self.line.text() != day.isoformat():
            self.set_value(day)


class Combo(QComboBox):
    """A drop-down with our chevron."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """The chevron in the colour of the theme."""
        super().paintEvent(event)
        t_ = tokens()
        size = t_.px(16)
        spot = QRectF(self.width() - size - 12, (self.height() - size) / 2, size, size)
        icons.paint(QPainter(self), "chevron_down", t_.muted, spot)


class _ChipRow(QWidget):
    """Chips that flow, one of them chosen; the arrow keys move between them, digits press the nth, Enter moves on."""

    entered = Signal()
    changed = Signal()

    def __init__(self, options: Sequence[tuple[str, str]], *, keys: bool) -> None:
        super().__init__()
        flow = FlowLayout(6)
        self.setLayout(flow)
        self.chips: dict[str, Chip] = {}
        for number, (code, text) in enumerate(options, 1):
            chip = self.chips[code] = Chip(text, key=str(number) if keys and number < 10 else "")
            chip.clicked.connect(lambda _checked=False, code=code: self._pressed(code))
            chip.installEventFilter(self)
            flow.addWidget(chip)
        if options:
            self.setFocusProxy(self.chips[options[0][0]])

    def code(self) -> str:
        """What is chosen, "" when nothing is."""
        return next((code for code, chip in self.chips.items() if chip.isChecked()), "")

    def choose(self, code: str) -> None:
        """Choose this one; "" for none."""
        for other, chip in self.chips.items():
            chip.setChecked(other == code)

    def _pressed(self, code: str) -> None:
        self.choose(code)
        self.changed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of a chip."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if event.key() in ENTER:
            self.entered.emit()
            return True
        chips = list(self.chips.values())
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is not None:
            here = next(number for number, chip in enumerate(chips) if chip is watched)
            chips[(here + step) % len(chips)].setFocus(Qt.FocusReason.TabFocusReason)
            return True
        text = normalize("NFKC", event.text())
        if (
            len(text) == 1
            and text in "123456789"
            and int(text) <= len(chips)
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            chips[int(text) - 1].setFocus(Qt.FocusReason.TabFocusReason)
            chips[int(text) - 1].click()
            return True
        return False


class ChoiceField(Field):
    """One of several: chips up to eight (or as told), a drop-down above."""

    def __init__(
        self,
        name: str,
        label: str,
        options: Sequence[tuple[str, str]],
        *,
        value: str = "",
        required: bool = True,
        chips: bool | None = None,
        keys: bool = False,
    ) -> None:
        super().__init__(name, label, required=required)
        self._row: _ChipRow | None = None
        self._combo: Combo | None = None
        if chips if chips is not None else len(options) <= 8:
            self._row = _ChipRow(options, keys=keys)
            self._row.changed.connect(self._edited)
            self._row.entered.connect(self.entered)
            self._put(self._row)
        else:
            self._combo = Combo()
            self._combo.addItem(t("kit.choose"), "")
            for code, text in options:
                self._combo.addItem(text, code)
            self._combo.currentIndexChanged.connect(lambda _index: self._edited())
            self._put(self._combo)
        self.set_value(value)

    def value(self) -> str:
        """The code chosen, empty when none is."""
        if self._row is not None:
            return self._row.code()
        return str(self._combo.currentData() or "") if self._combo is not None else ""

    def set_value(self, value: Any) -> None:
        """Choose a code."""
        if self._row is not None:
            self._row.choose(str(value))
        elif self._combo is not None:
            self._combo.setCurrentIndex(max(0, self._combo.findData(str(value or ""))))

    def problem(self) -> str:
        """One has to be chosen."""
        return t("kit.choose") if self.required and not self.value() else ""


class Form(QWidget):
    """Fields below each other; Enter goes from one to the next and submits on the last."""

    submitted = Signal(dict)
    changed = Signal()

    def __init__(self, *fields: Field, gap: int = 12, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, Field] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(gap)
        for field in fields:
            self.add(field)
        self._column.addStretch(1)

    def add(self, field: Field) -> None:
        """One more field at the end."""
        self._fields[field.name] = field
        field.entered.connect(lambda field=field: self._next(field))
        field.changed.connect(self.changed)
        self._column.insertWidget(len(self._fields) - 1, field)

    def introduce(self, words: QWidget) -> None:
        """What is said above the first field."""
        self._column.insertWidget(0, words)

    def field(self, name: str) -> Field:
        """The field with this name; KeyError otherwise."""
        return self._fields[name]

    def values(self) -> dict[str, Any]:
        """What is filled in now, by name, of the fields that are shown."""
        return {name: field.value() for name, field in self._fields.items() if not field.isHidden()}

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Fill in some of the fields."""
        for name, value in values.items():
            self._fields[name].set_value(value)

    def clear(self) -> None:
        """Empty every field and take the errors away."""
        for field in self._fields.values():
            field.set_value(None)
            field.show_error("")

    def show_error(self, name: str, text: str) -> None:
        """Show a sentence under a field and go there."""
        self._fields[name].show_error(text)
        self._fields[name].take_focus()

    def take_focus(self) -> None:
        """Put the cursor into the first field."""
        for field in self._fields.values():
            if not field.isHidden():
                field.take_focus()
                return

    def submit(self) -> None:
        """Say ``submitted`` when every field is right; else show what is wrong and go to the first wrong one."""
        shown = [field for field in self._fields.values() if not field.isHidden()]
        problems = [(field, field.problem()) for field in shown]
        for field, problem in problems:
            field.show_error(problem)
        wrong = next((field for field, problem in problems if problem), None)
        if wrong is not None:
            wrong.take_focus()
        else:
            self.submitted.emit(self.values())

    def _next(self, field: Field) -> None:
        shown = [other for other in self._fields.values() if not other.isHidden()]
        problem = field.problem()
        if problem:
            field.show_error(problem)
        elif field is shown[-1]:
            self.submit()
        else:
            shown[shown.index(field) + 1].take_focus()
