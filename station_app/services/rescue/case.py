"""A damaged store, whoever unlocked it, and what can be done for them: restore and put back, or take out what can be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ... import backup, settings, vault
from ... import db as database
from ...backup import Backup
from ...db import Database
from ...errors import Refused
from ...model import SEES_PEOPLE, Op, Role, may
from ...paths import DataFolder
from .. import backups, preferences, slots
from ..backups import Content, Restored
from . import mending, reading
from .mending import Mending
from .pages import Progress
from .reading import Salvage

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Patient:
    """A store that is damaged, and the slot that opened it: of a keeper, a recovery sheet or a start card, which is for the desk."""

    place: DataFolder
    opened: vault.Opened

    @property
    def root(self) -> vault.Root:
        """Its root key."""
        return self.opened.root

    @property
    def by(self) -> str:
        """The keeper who unlocked it, "" for whoever has the recovery sheet or a start card."""
        return self.opened.keeper_id

    @property
    def desk_only(self) -> bool:
        """Whether a start card unlocked it."""
        return self.opened.kind == "start_card"


@dataclass(slots=True)
class Case:
    """What was found: what can be read, the sound backups (the newest first), and what the newest of them holds.

    ``newer`` counts, by table, the rows that would be put back behind it. ``role`` is that of whoever unlocked.
    """

    patient: Patient
    salvage: Salvage
    backups: tuple[Backup, ...]
    held: Content | None
    newer: Mapping[str, int]
    role: Role

    @property
    def sees_people(self) -> bool:
        """Whether names, phones and words of visitors may be taken out."""
        return self.role in SEES_PEOPLE

    @property
    def may_restore(self) -> bool:
        """Whether whoever unlocked may restore."""
        return may(self.role, Op.SETTING, self.patient.by, {"name": "restored"})

    def close(self) -> None:
        """Let go of what was read; nothing of it stays."""
        self.salvage.close()


def unlock(folder: Path, password: str) -> Patient:
    """The store of a folder for rescue, without opening its file; Refused for a wrong password."""
    place = DataFolder(folder)
    return Patient(place, vault.open_with_password(place.slots, password))


def examine(
    patient: Patient, *, progress: Progress = lambda _done, _total: None, clock: Clock = database.wall_clock,
    holder: str = "window", source: Path | None = None,
) -> Case:  # fmt: skip
    """Read what can be read and look through the backups: those beside the store, at its second place, or in ``source``.

    ``progress(done, total)`` may raise Cancelled. Raises Refused ("rescue.nothing") when nothing can be read, and to a slot that was taken
    away; EnvironmentFault when another program has the store or the disk says no. The caller closes the case.
    """
    place, key = patient.place, patient.root.database_key()
    beside = source or place.path / backup.FOLDER
    spare = next(iter(_sound(backup.listing(beside), key)), None)
    salvage = reading.read(place, key, spare, progress=progress, clock=clock, holder=holder)
    try:
        if patient.opened.slot_id in slots.gone(salvage.db):
            raise Refused(vault.WRONG[patient.opened.kind])
        found = _sound(backup.listing(beside), key)
        second = preferences.get(salvage.db, settings.BACKUP_PLACE)
        if second and source is None:
            there = {one.path.name for one in found}
            found += [one for one in _sound(backup.listing(Path(second)), key) if one.path.name not in there]
        found.sort(reverse=True)
        held, newer, known = None, {}, None
        if found:
            with closing(backup.look(found[0], key, clock=clock)) as newest:
                held, newer = backups.content(newest), mending.count_newer(salvage, newest)
                known = _role(newest, patient.by)
        return Case(patient, salvage, tuple(found), held, newer, _standing(patient, salvage, known))
    except BaseException:
        salvage.close()
        raise


def restore(
    case: Case, chosen: Backup, *, progress: backup.Progress | None = None, clock: Clock = database.wall_clock,
    holder: str = "window",
) -> tuple[Restored, int]:  # fmt: skip
    """Restore a backup and put back what the damaged store still held behind it; returns how many rows that were.

    The damaged store is set aside as it is. Raises what ``backups.restore`` raises, Refused to whoever may not.
    """
    if not case.may_restore:
        raise Refused("roles.not_allowed", role=case.role.value, denied="restore")
    place, mend = case.patient.place, Mending(case.salvage, chosen)
    done = backups.restore(
        place, chosen, place.slots, case.patient.root, clock=clock, holder=holder, progress=progress, mend=mend
    )
    return done, mend.written


def _sound(found: Sequence[Backup], key: str) -> list[Backup]:
    """The backups that are, byte for byte, what was made, and open with this key."""
    sound = []
    for one in found:
        try:
            backup.look(one, key).close()
        except Refused:
            continue
        sound.append(one)
    return sound


def _role(db: Database, keeper_id: str) -> Role | None:
    found = db.scalar("SELECT role FROM keeper WHERE id = ? AND active = 1 AND void_reason IS NULL", (keeper_id,))
    return Role(found) if found else None


def _standing(patient: Patient, salvage: Salvage, known: Role | None) -> Role:
    """Their role by what can be read, else as the backup knows them; somebody unknown to both only reads."""
    if not patient.by:
        return Role.EVENING if patient.desk_only else Role.SUPERVISOR
    if salvage.db.one("SELECT 1 FROM keeper WHERE id = ?", (patient.by,)):
        return _role(salvage.db, patient.by) or Role.AUDITOR
    return known or Role.AUDITOR
