"""Backups and what opens a station on paper: ``backup`` and the keys among ``keepers``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from .. import backup, vault
from .. import db as database
from ..backup import Backup, Reason
from ..db import Database
from ..errors import Refused, StationError, UserMistake
from ..model import Op
from ..paths import DataFolder
from ..services import backups, demo, keepers, keeping, slots
from ..words import t
from .frame import Desk, Group, option
from .house import FILE, keepers_group
from .outputs import moment, number, say, table

backup_group = Group("backup")
SOURCE = option("--from", "source", type=FILE)


# --- those that are there ------------------------------------------------------------------------------------------------


@backup_group.command("list")
@SOURCE
@click.pass_obj
def list_backups(desk: Desk, source: Path | None) -> None:
    """The backups that are there, the newest first; needs no password."""
    tell_listing(desk, _folder(desk, source))


def tell_listing(desk: Desk, folder: Path) -> None:
    """Answer with the backups of a folder."""
    found = backup.listing(folder)
    rows = [(one.path.name, local(one.time), t(one.reason.word), one.size) for one in found]
    headings = [t("cli.name"), t("cli.time"), t("cli.reason"), t("cli.bytes")]
    desk.tell({"backups": [told(one) for one in found]}, lambda: table(headings, rows, right=(3,)))


@backup_group.command("make")
@option("--to", type=FILE)
@click.pass_obj
def make(desk: Desk, to: Path | None) -> None:
    """A backup now, and a copy at the second place when one is named or set."""
    with desk.station() as db:
        db.require(Op.CLOSE_STATION)
        kept = keeping.keep(db, Reason.MANUAL, second=to)
    made, carried = kept.backup, kept.carried
    text = t("cli.backup_made", name=made.path.name, bytes=number(made.size))
    if carried is not None:
        text += "\n" + t("cli.backup_carried", folder=carried.path.parent)
    desk.tell({**told(made), "file": made.path, "carried": carried.path if carried else None}, text)
    if kept.missed is not None:  # the backup stands, the copy that was asked for does not
        raise kept.missed


@backup_group.command("check")
@SOURCE
@click.pass_obj
def check(desk: Desk, source: Path | None) -> None:
    """See whether each backup still is, byte for byte, what was made; needs no password."""
    found = backup.listing(_folder(desk, source))
    sound = {one.path: _sound(one) for one in found}
    rows = [(one.path.name, local(one.time), t("cli.sound") if sound[one.path] else t("cli.unsound")) for one in found]
    answer = [{**told(one), "sound": sound[one.path]} for one in found]
    desk.tell(
        {"ok": all(sound.values()), "backups": answer},
        lambda: table([t("cli.name"), t("cli.time"), t("cli.state")], rows),
    )
    if bad := [one for one in found if not sound[one.path]]:
        raise Refused("cli.backups_unsound", n=len(bad))


@backup_group.command("rehearse")
@click.pass_obj
def rehearse(desk: Desk) -> None:
    """Restore the newest backup beside the station, compare it, throw it away."""
    with desk.station() as db:
        done, _ = backups.rehearse(db)
    desk.tell(
        {"ok": done.equal, "time": done.time, "backup": done.backup, "problem": "" if done.equal else done.word},
        t(done.word, **done.fields),
    )
    if not done.equal:
        raise Refused("cli.rehearsal_failed")


# --- restoring -----------------------------------------------------------------------------------------------------------


@backup_group.command("restore")
@click.argument("name")
@SOURCE
@option("--yes", is_flag=True)
@click.pass_obj
def restore(desk: Desk, name: str, source: Path | None, yes: bool) -> None:
    """Say what a backup holds and what would be lost; with ``--yes`` put it in place, the store there is set aside."""
    restore_into(desk, DataFolder(desk.folder), _folder(desk, source), name, yes)


def restore_into(desk: Desk, place: DataFolder, folder: Path, name: str, yes: bool) -> None:
    """The same for a station's folder or a district's."""
    chosen = next((one for one in backup.listing(folder) if one.path.name == name), None)
    if chosen is None:
        raise UserMistake("cli.no_backup", name=name, folder=folder)
    keys = place.slots if place.slots.exists() else backup.slots_in(folder, place.side)
    opened = unlocked(desk, keys)
    root, keeper_id = opened.root, opened.keeper_id
    with _in_place(place, opened) as current:
        seen = backups.preview(chosen, root.database_key(), current)
    text = _preview_text(seen)
    answer = {
        "backup": told(chosen), "station": seen.station, "holds": seen.held, "now": seen.now, "lost": seen.lost,
        "since": seen.since, "lost_rows": seen.lost_rows, "erasures": seen.erasures,
    }  # fmt: skip
    if not yes:
        desk.tell({**answer, "restored": False}, text)
        raise Refused("cli.restore_not_yet")
    if not desk.as_json:
        say(text)
    done = backups.restore(place, chosen, keys, root, holder="command", by=keeper_id)
    aside = t("cli.set_aside", folder=done.set_aside) if done.set_aside else ""
    lost = t("backup.pictures_lost", n=done.lost_pictures) if done.lost_pictures else ""
    desk.tell(
        {**answer, "restored": True, "store_id": done.store_id, "erased": done.erased, "set_aside": done.set_aside,
         "lost_pictures": done.lost_pictures},
        "\n".join(filter(None, [t("cli.restored", time=local(chosen.time)), aside, lost])),
    )


@contextmanager
def _in_place(place: DataFolder, opened: vault.Opened) -> Iterator[Database | None]:
    """The store in place, None when it cannot be read; Refused when its keeper may not restore, or a window has it."""
    key = opened.root.database_key()
    try:
        current = database.open(place.database, key, backups.SCHEMAS[place.side], holder="command") if place.database.exists() else None
    except StationError as error:
        if error.word.startswith("db.in_use"):
            raise
        current = None
    if current is None:
        yield None
        return
    with closing(current):
        slots.admit(current, opened)
        current.acting = opened.keeper_id
        current.require(Op.SETTING, {"name": "restored"})
        yield current


def _preview_text(seen: backups.Preview) -> str:
    lines = [
        t("cli.backup_holds", station=seen.station, time=local(seen.backup.time), reason=t(seen.backup.reason.word))
    ]
    rows = [(t("cli.in_backup"), *_figures(seen.held))]
    if seen.now is not None:
        rows.append((t("cli.in_place"), *_figures(seen.now)))
    headings = [
        "",
        t("cli.last_entry"),
        t("cli.regulars"),
        t("cli.person_times"),
        t("cli.handed_out"),
        t("cli.requests"),
    ]
    lines.append(table(headings, rows, right=(2, 3, 4, 5)))
    if seen.now is None:
        lines.append(t("cli.loss_unknown"))
    elif seen.lost:
        lines.append(t("cli.would_lose", n=seen.lost, since=moment(seen.since)))
    else:
        lines.append(t("cli.loses_nothing"))
    if seen.erasures:
        lines.append(t("cli.erased_again", n=seen.erasures))
    return "\n".join(lines)


def _figures(held: backups.Content) -> tuple[object, ...]:
    return moment(held.last), held.people, held.visits, held.handouts, held.requests


def unlocked(desk: Desk, keys: Path) -> vault.Opened:
    """What a password opens and whose it was, as ``Desk.station`` does: a sample opens with its own, any other asks."""
    named = desk.named_password()
    if named is not None:
        return vault.open_with_password(keys, named)
    try:
        return vault.open_with_password(keys, demo.PASSWORD)
    except Refused as error:
        if error.word != "vault.wrong_password":
            raise
    return vault.open_with_password(keys, desk.asked_password())


def _folder(desk: Desk, source: Path | None) -> Path:
    return source or desk.folder / backup.FOLDER


def _sound(one: Backup) -> bool:
    try:
        backup.check(one)
    except Refused:
        return False
    return True


def told(one: Backup) -> dict[str, Any]:
    """A backup as the object of ``--json``."""
    return {"name": one.path.name, "time": one.time.isoformat(), "reason": one.reason, "bytes": one.size}


def local(time: datetime) -> str:
    """A time on this computer's clock."""
    return moment(time.astimezone().isoformat())


