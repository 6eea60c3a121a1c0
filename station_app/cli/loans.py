"""Loans: things that are lent, who has them, how they came back."""

from __future__ import annotations

from datetime import datetime

import click

from ..model import AssetKind, AssetMove, LoanOutcome
from ..services import loans
from ..services.loans import Loan
from ..words import label, t
from .frame import Desk, Group, option
from .inputs import MOMENT, WHOLE, Code, person
from .outputs import moment, plain, table

loans_group = Group("loans")


@loans_group.command("things")
@option("--all", "with_retired", is_flag=True)
@click.pass_obj
def things(desk: Desk, with_retired: bool) -> None:
    """What is lent here, and how many are where."""
    with desk.station() as db:
        found = loans.assets(db, with_retired=with_retired)
    rows = [(one.title, label(one.kind), one.owned, one.free, one.out, one.broken, one.due_hours, one.code) for one in found]
    heads = [t("cli.item"), t("cli.kind"), t("cli.owned"), t("cli.free"), t("cli.out"), t("cli.broken"), t("cli.due_hours"), t("cli.code")]
    answer = [{**plain(one), "title": one.title, "free": one.free} for one in found]
    desk.tell({"things": answer}, lambda: table(heads, rows, right=(2, 3, 4, 5, 6)))


@loans_group.command("add")
@click.argument("name")
@option("--kind", type=Code(AssetKind), default=AssetKind.OTHER)
@option("--count", type=WHOLE, default=1)
@option("--pooled", is_flag=True)
@option("--due-hours", type=WHOLE)
@option("--source", default="")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def add(
    desk: Desk, name: str, kind: AssetKind, count: int, pooled: bool, due_hours: int | None, source: str, note: str, at: datetime | None
) -> None:
    """New things to lend: numbered, or one pool of many."""
    with desk.station() as db:
        made, changes = loans.add(db, name, kind, count, pooled=pooled, due_hours=due_hours, source=source, note=note, at=at)
    said = t("cli.things_added", names=t("terms.list").join(one.title for one in made), n=sum(one.owned for one in made))
    desk.done(changes, said, things=made)


@loans_group.command("change")
@click.argument("thing")
@option("--name")
@option("--due-hours", type=WHOLE)
@option("--active/--retired", default=None)
@option("--note")
@option("--at", type=MOMENT)
@click.pass_obj
def change(
    desk: Desk, thing: str, name: str | None, due_hours: int | None, active: bool | None, note: str | None, at: datetime | None
) -> None:
    """Change a thing."""
    with desk.station() as db:
        now, changes = loans.change(db, loans.resolve(db, thing).id, name=name, due_hours=due_hours, active=active, note=note, at=at)
    desk.done(changes, t("cli.changed", name=now.title), id=now.id, thing=now)


@loans_group.command("move")
@click.argument("thing")
@click.argument("kind", type=Code(AssetMove))
@click.argument("quantity", type=WHOLE, default=1)
@option("--source", default="")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def move(desk: Desk, thing: str, kind: AssetMove, quantity: int, source: str, note: str, at: datetime | None) -> None:
    """More or fewer of a thing, or of them sound."""
    with desk.station() as db:
        now, changes = loans.move(db, loans.resolve(db, thing).id, kind, quantity, source=source, note=note, at=at)
    said = t("cli.thing_moved", name=now.title, what=label(kind), count=quantity, owned=now.owned, free=now.free)
    desk.done(changes, said, id=now.id, thing=now)


@loans_group.command("lend")
@click.argument("thing")
@click.argument("quantity", type=WHOLE, default=1)
@option("--person", "regular", metavar="PERSON")
@option("--deposit", type=WHOLE, default=0)
@option("--hours", type=WHOLE)
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def lend(
    desk: Desk, thing: str, quantity: int, regular: str | None, deposit: int, hours: int | None, note: str, at: datetime | None
) -> None:
    """Lend a thing, by code, name or number, to a regular or to nobody in particular."""
    with desk.station() as db:
        asset = loans.resolve(db, thing)
        who = person(db, regular) if regular is not None else None
        loan, changes = loans.lend(
            db, asset.id, quantity, person_id=who.id if who else None, occupation=who.occupation if who else None, deposit=deposit,
            hours=hours, note=note, at=at,
        )  # fmt: skip
    said = t("cli.lent", name=loan.title, due=moment(loan.due)) + (t("cli.lent_short") if loan.short else "")
    desk.done(changes, said, id=loan.id, loan=loan)


@loans_group.command("return")
@click.argument("thing", required=False)
@option("--loan", "loan_id")
@option("--outcome", type=Code(LoanOutcome), default=LoanOutcome.RETURNED)
@option("--quantity", type=WHOLE)
@option("--person", "regular", metavar="PERSON")
@option("--note", default="")
@option("--at", type=MOMENT)
@click.pass_obj
def give_back(
    desk: Desk,
    thing: str | None,
    loan_id: str | None,
    outcome: LoanOutcome,
    quantity: int | None,
    regular: str | None,
    note: str,
    at: datetime | None,
) -> None:
    """A thing came back, or is lost; by the thing alone, or by its loan."""
    with desk.station() as db:
        if loan_id is None:
            asset = loans.resolve(db, thing or "")
            who = person(db, regular).id if regular is not None else None
            if outcome is LoanOutcome.RETURNED and quantity is None and not note:
                loan, changes = loans.bring_back(db, asset.id, who, at)
                desk.done(changes, t("cli.returned", name=loan.title, what=label(outcome)), id=loan.id, loan=loan)
                return
            loan_id = loans.which(db, asset.id, who).id
        loan, changes = loans.end(db, loan_id, outcome, quantity, note, at)
    desk.done(changes, t("cli.returned", name=loan.title, what=label(outcome)), id=loan.id, loan=loan)


@loans_group.command("prolong")
@click.argument("loan_id")
@option("--hours", type=WHOLE)
@option("--at", type=MOMENT)
@click.pass_obj
def prolong(desk: Desk, loan_id: str, hours: int | None, at: datetime | None) -> None:
    """A loan is due later."""
    with desk.station() as db:
        loan, changes = loans.prolong(db, loan_id, hours, at)
    desk.done(changes, t("cli.lent", name=loan.title, due=moment(loan.due)), id=loan.id, loan=loan)


@loans_group.command("list")
@option("--overdue", is_flag=True)
@option("--person", "regular", metavar="PERSON")
@option("--thing")
@click.pass_obj
def listing(desk: Desk, overdue: bool, regular: str | None, thing: str | None) -> None:
    """What is out, what is due first at the top; of one thing its past too."""
    with desk.station() as db:
        if thing is not None:
            found = loans.of_asset(db, loans.resolve(db, thing).id)
        elif regular is not None:
            found = loans.of_person(db, person(db, regular).id)
        else:
            found = loans.open_loans(db)
        now = db.now()
    shown = [one for one in found if not overdue or one.overdue(now)]
    rows = [(one.id, one.title, moment(one.time), moment(one.due), one.left, _state(one, now), one.note) for one in shown]
    heads = ["id", t("cli.item"), t("cli.out_since"), t("cli.due"), t("cli.quantity"), t("cli.state"), t("cli.note")]
    answer = [{"loan": one, "overdue": one.overdue(now)} for one in shown]
    desk.tell({"loans": answer}, lambda: table(heads, rows, right=(4,)))


def _state(loan: Loan, now: datetime) -> str:
    if loan.left:
        return t("cli.overdue") if loan.overdue(now) else t("cli.out")
    return t("terms.list").join(dict.fromkeys(label(end.outcome) for end in loan.ends))
