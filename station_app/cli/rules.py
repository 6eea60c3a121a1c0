"""The district's rules by command: versions, a draft from a file, what it changes, switched on; and what a station goes by."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
import msgspec

from ..db import Database
from ..district import rules
from ..errors import UserMistake
from ..model import RuleKind
from ..rulebook import EMPTY, Body, RuleSet, decode, in_force
from ..services import rules as kept
from ..sync import carry
from ..words import label, t
from .exchange import FILE, district_group, open_district, sync_group
from .frame import Desk, Group, option
from .inputs import DAY, WHOLE, Code
from .outputs import table

LARGEST = 4 * 1024 * 1024
"""Bytes of a file of rules: far more than the most that a body holds."""
rules_group, told_group = Group("rules"), Group("rules")
district_group.add_command(rules_group)
sync_group.add_command(told_group)
KIND = Code(RuleKind)


# --- at the district ------------------------------------------------------------------------------------------------------


@rules_group.command("list")
@click.pass_obj
def versions(line: Desk) -> None:
    """Every version of every kind, the newest first, with how many stations have it; drafts too."""
    with open_district(line) as db:
        found = [(one, rules.spread(db, one)) for kind in RuleKind for one in kept.versions(db, kind)]
        now = {force.id for kind in RuleKind if (force := kept.in_force(db, kind)) is not None}
        drafts = [one for kind in RuleKind if (one := rules.draft(db, kind)) is not None]
        ahead = [one for kind in RuleKind for one in rules.ahead(db, kind)]
    told = {
        "versions": [_told(one) | {"in_force": one.id in now, "stations": spread.have} for one, spread in found],
        "drafts": [
            {"kind": one.kind, "starts_on": one.starts_on, "note": one.note, "saved": one.saved, "officer": one.officer}
            for one in drafts
        ],
        "ahead": msgspec.to_builtins(ahead),
    }
    rows: list[tuple[object, ...]] = [
        (
            label(one.kind), one.no, one.starts_on, t("cli.yes") if one.id in now else "", f"{spread.have}/{spread.stations}",
            one.author, one.note,
        )
        for one, spread in found
    ]  # fmt: skip
    rows += [(label(one.kind), t("cli.draft"), one.starts_on, "", "", one.officer, one.note) for one in drafts]
    headings = [t("cli.kind"), t("cli.version_no"), t("cli.starts_on"), t("cli.in_force"), t("cli.at_stations"), t("cli.officer"),
                t("cli.note")]  # fmt: skip
    line.tell(told, lambda: table(headings, rows, right=(1, 4)))


@rules_group.command("show")
@click.argument("kind", type=KIND)
@option("--version", "no", type=WHOLE)
@option("--draft", "drafted", is_flag=True)
@click.pass_obj
def show(line: Desk, kind: RuleKind, no: int | None, drafted: bool) -> None:
    """What a version, the draft, or else the version in force says, as a file for ``draft``."""
    with open_district(line) as db:
        body = _body(db, kind, no, drafted)
    line.tell({"kind": kind, "body": msgspec.to_builtins(body)}, lambda: _spelled(body))


def _body(db: Database, kind: RuleKind, no: int | None, drafted: bool) -> Body:
    if drafted:
        found = rules.draft(db, kind)
        if found is None:
            raise UserMistake("district.no_draft")
        return found.body
    if no is None:
        return EMPTY[kind] if (now := kept.in_force(db, kind)) is None else now.body
    chosen = next((one for one in kept.versions(db, kind) if one.no == no), None)
    if chosen is None:
        raise UserMistake("district.unknown_rules")
    return chosen.body


@rules_group.command("draft")
@click.argument("file", type=FILE)
@option("--starts", type=DAY)
@option("--note", default="")
@click.pass_obj
def draft(line: Desk, file: Path, starts: date | None, note: str) -> None:
    """Keep the rules in a JSON file as the draft of their kind, and say what they change."""
    body = _read(file)
    with open_district(line) as db:
        made, changes = rules.save(db, body, (starts or db.now().date()).isoformat(), note)
        unlike = rules.difference(_newest(db, body.kind), body)
    line.done(
        changes, f"{t('cli.drafted', kind=label(made.kind), day=made.starts_on)}\n{_said(unlike)}", kind=made.kind,
        starts_on=made.starts_on, difference=unlike,
    )  # fmt: skip


@rules_group.command("diff")
@click.argument("kind", type=KIND)
@click.pass_obj
def diff(line: Desk, kind: RuleKind) -> None:
    """What the draft of a kind says unlike its newest version."""
    with open_district(line) as db:
        unlike = rules.difference(_newest(db, kind), _body(db, kind, None, True))
    line.tell({"kind": kind, "difference": unlike}, _said(unlike))


@rules_group.command("switch")
@click.argument("kind", type=KIND)
@click.pass_obj
def switch(line: Desk, kind: RuleKind) -> None:
    """Make the draft of a kind its next version; every pack carries it from now on. It cannot be taken back."""
    with open_district(line) as db:
        made, changes = rules.switch_on(db, kind)
    said = t("cli.switched_on", kind=label(kind), no=made.no, day=made.starts_on)
    line.done(changes, said, id=made.id, no=made.no, starts_on=made.starts_on)


@rules_group.command("discard")
@click.argument("kind", type=KIND)
@click.pass_obj
def discard(line: Desk, kind: RuleKind) -> None:
    """Put the draft of a kind away."""
    with open_district(line) as db:
        changes = rules.discard(db, kind)
    line.done(changes, t("cli.draft_gone"), kind=kind)


def _read(file: Path) -> Body:
    """The body in a file, as ``show`` wrote it; UserMistake for a file that is none."""
    try:
        return decode(carry.read_file(file, LARGEST))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserMistake("district.bad_rules", why=str(error)) from None


def _newest(db: Database, kind: RuleKind) -> Body | None:
    return next((one.body for one in kept.versions(db, kind)), None)


def _spelled(body: Body) -> str:
    return msgspec.json.format(msgspec.json.encode(body), indent=1).decode()


def _said(unlike: rules.Difference) -> str:
    named = [
        t(f"cli.rules_{what}", names=t("terms.list").join(names))
        for what, names in (("added", unlike.added), ("removed", unlike.removed), ("changed", unlike.changed))
        if names
    ]
    rest = [t("cli.rules_rest")] if unlike.rest else []
    return "\n".join([*named, *rest]) or t("cli.rules_alike")


def _told(one: RuleSet) -> dict[str, object]:
    return {
        "id": one.id, "kind": one.kind, "epoch": one.epoch, "no": one.no, "starts_on": one.starts_on, "made": one.made,
        "author": one.author, "note": one.note,
    }  # fmt: skip


# --- at the station -----------------------------------------------------------------------------------------------------------


@told_group.command("list")
@click.pass_obj
def told_versions(line: Desk) -> None:
    """The versions of the district's rules that this station has, the newest first."""
    with line.station() as db:
        today = db.stamp().business_date
        found = [one for kind in RuleKind for one in kept.versions(db, kind)]
    now = {one.id for kind in RuleKind if (one := in_force((s for s in found if s.kind is kind), today)) is not None}
    rows = [
        (label(one.kind), one.no, one.starts_on, t("cli.yes") if one.id in now else "", one.author, one.note)
        for one in found
    ]
    headings = [t("cli.kind"), t("cli.version_no"), t("cli.starts_on"), t("cli.in_force"), t("cli.officer"), t("cli.note")]
    told = {"versions": [_told(one) | {"in_force": one.id in now} for one in found]}
    line.tell(told, lambda: table(headings, rows, right=(1,)))


@told_group.command("show")
@click.argument("kind", type=KIND)
@option("--on", "day", type=DAY)
@click.pass_obj
def told_rules(line: Desk, kind: RuleKind, day: date | None) -> None:
    """What the district's rules of a kind say, today or on a day."""
    with line.station() as db:
        found = kept.in_force(db, kind, day.isoformat() if day else "")
    body = EMPTY[kind] if found is None else found.body
    told = {"kind": kind, "version": None if found is None else _told(found), "body": msgspec.to_builtins(body)}
    line.tell(told, lambda: _spelled(body))


GROUPS = {"sync": sync_group, "district": district_group}
