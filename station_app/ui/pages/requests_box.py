"""Opening a box: two names, then slip after slip by keyboard, all recorded in one go; nothing typed is lost by an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from ...errors import UserMistake
from ...model import Category, Changes, Channel, RequestKind
from ...services import boxes
from ...services.boxes import Opening, Slip, Taken
from ...words import label, t
from .. import actions
from ..entry import Entry
from ..forms import ChoiceField, LineField, NumberField, TextField
from ..jobs import Otherwise
from ..kit import Button, Chip, Column, FlowLayout, Row, Text, clear
from ..page import Shell
from .requests_form import CategoryField
from .requests_text import TITLE

Done = Callable[[Opening, list[Taken], Changes], None]


class BoxForm(Entry):
    """The form: Ctrl+Enter records everything, Alt+Enter puts the slip that was typed on the list and begins the next."""

    def __init__(self, shell: Shell, done: Done, box: Channel, first_name: str) -> None:
        self._jobs, self._done = shell.jobs, done
        self.slips: list[Slip] = []
        super().__init__(
            shell, self._record,
            ChoiceField("box", t("box_page.box"), [(box.value, label(box)) for box in boxes.BOXES], value=box, keys=True),
            LineField("first_name", t("box_page.first_name"), required=True),
            LineField("second_name", t("box_page.second_name"), required=True, hint=t("box_page.two_hint")),
            TextField("text", t("box_page.slip"), hint=t("box_page.slip_hint"), lines=3),
            ChoiceField("kind", t("requests_page.kind"), [(kind.value, label(kind)) for kind in RequestKind],
                        value=RequestKind.HELP, keys=True),
            CategoryField(shell.jobs),
            NumberField("found", t("box_page.found"), high=boxes.MOST_SLIPS, required=False),
            ChoiceField("read", t("box_page.read"), [("here", t("box_page.read_here")), ("district", t("box_page.read_district"))],
                        value="here", keys=True),
            LineField("note", t("requests_page.note"), hint=t("requests_page.optional")),
            at={"boxes.two_people": "second_name", "boxes.bad_count": "found", "requests.no_text": "text", "requests.long_text": "text"},
        )  # fmt: skip
        self.field("first_name").set_value(first_name)
        self._list = QWidget()
        self._flow = FlowLayout(6)
        self._list.setLayout(self._flow)
        self.count = Text(t("box_page.so_far", n=0), "muted")
        more = Button(t("box_page.next_slip"), icon="plus", key="Alt+Enter")
        shortcut = QShortcut(QKeySequence("Alt+Return"), self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self.next_slip)
        more.clicked.connect(self.next_slip)
        column = Column(Row(more, self.count, None, gap=10), self._list, gap=6)
        holder = QWidget()
        holder.setLayout(column)
        self._column.insertWidget(6, holder)  # below the category: the slip is whole there

    def next_slip(self) -> None:
        """The slip that was typed goes on the list; the next one begins."""
        values = self.values()
        text = values["text"].strip()
        if not text:
            self.field("text").take_focus()
            return
        self.slips.append(self._slip(values))
        self.field("text").set_value("")
        self._show()
        self.field("text").take_focus()

    def _slip(self, values: dict[str, Any]) -> Slip:
        return Slip(values["text"].strip(), RequestKind(values["kind"]), values["category"] or Category.OTHER)

    def _show(self) -> None:
        clear(self._flow)
        self.count.set(t("box_page.so_far", n=len(self.slips)))
        for place, slip in enumerate(self.slips):
            words = slip.text if len(slip.text) <= TITLE else slip.text[: TITLE - 1] + "…"
            chip = Chip(f"{place + 1} {words}", parent=self._list)
            chip.setToolTip(t("box_page.press_to_change"))
            chip.clicked.connect(lambda _checked=False, place=place: self._take_back(place))
            self._flow.addWidget(chip)

    def _take_back(self, place: int) -> None:
        """A slip comes back into the field, to be put right; what was being typed takes its place on the list."""
        slip, values = self.slips[place], self.values()
        if values["text"].strip():
            self.slips[place] = self._slip(values)
        else:
            del self.slips[place]
        self.set_values({"text": slip.text, "kind": slip.kind, "category": slip.category})
        self._show()
        self.field("text").take_focus()

    def _record(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        taken = [*self.slips, *([self._slip(values)] if values["text"].strip() else [])]
        found = values["found"]
        if found is not None and found < len(taken):
            otherwise(UserMistake("boxes.bad_count", n=len(taken), most=boxes.MOST_SLIPS))
            return
        actions.open_box(
            self._jobs, Channel(values["box"]), values["first_name"], values["second_name"], taken,
            lambda outcome: self._done(*outcome), otherwise, found=found, note=values["note"], locked=values["read"] == "district",
        )  # fmt: skip
