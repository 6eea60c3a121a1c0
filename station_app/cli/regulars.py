"""Regulars across the stations of a district: the roster that packs bring, one person at several stations."""

from __future__ import annotations

import click

from ..district import regulars
from ..words import label, t
from .exchange import district_group, open_district
from .frame import Desk, Group, option
from .outputs import moment, number, table

regulars_group = Group("regulars")
district_group.add_command(regulars_group)

@regulars_group.command("status")
@click.pass_obj
def standing(desk: Desk) -> None:
    """How the roster stands, and which stations are behind."""
    with open_district(desk) as db:
        found, behind = regulars.standing(db), regulars.stations_behind(db)
    head = t("cli.regulars_status", active=number(found.active), revoked=number(found.revoked), waiting=found.waiting, merged=found.merged)
    rows = [(code, n) for code, n in behind.items()]
    heads = [t("cli.station"), t("cli.changes_behind")]
    desk.tell({"regulars": found, "behind": behind}, lambda: "\n".join([head, *([table(heads, rows, right=(1,))] if rows else [])]))


@regulars_group.command("duplicates")
@click.pass_obj
def across(desk: Desk) -> None:
    """Regulars of several stations who may be one person."""
    with open_district(desk) as db:
        found = regulars.suggestions(db)
    desk.tell({"duplicates": found}, lambda: _pairs(found) if found else t("cli.no_duplicates"))


@regulars_group.command("merges")
@click.pass_obj
def standing_merges(desk: Desk) -> None:
    """Who was found to be one person, the newest first."""
    with open_district(desk) as db:
        found = regulars.merges(db)
    desk.tell({"merges": found}, lambda: _pairs(found) if found else t("cli.no_merges"))


@regulars_group.command("merge")
@click.argument("kept", metavar="KEPT")
@click.argument("merged", metavar="MERGED")
@option("--reason", default="")
@click.pass_obj
def merge_across(desk: Desk, kept: str, merged: str, reason: str) -> None:
    """Two records, by their ids, are one person: every station learns it with its next pack."""
    with open_district(desk) as db:
        pair, changes = regulars.merge(db, kept, merged, reason)
    desk.done(changes, t("cli.merged_across", name=pair.kept.name or kept), id=pair.kept.id, merge=pair)


@regulars_group.command("apart")
@click.argument("first", metavar="PERSON")
@click.argument("second", metavar="PERSON")
@click.pass_obj
def apart_across(desk: Desk, first: str, second: str) -> None:
    """Two records are two people: not suggested again."""
    with open_district(desk) as db:
        changes = regulars.tell_apart(db, first, second)
    desk.done(changes, t("cli.told_apart"))


@regulars_group.command("new-key")
@click.pass_obj
def new_key(desk: Desk) -> None:
    """Another key for badges: new cards are made with it from each station's next pack on."""
    with open_district(desk) as db:
        version, changes = regulars.renew_badge_key(db)
    desk.done(changes, t("cli.badge_key", version=version), version=version)


def _pairs(found: list[regulars.Pair]) -> str:
    rows = [
        (one.kept.id, one.kept.name, one.kept.station, one.merged.id, one.merged.name, one.merged.station, label(one.kept.occupation),
         t(f"cli.why_{one.why}") if one.why else moment(one.time))
        for one in found
    ]  # fmt: skip
    heads = ["id", t("cli.name"), t("cli.station"), "id", t("cli.name"), t("cli.station"), t("cli.occupation"), t("cli.why")]
    return table(heads, rows)


GROUPS: dict[str, Group] = {"district": district_group}
"""The groups these commands belong to."""
