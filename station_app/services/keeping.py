"""Keeping backups without being asked: one at a time, at the second place too when one is set (FAULTS.md).

``backup.py`` makes and carries them, ``backups.py`` restores and rehearses; here is when, and what is told of it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from .. import backup, settings
from ..backup import Backup, Progress, Reason
from ..db import Database
from ..errors import StationError
from ..model import Op
from . import preferences

_turn = threading.Lock()
"""A backup clears away what another left half done: two at once would take each other's."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup that was made, its copy at the second place, and why that failed if it did."""

    backup: Backup
    carried: Backup | None = None
    missed: StationError | None = None


def keep(db: Database, reason: Reason, progress: Progress | None = None, *, second: Path | None = None) -> Kept:
    """Make a backup, and a copy at ``second`` or the place that is set; a stick that is not in is no reason to fail.

    Belongs on a thread of its own. Raises what ``backup.make`` raises.
    """
    with _turn:
        _note_salt(db)
        made = backup.make(db, reason, progress=progress)
        place = second or second_place(db)
        if place is None:
            return Kept(made)
        try:
            return Kept(made, backup.carry(made, place, db.now()))
        except StationError as error:
            return Kept(made, missed=error)


def _note_salt(db: Database) -> None:
    """Keep what the file begins with in the store, and so in every backup: without it no page of a damaged file can be proved."""
    if db.meta("salt") != db.salt:
        with db.transact(Op.SETTING, by_itself=True, name="salt") as tx:
            tx.keeper = ""
            tx.set_meta("salt", db.salt)


def second_place(db: Database) -> Path | None:
    """Where copies go too, None when nobody said."""
    named = preferences.get(db, settings.BACKUP_PLACE)
    return Path(named) if named else None


def newest(db: Database) -> Backup | None:
    """The newest backup beside the store."""
    return next(iter(backup.listing(backup.folder_of(db))), None)


def newest_time(db: Database) -> str:
    """When the newest backup was made, by the station's clock (ISO 8601); "" without one."""
    found = newest(db)
    return found.time.astimezone(db.zone).isoformat(timespec="seconds") if found else ""


def daily(db: Database, *, rehearse: bool = True) -> Kept | None:
    """The day's backup when it is due, and (at a station) the month's rehearsal; None when there was nothing to do."""
    last = newest(db)
    reason = backup.due(last.time if last else None, db.now())
    kept = keep(db, reason) if reason is not None else None
    from . import backups  # what restores and rehearses is not needed to tell when the last copy was made

    if rehearse and newest(db) is not None and backups.rehearsal_due(db):
        with _turn:
            backups.rehearse(db, unasked=True)
    return kept


def before_import(db: Database) -> StationError | None:
    """A backup to come back to when a list proves wrong; returns why it could not be made, for work goes on."""
    try:
        keep(db, Reason.BEFORE_IMPORT)
    except StationError as error:
        return error
    return None
