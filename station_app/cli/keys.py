"""Keys and copies in the exchange: renew, revoke, what lies in quarantine, whole rows; a district's backups."""

from __future__ import annotations

from pathlib import Path

import click

from .. import backup
from ..backup import Reason
from ..district import intake, keys, store
from ..model import Op
from ..paths import DataFolder
from ..sync import outbox
from ..words import t
from .backups import SOURCE, restore_into, tell_listing
from .exchange import FILE, district_group, open_district, sync_group
from .frame import Desk, option
from .outputs import moment, number, table

REASON = option("--reason", required=True)


# --- at the station ------------------------------------------------------------------------------------------------------


@sync_group.command("rotate")
@click.pass_obj
def renew_own(line: Desk) -> None:
    """New keys for this station; the district learns them from the next export."""
    with line.station() as db:
        fresh, changes = outbox.rotate(db)
    fingerprint = fresh.public.fingerprint
    line.done(changes, t("cli.keys_renewed", fingerprint=fingerprint), fingerprint=fingerprint)


@sync_group.command("snapshot")
@click.pass_obj
def close_snapshot(line: Desk) -> None:
    """Every row as it is, for a district that misses batches; it goes with the next export."""
    with line.station() as db:
        numbers, changes = outbox.close_snapshot(db)
    line.done(changes, t("cli.snapshot_closed", n=len(numbers)), batches=numbers)


# --- at the district -------------------------------------------------------------------------------------------------------


@district_group.command("rotate")
@click.pass_obj
def renew_district(line: Desk) -> None:
    """New keys for packs and batches; stations learn them from their next pack."""
    with open_district(line) as db:
        _, changes = keys.rotate(db)
        serial, fingerprint = int(db.meta("serial")), store.root(db).public.fingerprint
    line.done(changes, t("cli.district_keys_renewed", fingerprint=fingerprint), serial=serial, fingerprint=fingerprint)


@district_group.command("keys")
@click.pass_obj
def list_keys(line: Desk) -> None:
    """The keys of all stations' computers, with their fingerprints."""
    with open_district(line) as db:
        found = [(station, key) for station in store.every_station(db) for key in station.keys]
    told = [
        {
            "station": station.code, "letter": key.letter, "fingerprint": key.fingerprint, "enrolled": key.enrolled,
            "active": key.active, "revoked": key.revoked, "reason": key.reason,
        }
        for station, key in found
    ]  # fmt: skip
    rows = [
        (station.code, key.letter, key.fingerprint, moment(key.enrolled), moment(key.revoked),
         t("cli.key_replaced") if key.reason == "replaced" or key.replaced_by else key.reason)
        for station, key in found
    ]  # fmt: skip
    headings = [t("cli.code"), t("cli.letter"), t("cli.fingerprint"), t("cli.enrolled_at"), t("cli.revoked_at"), t("cli.reason")]
    line.tell({"keys": told}, lambda: table(headings, rows))


@district_group.command("revoke")
@click.argument("station")
@REASON
@option("--letter", default="")
@click.pass_obj
def revoke(line: Desk, station: str, reason: str, letter: str) -> None:
    """Revoke a station's keys, or those of one of its computers: what they send later goes to quarantine."""
    with open_district(line) as db:
        now, changes = keys.revoke(db, station, reason, letter.strip().upper())
    left = [key.letter for key in now.active]
    line.done(changes, t("cli.keys_revoked", station=now.name, n=len(left)), station=now.code, active=left)


@district_group.command("quarantine")
@option("--all", "every", is_flag=True)
@click.pass_obj
def quarantine(line: Desk, every: bool) -> None:
    """What revoked keys sent and nobody has decided about yet; with ``--all`` also what was decided."""
    with open_district(line) as db:
        found = keys.held(db, decided=every)
    rows = [(one.id, one.code, moment(one.arrived), one.batches, one.rows, _decision(one), one.reason) for one in found]
    headings = [t("cli.file_id"), t("cli.code"), t("cli.taken_in_at"), t("cli.batch"), t("cli.rows"), t("cli.state"), t("cli.reason")]
    line.tell({"files": found}, lambda: table(headings, rows, right=(3, 4)))


def _decision(one: keys.Held) -> str:
    return {"": t("cli.undecided"), "released": t("cli.released_word"), "dropped": t("cli.dropped_word")}[one.decision]


@district_group.command("release")
@click.argument("id")
@REASON
@click.pass_obj
def release(line: Desk, id: str, reason: str) -> None:
    """Take a file in quarantine in after all."""
    with open_district(line) as db:
        done, changes = intake.release(db, id, reason)
    text = t("cli.released", station=done.station, fresh=number(done.fresh), rows=number(done.rows))
    line.done(changes, text, station=done.station, fresh=done.fresh, rows=done.rows, turned_down=done.turned_down)


@district_group.command("drop")
@click.argument("id")
@REASON
@click.pass_obj
def drop(line: Desk, id: str, reason: str) -> None:
    """Throw a file in quarantine away; that it came and why it was dropped stays."""
    with open_district(line) as db:
        changes = keys.drop(db, id, reason)
    line.done(changes, t("cli.dropped"), id=id)


@district_group.command("snapshot")
@click.argument("station")
@click.pass_obj
def ask_snapshot(line: Desk, station: str) -> None:
    """Ask a station, with its next pack, for every row as it is."""
    with open_district(line) as db:
        now, changes = keys.ask_snapshot(db, station)
    line.done(changes, t("cli.snapshot_asked", station=now.name), station=now.code)


# --- its backups -----------------------------------------------------------------------------------------------------------


@district_group.command("backup")
@option("--to", type=FILE)
@click.pass_obj
def make_backup(line: Desk, to: Path | None) -> None:
    """A backup of the district now, and a copy at a second place when one is named."""
    with open_district(line) as db:
        db.require(Op.SETTING, {"name": "backup"})
        made = backup.make(db, Reason.MANUAL)
        carried = backup.carry(made, to, db.now()) if to is not None else None
    text = t("cli.backup_made", name=made.path.name, bytes=number(made.size))
    if carried is not None:
        text += "\n" + t("cli.backup_carried", folder=carried.path.parent)
    line.tell({"name": made.path.name, "file": made.path, "bytes": made.size, "carried": carried.path if carried else None}, text)


@district_group.command("backups")
@SOURCE
@click.pass_obj
def list_backups(line: Desk, source: Path | None) -> None:
    """The backups that are there, the newest first; needs no password."""
    tell_listing(line, source or line.district_folder / backup.FOLDER)


@district_group.command("restore")
@click.argument("name")
@SOURCE
@option("--yes", is_flag=True)
@click.pass_obj
def restore(line: Desk, name: str, source: Path | None, yes: bool) -> None:
    """Say what a backup holds; with ``--yes`` put it in place: the epoch rises, so every station offers everything again."""
    place = DataFolder(line.district_folder, "district")
    restore_into(line, place, source or place.path / backup.FOLDER, name, yes)


GROUPS = {"sync": sync_group, "district": district_group}
"""Both groups of the exchange with these commands in them."""
