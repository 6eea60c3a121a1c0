"""Supplies: items and their quotas, stock in and out, handouts."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from ..errors import UserMistake
from ..model import Item, ItemKind, MovementKind, Occupation
from ..services import arrivals, stations, supplies
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, MONTHS, WHOLE, Code, person
from .lists import corrected, told_import
from .outputs import moment, number, table

supplies_group = Group("supplies")
FILE = click.Path(path_type=Path)


# --- items ---------------------------------------------------------------------------------------------------------------


@supplies_group.command("items")
@option("--all", "with_retired", is_flag=True)
@click.pass_obj
def items(desk: Desk, with_retired: bool) -> None:
    """What is on the shelf."""
    with desk.station() as db:
        found = supplies.items(db, with_retired=with_retired)
    rows = [
        (i.name, label(i.kind), i.balance, i.unit, i.low_level, i.most_per_day, _months(i), i.next_expiry)
        for i in found
    ]
    headings = [t("cli.item"), t("cli.kind"), t("cli.balance"), t("cli.unit"), t("cli.low_level"), t("cli.quota"),
                t("cli.months"), t("cli.expiry")]  # fmt: skip
    desk.tell({"items": found}, lambda: table(headings, rows, right=(2, 4, 5)))


def _months(item: Item) -> str:
    return "" if (item.first_month, item.last_month) == (1, 12) else f"{item.first_month}-{item.last_month}"


@supplies_group.command("add")
@click.argument("name")
@option("--unit", required=True)
@option("--kind", type=Code(ItemKind), default=ItemKind.OTHER)
@option("--low-level", type=WHOLE, default=0)
@option("--alcohol", is_flag=True)
@option("--medicine", is_flag=True)
@option("--months", type=MONTHS, default=(1, 12))
@option("--most-per-day", type=WHOLE)
@option("--barcode", default="")
@option("--spec", default="")
@option("--place", default="")
@option("--collect", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def add(desk: Desk, /, name: str, unit: str, kind: ItemKind, **more: Any) -> None:
    """A new item."""
    with desk.station() as db:
        item, changes = supplies.add_item(db, name, unit, kind, **more)
    desk.done(changes, t("cli.changed", name=item.name), id=item.id, item=item)


@supplies_group.command("change")
@click.argument("item")
@option("--name")
@option("--unit")
@option("--low-level", type=WHOLE)
@option("--kind", type=Code(ItemKind))
@option("--alcohol/--no-alcohol", default=None)
@option("--medicine/--no-medicine", default=None)
@option("--collect/--no-collect", default=None)
@option("--barcode")
@option("--spec")
@option("--place")
@option("--months", type=MONTHS)
@option("--rank", type=WHOLE)
@option("--active/--retired", default=None)
@option("--at", type=MOMENT)
@click.pass_obj
def change(desk: Desk, /, item: str, months: tuple[int, int] | None, at: datetime | None, **fields: Any) -> None:
    """Change an item."""
    if months is not None:
        fields |= {"first_month": months[0], "last_month": months[1]}
    with desk.station() as db:
        now, changes = supplies.change_item(db, supplies.named(db, item).id, at, **fields)
    desk.done(changes, t("cli.changed", name=now.name), id=now.id, item=now)


@supplies_group.command("quota")
@click.argument("item")
@click.argument("most", type=WHOLE, required=False)
@option("--lift", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def quota(desk: Desk, item: str, most: int | None, lift: bool, at: datetime | None) -> None:
    """How many one person may have a day, or no limit."""
    if lift == (most is not None):
        raise UserMistake("cli.one_of", names="MOST --lift")
    with desk.station() as db:
        now, changes = supplies.set_quota(db, supplies.named(db, item).id, most, at)
    desk.done(changes, t("cli.changed", name=now.name), id=now.id, item=now)


@supplies_group.command("import")
@click.argument("file", type=FILE)
@option("--preview", is_flag=True)
@option("--map", "columns", multiple=True, metavar="FIELD=COLUMN")
@option("--at", type=MOMENT)
@click.pass_obj
def import_items(desk: Desk, file: Path, preview: bool, columns: tuple[str, ...], at: datetime | None) -> None:
    """Take a list of items and opening stock in: all of it or nothing."""
    from ..services import rosters

    sheet = rosters.read_sheet(file, rosters.ITEMS)
    places = corrected(rosters.map_columns(sheet, rosters.ITEMS), rosters.ItemField, columns)
    plan = rosters.plan_items(sheet, places)
    names = ("taken", "merged", "refused", "units")
    with desk.station() as db:
        if preview:
            plan = rosters.find_known_items(plan, supplies.known_items(db))
            counts = {"rows": len(plan.rows), **{name: getattr(plan, name) for name in names}, "preview": True}
            told_import(desk, file, counts, plan.rows)
            return
        result, changes = supplies.import_items(db, plan, at=at)
    counts = {"rows": result.rows, **{name: getattr(result, name) for name in names}}
    more = {"operation": changes.operation, "undoable": changes.undoable, "results": result.results}
    told_import(desk, file, {**counts, **more}, plan.rows, result.results)


# --- the shelf -----------------------------------------------------------------------------------------------------------


@supplies_group.command("receive")
@click.argument("item")
@click.argument("quantity", type=WHOLE)
@option("--kind", type=Code(MovementKind), default=MovementKind.ALLOCATED)
@option("--lot", default="")
@option("--expiry", default="")
@option("--source", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def receive(desk: Desk, /, item: str, quantity: int, kind: MovementKind, **more: Any) -> None:
    """Stock comes in."""
    with desk.station() as db:
        item_id = supplies.named(db, item).id
        changes = supplies.receive(db, item_id, quantity, kind, **more)
        now = supplies.get(db, item_id)
    desk.done(changes, left(now), id=now.id, balance=now.balance)


@supplies_group.command("due")
@click.pass_obj
def due(desk: Desk) -> None:
    """What the district sent and nobody received yet."""
    with desk.station() as db:
        found = arrivals.due(db)
    rows = [(one.id, one.item, one.quantity, one.unit, moment(one.time), one.note) for one in found]
    headings = [t("cli.id"), t("cli.item"), t("cli.quantity"), t("cli.unit"), t("cli.time"), t("cli.note")]
    desk.tell({"due": found}, lambda: table(headings, rows, right=(2,)))


@supplies_group.command("allocated")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@option("--to-file", type=click.Path(path_type=Path))
@click.pass_obj
def allocated(desk: Desk, first: date | None, last: date | None, to_file: Path | None) -> None:
    """What the district sent and was received, this month without dates; as a slip with a file."""
    from ..paper.order_slip import Allotted, received_slip

    with desk.station() as db:
        today = date.fromisoformat(db.stamp().business_date)
        begin, end = (first or (last or today).replace(day=1)).isoformat(), (last or today).isoformat()
        found, due, station = arrivals.received(db, begin, end), arrivals.due(db), stations.current(db)
    if to_file is not None:
        told = [Allotted("", one.item, one.quantity, one.unit, "", one.time, one.note, one.keeper) for one in found]
        told += [Allotted("", one.item, one.quantity, one.unit, one.time, "", one.note) for one in due]
        pages = received_slip(told, to_file, station=station, printed_on=today, first=begin, last=end)
        desk.tell({"file": to_file, "pages": pages}, t("cli.file_written", name=to_file.name))
        return
    rows = [(moment(one.time), one.item, one.quantity, one.unit, one.keeper, one.note) for one in found]
    headings = [t("cli.time"), t("cli.item"), t("cli.quantity"), t("cli.unit"), t("cli.keeper"), t("cli.note")]
    desk.tell({"received": found, "due": due}, lambda: table(headings, rows, right=(2,)))


@supplies_group.command("arrived")
@click.argument("allocation", metavar="ID")
@option("--at", type=MOMENT)
@click.pass_obj
def arrived(desk: Desk, allocation: str, at: datetime | None) -> None:
    """Supplies the district sent are here; it learns of it with the next export."""
    with desk.station() as db:
        one, changes = arrivals.receive(db, allocation, at)
    said = t("arrivals.received", item=one.item, quantity=number(one.quantity), unit=one.unit)
    desk.done(changes, said, id=one.id, item=one.item, quantity=one.quantity)


@supplies_group.command("count")
@click.argument("item")
@click.argument("counted", type=WHOLE)
@option("--reason", default="")
@option("--second-name", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def count(desk: Desk, item: str, counted: int, reason: str, second_name: str, at: datetime | None) -> None:
    """The shelf was counted; the difference to the book is noted."""
    with desk.station() as db:
        one = supplies.named(db, item)
        difference, changes = supplies.count_stock(db, one.id, counted, reason, second_name, at)
    said = t("cli.counted", name=one.name, counted=number(counted), difference=f"{difference:+,}")
    desk.done(changes, said, id=one.id, difference=difference, balance=counted)


@supplies_group.command("round")
@click.argument("told", nargs=-1, required=True, metavar="ITEM=COUNTED...")
@option("--reason", default="")
@option("--second-name", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def count_round(desk: Desk, told: tuple[str, ...], reason: str, second_name: str, at: datetime | None) -> None:
    """Several items were counted on one round, as at closing; undone they are undone together."""
    with desk.station() as db:
        counted = {}
        for part in told:
            name, sign, many = part.rpartition("=")
            if not sign or not many.isdecimal():
                raise UserMistake("cli.bad_part", text=part)
            counted[supplies.named(db, name).id] = int(many)
        found, changes = supplies.count_several(db, counted, reason, second_name, at)
        names = {item_id: supplies.get(db, item_id).name for item_id in found}
    lines = [{"id": item_id, "item": names[item_id], "counted": counted[item_id], "difference": off} for item_id, off in found.items()]
    said = t("terms.list").join(
        t("cli.counted", name=names[item_id], counted=number(counted[item_id]), difference=f"{off:+,}") for item_id, off in found.items()
    )
    desk.done(changes, said, counts=lines)


@supplies_group.command("waste")
@click.argument("item")
@click.argument("quantity", type=WHOLE)
@option("--reason", required=True)
@option("--at", type=MOMENT)
@click.pass_obj
def waste(desk: Desk, item: str, quantity: int, reason: str, at: datetime | None) -> None:
    """Stock broken or past its date leaves the shelf."""
    with desk.station() as db:
        item_id = supplies.named(db, item).id
        changes = supplies.waste(db, item_id, quantity, reason, at)
        now = supplies.get(db, item_id)
    desk.done(changes, left(now), id=now.id, balance=now.balance)


def left(item: Item) -> str:
    """What is left of an item, in words."""
    return t("cli.stock_left", name=item.name, count=number(item.balance), unit=item.unit)


@supplies_group.command("movements")
@click.argument("item")
@option("--limit", type=WHOLE, default=200)
@click.pass_obj
def movements(desk: Desk, item: str, limit: int) -> None:
    """An item's ledger and its lots."""
    with desk.station() as db:
        one = supplies.named(db, item)
        lines, lots = supplies.movements(db, one.id, max(limit, 0)), supplies.lots(db, one.id)
    rows = [
        (moment(line.time), label(line.kind), f"{line.delta:+,}", line.balance, line.lot, line.expiry, line.source,
         "" if line.void_reason is None else t("cli.void"))
        for line in lines
    ]  # fmt: skip
    headings = [t("cli.time"), t("cli.kind"), t("cli.delta"), t("cli.balance"), t("cli.lot"), t("cli.expiry"),
                t("cli.source"), ""]  # fmt: skip
    desk.tell({"item": one, "lots": lots, "movements": lines}, lambda: table(headings, rows, right=(2, 3)))


