"""Order slips, transfers and voids on the supplies page: what is asked for, what goes to others, what is taken out of the count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from ...db import Database
from ...model import Changes, Item
from ...services import arrivals
from ...services.supplies import orders, transfers
from ...words import t
from .. import printing, supply_actions
from ..entry import Entry
from ..forms import ChoiceField, DateField, LineField
from ..jobs import Otherwise
from ..page import Shell
from .supplies_forms import ERRORS, Done, NotedNumber, OfItem
from .supplies_text import amount

AT = {**ERRORS, "orders.bad_day": "wanted_by", "transfers.no_partner": "partner", "transfers.no_number": "number",
      "transfers.taken_already": "number", "voids.no_reason": "reason"}  # fmt: skip


class OrderForm(Entry):
    """申领: how much of one item, by when; the slip is drawn once it is written."""

    def __init__(self, shell: Shell, wish: orders.Wish, then: Callable[[str, Changes, str], None]) -> None:
        self._jobs, self._item, self._then = shell.jobs, wish.item, then
        number = NotedNumber("quantity", t("supplies_page.order_quantity", unit=wish.item.unit), low=1)
        number.say(t("supplies_page.book", amount=amount(wish.item.balance, wish.item)))
        super().__init__(
            shell, self.save, number, DateField("wanted_by", t("supplies_page.wanted_by")),
            LineField("note", t("supplies_page.note"), hint=t("supplies_page.optional")), at=AT,
        )  # fmt: skip
        self.set_values({"quantity": wish.quantity})

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The rows of the slip."""
        item, quantity = self._item, values["quantity"]
        wanted = values["wanted_by"].isoformat() if values["wanted_by"] else ""

        def done(outcome: tuple[str, Changes]) -> None:
            number, changes = outcome
            self._then(t("supplies_page.ordered", number=number, name=item.name, amount=amount(quantity, item)), changes, number)

        supply_actions.order(self._jobs, [(item.id, quantity)], wanted, values["note"], done, otherwise)


def print_order(shell: Shell, number: str) -> None:
    """Draw the slip of a number and open it."""

    def draw(found: tuple[list[orders.Line], date]) -> None:
        lines, today = found

        def slip(path: Any) -> int:
            from ...paper.order_slip import order_slip

            return order_slip(lines, path, station=shell.station, printed_on=today)

        printing.save_and_open(shell, number, slip)

    shell.jobs.read(lambda db: (orders.lines(db, number), date.fromisoformat(db.stamp().business_date)), draw, key="order-slip")


def print_transfer(shell: Shell, transfer_id: str) -> None:
    """Draw the slip that goes along and open it."""

    def draw(found: tuple[transfers.Transfer, Any, date]) -> None:
        one, lots, today = found

        def slip(path: Any) -> int:
            from ...paper.order_slip import transfer_slip

            return transfer_slip(one, lots, path, station=shell.station, printed_on=today)

        printing.save_and_open(shell, one.number, slip)

    shell.jobs.read(
        lambda db: (transfers.transfer(db, transfer_id), transfers.lots_of(db, transfer_id), date.fromisoformat(db.stamp().business_date)),
        draw, key="transfer-slip",
    )  # fmt: skip


def print_received(shell: Shell) -> None:
    """Draw what the district sent this month, and what is on its way, and open it."""

    def draw(found: tuple[list[arrivals.Received], list[arrivals.Arrival], date]) -> None:
        came, due, today = found
        first = today.replace(day=1).isoformat()

        def slip(path: Any) -> int:
            from ...paper.order_slip import Allotted, received_slip

            rows = [Allotted("", one.item, one.quantity, one.unit, "", one.time, one.note, one.keeper) for one in came]
            rows += [Allotted("", one.item, one.quantity, one.unit, one.time, "", one.note) for one in due]
            return received_slip(rows, path, station=shell.station, printed_on=today, first=first, last=today.isoformat())

        printing.save_and_open(shell, f"allocated-{first[:7]}", slip)

    def read(db: Database) -> tuple[list[arrivals.Received], list[arrivals.Arrival], date]:
        today = db.stamp().business_date
        return arrivals.received(db, f"{today[:7]}-01", today), arrivals.due(db), date.fromisoformat(today)

    shell.jobs.read(read, draw, key="allocated-slip")


