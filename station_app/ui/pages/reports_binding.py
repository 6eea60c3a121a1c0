"""What a cell of a form holds, chosen from lists: the figure, and what it is narrowed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from ...model import Amenity, ItemKind, Occupation, RequestState
from ...paper import figure_words as words
from ...services import bindings, figures
from ...services.bindings import Bound
from ...words import t
from ..kit import Button, FlowLayout, Text
from ..kit import Column as Lines
from ..theme import tokens

PARTS: Mapping[str, type[Occupation] | type[ItemKind] | type[Amenity] | type[RequestState]] = {
    "occupation": Occupation, "kind": ItemKind, "amenity": Amenity, "state": RequestState,
}  # fmt: skip
"""The parts that are offered, besides supplies and days."""
OFFERED = (*PARTS, "item", "day")


@dataclass(frozen=True, slots=True)
class Choice:
    """A figure and its parts, for one cell or for all cells below a heading."""

    figure: str
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    column: bool = False


class BoundPanel(QWidget):
    """One list for the figure, one for each part it can be narrowed to; what is chosen counts at once."""

    chosen = Signal(int, int, object)
    cleared = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._place = (0, 0)
        self._column = False
        self._extra: dict[str, tuple[str, ...]] = {}
        self.head = Text(t("forms_page.point"), "body", wrap=True)
        self.figure = QComboBox()
        self.figure.setAccessibleName(t("forms_page.figure"))
        self.parts = {part: QComboBox() for part in OFFERED}
        self.clear_button = Button(t("forms_page.leave"), "link")
        self._items: tuple[str, ...] = ()
        row = FlowLayout(10, row_gap=8)
        row.addWidget(self.figure)
        for part, combo in self.parts.items():
            combo.setAccessibleName(t(f"forms_page.part_{part}"))
            row.addWidget(combo)
        row.addWidget(self.clear_button)
        column = Lines(self.head, gap=8)
        column.addLayout(row)
        column.addStretch(1)
        self.setLayout(column)
        self._fill_figures()
        self.figure.activated.connect(lambda _n: self._changed(anew=True))
        for combo in self.parts.values():
            combo.activated.connect(lambda _n: self._changed())
        self.clear_button.clicked.connect(lambda: self.cleared.emit(*self._place))
        self._show_parts("")

    def _fill_figures(self) -> None:
        self.figure.addItem(t("forms_page.nothing"), "")
        for name in (*(one.name for one in figures.ALL), *bindings.DERIVED, *bindings.TEXTS):
            self.figure.addItem(words.figure_name(name), name)
        self.figure.setMinimumWidth(tokens().px(170))

    def show_cell(
        self, row: int, column: int, name: str, bound: Bound | None, items: Sequence[str], *, column_of: int, refused: str
    ) -> None:
        """Show what a cell holds; ``column_of`` cells below a heading are meant with it. ``refused`` is why it can hold nothing."""
        self._place, self._column, self._items = (row, column), column_of > 0, tuple(items)
        if refused:
            self.head.set(t(f"forms_page.refused_{refused}", cell=name))
        elif column_of:
            self.head.set(t("forms_page.column", cell=name, n=column_of))
        else:
            self.head.set(t("forms_page.cell", cell=name, what=words.described(bound) if bound is not None else t("forms_page.nothing")))
        for part in (self.figure, self.clear_button, *self.parts.values()):
            part.setEnabled(not refused)
        figure = bound.figure if bound is not None else ""
        self.figure.setCurrentIndex(max(self.figure.findData(figure), 0))
        self._extra = dict(bound.parts) if bound is not None else {}
        self._show_parts(figure)

    def _show_parts(self, figure: str) -> None:
        """The lists that narrow this figure, each at what is bound; a group of values stands as one line."""
        allowed = figures.BY_NAME[figure].parts if figure in figures.BY_NAME else ()
        for part, combo in self.parts.items():
            # below a heading the label of each row says who it is about
            combo.setVisible(part in allowed and not (self._column and part in ("occupation", "day")))
            combo.clear()
            combo.addItem(t(f"forms_page.all_{part}"), ())
            held = self._extra.get(part, ())
            options: list[tuple[str, ...]] = [(value,) for value in self._values(part)]
            if held and held not in options:
                options.insert(0, held)
            for values in options:
                combo.addItem(t("terms.list").join(words.part_name(part, value) for value in values), values)
            place = next((n for n in range(combo.count()) if tuple(combo.itemData(n) or ()) == held), 0)
            combo.setCurrentIndex(place)

    def _values(self, part: str) -> list[str]:
        if part == "item":
            return list(self._items)
        if part == "day":
            return [str(day) for day in range(1, 32)]
        return [*(one.value for one in PARTS[part]), *([""] if part == "occupation" else [])]

    def _changed(self, *, anew: bool = False) -> None:
        figure = str(self.figure.currentData() or "")
        if anew:
            allowed = figures.BY_NAME[figure].parts if figure in figures.BY_NAME else ()
            self._extra = {part: values for part, values in self._extra.items() if part in allowed}
            self._show_parts(figure)
        else:
            for part, combo in self.parts.items():
                if combo.isVisibleTo(self):
                    self._extra.pop(part, None)
                    if values := tuple(combo.currentData() or ()):
                        self._extra[part] = values
        if not figure:
            self.cleared.emit(*self._place)
            return
        parts = {part: values for part, values in self._extra.items() if not (self._column and part in ("occupation", "day"))}
        self.chosen.emit(*self._place, Choice(figure, parts, self._column))
