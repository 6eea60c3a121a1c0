"""The sheets of the supplies page: 入库, 盘点, 报损, and an item's own details."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from ...model import Changes, Item, ItemKind, MovementKind
from ...words import label, t
from .. import actions
from ..entry import Entry
from ..forms import ChoiceField, DateField, Field, LineField, NumberField
from ..jobs import Otherwise
from ..kit import Text
from ..page import Shell
from .supplies_parts import PartsField
from .supplies_text import amount

SOURCES = (MovementKind.ALLOCATED, MovementKind.BOUGHT, MovementKind.DONATED, MovementKind.OPENING)
MOST = 1_000_000
ERRORS = {
    "supplies.name_taken": "name", "supplies.bad_name": "name", "supplies.bad_unit": "unit", "supplies.bad_level": "low_level",
    "supplies.bad_quota": "most_per_day", "supplies.bad_months": "first_month", "supplies.bad_expiry": "expiry",
    "supplies.bad_barcode": "barcode", "supplies.barcode_taken": "barcode",
    "supplies.too_long": "spec", "kits.kit_in_kit": "parts", "supplies.unknown": "parts", "kits.too_many": "parts",
    "kits.bad_number": "parts",
    "supplies.bad_quantity": "quantity", "supplies.more_than_there": "quantity",
}  # fmt: skip
"""Where the sentence of an error stands, by its id."""

Done = Callable[[str, Changes, str], None]
"""Told (what happened, its Changes, the item's id) once it is saved."""


class NotedNumber(NumberField):
    """A number with a line below it that follows what is typed."""

    def __init__(self, name: str, label: str, *, low: int = 0, high: int = MOST) -> None:
        super().__init__(name, label, low=low, high=high)
        self.note = Text("", "muted", wrap=True)
        self._column.insertWidget(2, self.note)

    def say(self, text: str, role: str = "muted") -> None:
        """Say this below the number."""
        self.note.set(text, role)


def _item_field(items: Sequence[Item], chosen: str) -> ChoiceField:
    options = [(item.id, item.name) for item in items]
    return ChoiceField("item", t("supplies_page.item"), options, value=chosen, chips=False)


class OfItem(Entry):
    """A form about one of the items, with a number in its unit."""

    def __init__(self, shell: Shell, items: Sequence[Item], chosen: str, number: NotedNumber, *more: Field,
                 at: Mapping[str, str] = ERRORS) -> None:
        self.items = {item.id: item for item in items}
        self.number = number
        self.choice = _item_field(items, chosen)
        super().__init__(shell, self.save, self.choice, number, *more, at=at)
        self.choice.changed.connect(self.tell)
        number.changed.connect(self.tell)
        self.tell()

    @property
    def item(self) -> Item | None:
        """The item chosen."""
        return self.items.get(self.choice.value())

    def take_focus(self) -> None:
        """Straight to the number when the item is known already."""
        (self.number if self.item is not None else self.choice).take_focus()

    def tell(self) -> None:
        """Say below the number what the book holds."""
        item = self.item
        self.number.say(t("supplies_page.book", amount=amount(item.balance, item)) if item is not None else "")

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """Start the operation."""
        raise NotImplementedError


class ReceiveForm(OfItem):
    """入库: what came in, how much, from where, its lot and expiry."""

    def __init__(
        self, shell: Shell, items: Sequence[Item], chosen: str, done: Done, *, lot: str = "", expiry: str = ""
    ) -> None:
        self._jobs, self._done = shell.jobs, done
        sources = [(kind.value, label(kind)) for kind in SOURCES]
        super().__init__(
            shell, items, chosen, NotedNumber("quantity", t("supplies_page.quantity"), low=1),
            ChoiceField("source_kind", t("supplies_page.source_kind"), sources, value=MovementKind.ALLOCATED.value, keys=True),
            LineField("lot", t("supplies_page.lot"), hint=t("supplies_page.optional")),
            DateField("expiry", t("supplies_page.expiry_field")),
            LineField("source", t("supplies_page.source"), hint=t("supplies_page.source_hint")),
        )  # fmt: skip
        if lot or expiry:  # as a GS1 barcode told them
            self.set_values({"lot": lot, "expiry": date.fromisoformat(expiry) if expiry else None})

    def tell(self) -> None:
        """What there will be afterwards."""
        item, number = self.item, self.number.value()
        if item is None or number is None:
            super().tell()
        else:
            after = amount(item.balance + number, item)
            self.number.say(t("supplies_page.book_after", amount=amount(item.balance, item), after=after))

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """Stock comes in."""
        item = self.items[values["item"]]
        number = values["quantity"]

        def done(changes: Changes) -> None:
            self._done(t("supplies_page.received", name=item.name, amount=amount(number, item)), changes, item.id)

        actions.receive(
            self._jobs, item.id, number, MovementKind(values["source_kind"]), values["lot"],
            values["expiry"].isoformat() if values["expiry"] else "", values["source"], done, otherwise,
        )  # fmt: skip


class CountForm(OfItem):
    """盘点: what the book holds, what was counted, the difference while it is typed, why, and who counted along."""

    def __init__(self, shell: Shell, items: Sequence[Item], chosen: str, done: Done) -> None:
        self._jobs, self._done = shell.jobs, done
        super().__init__(
            shell, items, chosen, NotedNumber("counted", t("supplies_page.counted")),
            LineField("reason", t("supplies_page.reason"), hint=t("supplies_page.reason_hint")),
            LineField("second_name", t("supplies_page.second_name"), hint=t("supplies_page.optional")),
        )  # fmt: skip

    def tell(self) -> None:
        """The difference to the book."""
        item, number = self.item, self.number.value()
        if item is None or number is None:
            super().tell()
            return
        text, role = difference(number - item.balance, item)
        self.number.say(t("supplies_page.book", amount=amount(item.balance, item)) + t("terms.dot") + text, role)

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The count is kept, its difference becomes a movement."""
        item = self.items[values["item"]]
        counted = values["counted"]

        def done(outcome: tuple[int, Changes]) -> None:
            off, changes = outcome
            text = t("supplies_page.counted_line", name=item.name, amount=amount(counted, item), difference=difference(off, item)[0])
            self._done(text, changes, item.id)

        actions.count_stock(self._jobs, item.id, counted, values["reason"], values["second_name"], done, otherwise)


class WasteForm(OfItem):
    """报损: what is broken or past its date leaves the shelf."""

    def __init__(self, shell: Shell, items: Sequence[Item], chosen: str, done: Done) -> None:
        self._jobs, self._done = shell.jobs, done
        super().__init__(
            shell, items, chosen, NotedNumber("quantity", t("supplies_page.waste_quantity"), low=1),
            LineField("reason", t("supplies_page.waste_reason"), required=True, hint=t("supplies_page.waste_hint")),
        )  # fmt: skip

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The stock leaves."""
        item = self.items[values["item"]]
        number = values["quantity"]

        def done(changes: Changes) -> None:
            self._done(t("supplies_page.wasted", name=item.name, amount=amount(number, item)), changes, item.id)

        actions.waste(self._jobs, item.id, number, values["reason"], done, otherwise)


def difference(off: int, item: Item) -> tuple[str, str]:
    """A count's difference to the book as (text, role): 相符, 少 2 盒, 多 1 盒."""
    if off == 0:
        return t("supplies_page.agrees"), "good"
    size = amount(abs(off), item)
    return t("supplies_page.less", amount=size) if off < 0 else t("supplies_page.more", amount=size), "attention"


class ItemForm(Entry):
    """An item's details; its kind is chosen once, for colours and past figures follow from it."""

    def __init__(
        self, shell: Shell, item: Item | None, done: Done, *, items: Sequence[Item] = (), parts: Sequence[tuple[Item, int]] = ()
    ) -> None:
        self._jobs, self._item, self._done = shell.jobs, item, done
        self._parts = {part.id: number for part, number in parts}
        may_be = [one for one in items if not one.kit and (item is None or one.id != item.id)]
        self._picker = PartsField("parts", t("supplies_page.parts_field"), may_be, hint=t("supplies_page.parts_hint"))
        kinds = [(kind.value, label(kind)) for kind in ItemKind]
        yes_no = [("no", t("supplies_page.no_alcohol")), ("yes", t("supplies_page.with_alcohol"))]
        plain = [("no", t("supplies_page.no")), ("yes", t("supplies_page.yes"))]
        fields: list[Field] = [
            LineField("name", t("supplies_page.name"), required=True),
            LineField("unit", t("supplies_page.unit"), required=True, hint=t("supplies_page.unit_hint")),
        ]
        if item is None:
            fields.append(ChoiceField("kind", t("supplies_page.kind"), kinds, keys=True))
        fields += [
            NumberField("low_level", t("supplies_page.low_level"), high=MOST, value=0, required=False),
            NumberField("most_per_day", t("supplies_page.most_per_day"), low=1, high=1000, required=False),
            NumberField("first_month", t("supplies_page.first_month"), low=1, high=12, value=1),
            NumberField("last_month", t("supplies_page.last_month"), low=1, high=12, value=12),
            ChoiceField("alcohol", t("supplies_page.alcohol_field"), yes_no, value="no", keys=True),
            ChoiceField("medicine", t("supplies_page.medicine_field"), plain, value="no", keys=True),
            ChoiceField("collect", t("supplies_page.collect_field"), plain, value="no", keys=True),
            LineField("barcode", t("supplies_page.barcode"), hint=t("supplies_page.barcode_hint")),
            LineField("spec", t("supplies_page.spec"), hint=t("supplies_page.spec_hint")),
            LineField("place", t("supplies_page.place"), hint=t("supplies_page.place_hint")),
            self._picker,
        ]
        if item is not None:
            states = [("active", t("supplies_page.in_use")), ("retired", t("supplies_page.retired"))]
            fields.append(ChoiceField("state", t("supplies_page.state"), states, keys=True))
        super().__init__(shell, self.save, *fields, at=ERRORS)
        if item is not None:
            self.set_values(
                {
                    "name": item.name, "unit": item.unit, "low_level": item.low_level, "most_per_day": item.most_per_day,
                    "first_month": item.first_month, "last_month": item.last_month, "alcohol": "yes" if item.alcohol else "no",
                    "medicine": "yes" if item.medicine else "no", "collect": "yes" if item.collect else "no",
                    "barcode": item.barcode, "spec": item.spec, "place": item.place,
                    "parts": self._parts,
                    "state": "active" if item.active else "retired",
                }
            )  # fmt: skip

    def scanned(self, item: Item | None, code: str) -> str:
        """A barcode while the form is open: one of its item goes into the kit, that of none is this item's own. The sentence to tell."""
        if item is None:
            self.field("barcode").set_value(code)
            return t("supplies_page.barcode_filled", code=code)
        if not self._picker.add(item.id):
            return t("supplies_page.part_not", name=item.name)
        self._picker.lines[item.id].take_focus()
        return t("supplies_page.part_added", name=item.name)

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """A new item, or new details of this one, with what it is made of, where that changed."""
        parts = None if values["parts"] == self._parts else values["parts"]
        common = {
            "name": values["name"], "unit": values["unit"], "low_level": values["low_level"] or 0,
            "alcohol": values["alcohol"] == "yes", "medicine": values["medicine"] == "yes", "collect": values["collect"] == "yes",
            "barcode": values["barcode"], "spec": values["spec"], "place": values["place"],
        }  # fmt: skip
        months = (values["first_month"], values["last_month"])
        if self._item is None:
            name, unit = common.pop("name"), common.pop("unit")
            actions.add_item(
                self._jobs, name, unit, ItemKind(values["kind"]), self._added, otherwise, months=months,
                most_per_day=values["most_per_day"], parts=parts, **common,
            )  # fmt: skip
        else:
            actions.change_item(
                self._jobs, self._item.id, self._changed, otherwise, first_month=months[0], last_month=months[1],
                most_per_day=values["most_per_day"] or 0, active=values["state"] == "active", parts=parts, **common,
            )  # fmt: skip

    def _added(self, outcome: tuple[Item, Changes]) -> None:
        item, changes = outcome
        self._done(t("supplies_page.added", name=item.name), changes, item.id)

    def _changed(self, outcome: tuple[Item, Changes]) -> None:
        item, changes = outcome
        retired = self._item is not None and self._item.active and not item.active
        text = t("supplies_page.now_retired", name=item.name) if retired else t("supplies_page.changed", name=item.name)
        self._done(text, changes, item.id)
