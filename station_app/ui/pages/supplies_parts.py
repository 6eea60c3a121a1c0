"""What a kit is made of, chosen from the items: a line each with its number, by keys alone, by the mouse, or by scanning what goes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unicodedata import normalize

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from ...model import Item
from ...words import t
from ..buttons import Button, IconButton
from ..forms import ENTER, Combo, Field
from ..kit import Column, Row, Text

MOST = 1000


class PartsField(Field):
    """Items with a number each; the value is {item id: number}, empty for what is no kit.

    Enter on an item chosen below adds one of it; on none chosen it goes on. In a line the number is typed, Up and Down step it, Enter
    goes back to the choice, and a number emptied or stepped to nothing takes the line away.
    """

    def __init__(self, name: str, label: str, items: Sequence[Item], *, hint: str) -> None:
        super().__init__(name, label)
        self._items = {item.id: item for item in items}
        self.lines: dict[str, PartLine] = {}
        self._list, inside = Column(gap=4), QWidget()
        inside.setLayout(self._list)
        self._inside = inside
        self.choice = Combo()
        self.choice.addItem(t("supplies_page.part_choose"), "")
        for item in items:
            self.choice.addItem(f"{item.name}（{item.unit}）", item.id)
        self.choice.activated.connect(lambda _index: self._show_add())
        self.add_button = Button(t("supplies_page.part_add"), icon="plus")
        self.add_button.clicked.connect(self._add_chosen)
        self._put(self.choice, self.add_button)
        self._column.insertWidget(1, inside)
        self._column.insertWidget(3, Text(hint, "muted", wrap=True))
        inside.hide()
        self._show_add()

    def value(self) -> dict[str, int]:
        """How many of which item one kit holds."""
        return {item_id: line.number() or 0 for item_id, line in self.lines.items()}

    def set_value(self, value: Any) -> None:
        """Fill in {item id: number}, or nothing."""
        for item_id in list(self.lines):
            self._drop(item_id)
        for item_id, number in dict(value or {}).items():
            self.add(item_id, number)

    def problem(self) -> str:
        """Every number is one that can be."""
        bad = next((line for line in self.lines.values() if line.number() is None), None)
        return t("kit.bad_number", low=1, high=MOST) if bad is not None else ""

    def add(self, item_id: str, number: int = 1) -> bool:
        """So many more of an item; whether it can be a part (an item in use, that is no kit)."""
        if item_id not in self._items:
            return False
        line = self.lines.get(item_id)
        if line is None:
            line = self.lines[item_id] = PartLine(self._items[item_id])
            line.left.connect(self._to_choice)
            line.changed.connect(self._edited)
            line.gone.connect(lambda: self._drop(item_id, focus=True))
            self._list.addWidget(line)
            self._inside.show()
            line.set_number(number)
        else:
            line.set_number(min((line.number() or 0) + number, MOST))
        self._edited()
        return True

    def key_pressed(self, event: QKeyEvent) -> bool:
        """Enter adds what is chosen; nothing chosen, it goes on."""
        if event.key() in ENTER and self.choice.currentData() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._add_chosen()
            return True
        return super().key_pressed(event)

    def _add_chosen(self) -> None:
        item_id = str(self.choice.currentData() or "")
        if self.add(item_id):
            self.choice.setCurrentIndex(0)
            self._show_add()
            self.lines[item_id].take_focus()
        else:
            self.choice.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_add(self) -> None:
        self.add_button.setEnabled(bool(self.choice.currentData()))

    def _to_choice(self) -> None:
        self.choice.setFocus(Qt.FocusReason.OtherFocusReason)

    def _drop(self, item_id: str, *, focus: bool = False) -> None:
        line = self.lines.pop(item_id, None)
        if line is None:
            return
        self._list.removeWidget(line)
        line.deleteLater()
        self._inside.setVisible(bool(self.lines))
        self._edited()
        if focus:
            self._to_choice()


class PartLine(QWidget):
    """One part: its name, its number with less and more, and a way to take it out."""

    changed = Signal()
    left = Signal()
    gone = Signal()

    def __init__(self, item: Item) -> None:
        super().__init__()
        self.item = item
        self.line = QLineEdit()
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly)
        self.line.setAccessibleName(t("supplies_page.part_number", name=item.name, unit=item.unit))
        self.line.setFixedWidth(72)
        self.line.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.line.textChanged.connect(lambda _text: self.changed.emit())
        self.line.installEventFilter(self)
        less = IconButton("minus", t("supplies_page.part_less", name=item.name))
        more = IconButton("plus", t("supplies_page.part_more", name=item.name))
        out = IconButton("close", t("supplies_page.part_out", name=item.name))
        row = Row(Text(item.name, "strong", wrap=True), None, self.line, Text(item.unit, "muted"), less, more, out, gap=8)
        row.setContentsMargins(0, 0, 0, 0)
        self.setLayout(row)
        less.clicked.connect(lambda: self._step(-1))
        more.clicked.connect(lambda: self._step(1))
        out.clicked.connect(self.gone)

    def number(self) -> int | None:
        """The number typed, None for none that can be."""
        text = normalize("NFKC", self.line.text()).strip()
        return int(text) if text.isdecimal() and 1 <= int(text) <= MOST else None

    def set_number(self, number: int) -> None:
        """Show this number."""
        self.line.setText(str(number))

    def take_focus(self) -> None:
        """Into the number, so that another one is typed over it."""
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.selectAll()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Enter goes back to the choice, Up and Down step."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is not None:
            self._step(step)
            return True
        if event.key() in ENTER and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            (self.left if self.line.text().strip() else self.gone).emit()
            return True
        return False

    def _step(self, by: int) -> None:
        number = (self.number() or 0) + by
        if number < 1:
            self.gone.emit()
        else:
            self.set_number(min(number, MOST))


