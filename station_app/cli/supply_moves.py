"""More of the ledger by command: kits, transfers, voids, what explains a count, barcodes, forecasts, order slips, campaigns."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from ..errors import UserMistake
from ..services import stations, supplies
from ..services.supplies import barcodes, campaigns, forecast, kits, orders, photos, stocktakes, transfers, voids
from ..words import t
from .frame import Desk, Group, option
from .inputs import DAY, MOMENT, WHOLE, person
from .outputs import moment, number, table
from .supplies import left, supplies_group

FILE = click.Path(path_type=Path)


@supplies_group.command("scan")
@click.argument("barcode")
@click.pass_obj
def scan(desk: Desk, barcode: str) -> None:
    """What a barcode says: the item, and of a GS1 code the lot and the expiry."""
    with desk.station() as db:
        found = supplies.scanned(db, barcode)
    read = barcodes.read(barcode)
    if read is None:
        raise UserMistake("supplies.bad_barcode", text=barcode[:40])
    item = found[0] if found else None
    said = t("cli.scanned", code=read.code, name=item.name if item else "—", lot=read.lot or "—", expiry=read.expiry or "—")
    desk.tell({"barcode": read, "item": item}, said)


@supplies_group.command("balance")
@click.argument("item")
@option("--on", "day", type=DAY)
@click.pass_obj
def balance(desk: Desk, item: str, day: date | None) -> None:
    """What was left of each lot at the end of a day."""
    with desk.station() as db:
        one = supplies.named(db, item)
        on = day.isoformat() if day else db.stamp().business_date
        lots = supplies.balance_on(db, one.id, on)
    total = sum(lot.balance for lot in lots)
    rows = [(lot.lot, lot.expiry, lot.balance) for lot in lots]
    headings = [t("cli.lot"), t("cli.expiry"), t("cli.balance")]
    desk.tell({"item": one.name, "date": on, "balance": total, "lots": lots}, lambda: table(headings, rows, right=(2,)))


@supplies_group.command("expire")
@click.argument("item")
@option("--reason", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def expire(desk: Desk, item: str, reason: str, at: datetime | None) -> None:
    """Everything past its date leaves the shelf."""
    with desk.station() as db:
        item_id = supplies.named(db, item).id
        quantity, changes = supplies.expire(db, item_id, reason, at)
        now = supplies.get(db, item_id)
    desk.done(changes, left(now), id=now.id, expired=quantity, balance=now.balance)


@supplies_group.command("return")
@click.argument("item")
@click.argument("quantity", type=WHOLE, default=1)
@option("--person", "regular", metavar="PERSON")
@option("--reason", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def give_back(desk: Desk, item: str, quantity: int, regular: str | None, reason: str, at: datetime | None) -> None:
    """Something handed out came back unused."""
    with desk.station() as db:
        item_id = supplies.named(db, item).id
        who = person(db, regular).id if regular else None
        changes = supplies.give_back(db, item_id, quantity, person_id=who, reason=reason, at=at)
        now = supplies.get(db, item_id)
    desk.done(changes, left(now), id=now.id, balance=now.balance)


@supplies_group.command("void")
@click.argument("movement")
@option("--reason", required=True)
@option("--at", type=MOMENT)
@click.pass_obj
def void(desk: Desk, movement: str, reason: str, at: datetime | None) -> None:
    """Take a line of the ledger, with all that belongs to it, out of every count."""
    with desk.station() as db:
        changes = voids.void(db, movement, reason, at)
    desk.done(changes, t("cli.voided"), id=movement)


@supplies_group.command("photo")
@click.argument("item")
@option("--file", "picture", type=FILE)
@option("--remove", is_flag=True)
@option("--to", "target", type=FILE)
@option("--at", type=MOMENT)
@click.pass_obj
def photo(desk: Desk, item: str, picture: Path | None, remove: bool, target: Path | None, at: datetime | None) -> None:
    """The picture of an item: given, taken away, or written to a file."""
    if sum((picture is not None, remove, target is not None)) != 1:
        raise UserMistake("cli.one_of", names="--file --remove --to")
    prepared = None
    if picture is not None:
        from ..sync.opening import Opener

        with Opener() as opener:  # decoded where it may die
            prepared = opener.open_picture(picture)
    with desk.station() as db:
        one = supplies.named(db, item)
        if target is not None:
            found = photos.photo(db, one.id)
            if found is None:
                raise UserMistake("pictures.unknown")
            target.write_bytes(found)
            desk.tell({"id": one.id, "file": str(target), "bytes": len(found)}, t("cli.written", file=str(target)))
            return
        changes = photos.set_photo(db, one.id, prepared, at)
    desk.done(changes, t("cli.changed", name=one.name), id=one.id)


# --- kits ----------------------------------------------------------------------------------------------------------------


@supplies_group.command("kit")
@click.argument("item")
@option("--part", "told", multiple=True, metavar="ITEM=NUMBER")
@option("--none", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def kit(desk: Desk, item: str, told: tuple[str, ...], none: bool, at: datetime | None) -> None:
    """What a kit is made of; without a part it is shown."""
    with desk.station() as db:
        one = supplies.named(db, item)
        changes = None
        if told or none:
            parts = {}
            for part in told:
                name, sign, many = part.rpartition("=")
                if not sign or not many.isdecimal():
                    raise UserMistake("cli.bad_part", text=part)
                parts[supplies.named(db, name).id] = int(many)
            changes = supplies.set_parts(db, one.id, parts, at)
        among = {each.id: each for each in supplies.items(db, with_retired=True)}
        found = supplies.parts_of(db, one.id)
    lines = [{"item": among[item_id].name, "quantity": many} for item_id, many in found.items()]
    rows = [(line["item"], line["quantity"]) for line in lines]
    text = table([t("cli.item"), t("cli.quantity")], rows, right=(1,))
    answer = {"id": one.id, "parts": lines, "makes": kits.makes(found, among)}
    if changes is None:
        desk.tell(answer, text)
    else:
        desk.done(changes, text, **answer)


@supplies_group.command("assemble")
@click.argument("item")
@click.argument("quantity", type=WHOLE)
@option("--apart", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def assemble(desk: Desk, item: str, quantity: int, apart: bool, at: datetime | None) -> None:
    """Put kits together from their parts, or take them apart."""
    with desk.station() as db:
        one = supplies.named(db, item)
        changes = (supplies.take_apart if apart else supplies.assemble)(db, one.id, quantity, at)
        now = supplies.get(db, one.id)
    desk.done(changes, left(now), id=now.id, balance=now.balance)


# --- transfers -----------------------------------------------------------------------------------------------------------


@supplies_group.command("send")
@click.argument("item")
@click.argument("quantity", type=WHOLE)
@option("--station", "partner", required=True)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def send(desk: Desk, item: str, quantity: int, partner: str, note: str, at: datetime | None) -> None:
    """Supplies go to another station; its keeper takes them in by the number told here."""
    with desk.station() as db:
        made, changes = transfers.send(db, supplies.named(db, item).id, quantity, partner, note, at)
    desk.done(changes, t("cli.sent", number=made.number), id=made.id, number=made.number, transfer=made)


@supplies_group.command("take")
@click.argument("number")
@click.argument("item")
@click.argument("quantity", type=WHOLE)
@option("--station", "partner", required=True)
@option("--lot", default="")
@option("--expiry", default="")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def take(
    desk: Desk, number: str, item: str, quantity: int, partner: str, lot: str, expiry: str, note: str, at: datetime | None
) -> None:
    """Supplies came from another station, by the number on their slip."""
    with desk.station() as db:
        one = supplies.named(db, item)
        made, changes = transfers.take(db, number, one.name, quantity, partner, lot=lot, expiry=expiry, note=note, at=at)
    desk.done(changes, t("cli.took", number=made.number), id=made.id, number=made.number, transfer=made)


@supplies_group.command("transfers")
@click.pass_obj
def transferred(desk: Desk) -> None:
    """What went to other stations and came from them."""
    with desk.station() as db:
        found = transfers.listing(db)
    rows = [(moment(one.time), one.number, t(f"cli.transfer_{one.direction}"), one.partner, one.item, one.quantity, one.unit,
             "" if one.void_reason is None else t("cli.void")) for one in found]  # fmt: skip
    headings = [t("cli.time"), t("cli.no"), "", t("cli.partner"), t("cli.item"), t("cli.quantity"), t("cli.unit"), ""]
    desk.tell({"transfers": found}, lambda: table(headings, rows, right=(5,)))


# --- counts, forecasts, orders -------------------------------------------------------------------------------------------


@supplies_group.command("counts")
@click.argument("item")
@click.pass_obj
def counts(desk: Desk, item: str) -> None:
    """The counts of an item, and when each difference most likely arose."""
    with desk.station() as db:
        one = supplies.named(db, item)
        found = [(count, stocktakes.explain(db, count)) for count in stocktakes.listing(db, one.id)]
    lines = [{"count": count, "difference": count.difference, "explained": why} for count, why in found]
    rows = [
        (moment(count.time), count.book, count.counted, f"{count.difference:+,}", _hour(why), count.reason) for count, why in found
    ]
    headings = [t("cli.time"), t("cli.book"), t("cli.counted_heading"), t("cli.delta"), t("cli.most_likely"), t("cli.reason")]
    desk.tell({"item": one.name, "counts": lines}, lambda: table(headings, rows, right=(1, 2, 3)))


def _hour(why: stocktakes.Explanation) -> str:
    return f"{moment(why.begins)}-{why.ends[11:16]} ({round(why.share * 100)} %)" if why.begins else ""


@supplies_group.command("forecast")
@click.argument("item", required=False)
@click.pass_obj
def foretell(desk: Desk, item: str | None) -> None:
    """When each item, or one, runs out, with the range."""
    with desk.station() as db:
        wanted = [supplies.named(db, item)] if item else supplies.items(db)
        found = forecast.forecasts(db, wanted)
    lines = [{"item": one.name, "balance": one.balance, "forecast": found[one.id]} for one in wanted]
    rows = [
        (one.name, one.balance, t(f"cli.forecast_{told.state}"), told.early, told.likely, told.late, f"{told.a_day:.1f}", told.days)
        for one in wanted
        for told in [found[one.id]]
    ]
    headings = [t("cli.item"), t("cli.balance"), "", t("cli.earliest"), t("cli.likely"), t("cli.latest"), t("cli.a_day"), t("cli.days")]
    desk.tell({"forecasts": lines}, lambda: table(headings, rows, right=(1, 6, 7)))


@supplies_group.command("order")
@option("--item", "told", multiple=True, metavar="ITEM=NUMBER")
@option("--suggested", is_flag=True)
@option("--preview", is_flag=True)
@option("--wanted-by", type=DAY)
@option("--note", default="")
@option("--to", "target", type=FILE)
@option("--at", type=MOMENT)
@click.pass_obj
def order(
    desk: Desk, told: tuple[str, ...], suggested: bool, preview: bool, wanted_by: date | None, note: str, target: Path | None,
    at: datetime | None,
) -> None:  # fmt: skip
    """An order slip for the district: of items named, or of all that runs low; it goes with the next batch."""
    from ..paper.order_slip import order_slip

    if bool(told) == suggested:
        raise UserMistake("cli.one_of", names="--item --suggested")
    with desk.station() as db:
        wishes = [(one.item.id, one.quantity) for one in orders.suggested(db)] if suggested else []
        for part in told:
            name, sign, many = part.rpartition("=")
            item = supplies.named(db, name if sign else part)
            if sign and not many.isdecimal():
                raise UserMistake("cli.bad_part", text=part)
            wishes.append((item.id, int(many) if sign else orders.wish_for(db, item.id).quantity))
        if preview:
            names = {item.id: item.name for item in supplies.items(db)}
            lines = [{"item": names[item_id], "quantity": many} for item_id, many in wishes]
            rows = [(line["item"], line["quantity"]) for line in lines]
            desk.tell({"preview": True, "lines": lines}, lambda: table([t("cli.item"), t("cli.quantity")], rows, right=(1,)))
            return
        made, changes = orders.place(db, wishes, wanted_by=wanted_by.isoformat() if wanted_by else "", note=note, at=at)
        written, station = orders.lines(db, made), stations.current(db)
        today = date.fromisoformat(db.stamp().business_date)
    if target is not None:
        order_slip(written, target, station=station, printed_on=today)
    desk.done(changes, t("cli.ordered", number=made, n=len(written)), number=made, lines=written, file=str(target) if target else None)


@supplies_group.command("orders")
@option("--number", "no", default="")
@click.pass_obj
def ordered(desk: Desk, no: str) -> None:
    """What was ordered, the newest first."""
    with desk.station() as db:
        found = orders.lines(db, no)
    rows = [(moment(one.time), one.number, one.item, number(one.quantity), one.unit, one.runs_out, one.wanted_by,
             "" if one.void_reason is None else t("cli.void")) for one in found]  # fmt: skip
    headings = [t("cli.time"), t("cli.no"), t("cli.item"), t("cli.quantity"), t("cli.unit"), t("cli.runs_out"), t("cli.wanted_by"), ""]
    desk.tell({"orders": found}, lambda: table(headings, rows, right=(3,)))


# --- campaigns -----------------------------------------------------------------------------------------------------------

campaigns_group = Group("campaigns")


@campaigns_group.command("list")
@click.pass_obj
def campaigns_listing(desk: Desk) -> None:
    """All campaigns, the newest first."""
    with desk.station() as db:
        found = campaigns.listing(db)
        names = {item.id: item.name for item in supplies.items(db, with_retired=True)}
    rows = [
        (one.name, one.starts_on, one.ends_on, " / ".join(f"{names[i]} x{n}" for i, n in one.items.items()), one.each, one.most,
         t(f"cli.campaign_{one.origin}"), "" if one.active else t("cli.rule_off"))
        for one in found
    ]  # fmt: skip
    headings = [t("cli.campaign"), t("cli.starts"), t("cli.ends"), t("cli.item"), t("cli.each"), t("cli.rule_most"), "", ""]
    desk.tell({"campaigns": found}, lambda: table(headings, rows, right=(4, 5)))


@campaigns_group.command("add")
@click.argument("name")
@option("--item", "told", multiple=True, metavar="ITEM=NUMBER", required=True)
@option("--from", "first", type=DAY, required=True)
@option("--to", "last", type=DAY, required=True)
@option("--most", type=WHOLE)
@option("--each", type=WHOLE, default=1)
@option("--badge-only", is_flag=True)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def campaigns_add(
    desk: Desk, /, name: str, told: tuple[str, ...], first: date, last: date, most: int | None, each: int, badge_only: bool, note: str,
    at: datetime | None,
) -> None:  # fmt: skip
    """A campaign of this station."""
    with desk.station() as db:
        items: dict[str, int] = {}
        for part in told:
            item, sign, many = part.rpartition("=")
            if sign and not many.isdecimal():
                raise UserMistake("cli.bad_part", text=part)
            items[supplies.named(db, item if sign else part).id] = int(many) if sign else 1
        wanted = campaigns.Campaign("", "", name, first.isoformat(), last.isoformat(), items, most, each, badge_only, note=note)
        made, changes = campaigns.save(db, wanted, at)
    desk.done(changes, t("cli.changed", name=made.name), id=made.id, campaign=made)


@campaigns_group.command("end")
@click.argument("campaign")
@option("--again", is_flag=True)
@option("--at", type=MOMENT)
@click.pass_obj
def campaigns_end(desk: Desk, campaign: str, again: bool, at: datetime | None) -> None:
    """End a campaign early, or go on with it."""
    with desk.station() as db:
        made, changes = campaigns.switch(db, campaigns.named(db, campaign).id, on=again, at=at)
    desk.done(changes, t("cli.changed", name=made.name), id=made.id, campaign=made)


@campaigns_group.command("show")
@click.argument("campaign")
@click.pass_obj
def campaigns_show(desk: Desk, campaign: str) -> None:
    """Who had a share, and the figures."""
    with desk.station() as db:
        one = campaigns.named(db, campaign)
        had, figures = campaigns.recipients(db, one.id), campaigns.result(db, one.id)
    rows = [(moment(r.time), r.name or "—", r.card_number, r.item, r.quantity, t("cli.twice") if r.twice else "") for r in had]
    headings = [t("cli.time"), t("cli.name"), t("cli.card_number"), t("cli.item"), t("cli.quantity"), ""]
    said = t("cli.campaign_figures", people=figures.people, anonymous=figures.anonymous, refused=figures.refused)
    desk.tell({"campaign": one, "result": figures, "recipients": had}, lambda: "\n".join([said, table(headings, rows, right=(4,))]))


@campaigns_group.command("sheet")
@click.argument("campaign")
@option("--to", "target", type=FILE, required=True)
@click.pass_obj
def campaigns_sheet(desk: Desk, campaign: str, target: Path) -> None:
    """The result sheet without names: PDF, or a table where the file ends in .csv."""
    from ..paper.order_slip import result_csv, result_sheet

    with desk.station() as db:
        figures = campaigns.result(db, campaigns.named(db, campaign).id)
        station, today = stations.current(db), date.fromisoformat(db.stamp().business_date)
    if target.suffix.lower() == ".csv":
        result_csv(figures, target)
    else:
        result_sheet(figures, target, station=station, printed_on=today)
    desk.tell({"file": str(target), "result": figures}, t("cli.written", file=str(target)))