@supplies_group.command("daily")
@click.argument("item")
@option("--from", "first", type=DAY, required=True)
@option("--to", "last", type=DAY, required=True)
@click.pass_obj
def daily(desk: Desk, item: str, first: date, last: date) -> None:
    """Handed out and left, day by day."""
    with desk.station() as db:
        one = supplies.named(db, item)
        lines = supplies.daily(db, one.id, first.isoformat(), last.isoformat())
    days = [{"date": day, "handed_out": given, "balance": left} for day, given, left in lines]
    headings = [t("cli.date"), t("cli.handed_out"), t("cli.balance")]
    desk.tell({"item": one.name, "days": days}, lambda: table(headings, lines, right=(1, 2)))


# --- handing out ---------------------------------------------------------------------------------------------------------


@supplies_group.command("handout")
@click.argument("item")
@option("--quantity", type=WHOLE, default=1)
@option("--person", "regular", metavar="PERSON")
@option("--visit")
@option("--occupation", type=Code(Occupation))
@option("--given", is_flag=True)
@option("--override", default="")
@option("--collected-by", "other", metavar="PERSON")
@option("--at", type=MOMENT)
@click.pass_obj
def handout(
    desk: Desk,
    item: str,
    quantity: int,
    regular: str | None,
    visit: str | None,
    occupation: Occupation | None,
    given: bool,
    override: str,
    other: str | None,
    at: datetime | None,
) -> None:
    """Hand out an item; ``--given`` records what was given already, ``--override`` sets a rule aside with its reason."""
    with desk.station() as db:
        one = supplies.named(db, item)
        person_id = person(db, regular).id if regular is not None else None
        done, changes = supplies.hand_out(
            db, one.id, quantity, person_id=person_id, visit_id=visit, occupation=occupation, given=given, override=override,
            collected_by=person(db, other).id if other is not None else None, at=at,
        )  # fmt: skip
        now = supplies.get(db, one.id)
    said = t("cli.handed", name=now.name, count=number(quantity), unit=now.unit, left=number(now.balance))
    lines = [said, *([t("cli.with_alcohol")] if now.alcohol else []),
             *([t("cli.is_medicine")] if now.medicine else []), *([t("cli.short")] if done.short else [])]  # fmt: skip
    answer = {"id": done.id, "item": now.name, "quantity": quantity, "balance": now.balance, "handout": done}
    desk.done(changes, "\n".join(lines), **answer)


