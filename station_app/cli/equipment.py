"""What stands in the house: the register of equipment, its checks and repairs, the first-aid box."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from ..model import BoxAction, RepairState
from ..services import equipment, first_aid
from ..services.equipment import Repair
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, WHOLE, Code
from .outputs import moment, table

equipment_group = Group("equipment")
first_aid_group = Group("first-aid")


# --- the register ----------------------------------------------------------------------------------------------------------


@equipment_group.command("list")
@option("--all", "with_retired", is_flag=True)
@option("--due", "only_due", is_flag=True)
@click.pass_obj
def listing(desk: Desk, with_retired: bool, only_due: bool) -> None:
    """The register, or what has to be checked within a week."""
    with desk.station() as db:
        found = equipment.due(db) if only_due else equipment.listing(db, with_retired=with_retired)
    rows = [(one.code, one.name, one.model, one.place, _state(one.repair_state), one.fault, one.next_check) for one in found]
    heads = [t("cli.code"), t("cli.name"), t("cli.model"), t("cli.place"), t("cli.state"), t("cli.fault"), t("cli.next_check")]
    desk.tell({"equipment": found}, lambda: table(heads, rows))


def _state(state: RepairState | None) -> str:
    return label(state) if state else t("cli.in_use")


@equipment_group.command("add")
@click.argument("name")
@option("--code", default="")
@option("--model", default="")
@option("--bought", type=DAY)
@option("--source", default="")
@option("--place", default="")
@option("--check-days", type=WHOLE, default=0)
@option("--next-check", type=DAY)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def add(desk: Desk, /, name: str, bought: date | None, next_check: date | None, **more: Any) -> None:
    """A piece for the register."""
    more |= {"bought": bought.isoformat() if bought else "", "next_check": next_check.isoformat() if next_check else ""}
    with desk.station() as db:
        piece, changes = equipment.add(db, name, **more)
    desk.done(changes, t("cli.changed", name=f"{piece.code} {piece.name}"), id=piece.id, equipment=piece)


@equipment_group.command("change")
@click.argument("piece")
@option("--name")
@option("--model")
@option("--place")
@option("--source")
@option("--check-days", type=WHOLE)
@option("--next-check", type=DAY)
@option("--active/--retired", default=None)
@option("--note")
@option("--at", type=MOMENT)
@click.pass_obj
def change(desk: Desk, /, piece: str, next_check: date | None, at: datetime | None, **fields: Any) -> None:
    """Change a piece, by code or name."""
    with desk.station() as db:
        day = next_check.isoformat() if next_check else None
        now, changes = equipment.change(db, equipment.named(db, piece).id, at, next_check=day, **fields)
    desk.done(changes, t("cli.changed", name=f"{now.code} {now.name}"), id=now.id, equipment=now)


@equipment_group.command("check")
@click.argument("piece")
@option("--fault", default="")
@option("--note", default="")
@option("--next-check", type=DAY)
@option("--at", type=MOMENT)
@click.pass_obj
def check(desk: Desk, piece: str, fault: str, note: str, next_check: date | None, at: datetime | None) -> None:
    """Somebody looked at a piece; ``--fault`` is what is wrong with it."""
    with desk.station() as db:
        found = equipment.named(db, piece)
        day = next_check.isoformat() if next_check else ""
        now, changes = equipment.check(db, found.id, not fault, fault or note, day, at)
    desk.done(changes, t("cli.checked", name=now.name, next=now.next_check or "-"), id=now.id, equipment=now)


@equipment_group.command("fault")
@click.argument("piece")
@click.argument("fault")
@option("--by", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def fault(desk: Desk, piece: str, fault: str, by: str, at: datetime | None) -> None:
    """Report a fault."""
    with desk.station() as db:
        repair, changes = equipment.report(db, equipment.named(db, piece).id, fault, by, at)
    desk.done(changes, t("cli.fault_reported", name=repair.equipment), id=repair.id, repair=repair)


@equipment_group.command("repair")
@click.argument("repair_id")
@click.argument("state", type=Code(RepairState))
@option("--fixer", default="")
@option("--note", default="")
@option("--accepted-by", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def repair(desk: Desk, repair_id: str, state: RepairState, fixer: str, note: str, accepted_by: str, at: datetime | None) -> None:
    """A repair goes on."""
    with desk.station() as db:
        now, changes = equipment.repair(db, repair_id, state, fixer=fixer, note=note, accepted_by=accepted_by, at=at)
    desk.done(changes, t("cli.repair_now", name=now.equipment, state=label(now.state)), id=now.id, repair=now)


@equipment_group.command("repairs")
@option("--open", "only_open", is_flag=True)
@click.pass_obj
def repairs(desk: Desk, only_open: bool) -> None:
    """Faults and what became of them."""
    with desk.station() as db:
        found = equipment.repairs(db, only_open=only_open)
    heads = ["id", t("cli.name"), t("cli.time"), t("cli.fault"), t("cli.state"), t("cli.fixer"), t("cli.accepted_by")]
    desk.tell({"repairs": found}, lambda: table(heads, map(_repair_row, found)))


def _repair_row(one: Repair) -> tuple[str, ...]:
    return one.id, one.equipment, moment(one.time), one.fault, label(one.state), one.fixer, one.accepted_by


# --- the first-aid box -------------------------------------------------------------------------------------------------------


@first_aid_group.command("list")
@option("--warnings", "only_warnings", is_flag=True)
@click.pass_obj
def box(desk: Desk, only_warnings: bool) -> None:
    """What is in the box; with --warnings what is short, past its date or soon will be."""
    with desk.station() as db:
        found = first_aid.warnings(db) if only_warnings else first_aid.listing(db)
        today = db.stamp().business_date
    rows = [
        (one.name, one.quantity, one.unit, one.least, one.lot, one.expiry, moment(one.checked), one.checked_by,
         t("cli.expired") if one.expired(today) else t("cli.expiring") if one.expiring(today) else t("cli.too_little") if one.short else "")
        for one in found
    ]  # fmt: skip
    heads = [t("cli.item"), t("cli.quantity"), t("cli.unit"), t("cli.least"), t("cli.lot"), t("cli.expiry"), t("cli.checked_at"),
             t("cli.keeper"), ""]  # fmt: skip
    desk.tell({"first_aid": found}, lambda: table(heads, rows, right=(1, 3)))


@first_aid_group.command("add")
@click.argument("name")
@option("--unit", required=True)
@option("--least", type=WHOLE, default=1)
@option("--quantity", type=WHOLE, default=0)
@option("--lot", default="")
@option("--expiry", type=DAY)
@option("--at", type=MOMENT)
@click.pass_obj
def add_medicine(
    desk: Desk, name: str, unit: str, least: int, quantity: int, lot: str, expiry: date | None, at: datetime | None
) -> None:
    """A new place in the box."""
    with desk.station() as db:
        day = expiry.isoformat() if expiry else ""
        one, changes = first_aid.add(db, name, unit, least, quantity=quantity, lot=lot, expiry=day, at=at)
    desk.done(changes, t("cli.changed", name=one.name), id=one.id, medicine=one)


@first_aid_group.command("change")
@click.argument("medicine")
@option("--name")
@option("--unit")
@option("--least", type=WHOLE)
@option("--active/--retired", default=None)
@option("--at", type=MOMENT)
@click.pass_obj
def change_medicine(desk: Desk, /, medicine: str, **fields: Any) -> None:
    """Change a place in the box."""
    with desk.station() as db:
        one, changes = first_aid.change(db, first_aid.named(db, medicine).id, **fields)
    desk.done(changes, t("cli.changed", name=one.name), id=one.id, medicine=one)


@first_aid_group.command("check")
@click.argument("medicine", required=False)
@click.argument("quantity", type=WHOLE, required=False)
@option("--action", type=Code(BoxAction), default=BoxAction.FINE)
@option("--lot")
@option("--expiry", type=DAY)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def check_box(
    desk: Desk,
    medicine: str | None,
    quantity: int | None,
    action: BoxAction,
    lot: str | None,
    expiry: date | None,
    note: str,
    at: datetime | None,
) -> None:
    """Everything is as the book says; or one place with what is in it now and what was done."""
    with desk.station() as db:
        if medicine is None:
            count, changes = first_aid.all_fine(db, at)
            desk.done(changes, t("cli.box_fine", n=count), checked=count)
            return
        old = first_aid.named(db, medicine)
        one, changes = first_aid.look(
            db, old.id, old.quantity if quantity is None else quantity, action, lot=lot, expiry=expiry.isoformat() if expiry else None,
            note=note, at=at,
        )  # fmt: skip
    desk.done(changes, t("cli.box_checked", name=one.name, count=one.quantity, unit=one.unit), id=one.id, medicine=one)
