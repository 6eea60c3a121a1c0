"""Supplies of all stations at the district: campaigns and their shares, order slips, what went from station to station."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..district import desk, store
from ..errors import UserMistake
from ..model import ItemKind
from ..services import ledgers
from ..services.supplies import plans
from ..words import t
from .exchange import district_group, open_district
from .frame import Desk, Group, option
from .inputs import DAY, WHOLE, Code
from .outputs import moment, number, table

campaign_group = Group("campaigns")
district_group.add_command(campaign_group)


@campaign_group.command("add")
@click.argument("name")
@option("--item", required=True)
@option("--unit", required=True)
@option("--kind", type=Code(ItemKind), default=ItemKind.GIFT)
@option("--from", "first", type=DAY, required=True)
@option("--to", "last", type=DAY, required=True)
@option("--quantity", type=WHOLE, default=1)
@option("--each", type=WHOLE, default=1)
@option("--allot", "told", multiple=True, metavar="CODE=NUMBER")
@option("--anybody", is_flag=True)
@option("--note", default="")
@click.pass_obj
def add(
    line: Desk, /, name: str, item: str, unit: str, kind: ItemKind, first: date, last: date, quantity: int, each: int,
    told: tuple[str, ...], anybody: bool, note: str,
) -> None:  # fmt: skip
    """Plan a campaign: it goes in the next packs, with each station's share."""
    with open_district(line) as db:
        allotted = {}
        for part in told:
            code, sign, many = part.partition("=")
            if not sign or not many.isdecimal():
                raise UserMistake("cli.bad_part", text=part)
            allotted[store.by_code(db, code).station_id] = int(many)
        made, changes = plans.make(
            db, name, first.isoformat(), last.isoformat(), item, unit, kind, quantity=quantity, each=each, badge_only=not anybody,
            allotted=allotted, note=note,
        )  # fmt: skip
    line.done(changes, t("cli.changed", name=name), id=made)


@campaign_group.command("withdraw")
@click.argument("code")
@click.pass_obj
def withdraw(line: Desk, code: str) -> None:
    """End a campaign at every station with its next pack."""
    with open_district(line) as db:
        changes = plans.withdraw(db, code)
    line.done(changes, t("cli.rule_removed"), id=code)


@campaign_group.command("resume")
@click.argument("code")
@click.pass_obj
def resume(line: Desk, code: str) -> None:
    """Tell a withdrawn campaign again."""
    with open_district(line) as db:
        changes = plans.resume(db, code)
    line.done(changes, t("cli.changed", name=code), id=code)


@campaign_group.command("list")
@click.pass_obj
def listing(line: Desk) -> None:
    """Campaigns, the share of each station and what it gave."""
    with open_district(line) as db:
        found = plans.listing(db)
    rows = [
        (one.code, one.name, one.starts_on, one.ends_on, f"{one.item} x{one.quantity}", _by(one.allotted), _by(one.given),
         t("cli.rule_off") if one.withdrawn else "")
        for one in found
    ]  # fmt: skip
    headings = [t("cli.id"), t("cli.campaign"), t("cli.starts"), t("cli.ends"), t("cli.item"), t("cli.allotted"), t("cli.handed_out"), ""]
    line.tell({"campaigns": found}, lambda: table(headings, rows))


def _by(numbers: object) -> str:
    return " ".join(f"{code}={many}" for code, many in sorted(dict(numbers).items()))  # type: ignore[call-overload]


@campaign_group.command("twice")
@click.pass_obj
def twice(line: Desk) -> None:
    """Who had more than their share, over all stations; by card number."""
    with open_district(line) as db:
        found = plans.twice(db)
    rows = [(one.campaign, one.card_number, " / ".join(f"{share.day} {share.station}" for share in one.shares)) for one in found]
    line.tell({"twice": found}, lambda: table([t("cli.campaign"), t("cli.card_number"), t("cli.station")], rows))


@campaign_group.command("result")
@click.argument("code")
@option("--to-file", type=click.Path(path_type=Path), metavar="F.pdf|F.csv")
@click.pass_obj
def result(line: Desk, code: str, to_file: Path | None) -> None:
    """A campaign's figures over all stations; on paper or as a table with --to-file."""
    from ..paper import order_slip

    if to_file is not None and to_file.suffix.lower() not in (".pdf", ".csv"):
        raise UserMistake("campaigns.bad_ending", name=to_file.name)
    with open_district(line) as db:
        plan = plans.named(db, code)
        found, names = plans.outcome(db, plan.code), {one.code: one.name for one in store.stations(db)}
        place, day = desk.place(db), db.now().date()
    if to_file is None:
        rows = order_slip.plan_rows(plan, found, names)
        line.tell({"campaign": plan, "outcome": found}, lambda: table(order_slip.plan_heads(), rows, right=(1, 2)))
    elif to_file.suffix.lower() == ".pdf":
        pages = order_slip.plan_sheet(plan, found, names, to_file, district=place, printed_on=day)
        line.tell({"file": to_file, "pages": pages}, t("cli.file_written", name=to_file.name))
    else:
        order_slip.plan_csv(plan, found, names, to_file)
        line.tell({"file": to_file}, t("cli.file_written", name=to_file.name))