@supplies_group.command("offers")
@option("--person", "regular", metavar="PERSON")
@option("--at", type=MOMENT)
@click.pass_obj
def offers(desk: Desk, regular: str | None, at: datetime | None) -> None:
    """Every item, and what stands against handing it out now."""
    with desk.station() as db:
        found = supplies.offers(db, person(db, regular).id if regular is not None else None, at)
    lines = [
        {
            "item": offer.item.name,
            "taken_today": offer.taken_today,
            "rule": offer.barrier.rule if offer.barrier else None,
            "last": offer.barrier.last if offer.barrier else None,
            "next": offer.barrier.next if offer.barrier else None,
        }
        for offer in found
    ]
    rows = [
        (o.item.name, o.taken_today, o.item.balance, t(o.barrier.word, **o.barrier.fields) if o.barrier else "")
        for o in found
    ]
    headings = [t("cli.item"), t("cli.taken_today"), t("cli.balance"), t("cli.why_not")]
    desk.tell({"offers": lines}, lambda: table(headings, rows, right=(1, 2)))


@supplies_group.command("handouts")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@option("--person", "regular", metavar="PERSON")
@click.pass_obj
def handouts(desk: Desk, first: date | None, last: date | None, regular: str | None) -> None:
    """What was handed out in a span of days; today without one."""
    with desk.station() as db:
        today = db.stamp().business_date
        found = supplies.handouts(
            db,
            first.isoformat() if first else today,
            last.isoformat() if last else today,
            person(db, regular).id if regular is not None else None,
        )
        names = {item.id: item.name for item in supplies.items(db, with_retired=True)}
    rows = [
        (moment(one.time), names.get(one.item_id, ""), one.quantity, label(one.occupation) if one.occupation else "",
         "" if one.void_reason is None else t("cli.void"))
        for one in found
    ]  # fmt: skip
    headings = [t("cli.time"), t("cli.item"), t("cli.quantity"), t("cli.occupation"), ""]
    desk.tell({"handouts": list(found)}, lambda: table(headings, rows, right=(2,)))