# --- keys on paper -------------------------------------------------------------------------------------------------------


@keepers_group.command("recovery-key")
@option("--to", type=FILE, required=True)
@click.pass_obj
def recovery_key(desk: Desk, to: Path) -> None:
    """A new recovery sheet as PDF; the one before opens nothing from now on."""
    from ..paper import keys

    with desk.station() as db:
        root, _ = vault.unlock(DataFolder(desk.folder).slots, desk.opened_with)
        mark, changes = keys.print_recovery(db, root, to)
    desk.done(changes, t("cli.recovery_printed", name=to.name, number=mark), file=to, number=mark)


@keepers_group.command("start-card")
@option("--to", type=FILE, required=True)
@click.pass_obj
def start_card(desk: Desk, to: Path) -> None:
    """A further start card as PDF, for the desk only."""
    from ..paper import keys

    with desk.station() as db:
        root, _ = vault.unlock(DataFolder(desk.folder).slots, desk.opened_with)
        card, changes = keys.print_start_card(db, root, to)
    desk.done(
        changes,
        t("cli.start_card_printed", name=to.name, number=card.number),
        file=to,
        id=card.slot_id,
        number=card.number,
    )


@keepers_group.command("start-cards")
@click.pass_obj
def start_cards(desk: Desk) -> None:
    """The start cards that still open."""
    with desk.station() as db:
        found = keepers.start_cards(db, desk.folder)
    rows = [(one.number, moment(one.made), one.by, one.slot_id) for one in found]
    answer = [{"id": one.slot_id, "number": one.number, "made": one.made, "by": one.by} for one in found]
    desk.tell({"start_cards": answer}, lambda: table([t("cli.number"), t("cli.time"), t("cli.keeper"), "id"], rows))


@keepers_group.command("revoke-card")
@click.argument("card", metavar="ID")
@click.pass_obj
def revoke_card(desk: Desk, card: str) -> None:
    """A lost start card, by its id or the number printed on it, opens nothing from now on."""
    with desk.station() as db:
        meant = [one for one in keepers.start_cards(db, desk.folder) if card in (one.slot_id, one.number)]
        if len(meant) != 1:
            raise UserMistake("cli.unknown_card", name=card)
        changes = keepers.revoke_start_card(db, desk.folder, meant[0].slot_id)
    desk.done(changes, t("cli.card_revoked", number=meant[0].number), id=meant[0].slot_id)
