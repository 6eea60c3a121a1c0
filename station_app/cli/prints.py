"""The print room as commands: badges, the poster, shelf labels, the sheet for a printer's offset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from .. import settings
from ..errors import UserMistake
from ..paper.manner import Manner, goods_of, manner, print_badges, print_labels, things_of
from ..services import loans, people, preferences, prints, stations, supplies
from ..words import t
from .frame import Desk, option
from .inputs import OFFSET, WHOLE, regulars
from .inputs import person as named
from .loans import loans_group
from .outputs import number
from .people import badges_group
from .supplies import supplies_group

FILE = click.Path(path_type=Path)


@badges_group.command("printed")
@option("--id", "chosen", multiple=True, metavar="PERSON")
@option("--waiting", is_flag=True)
@click.pass_obj
def printed(desk: Desk, chosen: tuple[str, ...], waiting: bool) -> None:
    """These badges, or all that waited, came out of the printer."""
    if waiting == bool(chosen):
        raise UserMistake("cli.one_of", names="--id --waiting")
    with desk.station() as db:
        ids = prints.waiting(db) if waiting else [named(db, text).id for text in chosen]
        changes = prints.printed(db, ids)
    desk.done(changes, t("cli.badges_printed", n=len(ids)), cards=len(ids))


@badges_group.command("sheet")
@option("--to", type=FILE, required=True)
@option("--all", "everybody", is_flag=True)
@option("--id", "chosen", multiple=True, metavar="PERSON")
@option("--waiting", is_flag=True)
@option("--offset-mm", type=OFFSET, metavar="X,Y")
@option("--back", is_flag=True)
@option("--single", is_flag=True)
@option("--label", type=WHOLE, metavar="58|80")
@click.pass_obj
def sheet(
    desk: Desk, to: Path, everybody: bool, chosen: tuple[str, ...], waiting: bool, offset_mm: tuple[float, float] | None, back: bool,
    single: bool, label: int | None,
) -> None:  # fmt: skip
    """Badges as a PDF: ten on a page, one a card, or labels; what waited stays waiting until it is marked as printed.

    Colour, mark and, unless given, the printer's offset are those of the print room.
    """
    if [everybody, bool(chosen), waiting].count(True) != 1:
        raise UserMistake("cli.one_of", names="--all --id --waiting")
    if single and label is not None:
        raise UserMistake("cli.one_of", names="--single --label")
    with desk.station() as db:
        db.require_sight("badge_sheet")
        wanted = regulars(db, people.ids(db, order_by="name")) if everybody else [named(db, text) for text in chosen]
        if waiting:
            wanted = regulars(db, prints.waiting(db))
        cards = [one for one in wanted if one.badge_code]
        how = replace(_form(manner(db), single, label), back=back)
        if offset_mm is not None:
            how = replace(how, offset=offset_mm)
        pages = print_badges(stations.current(db), cards, to, how)
    answer: Mapping[str, Any] = {"file": to, "cards": len(cards), "pages": pages}
    desk.tell(answer, t("cli.sheet_written", name=to.name, cards=number(len(cards)), n=pages))


def _form(how: Manner, single: bool, label: int | None) -> Manner:
    """In the form that was asked for; without one ten on a sheet."""
    return replace(how, form=f"label{label}" if label is not None else "single" if single else "sheet")


@badges_group.command("poster")
@option("--to", type=FILE, required=True)
@option("--link", metavar="URL")
@click.pass_obj
def poster(desk: Desk, to: Path, link: str | None) -> None:
    """The poster that invites to scan and ask, with the station's mark."""
    from ..paper.posters import ask_poster

    with desk.station() as db:
        how = manner(db)
        meant = preferences.get(db, settings.POSTER_LINK) if link is None else link
        pages = ask_poster(stations.current(db), to, link=meant, logo=how.logo, colour=how.look.ink)
    desk.tell({"file": to, "pages": pages}, t("cli.file_written", name=to.name))


@badges_group.command("calibrate")
@option("--to", type=FILE, required=True)
@option("--offset-mm", type=OFFSET, metavar="X,Y")
@click.pass_obj
def calibrate(desk: Desk, to: Path, offset_mm: tuple[float, float] | None) -> None:
    """The sheet that tells by how much a printer is off, moved by what is set so far."""
    from ..paper.badges import calibration_sheet

    with desk.station() as db:
        pages = calibration_sheet(stations.current(db), to, offset_mm=manner(db).offset if offset_mm is None else offset_mm)
    desk.tell({"file": to, "pages": pages}, t("cli.file_written", name=to.name))


@supplies_group.command("labels")
@option("--to", type=FILE, required=True)
@option("--item", "goods", multiple=True, metavar="ITEM")
@option("--label", type=WHOLE, metavar="58|80")
@click.pass_obj
def labels(desk: Desk, to: Path, goods: tuple[str, ...], label: int | None) -> None:
    """Labels for the shelves, each with a bar code that the desk's scanner knows: on A4 to be cut, or on a roll."""
    with desk.station() as db:
        found = [supplies.named(db, text) for text in goods] if goods else supplies.items(db)
        pages = print_labels(goods_of(found), to, _form(Manner(), False, label))
    desk.tell(
        {"file": to, "labels": len(found), "pages": pages},
        t("cli.labels_written", name=to.name, goods=number(len(found)), n=pages),
    )


@loans_group.command("labels")
@option("--to", type=FILE, required=True)
@option("--thing", "chosen", multiple=True, metavar="THING")
@option("--label", type=WHOLE, metavar="58|80")
@click.pass_obj
def thing_labels(desk: Desk, to: Path, chosen: tuple[str, ...], label: int | None) -> None:
    """Labels for what is lent, each with the code that lends it and brings it back: on A4 to be cut, or on a roll."""
    with desk.station() as db:
        found = [loans.resolve(db, text) for text in chosen] if chosen else loans.assets(db)
        pages = print_labels(things_of(found), to, _form(Manner(), False, label))
    desk.tell(
        {"file": to, "labels": len(found), "pages": pages},
        t("cli.thing_labels_written", name=to.name, things=number(len(found)), n=pages),
    )
