"""Regulars as a whole: two records of one person, who may collect for whom, the list to take along."""

from __future__ import annotations

from pathlib import Path

import click

from ..model import Circle
from ..services import companions, duplicates, roaming, roll
from ..words import t
from .frame import Desk, option
from .inputs import Code
from .inputs import person as named
from .outputs import number, table, who
from .people import people_group

FILE = click.Path(path_type=Path)

@people_group.command("duplicates")
@click.pass_obj
def suggested(desk: Desk) -> None:
    """Regulars who may be one person."""
    with desk.station() as db:
        found = duplicates.suggestions(db)
    rows = [(one.first.id, who(one.first), one.second.id, who(one.second), t(f"cli.why_{one.why}")) for one in found]
    heads = ["id", t("cli.name"), "id", t("cli.name"), t("cli.why")]
    desk.tell({"duplicates": found}, lambda: table(heads, rows) if rows else t("cli.no_duplicates"))


@people_group.command("merge")
@click.argument("kept", metavar="KEPT")
@click.argument("merged", metavar="MERGED")
@option("--reason", default="")
@click.pass_obj
def merge(desk: Desk, kept: str, merged: str, reason: str) -> None:
    """Two records are one person; undone like everything else."""
    with desk.station() as db:
        person, changes = duplicates.merge(db, named(db, kept).id, named(db, merged).id, reason)
    desk.done(changes, t("cli.merged", who=who(person)), id=person.id, person=person)


@people_group.command("apart")
@click.argument("first", metavar="PERSON")
@click.argument("second", metavar="PERSON")
@click.pass_obj
def apart(desk: Desk, first: str, second: str) -> None:
    """Two records are two people: not suggested again."""
    with desk.station() as db:
        changes = duplicates.tell_apart(db, named(db, first).id, named(db, second).id)
    desk.done(changes, t("cli.told_apart"))


@people_group.command("link")
@click.argument("persons", metavar="PERSON...", nargs=-1, required=True)
@option("--circle", type=Code(Circle))
@click.pass_obj
def link(desk: Desk, persons: tuple[str, ...], circle: Circle | None) -> None:
    """These may collect for one another, where a supply's rule allows it."""
    with desk.station() as db:
        everybody, changes = companions.link(db, [named(db, one).id for one in persons], circle or Circle.HOUSEHOLD)
    text = t("cli.linked", names=t("terms.list").join(who(one) for one in everybody))
    desk.done(changes, text, people=everybody)


@people_group.command("unlink")
@click.argument("person", metavar="PERSON")
@click.pass_obj
def unlink(desk: Desk, person: str) -> None:
    """Somebody does not belong to their household or team any more."""
    with desk.station() as db:
        found = named(db, person)
        changes = companions.leave(db, found.id)
    desk.done(changes, t("cli.unlinked", who=who(found)) if changes else t("cli.not_linked", who=who(found)), id=found.id)


@people_group.command("export")
@option("--to", type=FILE, required=True)
@click.pass_obj
def export(desk: Desk, to: Path) -> None:
    """The list of regulars as .xlsx or .csv, noted in the log."""
    from ..paper.roster import kind_of, write_roster

    kind = kind_of(to)
    with desk.station() as db:
        ids, changes = roll.begin(db, kind)
        count = write_roster(roll.read(db, ids), to)
    desk.done(changes, t("cli.roster_written", name=to.name, people=number(count)), file=to, people=count)


@people_group.command("roaming")
@click.pass_obj
def known_elsewhere(desk: Desk) -> None:
    """How much of the district's roster of regulars is here."""
    with desk.station() as db:
        found = roaming.known(db)
    text = t("cli.roaming", active=number(found.active), revoked=number(found.revoked), version=found.number)
    desk.tell({"roaming": found}, text)