class SendForm(OfItem):
    """调出: how much of an item goes to which station; a slip with its number goes along."""

    def __init__(self, shell: Shell, items: Sequence[Item], chosen: str, done: Done) -> None:
        self._own_shell, self._done = shell, done
        super().__init__(
            shell, items, chosen, NotedNumber("quantity", t("supplies_page.quantity"), low=1),
            LineField("partner", t("supplies_page.to_station"), required=True),
            LineField("note", t("supplies_page.note"), hint=t("supplies_page.optional")), at=AT,
        )  # fmt: skip

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The stock leaves, the slip is drawn."""
        item, number = self.items[values["item"]], values["quantity"]

        def done(outcome: tuple[transfers.Transfer, Changes]) -> None:
            made, changes = outcome
            told = t("supplies_page.sent", name=item.name, amount=amount(number, item), partner=made.partner, number=made.number)
            self._done(told, changes, item.id)
            print_transfer(self._own_shell, made.id)

        supply_actions.send(self._own_shell.jobs, item.id, number, values["partner"], values["note"], done, otherwise)


class TakeForm(OfItem):
    """调入: what came from which station, by the number on its slip."""

    def __init__(self, shell: Shell, items: Sequence[Item], chosen: str, done: Done) -> None:
        self._own_shell, self._done = shell, done
        super().__init__(
            shell, items, chosen, NotedNumber("quantity", t("supplies_page.quantity"), low=1),
            LineField("number", t("supplies_page.slip_number"), required=True),
            LineField("partner", t("supplies_page.from_station"), required=True),
            LineField("lot", t("supplies_page.lot"), hint=t("supplies_page.optional")),
            DateField("expiry", t("supplies_page.expiry_field")), at=AT,
        )  # fmt: skip

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The stock comes in."""
        item, quantity = self.items[values["item"]], values["quantity"]
        expiry = values["expiry"].isoformat() if values["expiry"] else ""

        def done(outcome: tuple[transfers.Transfer, Changes]) -> None:
            made, changes = outcome
            told = t("supplies_page.took", name=item.name, amount=amount(quantity, item), partner=made.partner)
            self._done(told, changes, item.id)

        supply_actions.take(
            self._own_shell.jobs, values["number"], item.name, quantity, values["partner"], done, otherwise, lot=values["lot"],
            expiry=expiry,
        )  # fmt: skip


class VoidForm(Entry):
    """作废: why a line of the ledger does not count."""

    def __init__(self, shell: Shell, movement_id: str, item_id: str, done: Done) -> None:
        self._jobs, self._movement, self._item, self._done = shell.jobs, movement_id, item_id, done
        super().__init__(shell, self.save, LineField("reason", t("supplies_page.void_reason"), required=True), at=AT)

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The line and all that belongs to it."""
        supply_actions.void(
            self._jobs, self._movement, values["reason"], lambda changes: self._done(t("supplies_page.voided"), changes, self._item),
            otherwise,
        )  # fmt: skip


class KitForm(Entry):
    """组装: how many kits are put together, or taken apart again."""

    def __init__(self, shell: Shell, item: Item, parts: Sequence[tuple[Item, int]], done: Done) -> None:
        self._jobs, self._item, self._done = shell.jobs, item, done
        number = NotedNumber("quantity", t("supplies_page.kits_quantity", unit=item.unit), low=1)
        most = min((max(part.balance, 0) // each for part, each in parts), default=0)
        number.say(t("supplies_page.kits_possible", n=f"{most:,}", there=amount(item.balance, item)))
        ways = [("make", t("supplies_page.put_together")), ("apart", t("supplies_page.take_apart"))]
        super().__init__(shell, self.save, number, ChoiceField("way", t("supplies_page.kit_way"), ways, value="make", keys=True), at=AT)

    def save(self, values: dict[str, Any], otherwise: Otherwise) -> None:
        """The pair of movements."""
        item, apart = self._item, values["way"] == "apart"
        word = "supplies_page.kits_apart" if apart else "supplies_page.kits_made"
        text = t(word, name=item.name, amount=amount(values["quantity"], item))
        supply_actions.assemble(
            self._jobs, item.id, values["quantity"], lambda changes: self._done(text, changes, item.id), otherwise, apart=apart
        )
