"""What officers do at the district's desk: whom to call, packs for all, months, supplies promised, notices."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..district import desk, many, months, promises
from ..district.months import Month
from ..errors import UserMistake
from ..model import ItemKind
from ..services import arrivals
from ..words import label, t
from .exchange import FILE, district_group, open_district, sync_group
from .frame import Desk, Group, option
from .house import figures
from .inputs import DAY, Code
from .outputs import moment, number, table

allocation_group, notice_group = Group("allocation"), Group("notice")
district_group.add_command(allocation_group)
district_group.add_command(notice_group)


# --- whom to call -----------------------------------------------------------------------------------------------------------


@district_group.command("chase")
@option("--to", type=FILE)
@click.pass_obj
def chase(line: Desk, to: Path | None) -> None:
    """Stations not heard from for longer than the setting allows; to a file as PDF or CSV by its ending."""
    with open_district(line) as db:
        found = desk.overview(db)
        place = desk.place(db)
    rows = [
        (
            one.station.name,
            one.station.phone,
            moment(one.held.last_taken_in),
            one.silent,
            one.called.note if one.called else "",
        )
        for one in found.overdue
    ]
    if to is not None:
        from ..paper.district import chase_csv, chase_list

        if to.suffix.lower() == ".csv":
            chase_csv(rows, to)
        else:
            chase_list(rows, to, place=place.name, printed_on=found.now.date(), days=found.days, sample=place.sample)
    told = [
        {
            "station": one.station.code, "name": one.station.name, "phone": one.station.phone, "silent": one.silent,
            "last_taken_in": one.held.last_taken_in, "called": one.called.time if one.called else "",
            "note": one.called.note if one.called else "",
        }
        for one in found.overdue
    ]  # fmt: skip
    headings = [t("district_paper.station"), t("district_paper.phone"), t("district_paper.last"), t("district_paper.days"),
                t("district_paper.called")]  # fmt: skip
    text = t("cli.file_written", name=to.name) if to is not None else table(headings, rows, right=(3,))
    line.tell({"days": found.days, "stations": told, "file": to}, text)


@district_group.command("called")
@click.argument("station")
@option("--note", default="")
@click.pass_obj
def called(line: Desk, station: str, note: str) -> None:
    """Note that a station was called, and what was said."""
    with open_district(line) as db:
        call_id, changes = desk.note_call(db, station, note)
    line.done(changes, t("cli.call_noted", station=station.upper()), id=call_id, station=station.upper())


# --- packs for all ------------------------------------------------------------------------------------------------------------


@district_group.command("packs")
@option("--to", type=FILE, required=True)
@option("--station", "codes", multiple=True)
@option("--folders", is_flag=True)
@click.pass_obj
def packs(line: Desk, to: Path, codes: tuple[str, ...], folders: bool) -> None:
    """The next pack for every station, or those named, into one folder or a folder each; every one read back."""
    with open_district(line) as db:
        done = many.send(db, codes, to, own_folders=folders)
    sent = [
        {
            "station": one.station.code, "file": one.file.path, "bytes": one.file.bytes, "have": one.have, "missing": one.missing,
            "refused": one.refused, "steps": one.steps, "notices": one.notices, "allocations": one.allocations,
        }
        for one in done.sent
    ]  # fmt: skip
    line.tell(
        {"packs": sent, "left": done.left},
        t("cli.packs_written", n=len(done.sent), folder=str(to), left=number(len(done.left))),
    )
    if done.error is not None:
        raise done.error


# --- months -------------------------------------------------------------------------------------------------------------------


@district_group.command("month")
@click.argument("month", metavar="YYYY-MM")
@option("--to", type=FILE)
@click.pass_obj
def show_month(line: Desk, month: str, to: Path | None) -> None:
    """A month as it was closed (or as it stands), with what changed since; to a file as PDF or CSV by its ending."""
    with open_district(line) as db:
        found = months.month(db, month)
        place, today = desk.place(db), db.now().date()
    if to is not None:
        from ..paper.district import report_csv
        from ..paper.report import period_report

        if to.suffix.lower() == ".csv":
            report_csv(found.whole, found.each, to)
        else:
            each = [(name, own) for _code, name, own in found.each]
            period_report(found.whole, to, place=place.name, printed_on=today, sample=place.sample, stations=each)
    line.tell(
        {**_month(found), "file": to},
        lambda: t("cli.file_written", name=to.name) if to is not None else _month_text(found),
    )


@district_group.command("close-month")
@click.argument("month", metavar="YYYY-MM")
@click.pass_obj
def close_month(line: Desk, month: str) -> None:
    """Close a month that is over: its figures stay as they are, later changes are shown as corrections."""
    with open_district(line) as db:
        found, changes = months.close(db, month)
    line.done(changes, t("cli.month_closed", month=month, n=len(found.each)), **_month(found))


def _month(found: Month) -> dict[str, object]:
    each = [{"station": code, "name": name, **figures(own)} for code, name, own in found.each]
    corrections = [
        {"station": one.station, "figure": one.figure, "then": one.then, "now": one.now} for one in found.corrections
    ]
    return {
        "month": found.month, "closed": found.closed, "officer": found.officer, **figures(found.whole), "stations": each,
        "corrections": corrections,
    }  # fmt: skip


def _month_text(found: Month) -> str:
    headings = [
        t("district_paper.code"),
        t("district_paper.station"),
        t("cli.person_times"),
        t("cli.registered_times"),
        t("cli.anonymous"),
    ]
    rows = [(code, name, own.person_times, own.registered, own.anonymous) for code, name, own in found.each]
    rows.append(
        (
            "",
            t("paper.all_stations", n=len(rows)),
            found.whole.person_times,
            found.whole.registered,
            found.whole.anonymous,
        )
    )
    parts = [
        t("cli.month_state", month=found.month, closed=moment(found.closed) or "—"),
        table(headings, rows, right=(2, 3, 4)),
    ]
    if found.corrections:
        changed = [(one.station, one.figure, one.then, one.now) for one in found.corrections]
        parts.append(
            table([t("district_paper.code"), t("cli.figure"), t("cli.reported"), t("cli.now")], changed, right=(2, 3))
        )
    return "\n\n".join(parts)


# --- supplies -----------------------------------------------------------------------------------------------------------------


@district_group.command("shelves")
@click.pass_obj
def shelves(line: Desk) -> None:
    """What all stations have on their shelves, item by item."""
    with open_district(line) as db:
        found = promises.shelves(db)
    told = [
        {
            "item": one.name,
            "unit": one.unit,
            "kind": one.kind,
            "total": one.total,
            "stations": dict(one.balances),
            "low": sorted(one.low),
        }
        for one in found
    ]
    rows = [(one.name, label(one.kind), one.total, one.unit, t("terms.list").join(sorted(one.low))) for one in found]
    headings = [t("cli.item"), t("cli.kind"), t("cli.balance"), t("cli.unit"), t("cli.low")]
    line.tell({"items": told}, lambda: table(headings, rows, right=(2,)))


@allocation_group.command("add")
@click.argument("item")
@click.argument("quantities", nargs=-1, required=True, metavar="STATION=QUANTITY...")
@option("--unit", required=True)
@option("--kind", type=Code(ItemKind), default=ItemKind.OTHER)
@option("--note", default="")
@click.pass_obj
def allocate(line: Desk, item: str, quantities: tuple[str, ...], unit: str, kind: ItemKind, note: str) -> None:
    """Promise stations so many of an item; it goes in their next packs until they receive it."""
    wanted: dict[str, int] = {}
    for text in quantities:
        code, _equals, count = text.partition("=")
        if not (count.isascii() and count.isdigit()) or code.upper() in wanted:
            raise UserMistake("district.bad_line", text=text)
        wanted[code.upper()] = int(count)
    with open_district(line) as db:
        made, changes = promises.allocate(db, item, unit, kind, wanted, note)
    line.done(changes, t("cli.allocated", item=item, n=len(made)), ids=made)


@allocation_group.command("list")
@click.pass_obj
def allocations(line: Desk) -> None:
    """What was promised and whether it was received."""
    with open_district(line) as db:
        found = promises.allocations(db)
    rows = [
        (one.code, one.item, one.quantity, one.unit, moment(one.time), moment(one.received), moment(one.withdrawn))
        for one in found
    ]
    headings = [t("district_paper.code"), t("cli.item"), t("cli.quantity"), t("cli.unit"), t("cli.time"), t("cli.received_at"),
                t("cli.withdrawn_at")]  # fmt: skip
    line.tell({"allocations": found}, lambda: table(headings, rows, right=(2,)))


@allocation_group.command("slip")
@option("--to", "target", type=click.Path(path_type=Path), required=True)
@click.pass_obj
def allocation_slip(line: Desk, target: Path) -> None:
    """What each station gets, of the promises that stand, as a PDF."""
    from ..paper import order_slip

    with open_district(line) as db:
        rows = [
            order_slip.Allotted(one.station, one.item, one.quantity, one.unit, one.time, one.received, one.note)
            for one in promises.allocations(db)
            if not one.withdrawn
        ]
        place, today = desk.place(db), db.now().date()
    pages = order_slip.allocation_slip(rows, target, station=place, printed_on=today)
    line.tell({"file": target, "pages": pages}, t("cli.file_written", name=target.name))


@allocation_group.command("withdraw")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.pass_obj
def withdraw_allocations(line: Desk, ids: tuple[str, ...]) -> None:
    """Take back promises that nobody received yet."""
    with open_district(line) as db:
        changes = promises.withdraw_allocations(db, list(ids))
    line.done(changes, t("cli.withdrawn", n=len(ids)), ids=ids)


# --- notices ------------------------------------------------------------------------------------------------------------------


@notice_group.command("post")
@click.argument("title")
@option("--text", default="")
@option("--until", type=DAY, required=True)
@option("--station", default="")
@click.pass_obj
def post_notice(line: Desk, title: str, text: str, until: date, station: str) -> None:
    """Say something to all stations, or to one, until a day."""
    with open_district(line) as db:
        notice_id, changes = promises.post_notice(db, title, text, until.isoformat(), station)
    line.done(changes, t("cli.notice_posted"), id=notice_id)


@notice_group.command("list")
@click.pass_obj
def notices(line: Desk) -> None:
    """What was said to stations."""
    with open_district(line) as db:
        found = promises.notices(db)
    rows = [(moment(one.time), one.title, one.until, one.station, moment(one.withdrawn)) for one in found]
    headings = [t("cli.time"), t("cli.title"), t("cli.until"), t("district_paper.station"), t("cli.withdrawn_at")]
    line.tell({"notices": found}, lambda: table(headings, rows))


@notice_group.command("withdraw")
@click.argument("notice_id", metavar="ID")
@click.pass_obj
def withdraw_notice(line: Desk, notice_id: str) -> None:
    """Say it no more; it goes from the stations' screens with their next pack."""
    with open_district(line) as db:
        changes = promises.withdraw_notice(db, notice_id)
    line.done(changes, t("cli.withdrawn", n=1), id=notice_id)


# --- at the station -------------------------------------------------------------------------------------------------------------


@sync_group.command("notices")
@click.pass_obj
def told_notices(line: Desk) -> None:
    """What the district wants its keepers to know today."""
    with line.station() as db:
        found = arrivals.notices(db)
    rows = [(moment(one.time), one.title, one.text, one.until) for one in found]
    line.tell({"notices": found}, lambda: table([t("cli.time"), t("cli.title"), t("cli.text"), t("cli.until")], rows))


GROUPS = {"sync": sync_group, "district": district_group}
"""Both groups of the exchange with these commands in them."""