@campaign_group.command("recipients")
@click.argument("code")
@click.pass_obj
def recipients(line: Desk, code: str) -> None:
    """Who had something of a campaign, at every station, by card number."""
    with open_district(line) as db:
        found = plans.recipients(db, plans.named(db, code).code)
    rows = [(moment(one.time), one.station, one.card_number or "—", one.occupation, one.quantity) for one in found]
    headings = [t("cli.time"), t("cli.station"), t("cli.card_number"), t("cli.occupation"), t("cli.quantity")]
    line.tell({"recipients": found}, lambda: table(headings, rows, right=(4,)))


@district_group.command("orders")
@click.pass_obj
def orders(line: Desk) -> None:
    """What stations asked for, the newest first."""
    with open_district(line) as db:
        found = plans.wanted(db)
    rows = [
        (moment(one.time), one.station, one.number, one.item, number(one.quantity), one.unit, one.balance, one.runs_out, one.wanted_by,
         "" if one.void_reason is None else t("cli.void"))
        for one in found
    ]  # fmt: skip
    headings = [t("cli.time"), t("cli.station"), t("cli.no"), t("cli.item"), t("cli.quantity"), t("cli.unit"), t("cli.balance"),
                t("cli.runs_out"), t("cli.wanted_by"), ""]  # fmt: skip
    line.tell({"orders": found}, lambda: table(headings, rows, right=(4, 6)))


@district_group.command("transfers")
@click.pass_obj
def transfers(line: Desk) -> None:
    """What went from station to station: both sides of each slip, and whether they agree."""
    with open_district(line) as db:
        found = plans.crossings(db)
    lines = [{"crossing": one, "state": one.state} for one in found]
    rows = [(one.number, one.item, one.sender, one.receiver, one.sent, one.taken, t(f"cli.crossing_{one.state}")) for one in found]
    headings = [t("cli.no"), t("cli.item"), t("cli.sender"), t("cli.partner"), t("cli.sent_number"), t("cli.taken_number"), ""]
    line.tell({"transfers": lines}, lambda: table(headings, rows, right=(4, 5)))


@district_group.command("ledger")
@click.argument("name")
@option("--station", "code")
@option("--from", "first", type=DAY)
@option("--to", "last", type=DAY)
@option("--to-file", type=click.Path(path_type=Path), metavar="F.xlsx|F.csv")
@click.pass_obj
def ledger(line: Desk, name: str, code: str | None, first: date | None, last: date | None, to_file: Path | None) -> None:
    """A ledger of one station or of all, without names; this month without dates."""
    from ..paper import ledgers as paper

    wanted = ledgers.get(name)
    if to_file is not None and to_file.suffix.lower() not in (".xlsx", ".csv"):
        raise UserMistake("ledgers.bad_ending_tables", name=to_file.name)
    with open_district(line) as db:
        today = date.fromisoformat(db.stamp().business_date)
        begin, end = (first or (last or today).replace(day=1)).isoformat(), (last or today).isoformat()
        among = None if code is None else store.stores_of(db, store.by_code(db, code).station_id)
        found = ledgers.lines(db, name, begin, end, stores=among)
    if to_file is None:
        heads = [paper.heading(column) for column in wanted.columns]
        told = [{column.code: cell for column, cell in zip(wanted.columns, one, strict=True)} for one in found]
        answer = {"ledger": name, "from": begin, "to": end, "lines": told}
        line.tell(answer, lambda: table(heads, [tuple(map(paper.said, one)) for one in found]))
        return
    if to_file.suffix.lower() == ".xlsx":
        paper.ledger_xlsx(wanted, found, to_file, about=paper.span_line(wanted, begin, end, len(found)))
    else:
        paper.ledger_csv(wanted, found, to_file)
    line.tell({"file": to_file, "lines": len(found)}, t("cli.ledger_written", n=len(found), name=to_file.name))


GROUPS = {"district": district_group}
